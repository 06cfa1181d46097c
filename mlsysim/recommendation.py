"""Layer A, workloads that recommend: large tables of embeddings, small networks around them."""

from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from . import quantities as q
from .errors import InputError
from .facts import Origin
from .nouns import Lowered
from .readings import NUMBERS, Reading
from .workloads import Demand, Published, Workload

_FORWARD_WORK = q.nomenclature()["ForwardWork"]


def _numbers(value: Any) -> tuple[int, ...]:
    """Read whole numbers, written one after the other with hyphens (as the model's authors do) or given as a sequence."""
    parts = value.split("-") if isinstance(value, str) else value
    try:
        found = tuple(int(p) for p in parts)
        whole = all(n == float(p) for n, p in zip(found, parts, strict=True))
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{value!r}: write whole numbers, such as '512-256-128'") from None
    if not found or not whole or min(found) < 1 or max(found) > 1e12:
        raise InputError(f"{value!r}: write whole numbers from 1 on, such as '512-256-128'")
    return found


Widths = Annotated[tuple[int, ...], BeforeValidator(_numbers)]


class RecommendationWorkload(Workload):
    """A recommendation model of the DLRM kind, described by its geometry.

    A sample brings numbers, which the ``bottom`` network turns into one vector, and categories, for each of which rows are looked up
    in a table and summed. The vectors interact: ``dot`` keeps all pairs of dot products, ``cross`` is a low-rank cross network. The
    ``top`` network turns what comes out into a score.

    Its step is one forward pass over a batch of samples: it holds all tables, gathers the rows that are looked up, and reads the
    weights of its networks once. Rows are taken to arrive at the full memory bandwidth, which scattered reads seldom reach: give an
    efficiency of memory for that. Training is not modelled, since it depends on how the optimizer treats rows that no sample touched.

    Parameters
    ----------
    table_rows, table_lookups
        For each table its rows, and the rows that a sample looks up in it (one each by default); text such as ``"40-3-7"`` or
        a sequence.
    bottom, top
        Widths of the networks' layers, their inputs left out.

    Examples
    --------
    >>> tiny = RecommendationWorkload(
    ...     name="tiny", table_rows="4-3-2", embedding_dim=2, dense_features=4, bottom="3-2", top="4-2-1", interaction="dot"
    ... )
    >>> tiny.parameters
    90
    """

    family: ClassVar[str] = "other"

    table_rows: Widths
    table_lookups: Widths | None = None
    embedding_dim: q.EmbeddingDim
    dense_features: q.DenseFeatures
    bottom: Widths
    top: Widths
    interaction: Literal["dot", "cross"] = "dot"
    cross_layers: q.CrossLayers | None = None
    cross_rank: q.CrossRank | None = None
    published: Published = Published()

    def model_post_init(self, context: Any) -> None:
        """Refuse a geometry that cannot exist."""
        if self.table_lookups is not None and len(self.table_lookups) != len(self.table_rows):
            raise InputError(f"table_lookups has {len(self.table_lookups)} numbers for {len(self.table_rows)} tables in table_rows")
        if self.bottom[-1] != self.embedding_dim:
            raise InputError(f"bottom ends in {self.bottom[-1]}: it must end in embedding_dim={self.embedding_dim}")
        for name in ("cross_layers", "cross_rank"):
            if (getattr(self, name) is None) == (self.interaction == "cross"):
                raise InputError(f"{name}={getattr(self, name)}: interaction='cross' needs it, and no other has it")

    @property
    def phases(self) -> tuple[str, ...]:
        """The kinds of step that it has."""
        return ("forward",)

    @cached_property
    def geometry(self) -> Lowered:
        """The geometry as plain numbers, for a solver."""
        fields = {n: n for n in ("embedding_dim", "cross_layers", "cross_rank") if getattr(self, n) is not None}
        g = self.lower("model", fields, crossed=self.interaction == "cross")

        def counted(name: str, value: float, path: str) -> None:
            g.__dict__[name] = float(value)
            g.origins[name] = Origin(f"{self.zoo_name or 'model'}.{name}", None, self.facts.get(path))

        tables = len(self.table_rows)
        counted("rows", sum(self.table_rows), "table_rows")
        counted("tables", tables, "table_rows")
        counted("lookups", sum(self.table_lookups) if self.table_lookups else tables, "table_lookups")
        pairs = NUMBERS.interaction_pairs(tables + 1.0)
        width = (tables + 1.0) * g.embedding_dim if g.crossed else NUMBERS.dot_interaction_width(pairs, g.embedding_dim)
        counted("pairs", pairs, "table_rows")
        counted("width", width, "table_rows")
        for name, first, widths in (("bottom", self.dense_features, self.bottom), ("top", width, self.top)):
            inputs = (float(first), *map(float, widths[:-1]))
            matrices = sum(NUMBERS.fully_connected_parameters(i, float(o)) for i, o in zip(inputs, widths, strict=True))
            counted(f"{name}_weights", matrices, name)
            counted(f"{name}_biases", sum(widths), name)
        counted("cross_biases", width * (self.cross_layers or 0), "cross_layers")
        return g

    @property
    def parameters(self) -> int:
        """Parameters, counted from the geometry."""
        return round(self.table_parameters + self.network_parameters)

    @property
    def table_parameters(self) -> int:
        """Parameters of the tables."""
        return round(NUMBERS.embedding_table_parameters(self.geometry.rows, self.geometry.embedding_dim))

    @property
    def network_parameters(self) -> int:
        """Parameters of everything but the tables."""
        return round(_networks(NUMBERS, self.geometry))

    def forward_flops(self) -> Any:
        """Return the arithmetic of scoring one sample; a multiply-accumulate is two FLOPs."""
        return _FORWARD_WORK.quantity(_work(NUMBERS, self.geometry, 1.0))

    def demand(self, eq: Reading, x: Lowered) -> Demand:
        """Return what a step with ``x.batch_size`` samples asks for."""
        g, batch = x.model, x.batch_size
        networks = eq.weight_bytes(_networks(eq, g), x.weight_size)
        tables = eq.weight_bytes(eq.embedding_table_parameters(g.rows, g.embedding_dim), x.weight_size)
        weights = eq.both_bytes(tables, networks)
        work = _work(eq, g, batch)
        gathered = eq.gathered_bytes(g.lookups, g.embedding_dim, batch, x.weight_size)
        return Demand(batch, work, work, eq.both_bytes(networks, gathered), eq.serving_footprint(weights, 0.0), weights)


def _multiplying(eq: Reading, g: Lowered) -> Any:
    """The parameters that multiply once for each sample."""

    def total() -> Any:
        both = eq.joint_parameters(g.bottom_weights, g.top_weights)
        return eq.joint_parameters(both, eq.cross_network_parameters(g.width, g.cross_rank, g.cross_layers)) if g.crossed else both

    return g.once("multiplying", total)


def _networks(eq: Reading, g: Lowered) -> Any:
    """Every parameter but those of the tables."""
    biases = eq.joint_parameters(eq.joint_parameters(g.bottom_biases, g.top_biases), g.cross_biases)
    return g.once("networks", lambda: eq.joint_parameters(_multiplying(eq, g), biases))


def _work(eq: Reading, g: Lowered, batch: Any) -> Any:
    """The arithmetic of scoring a batch."""
    networks = eq.forward_work(_multiplying(eq, g), batch, 0.0, 0.0)
    pooled = eq.joint_work(networks, eq.pooling_work(g.lookups, g.tables, g.embedding_dim, batch))
    return pooled if g.crossed else eq.joint_work(pooled, eq.work_from_macs(eq.dot_interaction_macs(g.pairs, g.embedding_dim), batch))
