"""``python -m mlsysim.published``: what moved since the last release (``nox -s numbers``)."""

import argparse
import sys
from datetime import date
from pathlib import Path

from .. import __released__, __version__
from ..errors import MlsysimError
from . import ledger


def main(arguments: list[str] | None = None) -> int:
    """Compare, accept or write the ledger; return 1 where a number moved without a reason."""
    parser = argparse.ArgumentParser(prog="nox -s numbers --", description="Published numbers: what moved since the last release, and why.")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder of the ledger and of the values file")
    parser.add_argument("--gallery", type=Path, default=Path("gallery"), help="folder of the examples")
    what = parser.add_subparsers(dest="what")
    what.add_parser("check", help="print what moved, and fail where there is no reason (this is what happens without a word)")
    accept = what.add_parser("accept", help="accept moves with a reason")
    accept.add_argument("reason")
    accept.add_argument("pattern", nargs="?", default="*", help="names, such as Hardware.Cloud.H100.*; what they cause comes along")
    what.add_parser("release", help="write the ledger of this release")
    given = parser.parse_args(arguments)
    try:
        return _run(given)
    except MlsysimError as error:
        print(error, file=sys.stderr)
        return 2


def _run(given: argparse.Namespace) -> int:
    lock, moves_file = given.docs / "numbers.lock", given.docs / "moves.toml"
    numbers, now = ledger.state(given.docs, given.gallery)
    if given.what == "release":
        ledger.write(lock, now, __version__, __released__)
        print(f"{lock}: {len(now)} names, {len(numbers)} of them with a value")
        return 0
    before = ledger.read(lock)
    moves = ledger.moved(before, now, numbers)
    if given.what == "accept":
        waiting = ledger.unaccepted(moves, ledger.accepted(moves_file))
        count = ledger.accept(moves_file, waiting, given.reason, given.pattern, date.today().isoformat())
        print(f"{moves_file}: {count} moves accepted")
        return 0
    wrong = ledger.astray(before, now)
    waiting = ledger.unaccepted(moves, ledger.accepted(moves_file))
    known = {m.name for m in waiting}
    for move in moves:
        print(f"{'moved   ' if move.name in known else 'accepted'} {move.text}")
    for sentence in wrong:
        print(f"wrong    {sentence}")
    new = len(now.keys() - before.keys())
    print(f"{len(before)} names of the last release: {len(moves)} moved, {len(waiting)} without a reason; {len(wrong)} wrong; {new} new")
    if waiting:
        print("accept what is right: nox -s numbers -- accept 'why it moved' ['names']")
    return 1 if waiting or wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
