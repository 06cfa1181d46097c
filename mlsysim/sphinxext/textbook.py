"""Cross-links with the textbook: tables of decks, boxes on what a chapter claims, and a page for each chapter with links to paste."""

from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from .. import zoo
from ..equation import EQUATIONS
from ..errors import InputError
from ..published import addresses, citing, worked
from ..published.words import spoken
from . import chapters, markup, shown
from .chapters import CLAIMS, LAYERS, Chapter
from .directives import _Directive

log = logging.getLogger(__name__)

HEADINGS = dict(zip(CLAIMS, ("Solvers", "Equations", "In the zoo", "Examples"), strict=True))


def read(app: Any) -> None:
    """Read the data file that the site names, and warn of what is wrong in it."""
    if not app.config.mls_textbook:
        return chapters.use(chapters.Textbook())
    path = Path(app.srcdir, app.config.mls_textbook)
    chapters.use(chapters.read(path, examples(Path(app.srcdir), app.config.mls_gallery_folder)))
    for problem in chapters.current().problems:
        log.warning("%s", problem, location=str(path), type="mls", subtype="textbook")


def examples(srcdir: Path, gallery: str) -> dict[str, str]:
    """Return the titles of the examples of the gallery and of the tutorials, by page."""
    from .generate import gallery_uses

    found = {doc: title for doc, (title, _) in gallery_uses(gallery).items()}
    for path in sorted(srcdir.glob("tutorials/*.md")):
        title = next((line for line in path.read_text("utf-8").splitlines() if line.startswith("# ")), "")
        found[f"tutorials/{path.stem}"] = title.removeprefix("# ")
    return found


def pages() -> dict[str, str]:
    """Return a page for each chapter, and one above them; none where the site names no textbook."""
    book = chapters.current()
    if not book.chapters:
        return {}
    found, parts = {}, [INDEX, *(f"```{{mls-decks}} {volume.number}\n```" for volume in book.volumes)]
    for chapter in book.chapters:
        lines = [f"# {chapter.title}", f"```{{mls-chapter}} {chapter.slug}\n```"]
        for claim, heading in HEADINGS.items():
            if getattr(chapter, claim):
                lines.append(f"## {heading}\n\n```{{mls-claims}} {chapter.slug} {claim}\n```")
        found[chapter.page] = "\n\n".join(lines) + "\n"
    listed = "\n".join(f"/{c.page}" for c in book.chapters)
    parts.append(f"```{{toctree}}\n:hidden:\n\n{listed}\n```")
    return found | {"textbook/index": "\n\n".join(parts) + "\n"}


INDEX = """# Textbook and slides

Chapters of the textbook [Machine Learning Systems](https://mlsysbook.ai), and decks of its [lecture slides](https://mlsysbook.ai/slides/),
that teach what this site computes. Each chapter has a page here. It lists the solvers, the equations, the entries of the zoo and the
examples that belong to the chapter, each with a link and a citation, ready to paste into a book, slides or an exercise."""


def external(url: str, text: str) -> str:
    """Return a link out of the site."""
    return f'<a class="reference external" href="{markup.quoted(url)}">{escape(text)}</a>'


def mention(chapter: Chapter) -> str:
    """Name a chapter with its place in the book and its deck, whose title is left out where it is the chapter's."""
    slides = external(chapter.volume.page, "slides" if chapter.deck == chapter.title else f"slides: {chapter.deck}")
    return f"{markup.to_page(chapter.page, chapter.title)}, {chapter.place} ({slides}, {external(chapter.pdf, 'PDF')})"


def layers_of(chapter: Chapter) -> str:
    """Name the layers of a chapter, each linked to where it is described."""
    return ", ".join(markup.to_page(f"architecture#sec-layer-{layer.lower()}", layer) for layer in chapter.layers)


