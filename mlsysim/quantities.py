"""The nomenclature: every quantity is named once, with its symbol, coherent unit, meaning and span.

A zoo field, an equation's argument and a result field that mean the same thing are annotated with the same
alias, so they cannot disagree about a unit. Units here are coherent (factor one to the base units), so that
equations work on plain numbers; ``shown`` is the unit in which people say the quantity.
"""

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

from . import units
from .errors import InputError, UnitError

HUGE, TINY = 1e30, 1e-30
"""No quantity in coherent units is larger, or smaller and not zero: products of a few stay finite."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a quantity is.

    Attributes
    ----------
    latex, unit, meaning
        Symbol, coherent unit (``"count"`` for numbers of things, ``""`` for ratios) and sentence.
    span
        Plausible range in the coherent unit: where sliders, samples and numeric inverses live.
    integer
        A whole number of things.
    shown
        Unit for people; empty where it is the coherent unit.
    low, high, low_open
        What the door admits: ``low < x <= high`` or, with ``low_open`` false, ``low <= x <= high``.
    """

    latex: str
    unit: str
    meaning: str
    span: tuple[float, float]
    integer: bool = False
    shown: str = ""
    low: float = 0.0
    high: float = math.inf
    low_open: bool = True
    bare: bool = field(init=False, repr=False, compare=False)
    """Whether a number without a unit may stand for it (counts and ratios)."""

    floor: float = field(init=False, repr=False, compare=False)
    ceiling: float = field(init=False, repr=False, compare=False)
    """Between these a bare number is admitted at once; where none is, they cross."""

    def __post_init__(self) -> None:
        bare = self.unit in ("", "count")
        object.__setattr__(self, "bare", bare)
        object.__setattr__(self, "floor", max(self.low, TINY) if bare else math.inf)
        object.__setattr__(self, "ceiling", min(self.high, HUGE))

    @property
    def display(self) -> str:
        """The unit for people."""
        return self.shown or self.unit

    def read(self, value: Any, name: str) -> Any:
        """Return ``value`` as a plain float (or array of floats) in the coherent unit, or say what is wrong.

        Text, quantities and, for counts and ratios, bare numbers are accepted.
        """
        kind = type(value)
        if kind is float or kind is int:
            if self.floor < value <= self.ceiling and (kind is int or not self.integer or value % 1 == 0):
                return float(value)
            if not self.bare:
                raise UnitError(f"{name}={str(value)[:40]} has no unit: write for example '1 {self.display}' ({self.meaning})")
            number = _as_float(value, name)
        elif kind is str:
            number = self._from_text(value, name)
        else:
            number = self._from_object(value, name)
            if type(number) is not float:
                return self._check_array(number, name)
        if number != number or number in (math.inf, -math.inf):
            raise InputError(f"{name}={value!r} is not finite: {self.wanted()}")
        if number < self.low or number > self.high or (self.low_open and number == self.low):
            raise InputError(f"{name}={value!r} is out of range: {self.wanted()}")
        if abs(number) > HUGE or 0 < abs(number) < TINY:
            raise InputError(f"{name}={value!r} is beyond any {self.meaning}: {self.wanted()}")
        if self.integer and number != math.floor(number):
            raise InputError(f"{name}={value!r} is no whole number: {self.wanted()}")
        return number

    def wanted(self) -> str:
        """Say in words what the door admits."""
        kind = "a whole number" if self.integer else f"a quantity in {self.display}" if not self.bare else "a number"
        low = f"greater than {self.low:g}" if self.low_open else f"at least {self.low:g}"
        high = "" if self.high == math.inf else f" and at most {self.high:g}"
        unit = f" {self.unit}" if (self.low or high) and not self.bare else ""
        return f"{self.meaning} is {kind}, {low}{high}{unit}"

    def _from_text(self, value: str, name: str) -> float:
        try:
            number, unit = units.parse(value)
        except UnitError as error:
            raise UnitError(f"{name}={value[:40]!r}: {error}") from None
        if not unit and not self.bare:
            raise UnitError(f"{name}={value!r} has no unit: write for example '{value.strip()} {self.display}' ({self.meaning})")
        return number * self._factor(unit, value, name)

    def _from_object(self, value: Any, name: str) -> Any:
        if units.is_quantity(value):
            try:
                number = units.magnitude(value, self.unit)
            except UnitError:
                raise UnitError(f"{name}={value} has the wrong dimension: {self.wanted()}") from None
        elif isinstance(value, (list, tuple)):
            raise InputError(f"{name} is a {type(value).__name__}: for a sweep give a NumPy array; {self.wanted()}")
        elif isinstance(value, type | bool) or not (hasattr(value, "__float__") or hasattr(value, "shape")):
            raise InputError(f"{name}={value!r} is no number: {self.wanted()}")
        elif not self.bare:
            raise UnitError(f"{name}={value!r} has no unit: {self.wanted()}")
        else:
            number = value
        if getattr(number, "shape", ()) != ():
            if number.dtype.kind not in "iuf" or not number.size:
                raise InputError(f"{name} is an array of {number.size} {number.dtype}: give numbers; {self.wanted()}")
            return number.astype(float)
        return _as_float(number, name)

    def _check_array(self, number: Any, name: str) -> Any:
        above = number > self.low if self.low_open else number >= self.low
        good = above & (number <= self.high) & (number < HUGE) & ((number > TINY) | (number == 0))
        if good.all() and self.integer:
            good = number % 1 == 0
        if not good.all():
            raise InputError(f"{name} has a value that is out of range ({number[~good].flat[0]:g}): {self.wanted()}")
        return number

    def _factor(self, unit: str, value: str, name: str) -> float:
        try:
            return units.factor(unit, self.unit)
        except UnitError as error:
            if "cannot be read" not in str(error):
                raise
            raise UnitError(f"{name}={value!r} has the wrong dimension: {self.wanted()}") from None

    def quantity(self, number: Any) -> Any:
        """Return a coherent number as a quantity in the unit for people."""
        return units.Q(number / units.factor(self.display, self.unit), self.display)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        def validate(value: Any, info: Any) -> Any:
            number = self.read(value, info.field_name or "value")
            if type(number) is not float:
                raise InputError(f"{info.field_name} is an array: a thing has one {self.meaning}")
            if self.bare and not units.is_quantity(value):
                return int(number) if self.integer else number
            return units.Q(value) if isinstance(value, str) and not self.bare else value if not isinstance(value, str) else number

        return core_schema.with_info_plain_validator_function(validate)


