"""Tutorials to take along: each page that runs in a kernel is offered as a Jupyter notebook and as a Python program."""

import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docutils import nodes

from ..published import addresses
from . import downloads, markup
from .output import write_changed

DOC = re.compile(r"\{doc\}`([^`]+)`")
FORMS = {".ipynb": "Jupyter notebook", ".py": "Python program"}
NEEDS = "pip install 'mlsysim[plot]'"
OFFER = '<div class="sphx-glr-download mls-download">{}</div>'


def is_tutorial(env: Any, docname: str) -> bool:
    """True where a page runs in a kernel."""
    return "kernelspec" in env.metadata.get(docname, {})


def place(docname: str, suffix: str) -> str:
    """Return where a download stands in the site."""
    return f"_downloads/{docname}{suffix}"


def offer(app: Any, doctree: Any) -> None:
    """Offer the downloads of a tutorial below its title."""
    docname = app.env.docname
    if not app.config.mls_pages or not is_tutorial(app.env, docname):
        return
    up = "../" * docname.count("/")
    links = (f'<a class="reference download internal" download href="{up}{place(docname, s)}">Download {t}</a>' for s, t in FORMS.items())
    title = next(doctree.findall(nodes.title))
    title.parent.insert(title.parent.index(title) + 1, markup.made(docname, OFFER.format(" ".join(links))))


def documents(text: str, docname: str, titles: Mapping[str, str], linked: bool) -> str:
    """Return text in which the titles of pages, or what is said of them, stand for the roles that name them."""

    def shown(match: re.Match[str]) -> str:
        words, target = downloads.spoken_and_meant(match.group(1))
        known = posixpath.normpath(posixpath.join(posixpath.dirname(f"/{docname}"), target))[1:]
        return downloads.link(words or titles[known], f"{addresses.BASE}/{known}.html" if linked else "")

    return DOC.sub(shown, text)


def notebook(text: str, docname: str, titles: Mapping[str, str], values: str) -> str:
    """Return a tutorial as a notebook that has not run: its text with roles resolved, solutions folded where Jupyter knows how."""
    from myst_nb.core.read import read_myst_markdown_notebook

    book = read_myst_markdown_notebook(text)
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number:02}"
        cell.metadata.pop("mystnb", None)
        if {"hide-cell", "hide-input"} & set(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}
        if cell.cell_type == "markdown":
            cell.source = documents(cell.source, docname, titles, True)
    title, _, rest = book.cells[0].source.partition("\n")
    here = f"[The page of this notebook]({addresses.BASE}/{docname}.html) shows what it prints and draws. To run it here: `{NEEDS}`."
    book.cells[0].source = f"{title}\n\n{here}\n{rest}"
    book.metadata = {"kernelspec": book.metadata.kernelspec, "language_info": {"name": "python"}}
    return downloads.resolve_notebook(json.dumps(book), values)


def program(text: str, docname: str, titles: Mapping[str, str], values: str) -> str:
    """Return a tutorial as a program: text in comments, each cell behind the mark by which editors know it."""
    from myst_nb.core.read import read_myst_markdown_notebook

    parts = [f"# To run this: {NEEDS}"]
    for cell in read_myst_markdown_notebook(text).cells:
        if cell.cell_type == "code":
            parts.append(f"# %%\n{cell.source}")
        else:
            said = downloads.resolve(documents(cell.source, docname, titles, False), values)
            parts.append("# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in said.splitlines()))
    return "\n\n".join(parts) + "\n"


def write(app: Any, titles: Mapping[str, str]) -> None:
    """Write the downloads of every tutorial, and remove those of tutorials that are gone."""
    made = {}
    for docname in sorted(d for d in app.env.found_docs if is_tutorial(app.env, d)):
        text = Path(app.env.doc2path(docname)).read_text("utf-8")
        for suffix, form in ((".ipynb", notebook), (".py", program)):
            made[place(docname, suffix)] = form(text, docname, titles, app.config.mls_values)
    outdir = Path(app.outdir)
    write_changed(outdir, made)
    for path in (outdir / place("tutorials", "")).glob("*"):
        if path.relative_to(outdir).as_posix() not in made:
            path.unlink()
