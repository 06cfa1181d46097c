"""Pages of predictions beside measurements: the scores, the pictures, the rows with the worst first, the constants."""

import math
import re
import statistics
import tomllib
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any

from docutils import nodes

from .. import profiles, zoo
from ..accuracy import MODULES, figures, module
from ..accuracy.figures import scored, worded
from ..accuracy.rows import Row
from ..accuracy.score import Score, Scored, headline, scores
from ..published.addresses import page
from . import markup, shown
from .directives import _Directive
from .nodes import table

TITLES = {
    "training": "Training", "serving": "Language-model inference", "vision": "Vision", "other": "Recommendation and diffusion",
    "tiny": "Small devices", "collectives": "Collectives", "microbench": "Kernels", "energy": "Energy, carbon and water",
    "reliability": "Reliability", "economics": "Cost",
}  # fmt: skip
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 460, 70, 16, 12, 44
COLORS = 8


def says(name: str) -> str:
    """Return what the page of a family shows, for a digest: rows, what is predicted for them, constants and remarks."""
    answers = repr([(s.row.text("id"), s.answer, s.why) for s in scored(name)])
    files = "".join((zoo.root() / "measurements" / f).read_text("utf-8") for f in module(name).FILES)
    return answers + files + repr(profiles.document().get(name)) + repr(remarks())


@cache
def remarks() -> tuple[dict[str, Any], ...]:
    """Return what is known about rows that are missed: each names a family, cells that a row must have, and says it."""
    path = zoo.root() / "measurements" / "remarks.toml"
    return tuple(tomllib.loads(path.read_text("utf-8"))["remark"]) if path.is_file() else ()


def remark_on(one: Scored) -> str:
    """Return what is known about a row."""
    found = [r["says"] for r in remarks() if r["family"] == one.family and all(v in one.row.text(c) for c, v in r.get("where", {}).items())]
    return " ".join(found)


HEAD = {
    "rows": "Rows", "answered": "Answered", "median": "Median error", "ninetieth": "90th percentile", "mean": "Mean error",
    "bias": "Bias", "close": "Within 25 %", "coverage": "Inside the interval", "beyond": "Beyond the bound",
}  # fmt: skip


def score_table(doc: str, groups: Iterable[tuple[str, Score]], first: str, leave: tuple[str, ...] = ()) -> nodes.Element:
    """Return a table of scores, some figures left out; what a row is called is HTML."""
    head = {n: t for n, t in HEAD.items() if n not in leave}
    rows = [("", [name, *(escape(worded(score, f)) for f in head)]) for name, score in groups]
    return markup.made(doc, markup.table([first, *head.values()], rows, "mls-scores"))


