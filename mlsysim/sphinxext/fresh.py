"""Freshness: what executes is executed again when something that it rests on changed, and not otherwise.

An example's or notebook's own text is not all that it rests on. While it runs, the entries of the zoo that it touches
are recorded; they and the library's code are its key.

* A notebook is executed when its page is read; the page is noted to show the entries that it touched.
* The gallery has a cache of its own, keyed on the example's text. A stamp beside each example holds the recorded
  entries; where one of them or the code has changed, the gallery's key is removed and the example runs again.
* Where nothing changed at all, nothing is asked: a hash of all that a site is made of is kept with it.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import sphinx

from .. import zoo
from . import shown

PACKAGE = Path(__file__).parent.parent


def digest(paths: list[Path]) -> str:
    """Return a hash of files' names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def code_digest(whole: bool) -> str:
    """Return a hash of the library's code and units, and of what saves pictures.

    ``whole`` includes what only pages show: the extension and the names given up.
    """
    files = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.glob("*.txt"), PACKAGE / "constants.toml"])
    if whole:
        return digest([*files, PACKAGE / "published" / "renamed.toml"])
    return digest([p for p in files if not {"sphinxext", "published", "cli"} & set(p.parts) or p.stem == "pictures"])


MADE_OF = {".py", ".toml", ".txt", ".md", ".rst", ".csv", ".bib", ".lock", ".html"}


def inputs_digest(app: Any) -> str:
    """Return a hash of everything that pages and exports are made of: code, zoo, sources as written and generated, settings.

    What the gallery's examples printed is left out: it follows from them, and comes later.
    """
    files: set[Path] = set()
    left_out = {Path(app.srcdir, "gallery"), Path(app.outdir)}
    for folder in (PACKAGE, zoo.root(), Path(app.srcdir), Path(app.srcdir, app.config.mls_gallery).resolve()):
        for inside, below, names in os.walk(folder):
            below[:] = [n for n in below if n not in ("__pycache__", "_build") and Path(inside, n) not in left_out]
            files |= {Path(inside, n) for n in names if Path(n).suffix in MADE_OF}
    settings = {n: repr(getattr(app.config, n)) for n in ("html_context", *(v.name for v in app.config if v.name.startswith("mls_")))}
    told = repr((sys.version, sphinx.__version__, settings, app.outdir, [str(f) for f in sorted(files)]))
    return hashlib.sha256((told + digest(sorted(files))).encode()).hexdigest()[:16]


def inputs_stamp(app: Any) -> Path:
    """Return the file that says what the site was made of when it was last built without a warning."""
    return Path(app.doctreedir, "mls-inputs")


def entry_digest(name: str) -> str:
    """Return a hash of what an entry or the list of a group says, or a word where it is gone."""
    try:
        return hashlib.sha256(zoo.text_of(name).encode()).hexdigest()[:16]
    except FileNotFoundError:
        return "gone"


class GalleryRecorder:
    """Records what each gallery example touches; sphinx-gallery calls it before and after each."""

    def __init__(self) -> None:
        self.watch: Any = None
        self.touched: set[str] = set()

    def __call__(self, gallery_conf: dict[str, Any], fname: str, when: str) -> None:
        if when == "before":
            self.watch = zoo.watching()
            self.touched = self.watch.__enter__()
        elif self.watch is not None:
            self.watch.__exit__(None, None, None)
            self.watch = None
            examples = Path(gallery_conf["src_dir"], gallery_conf["examples_dirs"])
            (example,) = examples.rglob(Path(fname).name)
            stamp = Path(gallery_conf["src_dir"], "gallery", example.relative_to(examples).with_suffix(".stamp.json"))
            stamp.parent.mkdir(parents=True, exist_ok=True)
            key = {"code": code_digest(False), "entries": {n: entry_digest(n) for n in sorted(self.touched)}}
            stamp.write_text(json.dumps(key, indent=1), "utf-8")


def outdated_examples(folder: Path) -> list[str]:
    """Forget the gallery's key of each example whose entries or code changed; return the examples' names."""
    found = []
    code = code_digest(False)
    for key in folder.rglob("plot_*.py.md5"):
        name = key.relative_to(folder).as_posix().removesuffix(".py.md5")
        stamp = folder / f"{name}.stamp.json"
        known = json.loads(stamp.read_text("utf-8")) if stamp.exists() else {}
        same = known.get("code") == code and all(entry_digest(n) == d for n, d in known.get("entries", {}).items())
        if not same:
            key.unlink()
            found.append(name)
    return found


