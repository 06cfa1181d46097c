"""Downloads of examples: roles in their text are resolved there too, so that a downloaded file reads well."""

import json
import re
import zipfile
from pathlib import Path

from .. import zoo
from ..errors import MlsysimError
from ..published import addresses, registry
from ..published.words import spoken

ROLE = re.compile(r"(?::mls:(\w+):|\{mls:(\w+)\})`([^`]+)`")


def resolve(text: str, values: str) -> str:
    """Return text with every role replaced by what it shows."""

    def shown(match: re.Match[str]) -> str:
        role, target = match.group(1) or match.group(2), match.group(3)
        explicit = re.fullmatch(r"(.+?)\s*<[^>]+>", target)
        if explicit:
            return explicit.group(1)
        try:
            match role:
                case "fact" | "accuracy" | "value" | "example":
                    name, options = registry.asked(target)
                    known = name if role == "fact" else addresses.public(role, name)
                    return registry.printed(registry.lookup(known, values), **options)
                case "entry":
                    return zoo.load(addresses.current(registry.resolve(target))).name
                case "eq":
                    return spoken(target)
        except MlsysimError:
            return target
        return target

    return ROLE.sub(shown, text)


def resolve_notebook(text: str, values: str) -> str:
    """Return a notebook with the roles in its cells resolved."""
    book = json.loads(text)
    for cell in book["cells"]:
        source = cell["source"]
        cell["source"] = [resolve(line, values) for line in source] if isinstance(source, list) else resolve(source, values)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def resolved(name: str, data: bytes, values: str) -> bytes:
    """Return a download's content with its roles resolved."""
    text = data.decode("utf-8")
    if "mls:" not in text:
        return data
    return (resolve_notebook(text, values) if name.endswith(".ipynb") else resolve(text, values)).encode("utf-8")


def rewrite(outdir: Path, values: str) -> None:
    """Resolve the roles of every example among the site's downloads."""
    for path in sorted((outdir / "_downloads").rglob("plot_*")):
        if path.suffix in (".py", ".ipynb"):
            path.write_bytes(resolved(path.name, path.read_bytes(), values))
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                members = {m: archive.read(m) for m in archive.namelist()}
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in members.items():
                    archive.writestr(zipfile.ZipInfo(name), resolved(name, data, values) if name.endswith((".py", ".ipynb")) else data)
