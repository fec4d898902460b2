"""What enters a run's key, and what never does: one row each."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sitegen.base.digest import digest_value
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.execute.plan import plan_runs
from sitegen.model import Limits, RunOptions, ShowOptions
from sitegen.passes.asked import Options
from sitegen.passes.parse import parse_site
from tests.support import CONFIG, write_site

POST = """+++
title = "A title"
+++
Prose.

```python
#| label: one
#| caption: A caption
x = 1
```

```python
#| error: NameError
print(x, y)
```
"""


def key_of(
    root: Path,
    post: str,
    config: str = CONFIG,
    name: str = "post",
    session: str | None = None,
) -> str:
    write_site(root, {f"content/{name}.md": post}, config)
    problems: list[object] = []
    loaded = load_config(root, problems)  # type: ignore[arg-type]
    drafts = parse_site(loaded, scan_content(root, []), Options(), [])
    plans = next(draft.plans for draft in drafts if draft.document.source.name == name)
    return next(plan.key for plan in plans if session in (None, plan.session))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Prose.", "Other prose.\n\nMore of it.", id="prose"),
        pytest.param('"A title"', '"Another"', id="title"),
        pytest.param("#| label: one", "#| label: two", id="label"),
        pytest.param("#| caption: A caption\n", "", id="caption"),
        pytest.param("#| label: one", "#| label: one\n#| alt: words", id="alt"),
        pytest.param("#| label: one", "#| label: one\n#| echo: false", id="echo"),
        pytest.param("#| label: one", "#| label: one\n#| output: false", id="output"),
        pytest.param("#| label: one", "#| label: one\n#| include: false", id="include"),
        pytest.param("#| label: one", "#| label: one\n#| timeout: 5s", id="timeout"),
        pytest.param("x = 1", "x = 1  # a comment", id="comment"),
        pytest.param("x = 1", "# a comment\n\nx = 1   \n", id="blank lines and trailing space"),
        pytest.param("```python\n#| label", "```python,name=a.py\n#| label", id="file name"),
        pytest.param("```python\n#| label", "````py\n#| label", id="fence"),
        pytest.param("Prose.", "```python\n#| eval: false\nz = 1\n```", id="a block not run"),
        pytest.param(
            'title = "A title"', '[measure]\nshow = "never"\n[execute]\ntimeout = "1s"', id="limits"
        ),
        pytest.param('title = "A title"', '[execute]\ndevices = ["h100"]', id="devices"),
        pytest.param('title = "A title"', '[execute]\ndevice = "cuda"', id="device"),
        pytest.param('title = "A title"', "[execute]\ntrust_output = true", id="trust"),
        pytest.param('title = "A title"', '[execute]\nmemory = "1GB"', id="memory"),
        pytest.param('title = "A title"', '[execute]\npass_env = ["TOKEN"]', id="pass_env"),
        pytest.param("#| label: one", "#| label: one\n#| cost: false", id="cost"),
        pytest.param('"A title"', '"[A](title)"', id="a link in the title"),
    ],
)
def test_never_in_the_key(tmp_path: Path, old: str, new: str) -> None:
    assert POST.count(old) == 1
    edited = POST.replace(old, new)
    if new.startswith("````"):
        edited = edited.replace("x = 1\n```", "x = 1\n````")
    assert key_of(tmp_path, edited) == key_of(tmp_path, POST)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("x = 1", "x = 2", id="code"),
        pytest.param("x = 1", "x = '# no comment'", id="a string that looks like a comment"),
        pytest.param("x = 1", "if 1:\n    x = 1", id="indentation"),
        pytest.param("#| error: NameError\n", "", id="error"),
        pytest.param("error: NameError", "error: true", id="which error"),
        pytest.param("#| label: one", "#| label: one\n#| eval: false", id="eval"),
        pytest.param("Prose.", "```python\nz = 1\n```", id="another block"),
        pytest.param('title = "A title"', '[execute]\nenv = { A = "1" }', id="env"),
        pytest.param(
            'title = "A title"', "[execute]\ntorch_default_device = false", id="default device"
        ),
        pytest.param("#| label: one", "#| values: x", id="values"),
        pytest.param("#| label: one", "#| saves: [x.txt]", id="saves"),
        pytest.param("#| label: one", "#| devices: [h100]", id="devices of a block"),
        pytest.param("#| label: one", "#| fig-width: 4", id="fig-width"),
        pytest.param("#| label: one", "#| fig-height: 4", id="fig-height"),
        pytest.param("#| label: one", "#| fig-dpi: 72", id="fig-dpi"),
        pytest.param("Prose.", "`{python} 1`", id="an inline expression"),
        pytest.param('"A title"', '"`{python} x`"', id="an inline expression in the title"),
        pytest.param("A caption", "`{python} x`", id="an inline expression in a caption"),
        pytest.param('title = "A title"', '[execute]\ninputs = ["*.csv"]', id="declared inputs"),
    ],
)
def test_in_the_key(tmp_path: Path, old: str, new: str) -> None:
    assert POST.count(old) == 1
    assert key_of(tmp_path, POST.replace(old, new)) != key_of(tmp_path, POST)


def test_the_key_is_found_again_after_a_rename(tmp_path: Path) -> None:
    assert key_of(tmp_path / "a", POST, name="one") == key_of(tmp_path / "b", POST, name="two")


INLINE = "```python\nx = 1\n```\n\n`{python} x`\n\n```python\nx = 2\n```\n"


@pytest.mark.parametrize(
    ("edited", "same"),
    [
        (INLINE.replace("`{python} x`", "`{python} x :.2f`"), False),
        (INLINE.replace("`{python} x`", "`{python} x + 1`"), False),
        (INLINE.replace("`{python} x`\n\n", "") + "`{python} x`\n", False),
        (INLINE.replace("`{python} x`", "It is `{python}  x `, says *someone*."), True),
    ],
)
def test_an_inline_expression_is_in_the_key_with_its_place(
    tmp_path: Path, edited: str, same: bool
) -> None:
    assert (key_of(tmp_path, edited) == key_of(tmp_path, INLINE)) is same


def test_the_text_of_a_file_is_in_the_key_and_its_name_is_not(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/p/a.py": "x = 1\n", "content/p/b.py": "# one\nx = 1\n"})

    def of(name: str) -> str:
        post = f"+++\n+++\n```python\n#| file: {name}\n```\n"
        write_site(tmp_path, {"content/p/index.md": post})
        problems: list[object] = []
        config = load_config(tmp_path, problems)  # type: ignore[arg-type]
        (draft, *_) = parse_site(config, scan_content(tmp_path, []), Options(), [])[1:]
        return draft.plans[0].key

    first = of("a.py")
    assert of("b.py") == first
    write_site(tmp_path, {"content/p/a.py": "x = 2\n"})
    assert of("a.py") != first


def test_the_digest_of_a_declared_input_is_in_the_key(tmp_path: Path) -> None:
    post = '+++\n[execute]\ninputs = ["data/*.csv"]\n+++\n```python\n1\n```\n'
    absent = key_of(tmp_path, post)
    write_site(tmp_path, {"content/data/a.csv": "1"})
    one = key_of(tmp_path, post)
    write_site(tmp_path, {"content/data/b.csv": "1"})
    two = key_of(tmp_path, post)
    write_site(tmp_path, {"content/data/b.csv": "2", "content/data/c.txt": "no input"})
    assert len({absent, one, two, key_of(tmp_path, post)}) == 4


def test_the_names_of_sessions_are_not_in_the_key(tmp_path: Path) -> None:
    post = "```python\n#| session: a\nx = 1\n```\n```python\n#| session: b\ny = 1\n```\n"
    renamed = post.replace("session: a", "session: train")
    assert key_of(tmp_path, post, session="a") == key_of(tmp_path, renamed, session="train")
    assert key_of(tmp_path, post, session="a") != key_of(tmp_path, post, session="b")
    longer = post + "```python\n#| session: b\nz = 1\n```\n"
    assert key_of(tmp_path, longer, session="a") == key_of(tmp_path, post, session="a")


def test_keys_of_before_are_found(tmp_path: Path) -> None:
    """A key of the version that knew no benchmarks: results of then are still found."""
    assert (
        key_of(tmp_path, POST) == "f811ea6dba235b7b6967672421f84bf0b63b457a099c68564c7e4abf5984c7aa"
    )


def test_the_canonical_form() -> None:
    """Every version of Python and every machine must find the same results."""
    value = {"b": [1, "é", None], "a": RunOptions(error="NameError")}
    canonical = '{"a":{"error":"NameError"},"b":[1,"é",null]}'
    assert digest_value(value) == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_class_of_an_option_is_the_rule() -> None:
    fields = {name for kind in (Limits, ShowOptions) for name in kind.__struct_fields__}
    assert fields == {
        *(
            "timeout",
            "echo",
            "output",
            "include",
            "label",
            "caption",
            "alt",
            "name",
            "cost",
            "look",
        ),
    }
    assert set(RunOptions.__struct_fields__) == {
        *("eval", "error", "devices", "values", "saves", "fig_width", "fig_height", "fig_dpi"),
    }
    assert plan_runs.__module__ == "sitegen.execute.plan"
