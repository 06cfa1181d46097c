"""Predictions beside those of the last release: what moved, and whether a family's median error got worse."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from .score import Score, Scored, headline, scores

WORSE = 1.1
"""A family fails where its median error grows by more than this factor."""

MOVED = 0.01
"""A prediction has moved where it differs by more than this share."""


def track(path: Path, scored: Sequence[Scored], reason: str | None) -> int:
    """Report agreement with the last release, and accept today's predictions where a reason is given.

    Returns
    -------
    int
        1 where a family's median error got worse by more than a tenth and no reason was given, else 0.
    """
    families = scores(headline(scored), lambda s: s.family)
    today = {s.row.text("id"): s.answer.value for s in scored if s.answer is not None}
    if not path.exists() and reason is None:
        raise InputError(f"{path} is not there: write it with --accept REASON")
    released: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"reason": "", "medians": {}, "predictions": {}}
    report(released["predictions"], today)
    worse = [n for n, s in families.items() if s.errors and s.median > WORSE * released["medians"].get(n, s.median)]
    for name, score in families.items():
        if score.errors:
            before = released["medians"].get(name)
            was = "new" if before is None else f"was {100 * before:.1f} %"
            print(f"{name:14} median error {100 * score.median:5.1f} % ({was}){'  WORSE' if name in worse else ''}")
    if reason is not None:
        if not reason.strip():
            raise InputError("--accept needs a reason: say why the predictions moved")
        write(path, reason, families, today)
        return 0
    if worse:
        print(f"{', '.join(worse)} got worse by more than a tenth: mend it, or accept it with a reason")
    return int(bool(worse))


def report(before: dict[str, float], today: dict[str, float]) -> None:
    """Print how many predictions moved, and those that moved most."""
    both = before.keys() & today.keys()
    moved = sorted(((abs(today[i] / before[i] - 1), i) for i in both if abs(today[i] / before[i] - 1) > MOVED), reverse=True)
    new, gone = len(today) - len(both), len(before) - len(both)
    print(f"{len(both)} predictions were there before; {len(moved)} moved; {new} are new, {gone} are gone")
    for share, row in moved[:10]:
        print(f"  {row}: {before[row]:.5g} became {today[row]:.5g} ({100 * share:.1f} %)")


def write(path: Path, reason: str, families: dict[str, Score], today: dict[str, Any]) -> None:
    """Write today's medians and predictions, to five digits."""
    medians = {n: float(f"{s.median:.4g}") for n, s in families.items() if s.errors}
    predictions = {i: float(f"{v:.5g}") for i, v in sorted(today.items())}
    path.write_text(json.dumps({"reason": reason, "medians": medians, "predictions": predictions}, indent=0) + "\n", "utf-8")
