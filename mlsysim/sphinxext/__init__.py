"""A Sphinx extension: the ``mls`` domain, the generated pages, formulas, pictures, and what keeps them fresh.

A book that is itself a Sphinx project adds ``mlsysim.sphinxext`` to its extensions and uses the roles; with
``mls_pages = True`` the pages of zoo, equations, nomenclature, solvers and sources are generated into it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.util import logging

from ..published import addresses
from . import accuracy, assumptions, cli, katex, notebooks, numbers, textbook
from .directives import DIRECTIVES
from .domain import MlsDomain, link_to_the_site
from .fresh import (
    GalleryRecorder,
    after_read,
    before_gallery,
    before_read,
    code_digest,
    inputs_digest,
    inputs_stamp,
    outdated_pages,
    remove_gone_pages,
    rewrite_navigation,
)
from .markup import fragment, leave_out, visit_fragment
from .nodes import depart_number, ignore, number, visit_number

log = logging.getLogger(__name__)
UNSEARCHED = ".headerlink,.sphx-glr-download,.sphx-glr-footer,.prev-next-footer,.mls-used,.mls-near"
"""What a page says of others, so that a search for those does not find it."""

record_gallery = GalleryRecorder()


def config_inited(app: Any, config: Any) -> None:
    """Key every page on the code of the library and of this extension."""
    config.mls_code = code_digest(True)
    config.mls_values = str(Path(app.srcdir, config.mls_values)) if config.mls_values else ""
    config.mls_gallery_folder = str(Path(app.srcdir, config.mls_gallery))
    config.mls_katex = str(Path(app.srcdir, config.mls_katex)) if config.mls_katex else ""


def write_pages(app: Any) -> None:
    """Read the textbook's chapters, and write the generated pages where anything changed."""
    textbook.read(app)
    stamp = inputs_stamp(app)
    app.mls_inputs = inputs_digest(app)
    app.mls_same = stamp.is_file() and stamp.read_text("utf-8") == app.mls_inputs
    if app.config.mls_pages and not app.mls_same:
        from . import generate

        repository = generate.edit_address(app.config.html_context)
        generate.write(Path(app.srcdir), Path(app.srcdir, app.config.mls_gallery), repository)
        app.mls_inputs = inputs_digest(app)
    if app.config.mls_search and app.builder.format == "html":
        leave_search_to_pagefind(app.builder)


def leave_search_to_pagefind(builder: Any) -> None:
    """Have Sphinx keep no index of its own: the finished pages are indexed, and its theme asks only that the file is there."""
    stub = Path(builder.outdir, "searchindex.js")
    builder.load_indexer = builder.index_page = lambda *args: None
    builder.dump_search_index = lambda: stub.write_text("// Pagefind searches this site.\n", "utf-8")


def count_page(app: Any, pagename: str, templatename: str, context: Any, doctree: Any) -> None:
    """Count the pages that are written, so that an unchanged site is not indexed again."""
    app.mls_written += doctree is not None


def write_beside(app: Any, outdir: Path) -> None:
    """Remove pages of what is gone, and write what stands beside the pages."""
    from . import exports, place

    inputs_stamp(app).unlink(missing_ok=True)
    remove_gone_pages(outdir, app.env)  # before pages are written that lead on from what is gone
    if app.config.mls_pages:
        place.write(outdir / "_static" / "place")
        exports.write(outdir)
        titles = {document: title.astext() for document, title in app.env.titles.items()}
        numbers.write(outdir, app.config.mls_values, app.env.get_domain("mls").objects, titles)
        notebooks.write(app, titles)


def finish(app: Any, error: Exception | None) -> None:
    """Write the shared pictures and the downloads, resolve roles in these, and index the site for search."""
    if error or app.builder.format != "html":
        return
    from . import downloads

    outdir = Path(app.outdir)
    if not app.mls_same or app.mls_written:
        write_beside(app, outdir)
    downloads.rewrite(outdir, app.config.mls_values)  # Sphinx copies them anew in every build
    if app.config.mls_search and (app.mls_written or not (outdir / "pagefind").is_dir()):
        command = [sys.executable, "-m", "pagefind", "--site", str(outdir), "--root-selector", "article.bd-article"]
        command += ["--exclude-selectors", UNSEARCHED, "--glob", "**/*.html"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            log.warning("search index: %s", done.stderr[-500:] or done.stdout[-500:], type="mls", subtype="search")
    if not app._warncount:
        inputs_stamp(app).write_text(app.mls_inputs, "utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_config_value("mls_pages", False, "env", (bool,))
    app.add_config_value("mls_values", "", "env", (str,))
    app.add_config_value("mls_textbook", "", "", (str,))
    app.add_config_value("mls_gallery", "../gallery", "env", (str,))
    app.add_config_value("mls_gallery_folder", "", "", (str,))
    app.add_config_value("mls_base", addresses.BASE, "env", (str,))
    app.add_config_value("mls_katex", "", "html", (str,))
    app.add_config_value("mls_search", False, "html", (bool,))
    app.add_config_value("mls_code", "", "env", (str,))
    app.add_node(number, html=(visit_number, depart_number), **dict.fromkeys(("latex", "text", "man", "texinfo"), (ignore, ignore)))
    app.add_node(fragment, html=(visit_fragment, None), **dict.fromkeys(("latex", "text", "man", "texinfo"), (leave_out, None)))
    app.add_domain(MlsDomain)
    app.add_role_to_domain("mls", "chapter", textbook.ChapterRole())
    for name, directive in (
        DIRECTIVES | accuracy.DIRECTIVES | assumptions.DIRECTIVES | cli.DIRECTIVES | numbers.DIRECTIVES | textbook.DIRECTIVES
    ).items():
        app.add_directive(name, directive)
    app.add_html_math_renderer("mls_katex", inline_renderers=(katex.inline, None), block_renderers=(katex.block, None))
    app.connect("config-inited", config_inited, priority=300)
    app.connect("builder-inited", write_pages, priority=200)
    app.connect("builder-inited", before_gallery, priority=250)
    app.connect("env-get-outdated", outdated_pages)
    app.connect("env-updated", rewrite_navigation)
    app.connect("missing-reference", link_to_the_site, priority=900)
    app.connect("source-read", before_read)
    app.connect("doctree-read", after_read)
    app.connect("doctree-read", numbers.declare_claim)
    app.connect("doctree-read", notebooks.offer)
    app.connect("html-page-context", numbers.cite_page)
    app.connect("html-page-context", katex.derivations)
    app.mls_written = 0
    app.connect("html-page-context", count_page)
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
