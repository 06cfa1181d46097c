"""The equations, a module a section. Importing the package registers them all."""

from . import (
    collectives,
    convolution,
    counting,
    economics,
    parallelism,
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
    economics,
    sustainability,
    reliability,
    scaling,
    counting,
)
