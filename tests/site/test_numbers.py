"""The published numbers of the site: what has an anchor is in the inventory, what has a value is in every file, and all can be cited."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from jsonschema import Draft202012Validator

import mlsysim
from mlsysim.published import addresses, citing, ledger, registry
from mlsysim.sphinxext import exports, finish, numbers, place
from mlsysim.sphinxext.markup import permalink

ROOT = Path(__file__).parent.parent.parent
VALUES = str(ROOT / "docs" / "values.py")


@pytest.fixture(scope="module")
def published() -> dict[str, registry.Published]:
    """Return every published number."""
    return registry.every(VALUES)


@pytest.fixture(scope="module")
def data(site) -> dict:
    """Return what ``numbers.json`` holds."""
    return json.loads((site / "numbers.json").read_text("utf-8"))


def test_anchors_on_the_site_are_the_names_in_the_inventory(pages, inventory):
    linked = {}
    for name, page in pages.items():
        for link in page.all("a"):
            if "data-mls" in link.attributes:
                known = link.attributes["data-mls"]
                assert known not in linked, f"{known} is linked on {name} and on {linked[known]}"
                linked[known] = f"{name}{link.attributes['href']}"
                assert link.attributes["href"][1:] in page.ids, known
    for stem in ledger.claims_of(ROOT / "gallery"):
        document, ident = addresses.place("claim", stem)
        assert f"#{ident}" in {a.attributes.get("href") for a in pages[f"{document}.html"].all("a")}, stem
        linked[f"claim.{stem}"] = f"{document}.html#{ident}"
    listed = {addresses.public(k[4:], n): uri for k, names in inventory.items() if k.startswith("mls:") for n, uri in names.items()}
    assert linked == listed


def test_what_has_a_value_is_in_numbers_json_and_nothing_else(data, published, inventory):
    names = [n["name"] for n in data["numbers"]]
    assert names == [*published]
    listed = {addresses.public(k[4:], n) for k, found in inventory.items() if k.startswith("mls:") for n in found}
    nameless = {addresses.public(k, n) for k, n in registry.nameless(ledger.claims_of(ROOT / "gallery"))}
    assert listed - nameless == set(names)


def test_numbers_json_is_as_its_schema_says(site, data):
    schema = json.loads((site / "numbers.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert not [*Draft202012Validator(schema).iter_errors(data)]
    broken = data | {"numbers": [data["numbers"][0] | {"how": "guessed"}]}
    assert [*Draft202012Validator(schema).iter_errors(broken)]
    assert (data["version"], data["released"]) == (mlsysim.__version__, mlsysim.__released__)


def test_variables_and_macros_hold_every_number(site, published):
    tree = yaml.load((site / "_variables.yml").read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    flat = {}

    def walk(node, way):
        for key, value in node.items():
            walk(value, [*way, key]) if isinstance(value, dict) else flat.update({".".join([*way, key]): value})

    walk(tree, [])
    assert flat == {n: p.text for n, p in published.items()}
    text = (site / "mlsysim.sty").read_text("utf-8")
    assert set(re.findall(r"^\\mls@set\{([^{}]+)\}", text, re.MULTILINE)) == published.keys()


def test_a_name_below_a_number_is_refused(published):
    number = published["Hardware.Cloud.H100.memory.bandwidth"]
    below = number.__class__(**{n: getattr(number, n) for n in number.__slots__} | {"name": f"{number.name}.more"})
    with pytest.raises(mlsysim.MlsysimError, match="rename one"):
        numbers.variables([number, below])


def test_every_page_and_every_number_can_be_cited(site, pages, published):
    for name in pages:
        if name not in ("search.html", "genindex.html"):
            text = (site / name).read_text("utf-8")
            assert text.count('class="mls-cite-box"') == 1, name
            assert f"{addresses.BASE}/{addresses.release()}/{name}" in text, name
    by_page: dict[str, list[registry.Published]] = {}
    for number in published.values():
        by_page.setdefault(number.page, []).append(number)
    for document, listed in by_page.items():
        held = json.loads((site / f"{document}.cite.json").read_text("utf-8"))
        assert held["numbers"].keys() == {n.anchor for n in listed}
        assert held["sources"].keys() == {n.source for n in listed if n.source}
    one = json.loads((site / "zoo/hardware/cloud/h100.cite.json").read_text("utf-8"))
    fact = published["Hardware.Cloud.H100.memory.bandwidth"]
    assert one["numbers"][fact.anchor] == citing.own_of(fact) | {"source": fact.source}
    assert one["sources"][fact.source] == citing.of_source(fact.source)


def test_a_name_that_was_given_up_leaves_a_page_and_an_anchor(monkeypatch):
    monkeypatch.setattr(addresses, "renamed", lambda: {"Hardware.Cloud.Hopper": "Hardware.Cloud.H100"})
    ((path, text),) = numbers.redirects().items()
    assert path == "zoo/hardware/cloud/hopper.html"
    assert 'location.replace("../../../zoo/hardware/cloud/h100.html" + location.hash)' in text
    link = permalink("fact", "Hardware.Cloud.H100.memory.bandwidth")
    assert '<span id="hardware-cloud-hopper-memory-bandwidth"></span>' in link
    assert 'href="#hardware-cloud-h100-memory-bandwidth"' in link


def test_a_reader_knows_which_version_this_is(site):
    text = (site / "index.html").read_text("utf-8")
    assert "You are reading the development version" in text
    assert f"{addresses.BASE}/{mlsysim.__version__}/index.html" in text


def test_what_moved_is_told(site):
    text = (site / "moved.html").read_text("utf-8")
    moves = ledger.accepted(ROOT / "docs" / "moves.toml")
    assert all(n in text for m in moves for n in m["names"])
    assert moves or "No published number has moved" in text


def test_what_is_gone_is_removed_and_leads_on(monkeypatch, tmp_path):
    monkeypatch.setattr(addresses, "renamed", lambda: {"Hardware.Cloud.Hopper": "Hardware.Cloud.H100"})
    monkeypatch.setattr(place, "write", lambda folder: None)
    monkeypatch.setattr(exports, "write", lambda folder: None)
    old = tmp_path / "zoo" / "hardware" / "cloud" / "hopper.html"
    old.parent.mkdir(parents=True)
    for suffix in (".html", ".json", ".cite.json", ".myst.json"):
        old.with_suffix(suffix).write_text("old", "utf-8")
    env = SimpleNamespace(found_docs=set(), titles={}, get_domain=lambda _: SimpleNamespace(objects={}))
    config = SimpleNamespace(mls_pages=True, mls_values=VALUES, mls_search=False)
    build = {"mls_same": False, "mls_inputs": "", "mls_written": 0, "_warncount": 0, "doctreedir": tmp_path}
    finish(SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path, env=env, config=config, **build), None)
    assert "h100.html" in old.read_text("utf-8")
    assert not [s for s in (".json", ".cite.json", ".myst.json") if old.with_suffix(s).exists()]
