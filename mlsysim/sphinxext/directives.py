"""The directives that the generated pages are made of: facts, equations, nomenclature, solvers, sources."""

import json
from collections import Counter
from collections.abc import Iterable
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .. import formats, zoo
from ..equation import EQUATIONS, Equation
from ..errors import NoInverseError
from ..facts import Fact
from ..published import worked
from ..published.addresses import anchor
from ..published.derived import derived, symbol_of_path
from ..published.registry import of_fact
from ..published.sources import ASKS, bibliography
from ..published.words import coherent_number, spoken, text_of
from ..quantities import Symbol, nomenclature
from ..readings import inverse
from ..readings.duals import elasticities
from ..readings.latex import expression, latex
from ..units import factor, label, people
from ..units import shown as digits
from . import markup, near, shown
from .domain import tip_of
from .nodes import numeral, paragraph, table
from .nodes import reference as link


class _Directive(SphinxDirective):
    has_content = False
    required_arguments = 1

    @property
    def domain(self) -> Any:
        return self.env.get_domain("mls")

    def declare(self, kind: str, name: str, words: str, node: nodes.Element) -> None:
        """Make a node the place of an object."""
        node["ids"].append(self.domain.note(kind, name, words))
        self.state.document.note_explicit_target(node)

    def permalink(self, kind: str, name: str, valued: bool | None = None) -> nodes.Node:
        """Return the link to an object, which stands beside it."""
        return markup.made(self.env.docname, markup.permalink(kind, name, valued))

    def link(self, role: str, target: str, text: str, title: str = "") -> nodes.Node:
        return link(role, target, text, self.env.docname, title)

    def math(self, tex: str) -> nodes.Node:
        return nodes.math("", tex)

    def block(self, tex: str) -> nodes.Node:
        node = nodes.math_block("", tex, nowrap=False, number=None)
        node["label"], node["docname"] = None, self.env.docname
        return node


def _uses_table(env: Any) -> None:
    env.metadata[env.docname]["mls_table"] = True


class EntryDirective(_Directive):
    """``mls-entry``: declares the entry, and says what it is called."""

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        entry = zoo.load(name)
        shown.note(self.env, f"entry:{name}")
        place = nodes.target("", "")
        self.declare("entry", name, entry.name, place)
        words: list[Any] = [nodes.literal("", name), self.permalink("entry", name)]
        if entry.aliases:
            words += [nodes.Text(" Also known as " + ", ".join(entry.aliases) + ".")]
        return [place, nodes.paragraph("", "", *words, classes=["mls-aliases"])]


def _path(fact: Fact) -> str:
    """The path of a fact inside its entry."""
    return fact.name.split(".", 3)[3]


def source_link(fact: Fact) -> str:
    """Return the source of a fact, linked, with its place."""
    licence = bibliography()[fact.source].licence
    marked = " " + markup.span(licence, "mls-kind", "mls-licence") if licence else ""
    return markup.linked("source", fact.source, fact.source) + escape(f", {fact.where}") + marked


class FactsDirective(_Directive):
    """``mls-facts``: every fact of an entry with its source, kind and date, each at its anchor."""

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        entry = zoo.load(name)
        shown.note(self.env, f"entry:{name}")
        rows, notes = [], []
        order = list(type(entry).model_fields)
        facts = sorted(entry.facts.values(), key=lambda f: order.index(_path(f).partition(".")[0]))
        for fact in facts:
            path = _path(fact)
            symbol = symbol_of_path(name, path)
            ident = self.domain.note("fact", fact.name, fact.name)
            value = markup.number(text_of(fact), coherent_number(fact)) + (f" ({fact.year})" if fact.year else "")
            what = markup.code(path) + markup.permalink("fact", fact.name)
            if symbol and symbol.meaning:
                what += " " + markup.span(symbol.meaning, "mls-meaning")
            if fact.note:
                notes.append(f"<li>{markup.code(path)}: {escape(fact.note)}</li>")
            kind = markup.span(fact.kind, "mls-kind", f"mls-kind-{fact.kind}")
            rows.append((ident, [what, value, f"{source_link(fact)} ({fact.read}) {kind}"]))
        head = ["Fact", "Value", "Source, where in it, when it was read, and of what kind it is"]
        html = markup.table(head, rows, "mls-facts", widths=[30, 18, 52])
        if notes:
            html += f'<p class="rubric">Notes on the facts</p><ul class="mls-notes">{"".join(notes)}</ul>'
        return [markup.made(self.env.docname, html)]


