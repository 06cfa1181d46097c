"""Fit the constants on the rows that others measured, and write them to ``constants.toml``: ``nox -s fit``.

Each family's constants start where the file says, and minimise the robust error of the logarithm of predicted over measured. What is left
over, with one group of rows left out at a time, gives the intervals. Everything is deterministic and rounded to three digits.
"""

import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tomli_w
from scipy.optimize import least_squares

from .. import zoo
from ..profiles import FILE, Profile, document, families, profile
from . import module
from .rows import Row, Unanswered, read
from .score import quantile

SOFT = 0.1
"""Errors of the logarithm beyond which a row counts less than by its square."""


PULL = 0.05
"""How strongly constants stay near those of a profile that they are sought near, where rows say nothing about them."""

ENOUGH = 30
"""Rows of a kind from which those that count in the published figures alone give its interval."""


def rows_of(family: str) -> list[Row]:
    """Return the rows on which a family is fitted, and those that its constants are compared with too."""
    chosen = module(family)
    wanted = getattr(chosen, "compared", chosen.fitted)
    return [r for name in chosen.FILES for r in read(zoo.root() / "measurements" / name) if chosen.takes(r) and wanted(r)]


def logs(family: str, rows: Iterable[Row], using: Profile) -> np.ndarray:
    """Return the logarithm of measured over predicted time of each row."""
    found = []
    for row in rows:
        answer = module(family).predict(row, using)
        ratio = row.number("value") / answer.value
        found.append(-math.log(ratio) if answer.rate else math.log(ratio))
    return np.array(found)


def weights(family: str, rows: list[Row]) -> np.ndarray:
    """Return the weight of each row, such that large groups do not rule: the root of one over its group's size."""
    groups = [module(family).group(r) for r in rows]
    return np.array([groups.count(g) ** -0.25 for g in groups])


def free(family: str) -> dict[str, dict[str, Any]]:
    """Return the constants that are fitted, by path, as the file describes them."""
    table = document()[family]
    found = dict(table["constants"])
    for title, group in table.get("groups", {}).items():
        found |= {f"{title}.{n}": c for n, c in group["constants"].items()}
    return {n: c for n, c in found.items() if "fixed" not in c}


def fit(family: str, rows: list[Row], near: Profile | None = None) -> Profile:
    """Return the profile that fits rows best, sought from where the file says, or near another one."""
    described, base = free(family), profile(family)
    names = list(described)
    start = np.log([described[n]["start"] if near is None else value_of(near, n) for n in names])
    ends = [(math.log(described[n].get("least", 1e-30)), math.log(described[n].get("most", _most(base, n)))) for n in names]
    weight = weights(family, rows)
    pull = 0.0 if near is None else PULL

    def residuals(point: np.ndarray) -> np.ndarray:
        misses = weight * logs(family, rows, base.with_values(dict(zip(names, np.exp(point).tolist(), strict=True))))
        return np.append(misses, pull * (point - start))

    start = np.clip(start, [e[0] + 1e-6 for e in ends], [e[1] - 1e-6 for e in ends])
    found = least_squares(residuals, start, bounds=list(zip(*ends, strict=True)), loss="soft_l1", f_scale=SOFT, diff_step=1e-3, x_scale=0.1)
    return base.with_values({n: float(f"{math.exp(v):.3g}") for n, v in zip(names, found.x, strict=True)})


def value_of(using: Profile, path: str) -> float:
    """Return a constant of a profile by its path."""
    group, _, name = path.rpartition(".")
    return (using.groups[group].values if group else using.values)[name]


def left_out(family: str, rows: list[Row], by: Callable[[Row], str], deployed: Profile) -> dict[str, Profile]:
    """Return the constants that are fitted without each group of rows; the deployed ones where too few would be left."""
    found = {}
    for group in sorted({by(r) for r in rows}):
        kept = [r for r in rows if by(r) != group and module(family).fitted(r)]
        found[group] = fit(family, kept, deployed) if len(kept) > len(free(family)) else deployed
    return found


