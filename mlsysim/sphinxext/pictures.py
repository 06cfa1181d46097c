"""Pictures of the gallery, each for a light and for a dark page: a scraper for sphinx-gallery."""

import ast
from pathlib import Path, PurePosixPath
from typing import Any

from ..plot.themes import THEMES, recolour

PICTURE = "\n.. container:: mls-picture\n"
SHOWN = """
   .. image-sg:: /{path}
      :alt: {alt}
      :srcset: {srcset}
      :class: only-{theme}
"""


def both_themes(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save every open figure as it is and recoloured for a dark page, each also at the other densities, and show the one that suits."""
    import matplotlib.pyplot as plt

    found = ""
    names = block_vars["image_path_iterator"]
    for number in plt.get_fignums():
        figure = plt.figure(number)
        path = PurePosixPath(names.next())
        found += PICTURE
        for theme in THEMES:
            if theme != "light":
                recolour(figure, theme)
            here = path if theme == "light" else path.with_stem(f"{path.stem}_{theme}")
            files = _save(figure, here, gallery_conf["image_srcset"])
            folder = Path(gallery_conf["src_dir"])
            shown = {density: Path(file).relative_to(folder).as_posix() for density, file in files.items()}
            srcset = ", ".join(f"/{file}" + (f" {density:.2f}x" if density else "") for density, file in shown.items())
            found += SHOWN.format(path=shown[0], srcset=srcset, alt=_said(figure, block_vars), theme=theme)
    plt.close("all")
    return found


def _save(figure: Any, path: PurePosixPath, densities: list[float]) -> dict[float, PurePosixPath]:
    """Save a figure, and once more for each density; return the files by density, the plain one first."""
    files: dict[float, PurePosixPath] = {0: path}
    figure.savefig(path)
    for density in densities:
        files[density] = path.with_stem(f"{path.stem}_{density:.2f}x".replace(".", "_"))
        figure.savefig(files[density], dpi=density * figure.dpi)
    return files


def _said(figure: Any, block_vars: dict[str, Any]) -> str:
    """Return what a picture shows, for those who do not see it: the example's question, and what is drawn over what."""
    question = (ast.get_docstring(ast.parse(Path(block_vars["src_file"]).read_text("utf-8"))) or "").splitlines()[:1]
    drawn = [" over ".join(filter(None, (ax.get_ylabel(), ax.get_xlabel()))) for ax in figure.axes]
    titles = [ax.get_title(loc=side) for ax in figure.axes for side in ("left", "center", "right")]
    return " ".join([*question, "Drawn:", "; ".join(filter(None, [*titles, *drawn])) or "a picture"]).replace("\n", " ").replace('"', "'")
