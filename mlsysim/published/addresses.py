"""Where everything that is published stands: its name, page and anchor, its address, and the names that it had before.

A public name is the dotted name of a zoo entry or of a number of one (``Hardware.Cloud.H100.memory.bandwidth``), or a kind and a name:
``eq.roofline_time``, ``eq.roofline_time.example``, ``quantity.Bandwidth``, ``solver.ServingModel``, ``solver.ServingModel.itl``,
``value.h100_ridge_point``, ``accuracy.training.median``, ``claim.memory.plot_kv_cache``, ``source.williams2009``.
"""

import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .. import __version__, equations, zoo
from ..equation import EQUATIONS
from ..errors import InputError, UnknownNameError, nearest

assert equations.SECTIONS

BASE = "https://mlsysbook.ai/mlsysim"
"""Where the site stands. Below it stands the latest release, and each release below its version."""

KINDS = ("entry", "fact", "eq", "example", "quantity", "solver", "field", "value", "accuracy", "claim", "source")
VALUED = ("fact", "example", "field", "value", "accuracy")
"""Kinds of what has a value; a field has one where the example of its solver gives one."""

_PAGES = {"quantity": "nomenclature", "value": "numbers", "source": "sources"}
_BEGINS = {"quantity": "quantity-of", "source": "source-of", "field": "result"}


def anchor(name: str) -> str:
    """Return the anchor of an entry or of a number of one: lower case, dots as dashes."""
    return name.replace(".", "-").lower()


def page(entry: str) -> str:
    """Return the document of an entry."""
    return "zoo/" + entry.replace(".", "/").lower()


def public(kind: str, name: str) -> str:
    """Return the public name of something of a kind."""
    if kind in ("entry", "fact"):
        return name
    if kind == "example":
        return f"eq.{name}.example"
    return f"{'solver' if kind == 'field' else kind}.{name}"


def parts(name: str) -> tuple[str, str]:
    """Return the kind and the name inside the kind of a public name.

    Raises
    ------
    UnknownNameError
        The name begins with no kind, and is not of the zoo.
    """
    head, _, rest = name.partition(".")
    if head in zoo.KIND_NAMES:
        return ("entry" if name.count(".") == 2 else "fact"), name
    if head not in KINDS or not rest:
        raise UnknownNameError(f"{name!r} is no public name: {nearest(head, [*zoo.KIND_NAMES, *KINDS])}")
    if head == "eq" and rest.endswith(".example"):
        return "example", rest.removesuffix(".example")
    return ("field" if head == "solver" and "." in rest else head), rest


def place(kind: str, name: str) -> tuple[str, str]:
    """Return the page and the anchor of something of a kind.

    Raises
    ------
    UnknownNameError
        No equation or entry has the name; other kinds are not looked up.
    """
    if kind in ("entry", "fact"):
        return page(".".join(name.split(".")[:3])), anchor(name)
    if kind in ("eq", "example"):
        if name not in EQUATIONS:
            raise UnknownNameError(f"unknown eq {name!r}: {nearest(name, EQUATIONS)}")
        tail = "-example" if kind == "example" else ""
        return f"math/{EQUATIONS[name].module}", f"eq-{name.replace('_', '-')}{tail}"
    if kind in ("solver", "field"):
        document = f"solvers/{name.partition('.')[0].lower()}"
    elif kind == "accuracy":
        document = f"accuracy/{name.partition('.')[0]}"
    elif kind == "claim":
        document = f"gallery/{name.replace('.', '/')}"
    else:
        document = _PAGES[kind]
    ident = name if kind == "source" else name.lower().replace(".", "-").replace("_", "-")
    return document, f"{_BEGINS.get(kind, kind)}-{ident}"


def url(name: str, version: str | None = None, base: str = BASE) -> str:
    """Return the address of a public name: of the latest release, or of one that is named."""
    document, ident = place(*parts(name))
    return f"{base}{f'/{version}' if version else ''}/{document}.html#{ident}"


def release() -> str:
    """Return the path of this release below the base address; a version under development has one of its own."""
    return "dev" if "dev" in __version__ else __version__


def label(kind: str, name: str) -> str:
    """Return the standard label of something of a kind, for books that do not know this domain."""
    return public(kind, name).lower()


@cache
def renamed() -> dict[str, str]:
    """Return the public names that were given up, with those that took their place."""
    return tomllib.loads((Path(__file__).parent / "renamed.toml").read_text("utf-8"))["renamed"]


def current(name: str) -> str:
    """Return the public name that a name has now; an entry that was renamed takes its numbers along."""
    known = renamed()
    seen = {name}
    while old := next((o for o in sorted(known, key=len, reverse=True) if name == o or name.startswith(f"{o}.")), None):
        name = known[old] + name.removeprefix(old)
        if name in seen:
            raise InputError(f"renamed.toml goes in a circle at {name!r}: let each old name lead to one that is in use")
        seen.add(name)
    return name


def former(name: str) -> list[str]:
    """Return the names that something had before it got its public name."""
    return [old + name.removeprefix(new) for old, new in renamed().items() if name == new or name.startswith(f"{new}.")]


def place_of_url(address: str) -> tuple[str, str]:
    """Return the page and the anchor of an address, whatever host, folder and release it names."""
    split = urlsplit(address)
    path = unquote(split.path).removesuffix(".html").strip("/")
    words = path.split("/")
    heads = ("zoo", "math", "solvers", "accuracy", "gallery", *_PAGES.values())
    at = next((i for i, w in enumerate(words) if w in heads), None)
    if at is None or not split.fragment:
        raise InputError(f"{address!r} is no address of a number: it looks like {url('Hardware.Cloud.H100', __version__)}")
    return "/".join(words[at:]), unquote(split.fragment)
