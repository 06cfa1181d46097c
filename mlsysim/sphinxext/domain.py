"""The ``mls`` domain: every entry, fact, equation, quantity, solver and result is an object that can be linked and cited.

A role puts the *value* into the page while it is read, and notes that the page shows it; only the *link* is resolved later.
So a page is read again when a number on it changes, and not otherwise.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode

from .. import zoo
from ..equation import EQUATIONS
from ..errors import MlsysimError, nearest
from ..facts import Fact
from ..quantities import nomenclature
from . import named_values, shown
from .nodes import numeral
from .published import coherent_number, number_of, split, spoken, text_of

log = logging.getLogger(__name__)


def title_of(value: Any) -> str:
    """Say where a number comes from, for a tooltip."""
    if isinstance(value, Fact):
        year = f", {value.year}" if value.year else ""
        return f"{value.name} ({value.kind}{year}; {value.source}, {value.where}; read {value.read})"
    return f"{value.name} (by {value.equation})"


class _ValueRole(XRefRole):
    """Base of roles that show a value: unknown names are warnings with the nearest ones."""

    rests_on = ""

    def __init__(self) -> None:
        super().__init__(warn_dangling=True, innernodeclass=nodes.inline)

    def refuse(self, refnode: Any, message: str) -> None:
        log.warning("%s", message, location=self.get_location(), type="mls", subtype=self.reftype)
        refnode["unknown"] = True

    def process_link(self, env: Any, refnode: Any, has_explicit_title: bool, title: str, target: str) -> tuple[str, str]:
        try:
            text, target, tooltip = self.show(target)
        except MlsysimError as error:
            self.refuse(refnode, str(error))
            return title, target
        if self.rests_on:
            shown.note(env, f"{self.rests_on}:{target}")
        refnode["reftitle"] = tooltip
        return (title if has_explicit_title else text), target

    def show(self, target: str) -> tuple[str, str, str]:
        raise MlsysimError(target)


class FactRole(_ValueRole):
    """``{mls:fact}`Hardware.Cloud.H100.memory.bandwidth```: the value with its unit, linked to its anchor."""

    rests_on = "fact"

    def show(self, target: str) -> tuple[str, str, str]:
        value = number_of(target)
        return text_of(value), target, title_of(value)

    def result_nodes(self, document: Any, env: Any, node: Any, is_ref: bool) -> tuple[list[nodes.Node], list[Any]]:
        if not node.get("unknown") and node.children:
            text = node.astext()
            node.children[0].children = []
            node.children[0] += numeral(text, coherent_number(number_of(node["reftarget"])))
        return [node], []


class EntryRole(_ValueRole):
    """``{mls:entry}`Hardware.Cloud.H100```: the entry's name, linked to its page."""

    rests_on = "title"

    def show(self, target: str) -> tuple[str, str, str]:
        entry, path = split(target)
        if path:
            raise MlsysimError(f"{target!r} is a number, not an entry: write mls:fact")
        return zoo.load(entry).name, entry, zoo.load(entry).summary


class _NamedRole(_ValueRole):
    def known(self) -> dict[str, str]:
        return {}

    def show(self, target: str) -> tuple[str, str, str]:
        known = self.known()
        if target not in known:
            raise MlsysimError(f"unknown {self.reftype} {target!r}: {nearest(target, known)}")
        return target, target, known[target]


class EquationRole(_NamedRole):
    """``{mls:eq}`roofline_time```: an equation, linked."""

    def known(self) -> dict[str, str]:
        return {n: e.sentence for n, e in EQUATIONS.items()}

    def show(self, target: str) -> tuple[str, str, str]:
        _, target, tooltip = super().show(target)
        return spoken(target), target, tooltip


class QuantityRole(_NamedRole):
    """``{mls:quantity}`Bandwidth```: an entry of the nomenclature, linked."""

    def known(self) -> dict[str, str]:
        return {n: s.meaning for n, s in nomenclature().items()}


class SolverRole(_NamedRole):
    """``{mls:solver}`ServingModel```: a solver's page, linked."""

    def known(self) -> dict[str, str]:
        from ..solvers import SOLVERS

        return {s.__name__: (s.__doc__ or "").split("\n")[0] for s in SOLVERS}


class SourceRole(_NamedRole):
    """``{mls:source}`williams2009```: an entry of the bibliography, linked."""

    def known(self) -> dict[str, str]:
        from .sources import bibliography

        return {k: s.text for k, s in bibliography().items()}


