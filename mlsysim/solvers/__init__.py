"""Layer E, solvers: each has one ``solve``, a pure function of its arguments."""

from .base import Efficiency
from .collective import CollectiveModel
from .distributed import DistributedModel
from .economics import EconomicsModel
from .load import LoadModel
from .reliability import ReliabilityModel
from .serving import ServingModel
from .single_node import SingleNodeModel
from .sustainability import SustainabilityModel

SOLVERS = (
    SingleNodeModel, DistributedModel, ServingModel, LoadModel, CollectiveModel, EconomicsModel, SustainabilityModel, ReliabilityModel,
)  # fmt: skip

__all__ = [s.__name__ for s in SOLVERS] + ["SOLVERS", "Efficiency"]
