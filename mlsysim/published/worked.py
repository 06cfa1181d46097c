"""The solves that the solver pages show and trace: what a solver uses is found by running it, not by being told."""

import inspect
import re
from functools import cache
from typing import Any

from .. import docstrings
from ..errors import UnknownNameError, nearest
from ..results import Result
from ..solvers import SOLVERS

PRELUDE = "from mlsysim import Fleet, Hardware, Infrastructure, Models, Systems, {name}\n"

EXAMPLES = {
    "SingleNodeModel": """step = SingleNodeModel().solve(
    Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=64, seq_len=2048, phase="decode"
)""",
    "ServingModel": """serving = ServingModel().solve(
    Models.Language.Llama3_70B, node=Systems.Nodes.HGX_H100_4, batch_size=16, input_len=1024, output_len=256, tp_size=4
)""",
    "LoadModel": """serving = ServingModel().solve(
    Models.Language.Llama3_70B, node=Systems.Nodes.HGX_H100_4, batch_size=16, input_len=1024, output_len=256, tp_size=4
)
load = LoadModel().solve(serving, "2 request/s", ttft_target="1 s")""",
    "DistributedModel": """training = DistributedModel().solve(
    Models.Language.Llama3_70B,
    Systems.Clusters.Research_256,
    batch_size=256,
    seq_len=8192,
    tp_size=8,
    pp_size=8,
    zero_stage=1,
)""",
    "CollectiveModel": """fleet = Fleet(node=Systems.Nodes.DGX_H100, nodes=16, fabric=Systems.Fabrics.InfiniBand_NDR)
reduced = CollectiveModel().solve("all-reduce", "1 GB", fleet=fleet)""",
    "EconomicsModel": """fleet = Fleet(
    node=Systems.Nodes.HGX_H100_4, nodes=1, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average
)
serving = ServingModel().solve(Models.Language.Llama3_70B, fleet=fleet, batch_size=16, input_len=1024, output_len=256, tp_size=4)
terms = Infrastructure.Prices.Server_Lifetime.assumption
cost = EconomicsModel().solve(
    fleet, "1 year", serving=serving, utilization=0.5, lifetime=terms.lifetime, maintenance_rate=terms.maintenance_rate
)""",
    "SustainabilityModel": """fleet = Fleet(
    node=Systems.Nodes.DGX_H100, nodes=32, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average
)
impact = SustainabilityModel().solve(fleet, "30 days", lifetime=Infrastructure.Prices.Server_Lifetime.assumption.lifetime)""",
    "ReliabilityModel": """risk = ReliabilityModel().solve(
    Systems.Clusters.Llama3_405B, "54 days", checkpoint_time="60 s", recovery_time="10 min"
)""",
}
"""One call for each solver; its last name is the result."""

