"""The package's own errors. Every one says what was wrong, and what would be right."""

import difflib
from collections.abc import Iterable


class MlsysimError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(MlsysimError, ValueError):
    """An argument was refused at the door."""


class UnitError(InputError):
    """A value has the wrong dimension, or no unit where one is needed."""


class UnknownNameError(InputError, AttributeError):
    """A name that nothing here answers to; the message lists the nearest ones."""


class LayoutError(InputError):
    """A parallel layout that cannot exist on the fleet or for the model."""


class InfeasibleError(MlsysimError):
    """Asked for a time, a rate or a cost of something that does not fit."""


class MissingFactError(MlsysimError):
    """A result needs a fact that neither the arguments nor the zoo state."""


class MissingExtraError(MlsysimError, ImportError):
    """A part of the library needs packages that are not installed; the message says how to install them."""


class EquationError(MlsysimError, TypeError):
    """An equation uses a part of Python that has no place in an equation."""


class NoInverseError(MlsysimError, ValueError):
    """No single value of the argument gives the result that was asked for."""


def nearest(name: str, known: Iterable[str], *, limit: int = 3) -> str:
    """Return a clause naming the known names nearest to ``name``, or all of a short list."""
    known = sorted(known)
    folded = {k.lower(): k for k in known}
    close = [folded[k] for k in difflib.get_close_matches(name.lower(), folded, n=limit, cutoff=0.5)]
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    if len(known) <= 12:
        return f"known are {', '.join(map(repr, known))}" if known else "there are none"
    return f"there are {len(known)}, for example {', '.join(map(repr, known[:limit]))}"
