"""The textbook's chapters: the data file, what it refuses, and the tables, boxes and pages that are made from it."""

import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from mlsysim import zoo
from mlsysim.equation import EQUATIONS
from mlsysim.published import addresses
from mlsysim.solvers import SOLVERS
from mlsysim.sphinxext import chapters, shown, textbook
from mlsysim.sphinxext.chapters import CLAIMS, LAYERS
from mlsysim.sphinxext.markup import folded

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "docs" / "textbook.toml"
EXAMPLES = textbook.examples(ROOT / "docs", str(ROOT / "gallery"))
FILES = "https://github.com/harvard-edge/cs249r_book/releases/download/slides-latest/"
PAGES = {1: "https://mlsysbook.ai/slides/vol1.html", 2: "https://mlsysbook.ai/slides/vol2.html"}

DECKS = {
    (1, 5): ("NN Computation", "A", "vol1_05_nn_computation.pdf"),
    (1, 6): ("NN Architectures", "A", "vol1_06_nn_architectures.pdf"),
    (1, 8): ("Model Training", "ABE", "vol1_08_training.pdf"),
    (1, 10): ("Model Compression", "A", "vol1_10_model_compression.pdf"),
    (1, 11): ("Hardware Acceleration", "BE", "vol1_11_hw_acceleration.pdf"),
    (1, 12): ("Benchmarking", "BE", "vol1_12_benchmarking.pdf"),
    (1, 13): ("Model Serving", "E", "vol1_13_model_serving.pdf"),
    (2, 2): ("Compute Infrastructure", "B", "vol2_02_compute_infrastructure.pdf"),
    (2, 3): ("Network Fabrics", "D", "vol2_03_network_fabrics.pdf"),
    (2, 5): ("Distributed Training", "DE", "vol2_05_distributed_training.pdf"),
    (2, 6): ("Collective Communication", "D", "vol2_06_collective_communication.pdf"),
    (2, 8): ("Fleet Orchestration", "D", "vol2_08_fleet_orchestration.pdf"),
    (2, 9): ("Inference at Scale", "E", "vol2_09_inference.pdf"),
    (2, 10): ("Performance Engineering", "E", "vol2_10_performance_engineering.pdf"),
    (2, 15): ("Sustainable AI", "C", "vol2_15_sustainable_ai.pdf"),
}
"""Deck, layers and file by volume and chapter, as the specification has them."""

TAUGHT = {
    "A": [(1, 5), (1, 6), (1, 8), (1, 10)],
    "B": [(1, 11), (1, 12), (2, 2)],
    "C": [(2, 15)],
    "D": [(2, 3), (2, 5), (2, 6), (2, 8)],
    "E": [(1, 11), (1, 13), (2, 5), (2, 9), (2, 10)],
}
"""The chapters that teach each layer, as the specification has them."""


def read(text: str | None = None, tmp_path: Path | None = None) -> chapters.Textbook:
    """Return the data file, or the same with other text."""
    path = FILE
    if text is not None:
        path = tmp_path / "textbook.toml"
        path.write_text(text, "utf-8")
    return chapters.read(path, EXAMPLES)


@pytest.fixture(scope="module")
def book():
    return read()


@pytest.fixture
def use():
    """Return what makes a textbook the current one, until the test ends."""
    before = chapters.current()
    yield chapters.use
    chapters.use(before)


def test_nothing_in_the_file_is_refused(book):
    assert book.problems == ()


def test_every_chapter_of_the_specification_is_there(book):
    found = {(c.volume.number, c.number): (c.deck, "".join(c.layers), c.pdf) for c in book.chapters}
    assert found == {place: (deck, layers, FILES + file) for place, (deck, layers, file) in DECKS.items()}
    assert {v.number: (v.name, v.page) for v in book.volumes} == {1: ("Foundations", PAGES[1]), 2: ("At Scale", PAGES[2])}


def test_files_are_unique_and_named_by_their_place(book):
    files = [c.pdf.rpartition("/")[2] for c in book.chapters]
    assert len(set(files)) == len(files)
    for chapter, file in zip(book.chapters, files, strict=True):
        assert file.startswith(f"vol{chapter.volume.number}_{chapter.number:02d}_")


def test_each_layer_has_its_decks_with_words_of_its_own(book):
    for layer, places in TAUGHT.items():
        assert [(c.volume.number, c.number) for c, _ in book.of_layer(layer)] == places
    for chapter in book.chapters:
        assert {lesson.layer for lesson in chapter.teaches} <= set(chapter.layers)
        topics = [lesson.topic for lesson in chapter.teaches]
        assert len(set(topics)) == len(topics)
        assert all(len(lesson.concepts) >= 2 for lesson in chapter.teaches)
    seen = {layer: lesson for layer in "BE" for c, lesson in book.of_layer(layer) if c.title == "Hardware Acceleration"}
    assert seen["B"].concepts != seen["E"].concepts


