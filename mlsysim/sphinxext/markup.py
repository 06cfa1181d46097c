"""HTML of our own for what there are tens of thousands of: table rows of facts, which a document tree would make slow to build.

A piece is a string. Its links into the domain are written ``href="mls:role/name"``, those to a page of the site
``href="mls:page/document#anchor"``; their ends are found when the page is written, when all pages have been read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from docutils import nodes
from sphinx.util import logging

from ..published import addresses

log = logging.getLogger(__name__)
TAG = re.compile(r"<[^>]*>")
LINK = re.compile(r'href="mls:(\w+)/([^"]+)"')


class fragment(nodes.General, nodes.Element):
    """HTML whose links into the domain are found when it is written."""


def visit_fragment(self: Any, node: fragment) -> None:
    """Write the HTML, each link with its address."""
    doc = node["doc"]
    objects = self.builder.env.get_domain("mls").objects

    def address(match: re.Match[str]) -> str:
        hit = objects.get(match.groups())
        if match.group(1) == "page":
            document, _, ident = match.group(2).partition("#")
            hit = (document, ident, "") if document in self.builder.env.found_docs else None
        if hit is None:
            log.warning("no page declares %s %s", *match.groups(), location=doc, type="mls", subtype=match.group(1))
            return ""
        return f'href="{escape(self.builder.get_relative_uri(doc, hit[0]))}{f"#{hit[1]}" if hit[1] else ""}"'

    self.body.append(LINK.sub(address, node["html"]))
    raise nodes.SkipNode


def leave_out(self: Any, node: fragment) -> None:
    """Print nothing, in other formats."""
    raise nodes.SkipNode


def made(doc: str, html: str) -> fragment:
    """Return the node of some HTML on a page."""
    return fragment("", doc=doc, html=html)


def quoted(text: str) -> str:
    """Escape text for an attribute."""
    return escape(text, quote=True)


def code(text: str) -> str:
    """Return text as code."""
    return f'<code class="docutils literal notranslate"><span class="pre">{escape(text)}</span></code>'


def span(text: str, *classes: str) -> str:
    """Return text of some classes."""
    return f'<span class="{" ".join(classes)}">{escape(text)}</span>'


def number(text: str, value: float | None) -> str:
    """Return a number for people and for scripts."""
    if value is None:
        return span(text, "mls-number")
    return f'<data class="mls-number" value="{value:.10g}">{escape(text)}</data>'


def link(role: str, name: str, inside: str, title: str = "") -> str:
    """Return a link into the domain around some HTML."""
    tip = f' title="{quoted(title)}"' if title else ""
    return f'<a class="reference internal" href="mls:{role}/{quoted(name)}"{tip}>{inside}</a>'


def linked(role: str, name: str, text: str, title: str = "") -> str:
    """Return a link into the domain around some text."""
    return link(role, name, f"<span>{escape(text)}</span>", title)


def to_page(document: str, text: str) -> str:
    """Return a link to a page of the site, with its anchor if it has one."""
    return link("page", document, f"<span>{escape(text)}</span>")


def folded(title: str, forms: Mapping[str, str], *classes: str) -> str:
    """Return texts to paste, folded away, each below its name, beside which the page's script puts a button to copy."""
    inside = "".join(
        f'<figure><figcaption>{escape(n)}</figcaption><pre tabindex="0">{escape(t.strip())}</pre></figure>' for n, t in forms.items()
    )
    kinds = " ".join(("mls-cite-box", *classes))
    return f'<details class="{kinds}" data-pagefind-ignore><summary>{escape(title)}</summary>{inside}</details>'


def permalink(kind: str, name: str, valued: bool | None = None) -> str:
    """Return the small link that names a number's address, and the anchors that it had before; what has a value can be cited there."""
    known = addresses.public(kind, name)
    ident = addresses.place(kind, name)[1]
    gone = "".join(f'<span id="{addresses.place(*addresses.parts(old))[1]}"></span>' for old in addresses.former(known))
    cited = " mls-cited" if (kind in addresses.VALUED if valued is None else valued) else ""
    return f'{gone}<a class="headerlink{cited}" href="#{ident}" data-mls="{quoted(known)}" title="{quoted(f"Link to {known}")}">#</a>'


def table(
    head: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], *classes: str, widths: Sequence[int] = (), searched: bool = True
) -> str:
    """Return a table; each row is its anchor (or nothing) and the HTML of its cells."""
    columns = "".join(f'<col style="width: {w}%">' for w in widths)
    top = "".join(f'<th class="head"><p>{escape(h)}</p></th>' for h in head)
    body = "".join(_row(ident, cells) for ident, cells in rows)
    return (
        f'<div class="pst-scrollable-table-container"{"" if searched else " data-pagefind-ignore"}>'
        f'<table class="table mls-table {" ".join(classes)}">'
        f"{f'<colgroup>{columns}</colgroup>' if columns else ''}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>\n"
    )


def _row(ident: str, cells: Iterable[str]) -> str:
    attribute = f' id="{ident}"' if ident else ""
    return f"<tr{attribute}>{''.join(f'<td>{c}</td>' for c in cells)}</tr>"
