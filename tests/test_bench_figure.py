"""The figure of a benchmark: charts, tables, tabs, provenance. All numbers in here are made up."""

from __future__ import annotations

import datetime as dt
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import msgspec
import pytest

from sitegen.benchmarks import Alike, Bench, GraphBreak
from sitegen.measure.summary import summarise
from sitegen.model import Failure, Frame, MeasureConfig, Run
from sitegen.render.bench.drawing import COLOURS, MARKS, Look
from sitegen.render.bench.figure import (
    Ask,
    look_of,
    render_figure,
    render_for_feed,
    render_picture,
)
from sitegen.render.bench.gather import Benched, OnDevice
from sitegen.render.bench.headline import headline
from sitegen.render.bench.provenance import provenance_line
from sitegen.render.cells import CellContext, Placed, render_cell
from tests.benches import (
    H100,
    M3,
    STARTED,
    made_up_bench,
    made_up_benchmark,
    made_up_run,
    made_up_series,
    made_up_shown,
)
from tests.support import REPOSITORY
from tests.test_ansi import contrast

SHEET = (REPOSITORY / "src/sitegen/theme/static/bench.css").read_text("utf-8")
THEME = (REPOSITORY / "src/sitegen/theme/static/sitegen.css").read_text("utf-8")
NUMBERS = {"eager": 0, "compiled": 1, "jitted": 2}
SIZES = [{"n": n} for n in (256, 512, 1024, 2048, 4096)]


def on_device(run: Run, bench: Bench | None = None, noise: float = 0.05) -> OnDevice:
    shown = made_up_shown(run, bench)
    assert shown.plan.bench is not None
    return OnDevice(shown, summarise(shown.plan.bench, run, noise), "x.json", "x.svg")


def figure(*readings: OnDevice, ask: Ask | None = None, earlier: tuple[OnDevice, ...] = ()) -> str:
    look = look_of("swiglu", "A caption", NUMBERS)
    return render_figure(Benched(readings, earlier), look, ask or Ask())


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def is_well_formed(html: str) -> bool:
    closed = re.sub(r"<(input\b[^>]*)>", r"<\1/>", html)
    closed = re.sub(r" (checked|download)(?=[ >/])", r' \1=""', closed)
    ElementTree.fromstring(closed)  # noqa: S314 (our own markup)
    ids = re.findall(r' id="([^"]+)"', html)
    return len(ids) == len(set(ids))


# --- bars ---------------------------------------------------------------------------------------


def test_bars_are_to_scale_from_one_zero_and_have_intervals() -> None:
    html = figure(on_device(made_up_run(made_up_benchmark())))
    assert is_well_formed(html)
    widths = [float(w) for w in re.findall(r'class="bar v\d" [^>]*width="([\d.]+)%"', html)]
    medians = [float(m) for m in re.findall(r"<td>(0\.\d+) ms</td>", html)]
    assert len(widths) == len(medians) == 3
    assert [w / widths[0] for w in widths] == pytest.approx(
        [m / medians[0] for m in medians], rel=0.01
    )
    ends = re.findall(r'<g class="reach"><line x1="([\d.]+)%" x2="([\d.]+)%"', html)
    for width, (low, high) in zip(widths, ends, strict=True):
        assert float(low) <= width <= float(high)


def test_the_table_says_what_the_chart_shows() -> None:
    html = figure(on_device(made_up_run(made_up_benchmark())))
    heads = re.findall(r'<th scope="col">([^<]+)</th>', html)
    assert heads == [
        "variant",
        "median",
        "range of 6",
        "against eager",
        "GFLOP/s",
        "first, compiling",
        "device peak",
    ]
    said = text_of(html.partition("<tbody>")[2])
    assert re.search(r"eager 0\.\d{3} ms 0\.\d{3}–0\.\d{3} 1 \d{3} 12 ms 412 MB", said)
    assert re.search(
        r"compiled 0\.\d{3} ms \S+ 1\.\d\d× faster 1\.\d\d–1\.\d\d \d{3} 4\.2 s 97 %", said
    )
    assert re.search(r"jitted .* 0\.90 s 97 % –", said)  # JAX has no peak of its own
    description = re.search(r"<desc[^>]*>([^<]+)", html)
    assert description
    for number in re.findall(r"<td>(0\.\d+ ms)</td>", html):
        assert number in description[1]