def test_every_solver_belongs_to_a_chapter_and_every_chapter_claims_something(book):
    assert {s for c in book.chapters for s in c.solvers} == {s.__name__ for s in SOLVERS}
    for chapter in book.chapters:
        assert chapter.solvers and chapter.equations and chapter.zoo, chapter.title
    claimed = {e for c in book.chapters for e in c.equations}
    assert claimed <= set(EQUATIONS)
    assert len(claimed) < len(EQUATIONS)


def test_chapters_have_pages_that_stay(book):
    stems = [c.page for c in book.chapters]
    assert "textbook/vol1-11-hardware-acceleration" in stems
    assert len(set(stems)) == len(stems)
    assert book.chapter("NN Computation") is book.chapter("neural-network-computation")


TYPED = re.compile(r"\bVol(?:ume|s)?\b\.?\s*(?:[IVX]+\b|\d)|\bch(?:apters?|aps?)?\.?\s*\d|slides/vol\d|\bvol\d[_-]\d", re.IGNORECASE)
GENERATED = {"math.md", "nomenclature.md", "numbers.md", "moved.md", "sources.md", "cli.md"}


def test_no_chapter_is_typed_anywhere_else():
    docs = ROOT / "docs"
    texts = [p for p in [*docs.glob("*.md"), *docs.glob("tutorials/*.md"), *docs.glob("*.py")] if p.name not in GENERATED]
    texts += [*(ROOT / "gallery").glob("*.py"), *(ROOT / "gallery").glob("*.rst"), *(ROOT / "mlsysim" / "solvers").glob("*.py")]
    assert len(texts) > 15
    assert {p.name: TYPED.findall(text) for p in texts if TYPED.search(text := p.read_text("utf-8"))} == {}


@pytest.mark.parametrize("text", ["Volume I", "(Vol II, Ch", "in Ch. 3", "Ch 2", "Chapter 12", "slides/vol1.html", "vol2_09_x.pdf"])
def test_typed_chapters_would_be_found(text):
    assert TYPED.search(text)


AI, PE = "Sustainable AI", "Performance Engineering"
PLANTED = {
    "solver": (
        '"LoadModel", "EconomicsModel"',
        '"LoadModle", "EconomicsModel"',
        "",
        "unknown solver 'LoadModle': did you mean 'LoadModel'",
    ),
    "equation": ('"machine_balance"', '"machine_balanse"', "", "unknown equation 'machine_balanse': did you mean 'machine_balance'"),
    "section": ('["roofline"]', '["rooflines"]', "", "unknown section of equations 'rooflines': did you mean 'roofline'"),
    "entry": ('"Hardware.Cloud.L4"', '"Hardware.Cloud.L44"', "", "entry of the zoo 'Hardware.Cloud.L44': did you mean"),
    "example": ("plot_checkpoint_interval", "plot_checkpoints", "", "unknown example 'gallery/reliability/plot_checkpoints': did you mean"),
    "layer": ('layers = ["C"]', 'layers = ["F"]', "", "unknown layer 'F': known are 'A', 'B', 'C', 'D', 'E'"),
    "other layer": ('"B", topic = "Measuring', '"A", topic = "Measuring', "", "teaches layer 'A', which is none of its layers"),
    "layer twice": ('"E", topic = "The roofline"', '"B", topic = "The roofline"', "", "teaches layer 'B' twice"),
    "key": ('deck = "Sustainable AI"', 'deck = "Sustainable AI"\nsolver = []', AI, "unknown key 'solver': did you mean 'solvers'"),
    "no deck": ('deck = "Sustainable AI"\n', "", AI, "deck is missing"),
    "text": ("number = 15", 'number = "15"', AI, "number = '15' is no int"),
    "volume": ("volume = 2\nnumber = 15", "volume = 3\nnumber = 15", AI, "unknown volume 3: known are '1', '2'"),
    "file of a volume": (
        "vol2_15_",
        "vol1_15_",
        AI,
        "its file is called 'vol1_15_sustainable_ai.pdf': of volume 2, chapter 15, it is vol2_15_NAME",
    ),
    "file of a number": ("vol2_10_", "vol2_11_", PE, "of volume 2, chapter 10, it is vol2_10_NAME.pdf"),
    "file of another": ("vol2_10_performance_engineering", "vol2_09_inference", PE, "its file is called 'vol2_09_inference.pdf'"),
    "title twice": ('title = "Sustainable AI"', 'title = "Benchmarking"', AI, "benchmarking is listed already, as 'Benchmarking'"),
    "deck twice": ('deck = "Sustainable AI"', 'deck = "Model Serving"', AI, "model-serving is listed already, as 'Model Serving'"),
}
"""What is changed in the file: old text, new text, the chapter that is then left out if one is, and words of the warning."""


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_wrong_is_told_and_left_out(name, book, tmp_path):
    old, new, gone, words = PLANTED[name]
    text = FILE.read_text("utf-8")
    assert text.count(old) == 1, name
    found = read(text.replace(old, new), tmp_path)
    assert [p for p in found.problems if words in p], found.problems
    kept = {c.page for c in found.chapters}
    assert {c.title for c in book.chapters if c.page not in kept} == ({gone} if gone else set())


