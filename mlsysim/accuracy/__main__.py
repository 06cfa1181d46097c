"""``python -m mlsysim.accuracy``: ``predict rows.csv -o predictions.csv``, ``score``, and ``track`` against the last release."""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import zoo
from ..errors import MlsysimError
from .rows import Row, read
from .score import Score, Scored, answered, headline, scores

COLUMNS = ("id", "predicted", "low", "high", "bound", "unit", "label", "explanation")


def written(scored: Scored) -> dict[str, Any]:
    """Return the cells of a prediction."""
    cells: dict[str, Any] = {"id": scored.row.text("id"), "explanation": scored.why}
    if (answer := scored.answer) is not None:
        numbers = {"predicted": answer.value, "low": answer.low, "high": answer.high, "bound": answer.bound}
        cells |= {n: "" if v is None else f"{v:.6g}" for n, v in numbers.items()}
        cells |= {"unit": answer.unit, "label": answer.label, "explanation": "; ".join(answer.assumptions)}
    return cells


def predict(source: str, target: str | None) -> None:
    """Answer the rows of a file, in a file or on the screen."""
    rows = read(source)
    with open(target, "w", encoding="utf-8", newline="") if target else sys.stdout as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(map(written, answered(rows)))


def measurements(files: Sequence[str]) -> list[Row]:
    """Return the rows of files, by default of those in the zoo."""
    paths = [Path(f) for f in files] or sorted((zoo.root() / "measurements").glob("*.csv"))
    return [r for p in paths for r in read(p)]


def line(name: str, score: Score) -> str:
    """Return a line of the table of scores."""
    percent = [f"{100 * v:6.1f}" for v in (score.median, score.ninetieth, score.mean)]
    shares = [f"{100 * v:6.1f}" for v in (score.close, score.coverage)]
    return f"{name:44.44} {score.rows:5} {score.answered:8} {' '.join(percent)} {score.bias:6.3f} {' '.join(shares)} {score.beyond:6}"


HEAD = f"{'':44} {'rows':>5} {'answered':>8} {'median':>6} {'p90':>6} {'mean':>6} {'bias':>6} {'<25 %':>6} {'inside':>6} {'beyond':>6}"


def score(files: Sequence[str]) -> None:
    """Print scores by family and kind, of the rows that count and of all."""
    everything = list(answered(measurements(files)))
    for title, chosen in (("rows that count", headline(everything)), ("all rows", everything)):
        print(f"\n{title} (errors in percent of the measured speed)\n{HEAD}")
        for name, one in scores(chosen, lambda s: s.family or "no family").items():
            print(line(name, one))
            own = [s for s in chosen if s.family == name and s.answer is not None]
            for kind, part in scores(own, lambda s: s.answer.kind if s.answer else "").items():
                print(line(f"  {kind}", part))
    silent = scores((s for s in everything if s.answer is None), lambda s: s.why)
    print("\nwithout an answer")
    for why, one in sorted(silent.items(), key=lambda item: -item[1].rows):
        print(f"{one.rows:6}  {why}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m mlsysim.accuracy", description="Predictions beside published measurements.")
    commands = parser.add_subparsers(dest="command", required=True)
    asked = commands.add_parser("predict", help="answer each row of a CSV file from its configuration")
    asked.add_argument("rows")
    asked.add_argument("-o", "--output", help="where predictions go; the screen by default")
    told = commands.add_parser("score", help="compare with the measured values")
    told.add_argument("rows", nargs="*", help="CSV files; by default those of the zoo")
    kept = commands.add_parser("track", help="compare with the predictions of the last release; fail where a family got worse")
    kept.add_argument("released", help="file of the last release's predictions")
    kept.add_argument("--accept", metavar="REASON", help="write today's predictions to that file, with a reason")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "track":
            from .track import track

            return track(Path(chosen.released), list(answered(measurements(()))), chosen.accept)
        if chosen.command == "predict":
            predict(chosen.rows, chosen.output)
        else:
            score(chosen.rows)
    except MlsysimError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
