"""Where a model's memory and arithmetic go: its parts, by the equations that count the whole."""

from dataclasses import dataclass
from html import escape
from typing import Any

from .. import zoo
from ..readings import NUMBERS as N
from ..recommendation import RecommendationWorkload, _networks, _work
from ..statespace import StateSpaceWorkload, _matrices
from ..units import people, shown
from ..vision import DiffusionWorkload, VisionTransformerWorkload, image_parameters, patch_parameters
from ..workloads import CNNWorkload, TransformerWorkload, attention_layer, attention_work, head_parameters, vector_parameters

SEQUENCE = 2048.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a model: numbers that are stored for it, and arithmetic that a forward pass spends on it."""

    says: str
    elements: float
    work: float


def _layers(g: Any, dense: float, sparse: float) -> float:
    return N.transformer_parameters(g.layers, g.dense_layers, dense, sparse, 0.0, 0.0)


def _matrices_work(parameters: float, tokens: float) -> float:
    return N.forward_work(parameters, tokens, 0.0, 0.0)


def _stack(g: Any, tokens: float) -> list[Part]:
    """The parts of a stack of transformer layers."""
    attention = _layers(g, attention_layer(N, g), attention_layer(N, g))
    found = [Part("attention matrices", attention, _matrices_work(attention, tokens))]
    found.append(Part("attention scores and mixing", 0.0, attention_work(N, g, 1.0, tokens)))
    if "mlp_width" in g.__dict__ and g.dense_layers:
        mlp = _layers(g, N.mlp_parameters(g.hidden, g.mlp_width, g.matrices), 0.0)
        found.append(Part("MLP", mlp, _matrices_work(mlp, tokens)))
    if g.moe:
        routed = [
            N.routed_expert_parameters(g.layers, g.dense_layers, n, g.hidden, g.expert_width, g.matrices)
            for n in (g.experts, g.experts_active)
        ]
        beside = _layers(g, 0.0, N.expert_parameters(g.hidden, g.expert_width, g.matrices, g.experts, 0.0, g.experts_shared))
        found.append(Part("routed experts", routed[0], _matrices_work(routed[1], tokens)))
        found.append(Part("router and shared experts" if g.experts_shared else "router", beside, _matrices_work(beside, tokens)))
    return [*found, Part("norms and biases", vector_parameters(N, g), 0.0)]


def _embeddings(g: Any, tokens: float, positions: float, types: float) -> list[Part]:
    """Tables at the entrance, and the head at the exit, which stores nothing of its own where it shares the table."""
    found = [Part("embeddings", N.embedding_parameters(g.vocab, g.hidden, 1.0, positions, types), 0.0)]
    head = head_parameters(N, g)
    own = N.embedding_parameters(g.vocab, g.hidden, g.tables - 1.0, 0.0, 0.0)
    if head or own:
        says = "output head" if own else "output head, which shares the embeddings"
        found.append(Part(says, own, N.forward_work(0.0, tokens, head, tokens)))
    return found


def _vision(g: Any) -> list[Part]:
    patches = N.patch_count(g.image_size, g.patch)
    tables = N.embedding_parameters(g.labels if g.conditioned else 0.0, g.hidden, 1.0, g.learned_positions, g.class_tokens)
    maps, once = patch_parameters(N, g), image_parameters(N, g)
    found = [Part("maps of patches", maps, _matrices_work(maps, patches)), Part("positions and other tables", tables, 0.0)]
    if once:
        found.append(Part("conditioning" if g.conditioned else "classifier", once, _matrices_work(once, 1.0)))
    return found + _stack(g, N.image_tokens(patches, g.class_tokens))


def parts(thing: Any) -> tuple[str, list[Part]]:
    """Return of what a forward pass is, in words, and the parts of a model."""
    if isinstance(thing, DiffusionWorkload):
        return "one call of the denoiser for one image", parts(thing.denoiser)[1]
    g = thing.geometry
    if isinstance(thing, TransformerWorkload):
        tokens = min(SEQUENCE, float(thing.max_context or SEQUENCE))
        found = _embeddings(g, tokens, g.learned_positions, g.token_types) + _stack(g, tokens)
        return f"a forward pass over {tokens:g} tokens", found
    if isinstance(thing, StateSpaceWorkload):
        blocks = _matrices(N, g)
        found = _embeddings(g, SEQUENCE, 0.0, 0.0)
        found.append(Part("projections and short convolutions", blocks, _matrices_work(blocks, SEQUENCE)))
        found.append(Part("scans", 0.0, N.scan_work(SEQUENCE, g.layers, g.inner, g.state)))
        return f"a forward pass over {SEQUENCE:g} tokens", [
            *found,
            Part("norms, biases and constants of the scan", vector_parameters(N, g), 0.0),
        ]
    if isinstance(thing, VisionTransformerWorkload):
        return "a forward pass over one image", _vision(g)
    if isinstance(thing, RecommendationWorkload):
        pooling = N.pooling_work(g.lookups, g.tables, g.embedding_dim, 1.0)
        tables = N.embedding_table_parameters(g.rows, g.embedding_dim)
        return "scoring one sample", [Part("tables", tables, pooling), Part("networks", _networks(N, g), _work(N, g, 1.0) - pooling)]
    if isinstance(thing, CNNWorkload):
        found = [
            Part("weights", g.parameters, N.work_from_macs(g.macs, 1.0)),
            Part("activations that one input writes", g.activations, 0.0),
        ]
        if g.has("peak_activations"):
            found.append(Part("of them, held at once at most", g.peak_activations, 0.0))
        return "a forward pass over one input", found
    return "", []


def html(name: str, root: str = "") -> str:
    """Return the table of a model's parts, with bars."""
    thing = zoo.load(name)
    step, found = parts(thing)
    counted = isinstance(thing, CNNWorkload) or (isinstance(thing, DiffusionWorkload) and isinstance(thing.denoiser, CNNWorkload))
    elements, work = sum(p.elements for p in found), sum(p.work for p in found)
    heads = ("Part", "Numbers stored", f"FLOP of {step}", "at fp16", "at int8", "at int4")

    def row(p: Part, tag: str = "td") -> str:
        sized = [people(N.weight_bytes(p.elements, size), "byte") if p.elements else "\u2013" for size in (2.0, 1.0, 0.5)]
        bars = [(p.elements, elements, _count(p.elements)), (p.work, work, people(p.work, "flop") if p.work else "\u2013")]
        first, last = (
            f'<{tag} class="mls-share" style="--share:{100 * part / whole if whole else 0:.1f}%">{text}'
            + (f" <small>{_percent(part / whole)}</small>" if part and tag == "td" else "")
            + f"</{tag}>"
            for part, whole, text in bars
        )
        return f'<tr><th scope="row">{escape(p.says)}</th>{first}{last}' + "".join(f"<{tag}>{s}</{tag}>" for s in sized) + "</tr>"

    total = "" if counted else f"<tfoot>{row(Part('all', elements, work))}</tfoot>"
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    return (
        f'<div class="pst-scrollable-table-container"><table class="table mls-table mls-parts"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(map(row, found))}</tbody>{total}</table></div>"
    )


def _count(value: float) -> str:
    for scale, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{shown(value / scale, 3)}\u00a0{letter}"
    return f"{value:g}" if value else "\u2013"


def _percent(share: float) -> str:
    return "< 0.1\u00a0%" if share < 0.001 else f"{100 * share:.1f}\u00a0%"
