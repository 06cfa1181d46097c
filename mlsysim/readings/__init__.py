"""Ways to read an equation: as numbers, arrays, quantities, dual numbers, a trace, LaTeX, JavaScript, an inverse.

A solver is written once, against a reading, and never asks which one it was handed.
"""

from .reading import NUMBERS, Reading

__all__ = ["NUMBERS", "Reading"]
