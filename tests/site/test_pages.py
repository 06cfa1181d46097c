"""The built pages: every name has its address, every link its end, and nothing comes from elsewhere."""

import json
import re
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from pybtex.database import parse_file

from mlsysim import CNNWorkload, HardwareNode, SingleNodeModel, Workload, zoo
from mlsysim.accuracy.rows import read
from mlsysim.hardware import ELEMENT_SIZE
from mlsysim.published import addresses, ledger, registry
from mlsysim.published.addresses import anchor, page
from mlsysim.published.derived import LIFETIME, derived
from mlsysim.published.sources import ASKS, bibliography
from mlsysim.published.words import coherent_number
from mlsysim.sphinxext import breakdown, near, roofline, shown
from mlsysim.sphinxext.generate import INDEXES, all_pages, edit_address, entry_page

ROOT = Path(__file__).parent.parent.parent
TEXTBOOK = re.compile(r"https://(?:\w+\.)*mlsysbook\.ai(?:/|$)|https://github\.com/harvard-edge/cs249r_book(?:/|$)")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
TYPOGRAPHY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "--", "\u2026": "..."})


def plain(text: str) -> str:
    """Return text without spaces, separators of thousands and typographic signs."""
    return re.sub(r"[\s,\u202f\u00a0]", "", text.translate(TYPOGRAPHY)).replace("---", "-").replace("--", "-")


def objects() -> list[tuple[str, str, str, str]]:
    """Return the kind, name, page and anchor of everything that is published."""
    named = [addresses.parts(n) for n in registry.every(str(ROOT / "docs" / "values.py"))]
    named += registry.nameless(ledger.claims_of(ROOT / "gallery"))
    return [(kind, name, *addresses.place(kind, name)) for kind, name in named]


def test_everything_has_its_page_and_anchor(pages):
    missing = [(kind, name) for kind, name, doc, ident in objects() if ident not in pages[f"{doc}.html"].ids]
    assert not missing
    addresses = Counter((doc, ident) for _, _, doc, ident in objects())
    assert [a for a, n in addresses.items() if n > 1] == []


def test_the_inventory_holds_every_object(inventory):
    labels = inventory["std:label"]
    for kind, name, doc, ident in objects():
        assert inventory[f"mls:{kind}"][name] == f"{doc}.html#{ident}"
        assert labels[addresses.label(kind, name)] == f"{doc}.html#{ident}"
    gone = {(k, n) for k in inventory if k.startswith("mls:") for n in inventory[k]} - {(f"mls:{k}", n) for k, n, _, _ in objects()}
    assert not gone, "the inventory holds names that nothing has"


def test_no_page_is_left_of_something_that_is_gone(pages):
    known = {f"{doc}.html" for _, _, doc, _ in objects()}
    generated = {p for p in pages if p.split("/")[0] in ("zoo", "math", "solvers") and p.count("/") >= (2 if p.startswith("zoo/") else 1)}
    assert generated - known - {"solvers/index.html"} == set()


def test_ids_are_unique_and_hold_no_dots(pages):
    for name, found in pages.items():
        twice = [i for i, n in Counter(found.ids).items() if n > 1]
        assert not twice, (name, twice)
        assert not [i for i in found.ids if "." in i or " " in i or not i], name


def resolve(name: str, href: str) -> tuple[str, str]:
    """Return the file and fragment that a link of a page leads to."""
    parts = urlsplit(href)
    path = unquote(parts.path)
    if not path:
        return name, unquote(parts.fragment)
    joined = PurePosixPath(path.lstrip("/")) if path.startswith("/") else PurePosixPath(name).parent / path
    kept: list[str] = []
    for part in joined.parts:
        if part == "..":
            assert kept, (name, href)
            kept.pop()
        elif part != ".":
            kept.append(part)
    return "/".join([*kept, "index.html"] if path.endswith("/") or not kept else kept), unquote(parts.fragment)


