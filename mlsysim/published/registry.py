"""Every published number by its public name: what it says, its value with a unit, where it stands, and what it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from .. import zoo
from ..accuracy import MODULES, figures
from ..equation import EQUATIONS
from ..errors import InputError, UnitError, UnknownNameError, nearest
from ..facts import Fact
from ..quantities import Symbol, nomenclature
from ..solvers import SOLVERS
from ..units import Q, is_quantity, label, people, shown
from . import addresses, named, worked
from .derived import LIFETIME, Derived, derived, number_of, symbol_of_path
from .words import coherent_number, coherent_unit, text_of


@dataclass(frozen=True, slots=True)
class Published:
    """One published number, or word.

    Attributes
    ----------
    name
        Public name, such as ``Hardware.Cloud.H100.memory.bandwidth`` or ``solver.ServingModel.itl``.
    kind
        ``fact``, ``example`` (of an equation), ``field`` (of a solver, in its example), ``value`` (of a page) or ``accuracy``.
    says
        Its meaning.
    value, unit
        The number in the coherent unit, which is empty for ratios and counts; or a word or a flag as it is.
    text
        The value for people, in the unit of its source.
    page, anchor
        Where it stands on the site.
    how
        ``stated``, ``measured``, ``derived`` or ``estimated`` for what the zoo states; ``computed`` for all else.
    source, where, read, year, note
        Where a fact was read, as in :class:`~mlsysim.Fact`.
    equation
        The equation that gives it, where that is one.
    rests_on
        Public names of facts and equations from which it was computed; an entry stands for all its facts.
    """

    name: str
    kind: str
    says: str
    value: float | str | bool
    unit: str
    text: str
    page: str
    anchor: str
    how: str = "computed"
    source: str = ""
    where: str = ""
    read: date | None = None
    year: int | None = None
    note: str = ""
    equation: str = ""
    rests_on: tuple[str, ...] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        """The address in the latest release."""
        return addresses.url(self.name)

    @property
    def quantity(self) -> Any:
        """The value with its unit; a word or a flag as it is."""
        return self.value if isinstance(self.value, (str, bool)) else Q(self.value, self.unit)


STYLES = ("full", "number", "unit", "source")


def asked(text: str) -> tuple[str, dict[str, str]]:
    """Split what a role says into the name and the options of :func:`printed`: ``NAME | unit=GB/s digits=3 style=number``.

    Raises
    ------
    InputError
        An option is none.
    """
    name, _, tail = text.partition("|")
    options = {}
    for word in tail.split():
        key, _, value = word.partition("=")
        if key not in ("unit", "digits", "style") or not value:
            raise InputError(f"{word!r} is no option of a number: write unit=GB/s, digits=3 or style=number")
        options[key] = value
    return name.strip(), options


def printed(number: Published, unit: str = "", digits: str = "", style: str = "full") -> str:
    """Write a published number as someone asks for it.

    Parameters
    ----------
    number
        What is written.
    unit
        A unit to convert to; without one, the unit of the source.
    digits
        Significant digits, all of those before the point among them; without them, as the source prints it.
    style
        ``full`` is number and unit, ``number`` and ``unit`` are one of them, ``source`` names the source too.

    Raises
    ------
    InputError
        The unit does not fit, the digits are no count, the style is none, or a word is asked for a unit.
    """
    if style not in STYLES:
        raise InputError(f"style={style!r} is none of {', '.join(STYLES)}: {nearest(style, STYLES)}")
    if digits and not (digits.isdigit() and 0 < int(digits) < 16):
        raise InputError(f"digits={digits!r} is no count of significant digits: write digits=3")
    text = number.text
    if unit or digits:
        if isinstance(number.value, (str, bool)):
            raise InputError(f"{number.name} is {number.text!r}, which has neither a unit nor digits")
        text = _converted(number, unit or _unit_of(text, number), int(digits) if digits else 4)
    if style in ("number", "unit"):
        head, _, tail = text.rpartition("\u00a0") if "\u00a0" in text else (text, "", "")
        return head if style == "number" else tail
    return f"{text} ({number.source}, {number.where})" if style == "source" and number.source else text


def _unit_of(text: str, number: Published) -> str:
    return text.rpartition("\u00a0")[2] if "\u00a0" in text else number.unit


def _converted(number: Published, unit: str, digits: int) -> str:
    wanted = Q(1, unit)
    if not wanted.is_compatible_with(Q(1, number.unit)):
        raise UnitError(f"unit={unit!r} does not fit {number.name}, which is in {number.unit or 'no unit'}: write one that converts to it")
    value = Q(number.value, number.unit).to(wanted.units).magnitude
    return f"{shown(value, digits)}\u00a0{label(unit)}" if label(unit) else shown(value, digits)


def _at(kind: str, name: str) -> dict[str, Any]:
    document, ident = addresses.place(kind, name)
    return {"name": addresses.public(kind, name), "kind": kind, "page": document, "anchor": ident}


def of_fact(fact: Fact) -> Published:
    """Return a fact of the zoo as it is published."""
    entry, path = fact.name[: -len(_path(fact.name)) - 1], _path(fact.name)
    symbol = symbol_of_path(entry, path)
    number = coherent_number(fact)
    value = number if number is not None else fact.value if isinstance(fact.value, bool) else " ".join(str(fact.value).split())
    known: dict[str, Any] = {
        "source": fact.source,
        "where": fact.where,
        "read": fact.read,
        "year": fact.year,
        "note": fact.note,
        "how": fact.kind,
    }
    says = symbol.meaning if symbol else path.rpartition(".")[2].replace("_", " ")
    return Published(**_at("fact", fact.name), says=says, value=value, unit=_unit(fact, symbol, number), text=text_of(fact), **known)


def _unit(fact: Fact, symbol: Symbol | None, number: float | None) -> str:
    if number is None or isinstance(fact.value, (int, float)):
        return ""
    if symbol is not None:
        return _plain(symbol.unit)
    return f"{Q(fact.value).to_base_units().units:~}".replace(" ", "")


def _path(name: str) -> str:
    return name.split(".", 3)[3]


def of_derived(item: Derived) -> Published:
    """Return a number that follows from facts as it is published."""
    entry = ".".join(item.name.split(".")[:3])
    rests = (f"eq.{item.equation}", entry, *sorted(zoo.references_of(entry)), *([LIFETIME] if "lifetime" in item.inputs else []))
    unit = EQUATIONS[item.equation].result.unit
    known: dict[str, Any] = {"how": "computed", "equation": item.equation, "rests_on": rests}
    return Published(
        **_at("fact", item.name), says=item.says, value=item.number, unit=_plain(unit), text=item.text.replace(" ", "\u00a0"), **known
    )


def _plain(unit: str) -> str:
    return "" if unit == "count" else unit


def of_example(name: str) -> Published:
    """Return what an equation's worked example gives, computed."""
    eq = EQUATIONS[name]
    values = {n: s.read(eq.example.inputs[n], n) for n, s in eq.arguments.items() if n in eq.example.inputs}
    value = float(eq.function(**values))
    text = people(value, eq.result.unit, eq.result.display).replace(" ", "\u00a0")
    says = f"worked example of {name}: {eq.result.meaning}"
    known: dict[str, Any] = {"source": eq.example.source, "where": eq.example.where, "note": eq.example.note, "equation": name}
    rests = (f"eq.{name}", *(f"eq.{c}" for c in eq.calls))
    return Published(**_at("example", name), says=says, value=value, unit=_plain(eq.result.unit), text=text, rests_on=rests, **known)