FURTHER = {
    "SingleNodeModel": [
        """r = SingleNodeModel().solve(Models.Language.Mixtral_8x7B, Hardware.Cloud.H200, batch_size=8, seq_len=2048, phase="prefill")""",
        """r = SingleNodeModel().solve(
    Models.Language.DeepSeek_V3, Hardware.Cloud.B200, batch_size=8, seq_len=2048, phase="decode", precision="fp8"
)""",
        """r = SingleNodeModel().solve(Models.Language.BERT_Large, Hardware.Cloud.A100, batch_size=8, seq_len=512, phase="training")""",
        """r = SingleNodeModel().solve(Models.Vision.ResNet50, Hardware.Cloud.A100, batch_size=8, phase="training")""",
        """r = SingleNodeModel().solve(Models.Vision.ResNet50, Hardware.Cloud.A100, batch_size=8)""",
        """r = SingleNodeModel().solve(Models.Tiny.DS_CNN_KWS, Hardware.Tiny.ESP32, precision="int8")""",
    ],
    "ServingModel": [
        """r = ServingModel().solve(
    Models.Language.DeepSeek_V3, fleet=Systems.Clusters.Research_256, batch_size=8, input_len=512, output_len=64, tp_size=8, ep_size=8
)""",
        """r = ServingModel().solve(
    Models.Language.Llama3_70B, node=Systems.Nodes.DGX_H100, batch_size=8, input_len=512, output_len=64, tp_size=4, pp_size=2, page_size=16
)""",
        """r = ServingModel().solve(
    Models.Language.Llama3_70B, node=Systems.Nodes.DGX_H100, batch_size=8, input_len=512, output_len=64, tp_size=8, prefix_len=128,
    draft=Models.Language.Llama3_8B, draft_tokens=4, acceptance_rate=0.7
)""",
    ],
    "LoadModel": [
        """served = ServingModel().solve(
    Models.Language.Llama3_8B, node=Systems.Nodes.DGX_H100, batch_size=16, input_len=1024, output_len=256, prefix_len=128
)
load = LoadModel().solve(served, "2 request/s", chunk_size=256)""",
        """served = ServingModel().solve(
    Models.Language.Llama3_8B, node=Systems.Nodes.DGX_H100, batch_size=16, input_len=1024, output_len=256, pp_size=2
)
load = LoadModel().solve(served, "2 request/s", prefill=served, kv_bandwidth="50 GB/s")""",
    ],
    "DistributedModel": [
        """r = DistributedModel().solve(
    Models.Language.Mixtral_8x7B, Systems.Clusters.Research_256, 256, 4096, tp_size=2, ep_size=8, zero_stage=3, recompute="full"
)""",
        """r = DistributedModel().solve(
    Models.Language.Llama3_8B, Systems.Clusters.Research_256, 64, 8192, tp_size=4, cp_size=4, zero_stage=2
)""",
    ],
    "CollectiveModel": [
        """r = CollectiveModel().solve("all-reduce", "1 MB", node=Systems.Nodes.DGX_H100)""",
        """fleet = Fleet(node=Systems.Nodes.DGX_A100, nodes=4, fabric=Systems.Fabrics.InfiniBand_HDR)
r = CollectiveModel().solve("all-gather", "1 GB", fleet=fleet)""",
        """fleet = Fleet(node=Systems.Nodes.DGX_A100, nodes=4, fabric=Systems.Fabrics.InfiniBand_HDR)
r = CollectiveModel().solve("all-to-all", "1 GB", fleet=fleet, efficiency=profile("collectives"))""",
        """fleet = Fleet(node=Systems.Nodes.DGX_A100, nodes=4, fabric=Systems.Fabrics.InfiniBand_HDR)
r = CollectiveModel().solve("reduce-scatter", "1 GB", fleet=fleet, efficiency=profile("collectives"))""",
        """fleet = Fleet(node=Systems.Nodes.AWS_P4de, nodes=2, fabric=Systems.Fabrics.EFA_V1)
r = CollectiveModel().solve("all-reduce", "1 GB", fleet=fleet, efficiency=profile("collectives"))""",
    ],
    "EconomicsModel": [
        """fleet = Systems.Clusters.Research_256.replace(
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average
)
t = DistributedModel().solve(Models.Language.Llama3_70B, fleet, 256, 8192, tp_size=8, pp_size=8, zero_stage=1)
terms = Infrastructure.Prices.Server_Lifetime.assumption
r = EconomicsModel().solve(
    fleet, "1 year", training=t, lifetime=terms.lifetime, maintenance_rate=terms.maintenance_rate, discount_rate=0.05
)""",
        """fleet = Systems.Clusters.Research_256.replace(
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average
)
terms = Infrastructure.Prices.Server_Lifetime.assumption
r = EconomicsModel().solve(
    fleet, "1 year", lifetime=terms.lifetime, maintenance_rate=terms.maintenance_rate, discount_rate=0.05, residual_value=0.1,
    network_price="1000 USD", network_power="30 W", facility_price="12 USD/W", facility_lifetime="15 years",
    staff_cost="500000 USD/year", rental=Infrastructure.Prices.H100_Cloud_OnDemand
)""",
        """fleet = Systems.Clusters.Research_256.replace(
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average
)
terms = Infrastructure.Prices.Server_Lifetime.assumption
r = EconomicsModel().solve(
    fleet, "1 year", lifetime=terms.lifetime, maintenance_rate=terms.maintenance_rate, network_price=0.1, network_power=0.05
)""",
    ],
    "SustainabilityModel": [
        """fleet = Fleet(
    node=Systems.Nodes.DGX_H100, nodes=32, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.California
)
r = SustainabilityModel().solve(fleet, "6 hours", network_power="30 W", renewable_share=0.5, start_hour="17 hour")"""
    ],
    "ReliabilityModel": [
        """fleet = Systems.Clusters.Research_256.replace(storage=Systems.Storage.Checkpoint_Store)
t = DistributedModel().solve(Models.Language.Llama3_70B, fleet, 256, 8192, tp_size=8, pp_size=8, zero_stage=1)
r = ReliabilityModel().solve(
    fleet, "30 days", training=t, recovery_time="10 min", spares=1, repair_time="24 hours", availability_target=0.99
)""",
        """parts = {"accelerator_mtbf": "79000 hours", "host_mtbf": "24000 hours"}
fleet = Systems.Clusters.Research_256.replace(node__reliability=parts)
r = ReliabilityModel().solve(fleet, "30 days")""",
    ],
}
"""Further solves, so that the equations of every branch are found."""


