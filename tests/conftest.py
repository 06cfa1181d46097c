"""Shared by the tests: small fleets to solve on, and one catalogue of results of every solver."""

import pytest
from hypothesis import settings

from mlsysim import (
    CollectiveModel,
    DistributedModel,
    EconomicsModel,
    Fleet,
    Infrastructure,
    LoadModel,
    Models,
    ReliabilityModel,
    ServingModel,
    SingleNodeModel,
    SustainabilityModel,
    Systems,
    profile,
)

settings.register_profile("mlsysim", max_examples=50, deadline=None, derandomize=True)
settings.load_profile("mlsysim")


@pytest.fixture(scope="session")
def terms():
    """Return lifetime and maintenance as published, for EconomicsModel."""
    owned = Infrastructure.Prices.Server_Lifetime.assumption
    return {"lifetime": owned.lifetime, "maintenance_rate": owned.maintenance_rate}


@pytest.fixture(scope="session")
def four():
    """Return one node of four H100 in a building on a grid."""
    return Fleet(
        node=Systems.Nodes.HGX_H100_4, nodes=1, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.Quebec
    )


@pytest.fixture(scope="session")
def cluster():
    """Return 256 H100 with everything stated: building, grid, storage."""
    return Systems.Clusters.Research_256.replace(
        datacenter=Infrastructure.Datacenters.Meta_Fleet_2023,
        grid=Infrastructure.Grids.US_Average,
        storage=Systems.Storage.Checkpoint_Store,
    )


@pytest.fixture(scope="session")
def layouts():
    """Return layouts of 256 devices that put every kind of communication on the wire."""
    llama, mixtral, deepseek = Models.Language.Llama3_70B, Models.Language.Mixtral_8x7B, Models.Language.DeepSeek_V3
    common = {"batch_size": 512, "seq_len": 4096, "recompute": "full"}
    return {
        "data": dict(model=Models.Language.Llama3_8B, **{**common, "recompute": "selective"}, zero_stage=2),
        "zero3": dict(model=Models.Language.Llama3_8B, **{**common, "recompute": "none"}, tp_size=2, zero_stage=3),
        "tensor-pipeline": dict(model=llama, **common, tp_size=8, pp_size=4, zero_stage=1),
        "interleaved": dict(model=llama, **common, tp_size=8, pp_size=4, virtual_stages=2, zero_stage=1),
        "context": dict(model=llama, **common, tp_size=4, pp_size=4, cp_size=2, zero_stage=1, microbatch_size=2),
        "experts": dict(model=mixtral, **common, tp_size=4, ep_size=8, zero_stage=1),
        "flash": dict(
            model=llama,
            **{**common, "recompute": "selective"},
            tp_size=8,
            pp_size=4,
            zero_stage=1,
            attention="flash",
            schedule="zero-bubble",
            sequence_parallel=True,
        ),
        "uneven": dict(model=llama, **common, tp_size=4, pp_size=32, zero_stage=1, bucket_size="1 GB"),
        "wide": dict(model=llama, **common, tp_size=16, pp_size=4, tp_across_nodes=True),
        "latent": dict(model=deepseek, **common, tp_size=8, ep_size=32, zero_stage=3),
    }


