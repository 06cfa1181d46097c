"""Convolutional networks: multiply-accumulates, arithmetic, activation traffic."""

from ..equation import equation, example, limit
from ..quantities import (
    Activations,
    Batch,
    ElementSize,
    FlopPerMac,
    ForwardWork,
    Groups,
    InputChannels,
    Kernel,
    Macs,
    OutputChannels,
    OutputHeight,
    OutputWidth,
    Traffic,
)


@equation(
    source="howard2017",
    where="section 3.1, equation 2, and equation 4 for one channel a group",
    example=example(
        462e6,
        output_height=14,
        output_width=14,
        kernel=3,
        input_channels=512,
        output_channels=512,
        where="table 3, row 'Convolution'",
        tolerance=0.0011,
    ),
    limits=(
        limit(
            "one pixel and a one by one kernel make a fully connected layer",
            lambda input_channels, output_channels, **_: input_channels * output_channels,
            output_height=1,
            output_width=1,
            kernel=1,
            groups=1,
        ),
        limit(
            "a depthwise convolution costs one kernel for each output element",
            lambda output_height, output_width, kernel, **_: output_height * output_width * 32 * kernel**2,
            input_channels=32,
            output_channels=32,
            groups=32,
        ),
    ),
)
def convolution_macs(
    output_height: OutputHeight,
    output_width: OutputWidth,
    kernel: Kernel,
    input_channels: InputChannels,
    output_channels: OutputChannels,
    groups: Groups = 1,
) -> Macs:
    """Multiply-accumulate operations of a convolution layer for one sample.

    Holds when the kernel is square, padding is computed like any other input, and the groups divide both channel counts.

    Stops holding when an algorithm with fewer multiplications is used, such as Winograd or Fourier convolution, or when bias,
    normalisation and activation functions matter.
    """
    return output_height * output_width * kernel * kernel * input_channels * output_channels / groups


@equation(
    source="howard2017",
    where="section 3.1, equation 5",
    example=example(
        52.3e6,
        output_height=14,
        output_width=14,
        kernel=3,
        input_channels=512,
        output_channels=512,
        where="table 3, row 'Depthwise Separable Conv'",
        tolerance=0.001,
    ),
    limits=(
        limit(
            "it is a depthwise convolution followed by a pointwise one",
            lambda output_height, output_width, kernel, input_channels, output_channels: (
                convolution_macs(output_height, output_width, kernel, input_channels, input_channels, input_channels)
                + convolution_macs(output_height, output_width, 1, input_channels, output_channels)
            ),
        ),
        limit(
            "without a neighbourhood only the pointwise part and one product for each input element remain",
            lambda input_channels, output_channels, **_: input_channels * (output_channels + 1),
            output_height=1,
            output_width=1,
            kernel=1,
        ),
    ),
)
def depthwise_separable_macs(
    output_height: OutputHeight, output_width: OutputWidth, kernel: Kernel, input_channels: InputChannels, output_channels: OutputChannels
) -> Macs:
    """Multiply-accumulate operations of a depthwise convolution and the pointwise convolution after it, for one sample.

    Holds when both have the same output size and each input channel gets one square kernel.

    Stops holding when time is inferred from it: the depthwise part reuses its data so little that memory bandwidth limits it, and it
    takes longer than its share of the operations.
    """
    return output_height * output_width * input_channels * (kernel * kernel + output_channels)


@equation(
    source="manning2026flopcount",
    where="section 'Counting operations in kernels'",
    example=example(
        "2048 FLOP",
        macs=1024,
        batch=1,
        where="section 'Counting operations in kernels', thread of a naive matrix multiplication",
        tolerance=1e-9,
    ),
    limits=(
        limit("one sample, fused operations counted as one", lambda macs, **_: macs, batch=1, flop_per_mac=1),
        limit("no multiply-accumulate is no work", lambda **_: 0.0, macs=0),
    ),
)
def work_from_macs(macs: Macs, batch: Batch, flop_per_mac: FlopPerMac = 2.0) -> ForwardWork:
    """Floating-point operations of a forward pass, from the multiply-accumulates of one sample.

    Holds when a multiply-accumulate counts as two operations, a multiplication and an addition, as in the peak rates of vendors.

    Stops holding when the published count already is in operations, or when its authors call multiply-accumulates FLOPs, as much of the
    literature on vision does: then the factor is applied twice or not at all.
    """
    return flop_per_mac * macs * batch


@equation(
    source="chao2019",
    where="section 1, equation 1, convolutional input/output",
    example=example(
        "44.44 MB",
        activations=11.11e6,
        batch=1,
        element_size="2 byte",
        source="timm2024rtx3090",
        where="row resnet50 at 224, column infer_macts: the activations only",
        kind="derived",
        tolerance=1e-9,
        note="2 x 11.11e6 x 2 byte = 44.44e6 byte. Counting inputs and outputs apart, table 4 of chao2019 has 20.7e6 elements.",
    ),
    limits=(
        limit("half-byte elements move a byte for each activation", lambda activations, batch, **_: activations * batch, element_size=0.5),
        limit("no activations move nothing", lambda **_: 0.0, activations=0),
    ),
)
def activation_traffic(activations: Activations, batch: Batch, element_size: ElementSize) -> Traffic:
    """Bytes of activations that a forward pass moves when each layer's output is written once and read once.

    Holds when layers run one after another without fusion and every output has one reader; the source sums inputs and outputs of each
    convolution, and the input of one layer is the output of the layer before it.

    Stops holding when layers are fused or outputs stay in cache, which saves traffic, and when shortcuts or concatenations read an
    output again, which adds to it. The network's own input is left out, and its last output counts twice.
    """
    return 2 * activations * batch * element_size