def solver(name: str) -> Any:
    """Return a solver by name."""
    found = {s.__name__: s for s in SOLVERS}
    if name not in found:
        raise UnknownNameError(f"no solver is called {name!r}: {nearest(name, found)}")
    return found[name]


def run(text: str) -> Result:
    """Return the last result of a program."""
    import mlsysim

    scope: dict[str, Any] = {n: getattr(mlsysim, n) for n in mlsysim.__all__}
    exec(text, scope)
    return [v for v in scope.values() if isinstance(v, Result)][-1]


def example(name: str) -> Result:
    """Return the result of a solver's example, solved anew so that what it touches can be seen."""
    return run(EXAMPLES[name])


def call_text(name: str) -> str:
    """Return the example as a program that stands alone."""
    text = EXAMPLES[name]
    names = sorted(
        {
            n
            for n in re.findall(r"\b[A-Z]\w+", text)
            if n in ("Fleet", "Hardware", "Infrastructure", "Models", "Systems") or n.endswith("Model")
        }
    )
    variable = text[: text.rfind(" = ")].split("\n")[-1] if "\n" not in text else re.findall(r"^(\w+) = ", text, re.MULTILINE)[-1]
    return f"from mlsysim import {', '.join(names)}\n\n{text}\nprint({variable})\n"


def signature(name: str) -> str:
    """Return the call as people write it."""
    parameters = list(inspect.signature(solver(name).solve).parameters.values())[1:]
    parts = []
    for p in parameters:
        parts.append(p.name if p.default is p.empty else f"{p.name}={p.default!r}")
    return f"{name}().solve(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def arguments(name: str) -> list[tuple[str, str, str]]:
    """Return each argument with its default and meaning."""
    found = docstrings.arguments(solver(name).solve)
    return [(a.name, "needed" if a.needed else repr(a.default), a.meaning) for a in found]


@cache
def equations_of(name: str) -> tuple[str, ...]:
    """Return the equations that a solver uses, found by tracing its solves."""
    found: dict[str, None] = {}
    for text in [EXAMPLES[name], *FURTHER.get(name, [])]:
        for why in run(text).why().values():
            found |= dict.fromkeys(why.equations)
    return tuple(sorted(found))


@cache
def solvers_using(equation: str) -> tuple[str, ...]:
    """Return the solvers that use an equation."""
    return tuple(s.__name__ for s in SOLVERS if equation in equations_of(s.__name__))
