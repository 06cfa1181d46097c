"""The textbook's chapters: one data file, read and checked. What is wrong in it is told, and left out."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import zoo
from ..equation import EQUATIONS
from ..equations import SECTIONS
from ..errors import InputError, nearest
from ..solvers import SOLVERS

LAYERS = {"A": "workloads", "B": "hardware", "C": "infrastructure", "D": "systems", "E": "solvers"}
"""The layers of the architecture."""

CLAIMS = ("solvers", "equations", "zoo", "examples")
"""What a chapter may claim."""

ROMAN = {1: "I", 2: "II", 3: "III"}


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of the textbook, with the page that lists its slides."""

    number: int
    name: str
    page: str

    @property
    def title(self) -> str:
        """``Volume I``."""
        return f"Volume {ROMAN[self.number]}"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a chapter is about, seen from a layer."""

    layer: str
    topic: str
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter, its deck of slides, and what it claims by public name or page."""

    volume: Volume
    number: int
    title: str
    deck: str
    pdf: str
    layers: tuple[str, ...]
    teaches: tuple[Lesson, ...]
    solvers: tuple[str, ...] = ()
    equations: tuple[str, ...] = ()
    zoo: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def slug(self) -> str:
        """Its name in roles and directives: the title in lower case, with dashes."""
        return slug(self.title)

    @property
    def page(self) -> str:
        """Its document on the site."""
        return f"textbook/vol{self.volume.number}-{self.number:02d}-{self.slug}"

    @property
    def place(self) -> str:
        """``Volume I, chapter 11``."""
        return f"{self.volume.title}, chapter {self.number}"

    @property
    def head(self) -> tuple[str, str, str, str, str]:
        """All that a mention of it says."""
        return self.page, self.title, self.deck, self.pdf, self.volume.page