class OverviewDirective(_Directive):
    """``mls-accuracy-overview``: the one table that matters."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        groups = []
        for name in MODULES:
            shown.note(self.env, f"accuracy:{name}")
            link = f'<a class="reference internal" href="{name}.html"><span>{escape(TITLES[name])}</span></a>'
            groups += [(link, score) for kind, score in figures.groups(name).items() if not kind]
        return [score_table(self.env.docname, groups, "Family", leave=("answered", "mean", "bias"))]


class AccuracyDirective(_Directive):
    """``mls-accuracy``: all that is known about the accuracy of a family."""

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        shown.note(self.env, f"accuracy:{name}")
        self.env.metadata[self.env.docname]["mls_table"] = True
        rows = scored(name)
        words = re.sub(r":\w+:`~?(?:\w+\.)*(\w+)`", r"\1", (module(name).__doc__ or "").strip())
        found: list[nodes.Node] = [nodes.paragraph("", p) for p in words.split("\n\n")]
        found += [self.section("scores", "How far off"), self.published(name)]
        compared = [s for s in rows if s.answer and s.measured]
        if compared:
            bounded = [s for s in compared if s.answer and math.isfinite(s.answer.bound) and s.answer.bound > 0]
            found.append(nodes.raw("", (scatter(bounded) if bounded else "") + histogram(compared), format="html"))
            by_hardware = scores(compared, lambda s: s.row.text("hw") or "not stated")
            by_source = scores(compared, lambda s: s.row.text("source"))
            for first, groups in (("Hardware", by_hardware), ("Source", by_source)):
                found.append(score_table(self.env.docname, [(escape(k), s) for k, s in sorted(groups.items())], first))
        if name in profiles.families():
            found += [self.section("constants", "The constants"), *constants(name)]
        found += [self.section("rows", "All rows, the worst first"), nodes.raw("", listing(rows), format="html")]
        return found

    def published(self, name: str) -> nodes.Element:
        """Return the table of the published figures, each at its anchor, and of all rows."""
        rows = []
        for kind, score in figures.groups(name).items():
            cells = [escape(f"of these: {kind.replace('_', ' ')}" if kind else "rows that count")]
            for figure in HEAD:
                path = f"{name}.{kind}{'.' if kind else ''}{figure}"
                text = escape(worded(score, figure))
                if path in figures.names(name):
                    ident = self.domain.note("accuracy", path, f"{figures.FIGURES[figure]}, {' '.join(path.split('.')[:-1])}")
                    text = f'<span id="{ident}">{text}</span>{markup.permalink("accuracy", path)}'
                cells.append(text)
            rows.append(("", cells))
        for score in scores(scored(name), lambda s: "").values():
            rows.append(("", ["all rows", *(escape(worded(score, f)) for f in HEAD)]))
        return markup.made(self.env.docname, markup.table(["Rows", *HEAD.values()], rows, "mls-scores"))

    def section(self, ident: str, title: str) -> nodes.Node:
        return nodes.rubric("", title, ids=[ident])


def constants(name: str) -> list[nodes.Node]:
    """Return the table of a family's constants, and what they leave out."""
    described = profiles.document()[name]
    rows = [constant_row("every row", n, c) for n, c in described["constants"].items()]
    for title, group in described.get("groups", {}).items():
        for name_of, scalar in group["constants"].items():
            told = {**described["constants"][name_of], **scalar}
            rows.append(constant_row(title, name_of, told | {"says": group.get("says") or told["says"]}))
    listed = nodes.bullet_list()
    for text in described.get("omits", ()):
        listed += nodes.list_item("", nodes.paragraph("", text))
    head = ["Holds for", "Constant", "Value", "Left-out range", "Worth", "What it stands for"]
    built: list[nodes.Node] = [table(head, rows, classes=["mls-constants"], widths=[12, 18, 12, 14, 8, 36])]
    return [*built, nodes.rubric("", "What is not modelled"), listed] if described.get("omits") else built