class _TextbookDirective(_Directive):
    """Base: what is unknown is a warning with the nearest names."""

    html: Callable[..., str]

    def run(self) -> list[nodes.Node]:
        try:
            return [markup.made(self.env.docname, self.html(*self.arguments))]
        except InputError as error:
            log.warning("%s", error, location=self.get_location(), type="mls", subtype="textbook")
            return []

    def note(self, what: str) -> None:
        shown.note(self.env, what)


class DecksDirective(_TextbookDirective):
    """``mls-decks``: the decks of a volume, with the layers that they belong to and their files."""

    def html(self, number: str) -> str:
        rows = []
        for c in chapters.current().of_volume(number):
            deck = external(c.volume.page, c.deck)
            rows.append(("", [str(c.number), markup.to_page(c.page, c.title), deck, layers_of(c), external(c.pdf, "PDF")]))
        self.note(f"taught:volume.{number}")
        volume = chapters.current().volume(number)
        head = f'<p class="rubric">{volume.title}: {escape(volume.name)}</p>'
        return head + markup.table(["Chapter", "Title", "Deck", "Layers", "File"], rows, "mls-decks", widths=[12, 34, 30, 14, 10])


class LayerDecksDirective(_TextbookDirective):
    """``mls-layer-decks``: the decks that teach a layer, each with its chapter, what it is about, and its key concepts."""

    def html(self, layer: str) -> str:
        rows = []
        for c, lesson in chapters.current().of_layer(layer):
            cells = [external(c.volume.page, c.deck), markup.to_page(c.page, c.place), escape(lesson.topic), said(lesson.concepts)]
            rows.append(("", cells))
        self.note(f"taught:layer.{layer}")
        table = markup.table(["Deck", "In the book", "Topic", "Key concepts"], rows, "mls-decks", widths=[20, 22, 25, 33])
        return boxed(table)


def said(concepts: Iterable[str]) -> str:
    """Write concepts one after the other."""
    text = "; ".join(concepts)
    return escape(text[:1].upper() + text[1:])


def boxed(inside: str) -> str:
    """Return the box in which chapters and slides stand."""
    return f'<div class="admonition mls-textbook"><p class="admonition-title">Textbook and slides</p>{inside}</div>'


def box(name: str) -> list[str]:
    """Return the directive that names the chapters which claim something, where there are any."""
    return [f"```{{mls-textbook}} {name}\n```"] if chapters.current().teaching(name) else []


class TextbookDirective(_TextbookDirective):
    """``mls-textbook``: the chapters that claim an equation or a solver."""

    def html(self, name: str) -> str:
        found = [mention(c) for c in chapters.current().teaching(name)]
        self.note(f"taught:{name}")
        if name.startswith("eq."):
            return f'<p class="mls-textbook"><strong>Textbook and slides.</strong> {"; ".join(found)}.</p>'
        return boxed(f"<ul>{''.join(f'<li><p>{m}.</p></li>' for m in found)}</ul>")


class ChapterDirective(_TextbookDirective):
    """``mls-chapter``: where a chapter stands in the book, its slides, and what it is about in each of its layers."""

    def html(self, name: str) -> str:
        chapter = chapters.current().chapter(name)
        self.note(f"chapter:{name}")
        deck = f"{external(chapter.volume.page, chapter.deck)} ({external(chapter.pdf, 'PDF')})"
        rows = []
        for lesson in chapter.teaches:
            layer = markup.to_page(f"architecture#sec-layer-{lesson.layer.lower()}", f"{lesson.layer}, {LAYERS[lesson.layer]}")
            rows.append(("", [layer, escape(lesson.topic), said(lesson.concepts)]))
        words = f"<p>{chapter.place} of {external('https://mlsysbook.ai', 'Machine Learning Systems')}. Slides: {deck}."
        words += f" Layers: {layers_of(chapter)}.</p>"
        return words + markup.table(["Seen from layer", "Topic", "Key concepts"], rows, "mls-decks", widths=[20, 30, 50])


