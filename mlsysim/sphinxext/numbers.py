"""Every published number as data: ``numbers.json``, variables for Quarto, macros for LaTeX, cross-references for MyST, citations a page."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes

from .. import __released__, __version__
from ..errors import MlsysimError
from ..published import addresses, citing, ledger, named
from ..published.registry import Published, every, lookup, of_value
from ..published.words import tex
from . import markup, shown
from .directives import _Directive
from .output import write_changed

SCHEMA = "numbers.schema.json"
SAID = ("name", "kind", "says", "value", "unit", "text", "how", "source", "where", "read", "year", "note", "equation")


def record(number: Published) -> dict[str, Any]:
    """Return a published number as plain data, without what is empty."""
    found = {n: getattr(number, n) for n in SAID}
    if isinstance(number.value, float):
        found["value"] = float(f"{number.value:.12g}")
    found["read"] = str(number.read) if number.read else None
    kept = {n: v for n, v in found.items() if v not in (None, "") or n in ("unit", "value")}
    return kept | {"page": f"{number.page}.html", "anchor": number.anchor, "url": number.url}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of ``numbers.json``."""
    text = {"type": "string"}
    properties: dict[str, Any] = {n: dict(text) for n in SAID} | {"page": text, "anchor": text, "url": {"type": "string", "format": "uri"}}
    properties["value"] = {"type": ["number", "string", "boolean"], "description": "in the coherent unit; a word or a flag as it is"}
    properties["unit"] = {"type": "string", "description": "coherent unit of value; empty for ratios, counts, words and flags"}
    properties["text"] = {"type": "string", "description": "for people, in the unit of the source"}
    properties["kind"] = {"enum": ["fact", "example", "field", "value", "accuracy"]}
    properties["how"] = {"enum": ["stated", "measured", "derived", "estimated", "computed"]}
    properties["read"] = {"type": "string", "format": "date"}
    properties["year"] = {"type": "integer"}
    required = ["name", "kind", "says", "value", "unit", "text", "how", "page", "anchor", "url"]
    number = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    head = {"version": text, "released": {"type": "string", "format": "date"}, "schema": text, "base": text}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The published numbers of mlsysim",
        "type": "object",
        "properties": head | {"numbers": {"type": "array", "items": number}},
        "required": [*head, "numbers"],
        "additionalProperties": False,
    }


def variables(numbers: Iterable[Published]) -> str:
    """Return the numbers as text in the nested form that Quarto's variables have, written as JSON, which is YAML too."""
    tree: dict[str, Any] = {}
    for number in numbers:
        *way, last = number.name.split(".")
        node = tree
        for part in way:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise MlsysimError(f"{number.name} stands below a name that is a number itself: rename one")
        node[last] = number.text
    return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"


MACROS = r"""% The published numbers of mlsysim {version}, {released}.
% \mls{{Hardware.Cloud.H100.memory.bandwidth}} gives a value with its unit.
\NeedsTeXFormat{{LaTeX2e}}
\ProvidesPackage{{mlsysim}}[{day} mlsysim {version}]
\newcommand*{{\mls}}[1]{{\ifcsname mls@\detokenize{{#1}}\endcsname\csname mls@\detokenize{{#1}}\endcsname
  \else\PackageError{{mlsysim}}{{No number is called \detokenize{{#1}}}}{{Its names are listed in numbers.json.}}\fi}}
\newcommand*{{\mls@set}}[2]{{\expandafter\def\csname mls@\detokenize{{#1}}\endcsname{{#2}}}}
"""


def macros(numbers: Iterable[Published]) -> str:
    """Return a LaTeX package with the numbers."""
    head = MACROS.format(version=__version__, released=__released__, day=__released__.replace("-", "/"))
    return head + "".join(f"\\mls@set{{{n.name}}}{{{tex(n.text)}}}\n" for n in numbers) + "\\endinput\n"