def constant_row(holds: str, name: str, constant: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the cells of a constant."""
    from .. import quantities
    from ..units import people

    symbol = getattr(quantities, constant.get("quantity", "Efficiency")).__metadata__[0]
    spread = constant.get("spread")
    ends = " to ".join(people(v, symbol.unit, symbol.display) or f"{v:g}" for v in spread) if spread else "fixed"
    worth = f"{100 * constant['worth']:+.1f}\u00a0%" if "worth" in constant else ""
    value = people(constant["value"], symbol.unit, symbol.display) or f"{constant['value']:g}"
    text = constant["says"] + (f" Fixed: {constant['fixed'].removesuffix('.')}." if "fixed" in constant else "")
    return "", [holds, [nodes.literal("", name)], value, ends, worth, text]


def _colors(rows: list[Scored]) -> dict[str, int]:
    counts = scores(rows, lambda s: s.row.text("hw") or "not stated")
    order = sorted(counts, key=lambda n: -counts[n].rows)
    return {n: min(i, COLORS - 1) for i, n in enumerate(order)}


FASTEST = 2.0
"""Measured speed over the bound at which the picture ends: rows beyond it state another configuration than they ran."""


def scatter(rows: list[Scored]) -> str:
    """Return the picture of predicted against measured speed; both are relative to the bound, so that all units share it."""
    colors = _colors(rows)
    points = []
    for s in rows:
        assert s.answer and s.measured
        share = [s.measured / s.answer.bound, s.answer.value / s.answer.bound]
        measured, predicted = (v if s.answer.rate else 1 / v for v in share)
        points.append((s, measured, predicted))
    low = max(min(min(p[1], p[2]) for p in points) * 0.8, 1e-5)
    high = min(max(1.0, *(p[1] for p in points)) * 1.15, FASTEST)
    span = math.log(high / low)

    def at(value: float, first: int, last: int) -> float:
        return first + (last - first) * min(1.0, max(0.0, math.log(value / low) / span))

    parts = [f'<svg class="mls-plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Predicted against measured speed, row by row.">']
    for tick in (10.0**e * s for e in range(-5, 2) for s in (1, 2, 5)):
        if low <= tick <= high:
            x, y = at(tick, LEFT, WIDTH - RIGHT), at(tick, HEIGHT - BOTTOM, TOP)
            text = f"{100 * tick:g} %"
            parts.append(f'<path class="grid" d="M{x:.0f} {TOP}V{HEIGHT - BOTTOM}M{LEFT} {y:.0f}H{WIDTH - RIGHT}"/>')
            parts.append(f'<text x="{x:.0f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{text}</text>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{text}</text>')
    ends = [at(v, LEFT, WIDTH - RIGHT) for v in (low, high)], [at(v, HEIGHT - BOTTOM, TOP) for v in (low, high)]
    parts.append(f'<path class="same" d="M{ends[0][0]:.0f} {ends[1][0]:.0f}L{ends[0][1]:.0f} {ends[1][1]:.0f}"/>')
    for s, measured, predicted in points:
        x, y = at(measured, LEFT, WIDTH - RIGHT), at(predicted, HEIGHT - BOTTOM, TOP)
        words = escape(f"{s.row.text('model')} on {s.row.text('hw')}: {100 * s.error:+.0f} %", quote=True)
        color = colors[s.row.text("hw") or "not stated"]
        dot = f'<circle class="c{color}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{words}</title></circle>'
        parts.append(linked(s.row, 'tabindex="-1"', dot))
    parts.append(f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">measured, share of the bound</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text transform="translate(13 {middle:.0f}) rotate(-90)" text-anchor="middle">predicted, share of the bound</text>')
    parts.append("</svg>")
    named = [n for n, c in colors.items() if c < COLORS - 1]
    legend = "".join(f'<li><span class="c{colors[n]}"></span>{escape(n)}</li>' for n in named)
    legend += f'<li><span class="c{COLORS - 1}"></span>others</li>' if len(colors) > len(named) else ""
    caption = "Each point is a row and links to its source; on the line, prediction and measurement agree."
    return f'<figure class="mls-accuracy">{"".join(parts)}<ul>{legend}</ul><figcaption>{caption}</figcaption></figure>'


BINS = [-0.95 + 0.1 * i for i in range(26)]


def histogram(rows: list[Scored]) -> str:
    """Return the distribution of the signed errors."""
    counts = [0] * len(BINS)
    for s in rows:
        counts[max(0, min(len(BINS) - 1, math.floor((s.error + 1) / 0.1)))] += 1
    most, step, height = max(counts), (WIDTH - LEFT - RIGHT) / len(BINS), 170
    parts = [f'<svg class="mls-plot" viewBox="0 0 {WIDTH} {height + 44}" role="img" aria-label="Distribution of the signed errors.">']
    for i, n in enumerate(counts):
        tall = (height - 14) * n / most
        title = f"<title>{n} rows around {100 * BINS[i]:+.0f} %</title>"
        place = f'x="{LEFT + i * step + 1:.1f}" y="{height - tall:.1f}" width="{step - 2:.1f}" height="{tall:.1f}"'
        parts.append(f'<rect class="bar" {place}>{title}</rect>')
    for error in (-1, -0.5, 0, 0.5, 1, 1.5):
        x = LEFT + (error + 1) / 0.1 * step
        parts.append(f'<text x="{x:.0f}" y="{height + 16}" text-anchor="middle">{100 * error:+.0f} %</text>')
    parts.append(f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{height + 36}" text-anchor="middle">error of the predicted speed</text></svg>')
    caption = "Left of zero, the prediction is too slow; right of it, too fast. The last bar holds all that is further off."
    return f'<figure class="mls-accuracy">{"".join(parts)}<figcaption>{caption}</figcaption></figure>'


COLUMNS = ("Row", "Hardware", "Model", "What", "Measured", "Predicted", "Interval", "Error", "Known about it")


def listing(rows: Iterable[Scored]) -> str:
    """Return the table of all rows, the worst first, those without an answer last."""
    compared = [s for s in rows if s.answer and s.measured]
    silent = [s for s in rows if not (s.answer and s.measured)]
    ordered = [*sorted(compared, key=lambda s: -abs(math.log(s.ratio))), *silent]
    return markup.table(COLUMNS, map(row_of, ordered), "mls-index", "mls-rows", searched=False)


def linked(row: Row, attributes: str, inside: str) -> str:
    """Return something that links to the source of a row, where the source has an address."""
    if not row.text("url").startswith("http"):
        return f"<span {attributes}>{inside}</span>" if inside[:1] != "<" else inside
    return f'<a href="{escape(row.text("url"), quote=True)}" {attributes}>{inside}</a>'


def row_of(one: Scored) -> tuple[str, list[str]]:
    """Return a row of the table: its anchor and its cells."""
    row, answer = one.row, one.answer
    ident = escape(row.text("id"))
    source = linked(row, f'title="{escape(row.text("source"), quote=True)}"', ident)
    device = escape(row.text("hw"))
    if answer is not None and answer.hardware in zoo.names("Hardware"):
        device = f'<a href="../{page(answer.hardware)}.html">{device}</a>'
    cells = [source, device, escape(row.text("model")), escape(row.text("metric").replace("_", " "))]
    unit = escape(row.text("unit"))
    cells.append(_data(one.measured, unit) if one.measured else "\N{EN DASH}")
    if answer is None:
        cells += ["\N{EN DASH}", "\N{EN DASH}", "\N{EN DASH}", escape(one.why)]
    else:
        both = f"{answer.low:.3g} to {answer.high:.3g}" if answer.low is not None else "\N{EN DASH}"
        error = f'<data value="{one.error:.4g}">{100 * one.error:+.0f}\u00a0%</data>' if one.measured else "\N{EN DASH}"
        cells += [_data(answer.value, unit), both, error, escape(remark_on(one)) + assumed(answer.assumptions)]
    return f"row-{ident.lower()}", cells


def assumed(assumptions: tuple[str, ...]) -> str:
    """Return what a prediction assumes, folded."""
    if not assumptions:
        return ""
    listed = "".join(f"<li>{escape(a)}</li>" for a in assumptions)
    return f"<details><summary>{len(assumptions)} assumed</summary><ul>{listed}</ul></details>"


def _data(value: float, unit: str) -> str:
    return f'<data value="{value:.6g}">{value:.4g}\u00a0{unit}</data>'


class CalibrationDirective(_Directive):
    """``mls-calibration``: what one measured row of a source buys for the other rows of it."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        rows = []
        for name in CALIBRATED:
            shown.note(self.env, f"accuracy:{name}")
            plain, after = calibrated_errors(name)
            cells = [TITLES[name], str(len(plain)), *(f"{100 * statistics.median(e):.2g}\u00a0%" for e in (plain, after))]
            rows.append(("", cells))
        head = ["Family", "Rows", "Median error as documented", "After calibration on one row of the same source and machine"]
        return [table(head, rows, classes=["mls-scores"])]


CALIBRATED = ("training", "serving")


@cache
def calibrated_errors(name: str) -> tuple[list[float], list[float]]:
    """Return the errors of rows before and after calibration on the first one of their source, machine and kind, that one left out."""
    groups: dict[str, list[Scored]] = {}
    for one in headline(scored(name)):
        if one.answer and one.measured:
            groups.setdefault(f"{one.row.text('source')} {one.row.text('hw')} {one.answer.kind}", []).append(one)
    plain, after = [], []
    for first, *others in groups.values():
        plain += [abs(one.error) for one in others]
        after += [abs(one.ratio / first.ratio - 1) for one in others]
    return plain, after


DIRECTIVES = {"mls-accuracy": AccuracyDirective, "mls-accuracy-overview": OverviewDirective, "mls-calibration": CalibrationDirective}
