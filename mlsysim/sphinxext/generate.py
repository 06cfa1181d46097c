"""The generated pages: thin MyST files, written where they changed; the directives in them do the work."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .. import zoo
from ..accuracy import MODULES
from ..equation import EQUATIONS
from ..equations import SECTIONS
from ..hardware import HardwareNode
from ..infrastructure import Ownership, Rental
from ..published.addresses import page
from ..published.derived import derived
from ..published.words import spoken
from ..solvers import SOLVERS
from ..workloads import Workload
from . import assumptions, cli, near, textbook
from .accuracy import TITLES as TITLES_OF_FAMILIES
from .output import write_changed

INDEXES = {
    "hardware": ("Hardware", "Hardware", "Accelerators, systems on chip and microcontrollers."),
    "models": ("Models", "Models", "Workloads: what each model asks for."),
    "infra": ("Infrastructure", "Infrastructure", "Grids, datacenters and prices."),
    "fleets": ("Systems", "Systems", "Nodes, fabrics, clusters and storage."),
}
"""Index page, kind, title, sentence."""

COLUMNS = {
    "Hardware": "compute.peak.fp16 compute.peak.bf16 compute.peak.int8 memory.capacity memory.bandwidth power.tdp released",
    "Models.Language": "layers hidden heads kv_heads vocab window published.parameters released",
    "Models.Vision": "parameters macs activations image_size published.parameters published.macs",
    "Models.Tiny": "parameters macs activations",
    "Models.Diffusion": "steps guidance denoiser.layers denoiser.hidden published.macs released",
    "Models.Speech": "parameters macs activations",
    "Models.Recommendation": "embedding_dim cross_layers cross_rank",
    "Infrastructure.Grids": "carbon_intensity water_intensity electricity_price",
    "Infrastructure.Datacenters": "pue wue",
    "Infrastructure.Prices": "rental assumption.lifetime assumption.maintenance_rate",
    "Systems.Nodes": "accelerators nics nic_bandwidth max_power price",
    "Systems.Fabrics": "bandwidth latency oversubscription",
    "Systems.Clusters": "nodes accelerators",
    "Systems.Storage": "write_bandwidth capacity",
}
TITLES = {"Prices": "Prices and terms", "Tiny": "Tiny", "Clusters": "Clusters (fleets)"}


NAME = re.compile(r"(?<![\w.])\w+(?:\.\w+)*")


@cache
def gallery_uses(folder: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return each gallery example's title and the dotted names in it, with the beginnings of these, by document."""
    found = {}
    for path in sorted(Path(folder).rglob("plot_*.py")):
        text = path.read_text("utf-8")
        lines = [line.strip() for line in text.split('"""')[1].strip().splitlines()]
        names = {tuple(name.split(".")) for name in NAME.findall(text)}
        inside = path.relative_to(folder).with_suffix("").as_posix()
        found[f"gallery/{inside}"] = (lines[0], frozenset(".".join(n[:i]) for n in names for i in range(1, len(n) + 1)))
    return found


def examples_with(folder: str, word: str) -> list[tuple[str, str]]:
    """Return the gallery examples in which a name stands: document and title."""
    return [(doc, title) for doc, (title, names) in gallery_uses(folder).items() if word in names]


@cache
def referrers() -> dict[str, list[str]]:
    """Return, for each entry, the entries that refer to it."""
    found: dict[str, list[str]] = {}
    for name in zoo.names():
        for other in zoo.references_of(name):
            found.setdefault(other, []).append(name)
    return found


def entry_page(name: str, gallery: str, repository: str = "") -> str:
    """Return the page of an entry; ``repository`` is where its file is edited, where that is known."""
    entry = zoo.load(name)
    parts = [f"# {entry.name}", entry.summary, f"```{{mls-entry}} {name}\n```", f"## Facts\n\n```{{mls-facts}} {name}\n```"]
    refers = sorted(zoo.references.get(name, ()))
    if refers:
        parts.insert(2, "Made of " + ", ".join(f"{{mls:entry}}`{r}`" for r in refers) + ".")
    if derived(name):
        parts.append(f"## What follows from them\n\n```{{mls-derived}} {name}\n```")
    if isinstance(entry, HardwareNode):
        parts.append(f"```{{mls-largest}} {name}\n```")
        parts.append(f"## What bounds it\n\n```{{mls-roofline}} {name}\n```")
    if isinstance(entry, Workload):
        parts.append(f"## Where memory and arithmetic go\n\n```{{mls-parts}} {name}\n```")
    if not isinstance(entry, (Rental, Ownership)):
        parts.append(f"## Its place among its kind\n\n```{{mls-place}} {name}\n```")
    users = [f"- {{mls:entry}}`{r}`" for r in referrers().get(name, [])]
    users += [f"- [{title}](/{doc})" for doc, title in examples_with(gallery, name)]
    if users:
        parts.append("## Where it is used\n\n{.mls-used}\n" + "\n".join(users))
    if near.similar(name):
        parts.append(f"## Similar entries\n\n```{{mls-near}} {name}\n```")
    stem, file = page(name).rpartition("/")[2], f"zoo/{name.replace('.', '/')}.toml"
    edit = f"<a href='{repository}/{file}'>Edit this entry</a>" if repository else f"Its file is <code>{file}</code>"
    parts.append(f"```{{raw}} html\n<p><a href='{stem}.json'>This page as JSON</a>. {edit}.</p>\n```")
    return "\n\n".join(parts) + "\n"


