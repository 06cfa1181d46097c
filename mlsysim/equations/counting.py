"""Counting: the sums and products that a step is made of."""

from ..equation import equation, example, limit
from ..quantities import (
    ActivationBytes,
    AttentionWork,
    Batch,
    Capacity,
    CommunicationTime,
    ComputeTime,
    Context,
    ContextParallel,
    DataParallel,
    DenseLayers,
    DeviceCarbon,
    DeviceParameters,
    Devices,
    Directions,
    Duration,
    Efficiency,
    ElementSize,
    ExpertParallel,
    ExpertWidth,
    Footprint,
    ForwardWork,
    GlobalBatch,
    Goodput,
    GradientBytes,
    HeadDim,
    HeadParameters,
    Hidden,
    HidingTime,
    IdealTime,
    InFlight,
    InputLen,
    KvBytes,
    KvHeads,
    Layers,
    LayersHeld,
    LinkBandwidth,
    LocalDevices,
    Matrices,
    MemoryTime,
    Message,
    Microbatches,
    MicrobatchSize,
    Nodes,
    NopeDim,
    OptimizerBytes,
    OptimizerSize,
    OutputLen,
    Parameters,
    Periods,
    PipelineParallel,
    Power,
    Price,
    PrintedBandwidth,
    Queries,
    Repeats,
    Replicas,
    RequestRate,
    RopeDim,
    Sequence,
    StateBytes,
    StepTime,
    TensorParallel,
    Throughput,
    Time,
    Tokens,
    TokensOut,
    TouchedExperts,
    Traffic,
    Utilization,
    Vocabulary,
    WeightBytes,
    WeightSize,
    Work,
)
from ..vocabulary import ceil

HERE = "mlsysim"