def test_what_is_unstable_is_hatched_and_says_why() -> None:
    html = figure(on_device(made_up_run(made_up_benchmark(shaky="jitted"))))
    assert is_well_formed(html)
    pattern = re.search(r'<pattern id="([^"]+)"', html)
    assert pattern
    assert html.count(f"url(#{pattern[1]})") == 1
    assert "jitted: unstable: the middle half of the samples" in text_of(html).replace(" :", ":")
    assert "unstable" not in text_of(figure(on_device(made_up_run(made_up_benchmark()))))


def test_long_names_stand_above_their_bars() -> None:
    times = {"eager": 1e-3, "scaled_dot_product_attention_compiled": 7e-4}
    html = figure(on_device(made_up_run(made_up_benchmark(times))))
    assert "--names" not in html
    assert 'class="end"' not in html


def test_a_variant_without_samples_has_no_bar_and_says_why() -> None:
    made = made_up_benchmark()
    failed = made_up_series("jitted", {}, 1e-3, processes=0)
    failed = msgspec.structs.replace(failed, failure="no memory left at this point")
    made = msgspec.structs.replace(made, series=(*made.series[:2], failed))
    html = figure(on_device(made_up_run(made)))
    assert len(re.findall(r'class="bar ', html)) == 2
    assert "no memory left at this point" in html
    assert re.search(r"jitted</th><td>–</td><td>–</td>", html)


# --- sweeps -------------------------------------------------------------------------------------


def sweep_bench() -> Bench:
    return made_up_bench("swiglu", (("n", (256, 512, 1024, 2048, 4096)),))


def test_a_sweep_is_lines_on_two_logarithmic_axes_with_the_fitted_power() -> None:
    html = figure(on_device(made_up_run(made_up_benchmark(points=SIZES)), sweep_bench()))
    assert is_well_formed(html)
    assert "grows as n 2.70" in text_of(html)
    places = re.findall(r'<use href="#[^"]+-v1" x="([\d.]+)%" y="([\d.]+)"', html)
    assert len(places) == 5
    slopes = [
        (float(b[1]) - float(a[1])) / (float(b[0]) - float(a[0])) for a, b in pairwise(places)
    ]
    assert slopes == pytest.approx([slopes[0]] * 4, rel=0.05)  # a power law is a straight line
    assert "n = 256" in html


def test_two_parameters_give_a_chart_for_each_value_of_the_second() -> None:
    pairs = [{"n": n, "m": m} for n in (256, 1024, 4096) for m in (8, 16)]
    bench = made_up_bench("swiglu", (("n", (256, 1024, 4096)), ("m", (8, 16))))
    html = figure(on_device(made_up_run(made_up_benchmark(points=pairs)), bench))
    assert is_well_formed(html)
    assert re.findall(r"<p>(m = \d+)</p>", html) == ["m = 8", "m = 16"]
    grids = re.findall(r'<g class="end">(.*?)</g>', html)
    assert len(grids) == 2
    assert grids[0] == grids[1]  # the same axes


def test_a_sweep_over_words_is_bars() -> None:
    points = [{"kind": kind} for kind in ("wide", "deep")]
    bench = Bench("swiglu", made_up_bench().run)
    html = figure(on_device(made_up_run(made_up_benchmark(points=points)), bench))
    assert re.findall(r'class="group"[^>]*>([^<]+)<', html) == ["kind = wide", "kind = deep"]


def test_unstable_points_are_hollow() -> None:
    run = made_up_run(made_up_benchmark(points=SIZES, shaky="jitted"))
    html = figure(on_device(run, sweep_bench()))
    assert len(re.findall(r'class="v3 hollow"', html)) == 5
    assert "hollow: unstable" in html


