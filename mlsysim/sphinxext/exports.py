"""The zoo as data beside its pages: a JSON file an entry, one of all, a CSV a kind, and the schema of an entry."""

import csv
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import mlsysim

from .. import zoo
from ..equation import EQUATIONS
from ..facts import KINDS
from ..published.addresses import anchor, page
from ..published.derived import derived, symbol_of_path
from ..published.sources import bibliography
from ..published.words import coherent_number
from .output import write_changed

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SCHEMA = "zoo.schema.json"


@cache
def entry_data(name: str) -> dict[str, Any]:
    """Return an entry as plain data: facts with their records, and what follows from them."""
    entry = zoo.load(name)
    known = bibliography()
    facts = []
    for fact in entry.facts.values():
        path = fact.name.split(".", 3)[3]
        symbol = symbol_of_path(name, path)
        source = known[fact.source]
        record = {
            "path": path,
            "anchor": anchor(fact.name),
            "value": fact.value if isinstance(fact.value, (int, float, bool)) else str(fact.value),
            "number": coherent_number(fact),
            "unit": symbol.unit if symbol else None,
            "meaning": symbol.meaning if symbol else None,
            "kind": fact.kind,
            "source": {"key": fact.source, "text": source.text, "url": source.url}
            | ({"licence": source.licence} if source.licence else {}),
            "where": fact.where,
            "read": str(fact.read),
        }
        record |= {"year": fact.year} if fact.year else {}
        facts.append(record | ({"note": fact.note} if fact.note else {}))
    follows = [
        {
            "name": d.name,
            "says": d.says,
            "number": d.number,
            "unit": EQUATIONS[d.equation].result.unit,
            "text": d.text,
            "equation": d.equation,
        }
        for d in derived(name)
    ]
    return {
        "name": name,
        "title": entry.name,
        "summary": entry.summary,
        "aliases": list(entry.aliases),
        "type": type(entry).__name__,
        "page": f"{page(name)}.html",
        "refers_to": sorted(zoo.references.get(name, ())),
        "facts": facts,
        "derived": follows,
        "version": mlsysim.__version__,
        "licence": LICENCE,
    }


def schema() -> dict[str, Any]:
    """Return the JSON Schema of an entry's file."""
    text, number = {"type": "string"}, {"type": ["number", "null"]}
    fact = {
        "path": text,
        "anchor": {"type": "string", "description": "fragment on the entry's page"},
        "value": {"type": ["string", "number", "boolean"], "description": "what the source prints"},
        "number": number | {"description": "the value in the coherent unit; null for words and flags"},
        "unit": {"type": ["string", "null"], "description": "coherent unit of number"},
        "meaning": {"type": ["string", "null"]},
        "kind": {"enum": list(KINDS)},
        "source": {
            "type": "object",
            "properties": {"key": text, "text": text, "url": text, "licence": text},
            "required": ["key", "text", "url"],
        },
        "where": text,
        "read": {"type": "string", "format": "date"},
        "year": {"type": "integer"},
        "note": text,
    }
    follows = {"name": text, "says": text, "number": {"type": "number"}, "unit": text, "text": text, "equation": text}
    entry = dict.fromkeys(("name", "title", "summary", "type", "page", "version", "licence"), text)
    lists = {n: {"type": "array", "items": text} for n in ("aliases", "refers_to")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An entry of the mlsysim zoo",
        "type": "object",
        "properties": entry
        | lists
        | {
            "facts": {
                "type": "array",
                "items": {"type": "object", "properties": fact, "required": list(fact)[:10], "additionalProperties": False},
            },
            "derived": {"type": "array", "items": {"type": "object", "properties": follows, "required": list(follows)}},
        },
        "required": [*entry, *lists, "facts", "derived"],
        "additionalProperties": False,
    }


def _array(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": properties, "required": required, "additionalProperties": False}}


COLUMNS = ("path", "value", "number", "unit", "kind", "source", "where", "read", "year", "note", "licence")


def table(kind: str) -> str:
    """Return every fact of a kind as CSV, a row a fact."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["name", *COLUMNS])
    for name in zoo.names(kind):
        for fact in entry_data(name)["facts"]:
            row = fact | {"source": fact["source"]["key"], "licence": fact["source"].get("licence", "")}
            rows.writerow([name, *(row.get(c, "") for c in COLUMNS)])
    return out.getvalue()


def write(outdir: Path) -> None:
    """Write what changed."""
    every = {name: entry_data(name) for name in zoo.names()}
    files = {f"{page(name)}.json": _text(data) for name, data in every.items()}
    files["zoo.json"] = _text({"version": mlsysim.__version__, "licence": LICENCE, "schema": SCHEMA, "entries": list(every.values())})
    files[SCHEMA] = _text(schema())
    files |= {f"zoo/{kind.lower()}.csv": table(kind) for kind in zoo.KIND_NAMES}
    files["zoo/names.json"] = _text({n: d["title"] for n, d in every.items()})
    write_changed(outdir, files)


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