def _by_hand(gives: float | str, note: str, **inputs: float | str):
    return example(gives, kind="derived", note=note, tolerance=1e-12, **inputs)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(256, "32 nodes of 8", nodes=32, local_devices=8),
    limits=limit("one node", lambda local_devices, **_: local_devices, nodes=1),
)
def fleet_devices(nodes: Nodes, local_devices: LocalDevices) -> Devices:
    """Accelerators of a fleet of equal nodes.

    Holds when all nodes are alike.

    Stops holding when the fleet is mixed.
    """
    return nodes * local_devices


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(8, "4 tensor-parallel devices in each of 2 stages", tensor_parallel=4, pipeline_parallel=2),
    limits=limit("one stage", lambda tensor_parallel, **_: tensor_parallel, pipeline_parallel=1),
)
def replica_devices(tensor_parallel: TensorParallel, pipeline_parallel: PipelineParallel) -> Devices:
    """Devices of one copy of a served model.

    Holds when every stage has the same tensor-parallel degree.

    Stops holding when prefill and decode run on devices of their own.
    """
    return tensor_parallel * pipeline_parallel


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(1.5, "one microbatch: two gathers and a scatter, each half of an all-reduce", microbatches=1),
    limits=limit("one microbatch is half as much again as an all-reduce", lambda **_: 1.5, microbatches=1),
)
def sharded_reductions(microbatches: Microbatches) -> Repeats:
    """Traffic of fully sharded data parallelism in a step, in all-reduces of the gradients.

    Weights are gathered forward and backward for each microbatch, and the gradients are scattered once; a gather or a scatter is
    half of an all-reduce.

    Holds when weights are freed after each use.

    Stops holding when weights stay gathered between microbatches, or gradients are scattered after each of them.
    """
    return microbatches + 1 / 2


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("30 MB", "20 of weights and 10 of activations", weights="20 MB", activations="10 MB"),
    limits=limit("without activations the weights are left", lambda weights, **_: weights, activations=0.0),
)
def inference_footprint(weights: WeightBytes, activations: ActivationBytes) -> Footprint:
    """Memory that inference needs on one device: weights, and the activations held at once.

    Holds when buffers are reused as soon as the graph allows.

    Stops holding when the runtime plans its buffers less well, or keeps an arena of fixed size.
    """
    return weights + activations


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(8192, "2 sequences of 4096 tokens", batch=2, sequence=4096),
    limits=limit("one sequence has its own tokens", lambda sequence, **_: sequence, batch=1),
)
def token_count(batch: Batch, sequence: Sequence) -> Tokens:
    """Tokens of a batch of sequences of one length.

    Holds when all sequences have the same length, or are padded to it.

    Stops holding when sequences of many lengths are packed: then count the tokens themselves.
    """
    return batch * sequence


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(15, "10 in attention and 5 in the MLP", attention=10, mlp=5),
    limits=limit("without an MLP attention is left", lambda attention, **_: attention, mlp=0),
)
def block_parameters(attention: Parameters, mlp: Parameters) -> Parameters:
    """Parameters of the matrices of one transformer layer.

    Holds when a layer is one attention and one MLP (or one set of experts).

    Stops holding when layers share weights or carry adapters.
    """
    return attention + mlp


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(525336576, "128,256 x 4,096, as in Llama 3 8B", vocabulary=128256, hidden=4096),
    limits=limit("one entry has the width of the model", lambda hidden, **_: hidden, vocabulary=1),
)
def output_head_parameters(vocabulary: Vocabulary, hidden: Hidden) -> HeadParameters:
    """Parameters of the matrix that turns a hidden state into next-token scores.

    Holds when the head is one dense matrix, whether or not it is tied to the input embedding.

    Stops holding when the head is factored, or the vocabulary is sharded with padding.
    """
    return vocabulary * hidden


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(192, "128 without position and 64 rotary, as in DeepSeek-V3", nope_dim=128, rope_dim=64),
    limits=limit("a head of which nothing but one dimension turns", lambda nope_dim, **_: nope_dim + 1, rope_dim=1),
)
def query_key_dim(nope_dim: NopeDim, rope_dim: RopeDim) -> HeadDim:
    """Dimension of a query or key head whose rotary part stands apart.

    Holds when the rotary part is appended to the part without position.

    Stops holding when the rotary embedding turns the whole head.
    """
    return nope_dim + rope_dim


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("5 TFLOP", "3 + 2", matrices="3 TFLOP", attention="2 TFLOP"),
    limits=limit("without attention the matrices are left", lambda matrices, **_: matrices, attention=0.0),
)
def total_forward_work(matrices: ForwardWork, attention: AttentionWork) -> ForwardWork:
    """Arithmetic of a forward pass: the weight matrices, and attention between tokens.

    Holds when norms, activations and softmax are negligible beside the matrix products.

    Stops holding when the model is so narrow that elementwise work matters.
    """
    return matrices + attention


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("32 GB", "15 + 17", weights="15 GB", cache="17 GB"),
    limits=limit("without a cache the weights are left", lambda weights, **_: weights, cache=0.0),
)
def pass_traffic(weights: WeightBytes, cache: KvBytes) -> Traffic:
    """Least memory traffic of a pass: every weight read once, the cache read or written once.

    Holds when activations stay on the chip between operators, which makes it a lower bound.

    Stops holding when the working set of a layer outgrows the on-chip memory, so that activations travel too.
    """
    return weights + cache


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("30 GB", "20 of weights and 10 of activations", weights="20 GB", activations="10 GB"),
    limits=limit("without activations the weights are left", lambda weights, **_: weights, activations=0.0),
)
def convolution_traffic(weights: WeightBytes, activations: Traffic) -> Traffic:
    """Memory traffic of a convolutional pass: weights once, and every layer's activations.

    Holds when layers run one after the other and none keeps its output on the chip.

    Stops holding when layers are fused, which saves activation traffic.
    """
    return weights + activations


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("48 GB", "4 x (2 x 2 + 2 x 4)", weights="2 GB", activations="4 GB", microbatches=4),
    limits=limit(
        "one microbatch of weights alone: read forward and backward", lambda weights, **_: 2 * weights, activations=0.0, microbatches=1
    ),
)
def training_traffic(weights: WeightBytes, activations: ActivationBytes, microbatches: Microbatches) -> Traffic:
    """Least memory traffic of the forward and backward passes of a step on one device.

    Weights are read forward and backward for each microbatch; stored activations are written and read.

    Holds when kernels touch each stored tensor once each way, and gradients are added up where they are made.

    Stops holding when kernels re-read what they stored, or every microbatch writes its gradients out.
    """
    return microbatches * (2 * weights + 2 * activations)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("34 GB", "2 + 2 x 2 + 2 x 14", weights="2 GB", gradients="2 GB", optimizer="14 GB"),
    limits=limit("weights alone are written", lambda weights, **_: weights, gradients=0.0, optimizer=0.0),
)
def optimizer_traffic(weights: WeightBytes, gradients: GradientBytes, optimizer: OptimizerBytes) -> Traffic:
    """Least memory traffic of the optimizer's pass at the end of a step.

    Gradients and optimizer state are read and written, new weights are written.

    Holds when the update is fused into one pass over the state.

    Stops holding when the optimizer makes several passes, or its state is held elsewhere.
    """
    return weights + 2 * gradients + 2 * optimizer


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("26 GB", "16 of state and 10 of activations", state="16 GB", activations="10 GB"),
    limits=limit("without activations the state is left", lambda state, **_: state, activations=0.0),
)
def training_footprint(state: StateBytes, activations: ActivationBytes) -> Footprint:
    """Memory that training needs on one device: model state and stored activations.

    Holds when buffers, fragmentation and the framework's own memory are small beside both.

    Stops holding when communication buffers or long-context logits take a large share.
    """
    return state + activations


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("100 MB", "1e6 elements x 50 images x 2 bytes", elements=1e6, batch=50, element_size="2 byte"),
    limits=limit("one sample holds its own elements", lambda elements, element_size, **_: elements * element_size, batch=1),
)
def stored_activations(elements: Tokens, batch: Batch, element_size: ElementSize) -> ActivationBytes:
    """Memory of the activations that a batch keeps.

    Holds when every counted element is kept at one size.

    Stops holding when buffers are reused between layers, as inference does.
    """
    return elements * batch * element_size


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("450 GB/s", "900 GB/s printed for both directions, halved", printed="900 GB/s", directions=2),
    limits=limit("a figure for one direction stays", lambda printed, **_: printed, directions=1),
)
def one_way_bandwidth(printed: PrintedBandwidth, directions: Directions) -> LinkBandwidth:
    """Bandwidth of a link in one direction.

    Holds when both directions run at the same rate.

    Stops holding when the link is asymmetric.
    """
    return printed / directions


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("40 GB/s", "50 GB/s at 80 %", bandwidth="50 GB/s", efficiency=0.8),
    limits=limit("a perfect link has its printed rate", lambda bandwidth, **_: bandwidth, efficiency=1.0),
)
def achieved_bandwidth(bandwidth: LinkBandwidth, efficiency: Efficiency) -> LinkBandwidth:
    """Bandwidth of a link that a large message achieves.

    Holds when messages are large enough to fill the link.

    Stops holding when messages are small: then latency rules, which is counted apart.
    """
    return bandwidth * efficiency


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(2048, "1024 prompt and 1024 generated tokens", input_len=1024, output_len=1024),
    limits=limit("one generated token", lambda input_len, **_: input_len + 1, output_len=1),
)
def final_context(input_len: InputLen, output_len: OutputLen) -> Context:
    """Tokens in a sequence's cache when its last token has been made.

    Holds when nothing is evicted.

    Stops holding when a sliding window or eviction caps the cache.
    """
    return input_len + output_len


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(2048, "8192 tokens over 4 devices", sequence=8192, context_parallel=4),
    limits=limit("one device holds the whole sequence", lambda sequence, **_: sequence, context_parallel=1),
)
def context_share(sequence: Sequence, context_parallel: ContextParallel) -> Sequence:
    """Tokens of a sequence that one device holds under context parallelism.

    Holds when the devices divide the sequence.

    Stops holding when causal attention is balanced by giving devices unequal pieces.
    """
    return sequence / context_parallel


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("3 GB", "12 over 4", whole="12 GB", data_parallel=4),
    limits=limit("one replica holds all", lambda whole, **_: whole, data_parallel=1),
)
def sharded_bytes(whole: StateBytes, data_parallel: DataParallel) -> StateBytes:
    """Bytes of a part of the model state that one replica holds when all of them share it.

    Holds when the shards are equal.

    Stops holding when padding or gathered layers add to a shard.
    """
    return whole / data_parallel


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("3 TFLOP", "12 over 4", work="12 TFLOP", devices=4),
    limits=limit("one device does all", lambda work, **_: work, devices=1),
)
def device_share(work: Work, devices: Devices) -> Work:
    """Arithmetic of one device when all devices share a step evenly.

    Holds when no device waits for another's share.

    Stops holding when stages or experts are unbalanced.
    """
    return work / devices


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(58, "61 layers less 3 dense ones, as in DeepSeek-V3", layers=61, dense_layers=3),
    limits=limit("no dense layers", lambda layers, **_: layers, dense_layers=0),
)
def expert_layers(layers: Layers, dense_layers: DenseLayers) -> Layers:
    """Layers whose MLP is a set of experts.

    Holds when every layer is either dense or routed.

    Stops holding when a layer holds both side by side.
    """
    return layers - dense_layers


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(
        "4096 byte",
        "1 sequence of 8 tokens, 2 heads of 64 dimensions, keys and values, 2 bytes",
        microbatch=1,
        sequence=8,
        kv_heads=2,
        head_dim=64,
        element_size="2 byte",
        tensor_parallel=1,
    ),
    limits=limit(
        "a group of one holds all heads",
        lambda microbatch, sequence, kv_heads, head_dim, element_size, **_: 2 * microbatch * sequence * kv_heads * head_dim * element_size,
        tensor_parallel=1,
    ),
)
def context_parallel_message(
    microbatch: MicrobatchSize,
    sequence: Sequence,
    kv_heads: KvHeads,
    head_dim: HeadDim,
    element_size: ElementSize,
    tensor_parallel: TensorParallel,
) -> Message:
    """Keys and values of a layer that ring attention passes around a context-parallel group.

    Holds when every device sees every key and value once.

    Stops holding when causal masking lets a device skip later pieces.
    """
    return 2 * microbatch * sequence * kv_heads * head_dim * element_size / tensor_parallel


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("14 GB", "1e9 parameters: 2 bytes of weights and 12 of optimizer state each", parameters=1_000_000_000),
    limits=limit("no optimizer state", lambda parameters, weight_size, **_: weight_size * parameters, optimizer_size=0.0),
)
def checkpoint_bytes(parameters: Parameters, weight_size: WeightSize = 2.0, optimizer_size: OptimizerSize = 12.0) -> StateBytes:
    """Bytes of a checkpoint: weights and optimizer state of the whole model.

    Holds when each is written once, however it is sharded.

    Stops holding when replicas write copies, or data-loader and activation state is saved too.
    """
    return parameters * (weight_size + optimizer_size)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(2, "17,520 hours of 8,760 hours a year", duration="17520 hour"),
    limits=limit("no time is no years", lambda **_: 0.0, duration=0.0),
)
def years(duration: Duration, year: Duration = 31536000.0) -> Periods:
    """Years in a period, by the unit of a year that the registry has: one without leap days.

    Holds when leap days do not matter.

    Stops holding when a contract counts calendar days.
    """
    return duration / year


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("60 day", "54 days of work at a goodput of 0.9", duration="54 day", goodput=0.9),
    limits=limit("no loss", lambda duration, **_: duration, goodput=1.0),
)
def effective_duration(duration: Duration, goodput: Goodput) -> Duration:
    """Time that a job takes when only a share of it makes progress.

    Holds when the job is long beside the mean time between failures.

    Stops holding when a short job sees no failure at all.
    """
    return duration / goodput


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("12 FLOP", "48 over 2 x 2 devices", work="48 FLOP", tensor_parallel=2, pipeline_parallel=2),
    limits=limit("one device does all", lambda work, **_: work, tensor_parallel=1, pipeline_parallel=1),
)
def device_work(work: Work, tensor_parallel: TensorParallel, pipeline_parallel: PipelineParallel) -> Work:
    """Arithmetic of one device when tensor and pipeline parallelism split it evenly.

    Holds when layers and heads divide evenly over the devices.

    Stops holding when stages are unequal, for example when one carries the output head.
    """
    return work / (tensor_parallel * pipeline_parallel)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("35 GB", "140 over 4", whole="140 GB", tensor_parallel=4, pipeline_parallel=1),
    limits=limit("one device holds all", lambda whole, **_: whole, tensor_parallel=1, pipeline_parallel=1),
)
def device_bytes(whole: WeightBytes, tensor_parallel: TensorParallel, pipeline_parallel: PipelineParallel) -> WeightBytes:
    """Bytes on one device when tensor and pipeline parallelism split them evenly.

    Holds when every matrix is split, embeddings too.

    Stops holding when small tensors are replicated, which adds little.
    """
    return whole / (tensor_parallel * pipeline_parallel)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(20, "80 layers over 4 stages", layers=80, pipeline_parallel=4),
    limits=limit("one stage holds all layers", lambda layers, **_: layers, pipeline_parallel=1),
)
def layers_held(layers: Layers, pipeline_parallel: PipelineParallel) -> LayersHeld:
    """Layers that one pipeline stage holds.

    Holds when the stages divide the layers.

    Stops holding when stages are given unequal numbers of layers.
    """
    return layers / pipeline_parallel


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(1.75e9, "70e9 over 8 x 5", parameters=70_000_000_000, tensor_parallel=8, pipeline_parallel=5),
    limits=limit("one device holds all", lambda parameters, **_: parameters, tensor_parallel=1, pipeline_parallel=1),
)
def device_parameters(parameters: Parameters, tensor_parallel: TensorParallel, pipeline_parallel: PipelineParallel) -> DeviceParameters:
    """Parameters that one device holds under tensor and pipeline parallelism.

    Holds when both split the model evenly.

    Stops holding when embeddings unbalance the first and last stage.
    """
    return parameters / (tensor_parallel * pipeline_parallel)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(16, "512 sequences over 32 replicas of one sequence at a time", global_batch=512, data_parallel=32, microbatch_size=1),
    limits=limit("one replica and one sequence at a time", lambda global_batch, **_: global_batch, data_parallel=1, microbatch_size=1),
)
def microbatch_count(global_batch: GlobalBatch, data_parallel: DataParallel, microbatch_size: MicrobatchSize) -> Microbatches:
    """Microbatches that each replica runs in an optimizer step.

    Holds when the replicas and the microbatch size divide the global batch.

    Stops holding when the last microbatch is smaller.
    """
    return global_batch / (data_parallel * microbatch_size)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(4, "8 microbatches on 4 stages: never more than 4 in flight", microbatches=8, stages=4),
    limits=limit("one stage holds one", lambda **_: 1.0, stages=1),
)
def microbatches_in_flight(microbatches: Microbatches, stages: PipelineParallel) -> InFlight:
    """Microbatches whose activations the first stage holds under the one-forward-one-backward schedule.

    Holds when backward passes start as early as the schedule allows.

    Stops holding when all forward passes run first, which holds every microbatch.
    """
    return min(microbatches, stages)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("10 GB", "1 GB a layer, 5 layers, 2 microbatches", one_layer="1 GB", layers=5, in_flight=2),
    limits=limit("one layer and one microbatch", lambda one_layer, **_: one_layer, layers=1, in_flight=1),
)
def pipeline_activation_bytes(one_layer: ActivationBytes, layers: LayersHeld, in_flight: InFlight) -> ActivationBytes:
    """Activations that the first stage of a pipeline holds.

    Holds when every layer stores the same and the schedule is one-forward-one-backward without interleaving.

    Stops holding when stages are interleaved, activations are offloaded, or the schedule splits the backward pass.
    """
    return one_layer * layers * in_flight


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(
        45_097_156_608,
        "32 layers x 8 experts x 3 x 4096 x 14336, as in Mixtral 8x7B",
        layers=32,
        dense_layers=0,
        counted=8,
        hidden=4096,
        expert_width=14336,
        matrices=3,
    ),
    limits=limit("all layers dense", lambda **_: 0.0, layers=4, dense_layers=4),
)
def routed_expert_parameters(
    layers: Layers, dense_layers: DenseLayers, counted: TouchedExperts, hidden: Hidden, expert_width: ExpertWidth, matrices: Matrices
) -> Parameters:
    """Parameters of the routed experts of a model, all of them or those that are counted.

    Holds when every routed layer has the same experts.

    Stops holding when layers differ in their number or width of experts.
    """
    return (layers - dense_layers) * counted * matrices * hidden * expert_width


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(3, "1 shared by all and 8 of experts over 4 ranks", parameters=9, routed=8, expert_parallel=4),
    limits=limit("one rank holds all", lambda parameters, **_: parameters, expert_parallel=1),
)
def expert_sharded_parameters(parameters: Parameters, routed: Parameters, expert_parallel: ExpertParallel) -> Parameters:
    """Parameters that one expert-parallel rank holds: what is not routed, and its share of the experts.

    Holds when the ranks divide the experts.

    Stops holding when popular experts are held by several ranks.
    """
    return parameters - routed + routed / expert_parallel


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("6 ms", "3 collectives of 2 ms", one="2 ms", repeats=3),
    limits=limit("none takes no time", lambda **_: 0.0, repeats=0),
)
def repeated_time(one: CommunicationTime, repeats: Repeats) -> CommunicationTime:
    """Time of a collective that runs several times, one after the other.

    Holds when the repeats do not overlap each other.

    Stops holding when several run at once and share the link.
    """
    return one * repeats


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(320, "4 a layer, 20 layers, 4 microbatches", collectives=4, layers=20, microbatches=4),
    limits=limit("one microbatch and one layer", lambda collectives, **_: collectives, layers=1, microbatches=1),
)
def collective_count(collectives: Repeats, layers: LayersHeld, microbatches: Microbatches) -> Repeats:
    """Collectives that a device takes part in during a step.

    Holds when every layer runs the same collectives on every microbatch.

    Stops holding when microbatches share a collective.
    """
    return collectives * layers * microbatches


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("8 ms", "two thirds of 12 ms", compute="12 ms"),
    limits=limit("no compute hides nothing", lambda **_: 0.0, compute=0.0),
)
def backward_time(compute: ComputeTime) -> HidingTime:
    """Part of a training step's compute that the backward pass takes, behind which gradient traffic can hide.

    Holds when the backward pass costs twice the forward pass.

    Stops holding when recomputation adds forward work to it; then more can hide.
    """
    return 2 * compute / 3


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("15 ms", "8 + 2 + 1 + 3 + 1", compute="8 ms", tensor="2 ms", expert="1 ms", context="3 ms", stage="1 ms"),
    limits=limit("without communication the compute is left", lambda compute, **_: compute, tensor=0.0, expert=0.0, context=0.0, stage=0.0),
)
def busy_time(
    compute: StepTime, tensor: CommunicationTime, expert: CommunicationTime, context: CommunicationTime, stage: CommunicationTime
) -> IdealTime:
    """Time for which a device works on its share of a step, with the communication that it waits for.

    Holds when tensor, expert, context and pipeline traffic stand on the critical path.

    Stops holding when kernels overlap that traffic with compute.
    """
    return compute + tensor + expert + context + stage


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("12 ms", "10 pipelined, 1 exposed, 1 for the optimizer", passes="10 ms", exposed="1 ms", update="1 ms"),
    limits=limit("nothing exposed and no optimizer", lambda passes, **_: passes, exposed=0.0, update=0.0),
)
def training_step_time(passes: Time, exposed: CommunicationTime, update: MemoryTime) -> StepTime:
    """Time of an optimizer step: forward and backward passes, gradient traffic that nothing hides, and the optimizer's own pass.

    Holds when the optimizer starts after the last gradient has arrived.

    Stops holding when parameters are updated while the backward pass still runs.
    """
    return passes + exposed + update


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("6 ms", "1 + 2 + 3", tensor="1 ms", data="2 ms", pipeline="3 ms", expert="0 ms", context="0 ms"),
    limits=limit("data-parallel traffic alone", lambda data, **_: data, tensor=0.0, pipeline=0.0, expert=0.0, context=0.0),
)
def total_exposed_time(
    tensor: CommunicationTime, data: CommunicationTime, pipeline: CommunicationTime, expert: CommunicationTime, context: CommunicationTime
) -> CommunicationTime:
    """Communication of a step that no compute hides.

    Holds when each part is already the exposed part of its kind.

    Stops holding when the parts overlap each other.
    """
    return tensor + data + pipeline + expert + context


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("40 ms", "4 stages of 10 ms", stage="10 ms", stages=4),
    limits=limit("one stage", lambda stage, **_: stage, stages=1),
)
def through_stages(stage: StepTime, stages: PipelineParallel) -> StepTime:
    """Time of one batch through all stages of a pipeline, one after the other.

    Holds when the stages are equal.

    Stops holding when one stage is slower: then it sets the pace of the others.
    """
    return stage * stages


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(16, "64 sequences over 4 stages", batch=64, stages=4),
    limits=limit("one stage runs the whole batch", lambda batch, **_: batch, stages=1),
)
def stage_batch(batch: Batch, stages: PipelineParallel) -> Batch:
    """Sequences that a stage computes at a time when a serving pipeline is kept full.

    Holds when as many groups of sequences as stages are in flight.

    Stops holding when fewer sequences than stages are there; one at a time is the least.
    """
    return ceil(batch / stages)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(2, "8 heads over 4 devices", heads=8, tensor_parallel=4),
    limits=limit("one device holds all heads", lambda heads, **_: heads, tensor_parallel=1),
)
def heads_held(heads: KvHeads, tensor_parallel: TensorParallel) -> KvHeads:
    """Key-value heads that a device holds; where devices outnumber heads, each holds a copy of one.

    Holds when heads are dealt whole.

    Stops holding when a head is split over devices.
    """
    return ceil(heads / tensor_parallel)


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("60 GB", "35 + 25", first="35 GB", second="25 GB"),
    limits=limit("nothing added", lambda first, **_: first, second=0.0),
)
def joint_capacity(first: Capacity, second: Capacity) -> Capacity:
    """Memory that can hold a model: main memory, and storage that weights are executed from.

    Holds when weights are read in place, as microcontrollers do from flash.

    Stops holding when weights must be copied into main memory first.
    """
    return first + second


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(43200, "1 request a second for half of a day", rate="1 request/s", duration="1 day", utilization=0.5),
    limits=limit("always busy", lambda rate, duration, **_: rate * duration, utilization=1.0),
)
def requests_served(rate: RequestRate, duration: Duration, utilization: Utilization) -> Queries:
    """Requests that a system answers in a period.

    Holds when it runs at its full rate for that share of the time.

    Stops holding when load comes in bursts that queue or are dropped.
    """
    return rate * duration * utilization


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(8.64e7, "1000 tokens a second for a day", rate="1000 token/s", duration="1 day", utilization=1.0),
    limits=limit("always busy", lambda rate, duration, **_: rate * duration, utilization=1.0),
)
def tokens_served(rate: Throughput, duration: Duration, utilization: Utilization) -> TokensOut:
    """Tokens that a system generates in a period.

    Holds when it runs at its full rate for that share of the time.

    Stops holding when load comes in bursts that queue or are dropped.
    """
    return rate * duration * utilization


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("2 request/s", "400 tokens a second, 200 for each request", throughput="400 token/s", output_len=200),
    limits=limit("one token a request", lambda throughput, **_: throughput, output_len=1),
)
def request_rate(throughput: Throughput, output_len: OutputLen) -> RequestRate:
    """Requests a second that an output rate answers.

    Holds when every request generates the same number of tokens.

    Stops holding when lengths vary and long requests hold their place.
    """
    return throughput / output_len


