"""The ``mls`` domain: every entry, fact, equation, quantity, solver and result is an object that can be linked and cited.

A role puts the *value* into the page while it is read, and notes that the page shows it; only the *link* is resolved later.
So a page is read again when a number on it changes, and not otherwise. A book that has no generated pages of its own gets links
to the published site: by its inventory, where the book names it to intersphinx, and else by address.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.ext.intersphinx import InventoryAdapter
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode

from .. import zoo
from ..equation import EQUATIONS
from ..errors import InputError, MlsysimError, nearest
from ..published import addresses, registry, worked
from ..published.words import spoken
from ..quantities import nomenclature
from . import shown
from .nodes import numeral

log = logging.getLogger(__name__)


def tip_of(number: registry.Published) -> str:
    """Say what a published number is and where it comes from, for a tooltip."""
    if number.source and number.read:
        year = f", {number.year}" if number.year else ""
        return f"{number.name} ({number.how}{year}; {number.source}, {number.where}; read {number.read})"
    return f"{number.name} (by {number.equation})" if number.equation else f"{number.name}: {number.says}"


class _Role(XRefRole):
    """Base of roles that link to something published: unknown names are warnings with the nearest ones."""

    def __init__(self) -> None:
        super().__init__(warn_dangling=True, innernodeclass=nodes.inline)

    def process_link(self, env: Any, refnode: Any, has_explicit_title: bool, title: str, target: str) -> tuple[str, str]:
        try:
            text, target, tooltip = self.show(target)
        except (MlsysimError, AssertionError) as error:
            why = str(error) or "a claim about it no longer holds"
            log.warning("%s: %s", target, why, location=self.get_location(), type="mls", subtype=self.reftype)
            refnode["unknown"] = True
            return title, target
        refnode["reftitle"] = tooltip
        refnode["refexplicit"] = True  # else intersphinx would show the inventory's words
        return (title if has_explicit_title else text), target

    def show(self, target: str) -> tuple[str, str, str]:
        """Return what is shown, the name that is linked to, and the tooltip."""
        raise MlsysimError(target)


class _NumberRole(_Role):
    """Base of roles that show a published number, as its options ask."""

    kind = ""

    def show(self, target: str) -> tuple[str, str, str]:
        name, options = registry.asked(target)
        self.number = self.find(name)
        self.note(self.number)
        return registry.printed(self.number, **options), addresses.parts(self.number.name)[1], tip_of(self.number)

    def find(self, name: str) -> registry.Published:
        return registry.lookup(f"{self.kind}.{name}")

    def note(self, number: registry.Published) -> None:
        shown.note(self.env, f"{self.kind}:{addresses.parts(number.name)[1]}")

    def result_nodes(self, document: Any, env: Any, node: Any, is_ref: bool) -> tuple[list[nodes.Node], list[Any]]:
        if not node.get("unknown") and node.children:
            text, value = node.astext(), self.number.value
            node.children[0].children = []
            node.children[0] += numeral(text, None if isinstance(value, (str, bool)) else value)
        return [node], []


class FactRole(_NumberRole):
    """``{mls:fact}`Hardware.Cloud.H100.memory.bandwidth```: the value with its unit, linked to its anchor."""

    kind = "fact"

    def find(self, name: str) -> registry.Published:
        number = registry.lookup(name)
        if number.kind != "fact":
            raise InputError(f"{name!r} is no number of the zoo: write mls:{self.env.get_domain('mls').role_for_objtype(number.kind)}")
        return number


class ValueRole(_NumberRole):
    """``{mls:value}`name```: a number that a function of the site's values file computes when the page is read."""

    kind = "value"

    def find(self, name: str) -> registry.Published:
        return registry.of_value(self.env.config.mls_values, name)


class ExampleRole(_NumberRole):
    """``{mls:example}`roofline_time```: what the worked example of an equation gives, computed."""

    kind = "example"

    def note(self, number: registry.Published) -> None:
        shown.note(self.env, f"eq:{number.equation}")


class AccuracyRole(_NumberRole):
    """``{mls:accuracy}`training.median```: a figure of how far predictions are from measurements."""

    kind = "accuracy"


class EntryRole(_Role):
    """``{mls:entry}`Hardware.Cloud.H100```: the entry's name, linked to its page."""

    def show(self, target: str) -> tuple[str, str, str]:
        name = addresses.current(registry.resolve(target))
        if name.count(".") > 2:
            raise InputError(f"{target!r} is a number, not an entry: write mls:fact")
        entry = zoo.load(name)
        shown.note(self.env, f"title:{name}")
        return entry.name, name, entry.summary


class _NamedRole(_Role):
    def known(self) -> dict[str, str]:
        return {}

    def show(self, target: str) -> tuple[str, str, str]:
        kind = addresses.public(self.reftype, "")
        target = addresses.current(kind + target).removeprefix(kind)
        known = self.known()
        if target not in known:
            raise InputError(f"unknown {self.reftype} {target!r}: {nearest(target, known)}")
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