def index_page(stem: str) -> str:
    """Return the index page of a kind."""
    kind, title, sentence = INDEXES[stem]
    parts = [f"# {title}", sentence]
    groups = sorted({".".join(n.split(".")[:2]) for n in zoo.names(kind)})
    if kind == "Hardware":
        parts.append(f"```{{mls-index}} {kind}\n:columns: {COLUMNS[kind]}\n```")
    else:
        for group in groups:
            short = group.rpartition(".")[2]
            parts.append(f"## {TITLES.get(short, short)}\n\n```{{mls-index}} {group}\n:columns: {COLUMNS[group]}\n```")
    parts.append(f"## In pictures\n\n```{{mls-pictures}} {kind}\n```")
    listed = "\n".join(f"/{page(n)}" for n in zoo.names(kind))
    parts.append(f"```{{toctree}}\n:hidden:\n\n{listed}\n```")
    return "\n\n".join(parts) + "\n"


def zoo_page() -> str:
    """Return the page above the indexes."""
    rows = "\n".join(
        f"- [{title}](/zoo/{stem}): {sentence} {len(zoo.names(kind))} entries." for stem, (kind, title, sentence) in INDEXES.items()
    )
    listed = "\n".join(f"/zoo/{stem}" for stem in (*INDEXES, "compare"))
    tables = ", ".join(f"<a href='{kind.lower()}.csv'>{kind}</a>" for kind in zoo.KIND_NAMES)
    return (
        "# Zoo\n\nEvery number in the zoo is a fact: it names its source, the place in the source, its kind "
        "(stated, measured, derived or estimated) and the day on which it was read. "
        "Numbers that follow from facts are linked to their equations.\n\n"
        f"{rows}\n- [Compare](/zoo/compare): entries side by side.\n\n"
        "## Downloads\n\n```{raw} html\n"
        f"<p>Everything: <a href='../zoo.json'>zoo.json</a>, whose entries are as <a href='../zoo.schema.json'>zoo.schema.json</a> says. "
        f"A table a kind: {tables}. Each entry's page has its own JSON.</p>\n```\n\n"
        "## Licence\n\n"
        "The data is under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). When you quote a single number, name its "
        "source too. Some sources are collections whose own licence asks for more than to be named. Their facts carry that licence beside "
        "the source, here and in the downloads (`licence` of a fact's source); "
        "whoever takes many numbers of one of them should follow it.\n\n"
        "```{mls-licences}\n```\n\n"
        f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    )


COMPARE = """# Compare

Choose two to four entries. The address of this page then names them, so that you can send it to someone.

```{raw} html
<div id="mls-compare"><noscript><p>Comparing needs JavaScript. The index tables of the zoo do not.</p></noscript></div>
```
"""