def test_a_long_table_and_many_notes_are_folded() -> None:
    run = made_up_run(made_up_benchmark(points=SIZES, shaky="jitted", broken="compiled"))
    html = figure(on_device(run, sweep_bench()))
    summaries = re.findall(r"<summary>([^<]+)", html)
    assert summaries == ["The numbers, 15 rows", "Notes on compiled, jitted"]


# --- devices, readers, time ---------------------------------------------------------------------


def three_devices() -> tuple[OnDevice, ...]:
    return (
        on_device(made_up_run(made_up_benchmark())),
        on_device(made_up_run(made_up_benchmark(scale=3), device=M3)),
        on_device(made_up_run(made_up_benchmark(scale=2), device=M3, by="Ada <Reader>")),
    )


def test_several_devices_have_a_tab_each_and_one_together() -> None:
    html = figure(*three_devices())
    assert is_well_formed(html)
    labels = re.findall(r"<label[^>]*>([^<]+)</label>", html)
    assert labels == [
        "H100 SXM",
        "M3 Max",
        "M3 Max, contributed by Ada &lt;Reader&gt;",
        "All devices",
    ]
    inputs = re.findall(r'<input type="radio" name="([^"]+)"', html)
    assert len(set(inputs)) == 1
    assert html.count(" checked") == 1
    together = html.rpartition('<div class="bench-panel">')[2]
    assert len(re.findall(r'class="bar ', together)) == 9
    assert "<script" not in html
    assert "contributed by Ada" in provenance_line(three_devices()[2].shown.run)


def test_one_device_has_no_tabs() -> None:
    html = figure(three_devices()[0])
    assert "<fieldset" not in html
    assert "All devices" not in html


def test_lines_of_several_devices_are_told_apart_by_dashes() -> None:
    runs = [
        made_up_run(made_up_benchmark(points=SIZES, scale=scale), device=device)
        for scale, device in ((1, H100), (4, M3))
    ]
    html = figure(*(on_device(run, sweep_bench()) for run in runs))
    together = html.rpartition('<div class="bench-panel">')[2]
    assert len(re.findall(r'class="path v1"', together)) == 2
    assert len(re.findall(r'class="path v1" stroke-dasharray', together)) == 1


def test_then_and_now_shows_every_run_by_its_libraries() -> None:
    now = on_device(made_up_run(made_up_benchmark()))
    before = [
        on_device(
            made_up_run(
                made_up_benchmark(scale=scale),
                torch=torch,
                started=STARTED - dt.timedelta(days=days),
            )
        )
        for torch, scale, days in (("2.12.1", 1.1, 90), ("2.11.0", 1.4, 180))
    ]
    html = figure(now, ask=Ask(runs=True, samples=True), earlier=tuple(before))
    assert is_well_formed(html)
    groups = re.findall(r'class="group"[^>]*>([^<]+)<', html)
    assert groups == [
        "2026-05-26 · torch 2.11.0, jax 0.10.2",
        "2026-08-24 · torch 2.12.1, jax 0.10.2",
        "2026-11-22 · torch 2.13.0, jax 0.10.2",
    ]
    assert html.count('class="provenance"') == 3


def test_runs_that_only_readers_made_are_shown_as_they_are() -> None:
    html = figure(three_devices()[2], ask=Ask(runs=True))
    assert "contributed by Ada" in html


def test_variants_that_are_not_alike_are_said_to_be_so_on_the_page_and_in_feeds() -> None:
    made = made_up_benchmark()
    other = Alike("jax", "cuda:0", "float32", "float32")
    unlike = msgspec.structs.replace(made.series[2], alike=other)
    made = msgspec.structs.replace(made, series=(*made.series[:2], unlike))
    reading = on_device(made_up_run(made))
    for html in (figure(reading), render_for_feed(Benched((reading,)), look_of("x", "y", {}))):
        assert "not alike: eager and jitted: tf32 products against float32 products" in html
        assert "not comparable" in html


