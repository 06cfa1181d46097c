"""Parallel training: what is sent, what idles, what hides."""

from .. import quantities as q
from ..equation import equation


@equation(source="narayanan2021", where="section 3.1, notation")
def data_parallel_degree(
    devices: q.Devices, tensor_parallel: q.TensorParallel, pipeline_parallel: q.PipelineParallel, context_parallel: q.ContextParallel
) -> q.DataParallel:
    """Number of replicas of the model that train side by side on a given number of devices.

    Holds when the degrees of the layout are factors of the machine, each device taking one place in each of them.

    Stops holding when the degrees do not divide the number of devices, when devices are kept in reserve, or when experts
    are spread over a group that is not one of these.
    """
    return devices / (tensor_parallel * pipeline_parallel * context_parallel)


@equation(source="tsugriy2025algebra", where="chapter 13, Predicting Training Communication Time")
def data_parallel_gradient_bytes(
    parameters: q.Parameters, gradient_size: q.GradientSize, tensor_parallel: q.TensorParallel, pipeline_parallel: q.PipelineParallel
) -> q.Message:
    """Gradient that one device brings to the all-reduce among the replicas.

    Holds when tensor and pipeline parallelism split the parameters evenly and gradients are summed once a step.

    Stops holding when embeddings or norms are replicated, when stages are uneven, when experts are reduced in other groups
    than the rest, or when gradients are reduced after every microbatch.
    """
    return parameters * gradient_size / (tensor_parallel * pipeline_parallel)


@equation(source="narayanan2021", where="section 3.2, communication between consecutive devices")
def activation_message(
    batch: q.Batch, sequence: q.Sequence, hidden: q.Hidden, element_size: q.ElementSize, context_parallel: q.ContextParallel = 1
) -> q.Message:
    """Activations of a microbatch where one layer hands over to the next.

    Holds when only the residual stream crosses the boundary and each device holds an equal part of every sequence.

    Stops holding when sequence parallelism leaves each device a further part, when encoder states or skip connections go
    along, or when the activations are compressed on the way.
    """
    return batch * sequence * hidden * element_size / context_parallel


@equation(source="narayanan2021", where="section 3.2, communication of tensor model parallelism")
def tensor_parallel_bytes_per_layer(
    batch: q.Batch,
    sequence: q.Sequence,
    hidden: q.Hidden,
    element_size: q.ElementSize,
    tensor_parallel: q.TensorParallel,
    collectives: q.Collectives = 4,
) -> q.Traffic:
    """Bytes that a device sends for one layer and one microbatch under tensor parallelism.

    Holds when each all-reduce of the activations moves the least that a ring can: two in the forward pass and two in the
    backward pass of a transformer layer. Splitting them into reduce-scatter and all-gather leaves the bytes as they are.

    Stops holding when switches reduce inside the network, when recomputation repeats the forward collectives, or when
    attention and MLP run in parallel and share one all-reduce.
    """
    return collectives * 2 * (tensor_parallel - 1) / tensor_parallel * batch * sequence * hidden * element_size


@equation(source="zhao2025insights", where="section 2.3.2, communication time of expert parallelism")
def expert_parallel_message(tokens: q.Tokens, hidden: q.Hidden, active_experts: q.ActiveExperts, element_size: q.ElementSize) -> q.Message:
    """Activations that a device sends to the experts of its tokens, or gets back from them.

    Holds when each token goes to each of its experts as a copy of its own, and none is dropped.

    Stops holding when experts on one node share a copy, when a capacity limit drops or pads tokens, or when some of the
    experts sit on the device that sends.
    """
    return tokens * hidden * active_experts * element_size


@equation(source="narayanan2021", where="section 2.2.1, bubble time fraction")
def pipeline_bubble_overhead(stages: q.PipelineParallel, microbatches: q.Microbatches) -> q.BubbleOverhead:
    """Idle time of a pipeline that is flushed after each step, as a multiple of its busy time.

    Holds when all stages take equal time and every microbatch runs forward and backward before the weights change.

    Stops holding when stages are uneven, when sending between stages takes time, or when the schedule fills the bubble:
    with interleaved chunks, with split backward passes, or with work of the next step.
    """
    return (stages - 1) / microbatches


@equation(source="narayanan2021", where="section 2.2.2, schedule with interleaved stages")
def interleaved_bubble_overhead(
    stages: q.PipelineParallel, microbatches: q.Microbatches, virtual_stages: q.VirtualStages
) -> q.BubbleOverhead:
    """Idle time over busy time of a pipeline in which each device holds several chunks of the layers.

    Holds when the chunks take equal time and the number of microbatches is a multiple of the number of stages.

    Stops holding when the extra messages between chunks are not hidden, when layers do not divide into the chunks, or when
    the microbatches are fewer than the stages.
    """
    return (stages - 1) / (virtual_stages * microbatches)


