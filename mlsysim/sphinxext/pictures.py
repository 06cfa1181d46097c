"""Pictures of the gallery and of the tutorials, each for a light and for a dark page.

The gallery's come by a scraper for sphinx-gallery. A tutorial runs in a kernel, which shows each figure as it makes it: while the site
is built, the kernel starts with a configuration of ours, so that it loads this module as an extension of IPython.
"""

import ast
import json
import os
import sys
from html import escape
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

PICTURE = "\n.. container:: mls-picture\n"
SHOWN = """
   .. image-sg:: /{path}
      :alt: {alt}
      :srcset: {srcset}
      :class: only-{theme}
"""
KERNEL = f"""c.InteractiveShellApp.extensions = [{__name__!r}]
c.InlineBackend.figure_formats = set()
"""
"""Configuration of a kernel that leaves figures to this module."""


def both_themes(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save every open figure of an example, and show in each theme the picture that suits; sphinx-gallery calls it."""
    import matplotlib.pyplot as plt

    question = (ast.get_docstring(ast.parse(Path(block_vars["src_file"]).read_text("utf-8"))) or "").splitlines()[:1]
    found = ""
    for number in plt.get_fignums():
        path = PurePosixPath(block_vars["image_path_iterator"].next())
        found += shown(plt.figure(number), path, gallery_conf["src_dir"], gallery_conf["image_srcset"], *question)
    plt.close("all")
    return found


def shown(figure: Any, path: PurePosixPath, source: str, densities: list[float], *question: str) -> str:
    """Save a figure as it is and recoloured for a dark page, each also at the other densities; return what shows the one that suits.

    The figure is recoloured in place, so it is drawn no more after this.
    """
    from ..plot.themes import THEMES, recolour  # Matplotlib with it, which a build that draws nothing needs not wait for

    found, said = PICTURE, _said(figure, *question)
    for theme in THEMES:
        if theme != "light":
            recolour(figure, theme)
        here = path if theme == "light" else path.with_stem(f"{path.stem}_{theme}")
        files = {d: Path(os.path.relpath(f, source)).as_posix() for d, f in _save(figure, here, densities).items()}
        srcset = ", ".join(f"/{file}" + (f" {density:.2f}x" if density else "") for density, file in files.items())
        found += SHOWN.format(path=files[0], srcset=srcset, alt=said, theme=theme)
    return found


def _save(figure: Any, path: PurePosixPath, densities: list[float]) -> dict[float, PurePosixPath]:
    """Save a figure, and once more for each density; return the files by density, the plain one first."""
    files: dict[float, PurePosixPath] = {0: path}
    figure.savefig(path)
    for density in densities:
        files[density] = path.with_stem(f"{path.stem}_{density:.2f}x".replace(".", "_"))
        figure.savefig(files[density], dpi=density * figure.dpi)
    return files


def _said(figure: Any, *question: str) -> str:
    """Return what a picture shows, for those who do not see it: the question that it answers, what is drawn over what, and of what.

    A diagram has no axes with names, so its words are said.
    """
    drawn = [ax.get_title(loc=side) for ax in figure.axes for side in ("left", "center", "right")]
    for ax in figure.axes:
        axes = " over ".join(filter(None, (ax.get_ylabel(), ax.get_xlabel())))
        series = "; ".join(dict.fromkeys(ax.get_legend_handles_labels()[1]))
        drawn.append(": ".join(filter(None, (axes, series))))
    words = "; ".join(dict.fromkeys(t.get_text() for ax in figure.axes for t in ax.texts if t.get_text()))
    said = ". ".join(filter(None, drawn)) or (f"a diagram with the words {words}" if words else "a picture")
    return escape(" ".join([*question, "Drawn:", said]).replace("\n", " ").replace('"', "'"), quote=False)


def before_kernel(app: Any, docname: str, text: str) -> dict[str, str]:
    """Return the environment in which the kernel of a tutorial publishes its figures by this module."""
    folder = Path(app.doctreedir, "pictures")
    stem = docname.replace("/", "_")
    profile = Path(app.doctreedir, "ipython", stem, "profile_default")  # of its own, since several kernels start at a time
    for made in (folder, profile):
        made.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL, "utf-8")
    for old in folder.glob(f"{stem}_[0-9]*.png"):
        old.unlink()
    title = next((line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")), "")
    asked = {"stem": str(folder / stem), "source": str(app.srcdir), "question": f"{title}."}
    asked["densities"] = app.config.sphinx_gallery_conf["image_srcset"]
    return {"IPYTHONDIR": str(profile.parent), "MLSYSIM_PICTURES": json.dumps(asked)}


def load_ipython_extension(shell: Any) -> None:
    """Have a kernel publish each figure as Markdown that shows it in both themes; IPython calls it."""
    asked = json.loads(os.environ["MLSYSIM_PICTURES"])
    numbers = count(1)

    def publish(figure: Any) -> dict[str, str]:
        import matplotlib as mpl

        path = PurePosixPath(f"{asked['stem']}_{next(numbers):03}.png")
        with mpl.rc_context({"savefig.bbox": "tight"}):  # as Jupyter cuts its pictures
            rst = shown(figure, path, asked["source"], asked["densities"], asked["question"])
        return {"text/markdown": f"```{{eval-rst}}\n{rst}\n```"}

    out: Any = sys.stdout
    out.flush_interval = 60  # seconds; else a line that is sent in two parts is shown as two
    shell.display_formatter.mimebundle_formatter.for_type_by_name("matplotlib.figure", "Figure", publish)
