"""Convolutional networks: multiply-accumulates, arithmetic, activation traffic."""

from .. import quantities as q
from ..equation import equation


@equation(source="howard2017", where="section 3.1, equation 2, and equation 4 for one channel a group")
def convolution_macs(
    output_height: q.OutputHeight,
    output_width: q.OutputWidth,
    kernel: q.Kernel,
    input_channels: q.InputChannels,
    output_channels: q.OutputChannels,
    groups: q.Groups = 1,
) -> q.Macs:
    """Multiply-accumulate operations of a convolution layer for one sample.

    Holds when the kernel is square, padding is computed like any other input, and the groups divide both channel counts.

    Stops holding when an algorithm with fewer multiplications is used, such as Winograd or Fourier convolution, or when bias,
    normalisation and activation functions matter.
    """
    return output_height * output_width * kernel * kernel * input_channels * output_channels / groups


@equation(source="howard2017", where="section 3.1, equation 5")
def depthwise_separable_macs(
    output_height: q.OutputHeight,
    output_width: q.OutputWidth,
    kernel: q.Kernel,
    input_channels: q.InputChannels,
    output_channels: q.OutputChannels,
) -> q.Macs:
    """Multiply-accumulate operations of a depthwise convolution and the pointwise convolution after it, for one sample.

    Holds when both have the same output size and each input channel gets one square kernel.

    Stops holding when time is inferred from it: the depthwise part reuses its data so little that memory bandwidth limits it, and it
    takes longer than its share of the operations.
    """
    return output_height * output_width * input_channels * (kernel * kernel + output_channels)


@equation(source="manning2026flopcount", where="section 'Counting operations in kernels'")
def work_from_macs(macs: q.Macs, batch: q.Batch, flop_per_mac: q.FlopPerMac = 2.0) -> q.ForwardWork:
    """Floating-point operations of a forward pass, from the multiply-accumulates of one sample.

    Holds when a multiply-accumulate counts as two operations, a multiplication and an addition, as in the peak rates of vendors.

    Stops holding when the published count already is in operations, or when its authors call multiply-accumulates FLOPs, as much of the
    literature on vision does: then the factor is applied twice or not at all.
    """
    return flop_per_mac * macs * batch


@equation(source="chao2019", where="section 1, equation 1, convolutional input/output")
def activation_traffic(activations: q.Activations, batch: q.Batch, element_size: q.ElementSize) -> q.Traffic:
    """Bytes of activations that a forward pass moves when each layer's output is written once and read once.

    Holds when layers run one after another without fusion and every output has one reader; the source sums inputs and outputs of each
    convolution, and the input of one layer is the output of the layer before it.

    Stops holding when layers are fused or outputs stay in cache, which saves traffic, and when shortcuts or concatenations read an
    output again, which adds to it. The network's own input is left out, and its last output counts twice.
    """
    return 2 * activations * batch * element_size


@equation(source="umer2026fusion", where="second paragraph, and the fused pair of cosines in the third")
def operator_traffic(
    activations: q.Activations, passes: q.ActivationPasses, fusion: q.FusedShare, batch: q.Batch, element_size: q.ElementSize
) -> q.Traffic:
    """Bytes of activations that a forward pass moves when every operator between two layers reads and writes them anew.

    The passes count reads and writes by layers, norms, activation functions, shortcuts and concatenations; fusion leaves a share of them.

    Holds when each operator is a kernel of its own, or one of a fused group, and tensors are too large for the cache.

    Stops holding when outputs stay in cache from one kernel to the next, or a kernel works in several rounds over its input.
    """
    return fusion * passes * activations * batch * element_size


@equation(source="mlsysim", where="counting")
def trained_traffic(forward: q.Traffic, training_passes: q.TrainingPasses) -> q.Traffic:
    """Bytes of activations that a training step moves, as a multiple of those of its forward pass.

    Holds when the backward pass runs the same operators over the same tensors, each reading its gradient and what was stored.

    Stops holding when activations are computed again, or the backward kernels of a layer are far slower than its forward ones.
    """
    return training_passes * forward


@equation(source="mlsysim", where="counting")
def elementwise_time(
    memory: q.MemoryTime, moved: q.Traffic, vector_peak: q.Peak, efficiency: q.Efficiency = 1.0, operations: q.Intensity = 1.0
) -> q.MemoryTime:
    """Time of operators that move bytes and handle each of them with the vector units.

    One operation for each byte is a multiply-add for every number of two bytes.

    Holds when a kernel's loads, instructions and stores follow one another too closely to overlap fully.

    Stops holding when matrix units do the arithmetic on the way, as in the epilogue of a convolution.
    """
    return memory + moved * operations / (vector_peak * efficiency)


@equation(source="he2022brrr", where="list of three components, overhead")
def launch_time(layers: q.Layers, layer_floor: q.Overhead, rounds: q.Repeats = 1.0, host_pace: q.HostPace = 1.0) -> q.Overhead:
    """Time that the host needs to launch the kernels of all layers, once forward or several times in training.

    The pace of the host is its time for a kernel beside that of a present one.

    Holds when layers consist of about as many kernels each, and the host takes as long for a small kernel as for a large one.

    Stops holding when a graph of kernels is launched as one, or the host has other work, such as reading images.
    """
    return layers * layer_floor * rounds * host_pace
