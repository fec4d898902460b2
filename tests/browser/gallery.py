"""A site with every kind of page that the theme has: what its tests look at.

It has two languages, one of them from right to left, a list of several pages, a series, and a post
that was measured on two devices, with a figure, an error, folded code and a stale result.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image

from sitegen.benchmarks import Benchmark
from sitegen.model import Cell, Device, Plan, Run
from sitegen.storage.measurements import load_store, put_run
from tests.bench_sites import plans_of
from tests.benches import H100, M3, STARTED, made_up_benchmark, made_up_run, run_cells
from tests.support import build_site, write_site

CONFIG = """
base_url = "https://example.org"
title = "Gallery"
description = "Every kind of page that there is."
author = "A. Author"
generate_feeds = true
taxonomies = [
    { name = "tags", feed = true, paginate_by = 2 },
    { name = "series" },
]

[languages.ar]
title = "معرض"
description = "كل أنواع الصفحات."
taxonomies = [{ name = "tags" }]

[markdown]
github_alerts = true
definition_list = true

[execute]
device = "cpu"

[measure]
show = "always"
"""

EXECUTED = """+++
title = "Measured twice, with a figure, an error and a table that is wider than a telephone"
description = "What a block says and what it costs, on two machines."
date = 2026-03-04
updated = 2026-03-05
authors = ["A. Author", "B. Author"]
[taxonomies]
tags = ["python", "figures"]
series = ["Frames"]
+++
A number in a sentence: `{python} 6 * 7`.

## Code that is long

```python,name=long.py
#| label: long
a_name_that_is_rather_long = ["a value that is long as well", "and one that is not short at all"]
print(a_name_that_is_rather_long)
```

### A part of it

```python
#| echo: fold
import sys, time
time.sleep(0.02)
print("\\x1b[1;31mred\\x1b[0m and \\x1b[42mgreen\\x1b[0m", file=sys.stderr)
for line in range(60):
    print("line", line)
```

## A figure

```python
#| caption: A line that rises.
#| alt: A line from one to two
import matplotlib.pyplot as plt
plt.plot([1, 2]);
```

## An error

```python
#| error: ZeroDivisionError
1 / 0
```

## A table

```python
from IPython.display import HTML
HTML("<table><thead><tr><th></th><th>speed</th></tr></thead><tbody><tr><th>a</th><td>1.5</td></tr></tbody></table>")
```

```python
#| devices: nowhere
print("not here")
```

```python
#| include: false
hidden = 1
```
"""

PROSE = """+++
title = "Prose with all that Markdown has"
date = 2026-02-01
[taxonomies]
tags = ["prose", "figures"]
series = ["Frames"]
+++
A paragraph with a [link](@/posts/measured.md), `code`, *stress*, **weight**, <kbd>Ctrl</kbd>,
<mark>a mark</mark>, H<sub>2</sub>O and a note.[^1] And a line of eighty columns:

```rust,linenos,hl_lines=2,name=src/main.rs
fn main() {
    println!("{}", "0123456789012345678901234567890123456789012345678901234567"); //
}
```

## A list

- [ ] to do
- [x] done

1. one
   - one and a half
2. two

> [!WARNING]
> What is written in a quotation may be an alert.

> A quotation.

Term
: What it means.

## Numbers

| what | how much | of what, in a column that is long | and another one that is long too |
|:--|--:|--|--|
| a | 1.5 | `something` | a table scrolls by itself |

$$ \\sum_{i=1}^{n} i = \\frac{n(n+1)}{2} $$

<figure>
<img src="/dot.png" alt="A plane" width="320" height="200">
<figcaption>A figure with its caption.</figcaption>
</figure>

---

### Deeper

Text.

[^1]: What the note says.
"""

ARABIC = """+++
title = "نص من اليمين إلى اليسار"
description = "وصف قصير."
date = 2026-02-01
[taxonomies]
tags = ["نثر"]
+++
فقرة فيها `code = 1` وكلمات.

## أول

```python,name=x.py
#| eval: false
print("left to right")
```

## ثان

| أ | ب |
|--|--|
| 1 | 2 |
"""

EARLIER = """+++
title = "Measured earlier"
date = 2026-01-02
+++
```python
print(1)
```
"""

BROKEN = """+++
title = "A mistake"
date = 2026-01-03
+++
```python
undefined
```

```python
print("the rest still runs")
```
"""

BENCHMARKS = """+++
title = "Benchmarks whose numbers are made up"
description = "Bars, a sweep, two parameters; what one device says, and several."
date = 2026-01-04
+++
What is compiled is [faster](bench:block?compiled<eager), by [](bench:block?eager/compiled); that it
is [9×](bench:block?eager/compiled) as fast is not true.

![The same over time (made-up numbers)](bench:block;runs=all;samples=all)

```python
#| bench: block
#| caption: Time per call of one block (made-up numbers)
#| work: 103e6 FLOP
def eager(t):
    return t @ t

def compiled(t):
    print(t)
    return fast(t)

def jitted(j):
    return product(j)
```

A sweep, on one device:

![](bench:sweep;on=h100)

```python
#| bench: sweep
#| caption: One product of two square matrices (made-up numbers)
#| sweep: {n: [256, 512, 1024, 2048, 4096]}
def eager(n):
    return n

def compiled(n):
    return n

def jitted(n):
    return n
```