def _as_float(value: Any, name: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(f"{name} is larger than any number here: it is not finite as a float") from None
    except (TypeError, ValueError):
        raise InputError(f"{name}={value!r} is no number") from None


def _q(latex: str, unit: str, meaning: str, span: tuple[float, float], shown: str = "", **bounds: Any) -> Any:
    return Annotated[Any, Symbol(latex, unit, meaning, span, shown=shown, **bounds)]


def _count(latex: str, meaning: str, span: tuple[float, float], **bounds: Any) -> Any:
    return Annotated[Any, Symbol(latex, "count", meaning, span, integer=True, **bounds)]


def _ratio(latex: str, meaning: str, span: tuple[float, float], **bounds: Any) -> Any:
    return Annotated[Any, Symbol(latex, "", meaning, span, **bounds)]


_FROM_ZERO: dict[str, Any] = {"low_open": False}

# Demand: arithmetic and bytes.
Work = _q(r"W", "flop", "arithmetic performed", (1e9, 1e18), "TFLOP", **_FROM_ZERO)
ModelWork = _q(r"W_\mathrm{model}", "flop", "arithmetic that the model itself needs", (1e9, 1e18), "TFLOP", **_FROM_ZERO)
ExecutedWork = _q(r"W_\mathrm{exec}", "flop", "arithmetic executed, recomputation included", (1e9, 1e18), "TFLOP", **_FROM_ZERO)
RecomputedWork = _q(r"W_\mathrm{re}", "flop", "forward arithmetic executed a second time", (1e9, 1e18), "TFLOP", **_FROM_ZERO)
ForwardWork = _q(r"W_\mathrm{fwd}", "flop", "arithmetic of the forward pass", (1e9, 1e18), "TFLOP", **_FROM_ZERO)
ActivationPasses = _q(r"\rho_a", "count", "times that a pass over a layer moves the activations that the layer stores", (1, 10))
Sweeps = _q(r"n_w", "count", "passes over the layers in a training step, where a backward one counts as two", (3, 4))
LogitBytes = _q(r"e_z", "byte", "bytes moved for each token's score of a vocabulary entry", (2, 64))
AttentionWork = _q(r"W_\mathrm{att}", "flop", "arithmetic of attention scores and mixing", (1e6, 1e18), "TFLOP", **_FROM_ZERO)
TokenWork = _q(r"w", "flop", "arithmetic for one token", (1e6, 1e13), "GFLOP", **_FROM_ZERO)
Traffic = _q(r"Q", "byte", "bytes moved to and from memory", (1e6, 1e15), "GB", **_FROM_ZERO)
Intensity = _q(r"I", "flop/byte", "arithmetic intensity", (0.1, 1e4), **_FROM_ZERO)
FlopPerParameter = _q(r"c", "flop", "arithmetic for one parameter and token", (1, 12))
FlopPerMac = _q(r"c_\mathrm{MAC}", "flop", "arithmetic of one multiply-accumulate", (1, 2))
Macs = _q(r"A", "count", "multiply-accumulate operations", (1e3, 1e12), **_FROM_ZERO)
DepthwiseMacs = _q(r"A_\mathrm{dw}", "count", "multiply-accumulate operations of depthwise convolutions", (1e3, 1e11), **_FROM_ZERO)
DepthwiseWork = _q(r"W_\mathrm{dw}", "flop", "arithmetic of depthwise convolutions", (1e6, 1e15), "GFLOP", **_FROM_ZERO)
DepthwiseCost = _ratio(r"\chi_\mathrm{dw}", "time of a depthwise multiply-accumulate over a dense one's", (1, 10), low=1, low_open=False)

# Geometry of a transformer.
Layers = _count(r"L", "transformer layers", (1, 200))
DenseLayers = _count(r"L_\mathrm{d}", "layers whose MLP is dense", (0, 10), **_FROM_ZERO)
Hidden = _count(r"h", "width of the residual stream", (64, 20480))
Heads = _count(r"a", "query heads of a layer", (1, 128))
KvHeads = _count(r"a_\mathrm{kv}", "key-value heads of a layer", (1, 128))
HeadDim = _count(r"d", "dimension of a head", (32, 256))
ValueDim = _count(r"d_v", "dimension of a head's value", (32, 256))
QueryRank = _count(r"r_q", "rank of the compressed query", (256, 2048))
KvRank = _count(r"r_\mathrm{kv}", "rank of the compressed key and value", (128, 1024))
RopeDim = _count(r"d_r", "rotary part of a head", (16, 128))
NopeDim = _count(r"d_n", "part of a head without position", (32, 256))
MlpWidth = _count(r"f", "inner width of the MLP", (256, 65536))
ExpertWidth = _count(r"f_e", "inner width of one expert", (256, 32768))
Matrices = _count(r"g", "weight matrices of an MLP (3 gated, 2 plain)", (2, 3))
Experts = _count(r"E", "routed experts of a layer", (1, 512))
ActiveExperts = _count(r"k", "routed experts that a token uses", (1, 16))
SharedExperts = _count(r"E_s", "experts that every token uses", (0, 4), **_FROM_ZERO)
CountedExperts = _count(r"E_c", "routed experts that are counted", (1, 512))
TouchedExperts = _q(r"E_t", "count", "distinct experts that a batch touches", (1, 512))
Vocabulary = _count(r"V", "entries of the vocabulary", (1, 300000))
EmbeddingTables = _count(r"n_t", "vocabulary tables (1 tied, 2 untied)", (1, 2))
Positions = _count(r"n_p", "learned position embeddings", (0, 8192), **_FROM_ZERO)
RelativeBuckets = _count(r"n_r", "learned biases of a head for relative positions", (0, 256), **_FROM_ZERO)
TokenTypes = _count(r"n_s", "learned token-type embeddings", (0, 4), **_FROM_ZERO)
Parameters = _count(r"N", "parameters", (1e3, 2e12), **_FROM_ZERO)
LayerParameters = _count(r"N_\mathrm{layer}", "parameters of a layer", (1e3, 1e11), **_FROM_ZERO)
DenseLayerParameters = _count(r"N_\mathrm{dense}", "parameters of a layer with a dense MLP", (1e3, 1e11), **_FROM_ZERO)
ExpertLayerParameters = _count(r"N_\mathrm{expert}", "parameters of a layer with experts", (1e3, 1e11), **_FROM_ZERO)
EmbeddingParameters = _count(r"N_\mathrm{emb}", "parameters of the embeddings and the output head", (1e3, 1e10), **_FROM_ZERO)
VectorParameters = _count(r"N_\mathrm{vec}", "parameters of norms and biases", (0, 1e7), **_FROM_ZERO)
MatmulParameters = _q(r"N_\mathrm{mm}", "count", "parameters that multiply each token", (1e3, 2e12), **_FROM_ZERO)
HeadParameters = _q(r"N_\mathrm{head}", "count", "parameters of the output head", (1e3, 1e10), **_FROM_ZERO)
Tokens = _q(r"T", "count", "tokens processed", (1, 1e9), **_FROM_ZERO)
LogitTokens = _q(r"T_\mathrm{out}", "count", "tokens whose next-token scores are computed", (1, 1e9), **_FROM_ZERO)
NewTokens = _count(r"s_q", "tokens of a sequence that are computed now", (1, 131072))
PastTokens = _count(r"s_p", "tokens of a sequence that were computed before", (0, 131072), **_FROM_ZERO)
NormsPerLayer = _count(r"n_n", "norms of a layer", (1, 4), **_FROM_ZERO)
NormVectors = _q(r"n_v", "count", "vectors of the residual width held by norms", (0, 500), **_FROM_ZERO)
Biases = _q(r"n_b", "count", "elements of biases and of norms inside attention", (0, 1e8), **_FROM_ZERO)
Pairs = _q(r"p_\mathrm{qk}", "count", "query-key pairs", (1, 1e12), **_FROM_ZERO)
WindowPairs = _q(r"p_w", "count", "query-key pairs inside the window", (1, 1e12), **_FROM_ZERO)
Sequence = _count(r"s", "tokens of a sequence", (1, 131072))
Context = _q(r"s", "count", "tokens of context a sequence", (1, 131072))
Window = _count(r"w", "tokens that a local layer attends to, itself included", (1, 131072))
GlobalEvery = _count(r"n_g", "layers of which one attends to everything", (1, 12))
GlobalLayers = _count(r"L_g", "layers that attend to everything", (0, 200), **_FROM_ZERO)
Page = _count(r"s_\mathrm{page}", "tokens of a cache page", (1, 256))
Batch = _count(r"b", "sequences or samples computed together", (1, 4096))
ElementSize = _q(r"e", "byte", "bytes of a stored element", (0.5, 8))
WeightSize = _q(r"e_w", "byte", "bytes of a stored weight", (0.5, 8))
KvSize = _q(r"e_\mathrm{kv}", "byte", "bytes of a cached key or value element", (0.5, 8))

# Memory that a job holds.
WeightBytes = _q(r"M_w", "byte", "memory of the weights", (1e3, 1e13), "GB", **_FROM_ZERO)
ReadWeightBytes = _q(r"Q_w", "byte", "weights read in a step", (1e3, 1e13), "GB", **_FROM_ZERO)
KvBytes = _q(r"M_\mathrm{kv}", "byte", "memory of the key-value cache", (1e3, 1e13), "GB", **_FROM_ZERO)
SequenceKvBytes = _q(r"m_\mathrm{kv}", "byte", "key-value cache of one sequence", (1e3, 1e12), "GB", **_FROM_ZERO)
ActivationBytes = _q(r"M_a", "byte", "memory of the activations", (1e3, 1e13), "GB", **_FROM_ZERO)
GradientBytes = _q(r"M_g", "byte", "memory of the gradients", (1e3, 1e13), "GB", **_FROM_ZERO)
BufferBytes = _q(r"M_b", "byte", "memory of gathered weights and of buckets for communication", (0, 1e12), "GB", **_FROM_ZERO)
BucketBytes = _q(r"M_\mathrm{bkt}", "byte", "memory of buckets for communication", (0, 1e11), "MB", **_FROM_ZERO)
OptimizerBytes = _q(r"M_o", "byte", "memory of the optimizer's state", (1e3, 1e13), "GB", **_FROM_ZERO)
StateBytes = _q(r"M_s", "byte", "memory of weights, gradients and optimizer state", (1e3, 1e14), "GB", **_FROM_ZERO)
Footprint = _q(r"M", "byte", "memory that the job needs on one device", (1e3, 1e13), "GB", **_FROM_ZERO)
OptimizerSize = _q(r"e_o", "byte", "optimizer state of a parameter", (1, 16))
GradientSize = _q(r"e_g", "byte", "bytes of a stored gradient element", (1, 8))
ResidualCoefficient = _q(r"c_r", "byte", "activation bytes for each token and unit of width", (1, 64))
ScoreCoefficient = _q(r"c_s", "byte", "activation bytes for each attention score", (1, 16))
ReplicatedCoefficient = _q(
    r"c_n", "byte", "activation bytes for each token and unit of width that tensor parallelism does not split", (0, 64), **_FROM_ZERO
)

# Geometry of a convolutional network.
OutputHeight = _count(r"H_o", "rows of the output", (1, 512))
OutputWidth = _count(r"W_o", "columns of the output", (1, 512))
Kernel = _count(r"K", "side of the kernel", (1, 11))
InputChannels = _count(r"C_i", "input channels", (1, 4096))
OutputChannels = _count(r"C_o", "output channels", (1, 4096))
Groups = _count(r"G", "channel groups", (1, 1))
Activations = _count(r"n_a", "activation elements written in a forward pass", (1, 1e9), **_FROM_ZERO)
ActivationPasses = _ratio(r"n_p", "times that operators read or write an activation in a forward pass", (2, 20))
FusedShare = _ratio(r"\phi_f", "share of the passes over activations that fused operators leave", (0.1, 1), high=1)
HostPace = _ratio(r"\pi_h", "time of a host for a kernel beside that of a present one", (1, 3))
TrainingPasses = _ratio(r"n_t", "activation traffic of a training step over that of its forward pass", (1, 12))

# Images as patches, diffusion.
ImageSize = _count(r"H", "side of a square image or latent", (8, 1024))
Patch = _count(r"p_i", "side of a square patch", (1, 64))
Patches = _q(r"n_i", "count", "patches of an image", (1, 65536))
Channels = _count(r"C", "channels of an image or latent", (1, 64))
ClassTokens = _count(r"n_c", "tokens beside the patches", (0, 8), **_FROM_ZERO)
Classes = _count(r"K_c", "classes that are told apart", (1, 30000))
Labels = _count(r"n_l", "rows of the table of labels", (0, 30000), **_FROM_ZERO)
Modulations = _q(r"n_m", "count", "vectors that conditioning hands to the layers", (0, 600), **_FROM_ZERO)
BlockModulations = _count(r"n_{m,b}", "vectors that conditioning hands to each layer", (0, 12), **_FROM_ZERO)
FinalModulations = _count(r"n_{m,f}", "vectors that conditioning hands to the last norm", (0, 4), **_FROM_ZERO)
Frequencies = _count(r"n_\omega", "width of the sinusoid of a time step", (16, 1024))
SamplingSteps = _count(r"n_d", "denoising steps for one image", (1, 1000))
Evaluations = _count(r"n_e", "images that are denoised for each one made (2 with classifier-free guidance)", (1, 2))

# Recommendation.
Rows = _count(r"n_r", "rows of all embedding tables", (1, 1e10))
Tables = _count(r"n_T", "embedding tables", (1, 1000))
EmbeddingDim = _count(r"d_e", "width of an embedding", (4, 1024))
Lookups = _count(r"n_q", "rows that a sample looks up in all tables", (1, 10000), **_FROM_ZERO)
DenseFeatures = _count(r"n_x", "numbers that a sample brings besides its categories", (1, 4096))
FeatureVectors = _count(r"n_v", "feature vectors that interact", (2, 1000))
InteractionPairs = _q(r"n_{vv}", "count", "pairs of feature vectors", (1, 1e6), **_FROM_ZERO)
FeatureWidth = _count(r"w_x", "numbers that go through the interaction", (16, 1e5))
CrossRank = _count(r"r_x", "rank of a cross layer", (1, 2048))
CrossLayers = _count(r"L_x", "cross layers", (1, 16))
LayerInputs = _count(r"n_\mathrm{in}", "inputs of a layer", (1, 1e5))
LayerOutputs = _count(r"n_\mathrm{out}", "outputs of a layer", (1, 1e5))
FlopPerAddition = _q(r"c_+", "flop", "arithmetic of one addition", (1, 2))

# State-space models.
Inner = _count(r"h_i", "width inside a state-space block", (64, 32768))
StateDim = _count(r"n_s", "numbers of state for each channel", (1, 256))
StepRank = _count(r"r_\Delta", "rank of the step size", (1, 1024))
StateGroups = _count(r"n_g", "groups that share the scan's vectors", (1, 16))
StateHeads = _count(r"a_s", "heads of a scan", (1, 512))
ConvolvedChannels = _count(r"h_c", "channels of the short convolution", (64, 40000))
ShortKernel = _count(r"k_c", "taps of the short convolution", (1, 8))
FlopPerState = _q(r"c_s", "flop", "arithmetic for one number of state and token", (1, 16))

# Supply: silicon.
Peak = _q(r"P", "flop/s", "peak arithmetic rate", (1e6, 1e16), "TFLOP/s")
Attainable = _q(r"P_\mathrm{att}", "flop/s", "attainable arithmetic rate", (1e6, 1e16), "TFLOP/s")
Bandwidth = _q(r"\beta", "byte/s", "memory bandwidth", (1e6, 1e14), "GB/s")
Capacity = _q(r"C", "byte", "memory capacity", (1e4, 1e12), "GB")
RidgePoint = _q(r"I^*", "flop/byte", "intensity at which compute and memory balance", (1, 1e4))
Power = _q(r"P_e", "W", "electrical power", (1e-3, 1e8), **_FROM_ZERO)
MaxPower = _q(r"P_\mathrm{max}", "W", "electrical power at full load", (1e-3, 1e8))
IdlePower = _q(r"P_\mathrm{idle}", "W", "electrical power at rest", (0, 1e7), **_FROM_ZERO)
PowerCap = _q(r"P_\mathrm{cap}", "W", "greatest electrical power that a device is allowed", (1e-3, 1e8))
HostPower = _q(r"P_h", "W", "electrical power of a server without its accelerators", (1e-3, 1e6), **_FROM_ZERO)
PowerShare = _ratio(r"\pi_e", "electrical power as a share of the rating", (0.05, 1), high=1, low_open=False)
HostShare = _ratio(r"\pi_h", "power of a server's host as a share of the rating of its accelerators", (0, 1), high=10, low_open=False)
Activity = _ratio(r"a", "share of the time in which a part of a device is busy", (0, 1), high=1, low_open=False)
ClockShare = _ratio(r"\phi", "clock under a power cap as a share of the clock without", (0.05, 1), high=1, low_open=False)
Clock = _q(r"\nu", "1/s", "clock frequency", (1e6, 1e10), "GHz")
MatrixUnits = _count(r"n_u", "matrix units of a device", (1, 1e5))
UnitWork = _q(r"w_u", "flop", "arithmetic of one matrix unit in one clock", (1, 1e6))
Pins = _count(r"n_\mathrm{pin}", "data pins of the memory", (8, 16384))
Balance = _q(r"B_m", "byte/flop", "bytes that memory moves while one operation is done", (1e-4, 10))
WorkPerJoule = _q(r"\epsilon_J", "flop/J", "arithmetic at the peak for each unit of energy", (1e6, 1e13), "GFLOP/J")
PinRate = _q(r"\beta_\mathrm{pin}", "byte/s", "data rate of one memory pin", (1e7, 1e10), "Gb/s")

# Efficiency and time.
Efficiency = _ratio(r"\eta", "share of a peak that is achieved", (0.05, 1), high=1)
Utilization = _ratio(r"u", "share of the time in use", (0.05, 1), high=1)
Contention = _ratio(r"\kappa", "how far compute and memory wait for each other (0 full overlap, 1 none)", (0.05, 1), high=1, low_open=False)
PowerActivity = _ratio(r"\alpha_P", "power at work over the power that the maker states", (0.5, 4))
CycleEnergy = _q(r"E_\mathrm{clk}", "J", "energy of a clock cycle of a microcontroller", (1e-11, 1e-9), "nJ")
SoftwareSlowdown = _ratio(r"\sigma", "time that a software stack takes over that of the one the constants hold for", (0.5, 4))
Overhead = _q(r"t_0", "s", "fixed launch and dispatch time", (1e-7, 1e-1), "ms", **_FROM_ZERO)
Time = _q(r"t", "s", "elapsed time", (1e-6, 1e7), "ms", **_FROM_ZERO)
ComputeTime = _q(r"t_c", "s", "time of the arithmetic", (1e-6, 1e5), "ms", **_FROM_ZERO)
MemoryTime = _q(r"t_m", "s", "time of the memory traffic", (1e-6, 1e5), "ms", **_FROM_ZERO)
CommunicationTime = _q(r"t_\ell", "s", "time of communication", (1e-6, 1e5), "ms", **_FROM_ZERO)
CollectiveStart = _q(r"t_\alpha", "s", "time of a collective with next to nothing to send", (1e-6, 1e-2), "us", **_FROM_ZERO)
HidingTime = _q(r"t_h", "s", "compute time behind which communication can hide", (1e-6, 1e5), "ms", **_FROM_ZERO)
IdealTime = _q(r"t_i", "s", "time with no losses", (1e-6, 1e5), "ms", **_FROM_ZERO)
StepTime = _q(r"t_s", "s", "time of a step", (1e-6, 1e5), "ms")
Mfu = _ratio(r"\mathrm{MFU}", "model FLOPs utilization", (0.01, 1), low_open=False)
Hfu = _ratio(r"\mathrm{HFU}", "hardware FLOPs utilization", (0.01, 1), low_open=False)

# Links and collectives.
Message = _q(r"m", "byte", "size of the buffer on a device", (1e3, 1e12), "MB", **_FROM_ZERO)
LinkBandwidth = _q(r"\beta_\ell", "byte/s", "bandwidth of a link in one direction", (1e8, 1e13), "GB/s")
LocalBandwidth = _q(r"\beta_\mathrm{in}", "byte/s", "bandwidth of a device inside its node, one direction", (1e9, 1e13), "GB/s")
RemoteBandwidth = _q(r"\beta_\mathrm{out}", "byte/s", "bandwidth of a device to other nodes, one direction", (1e8, 1e12), "GB/s")
PrintedBandwidth = _q(r"\beta_p", "byte/s", "bandwidth of a link as printed", (1e8, 1e13), "GB/s")
Directions = _ratio(r"n_\rightarrow", "directions that a printed bandwidth adds up", (1, 2), low=1, high=2, low_open=False)
LinkLatency = _q(r"\alpha", "s", "latency of one message", (1e-7, 1e-4), "us", **_FROM_ZERO)
LocalLatency = _q(r"\alpha_\mathrm{in}", "s", "latency of one message inside a node", (1e-7, 1e-4), "us", **_FROM_ZERO)
RemoteLatency = _q(r"\alpha_\mathrm{out}", "s", "latency of one message between nodes", (1e-7, 1e-4), "us", **_FROM_ZERO)
HopMessages = _ratio(r"h", "messages one after another that a hop between devices costs", (1, 8), low=1, low_open=False)
Devices = _count(r"n", "devices that take part", (1, 1e5))
LocalDevices = _count(r"n_\mathrm{in}", "devices of a group inside a node", (1, 16))
Nodes = _count(r"n_\mathrm{out}", "nodes", (1, 1e4))
Nics = _count(r"n_\mathrm{nic}", "network ports of a node", (1, 16))
AlgorithmBandwidth = _q(r"B_\mathrm{alg}", "byte/s", "buffer size over time of a collective", (1e6, 1e13), "GB/s", **_FROM_ZERO)
BusBandwidth = _q(r"B_\mathrm{bus}", "byte/s", "bus bandwidth of a collective", (1e6, 1e13), "GB/s", **_FROM_ZERO)
BisectionBandwidth = _q(r"B_\mathrm{bis}", "byte/s", "bandwidth across the worst cut into halves", (1e9, 1e16), "TB/s", **_FROM_ZERO)
Oversubscription = _ratio(r"\omega", "bandwidth offered below a switch over bandwidth above it", (1, 8), low=1, low_open=False)
SwitchPorts = _count(r"k", "ports of a switch", (4, 128))
SpanNodes = _count(r"n_\mathrm{span}", "nodes over which a group of devices lies", (1, 1e4))
PodNodes = _count(r"n_\mathrm{pod}", "nodes that reach each other below the thinned level of the network", (1, 1e4))
GlobalHops = _count(r"h_g", "global links that a message passes", (1, 2))
TorusDimensions = _count(r"k_t", "dimensions of a torus", (1, 3))

# Parallel layouts.
TensorParallel = _count(r"t", "tensor-parallel degree", (1, 64))
PipelineParallel = _count(r"p", "pipeline stages", (1, 64))
ContextParallel = _count(r"c", "context-parallel degree", (1, 64))
ExpertParallel = _count(r"x", "expert-parallel degree", (1, 64))
DataParallel = _count(r"n_d", "data-parallel degree", (1, 1e5))
VirtualStages = _count(r"v", "virtual stages on a device", (1, 8))
GlobalBatch = _count(r"b_g", "sequences of an optimizer step over all replicas", (1, 65536))
MicrobatchSize = _count(r"b_m", "sequences of a microbatch", (1, 64))
FullStages = _q(r"p_f", "count", "stages that would hold all layers if each were as full as the fullest", (1, 64))
LayersHeld = _q(r"L_h", "count", "layers that a device holds", (1, 200))
DeviceParameters = _q(r"N_\mathrm{dev}", "count", "parameters on one device", (1e3, 1e12), **_FROM_ZERO)
InFlight = _q(r"m_f", "count", "microbatches whose activations a stage holds", (1, 128))
Repeats = _q(r"n_\times", "count", "times that a collective runs in a step", (0, 1e5), **_FROM_ZERO)
ZeroStage = _count(r"z", "stage of ZeRO (0 to 3)", (0, 3), low_open=False, high=3)
Microbatches = _count(r"m", "microbatches of a step", (1, 1024))
BubbleOverhead = _ratio(r"\phi", "idle time of the pipeline over its busy time", (0, 4), low_open=False)
BubbleFraction = _ratio(r"\phi_b", "share of time the pipeline idles", (0, 1), low_open=False)
ScalingEfficiency = _ratio(r"\epsilon", "share of the ideal speed that is kept", (0, 1), low_open=False)
Collectives = _count(r"n_c", "collectives of a layer", (1, 8))

# Serving.
Ttft = _q(r"t_1", "s", "time to first token", (1e-4, 1e3), "ms", **_FROM_ZERO)
QueueTime = _q(r"t_q", "s", "time that a request waits", (0, 1e3), "ms", **_FROM_ZERO)
Itl = _q(r"t_\Delta", "s", "time between two tokens of a sequence", (1e-4, 1e2), "ms", **_FROM_ZERO)
RequestLatency = _q(r"t_r", "s", "time from request to last token", (1e-3, 1e4), "s", **_FROM_ZERO)
InputLen = _count(r"s_i", "prompt tokens", (1, 131072))
OutputLen = _count(r"s_o", "generated tokens", (1, 16384))
Throughput = _q(r"X", "count/s", "tokens or samples a second", (1e-2, 1e8), **_FROM_ZERO)
RequestRate = _q(r"\lambda", "count/s", "requests a second", (1e-3, 1e4), **_FROM_ZERO)
DecodeThroughput = _q(r"X_d", "count/s", "tokens a second while decoding", (1e-2, 1e8), **_FROM_ZERO)
Replicas = _q(r"n_c", "count", "copies of the served model", (1, 1e4), **_FROM_ZERO)
Concurrency = _q(r"n_r", "count", "requests in the system", (1e-2, 1e4), **_FROM_ZERO)
LayerTime = _q(r"t_L", "s", "fixed time of each layer in a pass", (1e-7, 1e-2), "us", **_FROM_ZERO)
SequenceTime = _q(r"t_b", "s", "time that a serving runtime spends on each sequence in a pass", (1e-8, 1e-2), "us", **_FROM_ZERO)
MovedSize = _q(r"s_a", "byte", "bytes moved between kernels for each token, layer and unit of width", (1, 1e3), **_FROM_ZERO)
ExpansionWork = _q(r"w_x", "flop", "operations that turn a stored weight into a number of the arithmetic", (0.1, 100), **_FROM_ZERO)
MatvecLimit = _count(r"n_v^{\max}", "tokens that are multiplied one by one at most", (1, 64))
VectorColumns = _q(r"n_v", "count", "times that each weight is handled in a pass", (1, 64))
MaxBatch = _count(r"b_\mathrm{max}", "sequences that fit together", (0, 1e5), **_FROM_ZERO)

PrefixLen = _count(r"s_x", "prompt tokens whose keys and values are cached already", (0, 65536), **_FROM_ZERO)
DraftTokens = _count(r"\gamma_d", "tokens that a draft model proposes at a time", (1, 16), high=1000)
Acceptance = _ratio(r"\alpha_d", "probability that a proposed token is accepted", (0, 1), high=1, low_open=False)
TokensPerPass = _q(r"n_v", "count", "tokens that a verification pass gives a sequence", (1, 17))
DraftTime = _q(r"t_d", "s", "time of a step of the draft model", (1e-5, 1), "ms", **_FROM_ZERO)
VerifyTime = _q(r"t_v", "s", "time of a verification pass", (1e-4, 10), "ms", **_FROM_ZERO)

# Serving under load.
PromptTime = _q(r"t_p", "s", "time to compute one prompt", (1e-4, 1e3), "ms", **_FROM_ZERO)
MixedTime = _q(r"t_x", "s", "time of a step that carries a chunk of a prompt as well", (1e-4, 1e2), "ms", **_FROM_ZERO)
Tpot = _q(r"t_o", "s", "time for each output token, with the prompts computed in between", (1e-4, 1e2), "ms", **_FROM_ZERO)
ChunkSize = _count(r"s_c", "prompt tokens of a chunk", (16, 16384))
Chunks = _count(r"n_k", "chunks of a prompt", (1, 1000))
ServiceTime = _q(r"t_b", "s", "time that a request keeps a server busy", (1e-3, 1e4), "s", **_FROM_ZERO)
Servers = _count(r"c", "servers that share a queue", (1, 10000))
OfferedLoad = _ratio(r"\rho_o", "requests that arrive over requests that can be served", (0, 2), low_open=False)
Load = _ratio(r"\rho_s", "share of the servers' time in use", (0.01, 0.99), high=1)
Variability = _ratio(r"c_v^2", "squared coefficient of variation", (0, 4), low_open=False)
Percentile = _ratio(r"p_t", "share of requests that wait no longer", (0.5, 0.999), high=0.999999)
TransferRate = _q(r"\beta_x", "byte/s", "rate at which caches move between devices", (1e6, 1e13), "GB/s", **_FROM_ZERO)

# Money.
Price = _q(r"K", "USD", "price of the equipment", (1, 1e9), "USD", **_FROM_ZERO)
ResidualValue = _q(r"K_r", "USD", "value at the end of the lifetime", (0, 1e8), **_FROM_ZERO)
ResidualShare = _ratio(r"\rho_r", "value at the end of the lifetime as a share of the price", (0, 0.5), high=1, low_open=False)
PortPrice = _q(r"k_p", "USD", "price of the network for each port of a node", (100, 1e4), **_FROM_ZERO)
NetworkShare = _ratio(r"\sigma_n", "network as a share of the nodes", (0, 0.5), high=1, low_open=False)
Ports = _count(r"n_p", "ports of the nodes to the network", (1, 1e6), **_FROM_ZERO)
FacilityPrice = _q(r"k_f", "USD/W", "price of the building for each watt of IT power", (1, 50), "USD/kW", **_FROM_ZERO)
Charge = _q(r"K_t", "USD", "capital charged to the period", (1, 1e9), **_FROM_ZERO)
Rate = _q(r"r", "1/s", "rate of interest", (0, 1e-8), "1/year", **_FROM_ZERO)
PeriodRate = _ratio(r"i", "rate of interest of one period", (0, 0.3), high=1, low_open=False)
Periods = _q(r"n_y", "count", "number of periods", (1, 30))
RecoveryFactor = _ratio(r"\mathrm{CRF}", "share of the capital paid each period", (0.01, 1.2), low_open=False)
EnergyPrice = _q(r"p_e", "USD/J", "price of electricity", (1e-9, 2e-7), "USD/kWh", **_FROM_ZERO)
RentalRate = _q(r"p_r", "USD/s", "price of renting one accelerator", (1e-6, 1e-1), "USD/hour")
EnergyCost = _q(r"O_e", "USD", "cost of electricity", (1, 1e8), **_FROM_ZERO)
MaintenanceRate = _q(r"r_m", "1/s", "yearly maintenance as a share of the price", (1e-10, 1e-8), "percent/year", **_FROM_ZERO)
MaintenanceCost = _q(r"O_m", "USD", "cost of maintenance", (1, 1e8), **_FROM_ZERO)
StaffRate = _q(r"r_s", "USD/s", "yearly cost of staff", (1e-3, 10), "USD/year", **_FROM_ZERO)
StaffCost = _q(r"O_s", "USD", "cost of staff", (1, 1e8), **_FROM_ZERO)
RentalCost = _q(r"O_r", "USD", "cost of renting", (1, 1e9), **_FROM_ZERO)
BreakEven = _ratio(r"u^*", "utilization from which owning costs less than renting", (0.05, 1), low_open=False)
Cost = _q(r"\mathrm{TCO}", "USD", "total cost of ownership in the period", (1, 1e9), **_FROM_ZERO)
UnitCost = _q(r"k_q", "USD", "cost of one query", (1e-7, 1e2), **_FROM_ZERO)
PriceOfWork = _q(
    r"k_W", "USD/flop", "price of a device for each operation of its service life", (1e-22, 1e-12), "USD/(PFLOP/s*hour)", **_FROM_ZERO
)
MillionTokenCost = _q(r"k_M", "USD", "cost of a million tokens", (1e-3, 1e3), **_FROM_ZERO)
RunCost = _q(r"k_R", "USD", "cost of a training run", (1, 1e9), **_FROM_ZERO)
Queries = _q(r"n_q", "count", "queries answered", (1, 1e12))
TokensOut = _q(r"n_o", "count", "tokens generated", (1, 1e15))
TokensIn = _q(r"n_i", "count", "prompt tokens read", (1, 1e15))
PrefillShare = _ratio(r"\pi", "share of the busy time that goes into prompts", (0, 1), high=1, low_open=False)
Duration = _q(r"D", "s", "period considered", (3600, 3e8), "day")
Lifetime = _q(r"L_t", "s", "service life of the equipment", (3e7, 4e8), "year")

# Energy, carbon, water.
Energy = _q(r"E", "J", "electrical energy", (1e-3, 1e15), **_FROM_ZERO)
TokenEnergy = _q(r"E_t", "J", "electrical energy for each token", (1e-6, 1e6), **_FROM_ZERO)
ItEnergy = _q(r"E_\mathrm{IT}", "J", "energy of the IT equipment", (1, 1e15), "kWh", **_FROM_ZERO)
FacilityEnergy = _q(r"E_f", "J", "energy of the whole facility", (1, 1e15), "kWh", **_FROM_ZERO)
Pue = _ratio(r"\mathrm{PUE}", "power usage effectiveness", (1, 2.5), low=1, low_open=False)
Wue = _q(r"\mathrm{WUE}", "L/J", "water used on site for each unit of IT energy", (1e-9, 1e-6), "L/kWh", **_FROM_ZERO)
GridWater = _q(r"\mathrm{EWIF}", "L/J", "water consumed at power plants for each unit of electricity", (1e-9, 5e-6), "L/kWh", **_FROM_ZERO)
CarbonIntensity = _q(r"\gamma", "gCO2e/J", "carbon intensity of electricity", (1e-7, 3e-4), "gCO2e/kWh", **_FROM_ZERO)
HourFactor = _ratio(r"\chi", "carbon intensity of a span of hours over that of the whole day", (0.1, 3), low_open=False)
HourOfDay = _q(r"t_\mathrm{day}", "s", "time of day at which the work begins", (0, 82800), "hour", low_open=False, high=86400.0)
RenewableShare = _ratio(r"\sigma_g", "share of the electricity that certificates or contracts cover", (0, 1), high=1, low_open=False)
ShiftSaving = _ratio(
    r"\Delta_\chi", "share of the greenhouse gas saved by the best start over a random one", (0, 1), high=1, low_open=False
)
PortPower = _q(r"P_p", "W", "electrical power of the network for each port of a node", (1, 200), **_FROM_ZERO)
Carbon = _q(r"G", "gCO2e", "greenhouse gas emitted in operation", (1, 1e12), "kgCO2e", **_FROM_ZERO)
MarketCarbon = _q(r"G_m", "gCO2e", "greenhouse gas in operation by contracts", (1, 1e12), "kgCO2e", **_FROM_ZERO)
DeviceCarbon = _q(r"G_d", "gCO2e", "greenhouse gas of making the equipment", (1, 1e12), "kgCO2e", **_FROM_ZERO)
EmbodiedCarbon = _q(r"G_e", "gCO2e", "greenhouse gas of making the equipment, charged to the period", (1, 1e12), "kgCO2e", **_FROM_ZERO)
Water = _q(r"V_w", "L", "water consumed", (1e-3, 1e12), "L", **_FROM_ZERO)

# Reliability.
ComponentMtbf = _q(r"\mu_1", "s", "mean time between failures of one component", (3.6e6, 1e10), "hour")
Mtbf = _q(r"\mu", "s", "mean time between failures", (600, 1e9), "hour")
Components = _count(r"n_f", "components in series", (1, 1e6))
Probability = _ratio(r"q", "probability", (0, 1), high=1, low_open=False)
Failures = _q(r"n_x", "count", "expected number of failures", (0, 1e5), **_FROM_ZERO)
CheckpointTime = _q(r"\delta", "s", "time to write a checkpoint", (0.1, 3600), "s")
CheckpointBytes = _q(r"M_c", "byte", "size of a checkpoint: weights and optimizer state", (1e3, 1e14), "GB", **_FROM_ZERO)
StorageBandwidth = _q(r"\beta_s", "byte/s", "bandwidth of storage", (1e8, 1e13), "GB/s")
RecoveryTime = _q(r"R", "s", "time to restart after a failure", (1, 7200), "min", **_FROM_ZERO)
RepairTime = _q(r"R_r", "s", "time to bring a failed node back", (60, 1e6), "hour", **_FROM_ZERO)
Spares = _count(r"n_s", "spare nodes", (0, 64), high=200, **_FROM_ZERO)
LogFactorial = _ratio(r"\ln n_s!", "natural logarithm of the factorial of the spares", (0, 200), low_open=False)
Availability = _ratio(r"A_s", "share of the time with all nodes that the job needs", (0, 1), high=1, low_open=False)
AvailabilityTarget = _ratio(r"A^*", "share of the time in which all nodes shall be there", (0.5, 0.9999), high=0.999999999)
SeriesParameter = _ratio(r"\xi", "square root of the checkpoint time over twice the time between failures", (0.001, 1))
Interval = _q(r"\tau", "s", "work between two checkpoints", (1, 1e6), "min")
Goodput = _ratio(r"\psi", "share of the time that makes progress", (0, 1), low_open=False)

# Laws of scale.
TrainingTokens = _q(r"D_t", "count", "tokens trained on", (1e6, 1e14))
ComputeBudget = _q(r"C_b", "flop", "training compute", (1e15, 1e27), "TFLOP")
TokensPerParameter = _q(r"\rho", "count", "training tokens for each parameter", (5, 100))
ParallelShare = _ratio(r"f_p", "share of the work that can run in parallel", (0, 1), high=1, low_open=False)
Workers = _q(r"n_w", "count", "parallel workers", (1, 1e5))
Speedup = _ratio(r"S", "speed over that of one worker", (1, 1e5))
Loss = _ratio(r"\mathcal{L}", "training loss in nats a token", (1, 20))
IrreducibleLoss = _ratio(r"\mathcal{E}", "loss that no scale removes", (0.5, 3))
LossCoefficientN = _ratio(r"A_N", "coefficient of the loss in the parameters", (1, 1000))
LossCoefficientD = _ratio(r"B_D", "coefficient of the loss in the tokens", (1, 5000))
LossExponentN = _ratio(r"\alpha_N", "exponent of the loss in the parameters", (0.05, 1))
LossExponentD = _ratio(r"\beta_D", "exponent of the loss in the tokens", (0.05, 1))


@cache
def nomenclature() -> dict[str, Symbol]:
    """Return every quantity of the nomenclature by its name."""
    return {name: alias.__metadata__[0] for name, alias in globals().items() if hasattr(alias, "__metadata__")}


def symbol_of(alias: Any) -> Symbol | None:
    """Return the symbol that an annotation carries, if it carries one."""
    for part in (alias, *getattr(alias, "__args__", ())):
        for data in getattr(part, "__metadata__", ()):
            if isinstance(data, Symbol):
                return data
    return None