@dataclass(frozen=True, slots=True)
class Textbook:
    """The chapters in their order, and what was refused."""

    volumes: tuple[Volume, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    problems: tuple[str, ...] = ()

    def chapter(self, name: str) -> Chapter:
        """Return a chapter by its title, its deck's, or either with dashes."""
        for chapter in self.chapters:
            if slug(name) in (chapter.slug, slug(chapter.deck)):
                return chapter
        raise InputError(f"unknown chapter {name!r}: {nearest(name, [c.title for c in self.chapters])}")

    def volume(self, number: str) -> Volume:
        """Return a volume by its number."""
        for volume in self.volumes:
            if str(volume.number) == number:
                return volume
        raise InputError(f"unknown volume {number!r}: {nearest(number, [str(v.number) for v in self.volumes])}")

    def of_volume(self, number: str) -> list[Chapter]:
        """Return the chapters of a volume."""
        return [c for c in self.chapters if c.volume == self.volume(number)]

    def of_layer(self, layer: str) -> list[tuple[Chapter, Lesson]]:
        """Return the chapters that teach a layer, with what they say of it."""
        if layer not in LAYERS:
            raise InputError(f"unknown layer {layer!r}: {nearest(layer, LAYERS)}")
        return [(c, lesson) for c in self.chapters for lesson in c.teaches if lesson.layer == layer]

    def teaching(self, name: str) -> list[Chapter]:
        """Return the chapters that claim an equation or a solver, by its public name."""
        kind, _, inner = name.partition(".")
        return [c for c in self.chapters if inner in (c.solvers if kind == "solver" else c.equations)]


def slug(title: str) -> str:
    """Return a title in lower case, with dashes."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


class _Reader:
    """Reads the tables of the file, and collects what is wrong."""

    def __init__(self, examples: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self.examples = examples
        self.sections = {s.__name__.rpartition(".")[2] for s in SECTIONS}
        self.solvers = {s.__name__ for s in SOLVERS}
        names = zoo.names()
        self.zoo = {".".join(n.split(".")[:i]) for n in names for i in (1, 2, 3)}

    def refuse(self, what: str, why: str) -> None:
        self.problems.append(f"{what}: {why}")

    def complete(self, what: str, row: Any, wanted: Mapping[str, type], free: Mapping[str, type]) -> bool:
        """Tell whether a table has all that it must have, of the right type, and nothing unknown."""
        known = {**wanted, **free}
        before = len(self.problems)
        if not isinstance(row, dict):
            self.refuse(what, f"{row!r} is no table: write {', '.join(f'{k} = ...' for k in wanted)} in braces")
            return False
        for key in row.keys() - known.keys():
            self.refuse(what, f"unknown key {key!r}: {nearest(key, known)}")
        for key in wanted.keys() - row.keys():
            self.refuse(what, f"{key} is missing")
        for key, value in row.items():
            if key in known and (type(value) is not known[key] or value == ""):
                self.refuse(what, f"{key} = {value!r} is no {known[key].__name__}" if value != "" else f"{key} is empty: leave it out")
        return len(self.problems) == before

    def named(self, what: str, kind: str, given: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
        """Return the names that are known, each once."""
        kept = list(dict.fromkeys(given))
        for name in kept:
            if name not in known:
                self.refuse(what, f"unknown {kind} {name!r}: {nearest(str(name), known)}")
        return tuple(n for n in kept if n in known)

    def volume(self, row: dict[str, Any]) -> Volume | None:
        what = f"volume {row.get('number')!r}"
        if not self.complete(what, row, {"number": int, "name": str, "page": str}, {}):
            return None
        if row["number"] not in ROMAN:
            self.refuse(what, f"number = {row['number']} is none of {', '.join(map(str, ROMAN))}")
            return None
        return Volume(**row)

    def lessons(self, what: str, rows: list[dict[str, Any]], layers: tuple[str, ...]) -> tuple[Lesson, ...]:
        found: dict[str, Lesson] = {}
        for row in rows:
            if not self.complete(f"{what}, teaches", row, {"layer": str, "topic": str, "concepts": list}, {}):
                continue
            layer = row["layer"]
            if layer not in layers:
                self.refuse(what, f"it teaches layer {layer!r}, which is none of its layers: {nearest(layer, layers)}")
            elif layer in found:
                self.refuse(what, f"it teaches layer {layer!r} twice: let one topic say it")
            else:
                found[layer] = Lesson(layer, row["topic"], tuple(row["concepts"]))
        return tuple(found.values())

    def chapter(self, row: dict[str, Any], volumes: Mapping[int, Volume]) -> Chapter | None:
        what = f"chapter {row.get('title', row.get('number'))!r}"
        wanted = {"volume": int, "number": int, "title": str, "deck": str, "pdf": str, "layers": list, "teaches": list}
        if not self.complete(what, row, wanted, dict.fromkeys(("sections", *CLAIMS), list)):
            return None
        if row["volume"] not in volumes:
            self.refuse(what, f"unknown volume {row['volume']}: {nearest(str(row['volume']), map(str, volumes))}")
            return None
        begin = f"vol{row['volume']}_{row['number']:02d}_"
        file = row["pdf"].rpartition("/")[2]
        if not re.fullmatch(rf"{begin}\w+\.pdf", file):
            self.refuse(what, f"its file is called {file!r}: of volume {row['volume']}, chapter {row['number']}, it is {begin}NAME.pdf")
            return None
        layers = self.named(what, "layer", row["layers"], LAYERS)
        sections = self.named(what, "section of equations", row.get("sections", ()), self.sections)
        equations = self.named(what, "equation", row.get("equations", ()), EQUATIONS)
        examples = self.named(what, "example", row.get("examples", ()), self.examples)
        return Chapter(
            volumes[row["volume"]], row["number"], row["title"], row["deck"], row["pdf"], layers,
            self.lessons(what, row["teaches"], layers),
            self.named(what, "solver", row.get("solvers", ()), self.solvers),
            tuple(dict.fromkeys([*(n for s in sections for n, e in EQUATIONS.items() if e.module == s), *equations])),
            self.named(what, "kind, group or entry of the zoo", row.get("zoo", ()), self.zoo),
            tuple((e, self.examples[e]) for e in examples),
        )  # fmt: skip

    def once(self, chapters: Iterable[Chapter]) -> list[Chapter]:
        """Return the chapters without those whose title, deck or place another one has; a file goes with its place."""
        kept: dict[str, Chapter] = {}
        for chapter in chapters:
            keys = (chapter.slug, slug(chapter.deck), chapter.place)
            if twice := next((k for k in keys if k in kept), None):
                why = f"{twice} is listed already, as {kept[twice].title!r}: list each chapter and each deck once"
                self.refuse(f"chapter {chapter.title!r}", why)
            else:
                kept |= dict.fromkeys(keys, chapter)
        return sorted(dict.fromkeys(kept.values()), key=lambda c: (c.volume.number, c.number))


def read(path: Path, examples: Mapping[str, str]) -> Textbook:
    """Read the data file.

    Parameters
    ----------
    path
        The file.
    examples
        Titles of the examples and tutorials that there are, by page.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        return Textbook(problems=(f"it cannot be read: {error}",))
    reader = _Reader(examples)
    reader.complete("the file", data, {"volume": list, "chapter": list}, {})
    volumes = [v for row in data.get("volume", ()) if (v := reader.volume(row))]
    found = [c for row in data.get("chapter", ()) if (c := reader.chapter(row, {v.number: v for v in volumes}))]
    return Textbook(tuple(volumes), tuple(reader.once(found)), tuple(reader.problems))


_current = Textbook()


def use(textbook: Textbook) -> None:
    """Make a textbook the one that the pages show."""
    global _current
    _current = textbook


def current() -> Textbook:
    """Return the textbook that the pages show; an empty one where the site names none."""
    return _current


def taught(name: str, values: str = "") -> str:
    """Say all that a table, a box or a mention shows: of a volume, a layer, a chapter, or what chapters claim."""
    kind, _, inner = name.partition(".")
    book = current()
    if kind == "volume":
        return repr((book.volume(inner), [(c.head, c.layers) for c in book.of_volume(inner)]))
    if kind == "layer":
        return repr([(c.head, lesson) for c, lesson in book.of_layer(inner)])
    if kind == "chapter":
        return repr(book.chapter(inner).head)
    return repr([c.head for c in book.teaching(name)])


def whole(name: str, values: str = "") -> str:
    """Say all that a chapter's own page shows."""
    return repr(current().chapter(name))