def test_every_sample_is_drawn_on_request_only() -> None:
    run = made_up_run(made_up_benchmark())
    assert 'class="samples' not in figure(on_device(run))
    html = figure(on_device(run), ask=Ask(samples=True))
    assert is_well_formed(html)
    paths = re.findall(r'<svg class="samples v\d"[^>]*><path d="([^"]+)"/>', html)
    assert [path.count("M") for path in paths] == [180, 180, 180]
    medians = re.findall(r'<path class="reach" d="([^"]+)"/>', html)
    assert [path.count("M") for path in medians] == [6, 6, 6]


# --- what else is said --------------------------------------------------------------------------


def test_the_provenance_line_says_how_on_what_with_what_and_when() -> None:
    run = made_up_run(made_up_benchmark())
    assert provenance_line(run) == (
        "median of 6 processes × 30 samples × 16 calls, range of process medians · "
        "Made-up NVIDIA H100 80GB HBM3 · torch 2.13.0 · jax 0.10.2 · 2026-11-22 · a1b2c3d"
    )


@pytest.mark.parametrize(
    ("processes", "said"),
    [
        (1, "median of 1 process × 30 samples × 16 calls, too few processes for an interval"),
        (5, "median of 5 processes × 30 samples × 16 calls, too few processes for an interval"),
        (9, "median of 9 processes × 30 samples × 16 calls, process medians 2 to 8 in order"),
    ],
)
def test_the_provenance_line_says_what_the_interval_is(processes: int, said: str) -> None:
    run = made_up_run(made_up_benchmark(processes=processes))
    assert provenance_line(run).startswith(said)


def test_graph_breaks_are_named_with_the_line_of_todays_file() -> None:
    html = figure(on_device(made_up_run(made_up_benchmark(broken="compiled"))))
    assert "graph break at content/post.md:23: call of print" in html


def test_a_graph_break_of_earlier_code_names_no_line_of_the_file() -> None:
    reading = on_device(made_up_run(made_up_benchmark(broken="compiled")))
    stale = reading._replace(shown=msgspec.structs.replace(reading.shown, stale=True))
    html = figure(stale)
    assert "graph break at block 1, line 4: call of print" in html
    assert "measured with earlier code or data" in html


def test_recompiles_are_named_too() -> None:
    made = made_up_benchmark()
    again = msgspec.structs.replace(
        made.series[1], recompiles=(GraphBreak(0, 5, "another size of t"),)
    )
    made = msgspec.structs.replace(made, series=(made.series[0], again, made.series[2]))
    html = figure(on_device(made_up_run(made)))
    assert "recompiled at content/post.md:24: another size of t" in html


def test_a_headline_names_the_fastest_variant() -> None:
    reading = on_device(made_up_run(made_up_benchmark()))
    assert re.fullmatch(
        r"compiled 0\.\d{3} ms, 1\.\d\d× faster than eager", headline(reading.summary)
    )


def test_the_same_measurement_gives_the_same_bytes() -> None:
    assert figure(*three_devices()) == figure(*three_devices())


def test_a_run_that_failed_today_is_told_above_what_other_devices_say() -> None:
    run = made_up_run(made_up_benchmark(), device=M3)
    failure = Failure("RuntimeError", "made up", (Frame("eager", 2, 0),))
    cell = msgspec.structs.replace(run.cells[0], status="failed", outputs=(failure,))
    run = msgspec.structs.replace(run, cells=(cell,), benchmark=None)
    failed = made_up_shown(run)
    other = on_device(made_up_run(made_up_benchmark()))
    context = CellContext(
        url="/post/",
        placed={0: (Placed(failed, cell), Placed(other.shown, other.shown.cells[0]))},
        captions={},
        measure=MeasureConfig(),
        trust=False,
        benches={"swiglu": Benched((other,))},
    )
    html = render_cell(failed.plan.blocks[0], context).html
    assert "RuntimeError: made up" in html
    assert "content/post.md:21 in eager" in html
    assert html.index("cell-error") < html.index('class="bench"')


