"""Answers as text, Markdown or JSON."""

import json
from collections.abc import Sequence
from typing import Any

from .. import zoo
from ..errors import InputError, MlsysimError
from ..units import magnitude, people, shown


def listing(head: Sequence[str], rows: Sequence[dict[str, Any]], form: str) -> str:
    """Return rows with the columns that are named."""
    if form == "json":
        return as_json(rows)
    return table(head, [["" if row[c] is None else str(row[c]) for c in head] for row in rows], form)


def as_json(data: Any) -> str:
    """Return data as JSON."""
    return json.dumps(data, ensure_ascii=False, indent=1)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], form: str) -> str:
    """Return a table in columns, for a screen or in Markdown."""
    if form == "markdown":
        cells = [[c.replace("|", "\\|").replace("\n", " ") for c in row] for row in (head, ["---"] * len(head), *rows)]
        return "\n".join(f"| {' | '.join(row)} |" for row in cells)
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows))


FACT = ("fact", "value", "kind", "read", "source", "where")


def entry(name: str, form: str) -> str:
    """Return an entry with its facts."""
    said, rows, notes = zoo.table(name), [], []
    for path, fact in zoo.stated(name).items():
        worth = f"{fact.value} ({fact.year})" if fact.year and form != "json" else fact.value
        row = dict(zip(FACT, (path, worth, fact.kind, str(fact.read), fact.source, fact.where), strict=True))
        rows.append(row | ({"year": fact.year} if fact.year else {}) | ({"note": fact.note} if fact.note else {}))
        notes += [f"{path}: {fact.note}"] if fact.note else []
    made_of, aliases = sorted(zoo.references.get(name, ())), list(said.get("aliases", ()))
    if form == "json":
        words = {"name": name, "title": said["name"], "summary": said.get("summary", ""), "aliases": aliases, "refers_to": made_of}
        return as_json(words | {"facts": rows})
    told = [heading(said["name"], form), f"{name}. {said.get('summary', '')}".strip()]
    told += [f"Also known as {', '.join(aliases)}."] if aliases else []
    told += [f"Made of {', '.join(made_of)}."] if made_of else []
    told += [listing(FACT, rows, form), *bullets("Notes", notes, form)]
    return "\n\n".join(told)


def heading(text: str, form: str) -> str:
    """Return a first line."""
    return f"# {text}" if form == "markdown" else text


def result(found: Any, asked: dict[str, Any], form: str) -> str:
    """Return every number of a result, with its range and meaning."""
    data = asked | {"label": found.label, "feasible": found.feasible, "reason": found.reason, **parts(found)}
    if form == "json":
        return as_json(data)
    head = ["number", "value", "eight of ten measured", "meaning"]
    rows = [[n, v["text"], v.get("interval", ""), v["meaning"]] for n, v in data["numbers"].items()]
    rows += [[n, word, "", ""] for n, word in data["words"].items()]
    if not any(row[2] for row in rows):
        head, rows = [head[0], head[1], head[3]], [[row[0], row[1], row[3]] for row in rows]
    told = [heading(f"{type(found).__name__} ({found.label})", form), *([found.reason] if found.reason else []), table(head, rows, form)]
    lacking: dict[str, list[str]] = {}
    for name, sentence in data["missing"].items():
        lacking.setdefault(sentence, []).append(name)
    told += bullets("Missing", [f"{', '.join(names)}: {sentence}" for sentence, names in lacking.items()], form)
    return "\n\n".join(told)


def bullets(title: str, lines: Sequence[str], form: str) -> list[str]:
    """Return a titled list, or nothing where it would be empty."""
    return ["\n".join([f"{title}:", *([""] if form == "markdown" else []), *(f"- {line}" for line in lines)])] if lines else []


def parts(found: Any) -> dict[str, Any]:
    """Return what a result holds as plain data: numbers, words, and why others are missing."""
    numbers: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for name, symbol in found.fields.items():
        if found.feasible is False and name not in found.always:
            continue
        try:
            value = found.number(name)
        except MlsysimError as error:
            missing[name] = str(error).removeprefix(f"{name}: ")
            continue
        numbers[name] = {**number(value, symbol), "meaning": symbol.meaning}
        try:
            low, high = (magnitude(end, symbol.unit) for end in found.interval(name))
        except InputError:
            continue
        numbers[name] |= {"low": low, "high": high, "interval": f"{nice(low, symbol)} to {nice(high, symbol)}"}
    return {"numbers": numbers, "words": found.words, "missing": missing}


def nice(value: float, symbol: Any) -> str:
    """Return a coherent number as people say it; a constant without a symbol is a plain one."""
    return people(value, symbol.unit, symbol.display) if symbol else shown(value)


def number(value: float, symbol: Any) -> dict[str, Any]:
    """Return a number in its coherent unit, and as people say it."""
    return {"value": float(value), "unit": symbol.unit if symbol else "", "text": nice(float(value), symbol)}


def derivation(why: Any, symbol: Any, asked: dict[str, Any], form: str) -> str:
    """Return the derivation of a number: its equations in order, and what they rest on."""
    if form == "text":
        return repr(why)
    steps = []
    for s in why.steps:
        step = {"number": s.number, "equation": s.equation.name, "says": s.equation.sentence, "inputs": s.inputs}
        steps.append(step | number(s.value, s.equation.result))
    leaves = []
    for name, leaf in why.leaves.items():
        fact = leaf.how.fact
        record = {"kind": fact.kind, "read": str(fact.read), "source": fact.source, "where": fact.where} if fact else {"kind": "given"}
        leaves.append({"name": name, **number(leaf, leaf.how.symbol), **record})
    data = asked | {"field": why.name, **number(why.value, symbol), "steps": steps, "from": leaves}
    if form == "json":
        return as_json(data)
    lines = [[str(s["number"]), s["equation"], ", ".join(f"{n}={v}" for n, v in s["inputs"].items()), s["text"]] for s in steps]
    ends = [[f"{leaf.get(c, '')}" for c in ("name", "text", "kind", "read", "source", "where")] for leaf in leaves]
    told = [heading(f"{why.name} = {data['text']}", form), table(["step", "equation", "of", "value"], lines, form)]
    return "\n\n".join([*told, table(["from", *FACT[1:]], ends, form)])
