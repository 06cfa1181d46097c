"""The equations, a module a section. Importing the package registers them all."""

from . import (
    collectives,
    convolution,
    counting,
    economics,
    parallelism,
    queueing,
    reliability,
    roofline,
    scaling,
    serving,
    sustainability,
    transformer,
)

SECTIONS = (
    roofline,
    transformer,
    convolution,
    collectives,
    parallelism,
    serving,
    queueing,
    economics,
    sustainability,
    reliability,
    scaling,
    counting,
)
