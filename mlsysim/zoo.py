"""The zoo: one TOML file a thing, and the path is the name.

``zoo/Hardware/Cloud/H100.toml`` is ``Hardware.Cloud.H100``. An entry is read when it is first touched. Every number in it
is a :class:`~mlsysim.facts.Fact`; the loader keeps the facts and hands the bare values to the type of the layer.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import tomli

from .errors import InputError, UnknownNameError, nearest
from .facts import KINDS, Fact

KIND_NAMES = ("Hardware", "Models", "Infrastructure", "Systems")
TOUCH_LOG = os.environ.get("MLSYSIM_TOUCH_LOG", "")
"""File to which the names of touched entries are appended; a documentation build sets it for the notebooks that it runs."""
WORDS = ("name", "summary")
NEEDED_KEYS = {"source", "where", "kind", "read"}
FACT_KEYS = NEEDED_KEYS | {"value", "year", "note"}


@cache
def root() -> Path:
    """Return the folder of the zoo: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    for folder in (here / "zoo_data", here.parent / "zoo"):
        if (folder / "Hardware").is_dir():
            return folder
    raise InputError(f"the zoo is missing: no zoo_data in {here}, no zoo beside it")


def path_of(name: str) -> Path:
    """Return the file of an entry."""
    return root().joinpath(*name.split(".")).with_suffix(".toml")


@cache
def names(below: str = "") -> tuple[str, ...]:
    """Return every entry's name, sorted; ``below`` keeps one kind or group."""
    start = root().joinpath(*below.split(".")) if below else root()
    found = (p.relative_to(root()).with_suffix("").parts for p in start.rglob("*.toml"))
    return tuple(sorted(".".join(parts) for parts in found if parts[0] in KIND_NAMES))


_watchers: list[set[str]] = []
references: dict[str, set[str]] = {}


@contextmanager
def watching() -> Iterator[set[str]]:
    """Collect the names of the entries that are touched inside the block, and of those that they refer to."""
    touched: set[str] = set()
    _watchers.append(touched)
    try:
        yield touched
    finally:
        _watchers[:] = [w for w in _watchers if w is not touched]


def references_of(name: str) -> set[str]:
    """Return the entries that an entry refers to, and those that they refer to."""
    _load(name)
    direct = references.get(name, set())
    return direct.union(*map(references_of, direct)) if direct else set()


def load(name: str) -> Any:
    """Return the entry of a name, read from its file once.

    Raises
    ------
    UnknownNameError
        There is no such entry; the message names the nearest ones.
    InputError
        The file is not what an entry must be; the message says where.
    """
    entry = _load(name)
    if _watchers or TOUCH_LOG:
        _touch(name, *references_of(name))
    return entry


def _touch(*touched: str) -> None:
    """Tell those who watch that entries were touched; ``Infrastructure.Grids.*`` stands for the list of a group."""
    for watcher in _watchers:
        watcher.update(touched)
    if TOUCH_LOG:
        with open(TOUCH_LOG, "a", encoding="utf-8") as log:
            log.writelines(f"{name}\n" for name in touched)


def text_of(name: str) -> str:
    """Return what a touched name says: the text of an entry's file, or the names of a group."""
    return "\n".join(names(name[:-2])) if name.endswith(".*") else path_of(name).read_text("utf-8")


@cache
def _load(name: str) -> Any:
    return build(name, table(name))


def table(name: str) -> dict[str, Any]:
    """Return an entry's file, parsed and not checked."""
    path = path_of(name)
    if name not in names():
        raise UnknownNameError(f"the zoo has no {name!r}: {nearest(name, names())}")
    try:
        return tomli.loads(path.read_text("utf-8"))
    except tomli.TOMLDecodeError as error:
        raise InputError(f"{path.name}: {error}") from None


def stated(name: str) -> dict[str, Fact]:
    """Return an entry's facts by path, without making the entry or what it refers to."""
    parsed, facts = table(name), dict[str, Fact]()
    _values(parsed, name, "", parsed.pop("defaults", {}), facts, refer=str)
    return facts