@cache
def of_solver(name: str) -> dict[str, Published]:
    """Return the numbers that a solver's example has, by field."""
    result = worked.example(name)
    found = {}
    for key, symbol in type(result).fields.items():
        if not result.has(key):
            continue
        why = result.why(key)
        number = float(result.number(key))
        rests = (*(f"eq.{e}" for e in why.equations), *(f.name for f in why.facts))
        text = people(number, symbol.unit, symbol.display) or "0"
        says = f"{symbol.meaning}, in the example of {name}"
        at = _at("field", f"{name}.{key}")
        found[key] = Published(**at, says=says, value=number, unit=_plain(symbol.unit), text=text.replace(" ", "\u00a0"), rests_on=rests)
    return found


def of_value(path: str, name: str) -> Published:
    """Return a named value of a site's pages."""
    value, touched = named.computed(path, name)
    number = coherent_number(value)
    unit = coherent_unit(value) if is_quantity(value) else ""
    says = (named.functions(path)[name].__doc__ or name).strip().split("\n")[0]
    known: dict[str, Any] = {"text": text_of(value), "rests_on": touched}
    return Published(
        **_at("value", name), says=says, value=number if number is not None else " ".join(str(value).split()), unit=unit, **known
    )


def of_accuracy(name: str) -> Published:
    """Return a figure of accuracy."""
    value = float(figures.number(name))
    family, *kind, what = name.split(".")
    says = f"{figures.FIGURES[what]} of {' '.join([family, *kind])} predictions"
    used = {s.answer.hardware for s in figures.scored(family) if s.answer} & set(zoo.names("Hardware"))
    text = figures.figure(name)
    return Published(**_at("accuracy", name), says=says, value=value, unit="", text=text, rests_on=tuple(sorted(used)))


def of_entry(name: str) -> Iterator[Published]:
    """Yield every number of an entry: what it states, then what follows."""
    yield from map(of_fact, zoo.load(name).facts.values())
    yield from map(of_derived, derived(name))


@cache
def every(values: str = "") -> dict[str, Published]:
    """Return every published number by public name, sorted; ``values`` is the values file of the site's pages."""
    found = [p for n in zoo.names() for p in of_entry(n)]
    found += [of_example(n) for n in EQUATIONS]
    found += [p for s in SOLVERS for p in of_solver(s.__name__).values()]
    found += [of_value(values, n) for n in named.functions(values)]
    found += [of_accuracy(n) for m in MODULES for n in figures.names(m)]
    return {p.name: p for p in sorted(found, key=lambda p: p.name)}


