"""Benchmarks on pages, in feeds and in the list of all measurements. All numbers are made up."""

from __future__ import annotations

import datetime as dt
import json
import re
from html import unescape
from pathlib import Path

import msgspec
import pytest

from sitegen.benchmarks import Benchmark
from sitegen.model import Device
from sitegen.storage.measurements import put_run
from tests.bench_sites import plans_of
from tests.benches import H100, M3, STARTED, made_up_benchmark, made_up_run, run_cells
from tests.support import tree
from tests.tiny import SITE, page, publish, published, write_site

BLOCK = """```python
#| bench: swiglu
#| caption: Time per call of one block
def eager(t):
    return t @ t

def compiled(t):
    return fast(t)

def jitted(j):
    return product(j)
```
"""
POST = page('title = "A post"\ndate = 2026-01-02', BLOCK)
PLAIN = page("date = 2026-01-01")


def store(
    root: Path,
    files: dict[str, str | bytes],
    benchmark: Benchmark | None = None,
    device: Device = H100,
    *,
    torch: str = "2.13.0",
    days: int = 0,
    by: str | None = None,
) -> None:
    """A made-up result for each benchmark of a site, measured so many days before."""
    write_site(root, files)
    for plan in plans_of(root):
        if plan.bench is not None:
            started = STARTED - dt.timedelta(days=days)
            run = made_up_run(
                benchmark or made_up_benchmark(), device=device, torch=torch, started=started, by=by
            )
            run = msgspec.structs.replace(run, cells=run_cells(plan), key=plan.key)
            put_run(root, msgspec.structs.replace(run, page=plan.page, session=plan.session))


def post(root: Path) -> str:
    return published(root, "post/index.html")


# --- on its page --------------------------------------------------------------------------------


def test_a_benchmark_stands_under_its_block(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"content/post.md": POST}
    store(tmp_path, files)
    assert publish(tmp_path, files) == ()
    html = post(tmp_path)
    cell = html[html.index('<figure class="cell"') :]
    assert cell.index("cell-code") < cell.index('<figure class="bench" id="bench-swiglu">')
    assert html.count("Time per call of one block") == 3  # the caption, names of chart and table
    assert "/bench.css" in html
    assert "not measured yet" not in html


def test_its_data_and_its_chart_are_files_beside_the_page(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"content/post.md": POST}
    store(tmp_path, files)
    publish(tmp_path, files)
    links = re.findall(r'<a href="([^"]+)" download>(JSON|SVG)</a>', post(tmp_path))
    assert links == [("post.bench-swiglu.json", "JSON"), ("post.bench-swiglu.svg", "SVG")]
    run = json.loads(published(tmp_path, "post/post.bench-swiglu.json"))
    assert len(run["benchmark"]["series"][0]["sampled"]) == 6
    assert len(run["benchmark"]["series"][0]["sampled"][0]["samples"]) == 30
    assert published(tmp_path, "post/post.bench-swiglu.svg").startswith("<svg ")


def test_a_page_without_benchmarks_does_not_load_their_style_sheet(tmp_path: Path) -> None:
    publish(tmp_path, {"content/post.md": PLAIN})
    assert "bench.css" not in post(tmp_path)


def test_what_was_not_measured_says_so(tmp_path: Path) -> None:
    publish(tmp_path, {"content/post.md": POST})
    assert "not measured yet" in post(tmp_path)
    assert "<table" not in post(tmp_path)


def test_a_reader_stands_beside_the_author_and_speaks_for_nothing(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"content/post.md": POST}
    store(tmp_path, files, device=M3, by="Ada", days=-1)
    publish(tmp_path, files)
    assert "measured on" not in post(tmp_path)
    store(tmp_path, files)
    publish(tmp_path, files)
    html = post(tmp_path)
    labels = re.findall(r"<label for[^>]*>([^<]+)", html)
    assert labels == ["H100 SXM", "M3 Max, contributed by Ada", "All devices"]
    assert re.findall(r'class="measured"[^>]*>([^<]+)', html) == ["measured on H100 SXM"]
    assert (tmp_path / "public/post/post.bench-swiglu.m3-max.by-ada.json").is_file()