@pytest.fixture(scope="session")
def results(four, cluster, terms, layouts):
    """Return a solved result of every solver and every kind of step, by name."""
    from mlsysim import Hardware

    h100 = Hardware.Cloud.H100
    found = {}
    for phase in ("forward", "prefill", "decode"):
        found[f"single {phase}"] = SingleNodeModel().solve(Models.Language.Llama3_8B, h100, batch_size=4, seq_len=2048, phase=phase)
    found["single training"] = SingleNodeModel().solve(
        Models.Language.BERT_Large, h100, batch_size=4, seq_len=512, precision="bf16", phase="training"
    )
    found["single offload"] = SingleNodeModel().solve(
        Models.Language.Llama3_70B, h100, batch_size=4, seq_len=2048, phase="decode", memory_level="host"
    )
    found["single cnn"] = SingleNodeModel().solve(Models.Vision.ResNet50, h100, batch_size=8)
    found["single cnn training"] = SingleNodeModel().solve(Models.Vision.ResNet50, h100, batch_size=8, phase="training", efficiency=0.4)
    found["single vision"] = SingleNodeModel().solve(Models.Vision.ViT_B16, h100, batch_size=32)
    found["single vision training"] = SingleNodeModel().solve(
        Models.Vision.ViT_B16, h100, batch_size=32, precision="bf16", phase="training"
    )
    found["single diffusion"] = SingleNodeModel().solve(Models.Diffusion.DiT_XL2, h100, batch_size=4)
    found["single recommendation"] = SingleNodeModel().solve(Models.Recommendation.DLRM_DCNv2, h100, batch_size=2048)
    for phase in ("prefill", "decode"):
        found[f"single state space {phase}"] = SingleNodeModel().solve(
            Models.Language.Mamba_2_8B, h100, batch_size=4, seq_len=2048, phase=phase
        )
    for phase in ("prefill", "decode"):
        found[f"single local {phase}"] = SingleNodeModel().solve(
            Models.Language.Gemma2_9B, h100, batch_size=4, seq_len=8000, phase=phase, efficiency=0.7
        )
    found["serving local"] = ServingModel().solve(
        Models.Language.GPT_OSS_20B, hardware=h100, batch_size=16, input_len=1024, output_len=256, efficiency=0.6
    )
    found["serving one"] = ServingModel().solve(
        Models.Language.Llama3_8B, hardware=h100, batch_size=16, input_len=1024, output_len=256, efficiency=0.6
    )
    serving = ServingModel().solve(Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=1024, output_len=256, tp_size=4)
    found["serving four"] = serving
    found["serving experts"] = ServingModel().solve(
        Models.Language.Mixtral_8x7B, fleet=cluster, batch_size=16, input_len=1024, output_len=256, tp_size=4, pp_size=2
    )
    found["serving paged"] = ServingModel().solve(
        Models.Language.Llama3_8B, hardware=h100, batch_size=16, input_len=1000, output_len=250, page_size=16
    )
    deepseek = {"model": Models.Language.DeepSeek_V3, "fleet": cluster, "precision": "bf16", "input_len": 1024, "output_len": 256}
    found["serving expert-parallel"] = ServingModel().solve(**deepseek, batch_size=16, tp_size=8, ep_size=16)
    found["serving speculative"] = ServingModel().solve(
        Models.Language.Llama3_70B, fleet=four, batch_size=4, input_len=1024, output_len=256, tp_size=4, prefix_len=256,
        draft=Models.Language.Llama3_8B, draft_tokens=4, acceptance_rate=0.7,
    )  # fmt: skip
    small = {"model": Models.Language.Llama3_8B, "fleet": four, "input_len": 1024, "output_len": 256}
    served = ServingModel().solve(**small, batch_size=32)
    found["load"] = LoadModel().solve(served, "20 request/s", output_variability=0.5, ttft_target="100 ms")
    found["load chunked"] = LoadModel().solve(served, "20 request/s", chunk_size=384, prompt_variability=1)
    found["load pipelined"] = LoadModel().solve(serving, "0.5 request/s")
    found["load apart"] = LoadModel().solve(
        served, "50 request/s", prefill=ServingModel().solve(**small, tp_size=2), kv_bandwidth="50 GB/s"
    )
    for name, layout in layouts.items():
        found[f"distributed {name}"] = DistributedModel().solve(fleet=cluster, **layout)
    measured, wide = profile("collectives"), {"fleet": cluster, "devices": 64}
    found["collective"] = CollectiveModel().solve("all-reduce", "64 MB", node=Systems.Nodes.DGX_H100)
    found["collective across"] = CollectiveModel().solve("all-reduce", "64 MB", **wide, efficiency=measured)
    found["collective gather"] = CollectiveModel().solve("all-gather", "64 MB", **wide, efficiency=measured)
    found["collective exchange"] = CollectiveModel().solve("all-to-all", "64 MB", **wide, efficiency=0.8)
    training = found["distributed tensor-pipeline"]
    found["economics"] = EconomicsModel().solve(four, "1 year", utilization=0.5, **terms)
    found["economics serving"] = EconomicsModel().solve(four, "1 year", serving=serving, utilization=0.5, **terms)
    found["economics training"] = EconomicsModel().solve(cluster, "90 days", training=training, discount_rate=0.08, **terms)
    found["economics full"] = EconomicsModel().solve(
        cluster, "90 days", utilization=0.6, discount_rate=0.08, residual_value=0.1, network_price="1500 USD", network_power="40 W",
        facility_price="12 USD/W", facility_lifetime="15 years", staff_cost="500000 USD/year", rental="3 USD/hour", **terms,
    )  # fmt: skip
    found["sustainability"] = SustainabilityModel().solve(cluster, "30 days", utilization=0.7, lifetime="5 years")
    found["sustainability full"] = SustainabilityModel().solve(
        cluster, "7.3 hours", grid=Infrastructure.Grids.California, utilization=0.7, lifetime="5 years", network_power="30 W",
        renewable_share=0.5, market_intensity="400 gCO2e/kWh", start_hour="2.2 hours",
    )  # fmt: skip
    found["reliability"] = ReliabilityModel().solve(cluster, "54 days", training=training, recovery_time="10 min")
    found["reliability given"] = ReliabilityModel().solve(cluster, "54 days", checkpoint_time="60 s", recovery_time="10 min")
    parts = {
        "node_mtbf": None,
        "accelerator_mtbf": "80000 hours",
        "nic_mtbf": "3e6 hours",
        "link_mtbf": "6e5 hours",
        "host_mtbf": "24000 hours",
    }
    found["reliability full"] = ReliabilityModel().solve(
        cluster.replace(node__reliability=parts), "54 days", training=training, recovery_time="10 min", checkpoint_interval="30 min",
        spares=2, repair_time="48 hours", availability_target=0.999,
    )  # fmt: skip
    return found