def test_a_place_is_listed_once(tmp_path):
    first, middle, last = FILE.read_text("utf-8").partition('number = 10\ntitle = "Performance Engineering"')
    text = first + middle.replace("10", "9") + last.replace("vol2_10_", "vol2_09_")
    assert [p for p in read(text, tmp_path).problems if "Volume II, chapter 9 is listed already, as 'Inference at Scale'" in p]


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    assert "it cannot be read" in read("[[chapter]\n", tmp_path).problems[0]
    assert "it cannot be read" in chapters.read(tmp_path / "nothing.toml", {}).problems[0]


def test_what_is_wrong_is_a_warning_of_the_build(tmp_path, use, caplog):
    (tmp_path / "textbook.toml").write_text(FILE.read_text("utf-8").replace('"step_time"', '"stp_time"'), "utf-8")
    config = SimpleNamespace(mls_textbook="textbook.toml", mls_gallery_folder=str(ROOT / "gallery"))
    textbook.read(SimpleNamespace(srcdir=tmp_path, config=config))
    said = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert "chapter 'Performance Engineering': unknown equation 'stp_time': did you mean 'step_time'" in " ".join(said)


def test_unknown_names_in_pages_are_refused_with_the_nearest(book):
    for ask, words in (
        (lambda: book.chapter("Hardware Acelleration"), "did you mean 'Hardware Acceleration'"),
        (lambda: book.of_layer("F"), "known are 'A'"),
        (lambda: book.of_volume("3"), "known are '1', '2'"),
    ):
        with pytest.raises(ValueError, match=words):
            ask()


def things(book) -> set[str]:
    """Return everything about chapters that a page can rest on."""
    found = {f"taught:volume.{v.number}" for v in book.volumes} | {f"taught:layer.{layer}" for layer in LAYERS}
    found |= {f"{kind}:{prefix}{c.slug}" for c in book.chapters for kind, prefix in (("chapter", ""), ("taught", "chapter."))}
    found |= {f"taught:solver.{s.__name__}" for s in SOLVERS}
    return found | {f"taught:eq.{e}" for c in book.chapters for e in c.equations}


def moved(book, text: str, tmp_path, use) -> set[str]:
    """Return what no longer says the same after the file has other text."""

    def says(thing):
        kind, _, name = thing.partition(":")
        return shown._SAYS[kind](name, "")

    use(book)
    before = {t: says(t) for t in things(book)}
    use(read(text, tmp_path))
    return {t for t, said in before.items() if says(t) != said}


def test_a_topic_renews_its_layer_and_its_chapter_alone(book, tmp_path, use):
    text = FILE.read_text("utf-8").replace("Energy as a constraint of design", "Energy as a limit of design")
    assert moved(book, text, tmp_path, use) == {"taught:layer.C", "chapter:sustainable-ai"}


def test_a_comment_renews_nothing(book, tmp_path, use):
    assert moved(book, "# A remark.\n" + FILE.read_text("utf-8"), tmp_path, use) == set()


def test_a_new_claim_renews_what_is_claimed(book, tmp_path, use):
    text = FILE.read_text("utf-8").replace('"machine_balance", "work_per_joule"', '"machine_balance", "work_per_joule", "device_power"')
    assert moved(book, text, tmp_path, use) == {"taught:eq.device_power", "chapter:hardware-acceleration"}


def test_a_file_that_moves_renews_all_that_links_to_it(book, tmp_path, use):
    text = FILE.read_text("utf-8").replace("vol2_15_sustainable_ai.pdf", "vol2_15_sustainability.pdf")
    found = moved(book, text, tmp_path, use)
    assert {"taught:volume.2", "taught:layer.C", "taught:solver.SustainabilityModel", "taught:eq.operational_carbon"} <= found
    assert not {"taught:volume.1", "taught:layer.A", "taught:solver.ServingModel"} & found


def test_a_site_without_a_textbook_has_no_pages_of_it(use):
    use(chapters.Textbook())
    assert textbook.pages() == {}
    assert textbook.box("solver.ServingModel") == []


