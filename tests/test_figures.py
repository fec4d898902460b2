"""Figures of matplotlib in real kernels: two pictures of one drawing, and nothing else changed."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from sitegen.execute import zygote
from sitegen.kernel import sitegen_recolour
from sitegen.model import Blob, BlockDone, Cell, Display, Event, Stream
from tests.support import REPOSITORY, build_site, tree, write_site

DRAWN = """
```python
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(4, 3))
ax.plot([0, 1], [0, 1], color="red", linewidth=8, label="chosen")
ax.plot([0, 1], [1, 0], color="black", linewidth=4)
ax.set_title("A title", fontsize=24)
ax.legend(loc="center left");
```
"""

POSTS = {
    "content/drawn.md": DRAWN,
    "content/again.md": DRAWN.replace("\n```\n", "\nagain = 1\n```\n", 1),
    "content/once.md": """
```python
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
fig, ax = plt.subplots(layout="constrained")
ax.plot([1, 2]);
fig
```
```python
fig, ax = plt.subplots()
display(fig)
ax.plot([1, 2]);
```
```python
fig, ax = plt.subplots()
ax.plot([1, 2])
plt.close(fig)
```
```python
plain = Figure()
plain.subplots().plot([1, 2])
plain
```
```python
plt.plot([1, 2])
plt.show()
print("between")
plt.plot([2, 1]);
```
```python
%config InlineBackend.figure_formats = ["svg"]
plt.plot([1, 2]);
```
""",
    "content/grounds.md": """
```python
import matplotlib.pyplot as plt
with plt.style.context("dark_background"):
    plt.plot([1, 2])
```
```python
plt.figure(facecolor="lightyellow")
plt.plot([1, 2]);
```
```python
fig, ax = plt.subplots()
ax.imshow([[0, 1], [1, 0]], cmap="Reds")
ax.text(0, 0, "black on an image", color="black")
ax.text(0, 1, "in a box", bbox={"facecolor": "wheat"})
ax.set_axis_off()
```
```python
with plt.style.context("ggplot"):
    plt.plot([1, 2])
```
```python
ax = plt.figure(figsize=(3, 3)).add_subplot(projection="3d")
ax.plot([0, 1], [0, 1], [0, 1], color="lime");
```
""",
    "content/boxes.md": """
```python
import matplotlib.pyplot as plt
from matplotlib.offsetbox import AnchoredText
ax = plt.figure().add_axes([0, 0, 1, 1])
ax.set_axis_off()
ax.add_artist(AnchoredText("in white", loc="center", prop={"size": 40}))
ax.text(0, 0, "in wheat", size=40, bbox={"facecolor": "wheat"});
```
""",
    "content/restored.md": """
```python
import io
import matplotlib, matplotlib.pyplot as plt
from matplotlib.lines import Line2D

def saved(figure):
    content = io.BytesIO()
    figure.savefig(content, metadata={"Software": None})
    return content.getvalue()

def state(figure):
    return {
        id(artist): {name: str(value) for name, value in vars(artist).items() if "color" in name}
        for artist in figure.findobj()
    }

class Fails(Line2D):
    left = None
    def draw(self, renderer):
        if Fails.left is not None:
            Fails.left -= 1
            if Fails.left < 0:
                raise RuntimeError("cannot be drawn")

fig, axes = plt.subplots(1, 2)
axes[0].plot([1, 2], "ko--", label="a")
axes[0].legend()
axes[0].contour([[1, 2], [2, 3]], colors="k")
fig.colorbar(axes[1].scatter([1, 2], [1, 2], c=[1, 2], edgecolors="k"))
fails = Fails([], [])
fig.add_artist(fails)
picture, settings = saved(fig), dict(matplotlib.rcParams)
before = state(fig)
display(fig)
print(before == state(fig), picture == saved(fig), settings == dict(matplotlib.rcParams))
plt.close()
```
```python
for left in range(5):
    Fails.left = left
    try:
        display(fig)
        print("drawn")
    except RuntimeError as error:
        Fails.left = None
        print(error, before == state(fig), picture == saved(fig))
```
""",
    "content/slow.md": """