def nameless(gallery: list[str]) -> list[tuple[str, str]]:
    """Return what is published and has no value of its own, by kind and name; claims are those of the examples that are named."""
    from .sources import bibliography

    found = [("entry", n) for n in zoo.names()] + [("eq", n) for n in EQUATIONS] + [("quantity", n) for n in nomenclature()]
    for solver in SOLVERS:
        found.append(("solver", solver.__name__))
        known = of_solver(solver.__name__)
        found += [("field", f"{solver.__name__}.{f}") for f in solver.result.fields if f not in known]
    return found + [("source", k) for k in bibliography()] + [("claim", n) for n in gallery]


def lookup(name: str, values: str = "") -> Published:
    """Return a published number by its public name, by an alias of its entry, by a name that it had before, or by its address.

    Parameters
    ----------
    name
        ``Hardware.Cloud.H100.memory.bandwidth``, ``H100.memory.bandwidth`` where one entry alone is called so,
        ``solver.ServingModel.itl``, ``eq.roofline_time.example``, ``accuracy.training.median``, or an address of the site with an anchor.
    values
        The values file of a site, for its named values.

    Raises
    ------
    UnknownNameError
        Nothing has the name; the message names the nearest ones. A name that several entries answer to is refused with all of them.
    InputError
        The address is none of this site.

    Examples
    --------
    >>> import mlsysim
    >>> mlsysim.lookup("Hardware.Cloud.H100.memory.bandwidth").quantity.to("TB/s")
    <Quantity(3.35, 'terabyte / second')>
    """
    if "://" in name or "#" in name:
        name = _of_place(*addresses.place_of_url(name), values)
    kind, inner = addresses.parts(addresses.current(resolve(name)))
    match kind:
        case "fact":
            found = number_of(inner)
            return of_fact(found) if isinstance(found, Fact) else of_derived(found)
        case "example" if inner in EQUATIONS:
            return of_example(inner)
        case "field":
            solver, _, field_name = inner.partition(".")
            worked.solver(solver)
            known = of_solver(solver)
            if field_name in known:
                return known[field_name]
            raise UnknownNameError(f"the example of {solver} has no {field_name!r}: {nearest(field_name, known)}")
        case "value":
            return of_value(values, inner)
        case "accuracy":
            return of_accuracy(inner)
    raise UnknownNameError(f"{name!r} is {_WHAT[kind]} and has no value; {_further(kind, inner)}")


_WHAT = {
    "entry": "an entry", "eq": "an equation", "example": "no equation's example", "quantity": "a quantity", "solver": "a solver",
    "claim": "a claim", "source": "a source",
}  # fmt: skip


def _further(kind: str, name: str) -> str:
    if kind == "entry":
        return f"write one of its numbers, such as {next(of_entry(name)).name}"
    if kind == "example":
        return nearest(name, EQUATIONS)
    return f"it is found at {addresses.url(addresses.public(kind, name))}"


def resolve(name: str) -> str:
    """Return the public name of a name that may begin with what an entry is called; one that several entries answer to is refused."""
    head = name.partition(".")[0]
    if head in (*zoo.KIND_NAMES, *addresses.KINDS):
        return name
    for at in (i for i in range(len(name), 0, -1) if i == len(name) or name[i] == "."):
        try:
            return zoo.resolve(name[:at]) + name[at:]
        except UnknownNameError:
            continue
    return zoo.resolve(head)


def _of_place(document: str, ident: str, values: str) -> str:
    """Return the public name of what stands at an anchor of a page."""
    candidates: Iterator[str]
    if document.startswith("zoo/"):
        entry = next((n for n in zoo.names() if addresses.page(n) == document), None)
        candidates = iter([entry, *(p.name for p in of_entry(entry))] if entry else [])
    elif document.startswith("math/"):
        listed = [(k, n) for n, e in EQUATIONS.items() if f"math/{e.module}" == document for k in ("eq", "example")]
        candidates = (addresses.public(k, n) for k, n in listed)
    elif document.startswith("solvers/"):
        candidates = (f"solver.{s.__name__}{f'.{f}' if f else ''}" for s in SOLVERS for f in ("", *s.result.fields))
    elif document.startswith("accuracy/"):
        candidates = (f"accuracy.{n}" for n in figures.names(document.partition("/")[2]))
    elif document == "numbers":
        candidates = (f"value.{n}" for n in named.functions(values))
    elif document.startswith("gallery/"):
        candidates = iter([f"claim.{document.removeprefix('gallery/').replace('/', '.')}"])
    elif document == "sources":
        from .sources import bibliography

        candidates = (f"source.{k}" for k in bibliography())
    else:
        candidates = (f"quantity.{n}" for n in nomenclature())
    known = {addresses.place(*addresses.parts(c)): c for c in candidates}
    if (document, ident) not in known:
        raise InputError(f"nothing stands at {document}.html#{ident}: {nearest(ident, [i for _, i in known])}")
    return known[document, ident]
