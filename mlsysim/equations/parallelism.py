"""Parallel training: what is sent, what idles, what hides."""

from ..equation import equation, example, limit
from ..quantities import (
    ActivationBytes,
    ActiveExperts,
    Batch,
    BubbleFraction,
    BubbleOverhead,
    Collectives,
    CommunicationTime,
    ContextParallel,
    DataParallel,
    Devices,
    ElementSize,
    GradientSize,
    Hidden,
    HidingTime,
    IdealTime,
    Layers,
    Message,
    Microbatches,
    Parameters,
    PipelineParallel,
    ScalingEfficiency,
    Sequence,
    StepTime,
    TensorParallel,
    Time,
    Tokens,
    Traffic,
    VirtualStages,
)


@equation(
    source="narayanan2021",
    where="section 3.1, notation",
    example=example(
        32,
        devices=1024,
        tensor_parallel=4,
        pipeline_parallel=8,
        context_parallel=1,
        source="tsugriy2025algebra",
        where="chapter 24, The Three Dimensions",
        kind="publication",
        tolerance=0.0001,
    ),
    limits=(
        limit(
            "a model that is not split makes every device a replica",
            lambda devices, **_: devices,
            tensor_parallel=1,
            pipeline_parallel=1,
            context_parallel=1,
        ),
        limit(
            "a model as wide as the machine leaves one replica",
            lambda **_: 1.0,
            devices=512,
            tensor_parallel=8,
            pipeline_parallel=16,
            context_parallel=4,
        ),
    ),
)
def data_parallel_degree(
    devices: Devices, tensor_parallel: TensorParallel, pipeline_parallel: PipelineParallel, context_parallel: ContextParallel
) -> DataParallel:
    """Number of replicas of the model that train side by side on a given number of devices.

    Holds when the degrees of the layout are factors of the machine, each device taking one place in each of them.

    Stops holding when the degrees do not divide the number of devices, when devices are kept in reserve, or when experts
    are spread over a group that is not one of these.
    """
    return devices / (tensor_parallel * pipeline_parallel * context_parallel)


@equation(
    source="tsugriy2025algebra",
    where="chapter 13, Predicting Training Communication Time",
    example=example(
        "3.25 GB",
        parameters=13e9,
        gradient_size="2 byte",
        tensor_parallel=8,
        pipeline_parallel=1,
        where="chapter 13, exercise 3, part 2",
        tolerance=0.0001,
    ),
    limits=(
        limit(
            "one-byte gradients of an unsplit model: a byte a parameter",
            lambda parameters, **_: parameters,
            gradient_size=1,
            tensor_parallel=1,
            pipeline_parallel=1,
        ),
        limit("no parameters, nothing to send", lambda **_: 0.0, parameters=0.0),
    ),
)
def data_parallel_gradient_bytes(
    parameters: Parameters, gradient_size: GradientSize, tensor_parallel: TensorParallel, pipeline_parallel: PipelineParallel
) -> Message:
    """Gradient that one device brings to the all-reduce among the replicas.

    Holds when tensor and pipeline parallelism split the parameters evenly and gradients are summed once a step.

    Stops holding when embeddings or norms are replicated, when stages are uneven, when experts are reduced in other groups
    than the rest, or when gradients are reduced after every microbatch.
    """
    return parameters * gradient_size / (tensor_parallel * pipeline_parallel)


@equation(
    source="narayanan2021",
    where="section 3.2, communication between consecutive devices",
    example=example(
        "67 MB",
        batch=2,
        sequence=2048,
        hidden=8192,
        element_size="2 byte",
        source="tsugriy2025algebra",
        where="chapter 24, exercise 2, PP communication",
        kind="publication",
        tolerance=0.008,
    ),
    limits=(
        limit(
            "one token a device leaves a row of the residual stream for each sequence",
            lambda batch, hidden, element_size, **_: batch * hidden * element_size,
            sequence=4096,
            context_parallel=4096,
        ),
        limit(
            "half of the sequence makes half of the message",
            lambda batch, sequence, hidden, element_size, **_: activation_message(batch, sequence, hidden, element_size) / 2,
            context_parallel=2,
        ),
    ),
)
def activation_message(
    batch: Batch, sequence: Sequence, hidden: Hidden, element_size: ElementSize, context_parallel: ContextParallel = 1
) -> Message:
    """Activations of a microbatch where one layer hands over to the next.

    Holds when only the residual stream crosses the boundary and each device holds an equal part of every sequence.

    Stops holding when sequence parallelism leaves each device a further part, when encoder states or skip connections go
    along, or when the activations are compressed on the way.
    """
    return batch * sequence * hidden * element_size / context_parallel


