"""What enters a run's key, and what never does: one row each."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sitegen.base.digest import digest_value
from sitegen.build import Options, parse_site
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.execute.plan import plan_run
from sitegen.model import Limits, RunOptions, ShowOptions
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


def key_of(root: Path, post: str, config: str = CONFIG, name: str = "post") -> str:
    write_site(root, {f"content/{name}.md": post}, config)
    problems: list[object] = []
    loaded = load_config(root, problems)  # type: ignore[arg-type]
    drafts = parse_site(loaded, scan_content(root, []), Options(), [])
    plan = next(draft.plan for draft in drafts if draft.document.source.name == name)
    assert plan is not None
    return plan.key


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
    ],
)
def test_in_the_key(tmp_path: Path, old: str, new: str) -> None:
    assert POST.count(old) == 1
    assert key_of(tmp_path, POST.replace(old, new)) != key_of(tmp_path, POST)


def test_the_key_is_found_again_after_a_rename(tmp_path: Path) -> None:
    assert key_of(tmp_path / "a", POST, name="one") == key_of(tmp_path / "b", POST, name="two")


def test_the_canonical_form() -> None:
    """Every version of Python and every machine must find the same results."""
    value = {"b": [1, "é", None], "a": RunOptions(error="NameError")}
    canonical = '{"a":{"error":"NameError"},"b":[1,"é",null]}'
    assert digest_value(value) == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_class_of_an_option_is_the_rule() -> None:
    fields = {name for kind in (Limits, ShowOptions) for name in kind.__struct_fields__}
    assert fields == {"timeout", "echo", "output", "include", "label", "caption", "alt", "name"}
    assert set(RunOptions.__struct_fields__) == {"eval", "error"}
    assert plan_run.__module__ == "sitegen.execute.plan"
