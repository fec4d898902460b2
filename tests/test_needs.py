"""Outputs that need a script, cuts and formulas: what the page shows and what the build says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitegen.base.errors import Problem
from sitegen.model import Blob, Display, Output, Stream
from sitegen.render.needs import find_output_problems, needs_script
from sitegen.render.outputs import Place, render_output
from tests.recorded import outputs_of
from tests.test_outputs import blob, plan_of, png, shown_of

PLOTLY = ("application/vnd.plotly.v1+json",)
WIDGET = ("application/vnd.jupyter.widget-view+json",)
CHART = "<div><script>draw()</script><div id='x'></div></div>"


def problems_of(root: Path, *outputs: Output, trust: bool = False) -> list[Problem]:
    plan = plan_of(root)
    shown = shown_of(plan, outputs, ())
    return list(find_output_problems(shown, trust=trust))


@pytest.mark.parametrize(
    ("name", "library", "remedy"),
    [
        ("plotly", "plotly", "kaleido"),
        ("altair", "altair", "vl-convert-python"),
        ("bokeh", "bokeh", "export_png"),
        ("mime", "", "SVG or a picture"),
    ],
)
def test_what_only_a_script_can_draw_is_an_error_with_the_remedy(
    name: str, library: str, remedy: str, tmp_path: Path
) -> None:
    [problem] = problems_of(tmp_path, *outputs_of(name))
    assert (problem.severity, problem.code) == ("error", "needs-script")
    assert library in problem.message
    assert remedy in problem.help[0]
    assert problem.span == plan_of(tmp_path / "again").blocks[0].span


@pytest.mark.parametrize("name", ["pandas", "styler", "tqdm-notebook", "widget", "rich-widget"])
def test_what_has_a_form_without_a_script_is_no_problem(name: str, tmp_path: Path) -> None:
    assert problems_of(tmp_path, *outputs_of(name)) == []


@pytest.mark.parametrize(
    ("display", "needs"),
    [
        (Display({"text/html": CHART}, others=PLOTLY), True),
        (Display({"text/html": CHART, "text/plain": "Figure({\n 'data': 1})"}), True),
        (Display({"text/html": CHART, "image/png": blob(b"x")}, others=PLOTLY), False),
        (Display({"text/html": CHART, "image/svg+xml": "<svg/>"}, others=PLOTLY), False),
        (Display({"text/html": CHART + "<p>a chart</p>"}), False),
        (Display({"text/html": CHART + "<p>Loading</p>"}, others=PLOTLY), True),
        (Display({"text/html": "<script>x</script>"}), True),
        (Display({"text/html": "<div></div>"}), False),
        (Display({"text/html": "<style>p { color: red }</style>"}), False),
        (Display({"text/plain": "IntSlider(value=3)"}, others=WIDGET), False),
        (Display({"text/plain": "Output()"}, others=WIDGET), True),
        (Display({"text/plain": "<VegaLite 5 object>\n\nIf you see"}, others=PLOTLY), True),
        (Display({"text/plain": "alt.Chart(...)"}, others=PLOTLY), True),
        (Display({"text/plain": "<Figure size 640x480 with 1 Axes>"}), False),
        (Display({"text/html": "<table></table>"}, others=("text/vnd.other",)), False),
        (Display({}, others=("application/javascript",)), True),
    ],
)
def test_what_needs_a_script(display: Display, needs: bool) -> None:
    assert needs_script(display) == needs


def place_of(root: Path, *, trust: bool = False) -> Place:
    return Place("/posts/x/", plan_of(root), "posts/x", trust=trust, stale=False, alt="x")


def test_the_page_says_what_it_does_not_show(tmp_path: Path) -> None:
    html = render_output(Display({"text/html": CHART}, others=PLOTLY), place_of(tmp_path)).html
    assert html == (
        '<p class="cell-note">This output can only be drawn by a script, and is not shown.</p>'
    )


def test_of_what_needs_a_script_the_static_twin_is_shown(tmp_path: Path) -> None:
    data: dict[str, str | Blob] = {"text/html": CHART, "image/png": blob(png(2, 3))}
    rendered = render_output(Display(data, others=PLOTLY), place_of(tmp_path))
    assert '<img src="' in rendered.html
    assert 'width="2" height="3"' in rendered.html


def test_trusted_outputs_keep_their_scripts(tmp_path: Path) -> None:
    display = Display({"text/html": CHART}, others=PLOTLY)
    assert CHART in render_output(display, place_of(tmp_path, trust=True)).html
    assert problems_of(tmp_path, display, trust=True) == []


def test_cuts_are_a_warning_at_the_block(tmp_path: Path) -> None:
    outputs = (Stream("stdout", "x", 1000), Display({"text/plain": "x"}, cut=234))
    [problem] = problems_of(tmp_path, *outputs)
    assert (problem.severity, problem.code) == ("warning", "cut")
    assert "1,234 characters" in problem.message


# --- formulas -------------------------------------------------------------------------------


def test_latex_becomes_mathml(tmp_path: Path) -> None:
    fraction, mixed, _ = [
        render_output(output, place_of(tmp_path / str(n))).html
        for n, output in enumerate(outputs_of("maths"))
    ]
    assert "<mfrac><mi>a</mi><mi>b</mi></mfrac>" in fraction
    assert 'display="block"' in fraction
    assert "&lt;" in fraction
    assert "Hi <math>" in mixed
    assert mixed.count("<math") == 2


def test_latex_that_is_no_formula_is_shown_as_written_and_said(tmp_path: Path) -> None:
    outputs = outputs_of("maths")
    assert "$\\nonsense$" in render_output(outputs[2], place_of(tmp_path)).html
    [problem] = problems_of(tmp_path, *outputs)
    assert (problem.severity, problem.code) == ("warning", "latex")
    assert "\\nonsense" in problem.message


@pytest.mark.parametrize(
    "latex", ["\\text{<script>alert(1)</script>}", "<img src=x onerror=alert(1)> $x$", "$<b>$"]
)
def test_latex_carries_no_html(latex: str, tmp_path: Path) -> None:
    html = render_output(Display({"text/latex": latex}), place_of(tmp_path)).html
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
