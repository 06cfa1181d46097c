"""What each page shows, and whether it is still so.

Sphinx knows files; a page here rests on single facts. So each page notes, while it is read, the things that it shows, with a
digest of each. Before the next build they are digested again, and the pages on which one differs are read again: a page
is new when a number on it moved, and not because another number in the same file did.

A thing is written ``kind:name``: ``fact:Hardware.Cloud.H100.power.tdp``, ``entry:…`` for all that a zoo file says or a group lists,
``title:…`` for its name alone, ``value:…`` for a function of the values file, ``eq:…`` for an equation's
example and limits, ``solver:…`` for a solver's example,
``near:…`` and ``largest:…`` for the entries that stand beside it, what is drawn of an entry by the name of its directive, and
``accuracy:…`` for a figure of a family of measurements, or for all its rows, ``cli:…`` for what a command line prints,
``chapter:…`` for all that is known of a chapter of the textbook, and ``taught:…`` for what is said of a volume or a layer, or which
chapters claim an equation or a solver.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import uuid4

from .. import zoo
from ..accuracy import figures
from ..equation import EQUATIONS
from ..errors import MlsysimError
from ..published import named, worked
from ..published.derived import number_of
from ..published.words import text_of
from . import breakdown, chapters, near, roofline


def _fact(name: str, values: str) -> str:
    return f"{number_of(name)!r}"


def _entry(name: str, values: str) -> str:
    return zoo.text_of(name)


def _eq(name: str, values: str) -> str:
    eq = EQUATIONS[name]
    return repr((eq.example, eq.limits))


def _title(name: str, values: str) -> str:
    entry = zoo.load(name)
    return f"{entry.name}\n{entry.summary}"


def _value(name: str, values: str) -> str:
    return text_of(named.compute(values, name))


def _solver(name: str, values: str) -> str:
    return repr(worked.example(name).why())


def drawn(what: str, name: str, root: str) -> str:
    """Return what a function draws of an entry, for a page that lies so far below the top."""
    return {"mls-roofline": roofline.html, "mls-parts": breakdown.html}[what](name, root)


def _roofline(name: str, values: str) -> str:
    return drawn("mls-roofline", name, "")


def _parts(name: str, values: str) -> str:
    return drawn("mls-parts", name, "")


def _near(name: str, values: str) -> str:
    return "\n".join(f"{n} {_title(n, values)}" for n in near.similar(name))


def _largest(name: str, values: str) -> str:
    return "\n".join(f"{p} {n} {zoo.load(n).name}" for p, n in near.largest(name).items())


def _sources(name: str, values: str) -> str:
    from ..published.sources import file
    from .directives import citations

    return file().read_text("utf-8") + repr(citations())


def _accuracy(name: str, values: str) -> str:
    from .accuracy import says

    return figures.figure(name) if "." in name else says(name)


def _cli(name: str, values: str) -> str:
    from .cli import run

    return repr(run(name))


_SAYS: dict[str, Callable[[str, str], str]] = {
    "fact": _fact,
    "entry": _entry,
    "eq": _eq,
    "title": _title,
    "value": _value,
    "solver": _solver,
    "mls-roofline": _roofline,
    "mls-parts": _parts,
    "near": _near,
    "largest": _largest,
    "sources": _sources,
    "accuracy": _accuracy,
    "cli": _cli,
    "taught": chapters.taught,
    "chapter": chapters.whole,
}


@cache
def digest(thing: str, values: str) -> str:
    """Return a digest of what a thing says now; of what cannot be said, one that equals no other, so that it is tried again."""
    kind, _, name = thing.partition(":")
    try:
        says = _SAYS[kind](name, values)
    except (MlsysimError, AssertionError, FileNotFoundError):
        return f"gone {uuid4()}"
    return hashlib.sha256(says.encode()).hexdigest()[:16]


def note(env: Any, *things: str) -> None:
    """Note that the page that is being read shows these things."""
    page = env.get_domain("mls").shown.setdefault(env.docname, {})
    for thing in things:
        page[thing] = digest(thing, env.config.mls_values)


def outdated(app: Any, env: Any) -> list[str]:
    """Return the pages on which something that they show has changed."""
    values = app.config.mls_values
    pages = env.get_domain("mls").shown
    return [doc for doc, things in pages.items() if doc in env.found_docs and any(digest(t, values) != d for t, d in things.items())]