def _most(base: Profile, name: str) -> float:
    """Return the largest value that a constant may take: a share is at most one."""
    return min(base.symbols[name.rpartition(".")[2]].high, 1e30)


def answerable(family: str, rows: list[Row]) -> list[Row]:
    """Return the rows that have a measured value and an answer."""
    found = []
    for row in rows:
        try:
            module(family).predict(row, profile(family))
        except Unanswered:
            continue
        if row.number("value"):
            found.append(row)
    return found


def intervals(family: str, rows: list[Row], without: dict[str, Profile], deployed: Profile) -> dict[str, Any]:
    """Return the middle eighty percent of measured over predicted time, by kind, where constants were fitted without the rows.

    For hardware that was seen, half way between the constants as they are and those without the rows of a row's group; for hardware that
    was not, those without all rows of a row's hardware. Of a kind with enough rows that count in the published figures, these alone are
    looked at.
    """
    chosen = module(family)
    used = {id(r): chosen.predict(r, deployed).hardware for r in rows}
    blind = left_out(family, rows, lambda r: used[id(r)], deployed)
    known: dict[str, list[float]] = defaultdict(list)
    seen: dict[str, list[float]] = defaultdict(list)
    unseen: dict[str, list[float]] = defaultdict(list)
    best = [chosen.kind(r) for r in rows if chosen.headline(r)]
    counted = {k for k in best if best.count(k) >= ENOUGH}
    for row in rows:
        if chosen.kind(row) in counted and not chosen.headline(row):
            continue
        known[chosen.kind(row)] += logs(family, [row], deployed).tolist()
        seen[chosen.kind(row)] += logs(family, [row], without.get(chosen.group(row), deployed)).tolist()
        unseen[chosen.kind(row)] += logs(family, [row], blind[used[id(row)]]).tolist()
    found = {}
    for kind in sorted(seen):
        usual, blinder = _ends(known[kind], seen[kind]), _ends(unseen[kind])
        found[kind] = {"seen": usual, "unseen": _wider(usual, blinder), "rows": len(seen[kind])}
    return found


def _ends(*samples: list[float]) -> list[float]:
    """Return both ends of the middle eighty percent, half way between those of several samples."""
    ends = [np.mean([quantile(sorted(s), q) for s in samples]) for q in (0.1, 0.9)]
    return [float(f"{math.exp(e):.3g}") for e in ends]


def _wider(seen: list[float], unseen: list[float]) -> list[float]:
    return [min(seen[0], unseen[0]), max(seen[1], unseen[1])]


def described(family: str) -> dict[str, Any]:
    """Return the file's table of a family with everything fitted anew."""
    compared = answerable(family, rows_of(family))
    rows = [r for r in compared if module(family).fitted(r)]
    found = fit(family, rows)
    table = {**document()[family]}
    error = _median(logs(family, rows, found))
    without = left_out(family, rows, module(family).group, found)
    for path, constant in free(family).items():
        constant["value"] = value_of(found, path)
        others = [value_of(p, path) for p in without.values()]
        constant["spread"] = [min(others), max(others)]
        neutral = constant.get("neutral", value_of(found, path.rpartition(".")[2]))
        constant["worth"] = float(f"{_median(logs(family, rows, found.with_values({path: neutral}))) - error:.3g}")
    table["rows"], table["median"] = len(rows), float(f"{error:.3g}")
    table["hardware"] = sorted({module(family).predict(r, found).hardware for r in rows})
    table["intervals"] = intervals(family, compared, without, found)
    return table


def _median(values: np.ndarray) -> float:
    return float(np.median(np.abs(np.expm1(values))))


def main(names: list[str]) -> None:
    """Fit families, all by default, and write the file: collectives first, on which others build, and energy last, which builds on them."""
    text = FILE.read_text("utf-8")
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    for family in sorted(names or families(), key=lambda f: (f == "energy") - (f == "collectives")):
        tables = {**document(), family: described(family)}
        FILE.write_text(f"{head}\n{tomli_w.dumps(tables)}", "utf-8")
        document.cache_clear()
        profile.cache_clear()


if __name__ == "__main__":
    main(sys.argv[1:])