@equation(
    source="narayanan2021",
    where="section 3.2, communication of tensor model parallelism",
    example=example(
        "224 MiB",
        batch=4,
        sequence=2048,
        hidden=4096,
        element_size="2 byte",
        tensor_parallel=8,
        collectives=2,
        source="tsugriy2025algebra",
        where="chapter 15, exercise 2",
        kind="publication",
        tolerance=0.0001,
        note="forward pass only, hence two all-reduces; the source counts 67,108,864 bytes as 64 MB",
    ),
    limits=(
        limit("a layer on one device sends nothing", lambda **_: 0.0, tensor_parallel=1),
        limit(
            "two devices send each message once for each all-reduce",
            lambda batch, sequence, hidden, element_size, collectives, **_: (
                collectives * activation_message(batch, sequence, hidden, element_size)
            ),
            tensor_parallel=2,
        ),
    ),
)
def tensor_parallel_bytes_per_layer(
    batch: Batch,
    sequence: Sequence,
    hidden: Hidden,
    element_size: ElementSize,
    tensor_parallel: TensorParallel,
    collectives: Collectives = 4,
) -> Traffic:
    """Bytes that a device sends for one layer and one microbatch under tensor parallelism.

    Holds when each all-reduce of the activations moves the least that a ring can: two in the forward pass and two in the
    backward pass of a transformer layer. Splitting them into reduce-scatter and all-gather leaves the bytes as they are.

    Stops holding when switches reduce inside the network, when recomputation repeats the forward collectives, or when
    attention and MLP run in parallel and share one all-reduce.
    """
    return collectives * 2 * (tensor_parallel - 1) / tensor_parallel * batch * sequence * hidden * element_size


@equation(
    source="zhao2025insights",
    where="section 2.3.2, communication time of expert parallelism",
    example=example(
        "6.048 MB",
        tokens=32,
        hidden=7000,
        active_experts=9,
        element_size="3 byte",
        where="section 2.3.2, dispatch and combine",
        tolerance=0.0005,
        note="one byte to dispatch and two to combine; printed as 120.96 us at 50 GB/s, which is 6.048 MB",
    ),
    limits=(
        limit(
            "one expert a token: the activations of the tokens",
            lambda tokens, hidden, element_size, **_: activation_message(1, tokens, hidden, element_size),
            active_experts=1,
        ),
        limit("no tokens, nothing to send", lambda **_: 0.0, tokens=0.0),
    ),
)
def expert_parallel_message(tokens: Tokens, hidden: Hidden, active_experts: ActiveExperts, element_size: ElementSize) -> Message:
    """Activations that a device sends to the experts of its tokens, or gets back from them.

    Holds when each token goes to each of its experts as a copy of its own, and none is dropped.

    Stops holding when experts on one node share a copy, when a capacity limit drops or pads tokens, or when some of the
    experts sit on the device that sends.
    """
    return tokens * hidden * active_experts * element_size


@equation(
    source="narayanan2021",
    where="section 2.2.1, bubble time fraction",
    example=example(
        0.75,
        stages=4,
        microbatches=4,
        source="raymondvan2026pipeline",
        where="GPipe, table of the schedule",
        kind="publication",
        tolerance=0.0001,
        note="of the fourteen time steps each device works in eight and idles in six",
    ),
    limits=(
        limit("one stage never waits", lambda **_: 0.0, stages=1),
        limit("with as many microbatches as other stages the idle time equals the busy time", lambda **_: 1.0, stages=8, microbatches=7),
        limit("a single microbatch visits the stages one by one", lambda stages, **_: stages - 1, microbatches=1),
    ),
)
def pipeline_bubble_overhead(stages: PipelineParallel, microbatches: Microbatches) -> BubbleOverhead:
    """Idle time of a pipeline that is flushed after each step, as a multiple of its busy time.

    Holds when all stages take equal time and every microbatch runs forward and backward before the weights change.

    Stops holding when stages are uneven, when sending between stages takes time, or when the schedule fills the bubble:
    with interleaved chunks, with split backward passes, or with work of the next step.
    """
    return (stages - 1) / microbatches


@equation(
    source="narayanan2021",
    where="section 2.2.2, schedule with interleaved stages",
    example=example(
        "19 percent",
        stages=4,
        microbatches=8,
        virtual_stages=2,
        source="tsugriy2025algebra",
        where="chapter 16, Bubble Reduction",
        kind="publication",
        tolerance=0.026,
    ),
    limits=(
        limit(
            "one chunk a device is the plain pipeline",
            lambda stages, microbatches, **_: pipeline_bubble_overhead(stages, microbatches),
            virtual_stages=1,
        ),
        limit("one stage never waits", lambda **_: 0.0, stages=1),
    ),
)
def interleaved_bubble_overhead(stages: PipelineParallel, microbatches: Microbatches, virtual_stages: VirtualStages) -> BubbleOverhead:
    """Idle time over busy time of a pipeline in which each device holds several chunks of the layers.

    Holds when the chunks take equal time and the number of microbatches is a multiple of the number of stages.

    Stops holding when the extra messages between chunks are not hidden, when layers do not divide into the chunks, or when
    the microbatches are fewer than the stages.
    """
    return (stages - 1) / (virtual_stages * microbatches)