```python
#| bench: grid
#| sweep: {n: [256, 1024, 4096], m: [256, 512]}
def eager(n, m):
    return n

def a_variant_whose_name_is_far_too_long(n, m):
    return m
```
"""

PAGES = {
    "home": "/",
    "section": "/posts/",
    "second page": "/posts/page/2/",
    "executed": "/posts/measured/",
    "prose": "/posts/prose/",
    "broken": "/posts/broken/",
    "stale": "/posts/earlier/",
    "benchmarks": "/posts/benchmarks/",
    "measurements": "/measurements/",
    "measurements by device": "/measurements/by-device/",
    "plain": "/about/",
    "terms": "/tags/",
    "term": "/tags/figures/",
    "series": "/series/frames/",
    "404": "/404.html",
    "right to left": "/ar/posts/prose/",
    "its section": "/ar/posts/",
    "its home": "/ar/",
}
"""The kinds of pages, by what they are."""


def publish_gallery(root: Path) -> Path:
    """The published gallery; of its executed post there are results of two devices."""
    files = {
        "content/_index.md": '+++\ntitle = "Gallery"\n+++\nWelcome.\n',
        "content/_index.ar.md": '+++\ntitle = "معرض"\n+++\n',
        "content/about.md": '+++\ntitle = "About"\n+++\nNothing but a paragraph.\n',
        "content/posts/_index.md": (
            '+++\ntitle = "Posts"\ndescription = "All of them."\nsort_by = "date"\n'
            "paginate_by = 2\ngenerate_feeds = true\n+++\n"
        ),
        "content/posts/_index.ar.md": '+++\ntitle = "مقالات"\nsort_by = "date"\n+++\n',
        "content/posts/measured.md": EXECUTED,
        "content/posts/prose.md": PROSE,
        "content/posts/prose.ar.md": ARABIC,
        "content/posts/earlier.md": EARLIER,
        "content/posts/benchmarks.md": BENCHMARKS,
        "content/posts/short.md": (
            '+++\ntitle = "Short"\ndate = 2026-01-01\n'
            '[taxonomies]\ntags = ["figures"]\n+++\nText.\n'
        ),
    }
    write_site(root, files, CONFIG)
    (root / "static").mkdir(exist_ok=True)
    Image.new("RGB", (320, 200), "teal").save(root / "static/dot.png")
    _store_benchmarks(root)
    build_site(root)
    store = load_store(root)
    for entry in store.entries:
        if entry.run.benchmark is not None:
            continue
        put_run(root, _elsewhere(store.with_blobs(entry.run)))
        if entry.run.page == "posts/earlier":
            entry.path.unlink()
    (root / "content/posts/earlier.md").write_text(EARLIER.replace("print(1)", "print(2)"), "utf-8")
    (root / "content/posts/broken.md").write_text(BROKEN, "utf-8")
    build_site(root, allow_errors=True)
    return root / "public"


def _store_benchmarks(root: Path) -> None:
    """Made-up results of every benchmark: of two devices, of a reader, of older libraries."""
    plans = {plan.bench.name: plan for plan in plans_of(root) if plan.bench is not None}

    def put(plan: Plan, benchmark: Benchmark, device: Device, **provenance: Any) -> None:
        run = made_up_run(benchmark, device=device, **provenance)
        cells = run_cells(plan)
        run = msgspec.structs.replace(
            run, key=plan.key, page=plan.page, session=plan.session, cells=cells
        )
        put_run(root, run)

    block, sweep, grid = plans["block"], plans["sweep"], plans["grid"]
    put(block, made_up_benchmark(broken="compiled"), H100)
    for months, (torch, scale) in enumerate((("2.12.1", 1.1), ("2.11.0", 1.4)), 1):
        started = STARTED - dt.timedelta(days=90 * months)
        put(block, made_up_benchmark(scale=scale), H100, torch=torch, started=started)
    later = STARTED + dt.timedelta(hours=1)
    put(block, made_up_benchmark(scale=3.3, shaky="jitted"), M3, started=later)
    read = made_up_benchmark(scale=2.0, seed=3)
    put(block, read, M3, by="Ada Reader", started=later + dt.timedelta(days=1))
    points = [{"n": n} for n in (256, 512, 1024, 2048, 4096)]
    put(sweep, made_up_benchmark(points=points, shaky="jitted"), H100)
    put(sweep, made_up_benchmark(points=points, scale=4), M3, started=later)
    pairs = [{"n": n, "m": m} for n in (256, 1024, 4096) for m in (256, 512)]
    names = {"eager": 3e-4, "a_variant_whose_name_is_far_too_long": 2e-4}
    put(grid, made_up_benchmark(names, pairs), H100)


def _elsewhere(run: Run) -> Run:
    """The run as another device would have made it, three times slower."""
    device = msgspec.structs.replace(
        run.device, name="other", reported="Another Device 9000", label="Another 9000"
    )
    return msgspec.structs.replace(run, device=device, cells=tuple(map(_slower, run.cells)))


def _slower(cell: Cell) -> Cell:
    if cell.measures is None:
        return cell
    wall = cell.measures.wall
    measures = msgspec.structs.replace(
        cell.measures, wall=3 * wall, compile=2 * wall, peak_device=2_500_000
    )
    return msgspec.structs.replace(cell, measures=measures)