class ClaimsDirective(_TextbookDirective):
    """``mls-claims``: what a chapter claims of a kind, each with its meaning, and with links and citations to paste."""

    required_arguments = 2

    def html(self, name: str, claim: str) -> str:
        listed = getattr(chapters.current().chapter(name), claim)
        self.note(f"chapter:{name}")
        return f'<ul class="mls-claims">{"".join(f"<li>{getattr(self, claim)(one)}</li>" for one in listed)}</ul>'

    def solvers(self, name: str) -> str:
        sentence = (worked.solver(name).__doc__ or "").split("\n")[0]
        return self.known("solver", name, name, sentence.replace("``", ""))

    def equations(self, name: str) -> str:
        return self.known("eq", name, spoken(name, start=True), EQUATIONS[name].sentence)

    def zoo(self, name: str) -> str:
        if name.count(".") == 2:
            entry = zoo.load(name)
            self.note(f"title:{name}")
            return self.known("entry", name, entry.name, entry.summary)
        from .generate import INDEXES, TITLES

        kind, _, group = name.partition(".")
        stem, (_, title, sentence) = next((s, i) for s, i in INDEXES.items() if i[0] == kind)
        if not group:
            return self.page(f"zoo/{stem}", title, sentence)
        heading = TITLES.get(group, group)
        ident = "" if kind == "Hardware" else f"#{nodes.make_id(heading)}"  # devices of all groups stand in one table
        return self.page(f"zoo/{stem}", f"{title}: {heading}", "", ident)

    def examples(self, example: tuple[str, str]) -> str:
        document, title = example
        folder, _, stem = document.partition("/")
        if folder != "gallery":
            return self.page(document, title, "")
        name = stem.replace("/", ".")
        link = markup.to_page(document, title)
        return link + pastes(addresses.url(f"claim.{name}"), f"{{mls:claim}}`{name}`", title, citing.of_place(f"claim.{name}", title))

    def known(self, kind: str, name: str, title: str, sentence: str) -> str:
        public = addresses.public(kind, name)
        cited = citing.of_place(public, f"{title}: {sentence.removesuffix('.')}")
        link = markup.linked(kind, name, title)
        return f"{link}: {escape(sentence)}{pastes(addresses.url(public), f'{{mls:{kind}}}`{name}`', title, cited)}"

    def page(self, document: str, title: str, sentence: str, ident: str = "") -> str:
        url = f"{addresses.BASE}/{document}.html{ident}"
        link = markup.to_page(document + ident, title) + (f": {escape(sentence)}" if sentence else "")
        return link + pastes(url, f"{{external+mlsysim:doc}}`{document}`", title, citing.of_page(document, title))


def pastes(url: str, role: str, title: str, cited: dict[str, str]) -> str:
    """Return the folded forms in which something is linked to and cited."""
    forms = {"Address": url, "MyST": role, "Markdown": f"[{title}]({url})", "Citation": cited["text"], "BibTeX": cited["bibtex"]}
    return markup.folded("Link and cite", forms, "mls-paste")


class ChapterRole(SphinxRole):
    """``{mls:chapter}`Hardware Acceleration```: a chapter with its place in the book, linked to its slides."""

    def run(self) -> tuple[list[nodes.Node], list[Any]]:
        try:
            chapter = chapters.current().chapter(self.text)
        except InputError as error:
            log.warning("%s", error, location=self.get_location(), type="mls", subtype="chapter")
            return [nodes.emphasis("", self.text)], []
        shown.note(self.env, f"taught:chapter.{chapter.slug}")
        place = nodes.reference("", chapter.place, refuri=chapter.volume.page, internal=False)
        return [nodes.emphasis("", chapter.title), nodes.Text(" ("), place, nodes.Text(")")], []


DIRECTIVES = {
    "mls-decks": DecksDirective,
    "mls-layer-decks": LayerDecksDirective,
    "mls-textbook": TextbookDirective,
    "mls-chapter": ChapterDirective,
    "mls-claims": ClaimsDirective,
}
