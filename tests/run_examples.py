"""Run every example below a folder, two at a time, each in a process of its own with warnings as errors: ``run_examples.py GALLERY``."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def run(example: Path) -> str:
    """Return what an example that fails says, or nothing."""
    done = subprocess.run([sys.executable, "-W", "error", str(example)], capture_output=True, text=True, timeout=120, check=False)
    print(f"{'passed' if done.returncode == 0 else 'FAILED'} {example.parent.name}/{example.name}", flush=True)
    return done.stderr if done.returncode else ""


def main(gallery: Path) -> int:
    """Run all; return 1 where one fails."""
    examples = sorted(gallery.rglob("plot_*.py"))
    with ThreadPoolExecutor(2) as pool:
        failures = [said for said in pool.map(run, examples) if said]
    print("\n".join(failures), file=sys.stderr)
    print(f"{len(examples) - len(failures)} of {len(examples)} examples passed")
    return 1 if failures or not examples else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