def math_pages(gallery: str) -> dict[str, str]:
    """Return the pages of the equations: one a section, and one above them."""
    pages, rows = {}, []
    for section in SECTIONS:
        stem = section.__name__.rpartition(".")[2]
        head, _, rest = (section.__doc__ or "").strip().partition(": ")
        members = [e for e in EQUATIONS.values() if e.module == stem]
        parts = [f"# {head}", rest[:1].upper() + rest[1:]]
        for eq in members:
            parts.append(f"## {spoken(eq.name, start=True)}\n\n```{{mls-equation}} {eq.name}\n```")
            parts += textbook.box(f"eq.{eq.name}")
            examples = examples_with(gallery, eq.name)
            if examples:
                parts.append("Used in " + ", ".join(f"[{title}](/{doc})" for doc, title in examples) + ".")
        pages[f"math/{stem}"] = "\n\n".join(parts) + "\n"
        listed = ", ".join(f"{{mls:eq}}`{e.name}`" for e in members)
        rows.append(f"## [{head}](/math/{stem})\n\n{rest[:1].upper() + rest[1:]}\n\n{listed}.")
    toc = "\n".join(f"/math/{s.__name__.rpartition('.')[2]}" for s in SECTIONS)
    kinds = [e.example.kind for e in EQUATIONS.values()]
    pages["math"] = (
        "# Math foundations\n\nEach equation stands once, as a plain function; what is printed here is that function, "
        "read in several ways. "
        f"There are {len(kinds)}: the worked example of {kinds.count('source')} is their source's own, of {kinds.count('publication')} "
        f"another publication's, and {kinds.count('derived')} are worked by hand and marked so.\n\n"
        + "\n\n".join(rows)
        + f"\n\n```{{toctree}}\n:hidden:\n\n{toc}\n```\n"
    )
    return pages


WHY = {
    "SingleNodeModel": "latency",
    "ServingModel": "itl",
    "LoadModel": "ttft",
    "DistributedModel": "step_time",
    "CollectiveModel": "time",
    "EconomicsModel": "cost_per_query",
    "SustainabilityModel": "carbon",
    "ReliabilityModel": "goodput",
}


def solver_pages(gallery: str) -> dict[str, str]:
    """Return a page for each solver, and one above them."""
    pages, rows = {}, []
    for solver in SOLVERS:
        name = solver.__name__
        sentence = (solver.__doc__ or "").strip().split("\n")[0]
        parts = [f"# {name}", f"```{{mls-solver}} {name}\n```", *textbook.box(f"solver.{name}")]
        parts.append(f"## Where a number comes from\n\nThe derivation of `{WHY[name]}` in the example above.")
        parts.append(f"```{{mls-why}} {name} {WHY[name]}\n```")
        if name in MEASURED:
            parts.append(quoted_accuracy(name))
        examples = examples_with(gallery, name)
        if examples:
            parts.append("## Examples\n\n" + "\n".join(f"- [{title}](/{doc})" for doc, title in examples))
        pages[f"solvers/{name.lower()}"] = "\n\n".join(parts) + "\n"
        rows.append(f"- {{mls:solver}}`{name}`: {sentence}")
    listed = "\n".join(f"/solvers/{s.__name__.lower()}" for s in SOLVERS)
    pages["solvers/index"] = "# Solvers\n\n" + "\n".join(rows) + f"\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    return pages


MEASURED = {
    "SingleNodeModel": ("serving", "vision", "tiny"),
    "DistributedModel": ("training",),
    "ServingModel": ("serving",),
    "CollectiveModel": ("collectives",),
    "SustainabilityModel": ("energy",),
    "ReliabilityModel": ("reliability",),
}
"""The families of measurements that tell how accurate a solver is."""


def quoted_accuracy(solver: str) -> str:
    """Return the sentences on a solver's page that say how far its estimates are from measurements."""
    lines = [
        f"- [{TITLES_OF_FAMILIES[f]}](/accuracy/{f}): median error {{mls:accuracy}}`{f}.median`, ninetieth percentile "
        f"{{mls:accuracy}}`{f}.ninetieth`, over {{mls:accuracy}}`{f}.rows` rows."
        for f in MEASURED.get(solver, ())
    ]
    return "## How accurate\n\nEstimates with the documented constants, beside what others measured:\n\n" + "\n".join(lines)


def accuracy_pages() -> dict[str, str]:
    """Return a page for each family of measurements, and one above them."""
    pages = {f"accuracy/{f}": f"# {TITLES_OF_FAMILIES[f]}\n\n```{{mls-accuracy}} {f}\n```\n" for f in MODULES}
    listed = "\n".join(f"/accuracy/{f}" for f in MODULES)
    pages["accuracy/index"] = ACCURACY + f"\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    return pages


ACCURACY = """# Accuracy

How far are predictions from what others measured? Each row of the {ref}`measurements <accuracy-rows>` is predicted from its
configuration alone, by the solvers, with a few documented constants. Its own value is never an input.

```{mls-accuracy-overview}
```

Errors are those of the predicted speed, as a share of the measured one; a time counts by its inverse. The interval is meant to hold
eight of ten measurements. A prediction beyond the bound would be faster than physics allows. Bias is the geometric mean of predicted over
measured speed.

(accuracy-rows)=
## The rows

The rows that count are complete, were read in a primary source, and are few enough of a source and a machine that none rules the rest.
Each family's page lists all rows, the worst first, with what is known about them, and says what is not modelled.

## Your own measurement

`mlsysim.calibrate(row)` returns a profile with which a row of your own machine is predicted as you measured it; give the profile to a
solver as `efficiency=`. One row has noise of its own, and may correct less than it adds: the table takes the first row of each source and
machine, and asks how far the others are then off. Hold a second run against the first.

```{mls-calibration}
```
"""


