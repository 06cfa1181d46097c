"""The equations, a module a section. Importing the package registers them all."""

from . import (
    collectives,
    convolution,
    counting,
    economics,
    parallelism,
    queueing,
    recommendation,
    reliability,
    roofline,
    scaling,
    serving,
    statespace,
    sustainability,
    transformer,
    vision,
)

SECTIONS = (
    roofline,
    transformer,
    convolution,
    statespace,
    vision,
    recommendation,
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