class DerivedDirective(_Directive):
    """``mls-derived``: what follows from an entry's facts, each number linked to its equation."""

    def run(self) -> list[nodes.Node]:
        found = derived(self.arguments[0])
        shown.note(self.env, *(f"fact:{d.name}" for d in found))
        rows = []
        for item in found:
            ident = self.domain.note("fact", item.name, item.name)
            what = escape(item.says) + markup.permalink("fact", item.name)
            by = markup.linked("eq", item.equation, spoken(item.equation), EQUATIONS[item.equation].sentence)
            value = markup.number(item.text.replace(" ", "\u00a0"), item.number)
            rows.append((ident, [what, value, by, markup.code(item.name.split(".", 3)[3])]))
        head = ["What follows", "Value", "By the equation", "Name"]
        return [markup.made(self.env.docname, markup.table(head, rows, "mls-derived", widths=[35, 20, 25, 20]))] if rows else []


class DrawnDirective(_Directive):
    """``mls-roofline`` and ``mls-parts``: what a function draws of an entry."""

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        shown.note(self.env, f"{self.name}:{name}")
        return [nodes.raw("", shown.drawn(self.name, name, "../" * self.env.docname.count("/")), format="html")]


class NearDirective(_Directive):
    """``mls-near``: the entries that are most like an entry."""

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        listed = nodes.bullet_list(classes=["mls-near"])
        for other in near.similar(name):
            entry = zoo.load(other)
            listed += nodes.list_item("", paragraph(self.link("entry", other, entry.name), f": {entry.summary}"))
        shown.note(self.env, f"near:{name}")
        return [listed]


class LargestDirective(_Directive):
    """``mls-largest``: the largest models of the zoo whose weights a device holds."""

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        shown.note(self.env, f"largest:{name}")
        held: dict[str, list[str]] = {}
        for precision, model in near.largest(name).items():
            held.setdefault(model, []).append(precision)
        if not held:
            return [paragraph("The weights of no model of the zoo fit into its memory.")]
        words: list[Any] = ["Largest models of the zoo whose weights fit into its memory, with room for nothing else: "]
        for i, (model, precisions) in enumerate(held.items()):
            words += ["; " if i else "", self.link("entry", model, zoo.load(model).name), f" at {', '.join(precisions)}"]
        return [paragraph(*words, ".")]


class PicturesDirective(_Directive):
    """``mls-pictures``: the pictures in which the entries of a kind stand."""

    def run(self) -> list[nodes.Node]:
        from .place import PICTURES

        entries = [zoo.load(n) for n in zoo.names(self.arguments[0])]
        return [_figure(p, "", p.title, self.env.docname) for p in PICTURES if any(isinstance(e, p.kind) for e in entries)]


class PlaceDirective(_Directive):
    """``mls-place``: the picture of an entry's kind, in which this entry stands out."""

    def run(self) -> list[nodes.Node]:
        from .place import picture_of

        name = self.arguments[0]
        picture = picture_of(name)
        if picture is None:
            return []
        return [_figure(picture, f"#{anchor(name)}", f"{picture.title}. {zoo.load(name).name} stands out.", self.env.docname)]


def _figure(picture: Any, fragment: str, alt: str, doc: str) -> nodes.raw:
    path = "../" * doc.count("/") + f"_static/place/{picture.file}{fragment}"
    image = f'<img src="{path}" alt="{markup.quoted(alt)}" width="720" height="430" class="dark-light" loading="lazy">'
    return nodes.raw("", f'<figure class="mls-place">{image}<figcaption>{picture.title}.</figcaption></figure>', format="html")