def test_one_name_has_one_colour_throughout_a_post(tmp_path: Path) -> None:
    other = BLOCK.replace("swiglu", "other").replace("eager", "neu").replace("compiled", "eager")
    files: dict[str, str | bytes] = {"content/post.md": page("", BLOCK + "\n" + other)}
    store(tmp_path, {"content/post.md": page("", BLOCK)})
    write_site(tmp_path, files)
    for plan in plans_of(tmp_path):
        names = ("eager", "compiled", "jitted") if "swiglu" in plan.session else ("neu", "eager")
        run = made_up_run(made_up_benchmark(dict.fromkeys(names, 1e-3)))
        run = msgspec.structs.replace(run, cells=run_cells(plan), key=plan.key)
        put_run(tmp_path, msgspec.structs.replace(run, page=plan.page, session=plan.session))
    publish(tmp_path, files)
    found = re.findall(r'<span class="mark (v\d)"></span>(\w+)', post(tmp_path))
    assert {name: colour for colour, name in found} == {
        "eager": "v1",
        "compiled": "v2",
        "jitted": "v3",
        "neu": "v4",
    }
    assert len(set(found)) == 4


# --- where an image asks for it -----------------------------------------------------------------


def test_an_image_moves_the_chart(tmp_path: Path) -> None:
    body = f"![Up here](bench:swiglu)\n\nText.\n\n{BLOCK}"
    files: dict[str, str | bytes] = {"content/post.md": page("", body)}
    store(tmp_path, files)
    assert publish(tmp_path, files) == ()
    html = post(tmp_path)
    assert html.count('<figure class="bench"') == 1
    assert html.index('id="bench-swiglu"') < html.index("<p>Text.</p>") < html.index("cell-code")
    assert "Up here" in html
    assert '<a href="#bench-swiglu">what was measured</a>' in html
    assert "<p><figure" not in html


def test_all_runs_stand_beside_the_chart_of_today(tmp_path: Path) -> None:
    body = f"![Over time](bench:swiglu;runs=all)\n\n{BLOCK}"
    files: dict[str, str | bytes] = {"content/post.md": page("", body)}
    store(tmp_path, files)
    store(tmp_path, files, torch="2.12.1", days=90)
    store(tmp_path, files, torch="2.12.1", days=120)
    assert publish(tmp_path, files) == ()
    html = post(tmp_path)
    assert re.findall(r'<figure class="bench" id="([^"]+)"', html) == [
        "bench-swiglu-1",
        "bench-swiglu",
    ]
    assert re.findall(r'class="group"[^>]*>([^<]+)', html) == [
        "2026-08-24 · torch 2.12.1, jax 0.10.2",
        "2026-11-22 · torch 2.13.0, jax 0.10.2",
    ]
    assert (tmp_path / "public/post/post.bench-swiglu.2026-08-24.json").is_file()


def test_an_image_may_name_a_device_or_a_day(tmp_path: Path) -> None:
    body = "![](bench:swiglu;on=m3-max)\n\n![](bench:swiglu;as-of=2026-08-24)\n\n"
    files: dict[str, str | bytes] = {"content/post.md": page("", body + BLOCK)}
    store(tmp_path, files)
    store(tmp_path, files, torch="2.12.1", days=90)
    store(tmp_path, files, device=M3, days=-1)
    assert publish(tmp_path, files) == ()
    first, second = re.findall(r'<p class="provenance">([^<]+)', post(tmp_path))
    assert "Made-up Apple M3 Max" in first
    assert "torch 2.12.1" in second
    assert "2026-08-24" in second


def test_a_chart_of_what_was_not_measured_says_so(tmp_path: Path) -> None:
    body = f"![](bench:swiglu;on=m3-max)\n\n{BLOCK}"
    files: dict[str, str | bytes] = {"content/post.md": page("", body)}
    store(tmp_path, files)
    publish(tmp_path, files)
    assert "swiglu: no measurement on m3-max yet" in post(tmp_path)


# --- in feeds -----------------------------------------------------------------------------------


