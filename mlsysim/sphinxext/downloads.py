"""Downloads of examples: roles in their text are resolved there too, so that a downloaded file reads well."""

import json
import re
import zipfile
from pathlib import Path

from sphinx.util.nodes import explicit_title_re

from .. import zoo
from ..errors import MlsysimError
from ..published import addresses, registry
from ..published.words import spoken
from . import chapters

ROLE = re.compile(r"(?::mls:(\w+):|\{mls:(\w+)\})`([^`]+)`")


def resolve(text: str, values: str, linked: bool = False) -> str:
    """Return text with every role replaced by what it shows, as a link in Markdown to the published site where that is asked for."""

    def shown(match: re.Match[str]) -> str:
        words, target = spoken_and_meant(match.group(3))
        try:
            text, address = said(match.group(1) or match.group(2), target, values)
        except MlsysimError:
            return words or target
        return link(words or text, address if linked else "")

    return ROLE.sub(shown, text)


def spoken_and_meant(inside: str) -> tuple[str, str]:
    """Return what a role shall say, if it tells, and what it is about."""
    explicit = explicit_title_re.match(inside)
    return (explicit.group(1), explicit.group(2)) if explicit else ("", inside)


def said(role: str, target: str, values: str) -> tuple[str, str]:
    """Return what a role shows, and the address that it leads to, if any."""
    match role:
        case "fact" | "accuracy" | "value" | "example":
            name, options = registry.asked(target)
            number = registry.lookup(name if role == "fact" else addresses.public(role, name), values)
            return registry.printed(number, **options), addresses.url(number.name)
        case "entry":
            name = addresses.current(registry.resolve(target))
            return zoo.load(name).name, addresses.url(name)
        case "eq":
            return spoken(target), addresses.url(f"eq.{target}")
        case "chapter":
            chapter = chapters.current().chapter(target)
            return f"{chapter.title}, {chapter.place}", chapter.volume.page
        case "given":
            return target, ""
    return target, addresses.url(addresses.public({"result": "field"}.get(role, role), target))


def link(text: str, address: str) -> str:
    """Return a link in Markdown, or the text alone where it leads nowhere."""
    return f"[{text}]({address})" if address else text


def resolve_notebook(text: str, values: str) -> str:
    """Return a notebook with the roles in its cells resolved, in text as links."""
    book = json.loads(text)
    for cell in book["cells"]:
        linked = cell["cell_type"] == "markdown"
        source = cell["source"]
        cell["source"] = [resolve(line, values, linked) for line in source] if isinstance(source, list) else resolve(source, values, linked)
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