def test_every_link_inside_the_site_ends_somewhere(site, pages):
    files = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    ids = {name: set(p.ids) for name, p in pages.items()}
    pictures: dict[str, str] = {}
    count, broken = 0, []
    for name, found in pages.items():
        for element in found.all("a", "link", "script", "img", "form", "source"):
            for key in ("href", "src", "action"):
                href = element.attributes.get(key)
                if href is None or urlsplit(href).scheme or href.startswith("//"):
                    continue
                count += 1
                path, fragment = resolve(name, href)
                if path not in files or (fragment and path in ids and fragment not in ids[path]):
                    broken.append((name, href))
                if (
                    fragment
                    and path.endswith(".svg")
                    and f'id="{fragment}"' not in pictures.setdefault(path, (site / path).read_text("utf-8"))
                ):
                    broken.append((name, href))
    assert not broken
    assert count > 5000, "the checker found hardly any link: does it still read the pages?"


def test_a_broken_link_would_be_found(pages):
    assert resolve("zoo/hardware/cloud/h100.html", "../../../sources.html#x") == ("sources.html", "x")
    assert resolve("math.html", "#x") == ("math.html", "x")
    assert resolve("a/b.html", "c/") == ("a/c/index.html", "")


def test_nothing_comes_from_another_host(site, pages):
    for name, found in pages.items():
        for element in found.elements:
            for key in ("src", "srcset", "data-src", "poster", "action", "data"):
                assert not re.search(r"(?:https?:)?//", element.attributes.get(key, "")), (name, element)
            outside = urlsplit(element.attributes.get("href", "")).netloc
            if element.tag != "a" and element.attributes.get("rel") != "canonical":
                assert not outside, (name, element)
            assert "url(http" not in element.attributes.get("style", ""), (name, element)
    used = {
        resolve(n, e.attributes["href"])[0] for n, p in pages.items() for e in p.all("link") if "stylesheet" in e.attributes.get("rel", "")
    }
    assert used
    for name in used:
        text = (site / name).read_text("utf-8")
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//|@import\s+[\"'](?:https?:)?//", text), name


def test_links_to_other_hosts_are_sources_the_licence_and_the_textbook(pages):
    known = {s.url for s in bibliography().values()}
    known |= {r.text("url") for p in (zoo.root() / "measurements").glob("*.csv") for r in read(p)}
    strange = {
        (name, e.attributes["href"])
        for name, p in pages.items()
        for e in p.all("a")
        if urlsplit(href := e.attributes.get("href", "")).netloc
        and href not in {LICENCE, *known}
        and not TEXTBOOK.match(href)
        and e.text != "Edit this entry"
    }
    assert not strange


@pytest.mark.parametrize("name", zoo.names())
def test_every_number_of_an_entry_is_on_its_page(pages, name):
    found = pages[f"{page(name)}.html"]
    for fact in zoo.load(name).facts.values():
        row = found.rows[anchor(fact.name)]
        written = {True: "yes", False: "no"}.get(fact.value) if isinstance(fact.value, bool) else str(fact.value)
        assert plain(written) in plain(row), fact
        number = coherent_number(fact)
        if number is not None:
            assert [float(v) for v in found.values[anchor(fact.name)]] == [pytest.approx(number, rel=1e-9)], fact
        for words in (fact.source, fact.where, str(fact.read), fact.kind, *([str(fact.year)] if fact.year else [])):
            assert plain(words) in plain(row), (fact.name, words)
        if fact.note:
            assert plain(fact.note) in plain("".join(found.words)), fact.name
    for item in derived(name):
        assert plain(item.text) in plain(found.rows[anchor(item.name)]), item.name


ROLE = re.compile(r"\bmls:\w+|\{\w[\w:]*\}`|:\w+:`")


def test_no_role_is_left_on_a_page(pages):
    for name, found in pages.items():
        assert not ROLE.search("".join(found.words)), (name, ROLE.findall("".join(found.words)))
        for element in found.elements:
            left = {k: v for k, v in element.attributes.items() if "mls:" in v}
            assert not left, (name, left)


def test_formulas_of_derivations_in_notebooks_are_rendered(site):
    derivations = 0
    for path in (site / "tutorials").glob("*.html"):
        text = path.read_text("utf-8")
        assert "mls-tex" not in text, path.name
        derivations += text.count("<details class='mls-why'>")
    assert derivations


