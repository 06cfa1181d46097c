"""Pictures: one for a light page and one for a dark page, each also finer, with a text for those who do not see it."""

import re
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import pytest

from mlsysim import plot
from mlsysim.sphinxext.pictures import _said, both_themes


@pytest.fixture
def scraped(tmp_path):
    """What the scraper wrote of an example with one picture."""
    mpl.use("agg")
    import matplotlib.pyplot as plt

    example = tmp_path / "plot_it.py"
    example.write_text('"""\nHow fast?\n=========\n\nMore.\n"""\n', "utf-8")
    (tmp_path / "gallery" / "images").mkdir(parents=True)
    with plot.style():
        plt.subplots()[1].set(xlabel="batch", ylabel="time\n(ms)")
    names = iter([str(tmp_path / "gallery" / "images" / "sphx_glr_plot_it_001.png")])
    block_vars = {"image_path_iterator": SimpleNamespace(next=lambda: next(names)), "src_file": str(example)}
    rst = both_themes(None, block_vars, {"src_dir": str(tmp_path), "image_srcset": [2.0]})
    assert not plt.get_fignums()
    return rst, tmp_path


def test_every_picture_is_there_in_both_themes_and_densities(scraped):
    rst, folder = scraped
    for theme, tail in (("light", ""), ("dark", "_dark")):
        plain, fine = (folder / "gallery" / "images" / f"sphx_glr_plot_it_001{tail}{x}.png" for x in ("", "_2_00x"))
        small, large = (mpl.image.imread(p) for p in (plain, fine))
        assert large.shape[0] == 2 * small.shape[0]
        corner = small[0, 0, :3]
        assert (corner.min() > 0.99) if theme == "light" else (corner.max() < 0.15)
        assert f":srcset: /gallery/images/{plain.name}, /gallery/images/{fine.name} 2.00x\n      :class: only-{theme}" in rst


def test_a_picture_says_what_it_shows(scraped):
    assert scraped[0].count(":alt: How fast? Drawn: time (ms) over batch\n") == 2


def test_a_picture_says_whose_curves_it_has_and_a_diagram_its_words():
    mpl.use("agg")
    import matplotlib.pyplot as plt

    curves, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label="Jetson")
    axes.set(xlabel="batch")
    diagram, room = plt.subplots()
    room.text(0.5, 0.5, "server\n1 < 2")
    assert _said(curves) == "Drawn: batch: Jetson"
    assert _said(diagram, "How?") == "How? Drawn: a diagram with the words server 1 &lt; 2"
    plt.close("all")


TUTORIALS = sorted(p.stem for p in (Path(__file__).parent.parent.parent / "docs/tutorials").glob("*.md") if p.stem != "index")


@pytest.mark.parametrize("name", TUTORIALS)
def test_every_picture_of_a_tutorial_is_there_in_both_themes(site, pages, name):
    shown = [e.attributes for e in pages[f"tutorials/{name}.html"].all("img") if "_images/" in e.attributes["src"]]
    light, dark = ([a for a in shown if a.get("class") == f"only-{theme}"] for theme in ("light", "dark"))
    assert len(light) == len(dark) == len(shown) / 2 > 0
    title = pages[f"tutorials/{name}.html"].all("h1")[0].text.removesuffix("#")
    for bright, black in zip(light, dark, strict=True):
        assert bright["alt"] == black["alt"]
        assert re.fullmatch(rf"{re.escape(title)}\. Drawn: (?!a picture).+", bright["alt"])
        for attributes in (bright, black):
            plain, fine = (re.split(r"\s+", part)[0] for part in attributes["srcset"].split(", "))
            small, large = (mpl.image.imread(site / "tutorials" / path) for path in (plain, fine))
            assert abs(large.shape[1] - 2 * small.shape[1]) <= 2
            corner = small[0, 0, :3]
            assert (corner.min() > 0.99) if attributes is bright else (corner.max() < 0.15)
