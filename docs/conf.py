"""Sphinx configuration of the mlsysim site."""

import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])

from sphinx_gallery.sorting import ExplicitOrder  # noqa: E402

import mlsysim  # noqa: E402
from mlsysim.published import addresses  # noqa: E402

project = "mlsysim"
author = "mlsysim contributors"
copyright = "2026, mlsysim contributors"
version = release = mlsysim.__version__

extensions = ["mlsysim.sphinxext", "myst_nb", "sphinx_gallery.gen_gallery", "sphinx_design", "sphinx_copybutton", "sphinx.ext.intersphinx"]
templates_path = ["_templates"]
exclude_patterns = [
    "books/*/**",
    "_build",
    "gallery/*.ipynb",
    "gallery/**/*.ipynb",
    "values.py",
    "sg_execution_times.rst",
    "gallery/sg_execution_times.rst",
]
nitpicky = True
suppress_warnings = ["config.cache"]

mls_pages = True
mls_values = "values.py"
mls_textbook = "textbook.toml"
mls_gallery = "../gallery"
mls_katex = "_static/vendor/katex/katex.min.js"
mls_search = True

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
myst_update_mathjax = False
html_math_renderer = "mls_katex"

nb_execution_mode = "auto"
nb_execution_timeout = 60
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_render_markdown_format = "myst"

smartquotes = False

copybutton_prompt_text = ">>> "

SECTIONS = ["roofline", "devices", "memory", "serving", "training", "scaling_laws"]
SECTIONS += ["economics", "sustainability", "reliability", "choices", "cases"]
sphinx_gallery_conf = {
    "subsection_order": ExplicitOrder([f"../gallery/{section}" for section in SECTIONS]),
    "examples_dirs": "../gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "reset_modules": ("matplotlib", "mlsysim.sphinxext.record_gallery"),
    "reset_modules_order": "both",
    "download_all_examples": False,
    "show_memory": False,
    "parallel": 2,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "remove_config_comments": True,
    "image_scrapers": ("mlsysim.sphinxext.pictures.both_themes",),
    "image_srcset": ["2x"],
    "matplotlib_animations": False,
    "capture_repr": (),
    "default_thumb_file": None,
}

PLAIN = ["index", "getting-started", "architecture", "solver-guide", "nomenclature", "cli", "sources", "search"]
PLAIN += ["numbers", "moved", "books", "guides", "composing", "extending", "assumptions", "glossary", "for-students", "for-instructors"]
PLAIN += ["for-engineers", "why-analytical", "comparison", "stability"]
html_sidebars = {page: [] for page in PLAIN}
html_sidebars["zoo/*/*/*"] = ["zoo-nav.html"]
html_theme = "pydata_sphinx_theme"
html_title = "mlsysim"
html_static_path = ["_static"]
html_css_files = ["vendor/katex/katex.min.css", "mlsysim.css"]
html_js_files = [
    ("mlsysim.js", {"defer": "defer"}),
    ("tables.js", {"defer": "defer"}),
    ("compare.js", {"defer": "defer"}),
    ("cite.js", {"defer": "defer"}),
]
html_favicon = "_static/favicon.svg"
RELEASE = os.environ.get("MLSYSIM_RELEASE", "")  # what is built: a release, or nothing for the development version
html_context = {
    "default_mode": "auto",
    "github_repository": os.environ.get("GITHUB_REPOSITORY", ""),
    "github_version": "main",
    "mls_release": RELEASE,
    "mls_base": addresses.BASE,
    "mls_versions": tomllib.loads((HERE / "versions.toml").read_text("utf-8"))["release"],
}
html_theme_options = {
    "logo": {"text": "mlsysim"},
    "header_links_before_dropdown": 5,
    "show_toc_level": 2,
    "collapse_navigation": True,
    "navigation_depth": 2,
    "show_nav_level": 1,
    "navbar_align": "left",
    "navbar_end": ["versions", "theme-switcher", "navbar-icon-links"],
    "announcement": ""
    if RELEASE
    else f"You are reading the development version, whose numbers may still move. <a href='{addresses.BASE}'>The latest release</a>",
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_copy_source = False
html_show_sourcelink = False