def downloads(site) -> dict[str, str]:
    """Return the text of every example that can be downloaded, alone or inside an archive."""
    found = {}
    for path in sorted((site / "_downloads").rglob("plot_*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
                found |= {f"{path.name}/{m}": archive.read(m).decode() for m in archive.namelist()}
        else:
            found[path.name] = path.read_text("utf-8")
    return found


def test_downloads_read_well(site):
    nbformat = pytest.importorskip("nbformat")
    found = downloads(site)
    examples = {p.stem for p in (zoo.root().parent / "gallery").rglob("plot_*.py")}
    assert {n.split(".")[0] for n in found} == examples
    assert {f"{e}.{s}" for e in examples for s in ("py", "ipynb")} <= set(found)
    for name, text in found.items():
        assert "mls:" not in text, name
        if name.endswith(".py"):
            compile(text, name, "exec")
        else:
            book = nbformat.reads(text, as_version=4)
            nbformat.validate(book)
            for cell in book.cells:
                if cell.cell_type == "code":
                    compile(cell.source.replace("%matplotlib inline", ""), name, "exec")
    for example in examples:
        assert found[f"{example}.py"] == found[f"{example}.zip/{example}.py"]
        assert json.loads(found[f"{example}.ipynb"]) == json.loads(found[f"{example}.zip/{example}.ipynb"])


@pytest.mark.parametrize("path", sorted(p for p in (ROOT / "docs/tutorials").glob("*.md") if p.stem != "index"), ids=lambda p: p.stem)
def test_a_tutorial_offers_a_notebook_and_a_program_that_read_well(site, pages, path):
    nbformat = pytest.importorskip("nbformat")
    page = f"tutorials/{path.stem}.html"
    offered = [resolve(page, e.attributes["href"])[0] for e in pages[page].all("a") if "download" in e.attributes]
    assert [PurePosixPath(o).name for o in offered] == [f"{path.stem}.ipynb", f"{path.stem}.py"]
    text, program = ((site / o).read_text("utf-8") for o in offered)
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    source = path.read_text("utf-8")
    cells = re.findall(r"^```\{code-cell\}.*?\n(.*?)^```$", source, re.DOTALL | re.MULTILINE)
    code = [c for c in book.cells if c.cell_type == "code"]
    assert len(code) == len(cells) == program.count("\n# %%\n") > 5
    assert all(written.endswith(f"{cell.source}\n") for written, cell in zip(cells, code, strict=True))
    assert not any(c.outputs or c.execution_count for c in code)
    assert sum(c.metadata.get("jupyter", {}).get("source_hidden", False) for c in code) == source.count(":tags: [hide-") > 0
    first = book.cells[0].source
    assert first.startswith("# ") and "pip install 'mlsysim[plot]'" in first and "pip install 'mlsysim[plot]'" in program[:80]
    for words in (text, program):
        assert not re.search(r"mls:|\{doc\}|jupytext|mystnb|MLSYSIM", words)
    compile(program, path.name, "exec")
    prose = "".join(c.source for c in book.cells if c.cell_type == "markdown")
    for address in re.findall(rf"\]\({re.escape(addresses.BASE)}/([^)]+)\)", prose):
        target, _, ident = address.partition("#")
        assert target in pages and (not ident or ident in pages[target].ids), address
    assert prose.count(f"]({addresses.BASE}/") == 1 + len(re.findall(r"\{(?:doc|mls:(?:entry|fact|eq|solver))\}`", source))


def test_pages_can_be_read_by_everyone(pages):
    for name, found in pages.items():
        (html,) = found.all("html")
        assert html.attributes.get("lang"), name
        assert len(found.all("title")) == 1 and found.all("title")[0].text.strip(), name
        assert len(found.all("h1")) == 1, name
        assert len(found.all("main")) == 1, name
        for image in found.all("img"):
            assert "alt" in image.attributes, (name, image.attributes)
        for link in found.all("a"):
            named = link.text.strip() or "".join(link.images).strip() or link.attributes.get("aria-label") or link.attributes.get("title")
            assert named or "href" not in link.attributes, (name, link.attributes)
        for button in found.all("button"):
            assert button.text.strip() or button.attributes.get("aria-label") or button.attributes.get("title"), (name, button.attributes)


def test_tables_have_heads(pages):
    for name in (
        "zoo/hardware.html",
        "nomenclature.html",
        "zoo/hardware/cloud/h100.html",
        "math/roofline.html",
        "solvers/servingmodel.html",
    ):
        found = pages[name]
        assert len(found.all("table")) == len(found.all("thead")) > 0, name
        for head in found.all("th"):
            assert head.text.strip(), name


def test_no_words_of_failure(pages):
    for name, found in pages.items():
        words = "".join(found.words)
        assert not re.search(r"\bnan\b", words), name
        for bad in ("Traceback (most recent", "<Quantity", "System Message", "Unknown interpreted text role"):
            assert bad not in words, (name, bad)


ADDRESSES = [
    "index", "getting-started", "architecture", "solver-guide", "math", "tutorials/index", "zoo/index", "zoo/models", "zoo/hardware",
    "zoo/infra", "zoo/fleets", "accuracy/index", "accuracy/training",
]  # fmt: skip


def test_every_address_of_the_specification_exists(pages):
    assert not {f"{a}.html" for a in ADDRESSES} - pages.keys()


def test_no_page_is_both_written_and_generated():
    docs = ROOT / "docs"
    listed = {"math.md", "nomenclature.md", "numbers.md", "moved.md", "sources.md", "cli.md", "assumptions.md"}
    written = {
        p.relative_to(docs).with_suffix("").as_posix() for p in [*docs.glob("*.md"), *docs.glob("tutorials/*.md")] if p.name not in listed
    }
    assert written
    assert not written & set(all_pages(str(ROOT / "gallery")))


@pytest.mark.parametrize("name", zoo.names("Hardware"))
def test_a_roofline_says_what_the_solver_says(name):
    device = zoo.load(name)
    precision = roofline.precision_of(device)
    for point in roofline.points(device, precision):
        task = point.task
        tokens = {} if task.tokens is None else {"seq_len": int(task.tokens)}
        solved = SingleNodeModel().solve(
            zoo.load(task.model), device, batch_size=int(task.batch), precision=precision, phase=task.phase, efficiency=1, **tokens
        )
        assert solved.feasible == point.fits, task
        if point.fits:
            assert solved.number("arithmetic_intensity") == pytest.approx(point.intensity)
            work = roofline.asked(task, precision).work
            assert work / solved.number("latency") == pytest.approx(point.attainable)


def test_a_roofline_is_drawn_at_sixteen_bits_where_there_are_any():
    for name in zoo.names("Hardware"):
        rates = zoo.load(name).compute.peak
        chosen = roofline.precision_of(zoo.load(name))
        halves = {p: getattr(rates, p) for p in ("bf16", "fp16") if p in rates.precisions}
        if halves:
            assert getattr(rates, chosen) == max(halves.values()), name
        elif "int8" in rates.precisions:
            assert chosen == "int8", name


@pytest.mark.parametrize("name", zoo.names("Models"))
def test_the_parts_of_a_model_add_up_to_it(name):
    model = zoo.load(name)
    step, parts = breakdown.parts(model)
    assert step and parts
    inner = getattr(model, "denoiser", model)
    if isinstance(inner, CNNWorkload):
        assert parts[0].elements == model.parameters
        assert parts[0].work == pytest.approx(2 * inner.macs)
        return
    tokens = re.search(r"over (\d+) tokens", step)
    whole = inner.forward_flops(float(tokens[1])) if tokens else inner.forward_flops()
    assert sum(p.elements for p in parts) == pytest.approx(inner.parameters, rel=1e-12)
    assert sum(p.work for p in parts) == pytest.approx(whole.to("flop").magnitude, rel=1e-9)
    assert len({p.says for p in parts}) == len(parts)


def test_similar_entries_are_of_the_same_kind_and_near():
    for name in zoo.names():
        found = near.similar(name)
        assert name not in found
        assert len(set(found)) == len(found) == (0 if "assumption" in type(zoo.load(name)).model_fields else near.COUNT)
        assert {n.split(".")[0] for n in found} <= {name.split(".")[0]}
    assert "Hardware.Cloud.H800" in near.similar("Hardware.Cloud.H100")
    assert "Models.Language.Llama3_1_70B" in near.similar("Models.Language.Llama3_70B")


def test_the_largest_model_fits_and_the_next_does_not():
    sizes = sorted(zoo.load(n).parameters for n in zoo.names("Models"))
    for name in ("Hardware.Cloud.H100", "Hardware.Edge.JetsonNano", "Hardware.Cloud.GroqChip1"):
        device = zoo.load(name)
        held = near.largest(name)
        assert set(held) == set(device.compute.peak.precisions)
        for precision, model in held.items():
            room = device.memory.capacity.to("byte").magnitude / ELEMENT_SIZE[precision]
            assert zoo.load(model).parameters == max(s for s in sizes if s <= room)


def test_what_is_drawn_is_on_the_pages(pages, site):
    for name in zoo.names():
        found, entry = pages[f"{page(name)}.html"], zoo.load(name)
        words = "".join(found.words)
        assert ("What bounds it" in words) == isinstance(entry, HardwareNode), name
        assert ("Where memory and arithmetic go" in words) == isinstance(entry, Workload), name
        for other in near.similar(name):
            assert zoo.load(other).name in words, (name, other)
        assert f"zoo/{name.replace('.', '/')}.toml" in (site / f"{page(name)}.html").read_text("utf-8"), name
    for index in INDEXES:
        assert [i for i in pages[f"zoo/{index}.html"].all("img") if "_static/place/" in i.attributes["src"]], index
        units = [d for d in pages[f"zoo/{index}.html"].all("div") if "data-units" in d.attributes]
        assert any(json.loads(d.attributes["data-units"]) for d in units) == (index != "models"), index


def test_a_roofline_is_described_for_those_who_do_not_see_it(pages):
    for name in zoo.names("Hardware"):
        (drawing,) = [e for e in pages[f"{page(name)}.html"].all("svg") if "mls-roofline" in e.attributes.get("class", "")]
        assert drawing.attributes["role"] == "img"
        assert set(drawing.attributes["aria-labelledby"].split()) <= set(pages[f"{page(name)}.html"].ids)


def test_a_known_repository_gives_a_link_to_edit():
    assert edit_address({}) == ""
    address = edit_address({"github_repository": "someone/something", "github_version": "main"})
    text = entry_page("Hardware.Cloud.H100", str(ROOT / "gallery"), address)
    assert "https://github.com/someone/something/edit/main/zoo/Hardware/Cloud/H100.toml" in text
    assert "github.com" not in entry_page("Hardware.Cloud.H100", str(ROOT / "gallery"))


def test_a_price_is_written_off_over_the_life_that_is_named():
    years = float(zoo.load(LIFETIME).assumption.lifetime.to("year").magnitude)
    priced = [n for n in zoo.names("Hardware") if zoo.load(n).price is not None]
    assert len(priced) > 30
    for name in zoo.names("Hardware"):
        device = zoo.load(name)
        found = {d.name.rpartition(".")[2]: d for d in derived(name) if ".price_of_work." in d.name}
        assert set(found) == (set(device.compute.peak.precisions) if name in priced else set()), name
        for precision, item in found.items():
            rate = getattr(device.compute.peak, precision).to("PFLOP/s").magnitude
            assert item.number * 1e15 * 3600 == pytest.approx(device.price.to("USD").magnitude / rate / (years * 8760))
            assert LIFETIME in item.says and "5.5" in item.says


def test_the_picture_of_devices_has_the_lines_of_equal_ridge(site):
    drawn = (site / "_static" / "place" / "hardware.svg").read_text("utf-8")
    assert drawn.count('class="ratio"') >= 4
    assert "ridge at 100 FLOP/B" in drawn


def test_what_stands_beside_an_entry_is_part_of_what_its_page_shows(monkeypatch):
    """A page is read again when an entry comes near, when a larger model fits, and when a workload on its roofline changes."""
    name = "Hardware.Cloud.H100"
    things = [f"near:{name}", f"largest:{name}", f"mls-roofline:{name}"]
    before = [shown._SAYS[t.partition(":")[0]](name, "") for t in things]
    monkeypatch.setattr(near, "similar", lambda _: ("Hardware.Cloud.A100",))
    monkeypatch.setattr(near, "largest", lambda _: {"fp16": "Models.Tiny.ResNet8"})
    monkeypatch.setattr(roofline, "LARGE", roofline.SMALL)
    assert all(shown._SAYS[t.partition(":")[0]](name, "") != b for t, b in zip(things, before, strict=True))


def test_licences_that_ask_for_more_are_named_and_explained():
    entries = parse_file(str(zoo.root() / "sources.bib")).entries
    licensed = {k: e.fields for k, e in entries.items() if "license" in e.fields}
    assert {f["license"] for f in licensed.values()} <= set(ASKS)
    assert all(f.get("licensenote") for f in licensed.values())
    assert {"greenweb2025co2js", "greenweb2025ember"} <= set(licensed)