```python
import time
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

class Slow(Line2D):
    def draw(self, renderer):
        time.sleep(0.5)

fig = plt.figure()
fig.add_artist(Slow([], []))
```
```python
display(fig)
fig = plt.figure()
fig.add_artist(Slow([], []));
```
""",
    "content/frames.md": """
```python
import matplotlib.pyplot as plt
from matplotlib.animation import FuncAnimation
fig, ax = plt.subplots(figsize=(2, 2))
fig.patch.set_facecolor("white")
ax.set_axis_off()
square = ax.axvspan(0, 1)
def draw(frame):
    square.set_color(["red", "lime", "blue"][frame])
moves = FuncAnimation(fig, draw, frames=3)
moves.to_jshtml();
```
""",
    "content/without.md": """
```python
import sys
print([name for name in sys.modules if name.partition(".")[0] in ("matplotlib", "PIL")])
```
""",
}

Built = tuple[Path, list[Event]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = write_site(tmp_path_factory.mktemp("figures"), POSTS)
    report, events = build_site(root)
    assert report.problems == ()
    return root, events


def cell(built: Built, page: str, block: int = 0) -> Cell:
    done = [event for event in built[1] if isinstance(event, BlockDone)]
    return next(each.cell for each in done if (each.plan.page, each.block) == (page, block))


def figures(built: Built, page: str, block: int = 0) -> list[Display]:
    """The displays of a block that are pictures."""
    outputs = cell(built, page, block).outputs
    displays = [output for output in outputs if isinstance(output, Display)]
    return [display for display in displays if "image/png" in display.data]


def written(built: Built, page: str, block: int = 0) -> str:
    outputs = cell(built, page, block).outputs
    return "".join(output.text for output in outputs if isinstance(output, Stream))


def light(display: Display) -> bytes:
    blob = display.data["image/png"]
    assert isinstance(blob, Blob)
    return blob.content


def dark(display: Display) -> bytes:
    assert display.dark is not None
    return display.dark.content


def pixels(png: bytes) -> list[tuple[int, int, int, int]]:
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    channels = image.tobytes()
    return [
        (channels[at], channels[at + 1], channels[at + 2], channels[at + 3])
        for at in range(0, len(channels), 4)
    ]


def near(colour: tuple[int, ...], wanted: str, tolerance: int = 2) -> bool:
    parts = bytes.fromhex(wanted.lstrip("#"))
    return all(abs(one - other) <= tolerance for one, other in zip(colour, parts, strict=False))


def test_ink_is_dark_on_light_pages_and_light_on_dark_ones(built: Built) -> None:
    [figure] = figures(built, "drawn")
    full = {
        name: [pixel for pixel in pixels(png) if pixel[3] == 255]
        for name, png in (("light", light(figure)), ("dark", dark(figure)))
    }
    counts = {
        (name, ink): sum(near(pixel, ink) for pixel in found)
        for name, found in full.items()
        for ink in ("#000000", sitegen_recolour.DARK_INK)
    }
    assert counts["light", "#000000"] > 2000
    same = pytest.approx(counts["light", "#000000"], rel=0.01)
    assert counts["dark", sitegen_recolour.DARK_INK] == same
    assert counts["dark", "#000000"] == 0


def test_what_an_author_chose_is_the_same_in_both(built: Built) -> None:
    [figure] = figures(built, "drawn")
    red = [
        [at for at, pixel in enumerate(pixels(png)) if pixel == (255, 0, 0, 255)]
        for png in (light(figure), dark(figure))
    ]
    assert len(red[0]) > 2000
    assert red[0] == red[1]


def test_the_ground_is_the_pages(built: Built) -> None:
    [figure] = figures(built, "drawn")
    for png in (light(figure), dark(figure)):
        found = pixels(png)
        assert found[0][3] == 0
        assert sum(pixel[3] == 0 for pixel in found) > len(found) / 2


def test_a_second_kernel_draws_the_same_bytes(built: Built) -> None:
    [one], [two] = figures(built, "drawn"), figures(built, "again")
    assert (light(one), dark(one)) == (light(two), dark(two))
    assert b"Software" not in light(one) + dark(one)


@pytest.mark.parametrize(
    ("block", "count"),
    [
        pytest.param(0, 1, id="a last expression that is also open"),
        pytest.param(1, 2, id="one changed after it was displayed"),
        pytest.param(2, 0, id="closed"),
        pytest.param(3, 1, id="a figure that pyplot does not know"),
        pytest.param(4, 2, id="two, one of them shown on the way"),
        pytest.param(5, 0, id="another format that the author asked for"),
    ],
)
def test_each_figure_is_shown_once(built: Built, block: int, count: int) -> None:
    assert [figure.dark is not None for figure in figures(built, "once", block)] == [True] * count


def test_another_format_is_left_to_ipython(built: Built) -> None:
    outputs = cell(built, "once", 5).outputs
    assert any(isinstance(each, Display) and "image/svg+xml" in each.data for each in outputs)


@pytest.mark.parametrize("block", [0, 1], ids=["a dark style", "the author's ground"])
def test_a_figure_with_a_ground_of_its_own_is_one_picture(built: Built, block: int) -> None:
    [figure] = figures(built, "grounds", block)
    assert figure.dark is None
    assert all(pixel[3] == 255 for pixel in pixels(light(figure)))


def test_what_stands_on_an_image_keeps_its_colour(built: Built) -> None:
    [figure] = figures(built, "grounds", 2)
    assert figure.dark is None  # no axes, no title: on a dark page it is the same
    assert sum(pixel == (0, 0, 0, 255) for pixel in pixels(light(figure))) > 100


def test_letters_in_a_box_stay_readable(built: Built) -> None:
    [figure] = figures(built, "boxes")
    found = pixels(dark(figure))
    assert sum(near(pixel, sitegen_recolour.DARK_GROUND) for pixel in found) > 5000
    assert sum(near(pixel, "#f5deb3") for pixel in found) > 5000
    assert not any(pixel == (255, 255, 255, 255) for pixel in found)
    assert sum(pixel == (0, 0, 0, 255) for pixel in found) > 500  # on wheat
    assert sum(near(pixel, sitegen_recolour.DARK_INK) for pixel in found) > 500


def test_a_style_that_was_set_for_a_while_only_is_known(built: Built) -> None:
    [figure] = figures(built, "grounds", 3)
    assert any(near(pixel, "#e5e5e5") for pixel in pixels(light(figure)))
    assert not any(near(pixel, "#e5e5e5") for pixel in pixels(dark(figure)))


def test_axes_in_space_have_a_dark_grid_and_dark_walls(built: Built) -> None:
    [figure] = figures(built, "grounds", 4)
    grid = {"light": pixels(light(figure)), "dark": pixels(dark(figure))}
    greys = {name: sum(near(pixel, "#b0b0b0", 8) for pixel in all) for name, all in grid.items()}
    assert greys["light"] > 200
    assert greys["dark"] < greys["light"] / 5  # the edges of letters
    lime = [sum(pixel[:3] == (0, 255, 0) for pixel in found) for found in grid.values()]
    assert lime[0] > 100
    assert lime[0] == lime[1]


def test_figure_and_settings_are_afterwards_as_they_were(built: Built) -> None:
    assert written(built, "restored") == "True True True\n"


def test_they_are_so_if_saving_fails_at_any_time(built: Built) -> None:
    lines = written(built, "restored", 1).splitlines()
    assert lines == ["cannot be drawn True True"] * 4 + ["drawn"]


def test_saving_is_not_the_blocks_time(built: Built) -> None:
    for block in (0, 1):
        assert figures(built, "slow", block)
        measures = cell(built, "slow", block).measures
        assert measures is not None
        assert (measures.wall if block else measures.wall - 5) < 0.5


def test_of_an_animation_the_frame_is_shown_that_it_stands_at(built: Built) -> None:
    [figure] = figures(built, "frames")
    assert (0, 0, 255, 255) in pixels(light(figure))


def test_nothing_is_imported_for_a_post_without_figures(built: Built) -> None:
    assert written(built, "without") == "[]\n"


def test_a_page_shows_both_and_publishes_both(built: Built) -> None:
    root, _ = built
    html = (root / "public/drawn/index.html").read_text("utf-8")
    found = re.search(
        r'<picture><source media="screen and \(prefers-color-scheme: dark\)" srcset="(\S+)">'
        r'<img src="(\S+)" width="(\d+)" height="(\d+)" alt="[^"]+" loading="lazy" '
        r'decoding="async"></picture><img hidden src="\2" ',
        html,
    )
    assert found is not None
    [figure] = figures(built, "drawn")
    assert (root / "public/drawn" / found[1]).read_bytes() == dark(figure)
    assert (root / "public/drawn" / found[2]).read_bytes() == light(figure)
    size = Image.open(io.BytesIO(light(figure))).size
    assert [abs(int(found[3 + at]) - size[at] * 96 / 192) <= 0.5 for at in (0, 1)] == [True] * 2


def test_both_are_stored_and_checked(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/drawn.md": DRAWN})
    build_site(root)
    first = tree(root / "public")
    report, events = build_site(root, mode="frozen")
    assert (report.problems, events) == ((), [])
    assert tree(root / "public") == first
    html = first["drawn/index.html"].decode()
    [name] = re.findall(r'srcset="(\S+)"', html)
    [stored] = (root / "measurements").rglob(name)
    stored.write_bytes(b"another picture")
    report, _ = build_site(root, mode="no-exec")
    assert [problem.message for problem in report.problems if problem.code == "damaged"] == [
        f"its blob `blobs/{name}` is damaged"
    ]


SIZES = """
```python
#| fig-width: 4
#| fig-height: 3
#| fig-dpi: 200
import matplotlib.pyplot as plt
print(plt.rcParams["figure.figsize"])
plt.plot([1, 2]);
```
```python
#| fig-width: 9
print(plt.rcParams["figure.figsize"])
plt.rcParams["figure.figsize"] = [2, 2]
```
```python
print(plt.rcParams["figure.figsize"])
```
"""


def test_sizes_are_those_of_the_options(tmp_path: Path) -> None:
    built = tmp_path, build_site(write_site(tmp_path, {"content/sizes.md": SIZES}))[1]
    said = [written(built, "sizes", block).strip() for block in range(3)]
    assert said == ["[4.0, 3.0]", "[9.0, 4.8]", "[2.0, 2.0]"]
    [figure] = figures(built, "sizes")
    image = Image.open(io.BytesIO(light(figure)))
    assert image.info["dpi"] == pytest.approx((200, 200), abs=0.1)
    assert 600 < image.width <= 800
    assert figure.width == round(image.width * 96 / 200)


def test_matplotlib_may_be_loaded_before_forking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygote, "PRELOADED", (*zygote.PRELOADED, "matplotlib"))
    built = tmp_path, build_site(write_site(tmp_path, {"content/drawn.md": DRAWN}))[1]
    [figure] = figures(built, "drawn")
    assert figure.dark is not None


def test_dark_figures_have_the_colours_of_the_theme() -> None:
    css = (REPOSITORY / "src/sitegen/theme/static/sitegen.css").read_text("utf-8")
    colours = dict(re.findall(r"--(ink|paper): light-dark\(#\w+, (#\w+)\)", css))
    assert colours == {
        "ink": sitegen_recolour.DARK_INK,
        "paper": sitegen_recolour.DARK_GROUND,
    }