UNITS = {
    "byte": ("kB", "MB", "GB", "GiB", "TB"),
    "byte/s": ("MB/s", "GB/s", "TB/s", "Gb/s"),
    "flop/s": ("GFLOP/s", "TFLOP/s", "PFLOP/s"),
    "W": ("mW", "W", "kW"),
    "s": ("ns", "us", "ms"),
    "gCO2e/J": ("gCO2e/kWh", "kgCO2e/MWh", "kgCO2e/GJ"),
    "L/J": ("L/kWh", "L/MWh", "L/GJ"),
    "USD/J": ("USD/kWh", "USD/MWh", "USD/GJ"),
    "USD/s": ("USD/hour", "USD/day", "USD/year"),
}
"""Units among which a reader of an index may choose, by the coherent one."""


class IndexDirective(_Directive):
    """``mls-index``: a table of every entry of a group, with its chief facts."""

    option_spec: ClassVar[dict[str, Any]] = {"columns": str}

    def run(self) -> list[nodes.Node]:
        group = self.arguments[0]
        columns = self.options["columns"].split()
        rows = []
        _uses_table(self.env)
        for name in zoo.names(group):
            entry = zoo.load(name)
            stated = [c for c in columns if c in entry.facts]
            shown.note(self.env, f"title:{name}", *(f"fact:{name}.{c}" for c in stated))
            if len(stated) < len(columns):
                shown.note(self.env, f"entry:{name}")
            cells = [markup.linked("entry", name, entry.name, entry.summary)]
            if "." not in group:
                cells.append(escape(name.split(".")[1]))
            cells += [self.number(entry.facts[c]) if c in entry.facts else "\u2013" for c in columns]
            rows.append(("", cells))
        head = [
            "Entry",
            *(["Group"] if "." not in group else []),
            *(c.rpartition(".")[2].replace("_", " ") if c.count(".") < 2 else " ".join(c.split(".")[-2:]) for c in columns),
        ]
        units = f'<div class="mls-units" hidden data-units="{markup.quoted(json.dumps(self.units(columns)))}"></div>'
        return [markup.made(self.env.docname, units + markup.table(head, rows, "mls-index"))]

    def units(self, columns: list[str]) -> dict[int, list[tuple[str, float]]]:
        """Return for each column whose numbers may be shown in several units, these with their factors to the coherent one."""
        found = {}
        for i, path in enumerate(columns, 1 + ("." not in self.arguments[0])):
            entry = next((n for n in zoo.names(self.arguments[0]) if path in zoo.load(n).facts), None)
            symbol = symbol_of_path(entry, path) if entry else None
            if symbol and symbol.unit in UNITS:
                found[i] = [(u, factor(u, symbol.unit)) for u in UNITS[symbol.unit]]
        return found

    def number(self, fact: Fact) -> str:
        html = markup.link("fact", fact.name, markup.number(text_of(fact), coherent_number(fact)), tip_of(of_fact(fact)))
        return html + (" " + markup.span("est.", "mls-kind", "mls-kind-estimated") if fact.kind == "estimated" else "")


def _symbol_text(symbol: Symbol) -> str:
    return label(symbol.display) or ("whole number" if symbol.integer else "number" if symbol.unit == "count" else "ratio")


