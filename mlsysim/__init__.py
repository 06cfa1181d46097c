"""mlsysim: the executable reference for machine-learning systems.

>>> from mlsysim import Hardware, Models, SingleNodeModel
>>> step = SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=64, seq_len=2048, phase="decode")
>>> step.bottleneck
'memory'

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accuracy.calibrate import calibrate
    from .equation import EQUATIONS, Equation, equation
    from .errors import InfeasibleError, InputError, LayoutError, MissingFactError, MlsysimError, UnitError, UnknownNameError
    from .facts import Fact
    from .hardware import ComputeCore, HardwareNode, Link, MemoryHierarchy, PeakRates, PowerRatings
    from .infrastructure import Datacenter, GridProfile
    from .profiles import Profile, profile
    from .published.citing import cite
    from .published.registry import Published, lookup
    from .readings import NUMBERS, Reading
    from .recommendation import RecommendationWorkload
    from .results import (
        CollectiveResult,
        DistributedResult,
        EconomicsResult,
        LoadResult,
        PerformanceProfile,
        ReliabilityResult,
        ServingResult,
        SustainabilityResult,
    )
    from .solvers import (
        CollectiveModel,
        DistributedModel,
        EconomicsModel,
        Efficiency,
        LoadModel,
        ReliabilityModel,
        ServingModel,
        SingleNodeModel,
        SustainabilityModel,
    )
    from .statespace import StateSpaceWorkload
    from .systems import Fleet, NetworkFabric, Node, Storage
    from .units import Q
    from .vision import Conditioning, DiffusionWorkload, VisionTransformerWorkload
    from .workloads import CNNWorkload, LatentAttention, TransformerWorkload, Workload

__version__ = "0.1.0"
__released__ = "2026-11-22"

_HOMES = {
    "accuracy.calibrate": "calibrate",
    "equation": "EQUATIONS Equation",
    "errors": "InfeasibleError InputError LayoutError MissingFactError MlsysimError UnitError UnknownNameError",
    "facts": "Fact",
    "hardware": "ComputeCore HardwareNode Link MemoryHierarchy PeakRates PowerRatings",
    "infrastructure": "Datacenter GridProfile",
    "profiles": "Profile profile",
    "published.citing": "cite",
    "published.registry": "Published lookup",
    "recommendation": "RecommendationWorkload",
    "results": "CollectiveResult DistributedResult EconomicsResult LoadResult PerformanceProfile ReliabilityResult ServingResult "
    "SustainabilityResult",
    "solvers": "CollectiveModel DistributedModel EconomicsModel Efficiency LoadModel ReliabilityModel ServingModel SingleNodeModel "
    "SustainabilityModel",
    "statespace": "StateSpaceWorkload",
    "systems": "Fleet NetworkFabric Node Storage",
    "units": "Q",
    "vision": "Conditioning DiffusionWorkload VisionTransformerWorkload",
    "workloads": "CNNWorkload LatentAttention TransformerWorkload Workload",
}
_HOME = {name: module for module, listed in _HOMES.items() for name in listed.split()}
_KINDS = ("Hardware", "Models", "Infrastructure", "Systems")

__all__ = [*_HOME, *_KINDS, "__released__", "__version__"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOME:
        value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in _KINDS:
        value = import_module(".zoo", __name__).Group(name)
    else:
        try:
            return import_module(f".{name}", __name__)
        except ModuleNotFoundError:
            from .errors import UnknownNameError, nearest

            raise UnknownNameError(f"mlsysim has no {name!r}: {nearest(name, __all__)}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
