"""The zoo as data beside its pages: complete, and as its schema says."""

import csv
import json
from pathlib import Path

import pytest

from mlsysim import zoo
from mlsysim.published.addresses import page
from mlsysim.published.sources import bibliography
from mlsysim.sphinxext import exports

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"


def valid(data, schema, at="entry"):
    """Check data against the part of JSON Schema that ours uses."""
    if "enum" in schema:
        assert data in schema["enum"], at
    kinds = {"string": str, "number": (int, float), "boolean": bool, "null": type(None), "integer": int, "array": list, "object": dict}
    asked = schema.get("type", [])
    asked = [asked] if isinstance(asked, str) else asked
    assert not asked or isinstance(data, tuple(t for a in asked for t in (kinds[a] if isinstance(kinds[a], tuple) else (kinds[a],)))), at
    if isinstance(data, dict):
        assert set(schema.get("required", ())) <= set(data), at
        for key, value in data.items():
            assert key in schema["properties"], f"{at}.{key}"
            valid(value, schema["properties"][key], f"{at}.{key}")
    if isinstance(data, list):
        for i, item in enumerate(data):
            valid(item, schema["items"], f"{at}[{i}]")


@pytest.mark.parametrize("kind", zoo.KIND_NAMES)
def test_every_entry_is_as_the_schema_says(kind):
    schema = exports.schema()
    for name in zoo.names(kind):
        data = exports.entry_data(name)
        valid(data, schema, name)
        assert len(data["facts"]) == len(zoo.load(name).facts)


def test_the_site_has_every_file():
    every = json.loads((SITE / "zoo.json").read_text("utf-8"))
    assert [e["name"] for e in every["entries"]] == list(zoo.names())
    assert json.loads((SITE / "zoo.schema.json").read_text("utf-8")) == exports.schema()
    for name in zoo.names():
        assert json.loads((SITE / f"{page(name)}.json").read_text("utf-8"))["name"] == name
        assert f'href="{page(name).rpartition("/")[2]}.json"' in (SITE / f"{page(name)}.html").read_text("utf-8").replace("'", '"')


def test_the_tables_hold_every_fact():
    for kind in zoo.KIND_NAMES:
        with (SITE / "zoo" / f"{kind.lower()}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {(r["name"], r["path"]) for r in rows} == {
            (n, f.name.split(".", 3)[3]) for n in zoo.names(kind) for f in zoo.load(n).facts.values()
        }
        assert all(r["source"] and r["where"] and r["read"] for r in rows)


def test_licences_of_sources_stand_beside_their_facts():
    known = bibliography()
    marked = 0
    for name in zoo.names("Infrastructure"):
        text = (SITE / f"{page(name)}.html").read_text("utf-8")
        for fact in exports.entry_data(name)["facts"]:
            licence = known[fact["source"]["key"]].licence
            assert fact["source"].get("licence", "") == licence
            assert not licence or licence in text
            marked += bool(licence)
    assert marked > 100
    listed = (SITE / "zoo" / "index.html").read_text("utf-8")
    assert all(s.licence in listed and k in listed for k, s in known.items() if s.licence)