@pytest.mark.parametrize(("points", "most"), [(({},), 4_000), (tuple(SIZES), 11_000)])
def test_a_figure_is_small(points: tuple[dict[str, int], ...], most: int) -> None:
    bench = sweep_bench() if len(points) > 1 else None
    html = figure(on_device(made_up_run(made_up_benchmark(points=points)), bench))
    assert len(html.encode()) < most


# --- far from the page --------------------------------------------------------------------------


def test_a_picture_is_an_svg_that_needs_nothing_else() -> None:
    for run, bench in (
        (made_up_run(made_up_benchmark(shaky="jitted")), None),
        (made_up_run(made_up_benchmark(points=SIZES)), sweep_bench()),
    ):
        reading = on_device(run, bench)
        picture = render_picture(reading, Look("swiglu", "A <caption>", NUMBERS))
        assert picture is not None
        root = ElementTree.fromstring(picture.text)  # noqa: S314 (our own markup)
        assert root.attrib["width"] == str(picture.width)
        assert root.attrib["height"] == str(picture.height)
        assert not re.search(r"var\(|light-dark|https?://(?!www\.w3\.org/2000/svg)", picture.text)


def test_a_feed_has_devices_one_after_another_without_tabs() -> None:
    html = render_for_feed(Benched(three_devices()), look_of("swiglu", "A caption", NUMBERS))
    assert re.findall(r"<h4>([^<]+)</h4>", html) == [
        "On H100 SXM",
        "On M3 Max",
        "On M3 Max, contributed by Ada &lt;Reader&gt;",
    ]
    assert not re.search(r"<(?:input|label|svg|fieldset)\b", html)
    order = re.findall(r"<(img|table)\b", html)
    assert order == ["img", "table"] * 3


# --- the style sheet ----------------------------------------------------------------------------


def palette(scheme: int) -> list[str]:
    found = re.findall(r"--v\d: light-dark\((#\w+), (#\w+)\);", SHEET)
    return [pair[scheme] for pair in found]


def test_files_and_pages_have_the_same_colours() -> None:
    assert list(zip(palette(0), palette(1), strict=True)) == list(COLOURS)
    assert len(MARKS) == len(COLOURS)


CVD = {
    "as most see": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Of G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for
Simulation of Color Vision Deficiency" (2009), severity 1.0, on linear RGB."""


def lab(colour: str, seen: tuple[tuple[float, float, float], ...]) -> tuple[float, ...]:
    """CIE L*a*b* of a colour as it is seen, for D65."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in seen
    )
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("sight", CVD)
def test_variants_are_told_apart_by_every_reader(scheme: int, sight: str) -> None:
    """A distance of 2.3 can just be seen; 15 is another colour at a glance."""
    seen = [lab(colour, CVD[sight]) for colour in palette(scheme)]
    apart = [
        sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
        for one, other in combinations(seen, 2)
    ]
    assert min(apart) >= 15


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_bars_stand_out_from_the_page(scheme: int) -> None:
    paper = re.search(r"--paper: light-dark\((#\w+), (#\w+)\)", THEME)
    assert paper
    assert min(contrast(colour, paper[scheme + 1]) for colour in palette(scheme)) >= 3


def test_every_variable_that_is_used_is_given() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", SHEET))
    given = set(re.findall(r"--([\w-]+):", SHEET + THEME))
    assert used <= given


def test_directions_are_logical() -> None:
    rules = re.sub(r"/\*.*?\*/", "", SHEET, flags=re.S)
    physical = re.findall(r"(?:margin|padding|border)-(?:left|right)|float: (?:left|right)", rules)
    assert physical == ["margin-left"]  # of charts, which run from the left on every page


def test_the_style_sheet_is_small() -> None:
    assert len(SHEET) < 8_000
