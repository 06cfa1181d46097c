"""Fit the constants on the rows that others measured, and write them to ``constants.toml``: ``nox -s fit``.

Each family's constants start where the file says, and minimise the robust error of the logarithm of predicted over measured. What is left
over, with one group of rows left out at a time, gives the intervals. Everything is deterministic and rounded to three digits.
"""

import math
import sys
from collections import defaultdict
from collections.abc import Iterable
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


def fit(family: str, rows: list[Row]) -> Profile:
    """Return the profile that fits rows best."""
    described, base = free(family), profile(family)
    names = list(described)
    start = np.log([described[n]["start"] for n in names])
    ends = [(math.log(described[n].get("least", 1e-30)), math.log(described[n].get("most", _most(base, n)))) for n in names]
    weight = weights(family, rows)

    def residuals(point: np.ndarray) -> np.ndarray:
        return weight * logs(family, rows, base.with_values(dict(zip(names, np.exp(point).tolist(), strict=True))))

    found = least_squares(residuals, start, bounds=list(zip(*ends, strict=True)), loss="soft_l1", f_scale=SOFT, diff_step=1e-3, x_scale=0.1)
    return base.with_values({n: float(f"{math.exp(v):.3g}") for n, v in zip(names, found.x, strict=True)})


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


def intervals(family: str, rows: list[Row], deployed: Profile) -> dict[str, Any]:
    """Return the middle eighty percent of measured over predicted time, by kind.

    For hardware that was seen, of the constants as they are; for hardware that was not, of constants fitted without it.
    """
    chosen = module(family)
    seen, unseen = defaultdict(list), defaultdict(list)
    for row, log in zip(rows, logs(family, rows, deployed), strict=True):
        seen[chosen.kind(row)].append(float(log))
    by_hardware = defaultdict(list)
    for row in rows:
        by_hardware[chosen.predict(row, deployed).hardware].append(row)
    for own in by_hardware.values():
        others = [r for r in rows if r not in own and chosen.fitted(r)]
        blind = fit(family, others) if others and len(by_hardware) > 1 else deployed
        for row, log in zip(own, logs(family, own, blind), strict=True):
            unseen[chosen.kind(row)].append(float(log))
    return {k: {"seen": _ends(seen[k]), "unseen": _wider(_ends(seen[k]), _ends(unseen[k])), "rows": len(seen[k])} for k in sorted(seen)}


def _ends(values: list[float]) -> list[float]:
    ordered = sorted(values)
    return [float(f"{math.exp(quantile(ordered, q)):.3g}") for q in (0.1, 0.9)]


def _wider(seen: list[float], unseen: list[float]) -> list[float]:
    return [min(seen[0], unseen[0]), max(seen[1], unseen[1])]


def described(family: str) -> dict[str, Any]:
    """Return the file's table of a family with everything fitted anew."""
    compared = answerable(family, rows_of(family))
    rows = [r for r in compared if module(family).fitted(r)]
    found = fit(family, rows)
    table = {**document()[family]}
    error = _median(logs(family, rows, found))
    leave_out = sorted({module(family).group(r) for r in rows})
    without = [fit(family, kept) for g in leave_out if len(kept := [r for r in rows if module(family).group(r) != g]) > len(free(family))]
    for path, constant in free(family).items():
        group, _, name = path.rpartition(".")
        values = found.groups[group].values if group else found.values
        others = [(p.groups[group].values if group else p.values)[name] for p in without]
        constant["value"] = values[name]
        constant["spread"] = [min(others), max(others)] if others else [values[name]] * 2
        neutral = constant.get("neutral", values[name] if not group else found.values[name])
        constant["worth"] = float(f"{_median(logs(family, rows, found.with_values({path: neutral}))) - error:.3g}")
    table["rows"], table["median"] = len(rows), float(f"{error:.3g}")
    table["hardware"] = sorted({module(family).predict(r, found).hardware for r in rows})
    table["intervals"] = intervals(family, compared, found)
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