class EquationDirective(_Directive):
    """``mls-equation``: an equation at its anchor, with all that is known of it."""

    def run(self) -> list[nodes.Node]:
        eq = EQUATIONS[self.arguments[0]]
        place = nodes.container(classes=["mls-equation"])
        shown.note(self.env, f"eq:{eq.name}")
        self.declare("eq", eq.name, spoken(eq.name), place)
        place += nodes.paragraph("", "", nodes.Text(eq.sentence), self.permalink("eq", eq.name), classes=["mls-sentence"])
        place += self.block(latex(eq))
        place += self.symbols(eq)
        place += self.validity(eq)
        place += self.inverses(eq)
        place += self.example(eq)
        place += self.limits(eq)
        place += self.provenance(eq)
        return [place]

    def symbols(self, eq: Equation) -> nodes.Node:
        from ..readings.latex import Latex

        printed = Latex(eq).names
        rows = []
        by_symbol = {s: n for n, s in nomenclature().items()}
        for name, symbol in [*eq.arguments.items(), ("result", eq.result)]:
            tex = printed.get(name, symbol.latex)
            meaning: list[nodes.Node] = [self.link("quantity", by_symbol[symbol], symbol.meaning)]
            if name in eq.defaults:
                meaning.append(nodes.Text(f"; {people(eq.defaults[name], symbol.unit, symbol.display)} unless given"))
            rows.append(("", [[self.math(tex)], [nodes.literal("", name)], meaning, _symbol_text(symbol)]))
        return table(["Symbol", "Name in code", "Meaning", "Unit"], rows, classes=["mls-symbols"], widths=[12, 22, 46, 20])

    def validity(self, eq: Equation) -> list[nodes.Node]:
        return [paragraph(nodes.strong("", "Holds when "), eq.holds), paragraph(nodes.strong("", "Stops holding when "), eq.fails)]

    def inverses(self, eq: Equation) -> list[nodes.Node]:
        forms, reasons = [], []
        for name in eq.arguments:
            try:
                forms.append(self.block(inverse.form(eq.name, name).latex()))
            except NoInverseError as error:
                reasons.append((name, str(error).removeprefix(f"{eq.name} has no closed form for ")))
        inside = nodes.container(classes=["mls-inverses"])
        inside += forms
        if reasons:
            inside += paragraph("Found by bisection where the result is monotone: ", ", ".join(r[0] for r in reasons), ".")
        return [nodes.rubric("", "Solved for each argument"), inside]

    def example(self, eq: Equation) -> list[nodes.Node]:
        example = eq.example
        values = {n: s.read(example.inputs[n], n) for n, s in eq.arguments.items() if n in example.inputs}
        at = {**eq.defaults, **values}
        result = eq.function(**values)
        words: list[Any] = ["With "]
        for i, (name, value) in enumerate(example.inputs.items()):
            words += [", " if i else "", nodes.literal("", name), " = ", numeral(_as_printed(value), values[name])]
        words += [
            ": ",
            nodes.strong("", people(result, eq.result.unit, eq.result.display).replace(" ", "\u00a0") or digits(result)),
            f". {'By hand' if example.kind == 'derived' else 'Printed there'}: {_as_printed(example.gives)}. ",
        ]
        source = example.source or eq.source
        note = f"{example.note.removesuffix('.')}." if example.note else ""
        if example.kind == "derived":
            words += [nodes.inline("", "derived", classes=["mls-kind", "mls-kind-derived"]), f" {note}"]
        else:
            words += ["From ", self.link("source", source, source), f", {example.where}. {note}".rstrip()]
        text = paragraph(*words, self.permalink("example", eq.name))
        self.declare("example", eq.name, f"Worked example of {spoken(eq.name)}", text)
        found: list[nodes.Node] = [nodes.rubric("", "Worked example"), text]
        slopes = elasticities(eq.name, at)
        listed: list[Any] = ["Elasticities there, percent of the result for one percent more: "]
        for i, (name, slope) in enumerate(sorted(slopes.items(), key=lambda kv: -abs(kv[1]))):
            listed += [", " if i else "", nodes.literal("", name), f" {slope:+.3g}"]
        if slopes.kinks:
            listed.append(f". It stands on a kink: {', '.join(sorted(slopes.kinks))}")
        if slopes:
            found.append(paragraph(*listed, "."))
        return found

    def limits(self, eq: Equation) -> list[nodes.Node]:
        words: list[Any] = [nodes.strong("", "Limits. ")]
        for i, limit in enumerate(eq.limits):
            at = ", ".join(f"{n} = {people(v, eq.arguments[n].unit, eq.arguments[n].display) or digits(v)}" for n, v in limit.at.items())
            words += ["; " if i else "", f"{limit.says} ({at}): ", self.math(f"{eq.result.latex} = {expression(eq, limit.becomes)}")]
        return [paragraph(*words, ".")]

    def provenance(self, eq: Equation) -> list[nodes.Node]:
        words: list[Any] = [nodes.strong("", "Source. "), self.link("source", eq.source, eq.source), f", {eq.where}. "]
        users = worked.solvers_using(eq.name)
        callers = sorted(n for n, e in EQUATIONS.items() if eq.name in e.calls)
        if users or callers:
            words.append(nodes.strong("", "Used by "))
            parts = [self.link("solver", s, s) for s in users] + [self.link("eq", c, spoken(c)) for c in callers]
            for i, part in enumerate(parts):
                words += [", " if i else "", part]
            words.append(".")
        return [paragraph(*words)]