class ResultRole(_Role):
    """``{mls:result}`ServingModel.itl```: a field of a solver's result, linked to its meaning."""

    def show(self, target: str) -> tuple[str, str, str]:
        solver, _, field = target.partition(".")
        fields = worked.solver(solver).result.fields
        if field not in fields:
            raise InputError(f"the result of {solver} has no {field!r}: {nearest(field, fields)}")
        return field, target, fields[field].meaning


class ClaimRole(_NamedRole):
    """``{mls:claim}`memory.plot_kv_cache```: what an example of the gallery claims and asserts, linked."""

    def known(self) -> dict[str, str]:
        if not self.env.config.mls_pages:
            listed = InventoryAdapter(self.env).main_inventory.get("mls:claim", {})
            return {n: item[3] if isinstance(item, tuple) else item.display_name for n, item in listed.items()}  # tuples before Sphinx 8.2
        from .generate import gallery_uses

        return {
            d.removeprefix("gallery/").replace("/", "."): title
            for d, (title, _) in gallery_uses(self.env.config.mls_gallery_folder).items()
        }

    def show(self, target: str) -> tuple[str, str, str]:
        if not self.known():
            raise InputError("the words of a claim come from the site's inventory: name the site in intersphinx_mapping")
        _, target, title = super().show(target)
        return title, target, title


class SourceRole(_NamedRole):
    """``{mls:source}`williams2009```: an entry of the bibliography, linked."""

    def known(self) -> dict[str, str]:
        from ..published.sources import bibliography

        return {k: s.text for k, s in bibliography().items()}


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
        "example": ObjType("worked example", "example"),
        "quantity": ObjType("quantity", "quantity"),
        "solver": ObjType("solver", "solver"),
        "field": ObjType("field of a result", "result"),
        "value": ObjType("computed value", "value"),
        "accuracy": ObjType("figure of accuracy", "accuracy"),
        "claim": ObjType("claim of an example", "claim"),
        "source": ObjType("source", "source"),
    }
    roles: ClassVar = {
        "entry": EntryRole(),
        "fact": FactRole(),
        "eq": EquationRole(),
        "example": ExampleRole(),
        "quantity": QuantityRole(),
        "solver": SolverRole(),
        "result": ResultRole(),
        "value": ValueRole(),
        "accuracy": AccuracyRole(),
        "claim": ClaimRole(),
        "source": SourceRole(),
        "given": GivenRole(),
    }
    initial_data: ClassVar = {"objects": {}, "shown": {}}
    data_version = 3
    dangling_warnings: ClassVar = {kind: f"no page declares {kind} %(target)s" for kind in roles}

    @property
    def objects(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        """Page, anchor and shown name by kind and name."""
        return self.data["objects"]

    @property
    def shown(self) -> dict[str, dict[str, str]]:
        """Digests of the things that each page shows."""
        return self.data["shown"]

    def note(self, kind: str, name: str, words: str) -> str:
        """Declare an object on the page that is being read, with a standard label of its name; return its anchor.

        What it was called before leads to it too.
        """
        public, (document, ident) = addresses.public(kind, name), addresses.place(kind, name)
        if document != self.env.docname:
            log.warning("%s belongs into %s: let one page declare it", public, document, location=self.env.docname, type="mls")
        for known in (public, *addresses.former(public)):
            self.objects[kind, addresses.parts(known)[1]] = (self.env.docname, ident, words)
            self.env.domains.standard_domain.note_hyperlink_target(known.lower(), self.env.docname, ident, words)
        return ident

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
        kinds = self.objtypes_for_role(typ) or []
        hit = next((self.objects[k, target] for k in kinds if (k, target) in self.objects), None)
        if hit is None and typ == "value" and not env.config.mls_pages:
            return contnode  # a book's own value: it has no other place
        return hit and make_refnode(builder, fromdocname, hit[0], hit[1], contnode, node.get("reftitle") or hit[2])

    def resolve_any_xref(self, env: Any, fromdocname: str, builder: Any, target: str, node: Any, contnode: Any) -> list[Any]:
        hits = [(k, self.objects.get((k, target))) for k in self.object_types]
        return [(f"mls:{self.role_for_objtype(k)}", make_refnode(builder, fromdocname, h[0], h[1], contnode, h[2])) for k, h in hits if h]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        for (kind, name), (doc, ident, words) in sorted(self.objects.items()):
            yield name, words, kind, doc, ident, 1


def link_to_the_site(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Link to the published site what no page of this book and no inventory declares; comes after intersphinx."""
    if node.get("refdomain") != "mls" or env.config.mls_pages:
        return None
    (kind,) = env.get_domain("mls").objtypes_for_role(node["reftype"])
    address = addresses.url(addresses.public(kind, node["reftarget"]), base=env.config.mls_base)
    return nodes.reference("", "", contnode, refuri=address, reftitle=node.get("reftitle", ""), internal=False)
