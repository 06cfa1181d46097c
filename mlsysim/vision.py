"""Layer A, workloads that see and make images: vision transformers, and diffusion models.

A vision transformer goes through the same equations as a transformer of language; what differs is what stands before and
behind its layers. One multiply-accumulate is two FLOPs, where much of the literature on vision counts it as one.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from pydantic import field_validator

from . import quantities as q
from .errors import InputError
from .facts import Origin
from .nouns import Lowered, Noun
from .readings import NUMBERS, Reading
from .workloads import (
    CNNWorkload,
    Configured,
    Demand,
    Published,
    Workload,
    attention_work,
    by_operators,
    cnn_demand,
    matmul_parameters,
    transformer_training,
    vector_parameters,
)

_FORWARD_WORK = q.nomenclature()["ForwardWork"]


class Conditioning(Noun):
    """How time step and label act on the layers of a denoiser: one vector for each image, mapped to shifts, scales and gates.

    ``block_vectors`` of them go to each layer and ``final_vectors`` to what follows; the time step enters as a sinusoid of
    ``frequency`` numbers, the label from a table of ``labels`` rows. All maps have a bias.
    """

    block_vectors: q.BlockModulations
    final_vectors: q.FinalModulations
    frequency: q.Frequencies
    labels: q.Labels = 0


class VisionTransformerWorkload(Configured):
    """A transformer over the patches of a square image, described by its geometry.

    With ``classes`` it classifies; with ``out_channels`` it gives back an image of as many channels, as a denoiser does.

    Its step is one forward pass or one training step over a batch of images. As with every transformer here, activations are
    taken to stay on the chip in a forward pass, and those of training have the classic form with an MLP four times as wide.

    Examples
    --------
    >>> small = VisionTransformerWorkload(name="small", image_size=32, patch=4, layers=2, hidden=64, heads=4, mlp_width=256, classes=10)
    >>> small.parameters
    108106
    """

    config_reader: ClassVar[str] = "vision_geometry"
    training_precisions: ClassVar[tuple[str, ...]] = ("bf16", "fp16", "fp8")

    image_size: q.ImageSize
    patch: q.Patch
    channels: q.Channels = 3
    layers: q.Layers
    hidden: q.Hidden
    heads: q.Heads
    mlp_width: q.MlpWidth
    gated: bool = False
    class_tokens: q.ClassTokens = 1
    learned_positions: bool = True
    classes: q.Classes | None = None
    out_channels: q.Channels | None = None
    conditioning: Conditioning | None = None
    attention_bias: bool = True
    mlp_bias: bool = True
    norm_bias: bool = True
    norms_per_layer: q.NormsPerLayer = 2
    final_norm: bool = True
    published: Published = Published()

    def model_post_init(self, context: Any) -> None:
        """Refuse a geometry that cannot exist."""
        if self.image_size % self.patch:
            raise InputError(f"image_size={self.image_size} is no multiple of patch={self.patch}")
        if self.hidden % self.heads:
            raise InputError(f"hidden={self.hidden} is no multiple of heads={self.heads}")

    @cached_property
    def geometry(self) -> Lowered:
        """The geometry as plain numbers, for a solver."""
        fields = {n: n for n in ("image_size", "patch", "channels", "layers", "hidden", "heads", "mlp_width", "class_tokens")}
        fields |= {n: n for n in ("classes", "out_channels") if getattr(self, n) is not None}
        if self.conditioning is not None:
            fields |= {n: f"conditioning.{n}" for n in type(self.conditioning).model_fields}
        g = self.lower("model", fields, moe=False, latent=False, causal=False, local=False, conditioned=self.conditioning is not None)
        role = self.zoo_name or "model"

        def counted(name: str, value: float, like: str = "") -> None:
            g.__dict__[name] = value
            g.origins[name] = g.origins[like] if like else Origin(f"{role}.{name}")

        counted("kv_heads", g.heads, "heads")
        counted("dense_layers", g.layers, "layers")
        counted("head_dim", g.hidden / g.heads)
        counted("matrices", 3.0 if self.gated else 2.0)
        tokens = NUMBERS.image_tokens(NUMBERS.patch_count(g.image_size, g.patch), g.class_tokens)
        g.__dict__["learned_positions"] = tokens if self.learned_positions else 0.0
        g.origins["learned_positions"] = Origin(f"{role}.positions", None, self.facts.get("learned_positions"))
        counted("norm_vectors", (self.layers * self.norms_per_layer + self.final_norm) * (2.0 if self.norm_bias else 1.0))
        counted("biases", self._biases(g))
        return g

    def _biases(self, g: Lowered) -> float:
        """Elements of biases: of layers, of the maps before and behind them, and of conditioning."""
        total = g.hidden + g.__dict__.get("classes", 0.0) + g.patch**2 * g.__dict__.get("out_channels", 0.0)
        total += g.layers * 4 * g.hidden * self.attention_bias
        total += g.layers * ((g.matrices - 1) * g.mlp_width + g.hidden) * self.mlp_bias
        if g.conditioned:
            total += (g.layers * g.block_vectors + g.final_vectors + 2) * g.hidden
        return total

    @property
    def parameters(self) -> int:
        """Parameters, counted from the geometry."""
        return round(vision_parameters(NUMBERS, self.geometry))

    def forward_flops(self) -> Any:
        """Return the arithmetic of a forward pass over one image; a multiply-accumulate is two FLOPs."""
        return _FORWARD_WORK.quantity(vision_work(NUMBERS, self.geometry, 1.0))

    def training_flops(self) -> Any:
        """Return the arithmetic that training needs for one image, forward and backward."""
        return _FORWARD_WORK.quantity(NUMBERS.training_work(vision_work(NUMBERS, self.geometry, 1.0), 0.0))

    def demand(self, eq: Reading, x: Lowered) -> Demand:
        """Return what a step with ``x.batch_size`` images asks for."""
        return vision_demand(eq, x.model, x, x.batch_size)


def patch_parameters(eq: Reading, g: Lowered) -> Any:
    """Return the parameters of the maps that are applied to every patch, before the layers and behind them."""

    def total() -> Any:
        embedding = eq.patch_embedding_parameters(g.patch, g.channels, g.hidden)
        if not g.has("out_channels"):
            return embedding
        return eq.joint_parameters(embedding, eq.patch_embedding_parameters(g.patch, g.out_channels, g.hidden))

    return g.once("patch_maps", total)


def image_parameters(eq: Reading, g: Lowered) -> Any:
    """Return the parameters of the maps that are applied once to an image: classifier and conditioning."""

    def total() -> Any:
        head = eq.output_head_parameters(g.classes, g.hidden) if g.has("classes") else 0.0
        if not g.conditioned:
            return head
        vectors = eq.conditioning_vectors(g.layers, g.block_vectors, g.final_vectors)
        maps = eq.joint_parameters(eq.modulation_parameters(g.hidden, vectors), eq.timestep_parameters(g.frequency, g.hidden))
        return eq.joint_parameters(head, maps)

    return g.once("image_maps", total)


def vision_parameters(eq: Reading, g: Lowered) -> Any:
    """Return every parameter of a vision transformer."""

    def total() -> Any:
        tables = eq.embedding_parameters(g.labels if g.conditioned else 0.0, g.hidden, 1.0, g.learned_positions, g.class_tokens)
        maps = eq.joint_parameters(patch_parameters(eq, g), image_parameters(eq, g))
        around = eq.joint_parameters(eq.joint_parameters(tables, maps), vector_parameters(eq, g))
        return eq.joint_parameters(matmul_parameters(eq, g), around)

    return g.once("all", total)


def vision_work(eq: Reading, g: Lowered, batch: Any) -> Any:
    """Return the arithmetic of a forward pass over a batch of images."""
    patches = eq.patch_count(g.image_size, g.patch)
    sequence = eq.image_tokens(patches, g.class_tokens)
    layers = eq.forward_work(matmul_parameters(eq, g), eq.token_count(batch, sequence), 0.0, 0.0)
    around = eq.forward_work(patch_parameters(eq, g), eq.token_count(batch, patches), image_parameters(eq, g), batch)
    return eq.total_forward_work(eq.joint_work(layers, around), attention_work(eq, g, batch, sequence))


def vision_demand(eq: Reading, g: Lowered, x: Lowered, batch: Any) -> Demand:
    """Return what one step of a vision transformer over ``batch`` images asks for; every weight is read."""
    parameters = vision_parameters(eq, g)
    weights = eq.weight_bytes(parameters, x.weight_size)
    work = vision_work(eq, g, batch)
    sequence = eq.image_tokens(eq.patch_count(g.image_size, g.patch), g.class_tokens)
    moved = None
    if x.has("fused_share"):
        tokens = eq.token_count(batch, sequence)
        moved = eq.encoder_traffic(g.layers, g.hidden, g.mlp_width, x.fused_share, tokens, x.element_size)
    if x.phase == "training":
        attention = attention_work(eq, g, batch, sequence)
        demand = transformer_training(eq, g, x, sequence, batch, work, attention, parameters, weights, weights)
        if moved is not None:
            moved = eq.trained_traffic(moved, x.training_passes_mixed)
            demand.traffic = eq.convolution_traffic(weights, moved)
        return by_operators(eq, x, demand, moved, g.layers, 3.0 * MATRICES)
    traffic = eq.pass_traffic(weights, 0.0) if moved is None else eq.convolution_traffic(weights, moved)
    demand = Demand(batch, work, work, traffic, eq.serving_footprint(weights, 0.0), weights)
    return by_operators(eq, x, demand, moved, g.layers, MATRICES)


MATRICES = 4.0
"""Matrices of a layer: queries, keys and values in one, what follows attention, and two of the MLP."""


class DiffusionWorkload(Workload):
    """A model that makes an image from noise in ``steps`` calls of a denoiser.

    The ``denoiser`` is a vision transformer over the patches of the image or latent, or a network given by its published counts
    (:class:`~mlsysim.CNNWorkload`), as a U-Net is. With ``guidance`` every image is denoised twice in each step, with and
    without its condition, in one batch.

    A ``forward`` step makes whole images: all denoising steps, one after the other. A ``training`` step denoises each image
    once, without guidance. Left out are what encodes a prompt and what decodes a latent into pixels.

    Examples
    --------
    >>> from mlsysim import CNNWorkload
    >>> net = CNNWorkload(name="U-Net", parameters=1_000_000, macs=5e8, activations=1e6)
    >>> DiffusionWorkload(name="small", denoiser=net, steps=50).image_flops()
    <Quantity(0.1, 'teraflop')>
    """

    training_precisions: ClassVar[tuple[str, ...]] = ("bf16", "fp16")
    family: ClassVar[str] = "other"

    denoiser: VisionTransformerWorkload | CNNWorkload
    steps: q.SamplingSteps
    guidance: bool = True
    published: Published = Published()

    @field_validator("denoiser", mode="before")
    @classmethod
    def _of_one_kind(cls, given: Any) -> Any:
        """Build what its fields say, not both kinds in turn, so that an error speaks of one."""
        return (CNNWorkload if "macs" in given else VisionTransformerWorkload)(**given) if isinstance(given, Mapping) else given

    @cached_property
    def geometry(self) -> Lowered:
        """The denoiser's geometry, with the number of steps, as plain numbers."""
        g = self.lower("model", {"steps": "steps"}, denoiser=self.denoiser.geometry)
        g.__dict__["evaluations"] = 2.0 if self.guidance else 1.0
        g.origins["evaluations"] = Origin(f"{self.zoo_name or 'model'}.evaluations")
        return g

    @property
    def parameters(self) -> int:
        """Parameters of the denoiser."""
        return round(self.denoiser.parameters)

    def image_flops(self) -> Any:
        """Return the arithmetic of making one image; a multiply-accumulate is two FLOPs."""
        g = self.geometry
        batch = NUMBERS.guided_batch(1.0, g.evaluations)
        transformer = isinstance(self.denoiser, VisionTransformerWorkload)
        one = vision_work(NUMBERS, g.denoiser, batch) if transformer else NUMBERS.work_from_macs(g.denoiser.macs, batch)
        return _FORWARD_WORK.quantity(NUMBERS.sampling_work(one, g.steps))

    def demand(self, eq: Reading, x: Lowered) -> Demand:
        """Return what a step with ``x.batch_size`` images asks for."""
        g = x.model
        network = vision_demand if isinstance(self.denoiser, VisionTransformerWorkload) else cnn_demand
        if x.phase == "training":
            return network(eq, g.denoiser, x, x.batch_size)
        one = network(eq, g.denoiser, x, eq.guided_batch(x.batch_size, g.evaluations))
        work = eq.sampling_work(one.work, g.steps)
        traffic = eq.sampling_traffic(one.traffic, g.steps)
        demand = Demand(x.batch_size, work, work, traffic, one.footprint, one.weights, working=one.working)
        if one.moved is not None:
            demand.moved = eq.sampling_traffic(one.moved, g.steps)
            demand.launch = None if one.launch is None else eq.launch_time(g.steps, one.launch)
        return demand