def _as_printed(value: Any) -> str:
    return str(value).replace(" ", "\u00a0") if isinstance(value, str) else digits(float(value), 6)


class NomenclatureDirective(_Directive):
    """``mls-nomenclature``: every quantity with its symbol, unit, meaning and span."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        users: dict[Symbol, list[str]] = {}
        for eq in EQUATIONS.values():
            for symbol in {*eq.arguments.values(), eq.result}:
                users.setdefault(symbol, []).append(eq.name)
        _uses_table(self.env)
        rows = []
        for name, symbol in nomenclature().items():
            low, high = (people(x, symbol.unit, symbol.display) or "0" for x in symbol.span)
            what: list[nodes.Node] = [nodes.literal("", name), self.permalink("quantity", name)]
            rows.append(
                (
                    "",
                    [
                        [self.math(symbol.latex)],
                        what,
                        symbol.meaning,
                        _symbol_text(symbol),
                        f"{low} to {high}",
                        str(len(users.get(symbol, []))),
                    ],
                )
            )
        built = table(["Symbol", "Name", "Meaning", "Unit", "Usual span", "Equations"], rows, widths=[10, 18, 36, 12, 16, 8])
        for name, row in zip(nomenclature(), built[0][-1], strict=True):
            self.declare("quantity", name, name, row)
        return [built]


def _with_code(text: str) -> list[nodes.Node]:
    """Return a docstring's text with what stands in double backquotes as code."""
    parts = text.split("``")
    return [nodes.literal("", p) if i % 2 else nodes.Text(p) for i, p in enumerate(parts) if p]


class SolverDirective(_Directive):
    """``mls-solver``: a solver's arguments, results, equations, and one traced solve."""

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        solver = worked.solver(name)
        place = nodes.container(classes=["mls-solver"])
        self.declare("solver", name, name, place)
        paragraphs = (solver.__doc__ or "").strip().split("\n\n")
        place += [nodes.paragraph("", "", *_with_code(" ".join(p.split()))) for p in paragraphs]
        place.children[0].append(self.permalink("solver", name))
        place += [nodes.rubric("", "Call"), nodes.literal_block("", worked.signature(name), language="python")]
        rows = [("", [[nodes.literal("", n)], default, text]) for n, default, text in worked.arguments(name)]
        place += [nodes.rubric("", "Arguments"), table(["Argument", "Default", "Meaning"], rows, widths=[20, 15, 65])]
        result = worked.example(name)
        shown.note(self.env, f"solver:{name}")
        by_symbol = {s: n for n, s in nomenclature().items()}
        fields = []
        for field, symbol in solver.result.fields.items():
            text = people(result.number(field), symbol.unit, symbol.display) or "0" if result.has(field) else "\u2013"
            what: list[nodes.Node] = [nodes.literal("", field), self.permalink("field", f"{name}.{field}", result.has(field))]
            fields.append(
                (
                    self.domain.note("field", f"{name}.{field}", field),
                    [what, [self.link("quantity", by_symbol[symbol], symbol.meaning)], _symbol_text(symbol), text.replace(" ", "\u00a0")],
                )
            )
        place += [
            nodes.rubric("", f"Result: {solver.result.__name__}"),
            table(["Field", "Meaning", "Unit", "In the example below"], fields, widths=[25, 40, 15, 20]),
            nodes.rubric("", "Example"),
            nodes.literal_block("", worked.call_text(name), language="python"),
        ]
        place += [nodes.rubric("", "Equations it uses"), self.equations(worked.equations_of(name))]
        return [place]

    def equations(self, names: Iterable[str]) -> nodes.Node:
        listed = nodes.bullet_list(classes=["mls-equations"])
        for name in names:
            listed += nodes.list_item("", paragraph(self.link("eq", name, spoken(name)), ": " + EQUATIONS[name].sentence))
        return listed


