"""The bibliography: every document that numbers and equations rest on."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .. import zoo
from ..errors import MlsysimError


@dataclass(frozen=True, slots=True)
class Source:
    """One document."""

    key: str
    authors: str
    title: str
    year: str
    published: str
    url: str
    read: str
    licence: str = ""
    licence_note: str = ""

    @property
    def text(self) -> str:
        """The source in one line."""
        return ". ".join(part for part in (self.authors, self.title, self.published, self.year) if part)


def _plain(text: str) -> str:
    return (
        text.replace("{", "")
        .replace("}", "")
        .replace("--", "\u2013")
        .replace("\\&", "&")
        .replace("\\%", "%")
        .replace("\\_", "_")
        .replace("$\\lambda$", "\u03bb")
        .strip()
    )


def file() -> Path:
    """Return the file of the bibliography."""
    return zoo.root() / "sources.bib"


@cache
def entries() -> dict[str, Any]:
    """Return the entries of the bibliography as pybtex reads them, by key.

    Raises
    ------
    MlsysimError
        pybtex is not installed.
    """
    try:
        from pybtex.database import parse_file
    except ImportError:
        raise MlsysimError("sources are read with pybtex, which is not installed: pip install 'mlsysim[cite]'") from None
    return dict(parse_file(str(file())).entries.items())


@cache
def bibliography() -> dict[str, Source]:
    """Return every source by key."""
    found = {}
    for key, entry in entries().items():
        people = entry.persons.get("author", [])
        authors = ", ".join(
            _plain(str(p)) if not p.first_names else _plain(" ".join([*p.first_names, *p.prelast_names, *p.last_names])) for p in people[:3]
        )
        fields = {n.lower(): _plain(v) for n, v in entry.fields.items()}
        published = next((fields[n] for n in ("journal", "booktitle", "howpublished", "publisher") if n in fields), "")
        url = fields.get("url") or (f"https://doi.org/{fields['doi']}" if "doi" in fields else "")
        et_al = " et al." if len(people) > 3 else ""
        found[key] = Source(
            key, authors + et_al, fields.get("title", ""), fields.get("year", ""), published, url, fields.get("urldate", ""),
            fields.get("license", ""), fields.get("licensenote", ""),
        )  # fmt: skip
    return dict(sorted(found.items()))


ASKS = {
    "CC-BY-SA-4.0": "that what is made of the collection carries the same licence",
    "ODbL-1.0": "that a database which is made of the collection carries the same licence",
    "MPL-2.0": "that changed files of it stay under the same licence",
    "AGPL-3.0": "that what is derived from it carries the same licence, on a network too",
    "AGPL-3.0-only": "that what is derived from it carries the same licence, on a network too",
}
"""Licences of sources that ask for more than to be named, and what for."""
