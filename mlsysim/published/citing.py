"""How a published number is cited: as text, BibTeX or CSL-JSON, with the release, its date, its address and the source of the fact."""

import json
import re
from functools import cache
from typing import Any

from .. import __released__, __version__
from ..errors import InputError, nearest
from . import addresses
from .registry import Published, lookup
from .sources import Source, bibliography, entries
from .words import tex

STYLES = ("text", "bibtex", "csl")
AUTHOR = "mlsysim contributors"
_TYPES = {
    "article": "article-journal", "inproceedings": "paper-conference", "techreport": "report", "manual": "document", "book": "book",
    "phdthesis": "thesis", "misc": "webpage",
}  # fmt: skip
"""Types of CSL by those of BibTeX."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def cite(name: str, style: str = "text", values: str = "") -> str:
    """Return how a number is cited, and what it was read from.

    Parameters
    ----------
    name
        Anything that :func:`mlsysim.lookup` understands.
    style
        ``text``, ``bibtex`` (one entry for the number, one for its source) or ``csl`` (a JSON list of the same).
    values
        The values file of a site, for its named values.

    Raises
    ------
    UnknownNameError
        Nothing has the name.
    InputError
        There is no such style.
    """
    if style not in STYLES:
        raise InputError(f"style={style!r} is none of {', '.join(STYLES)}: {nearest(style, STYLES)}")
    return of_number(lookup(name, values))[style]


def of_number(number: Published) -> dict[str, str]:
    """Return the citations of a published number by style, with its source's."""
    own = own_of(number)
    return own if not number.source else _joined(own, of_source(number.source))


def own_of(number: Published) -> dict[str, str]:
    """Return the citations of a published number by style, its source's left to :func:`of_source`, but for the text."""
    says = f"{number.says}; {number.how}" + (f", {number.year}" if number.year else "")
    url = addresses.url(number.name, addresses.release())
    read = f" (read {number.read})" if number.read else ""
    tail = f". Source: {of_source(number.source)['text']}, {number.where}{read}" if number.source else ""
    note = f"{says}; read in {number.source}, {number.where}{f', on {number.read}' if number.read else ''}" if number.source else says
    return _own(number.name, f"{number.name} = {number.text}", says, note, url, tail)


def of_page(document: str, title: str) -> dict[str, str]:
    """Return the citations of a page of the site by style."""
    return _own(document, title, "", "", f"{addresses.BASE}/{addresses.release()}/{document}.html", "")


def of_place(name: str, title: str) -> dict[str, str]:
    """Return the citations by style of what has an address and no value of its own: an equation, a solver, an entry, an example."""
    return _own(name, title, "", "", addresses.url(name, __version__), "")


def _joined(own: dict[str, str], source: dict[str, str]) -> dict[str, str]:
    items = [*json.loads(own["csl"]), *json.loads(source["csl"])]
    return own | {"bibtex": own["bibtex"] + source["bibtex"], "csl": json.dumps(items, ensure_ascii=False, indent=1)}


def _own(name: str, title: str, says: str, note: str, url: str, tail: str) -> dict[str, str]:
    key = "mlsysim-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    text = f"{AUTHOR}. {title}{f' ({says})' if says else ''}. mlsysim {__version__}, {__released__}. {url}{tail}"
    year, month, day = map(int, __released__.split("-"))
    fields = {"title": f"{{{tex(title)}}}", "year": str(year), "month": _MONTHS[month - 1]}
    fields |= {"howpublished": "mlsysim", "version": __version__, "url": url} | ({"note": tex(note)} if note else {})
    item = {
        "id": key, "type": "dataset", "title": title, "author": [{"literal": AUTHOR}], "issued": {"date-parts": [[year, month, day]]},
        "container-title": "mlsysim", "version": __version__, "URL": url,
    }  # fmt: skip
    csl = json.dumps([item | ({"note": note} if note else {})], ensure_ascii=False)
    return {"text": text, "bibtex": _bibtex("misc", key, fields, [f"{{{AUTHOR}}}"]), "csl": csl}


def _bibtex(kind: str, key: str, fields: dict[str, str], authors: list[str]) -> str:
    lines = [f"@{kind}{{{key},", f"  author = {{{' and '.join(authors)}}},"]
    lines += [f"  {n} = {v if n == 'month' else f'{{{v}}}'}," for n, v in fields.items()]
    return "\n".join([*lines, "}", "", ""])


@cache
def of_source(key: str) -> dict[str, str]:
    """Return a source's own citations, by style."""
    source, entry = bibliography()[key], entries()[key]
    fields = {n: v for n, v in entry.fields.items() if n not in ("license", "licensenote")}
    authors = [str(p) for p in entry.persons.get("author", [])]
    text = f"{source.text}{f', {source.url}' if source.url else ''}"
    return {"text": text, "bibtex": _bibtex(entry.type, key, fields, authors), "csl": json.dumps([_csl(source, entry)], ensure_ascii=False)}


def _csl(source: Source, entry: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": source.key, "type": _TYPES.get(entry.type, "document"), "title": source.title}
    found["author"] = [_person(p) for p in entry.persons.get("author", [])]
    if source.year.isdigit():
        found["issued"] = {"date-parts": [[int(source.year)]]}
    if source.published:
        found["container-title"] = source.published
    if source.url:
        found["URL"] = source.url
    if source.read:
        found["accessed"] = {"date-parts": [[int(n) for n in source.read.split("-")]]}
    return found | ({"DOI": entry.fields["doi"]} if "doi" in entry.fields else {})


def _person(person: Any) -> dict[str, str]:
    last = " ".join([*person.prelast_names, *person.last_names]).replace("{", "").replace("}", "")
    first = " ".join([*person.first_names, *person.middle_names]).replace("{", "").replace("}", "")
    return {"family": last, "given": first} if first else {"literal": last}