class ValueRole(SphinxRole):
    """``{mls:value}`name```: a number that a function of the site's values file computes when the page is read."""

    def run(self) -> tuple[list[nodes.Node], list[Any]]:
        try:
            value = named_values.compute(self.env.config.mls_values, self.text)
        except (MlsysimError, AssertionError) as error:
            why = str(error) or "a claim about it no longer holds"
            log.warning("value %s: %s", self.text, why, location=self.get_location(), type="mls", subtype="value")
            return [nodes.literal("", self.text)], []
        shown.note(self.env, f"value:{self.text}")
        node = numeral(text_of(value), coherent_number(value))
        node["classes"].append("mls-value")
        return [node], []


class AccuracyRole(SphinxRole):
    """``{mls:accuracy}`training.median```: a figure of how far predictions are from measurements."""

    def run(self) -> tuple[list[nodes.Node], list[Any]]:
        from . import accuracy

        try:
            text = accuracy.figure(self.text)
        except MlsysimError as error:
            log.warning("%s", error, location=self.get_location(), type="mls", subtype="accuracy")
            return [nodes.literal("", self.text)], []
        accuracy.rests_on(self.env, self.text.partition(".")[0])
        return [nodes.inline("", text, classes=["mls-value"])], []


class GivenRole(SphinxRole):
    """``{mls:given}`50,000 USD a year```: an input that was chosen, shown as it stands."""

    def run(self) -> tuple[list[nodes.Node], list[Any]]:
        return [nodes.inline("", self.text, classes=["mls-given"])], []


class MlsDomain(Domain):
    """Objects by kind and name, with the page and anchor where each stands."""

    name = "mls"
    label = "mlsysim"
    object_types: ClassVar = {
        "entry": ObjType("zoo entry", "entry"),
        "fact": ObjType("fact", "fact"),
        "eq": ObjType("equation", "eq"),
        "quantity": ObjType("quantity", "quantity"),
        "solver": ObjType("solver", "solver"),
        "source": ObjType("source", "source"),
    }
    roles: ClassVar = {
        "entry": EntryRole(),
        "fact": FactRole(),
        "eq": EquationRole(),
        "quantity": QuantityRole(),
        "solver": SolverRole(),
        "source": SourceRole(),
        "value": ValueRole(),
        "given": GivenRole(),
        "accuracy": AccuracyRole(),
    }
    initial_data: ClassVar = {"objects": {}, "shown": {}}
    data_version = 2
    dangling_warnings: ClassVar = {kind: f"no page declares {kind} %(target)s" for kind in object_types}

    @property
    def objects(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        """Page, anchor and shown name by kind and name."""
        return self.data["objects"]

    @property
    def shown(self) -> dict[str, dict[str, str]]:
        """Digests of the things that each page shows."""
        return self.data["shown"]

    def note(self, kind: str, name: str, ident: str, words: str) -> None:
        """Declare an object on the page that is being read, and a standard label of the same name."""
        known = self.objects.get((kind, name))
        if known and known[0] != self.env.docname:
            log.warning("%s %s is declared here and in %s", kind, name, known[0], location=self.env.docname, type="mls")
        self.objects[kind, name] = (self.env.docname, ident, words)
        label = name.lower() if kind in ("entry", "fact") else f"{kind}.{name}".lower()
        self.env.domains.standard_domain.note_hyperlink_target(label, self.env.docname, ident, words)

    def clear_doc(self, docname: str) -> None:
        for key in [k for k, v in self.objects.items() if v[0] == docname]:
            del self.objects[key]
        self.shown.pop(docname, None)

    def merge_domaindata(self, docnames: Any, otherdata: dict[str, Any]) -> None:
        self.objects.update({k: v for k, v in otherdata["objects"].items() if v[0] in docnames})
        self.shown.update({d: s for d, s in otherdata["shown"].items() if d in docnames})

    def resolve_xref(self, env: Any, fromdocname: str, builder: Any, typ: str, target: str, node: Any, contnode: Any) -> Any:
        if node.get("unknown"):
            node["refwarn"] = False
            return contnode
        hit = self.objects.get((typ, target))
        return hit and make_refnode(builder, fromdocname, hit[0], hit[1], contnode, node.get("reftitle") or hit[2])

    def resolve_any_xref(self, env: Any, fromdocname: str, builder: Any, target: str, node: Any, contnode: Any) -> list[Any]:
        hits = [(k, self.objects.get((k, target))) for k in self.object_types]
        return [(f"mls:{k}", make_refnode(builder, fromdocname, h[0], h[1], contnode, h[2])) for k, h in hits if h]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        for (kind, name), (doc, ident, words) in sorted(self.objects.items()):
            yield name, words, kind, doc, ident, 1
