"""Files that a build writes where their text changed, so that what did not change keeps its time."""

from collections.abc import Mapping
from pathlib import Path


def write_changed(folder: Path, files: Mapping[str, str]) -> None:
    """Write those files of a folder, by name, that say something else now."""
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