class WhyDirective(_Directive):
    """``mls-why``: the derivation of one number of a solver's example, step by step, down to the facts."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        name, field = self.arguments
        why = worked.example(name).why(field)
        shown.note(self.env, f"solver:{name}")
        rows = []
        for step in why.steps:
            given = ", ".join(f"{n} = {v}" for n, v in step.inputs.items())
            symbol = step.equation.result
            value = people(step.value, symbol.unit, symbol.display) or digits(step.value)
            rows.append(
                (
                    "",
                    [
                        f"[{step.number}]",
                        [self.link("eq", step.equation.name, spoken(step.equation.name))],
                        given,
                        value.replace(" ", "\u00a0"),
                    ],
                )
            )
        built = table(["Step", "Equation", "With", "Gives"], rows, classes=["mls-why"], widths=[6, 24, 52, 18])
        leaves = []
        for fact in why.facts:
            said = markup.number(text_of(fact), coherent_number(fact))
            leaves.append(f"<li>{markup.linked('fact', fact.name, fact.name)} = {said} ({fact.kind}; {source_link(fact)})</li>")
        return [built, nodes.rubric("", "Facts at the bottom"), markup.made(self.env.docname, f"<ul>{''.join(leaves)}</ul>")]


class SourcesDirective(_Directive):
    """``mls-sources``: the bibliography, with what cites each source."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        shown.note(self.env, "sources:")
        cited = citations()
        listed = []
        for key, source in bibliography().items():
            ident = self.domain.note("source", key, key)
            html = f"{escape(source.authors)}. <em>{escape(source.title)}</em>. {escape(source.published)}"
            html += f"{', ' if source.published else ''}{source.year}. "
            if source.url:
                url = markup.quoted(source.url)
                html += f'<a class="reference external" href="{url}">{url}</a> (read {source.read}). '
            if source.licence:
                html += escape(f"Licence: {source.licence}, {source.licence_note}; it asks {ASKS[source.licence]}. ")
            users = [markup.linked(role, name, spoken(name) if role == "eq" else name) for role, name in cited.get(key, [])]
            html += f"Cited by {', '.join(users)}." if users else ""
            listed.append(f'<dt id="{ident}">{markup.code(key)}{markup.permalink("source", key)}</dt><dd><p>{html}</p></dd>')
        return [markup.made(self.env.docname, f'<dl class="mls-sources">{"".join(listed)}</dl>')]


def citations() -> dict[str, list[tuple[str, str]]]:
    """Return what cites each source: equations, zoo entries, and the solver that knows stored formats of weights."""
    found: dict[str, list[tuple[str, str]]] = {formats.SOURCE: [("solver", "ServingModel")]}
    for eq in EQUATIONS.values():
        for key in dict.fromkeys(k for k in (eq.source, eq.example.source) if k):
            found.setdefault(key, []).append(("eq", eq.name))
    for name in zoo.names():
        for key in dict.fromkeys(f.source for f in zoo.load(name).facts.values()):
            found.setdefault(key, []).append(("entry", name))
    return found


class LicencesDirective(_Directive):
    """``mls-licences``: the sources whose licence asks for more than to be named, and how many facts were read in each."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        shown.note(self.env, "sources:")
        read = Counter(f.source for n in zoo.names() for f in zoo.load(n).facts.values())
        rows = []
        for key, source in bibliography().items():
            if source.licence:
                cells = [[self.link("source", key, key)], source.title, source.licence, ASKS[source.licence], str(read[key])]
                rows.append(("", cells))
        return [table(["Source", "Collection", "Licence", "It asks", "Facts"], rows, widths=[20, 30, 14, 28, 8])]


DIRECTIVES = {
    "mls-licences": LicencesDirective,
    "mls-entry": EntryDirective,
    "mls-facts": FactsDirective,
    "mls-derived": DerivedDirective,
    "mls-roofline": DrawnDirective,
    "mls-parts": DrawnDirective,
    "mls-near": NearDirective,
    "mls-largest": LargestDirective,
    "mls-pictures": PicturesDirective,
    "mls-place": PlaceDirective,
    "mls-index": IndexDirective,
    "mls-equation": EquationDirective,
    "mls-nomenclature": NomenclatureDirective,
    "mls-solver": SolverDirective,
    "mls-why": WhyDirective,
    "mls-sources": SourcesDirective,
}