@equation(
    source="tsugriy2025algebra",
    where="chapter 16, Bubble Analysis with Micro-batches",
    example=example(
        "9.9 percent",
        overhead=0.109375,
        where="chapter 16, table of examples, row of eight stages",
        tolerance=0.005,
        note="eight stages and 64 microbatches: the idle time is 7/64 of the busy time",
    ),
    limits=(
        limit("no overhead, no bubble", lambda **_: 0.0, overhead=0.0),
        limit("idle as long as busy is half of the time", lambda **_: 0.5, overhead=1.0),
        limit("endless waiting takes all the time", lambda **_: 1.0, overhead=1e12),
    ),
)
def bubble_fraction(overhead: BubbleOverhead) -> BubbleFraction:
    """Share of the pipeline's whole time in which a device idles.

    Holds when the overhead is idle time over busy time, and both are taken over the same step.

    Stops holding when the overhead is already stated as a share of the whole time, which some authors do under the same
    name.
    """
    return overhead / (1 + overhead)


@equation(
    source="narayanan2021",
    where="section 2.2.1, ideal time and bubble time",
    example=example(
        "5.5 s",
        ideal="4 s",
        overhead=0.375,
        source="agentcalc2026bubble",
        where="worked example below the formulas",
        kind="publication",
        tolerance=0.0001,
        note="the bubble is stated as 1.5 s of an ideal 4 s",
    ),
    limits=(
        limit("no bubble leaves the ideal time", lambda ideal, **_: ideal, overhead=0.0),
        limit("the ideal time is what the bubble leaves of the whole", lambda ideal, overhead: ideal / (1 - bubble_fraction(overhead))),
    ),
)
def pipelined_time(ideal: IdealTime, overhead: BubbleOverhead) -> Time:
    """Time of a step with the pipeline's idle time added.

    Holds when the ideal time is what one device would need for its own stage of all microbatches.

    Stops holding when communication or uneven stages lengthen the work itself, or when other work fills the idle time.
    """
    return ideal * (1 + overhead)


@equation(
    source="tsugriy2025algebra",
    where="chapter 13, Overlap Communication and Compute",
    example=example(
        "120 ms",
        communication="600 ms",
        hiding="480 ms",
        where="chapter 13, exercise 5",
        tolerance=0.0001,
        note="four fifths of the communication run beside the compute",
    ),
    limits=(
        limit("nothing to hide behind exposes everything", lambda communication, **_: communication, hiding=0.0),
        limit("endless compute hides everything", lambda **_: 0.0, hiding=1e30),
    ),
)
def exposed_communication_time(communication: CommunicationTime, hiding: HidingTime) -> CommunicationTime:
    """Communication that the step must wait for because no compute covers it.

    Holds when the data to send are ready early enough, and sending does not slow the compute down.

    Stops holding when the last messages become ready only as the compute ends, or when both compete for memory bandwidth
    and for cores of the device.
    """
    return max(0, communication - hiding)


@equation(
    source="shoeybi2019",
    where="abstract",
    example=example(
        "76 percent",
        ideal="1 s",
        step="1.3224 s",
        where="abstract",
        tolerance=0.007,
        note="39 TFLOP take 1 s on the single GPU and 1.3224 s on each of 512 GPUs that sustain 15.1 PFLOP/s together",
    ),
    limits=(
        limit("a step without losses keeps everything", lambda **_: 1.0, ideal=0.25, step=0.25),
        limit("a step of twice the ideal time keeps half", lambda **_: 0.5, ideal=3.0, step=6.0),
    ),
)
def scaling_efficiency(ideal: IdealTime, step: StepTime) -> ScalingEfficiency:
    """Share of the ideal speed that is kept when training runs on many devices.

    Holds when the ideal time is that of the same work for each device, without communication and waiting.

    Stops holding when the baseline itself is slow or when the work of a device shrinks as devices are added: a high share
    may then hide a poor use of the hardware.
    """
    return ideal / step


@equation(
    source="korthikanti2022",
    where="section 4.2.3, interleaving schedule",
    example=example(
        "114.0234375 GiB",
        one_layer="840 MiB",
        layers=105,
        stages=35,
        virtual_stages=3,
        source="isaev2023calculon",
        where="seqsel_fig1, turing-530B, none, act",
        kind="publication",
        tolerance=0.000001,
        note="one layer by the formula of the equation's own source: sbh (10 + 24/t + 5as/(ht)), s 2048, b 1, h 20480, a 128, t 8",
    ),
    limits=(
        limit("one stage holds the layers once", lambda one_layer, layers, **_: one_layer * layers, stages=1),
        limit("endlessly many chunks hold the layers once", lambda one_layer, layers, **_: one_layer * layers, virtual_stages=1e12),
    ),
)
def activation_bytes_interleaved(
    one_layer: ActivationBytes, layers: Layers, stages: PipelineParallel, virtual_stages: VirtualStages
) -> ActivationBytes:
    """Activation memory of the first stage of an interleaved pipeline, from that of one layer.

    Holds when every microbatch in flight keeps its activations, under a schedule that alternates forward and backward
    passes, and there are at least as many microbatches as stages.

    Stops holding when a device has a single chunk, for which plain scheduling needs the layers once only, when layers are
    recomputed in the backward pass, or when later stages are meant, which hold less.
    """
    return one_layer * layers * (1 + (stages - 1) / (stages * virtual_stages))