def remove_gone(folder: Path, examples: Path) -> None:
    """Remove what was made of examples that are gone."""
    for stamp in folder.rglob("plot_*.stamp.json"):
        inside = stamp.relative_to(folder).parent
        name = stamp.name.removesuffix(".stamp.json")
        if not (examples / inside / f"{name}.py").exists():
            here = folder / inside
            for path in [*here.glob(f"{name}.*"), *here.glob(f"images/**/sphx_glr_{name}_*")]:
                path.unlink()


def before_gallery(app: Any) -> None:
    """Find what must run again, and remove what is gone; comes before sphinx-gallery's own turn."""
    remove_gone(Path(app.srcdir, "gallery"), Path(app.srcdir, app.config.mls_gallery))
    app.mls_rerun = outdated_examples(Path(app.srcdir, "gallery"))
    if app.mls_same and not app.mls_rerun:
        app.config.sphinx_gallery_conf["parallel"] = False  # workers have nothing to do, and take their time over it


def outdated_pages(app: Any, env: Any, added: Any, changed: Any, removed: Any) -> list[str]:
    """Have read again: pages on which something moved, and examples that ran again, though only a picture may have changed."""
    app.mls_moved = bool(added or removed)
    if app.mls_same:
        return []
    ran = [f"gallery/{n}" for n in getattr(app, "mls_rerun", []) if f"gallery/{n}" in env.found_docs]
    return ran + shown.outdated(app, env)


def rewrite_navigation(app: Any, env: Any) -> list[str]:
    """Have every page written again where pages came or went, since all show them in their navigation."""
    return sorted(env.found_docs) if app.mls_moved else []


def remove_gone_pages(outdir: Path, env: Any) -> None:
    """Remove pages and downloads of things that are gone, so that no search finds them."""
    for folder in ("zoo", "math", "solvers", "accuracy", "textbook", "gallery", "tutorials"):
        for path in (outdir / folder).rglob("*.html"):
            if path.relative_to(outdir).with_suffix("").as_posix() not in env.found_docs:
                for suffix in (".html", ".json", ".cite.json", ".myst.json"):
                    path.with_suffix(suffix).unlink(missing_ok=True)
    examples = {doc.rpartition("/")[2] for doc in env.found_docs if doc.startswith("gallery/")}
    for path in (outdir / "_downloads").rglob("plot_*"):
        if path.stem not in examples:
            path.unlink()


def touch_log(app: Any, docname: str) -> Path:
    """Return the file in which a notebook's kernel writes down the entries that it touches."""
    return Path(app.doctreedir, "touched", docname.replace("/", "-") + ".txt")


TAGS = "  <div id='sg-tag-list' class='sphx-glr-tag-list'></div>"


def before_read(app: Any, docname: str, content: list[str]) -> None:
    """Tell the kernel of a notebook where to write and how to publish figures.

    And leave the gallery's index one place for tags, of the many that its sections bring.
    """
    if docname == "gallery/index":
        first, *others = content[0].split(TAGS)
        content[0] = TAGS.join([first, "  <!-- -->".join(others)]) if others else first
    if "kernelspec:" in content[0][:600]:
        log = touch_log(app, docname)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", "utf-8")
        kernel = {"MLSYSIM_TOUCH_LOG": str(log)}
        if app.config.mls_pages:
            from . import pictures

            kernel |= pictures.before_kernel(app, docname, content[0])
        app.mls_outside = {name: os.environ.get(name) for name in kernel}
        os.environ.update(kernel)


def after_read(app: Any, doctree: Any) -> None:
    """Note the entries that a notebook's kernel touched, and leave the environment as it was."""
    if "MLSYSIM_TOUCH_LOG" in os.environ:
        for name, value in app.mls_outside.items():
            os.environ.pop(name)
            os.environ.update({name: value} if value is not None else {})
        log = touch_log(app, app.env.docname)
        shown.note(app.env, *(f"entry:{n}" for n in dict.fromkeys(log.read_text("utf-8").split())))