def cross_references(objects: Mapping[tuple[str, str], tuple[str, str, str]]) -> str:
    """Return the references of a MyST project: every page with objects, and every name with its page and anchor."""
    pages = {
        document: {"kind": "page", "data": f"/{document}.myst.json", "url": f"/{document}.html"} for document, _, _ in objects.values()
    }
    found = [
        pages[document] | {"identifier": addresses.public(kind, name).lower(), "html_id": ident, "kind": kind}
        for (kind, name), (document, ident, _) in sorted(objects.items())
    ]
    listed = [pages[d] for d in sorted(pages)] + found
    return json.dumps({"version": "1", "myst": "1.11.0", "references": listed}, ensure_ascii=False, indent=1) + "\n"


def previews(document: str, title: str, texts: Mapping[str, tuple[str, str, str]]) -> str:
    """Return the data behind a page's references in MyST: by anchor the identifier, what a link shows, and what a preview says below it.

    What a link shows is a heading, since MyST takes a link's words from headings only.
    """
    children: list[dict[str, Any]] = []
    for ident, (label, shows, says) in texts.items():
        heading = {"type": "heading", "depth": 2, "enumerated": False, "identifier": label, "html_id": ident}
        children.append(heading | {"children": [{"type": "text", "value": shows}]})
        children.append({"type": "paragraph", "children": [{"type": "text", "value": says}]})
    data = {"version": 3, "kind": "Article", "slug": document, "location": f"/{document}.html", "frontmatter": {"title": title}}
    return json.dumps(data | {"mdast": {"type": "root", "children": children}}, ensure_ascii=False) + "\n"


@cache
def _own(number: Published) -> dict[str, str]:
    return citing.own_of(number) | ({"source": number.source} if number.source else {})


def citations(numbers: Iterable[Published]) -> str:
    """Return the citations of a page's numbers by anchor, and those of their sources once."""
    listed = list(numbers)
    sources = {n.source: citing.of_source(n.source) for n in listed if n.source}
    return json.dumps({"numbers": {n.anchor: _own(n) for n in listed}, "sources": sources}, ensure_ascii=False) + "\n"


def files(
    numbers: Mapping[str, Published], objects: Mapping[tuple[str, str], tuple[str, str, str]], titles: Mapping[str, str]
) -> dict[str, str]:
    """Return every file about the numbers of a site, by name; ``titles`` are those of its pages."""
    head = {"version": __version__, "released": __released__, "schema": SCHEMA, "base": addresses.BASE}
    rows = [json.dumps(record(n), ensure_ascii=False) for n in numbers.values()]
    start = json.dumps(head, ensure_ascii=False)[:-1]
    found = {
        "numbers.json": f'{start}, "numbers": [\n' + ",\n".join(rows) + "\n]}\n",
        SCHEMA: json.dumps(schema(), ensure_ascii=False, indent=1) + "\n",
        "_variables.yml": variables(numbers.values()),
        "mlsysim.sty": macros(numbers.values()),
        "myst.xref.json": cross_references(objects),
    }
    by_page: dict[str, list[Published]] = {}
    for number in numbers.values():
        by_page.setdefault(number.page, []).append(number)
    texts: dict[str, dict[str, tuple[str, str, str]]] = {}
    for (kind, name), (document, ident, words) in sorted(objects.items()):
        known = addresses.public(kind, name)
        printed = numbers.get(known)
        shows, says = (printed.text, f"{known}: {printed.says}") if printed else (words, known)
        texts.setdefault(document, {})[ident] = (known.lower(), shows, says)
    for document, listed in by_page.items():
        found[f"{document}.cite.json"] = citations(listed)
    for document, said in texts.items():
        found[f"{document}.myst.json"] = previews(document, titles[document], said)
    return found


