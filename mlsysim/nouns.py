"""What the types of layers A to D share: frozen, sourced, and lowered to plain numbers for a solver."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from .errors import InputError, MissingFactError, MlsysimError, UnitError, UnknownNameError, nearest
from .facts import Fact, Facts, Origin
from .quantities import Symbol, symbol_of


class Lowered:
    """Plain numbers for a solver, each with its origin. What has no origin is no number and is left alone."""

    origins: dict[str, Origin]
    known: dict[str, Any]

    def __init__(self, origins: dict[str, Origin], **values: Any) -> None:
        self.__dict__.update(values, origins=origins, known={})

    def __setattr__(self, name: str, value: Any) -> None:
        raise InputError("lowered numbers are immutable: replace() the value in the thing itself")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def has(self, name: str) -> bool:
        """Whether a number is there."""
        return name in self.__dict__

    def need(self, *names: str) -> None:
        """Raise where a number is not there, saying who would state it."""
        for name in names:
            if name not in self.__dict__:
                raise MissingFactError(self.missing[name])

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return what depends on nothing but these numbers, computed once for each reading of them."""
        try:
            return self.known[name]
        except KeyError:
            self.known[name] = value = compute()
            return value

    def lifted(self, lift: Callable[[Any, Origin], Any]) -> "Lowered":
        """Return a copy whose numbers are what a reading makes of them."""
        copy = object.__new__(Lowered)
        for name, value in self.__dict__.items():
            if name == "known":
                continue
            if name in self.origins:
                value = lift(value, self.origins[name])
            elif isinstance(value, Lowered) or hasattr(value, "lifted"):
                value = value.lifted(lift)
            copy.__dict__[name] = value
        copy.__dict__["known"] = {}
        return copy


class Noun(BaseModel):
    """Base of every type of layers A to D: immutable, and nothing unknown is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    _name: str = PrivateAttr("")
    _facts: Mapping[str, Fact] = PrivateAttr(default_factory=Facts)

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            kind = UnitError if all(isinstance(p.get("ctx", {}).get("error"), UnitError) for p in error.errors()) else InputError
            raise kind(_explain(type(self), error)) from None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name or 'of your own'}: {self.title}>"

    __str__ = __repr__

    @property
    def zoo_name(self) -> str:
        """Dotted name in the zoo; empty for a thing of one's own."""
        return self._name

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Facts by path, such as ``memory.bandwidth``; empty for a thing of one's own."""
        return self._facts

    def fact(self, path: str) -> Fact:
        """Return where a value comes from.

        Raises
        ------
        UnknownNameError
            There is no such fact; the message names the nearest ones.
        """
        try:
            return self._facts[path]
        except KeyError:
            raise UnknownNameError(f"{self.title} has no fact {path!r}: {nearest(path, self._facts)}") from None

    @property
    def title(self) -> str:
        """Name for people."""
        return getattr(self, "name", "") or self._name or type(self).__name__

    def get(self, path: str) -> Any:
        """Return the value at a dotted path, or ``None`` where it is not stated."""
        value: Any = self
        for part in path.split("."):
            if value is None:
                return None
            if part not in type(value).model_fields and not hasattr(type(value), part):
                raise UnknownNameError(f"{self.title} has no {path!r}: {nearest(part, type(value).model_fields)}")
            value = getattr(value, part)
        return value

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other values; a nested one is written with two underscores: ``memory__bandwidth="4 TB/s"``.

        The copy keeps the facts of what was not changed.
        """
        data: dict[str, Any] = {n: getattr(self, n) for n in type(self).model_fields}
        for path, value in changes.items():
            first, _, rest = path.partition("__")
            if first not in data:
                raise UnknownNameError(f"{type(self).__name__} has no field {first!r}: {nearest(first, data)}")
            data[first] = data[first].replace(**{rest: value}) if rest and isinstance(data[first], Noun) else value
        copy = type(self)(**data)
        changed = tuple(p.replace("__", ".") for p in changes)
        kept = {p: f for p, f in self._facts.items() if not any(p == c or p.startswith(f"{c}.") for c in changed)}
        copy.remember(self._name and f"{self._name}*", kept)
        return copy

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a validated copy; see :meth:`replace`."""
        return self.replace(**(update or {}))

    def remember(self, name: str, facts: Mapping[str, Fact]) -> None:
        """Take a name and facts; the zoo calls this once, when it loads an entry."""
        self._name = name
        self._facts = Facts(facts)

    def origin(self, path: str, role: str) -> Origin:
        """Return the origin of the number at a path; ``role`` names things that are in no zoo."""
        return Origin(f"{self._name or role}.{path}", _symbol(type(self), path), self._facts.get(path))

    def lower(self, role: str, fields: Mapping[str, str], **more: Any) -> Lowered:
        """Return numbers in coherent units by short name, from dotted paths; absent ones raise when they are used."""
        origins, values, missing = {}, dict(more), {}
        for short, path in fields.items():
            value = self.get(path)
            if value is None:
                missing[short] = f"{self.title} states no {path.replace('.', ' ')}: give it, or use an entry that has it"
                continue
            origin = self.origin(path, role)
            assert origin.symbol is not None, path
            values[short] = origin.symbol.read(value, path)
            origins[short] = origin
        return Lowered(origins, missing=missing, **values)


class Entry(Noun):
    """Base of what has a page in the zoo: a name for people, a sentence, and other names that people type."""

    name: str
    summary: str = ""
    aliases: tuple[str, ...] = ()


def _symbol(owner: Any, path: str) -> Symbol | None:
    first, _, rest = path.partition(".")
    field = owner.model_fields.get(first)
    if field is None:
        return None
    if rest:
        return _symbol(next(t for t in (field.annotation, *getattr(field.annotation, "__args__", ())) if hasattr(t, "model_fields")), rest)
    for data in field.metadata:
        if isinstance(data, Symbol):
            return data
    return symbol_of(field.annotation)


def _explain(owner: type[Noun], error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        path = ".".join(str(p) for p in problem["loc"])
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, MlsysimError):
            above = ".".join(str(p) for p in problem["loc"][:-1])
            lines.append(f"{above}.{cause}" if above and str(cause).startswith(str(problem["loc"][-1])) else str(cause))
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{owner.__name__} has no field {path!r}: {nearest(path, owner.model_fields)}")
        elif problem["type"] == "missing":
            lines.append(f"{owner.__name__} needs {path!r}")
        elif problem["type"] == "model_type":
            kind = problem["ctx"]["class_name"]
            lines.append(f"{path}={problem['input']!r} is no {kind}: give the object itself, from the zoo or of your own")
        else:
            lines.append(f"{path}: {problem['msg']}")
    return "; ".join(dict.fromkeys(lines))
