"""Benchmarks as plans: which blocks they run, and what enters their key. Nothing is run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.model import Plan
from sitegen.passes.asked import Options
from sitegen.passes.parse import parse_site
from tests.support import CONFIG, write_site

POST = """+++
title = "A title"
+++
```python
#| label: data
#| values: [x]
x = 1
```

```python
#| label: other
y = 2
```

```python
#| bench: sums
#| label: times
#| expect: add < twice
def setup():
    return {"n": x}

def add(n):
    return n + n

def twice(n):
    return 2 * n
```

```python
#| label: last
z = 3
```
"""
BENCH = "#| bench: sums\n"


def plans_of(root: Path, post: str, config: str = CONFIG) -> dict[str, Plan]:
    write_site(root, {"content/post.md": post}, config)
    loaded = load_config(root, [])
    drafts = parse_site(loaded, scan_content(root, []), Options(), [])
    plans = next(draft.plans for draft in drafts if draft.document.source.name == "post")
    return {plan.session: plan for plan in plans}


def labels(plan: Plan) -> list[str | None]:
    return [block.show.label for block in plan.blocks]


def test_a_benchmark_is_no_part_of_its_session(tmp_path: Path) -> None:
    plans = plans_of(tmp_path, POST)
    assert list(plans) == ["main", "bench:sums"]
    assert labels(plans["main"]) == ["data", "other", "last"]
    assert plans["main"].bench is None
    bench = plans["bench:sums"]
    assert labels(bench) == ["data", "other", "times"]
    assert bench.bench is not None
    assert bench.span == bench.blocks[-1].span
    assert bench.blocks[0].run.values == ()


@pytest.mark.parametrize(
    ("option", "needed"),
    [
        ("#| needs: [other]\n", ["other", "times"]),
        ("#| needs: []\n", ["times"]),
        ("#| needs: [other, data]\n", ["data", "other", "times"]),
        ("#| session: elsewhere\n", ["times"]),
        ("#| eval: false\n", None),
    ],
)
def test_what_a_benchmark_runs_first(tmp_path: Path, option: str, needed: object) -> None:
    plans = plans_of(tmp_path, POST.replace(BENCH, BENCH + option))
    found = labels(plans["bench:sums"]) if "bench:sums" in plans else None
    assert found == needed


def test_other_benchmarks_are_not_needed(tmp_path: Path) -> None:
    post = POST + "```python\n#| bench: more\n#| label: again\ndef f(): pass\n```\n"
    assert labels(plans_of(tmp_path, post)["bench:more"]) == ["data", "other", "last", "again"]


def test_expressions_are_evaluated_after_the_ordinary_block_above(tmp_path: Path) -> None:
    post = POST.replace("#| label: times", "#| caption: for `{python} x`")
    plans = plans_of(tmp_path, post.replace('"A title"', '"`{python} z`"') + "\n`{python} y`\n")
    assert [inline.after for inline in plans["main"].inlines] == [2, 1, 2]
    assert plans["bench:sums"].inlines == ()
    alone = "`{python} 1`\n\n" + POST.split("+++\n")[2].split("```\n\n")[2] + "```\n"
    assert [inline.after for inline in plans_of(tmp_path, alone)["main"].inlines] == [-1]


NEVER = [
    pytest.param("#| expect: add < twice\n", "", id="expect"),
    pytest.param("bench: sums", "bench: sums\n#| agree: 0.5", id="agree"),
    pytest.param("bench: sums", "bench: sums\n#| baseline: twice", id="baseline"),
    pytest.param("bench: sums", "bench: sums\n#| work: 2 FLOP", id="work"),
    pytest.param("bench: sums", "bench: sums\n#| unlike: true", id="unlike"),
    pytest.param("bench: sums", "bench: sums\n#| correction: 2027-05: so", id="correction"),
    pytest.param("bench: sums", "bench: sums\n#| timeout: 5s", id="timeout"),
    pytest.param("bench: sums", "bench: sums\n#| echo: false", id="echo"),
    pytest.param("bench: sums", "bench: sums\n#| needs: [data, other]", id="needs that are all"),
    pytest.param("#| label: times\n", "#| caption: words\n", id="label and caption"),
    pytest.param("#| values: [x]\n", "", id="values of a needed block"),
    pytest.param("label: data", "label: data\n#| saves: [a.txt]", id="saves of a needed block"),
    pytest.param("label: data", "label: data\n#| fig-width: 3", id="figures of a needed block"),
    pytest.param("z = 3", "z = 4", id="a block below"),
    pytest.param('title = "A title"', "[measure]\nnoise = 0.2", id="noise"),
    pytest.param('title = "A title"', '[measure]\non_unstable = "fail"', id="on_unstable"),
    pytest.param('title = "A title"', "[measure]\nprocesses = 6", id="what is the default"),
    pytest.param("return 2 * n", "return 2 * n  # twice", id="comment"),
]


@pytest.mark.parametrize(("old", "new"), NEVER)
def test_never_in_the_key(tmp_path: Path, old: str, new: str) -> None:
    assert POST.count(old) == 1
    edited = plans_of(tmp_path, POST.replace(old, new))["bench:sums"]
    assert edited.key == plans_of(tmp_path, POST)["bench:sums"].key


def test_the_name_is_not_in_the_key(tmp_path: Path) -> None:
    renamed = plans_of(tmp_path, POST.replace("bench: sums", "bench: totals"))["bench:totals"]
    assert renamed.key == plans_of(tmp_path, POST)["bench:sums"].key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("return 2 * n", "return n * 2", id="code"),
        pytest.param("x = 1", "x = 2", id="code of a needed block"),
        pytest.param("y = 2", "y = 3", id="code of a block above"),
        pytest.param("bench: sums", "bench: sums\n#| needs: [data]", id="needs"),
        pytest.param("bench: sums", "bench: sums\n#| wait: call", id="wait"),
        pytest.param("bench: sums", "bench: sums\n#| devices: [h100]", id="devices"),
        pytest.param("label: data", "label: data\n#| error: true", id="error of a needed block"),
        pytest.param('title = "A title"', "[measure]\nprocesses = 2", id="processes"),
        pytest.param('title = "A title"', '[measure]\nmax_time = "1s"', id="max_time"),
        pytest.param('title = "A title"', '[execute]\nenv = { A = "1" }', id="env"),
        pytest.param('title = "A title"', '[execute]\ninputs = ["*.csv"]', id="inputs"),
        pytest.param(
            'title = "A title"', "[execute]\ntorch_default_device = false", id="default device"
        ),
    ],
)
def test_in_the_key(tmp_path: Path, old: str, new: str) -> None:
    assert POST.count(old) == 1
    edited = plans_of(tmp_path, POST.replace(old, new))["bench:sums"]
    assert edited.key != plans_of(tmp_path, POST)["bench:sums"].key


def test_a_sweep_is_in_the_key(tmp_path: Path) -> None:
    def key(sweep: str) -> str:
        post = POST.replace(BENCH, f"{BENCH}#| sweep: {sweep}\n")
        return plans_of(tmp_path, post.replace("def setup()", "def setup(m)"))["bench:sums"].key

    assert len({key("{m: [1]}"), key("{m: [1, 2]}"), key("{m: [2, 1]}"), key('{m: ["1"]}')}) == 4
    assert key("{m: [1,2]}") == key("{m: [ 1 , 2 ]}")


def test_a_session_of_the_same_code_has_another_key(tmp_path: Path) -> None:
    post = "```python\n{}def f():\n    pass\n```\n"
    plain = plans_of(tmp_path, post.format(""))["main"].key
    assert plans_of(tmp_path, post.format("#| bench: f\n"))["bench:f"].key != plain


def test_measure_narrows_from_site_to_section_to_post(tmp_path: Path) -> None:
    config = f'{CONFIG}\n[measure]\nprocesses = 2\nmax_time = "1s"\nnoise = 0.1\n'
    section = '+++\n[measure]\nprocesses = 3\non_unstable = "retry"\n+++\n'
    write_site(tmp_path, {"content/_index.md": section})
    post = POST.replace('title = "A title"', '[measure]\nmax_time = "2s"')
    plan = plans_of(tmp_path, post, config)["bench:sums"]
    assert plan.bench is not None
    assert (plan.bench.run.processes, plan.bench.run.max_time) == (3, 2.0)
    assert (plan.measure.noise, plan.measure.on_unstable) == (0.1, "retry")