@equation(
    source=HERE,
    where="counting",
    example=_by_hand(4, "32 devices in replicas of 8", devices=32, replica=8),
    limits=limit("one replica", lambda replica, **_: 1.0, devices=8, replica=8),
)
def replicas(devices: Devices, replica: Devices) -> Replicas:
    """Copies of a served model that a fleet holds.

    Holds when a replica's devices divide the fleet.

    Stops holding when devices are left over.
    """
    return devices / replica


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("800 token/s", "4 replicas of 200", one="200 token/s", copies=4),
    limits=limit("one replica", lambda one, **_: one, copies=1),
)
def fleet_throughput(one: Throughput, copies: Replicas) -> Throughput:
    """Rate of several equal replicas.

    Holds when requests are spread evenly and replicas share nothing.

    Stops holding when a router or the network saturates.
    """
    return one * copies


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("8 kW", "4 x 2 kW", one="2 kW", count=4),
    limits=limit("one alone", lambda one, **_: one, count=1),
)
def fleet_power(one: Power, count: Devices) -> Power:
    """Electrical power over equal parts of a fleet.

    Holds when all parts are alike.

    Stops holding when the fleet is mixed.
    """
    return one * count


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("800000 USD", "4 x 200000 USD", one="200000 USD", count=4),
    limits=limit("one alone", lambda one, **_: one, count=1),
)
def fleet_price(one: Price, count: Devices) -> Price:
    """Price over equal parts of a fleet.

    Holds when all parts are alike.

    Stops holding when the fleet is mixed.
    """
    return one * count


@equation(
    source=HERE,
    where="counting",
    example=_by_hand("4000 kgCO2e", "4 x 1000 kgCO2e", one="1000 kgCO2e", count=4),
    limits=limit("one alone", lambda one, **_: one, count=1),
)
def fleet_embodied_carbon(one: DeviceCarbon, count: Devices) -> DeviceCarbon:
    """Greenhouse gas of making the equipment, summed over equal parts of a fleet.

    Holds when all parts are alike.

    Stops holding when the fleet is mixed.
    """
    return one * count
