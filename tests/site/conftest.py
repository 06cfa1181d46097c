"""The built site, read once: ``MLS_SITE`` names its folder where it is not ``docs/_build/html``."""

import os
import re
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SITE = Path(os.environ.get("MLS_SITE") or ROOT / "docs" / "_build" / "html").resolve()
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
WITH_TEXT = {"a", "button", "h1", "th", "title"}
CODE = {"code", "pre", "script", "style", "annotation"}


@dataclass
class Element:
    """A link, picture or heading, with what is inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    images: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a page holds: anchors, links, assets, words outside of code, and rows of tables."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name = name
        self.ids: list[str] = []
        self.elements: list[Element] = []
        self.words: list[str] = []
        self.rows: dict[str, str] = {}
        self.values: dict[str, list[str]] = {}
        self._open: list[tuple[str, Element]] = []
        self._row = ""
        self._code = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = {n: v or "" for n, v in attrs}
        if "id" in attributes:
            self.ids.append(attributes["id"])
        element = Element(tag, attributes)
        if tag != "title" or all(name != "svg" for name, _ in self._open):
            self.elements.append(element)
        if tag == "img":
            for _, around in self._open:
                around.images.append(attributes.get("alt", ""))
        if tag == "tr":
            self._row = attributes.get("id", "")
            if self._row:
                self.rows[self._row] = ""
                self.values[self._row] = []
        if tag == "data" and self._row:
            self.values[self._row].append(attributes.get("value", ""))
        if tag not in VOID:
            self._open.append((tag, element))
            self._code += tag in CODE

    def handle_endtag(self, tag):
        if tag == "tr":
            self._row = ""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at][0] == tag:
                self._code -= sum(name in CODE for name, _ in self._open[at:])
                del self._open[at:]
                break

    def handle_data(self, data):
        for tag, element in self._open:
            if tag in WITH_TEXT:
                element.text += data
        if self._row:
            self.rows[self._row] += data
        if not self._code:
            self.words.append(data)

    def all(self, *tags: str) -> list[Element]:
        """Return the elements of some tags."""
        return [e for e in self.elements if e.tag in tags]


@pytest.fixture(scope="session")
def site() -> Path:
    """Return the folder of the built site."""
    if not (SITE / "index.html").is_file():
        pytest.fail(f"there is no built site in {SITE}: run nox -s docs first, or set MLS_SITE")
    return SITE


@pytest.fixture(scope="session")
def read_page():
    """Return what reads a file of HTML, of this site or of another."""
    return lambda path: Page(path.name, path.read_text("utf-8"))


@pytest.fixture(scope="session")
def pages(site) -> dict[str, Page]:
    """Return every page of the site, by path."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name.split("/")[0] not in ("_static", "pagefind", "_downloads"):
            found[name] = Page(name, path.read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def inventory(site) -> dict[str, dict[str, str]]:
    """Return the addresses in objects.inv by kind and name."""
    _, _, _, _, body = (site / "objects.inv").read_bytes().split(b"\n", 4)
    found: dict[str, dict[str, str]] = {}
    for line in zlib.decompress(body).decode().splitlines():
        name, kind, _, uri, _ = re.match(r"(.+?)\s+(\S+)\s+(-?\d+)\s+(\S*)\s+(.*)", line).groups()
        found.setdefault(kind, {})[name] = uri[:-1] + name if uri.endswith("$") else uri
    return found
