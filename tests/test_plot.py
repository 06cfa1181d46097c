"""Plots: they draw what results say, in units that stand on the axes, and read well on a light and on a dark page."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

from mlsysim import (
    DistributedModel,
    EconomicsModel,
    Fleet,
    Hardware,
    InfeasibleError,
    Infrastructure,
    InputError,
    Models,
    Q,
    ServingModel,
    SingleNodeModel,
    SustainabilityModel,
    Systems,
    UnitError,
    plot,
)

H100, A100 = Hardware.Cloud.H100, Hardware.Cloud.A100
LLAMA = Models.Language.Llama3_8B
GRIDS = Infrastructure.Grids


@pytest.fixture(autouse=True)
def figures():
    """Draw without a window, and leave nothing open."""
    import matplotlib.pyplot as plt

    mpl.use("agg")
    yield
    plt.close("all")


def decode(device=H100, batch=8, **more):
    return SingleNodeModel().solve(LLAMA, device, batch, seq_len=2048, phase="decode", **more)


def training(tp=4, pp=4, **more):
    job = {"batch_size": 1024, "seq_len": 4096, "recompute": "selective", "zero_stage": 1} | more
    return DistributedModel().solve(Models.Language.Llama3_70B, Systems.Clusters.Research_256, tp_size=tp, pp_size=pp, **job)


def year(**more):
    node = Systems.Nodes.HGX_H100_4.replace(price="150000 USD")
    fleet = Fleet(node=node, nodes=1, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=GRIDS.US_Average)
    return EconomicsModel().solve(fleet, "1 year", lifetime="5 years", maintenance_rate="4 percent/year", **more)


def emissions(grid=GRIDS.US_Average):
    fleet = Fleet(node=Systems.Nodes.DGX_H100, nodes=1, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023)
    return SustainabilityModel().solve(fleet, "1 year", grid=grid)


def batches():
    sizes = np.array([1, 4, 16])
    return sizes, decode(batch=sizes)


def marked(ax):
    """Every disc on axes, as points."""
    return [p for line in ax.lines if line.get_marker() == "o" for p in zip(*line.get_data(), strict=True)]


def bars(ax):
    """Widths of the horizontal bars on axes by row, in order of drawing."""
    rows = {}
    for bar in ax.patches:
        rows.setdefault(round(bar.get_y() + bar.get_height() / 2, 6), []).append(bar.get_width())
    return rows


DRAWN = {
    "roofline": lambda ax=None: plot.roofline(H100, {"one": decode()}, ax=ax),
    "step_timeline": lambda ax=None: plot.step_timeline({"tp 4": training()}, ax=ax),
    "memory_breakdown": lambda ax=None: plot.memory_breakdown({"one": decode()}, ax=ax),
    "tornado": lambda ax=None: plot.tornado(decode(), "latency", ax=ax),
    "tco_waterfall": lambda ax=None: plot.tco_waterfall(year(), ax=ax),
    "carbon_by_region": lambda ax=None: plot.carbon_by_region([GRIDS.Sweden, GRIDS.Poland], "1 MWh", ax=ax),
    "lines": lambda ax=None: plot.lines(batches()[0], {"a": batches()[1].latency}, xlabel="batch", ylabel="time", ax=ax),
    "intervals": lambda ax=None: plot.intervals(
        {"one": (Q("2 ms"), (Q("1 ms"), Q("4 ms")))}, {"one": Q("3 ms")}, xlabel="time", ylabel="device", ax=ax
    ),
    "pareto_front": lambda ax=None: plot.pareto_front(
        [Q("1 ms"), Q("2 ms")], [Q("3 USD"), Q("2 USD")], ["a", "b"], xlabel="time", ylabel="cost", ax=ax
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_plot_draws_on_the_axes_that_it_is_given_and_returns_them(name):
    import matplotlib.pyplot as plt

    mine = plt.subplots()[1]
    assert DRAWN[name](ax=mine) is mine
    assert mine.has_data()
    assert DRAWN[name]() is not mine
    with pytest.raises(InputError, match="ax is a Figure"):
        DRAWN[name](ax=mine.figure)


@pytest.mark.parametrize("name", DRAWN)
def test_units_stand_on_the_axes(name):
    units = {
        "roofline": ("FLOP/B", "TFLOP/s"), "step_timeline": ("(s)",), "memory_breakdown": ("(GB)",), "tornado": ("percent",),
        "tco_waterfall": ("(USD)",), "carbon_by_region": ("CO2e)",), "lines": ("(ms)",),
        "intervals": ("(ms)",), "pareto_front": ("(ms)", "(USD)"),
    }[name]  # fmt: skip
    ax = DRAWN[name]()
    written = ax.get_xlabel() + ax.get_ylabel()
    assert all(unit in written for unit in units)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_written_stands_out_from_either_page(name, theme):
    with plot.style(theme):
        ax = DRAWN[name]()
    paper = ax.get_facecolor()
    texts = [*ax.texts, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
    assert min(plot.contrast(t.get_color(), paper) for t in texts if t.get_text()) >= 4.4
    assert all(plot.contrast(line.get_color(), paper) >= 3 for line in ax.lines)


@pytest.mark.parametrize("name", DRAWN)
def test_texts_do_not_lie_on_each_other(name):
    ax = DRAWN[name]()
    ax.figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in ax.texts if t.get_text()]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_points_stand_on_the_roofline_at_the_solvers_numbers():
    step = decode(batch=16)
    ax = plot.roofline(H100, {"batch 16": step})
    ((x, y),) = marked(ax)
    peak = H100.compute.peak.fp16.to("TFLOP/s").magnitude
    assert x == pytest.approx(step.arithmetic_intensity.magnitude)
    assert y == pytest.approx(step.mfu.magnitude * peak)
    roof = ax.lines[0].get_data()
    assert roof[1].max() == pytest.approx(peak)
    assert roof[0][1] == pytest.approx(step.ridge_point.magnitude)
    assert roof[1][0] / roof[0][0] == pytest.approx(H100.memory.bandwidth.to("TB/s").magnitude)
    assert {"batch 16"} <= {t.get_text() for t in ax.texts}


def test_a_roofline_has_a_ceiling_for_each_precision_and_each_device():
    tops = [max(line.get_ydata()) for line in plot.roofline([H100, A100], precision="fp16").lines[::2]]
    assert tops == pytest.approx([d.compute.peak.fp16.to("TFLOP/s").magnitude for d in (H100, A100)])
    tops = [max(line.get_ydata()) for line in plot.roofline(H100, precision=("fp8", "fp16")).lines[::2]]
    assert tops[0] == pytest.approx(2 * tops[1], rel=1e-2)


def test_groups_of_points_share_a_colour_and_a_sweep_is_a_chain():
    ax = plot.roofline(H100, {"small": {"1": decode(batch=1), "2": decode(batch=2)}, "large": {"sweep": decode(batch=np.array([16, 64]))}})
    found = [line for line in ax.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in found] == [1, 1, 2]
    assert found[0].get_color() == found[1].get_color() != found[2].get_color()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["small", "large"]


def test_a_workload_without_a_sequence_stands_for_its_bound():
    bound = SingleNodeModel().solve(Models.Vision.ResNet50, H100, efficiency=1)
    ((x, _),) = marked(plot.roofline(H100, {"ResNet-50": Models.Vision.ResNet50}, precision="fp16"))
    assert x == pytest.approx(bound.number("arithmetic_intensity"))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: plot.roofline("H100"), "give the object itself"),
        (lambda: plot.roofline([]), "hardware is empty"),
        (lambda: plot.roofline(H100, {"a": decode(A100)}), "a was solved on .*A100.* at fp16, and the roofs are of .*H100"),
        (lambda: plot.roofline(H100, {"a": decode()}, precision="fp8"), "at fp16, and the roofs are of .* at fp8"),
        (lambda: plot.roofline(H100, precision="fp7"), "fp7"),
        (lambda: plot.roofline(H100, {"a": LLAMA}), "reads sequences: solve it"),
        (lambda: plot.roofline(H100, [decode()]), "give labels too"),
        (lambda: plot.step_timeline(decode()), "DistributedResult"),
        (lambda: plot.step_timeline({}), "results is empty"),
        (lambda: plot.step_timeline(training(batch_size=np.array([1024, 2048]))), "sweep"),
        (lambda: plot.memory_breakdown(year()), "ServingResult"),
        (lambda: plot.tornado(decode(), "latency", {"x": "Hardware.Cloud.H100.memory.bandwith"}), "memory.bandwidth"),
        (lambda: plot.tornado(decode(), "latency", 0), "say how many"),
        (lambda: plot.tornado(decode(), "latencyy"), "latency"),
        (lambda: plot.tco_waterfall(decode()), "EconomicsResult"),
        (lambda: plot.carbon_by_region(GRIDS.Sweden, "1 MWh"), "give grids in a list"),
        (lambda: plot.carbon_by_region([GRIDS.Sweden]), "work is needed"),
        (lambda: plot.carbon_by_region([GRIDS.Sweden], 5), "has no unit"),
        (lambda: plot.carbon_by_region([GRIDS.Sweden], "1 MWh", highlight=["Swedn grid"]), "Sweden grid"),
        (lambda: plot.lines([1, 2], {"a": [1.0, 2.0]}, xlabel="x", ylabel="y"), "has no unit"),
        (lambda: plot.lines([1, 2], {"a": Q(np.array([1.0]), "s")}, xlabel="x", ylabel="y"), "has 1 numbers, and x has 2"),
        (lambda: plot.lines([1, 2], {"a": Q(np.array([1.0, 2.0]), "s")}, xlabel="", ylabel="y"), "an axis needs a name"),
        (lambda: plot.lines([1], {"decode": [Q("1 s")]}, bands={"decod": [None]}, xlabel="x", ylabel="y"), "has no number"),
        (lambda: plot.lines([1], {"decode": [Q("1 s")]}, bands={"decod": [(Q("1 s"), Q("2 s"))]}, xlabel="x", ylabel="y"), "'decode'"),
        (lambda: plot.lines([1], {"a": [Q("1 s")]}, bands={"a": (Q("1 s"), Q("2 s"))}, xlabel="x", ylabel="y"), "a pair for each"),
        (lambda: plot.lines([1], {"a": [Q("1 s")]}, bands={"a": [(Q("1 s"), Q("2 s"))] * 2}, xlabel="x", ylabel="y"), "2 pairs"),
        (lambda: plot.intervals({}, xlabel="x", ylabel="y"), "result.interval"),
        (lambda: plot.intervals({"one": (Q("1 s"), (Q("1 s"), Q("2 s")))}, {"on": Q("1 s")}, xlabel="x", ylabel="y"), "'one'"),
        (lambda: plot.pareto_front([1.0], [2.0], xlabel="x", ylabel="y"), "has no unit"),
        (lambda: plot.pareto_front([Q("1 s")], [Q("1 s")], xlabel="x", ylabel="y", better=("less", "less")), "'lower' or 'higher'"),
        (lambda: plot.mark({"a": (1, 2)}, plot.tco_waterfall(year())), "whose units are known"),
        (lambda: plot.rule("a", DRAWN["lines"]()), "give one of x"),
        (lambda: plot.style("drak"), "'dark'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_a_wrong_dimension_is_refused():
    curves = {"a": Q(np.array([1.0, 2.0]), "s"), "b": Q(np.array([1.0, 2.0]), "GB")}
    with pytest.raises(UnitError, match=r"curves.*b"):
        plot.lines([1, 2], curves, xlabel="x", ylabel="y")


def test_parts_of_a_step_add_up_to_it():
    result = training(tp=2, pp=16)
    ax = plot.step_timeline({"deep": result})
    ((_, widths),) = bars(ax).items()
    parts = dict(zip([t.get_text() for t in ax.get_legend().get_texts()], widths, strict=True))
    assert sum(widths) == pytest.approx(result.step_time.to("s").magnitude)
    assert parts["tensor parallel"] == pytest.approx(result.tp_communication_time.to("s").magnitude)
    without = sum(widths) - parts.get("gradients", 0) - parts["optimizer"]
    assert parts["bubble"] == pytest.approx(result.bubble_fraction.magnitude * without)


def test_a_layout_that_does_not_fit_has_no_timeline():
    with pytest.raises(InfeasibleError, match="too much"):
        plot.step_timeline(training(tp=1, pp=1))


@pytest.mark.parametrize(
    "result",
    [
        training(),
        training(tp=1, pp=1),
        training(zero_stage=3),
        ServingModel().solve(LLAMA, H100, batch_size=64, input_len=1024, output_len=128),
        ServingModel().solve(LLAMA, H100, batch_size=64, input_len=1024, output_len=128, prefix_len=512),
        SingleNodeModel().solve(Models.Vision.ResNet50, H100, 64, phase="training"),
        decode(),
        decode(memory_level="host"),
        SingleNodeModel().solve(Models.Tiny.ResNet8, Hardware.Tiny.ESP32, precision="int8"),
    ],
)
def test_parts_of_memory_add_up_to_the_footprint(result):
    ax = plot.memory_breakdown({"it": result})
    whole = result.memory_footprint.magnitude
    ((_, widths),) = bars(ax).items()
    unit = ax.get_xlabel().partition("(")[2].partition(")")[0]
    assert sum(widths) == pytest.approx(result.memory_footprint.to(unit).magnitude), whole
    assert any("does not fit" in t.get_text() for t in ax.texts) == (not result.feasible)


@pytest.mark.parametrize(
    ("result", "parts"),
    [
        (decode(), ["weights", "KV cache"]),
        (decode(memory_level="host"), ["KV cache"]),
        (training(), ["weights", "gradients", "optimizer", "activations"]),
        (SingleNodeModel().solve(Models.Vision.ResNet50, H100, efficiency=1), ["weights"]),
        (SingleNodeModel().solve(Models.Language.Mamba_2_8B, H100, seq_len=64, phase="decode"), ["weights", "recurrent state"]),
    ],
)
def test_parts_of_memory_have_their_names(result, parts):
    assert [t.get_text() for t in plot.memory_breakdown(result).get_legend().get_texts()] == parts


def test_memory_stands_against_the_capacity():
    ax = plot.memory_breakdown({"a": decode(), "b": decode(A100)})
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([d.memory.capacity.to("GB").magnitude for d in (H100, A100)])


def test_a_tornado_shows_elasticities_the_strongest_first():
    result = decode()
    ax = plot.tornado(result, "latency", 4)
    shown = [widths[0] for _, widths in sorted(bars(ax).items())]
    known = sorted(result.elasticities("latency").values(), key=abs, reverse=True)[:4]
    assert [abs(v) for v in shown] == pytest.approx([abs(v) for v in known])
    named = plot.tornado({"1": result, "64": decode(batch=64)}, "latency", {"bandwidth": "Hardware.Cloud.H100.memory.bandwidth"})
    assert [t.get_text() for t in named.get_yticklabels()] == ["bandwidth"]
    assert bars(named)[-0.19] == pytest.approx([result.elasticities("latency")["Hardware.Cloud.H100.memory.bandwidth"]])


def test_a_waterfall_climbs_to_the_total():
    result = year(rental="2 USD/hour", staff_cost="1000 USD/year")
    ax = plot.tco_waterfall(result)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["capital", "electricity", "maintenance", "staff", "owning", "renting"]
    *parts, owning, renting = ax.patches
    assert parts[-1].get_y() + parts[-1].get_height() == pytest.approx(result.tco.magnitude) == owning.get_height()
    assert renting.get_height() == pytest.approx(result.rental_cost.magnitude)
    assert "a year" in ax.get_ylabel()
    assert "staff" not in [t.get_text() for t in plot.tco_waterfall(year()).get_xticklabels()]


def test_carbon_is_that_of_the_energy_on_each_grid_the_cleanest_first():
    ax = plot.carbon_by_region([GRIDS.Poland, GRIDS.Sweden], Q("1 MWh"), highlight=[GRIDS.Poland])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Sweden", "Poland"]
    assert "(kgCO2e)" in ax.get_xlabel()
    expected = [(Q("1 MWh") * g.carbon_intensity).to("kgCO2e").magnitude for g in (GRIDS.Sweden, GRIDS.Poland)]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(expected)


def test_a_grid_stands_out_by_name_too():
    grids = [GRIDS.Poland, GRIDS.France, GRIDS.Sweden]
    colours = [
        [bar.get_facecolor() for bar in plot.carbon_by_region(grids, "1 MWh", highlight=chosen).patches]
        for chosen in ([], [GRIDS.France], [GRIDS.France.title])
    ]
    assert colours[1] == colours[2] != colours[0]


def test_carbon_of_results_is_their_own():
    results = {g.name: emissions(g) for g in (GRIDS.Sweden, GRIDS.Poland)}
    widths = [bar.get_width() for bar in plot.carbon_by_region(results).patches]
    assert widths == pytest.approx([r.carbon.to("tCO2e").magnitude for r in results.values()])
    same = [bar.get_width() for bar in plot.carbon_by_region([GRIDS.Sweden, GRIDS.Poland], results[GRIDS.Sweden.name]).patches]
    assert same == pytest.approx(widths)


def test_lines_hold_the_sweeps_numbers_and_end_where_nothing_fits():
    sizes = np.array([1, 64, 100000])
    step = decode(batch=sizes)
    ax = plot.lines(sizes, {"decode": step.latency, "limit": Q(np.full(3, 0.02), "s")}, xlabel="batch", ylabel="time", xscale="log")
    first, second = ax.lines[:2]
    assert first.get_ydata()[:2] == pytest.approx(step.latency.to("ms").magnitude[:2])
    assert np.isnan(first.get_ydata()[2])
    assert second.get_ydata() == pytest.approx([20, 20, 20])
    assert next(t for t in ax.texts if t.get_text() == "decode").xy == pytest.approx((64, first.get_ydata()[1]))
    with pytest.raises(InputError, match="nothing that it is about fits"):
        plot.lines(sizes[2:], {"decode": step.latency[2:]}, xlabel="batch", ylabel="time")


def test_a_line_without_a_label_stays_without_one():
    values = Q(np.array([1.0, 2.0]), "ms")
    ax = plot.lines([1, 2], {"": values, "named": 2 * values}, xlabel="batch", ylabel="time")
    assert [t.get_text() for t in ax.texts] == ["named"]


def test_a_list_of_quantities_has_gaps_where_there_is_none():
    ax = plot.lines([1, 2, 3], {"decode": [Q("1 ms"), None, Q("0.003 s")]}, xlabel="batch", ylabel="time")
    assert ax.lines[0].get_ydata() == pytest.approx([1, np.nan, 3], nan_ok=True)
    with pytest.raises(InputError, match="nothing that it is about fits"):
        plot.lines([1, 2], {"decode": [None, None]}, xlabel="batch", ylabel="time")


def test_a_band_lies_around_its_curve_from_end_to_end():
    steps = [SingleNodeModel().solve(LLAMA, H100, n, seq_len=512, phase="decode") for n in (1, 4)]
    around = {"decode": [step.interval("latency") for step in steps]}
    ax = plot.lines([1, 4], {"decode": [step.latency for step in steps]}, bands=around, xlabel="batch", ylabel="time")
    corners = {tuple(np.round(corner, 6)) for corner in ax.collections[0].get_paths()[0].vertices}
    ends = {(n, round(end.to("ms").magnitude, 6)) for n, pair in zip((1, 4), around["decode"], strict=True) for end in pair}
    assert ends <= corners
    assert mpl.colors.to_hex(ax.collections[0].get_facecolor()[0]) == ax.lines[0].get_color().lower()


def test_intervals_stand_in_rows_beside_what_was_measured():
    ax = plot.intervals(
        {"first": (Q("2 ms"), (Q("1 ms"), Q("4 ms"))), "second": (Q("0.02 s"), (Q("10 ms"), Q("30 ms")))},
        {"second": Q("25000 us")},
        xlabel="time",
        ylabel="device",
        xscale="log",
    )
    *ranges, estimates, measured = ax.lines
    assert [tuple(line.get_xdata()) for line in ranges] == [(1, 4), pytest.approx((10, 30))]
    assert list(estimates.get_xdata()) == pytest.approx([2, 20])
    assert (list(measured.get_xdata()), list(measured.get_ydata())) == (pytest.approx([25]), [1])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["first", "second"] and ax.get_ylim()[0] > ax.get_ylim()[1]
    plot.rule("limit", ax, x=Q("0.015 s"))
    assert ax.lines[-1].get_xdata()[0] == pytest.approx(15)


def test_marks_and_rules_are_in_the_units_of_the_axes():
    ax = DRAWN["lines"]()
    low, high = ax.get_xlim()
    plot.rule("target", ax, y=Q("0.02 s"))
    assert ax.lines[-1].get_ydata()[0] == pytest.approx(20)
    plot.mark({"here": (4, Q("9000 us"))}, ax)
    assert marked(ax) == [pytest.approx((4, 9))]
    assert ax.get_xlim() == (low, high)
    with pytest.raises(UnitError):
        plot.rule("target", ax, y=Q("1 GB"))


@pytest.mark.parametrize(
    ("better", "front"),
    [(("lower", "lower"), [(1, 3), (2, 1)]), (("lower", "higher"), [(1, 4), (3, 5)]), (("higher", "lower"), [(2, 1), (4, 2)])],
)
def test_the_front_holds_what_no_other_beats(better, front):
    x, y = [1, 1, 2, 3, 4, np.nan], [3, 4, 1, 5, 2, 0]
    ax = plot.pareto_front(
        Q(np.array(x, float), "ms"), Q(np.array(y, float), "USD"), list("abcdef"), xlabel="time", ylabel="cost", better=better
    )
    assert list(zip(*ax.lines[0].get_data(), strict=True)) == front
    assert len(marked(ax)) == 5


def test_labels_stay_off_points_that_have_none():
    times, costs = Q(np.geomspace(1, 2, 9), "ms"), Q(np.array([1.0] + [1.001] * 7 + [2.0]), "USD")
    names = ["the quickest", *[""] * 8]
    ax = plot.pareto_front(times, costs, names, xlabel="time", ylabel="cost", xscale="log", yscale="log")
    ax.figure.draw_without_rendering()
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    box = next(t for t in ax.texts if t.get_text()).get_window_extent()
    assert not any(box.contains(*ax.transData.transform(p)) for p in marked(ax))


def test_the_style_is_gone_behind_its_context():
    before = dict(mpl.rcParams)
    with plot.style("dark"):
        assert mpl.rcParams["axes.facecolor"] == mpl.rcParams["figure.facecolor"] != before["axes.facecolor"]
        assert not mpl.rcParams["axes.spines.top"]
        plot.tornado(decode(), "latency")
    with pytest.raises(ZeroDivisionError), plot.style():
        _ = 1 / 0
    assert dict(mpl.rcParams) == before


def test_colours_of_data_stand_out_from_both_pages():
    from mlsysim.plot.themes import THEMES

    assert len(set(plot.SERIES)) == len(plot.SERIES)
    for theme in THEMES.values():
        assert min(plot.contrast(c, theme.paper) for c in plot.SERIES) >= 3
        assert min(plot.contrast(c, theme.paper) for c in (theme.ink, theme.muted)) >= 4.5


@pytest.mark.parametrize("name", DRAWN)
def test_a_light_figure_recoloured_is_the_dark_one(name):
    light = DRAWN[name]()
    plot.recolour(light.figure)
    with plot.style("dark"):
        dark = DRAWN[name]()

    def colours(ax):
        return [
            *(line.get_color() for line in ax.lines),
            ax.get_facecolor(),
            ax.spines["bottom"].get_edgecolor(),
            ax.xaxis.label.get_color(),
        ]

    for mine, own in zip(colours(light), colours(dark), strict=True):
        assert mpl.colors.to_rgba(mine) == pytest.approx(mpl.colors.to_rgba(own), abs=0.05)


def test_recolouring_spares_no_part_of_a_figure_drawn_by_hand():
    import matplotlib.pyplot as plt

    with plot.style():
        figure, ax = plt.subplots()
        ax.plot([0, 1], [0, 1], "o", color="black", mfc="none", label="ink")
        ax.scatter([0, 1], [1, 0], color="black")
        ax.bar([0], [1], color="#0072B2")
        ax.annotate("x", (0, 0), (0.5, 0.5), color="k", bbox={"fc": "white"}, arrowprops={"color": "k"})
        ax.grid()
        ax.legend()
    plot.recolour(figure)
    paper = ax.get_facecolor()
    line, dots, bar, text = ax.lines[0], ax.collections[0], ax.patches[0], ax.texts[0]
    assert line.get_markerfacecolor() == "none"
    for colour in (line.get_color(), dots.get_facecolor()[0], text.get_color(), text.arrow_patch.get_facecolor()):
        assert plot.contrast(colour, paper) > 10
    assert mpl.colors.to_hex(bar.get_facecolor()).upper() == "#0072B2"
    assert plot.contrast(text.get_bbox_patch().get_facecolor(), paper) < 1.1
    assert all(plot.contrast(t.get_color(), paper) > 4.5 for t in [*ax.get_xticklabels(), *ax.get_legend().get_texts()])


def test_words_on_a_colour_of_data_stay_as_it_stays():
    import matplotlib.pyplot as plt

    with plot.style():
        figure, ax = plt.subplots()
        ax.bar([0, 1], [1, 1], color=["#0072B2", "white"])
        on_blue, on_paper, beside = (ax.text(x, 0.5, "x", ha="center", color=c) for x, c in ((0, "white"), (1, "black"), (0.5, "black")))
    plot.recolour(figure)
    assert plot.contrast(on_blue.get_color(), "#0072B2") > 4.5
    for text in (on_paper, beside):
        assert plot.contrast(text.get_color(), ax.get_facecolor()) > 10


def test_a_missing_matplotlib_says_how_to_install_it():
    code = """
import sys
sys.modules["matplotlib"] = None
import mlsysim
try:
    mlsysim.plot
except ImportError as error:
    assert isinstance(error, mlsysim.MlsysimError)
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'mlsysim[plot]'" in done.stdout