NUMBERS = """# Numbers to cite

Every number here has a name that lasts. A fact of the zoo, what follows from it, an equation, a quantity, a field of a solver's result,
a computed value and a claim of the gallery: each has an anchor, which the sign beside it links to, and which stays. Where a name is
given up, the old one leads to what took its place.

An address without a version leads to the latest release; with a version below the base it leads to that one, as citations do. `cite`
beside a number gives plain text, BibTeX and CSL-JSON, with the source that the number was read in: cite that too. The same from Python:

```python
import mlsysim

bandwidth = mlsysim.lookup("Hardware.Cloud.H100.memory.bandwidth")
print(bandwidth.quantity.to("TB/s"), bandwidth.source, bandwidth.url)
print(mlsysim.cite("Hardware.Cloud.H100.memory.bandwidth", "bibtex"))
```

## Files

```{raw} html
<ul>
<li><a href="numbers.json">numbers.json</a>: every published number with its name, value, unit, kind, source and address, as
<a href="numbers.schema.json">numbers.schema.json</a> says.</li>
<li><a href="zoo.json">zoo.json</a>: the zoo, as <a href="zoo.schema.json">zoo.schema.json</a> says; a JSON file stands beside each of its
pages.</li>
<li><a href="_variables.yml">_variables.yml</a>: the numbers as variables of a Quarto project.</li>
<li><a href="mlsysim.sty">mlsysim.sty</a>: the numbers as a LaTeX package.</li>
<li><a href="objects.inv">objects.inv</a>: every name with its address, for Sphinx, Jupyter Book and Quarto's interlinks.</li>
<li><a href="myst.xref.json">myst.xref.json</a>: the same for MyST and Jupyter Book 2.</li>
</ul>
```

How a book uses them is told in [Numbers in your own book](/books). What has moved between releases stands in
[Numbers that moved](/moved).

(computed-values)=
## Computed values of these pages

```{mls-values}
```
"""

MOVED = """# Numbers that moved

A number that was published in a release is kept in a ledger. When it changes, because a fact was corrected or an equation was, the change
is accepted with a reason, which is told here: whoever quoted the number can see whether it still stands.

```{mls-moves}
```
"""


def all_pages(gallery: str, repository: str = "") -> dict[str, str]:
    """Return every generated page by document."""
    pages = {page(n): entry_page(n, gallery, repository) for n in zoo.names()}
    pages |= {f"zoo/{stem}": index_page(stem) for stem in INDEXES}
    pages["zoo/index"] = zoo_page()
    pages["zoo/compare"] = COMPARE
    pages |= math_pages(gallery) | solver_pages(gallery) | accuracy_pages() | textbook.pages()
    pages["nomenclature"] = (
        "# Nomenclature\n\nEach quantity is named once. Inside the library units are coherent; those below are what people say.\n\n"
        "```{mls-nomenclature}\n```\n"
    )
    pages["numbers"], pages["moved"] = NUMBERS, MOVED
    pages["cli"] = cli.page()
    pages["assumptions"] = assumptions.page(MEASURED)
    pages["sources"] = "# Sources\n\nWhat the numbers and equations rest on, and what cites each source.\n\n```{mls-sources}\n```\n"
    return pages


def edit_address(context: Mapping[str, str]) -> str:
    """Return the address below which files are edited, from what ``html_context`` says of the repository; empty where it says nothing."""
    repository, branch = context.get("github_repository", ""), context.get("github_version", "main")
    return f"https://github.com/{repository}/edit/{branch}" if repository else ""


def write(srcdir: Path, gallery: Path, repository: str = "") -> None:
    """Write the pages that changed, and remove those of things that are gone."""
    gallery_uses.cache_clear()
    pages = {f"{doc}.md": text for doc, text in all_pages(str(gallery), repository).items()}
    write_changed(srcdir, pages)
    for folder in ("zoo", "math", "solvers", "accuracy", "textbook"):
        for path in (srcdir / folder).rglob("*.md"):
            if path.relative_to(srcdir).as_posix() not in pages:
                path.unlink()