def links(page) -> set[str]:
    """Return where the links of a page lead."""
    return {e.attributes.get("href", "") for e in page.all("a")}


def words(page) -> str:
    """Return the words of a page, without what the page's template adds of spaces."""
    return " ".join("".join(page.words).split())


def test_the_architecture_shows_every_deck(pages, book):
    page = pages["architecture.html"]
    assert {c.pdf for c in book.chapters} | set(PAGES.values()) | {f"{c.page}.html" for c in book.chapters} <= links(page)
    said = words(page)
    for layer in LAYERS:
        for chapter, lesson in book.of_layer(layer):
            assert chapter.deck in said and chapter.place in said and lesson.topic in said, (layer, chapter.title)
            for concept in lesson.concepts[1:]:
                assert concept in said, concept
    assert said.count("Textbook and slides") >= len(LAYERS)


def test_solvers_and_claimed_equations_name_their_chapters(pages, book):
    for solver in SOLVERS:
        page = pages[f"solvers/{solver.__name__.lower()}.html"]
        assert "Textbook and slides" in words(page)
        claiming = book.teaching(f"solver.{solver.__name__}")
        assert {c.pdf for c in claiming} == {h for h in links(page) if h.startswith(FILES)}
        assert {f"../{c.page}.html" for c in claiming} <= links(page)
    for module in {e.module for e in EQUATIONS.values()}:
        page = pages[f"math/{module}.html"]
        boxes = [e for e in page.all("p") if e.attributes.get("class") == "mls-textbook"]
        assert len(boxes) == sum(bool(book.teaching(f"eq.{e.name}")) for e in EQUATIONS.values() if e.module == module), module


def test_the_index_leads_to_every_chapter(pages, book):
    page = pages["textbook/index.html"]
    assert {f"{c.page.rpartition('/')[2]}.html" for c in book.chapters} | {c.pdf for c in book.chapters} <= links(page)
    assert {n for n in pages if n.startswith("textbook/")} == {f"{c.page}.html" for c in book.chapters} | {"textbook/index.html"}
    for volume in book.volumes:
        assert f"{volume.title}: {volume.name}" in words(page)


def public(chapter) -> set[str]:
    """Return the public names of what a chapter claims and that has one."""
    found = {f"solver.{s}" for s in chapter.solvers} | {f"eq.{e}" for e in chapter.equations}
    found |= {n for n in chapter.zoo if n in zoo.names()}
    return found | {f"claim.{doc.removeprefix('gallery/').replace('/', '.')}" for doc, _ in chapter.examples if doc.startswith("gallery/")}


def test_a_chapter_lists_what_it_claims_with_links_and_citations_to_paste(pages, site, book):
    for chapter in book.chapters:
        page, html = pages[f"{chapter.page}.html"], (site / f"{chapter.page}.html").read_text("utf-8")
        assert {chapter.pdf, chapter.volume.page} <= links(page)
        assert chapter.place in words(page)
        count = sum(len(getattr(chapter, claim)) for claim in CLAIMS)
        assert html.count("<summary>Link and cite</summary>") == count, chapter.title
        reached = {urlsplit(h).path.rpartition("../")[2] for h in links(page)}
        assert {f"{doc}.html" for doc, _ in chapter.examples} <= reached
        for name in public(chapter):
            kind, inner = addresses.parts(name)
            document, ident = addresses.place(kind, inner)
            assert f'<pre tabindex="0">{addresses.url(name)}</pre>' in html, name
            assert f"{{mls:{kind}}}`{inner}`</pre>" in html, name
            assert f"]({addresses.url(name)})</pre>" in html, name
            assert f"/{document}.html#{ident}</pre>" in html
            assert f"{document}.html" in reached, name
            assert ident in pages[f"{document}.html"].ids, name
        assert html.count("@misc{mlsysim-") >= count


def test_texts_to_paste_stand_where_the_page_puts_its_copy_buttons(site):
    html = folded("Paste", {"Address": "https://example.org/?a&b"}, "mls-paste")
    assert html.startswith('<details class="mls-cite-box mls-paste"')
    assert '<figcaption>Address</figcaption><pre tabindex="0">https://example.org/?a&amp;b</pre>' in html
    assert ".mls-cite-box pre" in (site / "_static" / "cite.js").read_text("utf-8")


def test_the_tutorial_names_its_chapter_by_title(pages):
    assert "chapter Hardware Acceleration (Volume I, chapter 11)" in words(pages["tutorials/roofline.html"])
    assert "{mls:chapter}`Hardware Acceleration`" in (ROOT / "docs/tutorials/roofline.md").read_text("utf-8")
