"""What a solver asks for: names, types and defaults by its signature, meanings by its docstring."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function; ``default`` is ``inspect.Parameter.empty`` where it must be given."""

    name: str
    type: Any
    default: Any
    meaning: str

    @property
    def needed(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty


def arguments(method: Callable[..., Any]) -> list[Argument]:
    """Return the arguments of a method of a class, in order.

    >>> from mlsysim.solvers import CollectiveModel
    >>> [a.name for a in arguments(CollectiveModel.solve) if a.needed]
    ['operation', 'message_size']
    """
    doc = inspect.cleandoc(method.__doc__ or "")
    block = doc.split("Parameters\n----------\n")[1].split("\n\n")[0]
    meaning: dict[str, str] = {}
    for match in re.finditer(r"^(\S.*)\n((?:    .*\n?)+)", block, re.MULTILINE):
        for name in match.group(1).split(", "):
            meaning[name] = plain(" ".join(match.group(2).split()))
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return [Argument(p.name, p.annotation, p.default, meaning[p.name]) for p in parameters]


def sentence(thing: Any) -> str:
    """Return the first sentence of a docstring, in plain words."""
    return plain((thing.__doc__ or "").strip().partition("\n")[0])


def plain(text: str) -> str:
    """Return text without its markup.

    >>> plain("A :class:`~mlsysim.Profile`, or ``None``")
    'A Profile, or None'
    """
    return re.sub(r":class:`~?(?:mlsysim\.)?([^`]+)`", r"\1", text).replace("``", "")
