"""Small pieces of document tree that the directives are made of."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from docutils import nodes
from sphinx.addnodes import pending_xref


class number(nodes.inline):
    """A number as ``<data value="3.35e+12">3.35 TB/s</data>``: for people, and for scripts that sort."""


def visit_number(self: Any, node: number) -> None:
    """Open the element in HTML."""
    value = node.get("value")
    self.body.append(f'<data class="mls-number" value="{value}">' if value is not None else '<span class="mls-number">')


def depart_number(self: Any, node: number) -> None:
    """Close the element in HTML."""
    self.body.append("</data>" if node.get("value") is not None else "</span>")


def ignore(self: Any, node: number) -> None:
    """Print the text alone, in other formats."""


def numeral(text: str, value: float | None) -> number:
    """Return a number node."""
    node = number("", text)
    if value is not None:
        node["value"] = f"{value:.10g}"
    return node


def reference(role: str, target: str, text: str, doc: str, title: str = "", content: nodes.Node | None = None) -> pending_xref:
    """Return a link into the domain, resolved when all pages have been read."""
    node = pending_xref("", content if content is not None else nodes.inline("", text))
    attributes = {
        "refdomain": "mls",
        "reftype": role,
        "reftarget": target,
        "refexplicit": True,
        "refwarn": True,
        "refdoc": doc,
        "reftitle": title,
    }
    node.attributes.update(attributes)
    return node


Cell: TypeAlias = Sequence[nodes.Node] | nodes.Node | str


def paragraph(*parts: nodes.Node | str) -> nodes.paragraph:
    """Return a paragraph of nodes and texts."""
    return nodes.paragraph("", "", *(nodes.Text(p) if isinstance(p, str) else p for p in parts))


def table(
    head: Sequence[str], rows: Iterable[tuple[str, Sequence[Cell]]], *, classes: Sequence[str] = (), widths: Sequence[int] = ()
) -> nodes.table:
    """Return a table; each row is its anchor (or nothing) and its cells."""
    built = nodes.table(classes=["mls-table", *classes])
    group = nodes.tgroup(cols=len(head))
    built += group
    for i in range(len(head)):
        group += nodes.colspec(colwidth=widths[i] if widths else 10)
    top = nodes.thead()
    group += top
    top += _row(head)
    body = nodes.tbody()
    group += body
    for ident, cells in rows:
        row = _row(cells)
        if ident:
            row["ids"].append(ident)
        body += row
    return built


def _row(cells: Sequence[Cell]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        parts = [nodes.Text(cell)] if isinstance(cell, str) else [cell] if isinstance(cell, nodes.Node) else list(cell)
        row += nodes.entry("", nodes.paragraph("", "", *parts))
    return row
