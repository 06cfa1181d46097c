"""Run every example below a folder, two at a time, each in a process of its own: ``run_examples.py GALLERY``.

Programs run with warnings as errors; notebooks, where the folder holds downloads of the site, in a kernel. A second argument says what the
names of files look like, ``plot_*.py`` unless it is given. To find none is a failure.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def run(example: Path) -> str:
    """Return what an example that fails says, or nothing."""
    how = ["-m", "jupyter", "execute"] if example.suffix == ".ipynb" else ["-W", "error"]
    done = subprocess.run([sys.executable, *how, str(example)], capture_output=True, text=True, timeout=120, check=False)
    print(f"{'passed' if done.returncode == 0 else 'FAILED'} {example.parent.name}/{example.name}", flush=True)
    return done.stderr if done.returncode else ""


def main(folder: Path, names: str = "plot_*.py") -> int:
    """Run all of such names; return 1 where one fails."""
    examples = sorted(folder.rglob(names))
    with ThreadPoolExecutor(2) as pool:
        failures = [said for said in pool.map(run, examples) if said]
    print("\n".join(failures), file=sys.stderr)
    print(f"{len(examples) - len(failures)} of {len(examples)} examples passed")
    return 1 if failures or not examples else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), *sys.argv[2:]))
