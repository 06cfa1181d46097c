"""Keeping the zoo: a template for a new entry, a check of a file in words, and a report of what is there and what is missing.

``python -m mlsysim.zoo new Hardware Cloud NAME``, ``python -m mlsysim.zoo check FILE``, ``python -m mlsysim.zoo report``.
"""

import argparse
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from . import zoo
from .errors import InputError, MlsysimError, nearest
from .facts import KINDS, Fact
from .nouns import Entry
from .quantities import symbol_of

GROUPS = {
    "Hardware": ("Cloud", "Workstation", "Edge", "Mobile", "Tiny"),
    "Models": ("Language", "Vision", "Speech", "Diffusion", "Recommendation", "Tiny"),
    "Infrastructure": ("Grids", "Datacenters", "Prices"),
    "Systems": ("Nodes", "Fabrics", "Clusters", "Storage"),
}
WANTED = {
    "Hardware": (
        "compute.peak.fp16", "memory.cache", "memory.technology", "link.bandwidth", "host_link.bandwidth", "power.tdp", "power.idle",
        "process", "released", "price", "embodied_carbon",
    ),
    "Models": ("published.parameters", "released"),
    "Infrastructure.Grids": ("water_intensity", "electricity_price"),
    "Infrastructure.Datacenters": ("wue",),
    "Systems.Nodes": ("nics", "nic_bandwidth", "host_memory", "max_power", "idle_power", "price"),
    "Systems.Fabrics": ("latency",),
    "Systems.Clusters": ("mtbf", "storage"),
}  # fmt: skip
"""What a reader looks for first; the report says where it is missing."""
CORE = re.compile(r"^(compute\.peak\.\w+|memory\.(bandwidth|capacity))$")
REVIEW_AFTER = 540
"""Days after which a fact is due to be read again."""