MOVED_TO = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Moved</title><meta name="viewport" content="width=device-width">
<link rel="canonical" href="{to}"><meta http-equiv="refresh" content="1; url={to}">
<script>location.replace("{to}" + location.hash)</script></head>
<body><main><h1>Moved</h1><p>What stood here is now at <a href="{to}">{name}</a>.</p></main></body></html>
"""


def redirects() -> dict[str, str]:
    """Return a page for each address that was given up, which leads to the one that took its place."""
    found = {}
    for old in addresses.renamed():
        new = addresses.current(old)
        if addresses.parts(old)[0] != "entry":
            continue
        before, after = addresses.page(old), addresses.page(new)
        if before != after:
            to = "../" * before.count("/") + f"{after}.html"
            found[f"{before}.html"] = MOVED_TO.format(to=to, name=new)
    return found


def write(outdir: Path, values: str, objects: Mapping[tuple[str, str], tuple[str, str, str]], titles: Mapping[str, str]) -> None:
    """Write what changed."""
    write_changed(outdir, files(every(values), objects, titles) | redirects())


def box(title: str, styles: Mapping[str, str]) -> str:
    """Return the folded citations of something, with a button to copy each."""
    names = {"text": "Text", "bibtex": "BibTeX", "csl": "CSL-JSON"}
    return markup.folded(title, {names[s]: text for s, text in styles.items()})


def cite_page(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """End every page with its own citation."""
    if app.config.mls_pages and doctree is not None and pagename != "search":
        title = nodes.Text(context.get("title", pagename)).astext()
        plain = markup.TAG.sub("", title)
        context["body"] = context.get("body", "") + box("Cite this page", citing.of_page(pagename, plain))


class ValuesDirective(_Directive):
    """``mls-values``: every named value of the pages, with what it says."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        path = self.env.config.mls_values
        rows = []
        for name in named.functions(path):
            number = of_value(path, name)
            shown.note(self.env, f"value:{name}")
            ident = self.domain.note("value", name, number.says)
            rests = ", ".join(markup.linked("entry", r, r) for r in number.rests_on if not r.endswith("*"))
            value = markup.number(number.text, number.value if isinstance(number.value, float) else None)
            rows.append((ident, [markup.code(name) + markup.permalink("value", name), value, escape(number.says), rests]))
        head = ["Name", "Value", "What it is", "Rests on"]
        return [markup.made(self.env.docname, markup.table(head, rows, "mls-values", widths=[24, 14, 32, 30]))]


class MovesDirective(_Directive):
    """``mls-moves``: the published numbers that moved, and why."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir, "moves.toml")
        self.env.note_dependency(str(path))
        moves = ledger.accepted(path)
        if not moves:
            return [nodes.paragraph("", f"No published number has moved since release {__version__} of {__released__}.")]
        html = ""
        for move in reversed(moves):
            html += f"<h2>After {escape(move['after'])}, {move['day']}</h2><p>{escape(move['reason'])}</p>"
            rows = [("", [self.named(n), escape(old), escape(new or "gone")]) for n, (old, new) in move["names"].items()]
            html += markup.table(["Name", "It was", "It is"], rows, "mls-moves", widths=[50, 25, 25])
        return [markup.made(self.env.docname, html)]

    def named(self, name: str) -> str:
        """Name what moved, with a link to a number that is still there."""
        here = addresses.current(name)
        try:
            kind = lookup(here, self.env.config.mls_values).kind
        except MlsysimError:
            return markup.code(name)
        return markup.link(kind, addresses.parts(here)[1], markup.code(name))


DIRECTIVES = {"mls-values": ValuesDirective, "mls-moves": MovesDirective}


def declare_claim(app: Any, doctree: Any) -> None:
    """Make the section in which an example of the gallery ends the place of its claim."""
    folder, _, name = app.env.docname.partition("/")
    if folder != "gallery" or "plot_" not in name or not app.config.mls_pages:
        return
    for section in doctree.findall(nodes.section):
        if section.next_node(nodes.title).astext() == "Claim":
            title = doctree.next_node(nodes.title).astext()
            section["ids"].insert(0, app.env.get_domain("mls").note("claim", name.replace("/", "."), title))