def resolve(text: str, below: str = "", argument: str = "name") -> str:
    """Return the name of the entry that is meant: by its name or the end of it, else by what it is called or an alias.

    Capitals, spaces, dashes and underscores count only where they tell names apart. ``below`` is a kind or a group to look in.

    >>> resolve("h100"), resolve("NVIDIA H100"), resolve("Cloud.H100")
    ('Hardware.Cloud.H100', 'Hardware.Cloud.H100', 'Hardware.Cloud.H100')

    Raises
    ------
    UnknownNameError
        Nothing is called so; the message names the nearest.
    InputError
        Several entries are; the message names them.
    """
    known = names(below)
    for names_of in (_ends, called):
        for plain in (str, _joined, _bare):
            asked = plain(text)
            found = [n for n in known if asked in map(plain, names_of(n))] if asked else []
            if len(found) == 1:
                return found[0]
            if found:
                raise InputError(f"{argument}={text[:60]!r} may be {' or '.join(found)}: write which")
    near = nearest(text, {n.rpartition(".")[2] for n in known})
    raise UnknownNameError(f"{argument}={text[:60]!r}: {below or 'the zoo'} has nothing of that name; {near}")


def _ends(name: str) -> tuple[str, ...]:
    """Return a dotted name and the ends of it that may stand for it."""
    parts = name.split(".")
    return tuple(".".join(parts[i:]) for i in range(len(parts)))


@cache
def called(name: str) -> tuple[str, ...]:
    """Return what an entry is called: its name for people, and its aliases."""
    said = table(name)
    return said.get("name", ""), *said.get("aliases", ())


def _joined(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip()).lower()


def _bare(text: str) -> str:
    return _joined(text).replace("_", "")


def build(name: str, table: dict[str, Any]) -> Any:
    """Return the entry that a parsed file describes."""
    defaults = table.pop("defaults", {})
    facts: dict[str, Fact] = {}
    values = _values(table, name, "", defaults, facts)
    type_name = values.pop("type", "")
    try:
        entry = type_of(name, type_name, values)(**values)
    except InputError as error:
        raise type(error)(f"{name}: {error}") from None
    entry.remember(name, facts)
    inner: dict[str, dict[str, Fact]] = {}
    for path, fact in facts.items():
        field, _, rest = path.partition(".")
        if rest:
            inner.setdefault(field, {})[rest] = fact
    for field, found in inner.items():
        part = getattr(entry, field)
        if hasattr(part, "remember"):
            part.remember(f"{name}.{field}", found)
    return entry


