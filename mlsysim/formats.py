"""Quantised formats of weights: how many bits of a file each weight takes, scales beside the values included."""

import re
from typing import Any

from .errors import InputError
from .hardware import ELEMENT_SIZE, check_precision

BITS = {
    "q2_k": 3.1593,
    "q3_k_s": 3.6429,
    "q3_k_l": 4.2979,
    "q4_0": 4.5,
    "q4_k_s": 4.6672,
    "q4_k_m": 4.8944,
    "q5_0": 5.5,
    "q5_k_s": 5.5704,
    "q5_k_m": 5.7036,
    "q6_k": 6.5633,
    "q8_0": 8.5,
    "iq2_xs": 2.5882,
    "iq3_xs": 3.4977,
    "iq4_xs": 4.4597,
    "iq4_nl": 4.6818,
    "mxfp4": 4.25,
    "nvfp4": 4.5,
    "awq": 4.16,
    "gptq": 4.16,
    "int4 g32": 5.0,
    "q4f16_1": 4.5,
}
"""Bits of a weight, by format.

Those of GGUF files are read in the table of a model of 8 billion parameters, in the documentation of the tool that makes them
(ggml2026quantize, section Quantization); mixtures differ a little from model to model. The others follow from their blocks: a
16-bit scale for 32 values (q4_0, q5_0, q8_0, q4f16_1), an 8-bit one for 32 (mxfp4), an 8-bit one for 16 (nvfp4), a 16-bit scale and a 4-bit
zero point for 128 (awq, gptq), or a 16-bit scale and zero point for 32 (int4 g32).
"""

SOURCE = "ggml2026quantize"

_COUNTED = re.compile(r"(\d+(?:\.\d+)?) ?bits?")


def weight_bytes(text: Any, argument: str = "weight_precision") -> float:
    """Return the bytes of a stored weight: of a precision, of a quantised format, or of a number of bits such as ``"4.5 bits"``."""
    name = text.lower() if isinstance(text, str) else text
    if isinstance(name, str) and name in BITS:
        return BITS[name] / 8
    if isinstance(name, str) and (counted := _COUNTED.fullmatch(name)):
        bits = float(counted[1])
        if not 1 <= bits <= 64:
            raise InputError(f"{argument}={text!r}: a weight takes between 1 and 64 bits")
        return bits / 8
    return ELEMENT_SIZE[check_precision(text, argument)]