@equation(source="tsugriy2025algebra", where="chapter 16, Bubble Analysis with Micro-batches")
def bubble_fraction(overhead: q.BubbleOverhead) -> q.BubbleFraction:
    """Share of the pipeline's whole time in which a device idles.

    Holds when the overhead is idle time over busy time, and both are taken over the same step.

    Stops holding when the overhead is already stated as a share of the whole time, which some authors do under the same
    name.
    """
    return overhead / (1 + overhead)


@equation(source="narayanan2021", where="section 2.2.1, ideal time and bubble time")
def pipelined_time(ideal: q.IdealTime, overhead: q.BubbleOverhead) -> q.Time:
    """Time of a step with the pipeline's idle time added.

    Holds when the ideal time is what one device would need for its own stage of all microbatches.

    Stops holding when communication or uneven stages lengthen the work itself, or when other work fills the idle time.
    """
    return ideal * (1 + overhead)


@equation(source="tsugriy2025algebra", where="chapter 13, Overlap Communication and Compute")
def exposed_communication_time(communication: q.CommunicationTime, hiding: q.HidingTime) -> q.CommunicationTime:
    """Communication that the step must wait for because no compute covers it.

    Holds when the data to send are ready early enough, and sending does not slow the compute down.

    Stops holding when the last messages become ready only as the compute ends, or when both compete for memory bandwidth
    and for cores of the device.
    """
    return max(0, communication - hiding)


@equation(source="shoeybi2019", where="abstract")
def scaling_efficiency(ideal: q.IdealTime, step: q.StepTime) -> q.ScalingEfficiency:
    """Share of the ideal speed that is kept when training runs on many devices.

    Holds when the ideal time is that of the same work for each device, without communication and waiting.

    Stops holding when the baseline itself is slow or when the work of a device shrinks as devices are added: a high share
    may then hide a poor use of the hardware.
    """
    return ideal / step


@equation(source="korthikanti2022", where="section 4.2.3, interleaving schedule")
def activation_bytes_interleaved(
    one_layer: q.ActivationBytes, layers: q.Layers, stages: q.PipelineParallel, virtual_stages: q.VirtualStages
) -> q.ActivationBytes:
    """Activation memory of the first stage of an interleaved pipeline, from that of one layer.

    Holds when every microbatch in flight keeps its activations, under a schedule that alternates forward and backward
    passes, and there are at least as many microbatches as stages.

    Stops holding when a device has a single chunk, for which plain scheduling needs the layers once only, when layers are
    recomputed in the backward pass, or when later stages are meant, which hold less.
    """
    return one_layer * layers * (1 + (stages - 1) / (stages * virtual_stages))


@equation(source="sail2024zerobubble", where="table comparing schedules, row Bubble Rate, column ZB1P")
def zero_bubble_overhead(stages: q.PipelineParallel, microbatches: q.Microbatches) -> q.BubbleOverhead:
    """Idle time over busy time of a pipeline that moves weight gradients into its bubbles, in the memory of the plain schedule.

    Holds when forward pass, gradients of the inputs and gradients of the weights take equal time, and the microbatches are at
    least as many as the stages.

    Stops holding when layers are recomputed, which lengthens what others wait for, or when the optimizer must hear from all
    stages before it steps.
    """
    return (stages - 1) / (3 * microbatches)


@equation(source="chatpaper2024zerobubble", where="section 2.2, peak memory of the schedule ZB-H2")
def zero_bubble_in_flight(microbatches: q.Microbatches, stages: q.PipelineParallel) -> q.InFlight:
    """Microbatches whose activations the first stage holds where extra forward passes fill the start of a pipeline.

    Holds when the schedule starts as many forward passes as leave no gap before the first gradient comes back.

    Stops holding when memory is limited below that, which brings part of the bubble back.
    """
    return min(microbatches, 2 * stages - 1)


@equation(source="cruxible2026fsdp", where="The gather and release cycle: one layer at a time is whole")
def gathered_layer_bytes(weights: q.WeightBytes, layers: q.LayersHeld) -> q.BufferBytes:
    """Weights that are gathered at a time on a device whose weights are sharded over the replicas.

    Holds when one layer is gathered, used and let go before the next one.

    Stops holding when the next layer is gathered ahead, which doubles it, or when several layers form one unit.
    """
    return weights / layers