def test_feeds_carry_pictures_and_tables_one_device_after_another(tmp_path: Path) -> None:
    config = SITE + "generate_feeds = true\n"
    files: dict[str, str | bytes] = {"content/post.md": POST, "site.toml": config}
    store(tmp_path, files)
    store(tmp_path, files, device=M3, days=-1)
    publish(tmp_path, files)
    entry = unescape(published(tmp_path, "atom.xml"))
    pictures = re.findall(r'<img src="([^"]+)"', entry)
    assert pictures == [
        "https://example.org/post/post.bench-swiglu.h100.svg",
        "https://example.org/post/post.bench-swiglu.m3-max.svg",
    ]
    for picture in pictures:
        path = picture.removeprefix("https://example.org/")
        assert (tmp_path / "public" / path).is_file()
    order = re.findall(r"<(img|table|h4|input|fieldset|label)\b", entry)
    assert order == ["h4", "img", "table"] * 2


# --- the list of all ----------------------------------------------------------------------------


def rows_of(root: Path, path: str = "measurements/index.html") -> list[tuple[str, str, str]]:
    """Title, device and date of each row."""
    html = published(root, path).partition("<tbody>")[2]
    found = []
    for row in html.split("<tr>")[1:]:
        title = re.search(r'<th scope="row">\s*<a href="[^"]+">([^<]+)', row)
        device = re.search(r"<td>([^<\n]+)", row)
        date = re.search(r"<time[^>]*>([^<]+)", row)
        assert title
        assert device
        assert date
        found.append((title[1], device[1].strip(), date[1]))
    return found


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A site with two benchmarks, two devices, a reader's result and an earlier one."""
    other = BLOCK.replace("swiglu", "another").replace("Time per call of one block", "Another")
    files: dict[str, str | bytes] = {
        "content/post.md": POST,
        "content/other.md": page('title = "Other"', other),
    }
    store(tmp_path, files)
    store(tmp_path, {"content/post.md": POST}, device=M3, days=10)
    store(tmp_path, {"content/post.md": POST}, torch="2.12.1", days=90)
    store(tmp_path, {"content/post.md": POST}, device=M3, days=5, by="Ada")
    publish(tmp_path, files)
    return tmp_path


def test_every_run_is_listed_by_date_device_and_name(several: Path) -> None:
    block = "Time per call of one block"
    by_date = [
        ("Another", "H100 SXM", "2026-11-22"),
        (block, "H100 SXM", "2026-11-22"),
        ("Another", "M3 Max", "2026-11-17"),
        (block, "M3 Max", "2026-11-17"),
        ("Another", "M3 Max", "2026-11-12"),
        (block, "M3 Max", "2026-11-12"),
        ("Another", "H100 SXM", "2026-08-24"),
        (block, "H100 SXM", "2026-08-24"),
    ]
    assert rows_of(several) == by_date
    by_device = rows_of(several, "measurements/by-device/index.html")
    assert [device for _, device, _ in by_device] == ["H100 SXM"] * 4 + ["M3 Max"] * 4
    by_name = rows_of(several, "measurements/by-benchmark/index.html")
    assert [title for title, _, _ in by_name] == ["Another"] * 4 + [block] * 4
    assert sorted(by_name) == sorted(by_device) == sorted(by_date)


def test_each_row_leads_to_its_chart_and_its_data(several: Path) -> None:
    html = published(several, "measurements/index.html")
    assert html.count("contributed by Ada") == 2
    assert html.count("measured again since") == 2
    for chart, post_url in re.findall(r'<a href="/(\w+)/#([\w-]+)">', html):
        assert f'id="{post_url}"' in published(several, f"{chart}/index.html")
    data = re.findall(r'<a href="(/[^"]+)" download>JSON</a>', html)
    assert len(data) == len(set(data)) == 8
    assert all((several / "public" / path.lstrip("/")).is_file() for path in data)


def test_the_list_is_in_the_navigation_and_in_the_sitemap(several: Path) -> None:
    assert '<a href="/measurements/">Measurements</a>' in post(several)
    sitemap = published(several, "sitemap.xml")
    assert "https://example.org/measurements/<" in sitemap
    assert "by-device" not in sitemap
    html = published(several, "measurements/by-device/index.html")
    assert '<link rel="canonical" href="https://example.org/measurements/">' in html
    assert re.search(r'aria-sort="ascending"><a href="/measurements/by-device/">', html)


