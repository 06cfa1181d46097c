"""The words of an equation beyond Python's operators, ``min`` and ``max``."""

import math

sqrt = math.sqrt
ceil = math.ceil
floor = math.floor
log = math.log
log2 = math.log2
exp = math.exp
