"""Vision and diffusion: images cut into patches, conditioning, and images made in steps."""

from .. import quantities as q
from ..equation import equation


@equation(source="datahacker2026vit", where="highlights: an image of 224 pixels a side becomes a grid of 14 by 14 patches of 16")
def patch_count(image_size: q.ImageSize, patch: q.Patch) -> q.Patches:
    """Patches into which a square image is cut.

    Holds when image and patches are square, patches do not overlap, and their side divides the image's.

    Stops holding when images keep their own shape, when patches overlap, or when a backbone of convolutions comes first.
    """
    return (image_size / patch) ** 2


@equation(source="datahacker2026vit", where="highlights: the class token is put before the patches")
def image_tokens(patches: q.Patches, class_tokens: q.ClassTokens) -> q.Sequence:
    """Tokens that a vision transformer makes of one image.

    Holds when every patch stays a token through all layers.

    Stops holding when patches are merged or dropped between layers.
    """
    return patches + class_tokens


@equation(source="torchvision2023vit", where="class VisionTransformer, conv_proj: kernel and stride are the patch's side")
def patch_embedding_parameters(patch: q.Patch, channels: q.Channels, hidden: q.Hidden) -> q.Parameters:
    """Parameters of the matrix between the numbers of one patch and one token, in either direction.

    Holds when one linear map joins all channels of a patch with the residual stream; its bias is a vector and counted apart.

    Stops holding when a stack of convolutions makes the tokens, or when frames of a video share one patch.
    """
    return patch * patch * channels * hidden


@equation(source="mlsysim", where="counting")
def encoder_traffic(
    layers: q.Layers, hidden: q.Hidden, mlp_width: q.MlpWidth, fusion: q.FusedShare, tokens: q.Tokens, element_size: q.ElementSize
) -> q.Traffic:
    """Bytes of activations that the layers of an encoder move when every operator reads and writes them anew.

    For each token and layer, thirty-six times the hidden width and four times that of the MLP: projections read one and write three and
    read one and write one, attention reads three and writes one, two norms and two shortcuts work at twice the size, and the MLP writes its
    inner width, activates it and reads it.

    Holds when attention keeps its scores on the chip and the residual stream is twice as wide as the arithmetic, as in mixed precision.

    Stops holding when operators are fused otherwise than the share says, or scores are stored.
    """
    return fusion * layers * tokens * (36 * hidden + 4 * mlp_width) * element_size
