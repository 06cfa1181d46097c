"""Other books quote our numbers: each example book of the guide is built or read against the built site."""

import functools
import http.server
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from pybtex.database import parse_string

import mlsysim
from mlsysim.errors import InputError
from mlsysim.published import addresses, registry
from mlsysim.published.sources import bibliography
from mlsysim.published.words import spoken, tex

ROOT = Path(__file__).parent.parent.parent
BOOKS = ROOT / "docs" / "books"
BANDWIDTH = "Hardware.Cloud.H100.memory.bandwidth"


def sphinx(source: Path, out: Path, inventory: Path) -> subprocess.CompletedProcess:
    """Build a book in which every warning counts."""
    env = os.environ | {"MLSYSIM_INVENTORY": str(inventory), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", "-q", str(source), str(out)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def copy(name: str, to: Path, **files: str) -> Path:
    """Copy a book, with other text in some of its files."""
    shutil.copytree(BOOKS / name, to)
    for stem, text in files.items():
        (next(to.glob(f"{stem}.*"))).write_text(text, "utf-8")
    return to


@pytest.fixture(scope="module")
def book(site, read_page, tmp_path_factory):
    """Return the page of the book that uses our extension."""
    out = tmp_path_factory.mktemp("book")
    done = sphinx(BOOKS / "sphinx", out, site / "objects.inv")
    assert (done.returncode, done.stderr) == (0, "")
    return read_page(out / "index.html")


@pytest.fixture(scope="module")
def anchors(site, read_page):
    """Return a function that tells the anchors of a page of the site."""
    return functools.cache(lambda path: set(read_page(site / path).ids))


def ours(page) -> dict[tuple[str, str], list[str]]:
    """Return the links of a page to our site: page, anchor and what is shown."""
    found = {}
    for link in page.all("a"):
        href = link.attributes.get("href", "")
        if href.startswith(addresses.BASE):
            split = urlsplit(href.removeprefix(addresses.BASE))
            found.setdefault((split.path.lstrip("/"), split.fragment), []).append(link.text)
    return found


def of_name(name: str) -> tuple[str, str]:
    """Return the page and anchor that a public name has by the rules of addresses."""
    document, ident = addresses.place(*addresses.parts(name))
    return f"{document}.html", ident


def test_the_examples_name_the_address_of_the_site():
    for path in [p for p in BOOKS.rglob("*") if p.is_file()]:
        for address in re.findall(r"https://[\w./]+", path.read_text("utf-8")):
            assert address.rstrip("/").startswith(addresses.BASE), (path, address)


LINKED = (
    BANDWIDTH, "Hardware.Cloud.H100", "Hardware.Cloud.H100.power.tdp", "Hardware.Cloud.H100.memory.capacity", "Hardware.Cloud.A100",
    "Hardware.Cloud.H200.memory.bandwidth", "Models.Language.Llama3_8B", "eq.roofline_time", "eq.roofline_time.example", "eq.ridge_point",
    "quantity.Bandwidth", "quantity.Peak", "solver.ServingModel", "solver.ServingModel.itl", "solver.EconomicsModel",
    "accuracy.training.median", "claim.memory.plot_kv_cache", "source.williams2009",
)  # fmt: skip


def test_every_link_of_the_book_ends_at_an_anchor(book, anchors):
    found = ours(book)
    assert {of_name(n) for n in LINKED} == set(found)
    for path, ident in found:
        assert ident in anchors(path), (path, ident)
    assert sum(map(len, found.values())) >= 25


def test_roles_print_what_the_registry_says(book):
    found = ours(book)
    number = mlsysim.lookup(BANDWIDTH)
    magnitude, unit = number.text.split("\u00a0")
    converted = registry.printed(number, unit="GB/s", digits="4")
    assert converted != number.text
    assert found[of_name(BANDWIDTH)] == [number.text, converted, magnitude, unit, f"{number.text} ({number.source}, {number.where})"]
    for name in ("Hardware.Cloud.H200.memory.bandwidth", "accuracy.training.median"):
        assert found[of_name(name)] == [mlsysim.lookup(name).text]
    assert found[of_name("eq.roofline_time.example")] == [mlsysim.lookup("eq.roofline_time.example").text]
    assert spoken("roofline_time") in found[of_name("eq.roofline_time")]
    assert mlsysim.Hardware.Cloud.H100.name in found[of_name("Hardware.Cloud.H100")]
    (example,) = (ROOT / "gallery").rglob("plot_kv_cache.py")
    title = example.read_text("utf-8").split('"""')[1].strip().split("\n")[0]
    assert found[of_name("claim.memory.plot_kv_cache")] == [title]
    own = registry.of_value(str(BOOKS / "sphinx" / "values.py"), "weights_read_time")
    assert own.text in "".join(book.words)


def test_a_book_without_our_extension_links_by_labels(site, anchors, read_page, tmp_path):
    done = sphinx(BOOKS / "plain", tmp_path, site / "objects.inv")
    assert (done.returncode, done.stderr) == (0, "")
    found = ours(read_page(tmp_path / "index.html"))
    assert sum(map(len, found.values())) >= 10
    for path, ident in found:
        assert ident in anchors(path), (path, ident)


def test_jupyter_book_has_the_settings_of_sphinx():
    settings = yaml.safe_load((BOOKS / "jupyter" / "_config.yml").read_text("utf-8"))["sphinx"]
    conf = runpy.run_path(str(BOOKS / "sphinx" / "conf.py"))
    assert set(settings["extra_extensions"]) == set(conf["extensions"]) - {"myst_parser", "sphinx.ext.intersphinx"}, "it has these itself"
    for name, value in settings["config"].items():
        expected = {key: [address, None] for key, (address, _) in conf[name].items()} if name == "intersphinx_mapping" else conf[name]
        assert value == expected, name


def test_without_an_inventory_links_lead_to_the_address(anchors, read_page, tmp_path):
    text = (
        (BOOKS / "sphinx" / "index.md").read_text("utf-8").split("## Links by role")[0].replace("{mls:claim}`memory.plot_kv_cache`", "It")
    )
    conf = (BOOKS / "sphinx" / "conf.py").read_text("utf-8") + "\nintersphinx_mapping = {}\n"
    done = sphinx(copy("sphinx", tmp_path / "book", index=text, conf=conf), tmp_path / "out", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = ours(read_page(tmp_path / "out" / "index.html"))
    assert len(found) >= 10
    for path, ident in found:
        assert ident in anchors(path), (path, ident)


WRONG = {
    "{mls:fact}`Hardware.Cloud.H100.memory.bandwith`": "memory.bandwidth'",
    "{mls:fact}`Hardware.Cloud.H10O.memory.bandwidth`": "'Hardware.Cloud.H100'",
    "{mls:fact}`H10O.memory.bandwidth`": "'H100'",
    "{mls:fact}`Hardware.Cloud.H100`": "write one of its numbers, such as Hardware.Cloud.H100.",
    "{mls:fact}`solver.ServingModel.itl`": "write mls:result",
    "{mls:fact}`A16.memory.capacity`": "may be Hardware.Cloud.A16 or Hardware.Mobile.A16: write which",
    "{mls:fact}`Hardware.Cloud.H100.memory.bandwidth | unit=W`": "write one that converts to it",
    "{mls:fact}`Hardware.Cloud.H100.memory.bandwidth | unit=GBB/s`": "'GBB/s'",
    "{mls:fact}`Hardware.Cloud.H100.memory.bandwidth | digits=many`": "write digits=3",
    "{mls:fact}`Hardware.Cloud.H100.memory.bandwidth | style=ful`": "did you mean 'full'",
    "{mls:fact}`Hardware.Cloud.H100.memory.bandwidth | colour=red`": "write unit=GB/s, digits=3 or style=number",
    "{mls:fact}`Hardware.Cloud.H100.memory.bandwidth | GB/s`": "write unit=GB/s, digits=3 or style=number",
    "{mls:fact}`Hardware.Cloud.H100.process | unit=W`": "which has neither a unit nor digits",
    "{mls:entry}`Hardware.Cloud.H10O`": "'Hardware.Cloud.H100'",
    "{mls:entry}`Hardware.Cloud.H100.power.tdp`": "write mls:fact",
    "{mls:eq}`rofline_time`": "'roofline_time'",
    "{mls:example}`rofline_time`": "'roofline_time'",
    "{mls:quantity}`Bandwith`": "'Bandwidth'",
    "{mls:solver}`ServingModl`": "'ServingModel'",
    "{mls:result}`ServingModel.it`": "'itl'",
    "{mls:result}`ServingModl.itl`": "'ServingModel'",
    "{mls:value}`weights_read_tim`": "'weights_read_time'",
    "{mls:accuracy}`training.medan`": "'median'",
    "{mls:claim}`memory.plot_kv_cach`": "'memory.plot_kv_cache'",
    "{mls:source}`wiliams2009`": "'williams2009'",
    "{external+mlsysim:mls:fact}`Hardware.Cloud.H100.memory.bandwith`": "memory.bandwidth'",
    "{external+mlsysim:mls:eq}`rofline_time`": "'roofline_time'",
    "{external+mlsysim:ref}`eq.rofline_time`": "reference target not found: eq.rofline_time",
    "{ref}`the roofline <eq.rofline_time>`": "eq.rofline_time",
    "[](inv:mlsysim#eq.rofline_time)": "eq.rofline_time",
    "[](inv:mlsysim:mls:eq#rofline_time)": "rofline_time",
}
"""What is wrong, and words of the sentence that says so."""


@pytest.fixture(scope="module")
def complaints(site, tmp_path_factory) -> dict[int, str]:
    """Return what is said about each line of a book with every mistake."""
    folder = tmp_path_factory.mktemp("wrong")
    text = "# Mistakes\n\n" + "\n\n".join(WRONG) + "\n"
    done = sphinx(copy("sphinx", folder / "book", index=text), folder / "out", site / "objects.inv")
    assert done.returncode == 1
    found: dict[int, str] = {}
    for line, words in re.findall(r"index\.md:(\d+): (?:WARNING|ERROR): (.*)", done.stderr):
        found[int(line)] = found.get(int(line), "") + words + "\n"
    assert len(found) == len(WRONG), done.stderr
    return found


@pytest.mark.parametrize(("line", "markup"), list(enumerate(WRONG)), ids=list(WRONG))
def test_a_mistake_is_told_with_what_is_right(complaints, line, markup):
    assert WRONG[markup] in complaints[2 * line + 3]


def test_a_claim_needs_an_inventory_and_says_so(tmp_path):
    conf = (BOOKS / "sphinx" / "conf.py").read_text("utf-8") + "\nintersphinx_mapping = {}\n"
    done = sphinx(
        copy("sphinx", tmp_path / "book", index="# A\n\n{mls:claim}`memory.plot_kv_cache`\n", conf=conf), tmp_path / "out", tmp_path
    )
    assert done.returncode == 1
    assert "name the site in intersphinx_mapping" in done.stderr


def test_an_alias_is_ambiguous_between_entries_not_with_itself():
    with pytest.raises(InputError, match=r"Hardware\.Cloud\.A16.*Hardware\.Mobile\.A16"):
        mlsysim.lookup("a16.memory.capacity")
    assert mlsysim.lookup("titan v.memory.bandwidth").name == "Hardware.Workstation.Titan_V.memory.bandwidth"


INTERLINK = re.compile(r"\]\(:(?:external\+(?P<source>\w+):)?(?P<domain>\w+):(?P<role>\w+):`(?P<name>[^`]+)`\)")
VARIABLE = re.compile(r"\{\{< var (\S+) >\}\}")


def test_the_quarto_book_links_to_what_the_inventory_has(inventory, anchors):
    text = (BOOKS / "quarto" / "index.qmd").read_text("utf-8")
    project = yaml.safe_load((BOOKS / "quarto" / "_quarto.yml").read_text("utf-8"))
    links = list(INTERLINK.finditer(text))
    assert len(links) == text.count("`)") >= 10, "the filter finds names of other domains than Python's only where the domain is given"
    for link in links:
        assert (link["source"] or "mlsysim") in project["interlinks"]["sources"]
        path, _, ident = inventory[f"{link['domain']}:{link['role']}"][link["name"]].partition("#")
        assert ident in anchors(path), link
    assert {f"mls:{link['role']}" for link in links if link["domain"] == "mls"} == {k for k in inventory if k != "mls:value"} & {
        k for k in inventory if k.startswith("mls:")
    }
    assert "interlinks" in project["filters"]
    assert all(s["url"] == f"{addresses.BASE}/" for s in project["interlinks"]["sources"].values()), "an inventory's names follow at once"


def test_the_quarto_book_shows_variables_that_exist(site):
    read = yaml.load((site / "_variables.yml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    used = VARIABLE.findall((BOOKS / "quarto" / "index.qmd").read_text("utf-8"))
    assert len(used) >= 4
    for name in used:
        assert functools.reduce(lambda node, part: node[part], name.split("."), read) == mlsysim.lookup(name).text
    flat = [read]
    for node in flat:
        flat += [v for v in node.values() if isinstance(v, dict)]
        words = [v for v in node.values() if not isinstance(v, dict)]
        assert all(isinstance(w, str) and not re.search(r"[*_~$<>`\[\]\\#]", w) for w in words), "Quarto reads a variable as Markdown"


XREF = re.compile(r"xref:(\w+)((?:/[\w./]+)?)(?:#([\w.-]+))?")


def test_the_myst_book_links_to_references_that_exist(site, inventory, anchors):
    project = yaml.safe_load((BOOKS / "myst" / "myst.yml").read_text("utf-8"))["project"]
    kinds = {key: entry["kind"] for key, entry in project["references"].items()}
    assert all(entry["url"] == addresses.BASE for entry in project["references"].values()), "MyST puts a slash behind the address"
    assert not [(a, b) for a in kinds for b in kinds if a != b and b.startswith(a)], "MyST takes the first key that a link begins with"
    references = json.loads((site / "myst.xref.json").read_text("utf-8"))["references"]
    links = XREF.findall((BOOKS / "myst" / "index.md").read_text("utf-8"))
    assert len(links) >= 14
    for key, path, ident in links:
        if kinds[key] == "intersphinx":
            (uri,) = {names[ident] for names in inventory.values() if ident in names}
            page, _, anchor = uri.partition("#")
            assert anchor in anchors(page), ident
            continue
        found = [
            r
            for r in references
            if path in ("", r["url"]) and (ident in (r.get("identifier"), r.get("html_id")) if ident else r["kind"] == "page")
        ]
        assert found, (path, ident)
        assert not ident or found[0]["html_id"] in anchors(found[0]["url"].lstrip("/"))


def test_every_reference_of_myst_has_its_page_its_data_and_its_preview(site):
    references = json.loads((site / "myst.xref.json").read_text("utf-8"))["references"]
    data: dict[str, dict[str, dict]] = {}
    for reference in references:
        assert (site / reference["url"].lstrip("/")).is_file(), reference
        if reference["data"] not in data:
            page = json.loads((site / reference["data"].lstrip("/")).read_text("utf-8"))
            data[reference["data"]] = {n["identifier"]: n for n in page["mdast"]["children"] if "identifier" in n}
            assert page["frontmatter"]["title"].strip(), reference
        if reference["kind"] != "page":
            node = data[reference["data"]][reference["identifier"]]
            assert (node["type"], node["enumerated"], node["html_id"]) == ("heading", False, reference["html_id"])
    named = [r["identifier"] for r in references if r["kind"] != "page"]
    assert len(set(named)) == len(named)
    shown = data["/zoo/hardware/cloud/h100.myst.json"][BANDWIDTH.lower()]["children"]
    assert shown == [{"type": "text", "value": mlsysim.lookup(BANDWIDTH).text}]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *args):
        pass


@pytest.fixture
def served(site):
    """Serve the site, and return its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def myst(folder: Path, *what: str) -> subprocess.CompletedProcess:
    """Build a MyST project."""
    command = [sys.executable, "-m", "mystmd_py.main", "build", *what]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.skipif(shutil.which("node") is None, reason="MyST needs Node.js")
def test_myst_builds_its_book_with_our_numbers(served, tmp_path):
    folder = copy("myst", tmp_path / "book", myst=(BOOKS / "myst" / "myst.yml").read_text("utf-8").replace(addresses.BASE, served))
    done = myst(folder, "index.md", "--md", "--force")
    said = done.stdout + done.stderr
    assert (done.returncode, "\u26d4" in said, "\u26a0" in said) == (0, False, False), said
    written = (folder / "_build" / "exports" / "index.md").read_text("utf-8")
    for name in (BANDWIDTH, "solver.ServingModel.itl", "accuracy.training.median", "eq.roofline_time.example"):
        assert f"[{mlsysim.lookup(name).text}](xref:mlsysim#{name.lower()})" in written, name
    for name in (BANDWIDTH, "solver.ServingModel"):
        assert f"({served}/{'#'.join(of_name(name))})" in written
    (folder / "index.md").write_text("# A\n\n<xref:mlsysim#eq.rofline_time>\n", "utf-8")
    done = myst(folder, "--site", "--strict")
    assert done.returncode == 1
    assert '"xref:mlsysim#eq.rofline_time" not found' in done.stdout + done.stderr


SET = re.compile(r"\\mls@set\{([^{}]+)\}\{(.*)\}")


def test_the_latex_document_uses_macros_that_exist(site):
    package = (site / "mlsysim.sty").read_text("utf-8")
    used = re.findall(r"\\mls\{([^{}]+)\}", (BOOKS / "latex" / "number.tex").read_text("utf-8"))
    assert len(used) >= 6
    known = dict(SET.findall(package.replace("\n", " ").replace("} \\mls@set", "}\n\\mls@set").replace("} \\endinput", "}\n\\endinput")))
    assert {known[n] for n in used} == {tex(mlsysim.lookup(n).text) for n in used}
    assert len(known) == len(json.loads((site / "numbers.json").read_text("utf-8"))["numbers"])
    for name, text in known.items():
        assert re.fullmatch(r"[\w.-]+", name, re.ASCII), name
        bare = re.sub(r"\\[&%$#_{}]", "", text)
        depth = 0
        for sign in bare:
            depth += {"{": 1, "}": -1}.get(sign, 0)
            assert depth >= 0, (name, text)
        assert depth == 0, (name, text)
        assert not re.search(r"[&%$#_^]", bare), (name, text)


def test_the_latex_package_is_ascii(site):
    strange = {c for c in (site / "mlsysim.sty").read_text("utf-8") if not c.isascii()}
    assert not strange, "let tex() of published/words.py write these for engines that do not know them"


@pytest.fixture(scope="module")
def quoted() -> list[str]:
    """Return twenty numbers from all over the registry, half of them facts with a source, and one of each kind."""
    every = registry.every()
    facts = [n for n, p in every.items() if p.source and p.kind == "fact"]
    found = facts[:: len(facts) // 10][:10] + list(every)[:: len(every) // 7][:7]
    return [*found, BANDWIDTH, "solver.ServingModel.itl", "eq.roofline_time.example"]


def test_bibtex_can_be_read(quoted):
    assert len(set(quoted)) == 20
    for name in quoted:
        number = mlsysim.lookup(name)
        read = parse_string(mlsysim.cite(name, "bibtex"), "bibtex").entries
        assert len(read) == (2 if number.source else 1), name
        first = next(iter(read.values()))
        assert tex(name) in first.fields["title"], name
        assert first.fields["url"] == addresses.url(name, addresses.release())
        assert first.fields["year"] == mlsysim.__released__[:4]
        assert [str(p) for p in first.persons["author"]] == ["{mlsysim contributors}"]
        assert not number.source or read[number.source].fields["title"], name


def test_csl_can_be_read(quoted):
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    for name in quoted:
        number = mlsysim.lookup(name)
        items = json.loads(mlsysim.cite(name, "csl"))
        printed = CitationStylesBibliography(style, CiteProcJSON(items), formatter.plain)
        for item in items:
            printed.register(Citation([CitationItem(item["id"])]))
        lines = [str(line) for line in printed.bibliography()]
        assert len(lines) == len(items) == (2 if number.source else 1)
        own = next(line for line in lines if name in line)
        assert number.text in own and addresses.url(name, addresses.release()) in own and mlsysim.__released__[:4] in own
        source = bibliography().get(number.source)
        assert source is None or any(source.url in line for line in lines if line != own)


def test_citation_cff_is_as_its_format_asks():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.citation-file-format"]
    done = subprocess.run([*command, str(ROOT / "CITATION.cff")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert said["url"] == addresses.BASE