@pytest.mark.parametrize(
    "files",
    [
        {"content/post.md": PLAIN},
        {"content/post.md": POST, "site.toml": SITE + 'measurements = ""\n'},
        {"content/post.md": POST, "content/measurements.md": page('title = "Mine"')},
        {"content/post.md": POST.replace("date =", "hidden = true\ndate =")},
    ],
    ids=["no benchmarks", "not wanted", "its place is taken", "only on a hidden page"],
)
def test_no_list_where_none_is_wanted(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    store(tmp_path, files)
    publish(tmp_path, files)
    assert not (tmp_path / "public/measurements/by-device").exists()
    assert '"/measurements/"' not in post(tmp_path).partition("<header")[2] or (
        "content/measurements.md" in files
    )


def test_the_list_can_lie_elsewhere_and_has_its_template(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "content/post.md": POST,
        "site.toml": SITE + 'measurements = "lab/numbers"\n',
        "templates/measurements.html": (
            "{{ order }}: {% for row in rows %}{{ row.name }} on {{ row.device }}, "
            "{{ row.date | date }}, {{ row.software | join(' and ') }}, {{ row.data.name }}"
            "{% endfor %}{% for one in orders %} {{ one.name }}={{ one.current }}{% endfor %}"
        ),
    }
    store(tmp_path, files)
    publish(tmp_path, files)
    assert published(tmp_path, "lab/numbers/index.html") == (
        "date: swiglu on H100 SXM, 2026-11-22, torch 2.13.0 and jax 0.10.2, "
        "post.bench-swiglu.json date=true device=false benchmark=false"
    )


def test_a_page_of_the_authors_in_static_stands_in_its_place(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "content/post.md": POST,
        "static/measurements/index.html": "own",
    }
    store(tmp_path, files)
    publish(tmp_path, files)
    assert published(tmp_path, "measurements/index.html") == "own"


def test_a_hidden_benchmark_is_listed_without_a_place(tmp_path: Path) -> None:
    hidden = POST.replace("#| caption", "#| include: false\n#| caption")
    files: dict[str, str | bytes] = {"content/post.md": hidden}
    store(tmp_path, files)
    publish(tmp_path, files)
    assert "def eager" not in post(tmp_path)
    assert re.search(
        r'<th scope="row">\s*<a href="/post/">', published(tmp_path, "measurements/index.html")
    )


def test_search_knows_the_caption_of_a_chart_and_not_its_numbers(tmp_path: Path) -> None:
    config = SITE + "build_search_index = true\n[search]\nindex_format = 'elasticlunr_json'\n"
    files: dict[str, str | bytes] = {
        "content/post.md": POST.replace("```python", "Before.\n\n```python") + "\nAfter.\n",
        "site.toml": config,
    }
    store(tmp_path, files, made_up_benchmark(shaky="jitted"))
    publish(tmp_path, files)
    index = json.loads(published(tmp_path, "search_index.en.json"))
    (body,) = (
        entry["body"] for entry in index["documentStore"]["docs"].values() if entry.get("body")
    )
    assert body.startswith("Before. Time per call of one block")
    assert body.endswith("After.")
    assert len(body) < 200
    assert "GFLOP" not in body


def test_what_is_measured_anew_reaches_every_page_that_tells_of_it(tmp_path: Path) -> None:
    """A build after another gives what a first one gives: pages, lists, feeds, files."""
    config = SITE + "generate_feeds = true\n"
    files: dict[str, str | bytes] = {
        "content/post.md": POST,
        "content/other.md": PLAIN,
        "site.toml": config,
    }
    one, clean = tmp_path / "one", tmp_path / "clean"
    publish(one, files)
    assert not (one / "public/measurements").exists()
    for torch, days, device in (("2.12.1", 90, H100), ("2.13.0", 0, H100), ("2.13.0", -1, M3)):
        store(one, files, device=device, torch=torch, days=days)
        publish(one, files)
        store(clean, files, device=device, torch=torch, days=days)
    publish(clean, files)
    assert tree(one / "public") == tree(clean / "public")
    assert rows_of(one)[0][1] == "M3 Max"
