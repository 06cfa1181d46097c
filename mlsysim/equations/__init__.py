"""The equations, a module a section. Importing the package registers them all."""

from . import (
    collectives,
    convolution,
    counting,
    economics,
    parallelism,
    reliability,
    roofline,
    scaling,
    serving,
    sustainability,
    transformer,
    vision,
)

SECTIONS = (
    roofline,
    transformer,
    convolution,
    vision,
    collectives,
    parallelism,
    serving,
    economics,
    sustainability,
    reliability,
    scaling,
    counting,
)