def fields_of(owner: type, prefix: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Yield path, quantity (or nothing, for text and references) and need of every field of a type."""
    for name, field in owner.model_fields.items():  # type: ignore[attr-defined]
        parts = (field.annotation, *getattr(field.annotation, "__args__", ()))
        inner = next((t for t in parts if hasattr(t, "model_fields") and not issubclass(t, Entry)), None)
        if inner is not None:
            yield from ((f"{name}.{p}", s, n and field.is_required()) for p, s, n in fields_of(inner))
        else:
            quantity = next((m for m in field.metadata if hasattr(m, "wanted")), None) or symbol_of(field.annotation)
            yield f"{prefix}{name}", quantity, field.is_required()


def template(kind: str, group: str, name: str, stated: str = "") -> str:
    """Return the text of a new entry: every field that it may have, those that it must have uncommented."""
    known(kind, group, name)
    if kind == "Models" and not stated:
        raise InputError(f"a model states its type: give --type, one of {', '.join(model_types())}")
    owner = zoo.type_of(f"{kind}.{group}.{name}", stated, {})
    lines = [f'name = "{name.replace("_", " ")}"', 'summary = "One sentence without a number that has a unit."', "aliases = []"]
    if stated:
        lines.append(f'type = "{stated}"')
    tables: dict[str, list[str]] = {"": []}
    for path, quantity, needed in fields_of(owner):
        if path in ("name", "summary", "aliases"):
            continue
        table, _, key = path.rpartition(".")
        if quantity is None:
            row = f'{key} = ""'
            meaning = "text, or another entry's name" if "." not in path else "text"
        else:
            unit = quantity.display if quantity.unit not in ("", "count") else ""
            value = f'"… {unit}"' if unit else "…"
            row = f'{key} = {{value = {value}, where = "page, table, row, column"}}'
            meaning = quantity.meaning
        tables.setdefault(table, []).append(f"{'' if needed else '# '}{row}  # {meaning}")
    text = "\n".join([*lines, *tables.pop("")])
    text += f'\n\n[defaults]\nsource = "key in sources.bib"\nkind = "stated"\nread = {date.today()}\n'
    for table, rows in tables.items():
        head = f"[{table}]" if any(not r.startswith("#") for r in rows) else f"# [{table}]"
        text += "\n" + "\n".join([head, *rows]) + "\n"
    return text


def model_types() -> list[str]:
    """Return the types that a model may state."""
    return [t for t in zoo.TYPES if t.islower() and t != "assumption"]


def known(kind: str, group: str, name: str) -> None:
    """Refuse a place that the zoo does not have, and a name that is no name or is taken."""
    if kind not in GROUPS:
        raise InputError(f"kind={kind!r}: {nearest(kind, GROUPS)}")
    if group not in GROUPS[kind]:
        raise InputError(f"group={group!r}: {nearest(group, GROUPS[kind])}")
    if not re.fullmatch(r"[A-Za-z]\w*", name):
        raise InputError(f"name={name!r}: letters, digits and underscores, a letter first")
    full = f"{kind}.{group}.{name}"
    for other in zoo.names():
        if other.lower() == full.lower():
            raise InputError(f"name={name!r}: {other} exists")


@cache
def sources() -> frozenset[str]:
    """Return the keys of the bibliography."""
    files = [zoo.root() / "sources.bib", *zoo.root().glob("bib/*.bib")]
    return frozenset(key for file in files for key in re.findall(r"^@\w+\{([^,\s]+),", file.read_text("utf-8"), re.MULTILINE))


def check(path: Path) -> list[str]:
    """Return what is wrong with the file of an entry, in words; nothing where it is good."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return [f"it cannot be read: {error}"]
    parts = path.resolve().with_suffix("").parts[-3:]
    if len(parts) < 3 or parts[0] not in GROUPS or parts[1] not in GROUPS[parts[0]]:
        return [f"its path must end in kind, group and name, such as Hardware/Cloud/{path.stem}.toml"]
    name, wrong = ".".join(parts), []
    if not table.get("summary", "").endswith("."):
        wrong.append("summary is one sentence and ends with a period")
    if re.search(r"\d\s?(GB|TB|TFLOP|W\b|GHz|MHz|%)", table.get("summary", "")):
        wrong.append("summary holds a number with a unit: make it a fact")
    wrong += facts_wrong(table, name, table.get("defaults", {}))
    if not wrong:
        try:
            entry = zoo.build(name, table)
        except MlsysimError as error:
            return [str(error)]
        wrong += [f"the zoo has {alias!r} already: {other}" for alias, other in taken(name, entry)]
    return wrong


def facts_wrong(table: dict[str, Any], name: str, defaults: dict[str, Any], prefix: str = "") -> list[str]:
    """Return what is wrong with the facts of a file, all of it."""
    wrong, keys = [], sources()
    for key, value in table.items():
        if key == "defaults":
            continue
        if isinstance(value, dict) and "value" not in value:
            wrong += facts_wrong(value, name, defaults, f"{prefix}{key}.")
        elif isinstance(value, dict):
            record = {**defaults, **value}
            try:
                zoo.read_fact(name, f"{prefix}{key}", record, {})
            except InputError as error:
                wrong.append(str(error))
            if "source" in record and record["source"] not in keys:
                wrong.append(f"{prefix}{key}: source {record['source']!r} is not in sources.bib: {nearest(str(record['source']), keys)}")
    return wrong


def taken(name: str, entry: Any) -> Iterator[tuple[str, str]]:
    """Yield the names of an entry that another of its kind has."""
    mine = {a.lower() for a in (*entry.aliases, entry.name)}
    for other in zoo.names(name.split(".")[0]):
        if other != name:
            there = zoo.load(other)
            yield from ((a, other) for a in mine & {a.lower() for a in (*there.aliases, there.name)})


def every_fact() -> list[Fact]:
    """Return all facts of the zoo."""
    return [f for n in zoo.names() for f in zoo.load(n).facts.values()]


def report(today: date | None = None) -> str:
    """Return what the zoo holds: entries, facts by kind, estimates among core numbers, facts to read again, and what is missing."""
    today = today or date.today()
    facts = every_fact()
    by_kind = Counter(f.kind for f in facts)
    lines = ["Entries"]
    for kind, groups in GROUPS.items():
        counts = {g: len(zoo.names(f"{kind}.{g}")) for g in groups}
        lines.append(f"  {kind:15} {sum(counts.values()):4}   " + ", ".join(f"{g} {n}" for g, n in counts.items()))
    lines.append(f"Facts {len(facts)}, from {len({f.source for f in facts})} sources")
    lines += [f"  {k:15} {by_kind[k]:5}   {by_kind[k] / len(facts):.1%}" for k in KINDS]
    core = [f for f in facts if f.name.startswith("Hardware.") and CORE.match(f.name.split(".", 3)[3])]
    guessed = [f for f in core if f.kind == "estimated"]
    lines.append(
        f"Peaks, bandwidths and capacities of hardware {len(core)}, of which estimated {len(guessed)} ({len(guessed) / len(core):.1%})"
    )
    lines += [f"  {f.name}" for f in guessed]
    old = sorted((f.read, f.name) for f in facts if (today - f.read).days > REVIEW_AFTER)
    lines.append(f"Read more than {REVIEW_AFTER} days ago {len(old)}; the oldest on {min(f.read for f in facts)}")
    lines += [f"  {day}  {name}" for day, name in old]
    lines.append("Missing, of what readers look for first")
    for name in zoo.names():
        entry = zoo.load(name)
        wanted = WANTED.get(name.split(".")[0]) or WANTED.get(".".join(name.split(".")[:2]), ())
        absent = [p for p in wanted if p.split(".")[0] in type(entry).model_fields and entry.get(p) is None]
        if absent:
            lines.append(f"  {name}: {', '.join(absent)}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run a command of the keeper."""
    parser = argparse.ArgumentParser(prog="python -m mlsysim.zoo", description="Keep the zoo.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="write the template of a new entry")
    for argument in ("kind", "group", "name"):
        new.add_argument(argument)
    new.add_argument("--type", default="", help="of a model, such as transformer")
    one = commands.add_parser("check", help="say what is wrong with files")
    one.add_argument("files", nargs="+", type=Path)
    commands.add_parser("report", help="say what is there and what is missing")
    given = parser.parse_args(arguments)
    try:
        if given.command == "new":
            path = zoo.path_of(f"{given.kind.capitalize()}.{given.group.capitalize()}.{given.name}")
            text = template(*path.with_suffix("").parts[-3:], given.type)  # type: ignore[call-arg]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"{path}: fill in what its sources state, then run: python -m mlsysim.zoo check {path}")
            return 0
        if given.command == "report":
            print(report())
            return 0
        found = {file: check(file) for file in given.files}
    except MlsysimError as error:
        print(error, file=sys.stderr)
        return 2
    for file, wrong in found.items():
        print(f"{file}: {'good' if not wrong else ''}" + "".join(f"\n  {w}" for w in wrong))
    return 1 if any(found.values()) else 0