def _values(
    table: Mapping[str, Any],
    name: str,
    prefix: str,
    defaults: Mapping[str, Any],
    facts: dict[str, Fact],
    refer: Callable[[str], Any] = lambda name: _load(name),
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in table.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and "value" in value:
            values[key] = read_fact(name, path, {**defaults, **value}, facts)
        elif isinstance(value, dict):
            values[key] = _values(value, name, f"{path}.", defaults, facts, refer)
        elif isinstance(value, str) and value.partition(".")[0] in KIND_NAMES and value.count(".") == 2:
            values[key] = refer(value)
            references.setdefault(name, set()).add(value)
        elif _is_number(key, value):
            raise InputError(f"{name}.{path} is a number without a source: write {key} = {{value = {value!r}, where = …}}")
        else:
            values[key] = value
    return values


def _is_number(key: str, value: Any) -> bool:
    """Whether a bare value is a number, or text that begins with one; names and summaries may hold some."""
    if isinstance(value, str):
        return key not in WORDS and re.match(r"[-+.\d]+ ?\S", value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_fact(name: str, path: str, record: dict[str, Any], facts: dict[str, Fact]) -> Any:
    """Return the value of a fact and keep its record; one that is incomplete is refused."""
    if not record.keys() <= FACT_KEYS:
        unknown = ", ".join(sorted(record.keys() - FACT_KEYS))
        raise InputError(f"{name}.{path}: a fact has no {unknown}; it has {', '.join(sorted(FACT_KEYS))}")
    if not record.keys() >= NEEDED_KEYS:
        raise InputError(f"{name}.{path} lacks {', '.join(sorted(NEEDED_KEYS - record.keys()))}")
    for key in ("source", "where"):
        if not isinstance(record[key], str) or not record[key].strip():
            raise InputError(f"{name}.{path}: {key} is empty; say it")
    if not isinstance(record["read"], date):
        raise InputError(f"{name}.{path}: read={record['read']!r} is no date; write read = 2026-01-31")
    if record["kind"] not in KINDS:
        raise InputError(f"{name}.{path}: kind {record['kind']!r} is none of {', '.join(KINDS)}")
    if record["kind"] in ("derived", "estimated") and not record.get("note"):
        raise InputError(f"{name}.{path} is {record['kind']} and needs a note that says how")
    if "USD" in str(record["value"]) and "year" not in record:
        raise InputError(f"{name}.{path} is money and needs its year")
    facts[path] = Fact(f"{name}.{path}", **record)
    return record["value"]


TYPES = {
    "Hardware": "hardware.HardwareNode", "transformer": "workloads.TransformerWorkload", "cnn": "workloads.CNNWorkload",
    "vision transformer": "vision.VisionTransformerWorkload", "diffusion": "vision.DiffusionWorkload",
    "state space": "statespace.StateSpaceWorkload", "recommendation": "recommendation.RecommendationWorkload",
    "Infrastructure.Grids": "infrastructure.GridProfile", "Infrastructure.Datacenters": "infrastructure.Datacenter",
    "Infrastructure.Prices": "infrastructure.Rental", "assumption": "infrastructure.Ownership", "Systems.Nodes": "systems.Node",
    "Systems.Fabrics": "systems.NetworkFabric", "Systems.Clusters": "systems.Fleet", "Systems.Storage": "systems.Storage",
}  # fmt: skip
"""The type of an entry: by its kind, by its kind and group, or by the type that the file states."""


def type_of(name: str, type_name: str, values: Mapping[str, Any]) -> Any:
    """Return the type of an entry, by its name, by what its file states, and by its fields."""
    kind, group = name.split(".")[:2]
    stated = type_name if kind == "Models" else "assumption" if "assumption" in values else f"{kind}.{group}"
    home = TYPES.get(stated) or (TYPES.get(kind) if kind == "Hardware" else None)
    if home is None:
        raise InputError(f"{name}: {stated!r} is no type or group of the zoo, which has {', '.join(TYPES)}")
    module, _, type_ = home.partition(".")
    return getattr(import_module(f".{module}", __package__), type_)


class Group:
    """A kind or a group of the zoo; its members are attributes, loaded when touched."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, part: str) -> Any:
        if part.startswith("_"):
            raise AttributeError(part)
        name = f"{self._name}.{part}"
        if name in names():
            return load(name)
        if part in self._members():
            group = Group(name)
            self.__dict__[part] = group
            return group
        known = self._members()
        elsewhere = [n for n in names() if n.endswith(f".{part}")]
        hint = f"it is {elsewhere[0]}" if elsewhere else nearest(part, known)
        raise UnknownNameError(f"{self._name} has no {part!r}: {hint}")

    def __dir__(self) -> list[str]:
        _touch(f"{self._name}.*")
        return self._members()

    def _members(self) -> list[str]:
        depth = self._name.count(".") + 1
        return sorted({n.split(".")[depth] for n in names() if n.startswith(f"{self._name}.")})

    def __iter__(self) -> Iterator[Any]:
        _touch(f"{self._name}.*")
        return (load(n) for n in names(self._name))

    def __len__(self) -> int:
        _touch(f"{self._name}.*")
        return len(names(self._name))

    def __repr__(self) -> str:
        return f"<zoo {self._name}: {', '.join(self._members())}>"


if __name__ == "__main__":
    from mlsysim.zookeeping import main

    raise SystemExit(main())
