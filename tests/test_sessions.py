"""Sessions and what they save, values, inline expressions, files, secrets, inputs: real kernels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sitegen.model import Finished, Run
from tests.support import CONFIG, build_site, report_of, sitegen, stored, write_site

TRAINED = """+++
title = "Accuracy `{python} acc :.1%`"
description = "Found in `{python} steps` steps"
+++
Above all blocks: `{python} 6 * 7`.

```python
#| session: train
#| saves:
#|   - model.txt
#| values: [loss, steps, name]
#| caption: A loss of `{python} loss :.3f`
import pathlib
loss, steps, name = 0.25, 3, "small"
pathlib.Path("model.txt").write_text("weights")
```

```python
#| session: plot
acc, steps = 0.913, 3
print("drawn from", open("model.txt").read())
```

It reached `{python} acc` after `{python} steps` steps; `{python} [1][0]`.
"""


def page(root: Path, name: str) -> str:
    return (root / "public" / name / "index.html").read_text("utf-8")


def runs_of(events: list[Any]) -> dict[str, Run]:
    return {event.run.session: event.run for event in events if isinstance(event, Finished)}


def rebuilt(root: Path) -> tuple[int, list[str]]:
    """How many posts a build runs, and which sessions, by its explanations."""
    report = report_of(sitegen(root, "build", "--json"))
    run = [line.partition(": run: ")[0] for line in report["explanations"] if ": run: " in line]
    return report["executed_posts"], run


def test_a_figure_is_redrawn_without_training_again(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": TRAINED})
    report, events = build_site(root)
    assert report.problems == ()
    runs = runs_of(events)
    assert runs["train"].cells[0].values == {"loss": 0.25, "steps": 3, "name": "small"}
    assert [saved.path for saved in runs["train"].saves] == ["model.txt"]
    assert [(entry.base, entry.path) for entry in runs["plot"].inputs] == [("saves", "model.txt")]
    html = page(root, "p")
    assert "drawn from weights" in html
    assert "<figcaption>A loss of 0.250</figcaption>" in html
    assert '<span class="value">42</span>' in html
    assert '<span class="value">0.913</span>' in html
    assert "<h1>Accuracy 91.3%</h1>" in html
    assert 'content="Found in 3 steps"' in html
    assert rebuilt(root) == (0, [])
    write_site(root, {"content/p.md": TRAINED.replace("drawn from", "drawn with")})
    assert rebuilt(root) == (1, ["content/p.md, session `plot`"])
    assert "drawn with weights" in page(root, "p")
    write_site(root, {"content/p.md": TRAINED.replace('"weights"', '"other"')})
    assert rebuilt(root) == (1, ["content/p.md, session `train`", "content/p.md, session `plot`"])
    assert "drawn from other" in page(root, "p")


def test_the_numbers_are_replayed_without_a_kernel(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": TRAINED})
    assert sitegen(root, "build").returncode == 0
    before = page(root, "p")
    shutil.rmtree(root / "public")
    shutil.rmtree(root / ".sitegen")
    assert sitegen(root, "build", "--frozen").returncode == 0
    assert page(root, "p") == before
    shutil.rmtree(root / "measurements")
    assert sitegen(root, "build", "--no-exec").returncode == 0
    html = page(root, "p")
    assert html.count("not run yet") == 7
    assert "<h1>Accuracy</h1>" in html
    assert 'content="Found in steps"' in html


FAILING = {
    "content/values.md": """
```python
#| values: [missing, table]
table = [1, 2]
```
""",
    "content/saves.md": """
```python
#| saves: [nothing.txt]
1
```
```python
print("still here")
```
""",
    "content/large.md": """
```python
#| saves: [large.bin]
open("large.bin", "wb").write(bytes(5_000_001))
```
""",
    "content/inline.md": """
```python
x = 1
```

It is `{python} y` and `{python} x`.
""",
    "content/syntax.md": "It is `{python} x +`.\n",
}


def test_what_cannot_be_stored_fails_at_its_place(tmp_path: Path) -> None:
    root = write_site(tmp_path, FAILING)
    report, _ = build_site(root)
    found = {
        (problem.span.path.removeprefix("content/"), problem.span.line): problem.message
        for problem in report.problems
        if problem.span
    }
    assert found[("values.md", 4)].startswith("NoValue: `values` names `table`: a list is neither")
    assert found[("saves.md", 4)] == (
        "NotSaved: `nothing.txt` is to be saved, but the run left no such file"
    )
    assert found[("large.md", 4)].startswith("NotSaved: `large.bin` is to be saved, but has 5.0 MB")
    assert found[("inline.md", 8)] == "NameError: name 'y' is not defined"
    assert found[("syntax.md", 3)].startswith("SyntaxError: invalid syntax")
    assert len(found) == 5
    assert stored(root) == []
    assert "still here" in page(root, "saves")
    assert len(list((root / ".sitegen/failed").rglob("*.json"))) == 5


def test_a_failed_run_replaces_no_good_one(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": "```python\nprint('good')\n```\n"})
    assert sitegen(root, "build").returncode == 0
    (good,) = stored(root)
    write_site(root, {"content/p.md": "```python\nprint('good'); 1 / 0\n```\n"})
    for _ in range(2):
        assert sitegen(root, "build").returncode == 1
        assert "ZeroDivisionError" in page(root, "p")
        assert stored(root) == [good]
    done = sitegen(root, "build", "--no-exec")
    assert done.returncode == 0
    assert "ZeroDivisionError" not in page(root, "p")
    assert "measured with earlier code" in page(root, "p")
    assert (root / ".sitegen/failed/p").is_dir()
    write_site(root, {"content/p.md": "```python\nprint('better')\n```\n"})
    assert sitegen(root, "build").returncode == 0
    assert not list((root / ".sitegen/failed").rglob("*.json"))


SECRET = """
```python
#| values: token
#| saves: token.txt
import os, sys
token = os.environ["API_TOKEN"]
print("it is", token[:4] + token[4:], file=sys.stderr)
print(token[:10], end=""); sys.stdout.flush(); print(token[10:])
token
```

The token is `{python} token`.
"""


def test_a_variable_that_is_passed_is_masked_everywhere(tmp_path: Path) -> None:
    config = CONFIG + 'pass_env = ["API_TOKEN", "NOT_SET"]\n'
    post = SECRET.replace("#| saves: token.txt\n", "")
    root = write_site(tmp_path, {"content/p.md": post}, config)
    env = {"API_TOKEN": "canary-token-4711"}
    done = sitegen(root, "build", env=env)
    assert done.returncode == 0, done.stderr
    for path in (*root.glob("public/**/*.*"), *stored(root)):
        assert b"canary-token" not in path.read_bytes(), path
    assert page(root, "p").count("[masked]") >= 4
    write_site(
        root, {"content/p.md": post + "\n```python\n1 / 0, token\nraise OSError(token)\n```\n"}
    )
    done = sitegen(root, "build", env=env)
    assert "canary-token" not in done.stderr + done.stdout + page(root, "p")


def test_a_secret_is_neither_saved_nor_short(tmp_path: Path) -> None:
    config = CONFIG + 'pass_env = ["API_TOKEN"]\n'
    post = SECRET.replace("#| values: token\n", "").replace(
        "\ntoken\n", "\nopen('token.txt', 'w').write(token)\n"
    )
    root = write_site(tmp_path, {"content/p.md": post}, config)
    done = sitegen(root, "build", env={"API_TOKEN": "canary-token-4711"})
    assert "holds the value of a variable of `pass_env`" in done.stderr
    assert stored(root) == []
    done = sitegen(root, "build", env={"API_TOKEN": "short"})
    assert done.returncode == 1
    assert "fewer than 8 characters" in done.stderr


def test_a_file_is_run_with_its_own_lines(tmp_path: Path) -> None:
    files = {
        "content/p/index.md": "```python\n#| file: train.py\n```\n",
        "content/p/train.py": "# A comment.\n\ndef f():\n    return 1 / 0\n\nf()\n",
    }
    root = write_site(tmp_path, files)
    report, _ = build_site(root)
    (problem,) = report.problems
    assert problem.span is not None
    assert (problem.span.path, problem.span.line) == ("content/p/train.py", 4)
    assert problem.excerpt == "    return 1 / 0"
    assert "content/p/train.py:6" in page(root, "p")


DECLARED = """+++
[execute]
inputs = ["data/*.csv"]
+++
```python
1
```
"""


def test_declared_inputs_are_compared_and_may_be_absent_later(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": DECLARED})
    done = sitegen(root, "build")
    assert done.returncode == 1
    assert "`inputs` names `data/*.csv`, which matches no file here" in done.stderr
    write_site(root, {"content/data/a.csv": "1"})
    assert rebuilt(root)[0] == 1
    assert rebuilt(root)[0] == 0
    write_site(root, {"content/data/b.csv": "1"})
    assert rebuilt(root)[0] == 1
    shutil.rmtree(root / "content/data")
    done = sitegen(root, "build", "--frozen", "--strict")
    assert done.returncode == 0, done.stderr
    assert "not checked here" in done.stderr


def test_an_opened_file_that_is_gone_is_not_checked(tmp_path: Path) -> None:
    files = {"content/p/index.md": "```python\nopen('d.csv').read()\n```\n", "content/p/d.csv": "1"}
    root = write_site(tmp_path, files)
    assert sitegen(root, "build").returncode == 0
    (root / "content/p/d.csv").unlink()
    done = sitegen(root, "build", "--frozen", "--strict")
    assert done.returncode == 0
    assert "`d.csv`, which the stored run read, is not here: not checked here" in done.stderr


def test_equal_code_is_run_once_and_stored_under_the_first(tmp_path: Path) -> None:
    post = "```python\nprint('shared')\n```\n"
    files = {f"content/{name}.md": post for name in ("b", "a.pt", "c")}
    root = write_site(tmp_path, files)
    report, events = build_site(root)
    assert (report.executed_posts, len(runs_of(events))) == (1, 1)
    assert [path.parent.parent.name for path in stored(root)] == ["a.pt"]
    for name in ("b", "c"):
        assert "shared" in page(root, name)
    (root / "content/b.md").rename(root / "content/renamed.md")
    (root / "content/a.pt.md").unlink()
    assert sitegen(root, "build", "--frozen").returncode == 0
    assert "shared" in page(root, "renamed")


def test_equal_code_with_other_data_shares_no_result(tmp_path: Path) -> None:
    post = "```python\nprint(open('d.txt').read())\n```\n"
    files = {f"content/{name}/index.md": post for name in ("a", "b")}
    files |= {"content/a/d.txt": "of a", "content/b/d.txt": "of b"}
    root = write_site(tmp_path, files)
    report, _ = build_site(root)
    assert report.executed_posts == 2
    assert "of b" in page(root, "b")
    assert rebuilt(root)[0] == 0


PMAP = """+++
[execute]
env = { XLA_FLAGS = "--xla_force_host_platform_device_count=8" }
+++
```python
import jax, jax.numpy as jnp
jax.device_count(), jax.pmap(lambda x: x * 2)(jnp.arange(8.0)).sum().item()
```
"""


def test_pmap_over_eight_virtual_devices(tmp_path: Path) -> None:
    root = write_site(
        tmp_path, {"content/p.md": PMAP, "content/q.md": "```python\nimport jax\n```\n"}
    )
    report, events = build_site(root)
    assert report.problems == ()
    assert "(8, 56.0)" in page(root, "p")
    run = next(e.run for e in events if isinstance(e, Finished) and e.plan.page == "p")
    assert run.provenance.variables["XLA_FLAGS"].endswith("=8")


def test_posts_side_by_side_are_counted(tmp_path: Path) -> None:
    files = {
        f"content/{name}.md": f"```python\nimport time; {name} = time.sleep(1)\n```\n"
        for name in "ab"
    }
    root = write_site(tmp_path, files, CONFIG + "jobs = 2\n")
    _, events = build_site(root)
    assert [e.run.provenance.beside for e in events if isinstance(e, Finished)] == [1, 1]
    shutil.rmtree(root / "measurements")
    (root / "site.toml").write_text(CONFIG + "jobs = 1\n", "utf-8")
    _, events = build_site(root)
    assert [e.run.provenance.beside for e in events if isinstance(e, Finished)] == [0, 0]


@pytest.mark.parametrize("what", ["stale", "fresh"])
def test_results_of_another_device_stand_side_by_side(tmp_path: Path, what: str) -> None:
    """The other device is this one under another name: its numbers were measured here."""
    post = "```python\nprint(sum(range(5)))\n```\n"
    root = write_site(tmp_path, {"content/p.md": post})
    assert sitegen(root, "build").returncode == 0
    _rename_device(root, "h100", "H100 SXM")
    if what == "stale":
        write_site(root, {"content/p.md": post.replace("5", "6")})
        done = sitegen(root, "build")
        assert done.returncode == 0
        assert (
            "run `sitegen build` on h100, or `sitegen run p` to measure it here too" in done.stdout
        )
        assert ">10</pre>" in page(root, "p")
        assert "measured with earlier code" in page(root, "p")
    assert sitegen(root, "run", "p").returncode == 0
    assert sitegen(root, "build").returncode == 0
    html = page(root, "p")
    other = '<details class="cell-device"><summary>On '
    assert html.count(other) == (0 if what == "stale" else 1)
    assert len(stored(root)) == 2
    if what == "fresh":
        assert "on H100 SXM" in html
        assert html.count("<h3>") == 2, "a card for each device"


def _rename_device(root: Path, name: str, label: str) -> None:
    """Store the results again as if another device had given them."""
    import msgspec

    from sitegen.model import Device
    from sitegen.storage.measurements import load_store, put_run

    (run,) = load_store(root).runs
    shutil.rmtree(root / "measurements")
    device = Device(name, "cuda", label, label, jax_platform="cuda")
    put_run(root, msgspec.structs.replace(run, device=device))


def test_a_stored_run_is_a_readable_diff(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": TRAINED})
    assert sitegen(root, "build").returncode == 0
    for path in stored(root):
        text = path.read_text("utf-8")
        plain = json.loads(text)
        assert all(len(line) < 130 for line in text.split("\n"))
        assert '"source": [' in text
        assert list(plain)[:4] == ["format", "summary", "key", "page"]


ANYWHERE = """
```python
import getpass, os, platform, sys, tempfile, warnings
from pathlib import Path
print(os.getcwd(), Path.home(), Path(tempfile.gettempdir()), Path.home() / "data", sys.prefix)
print(sorted({"a", "b", "c"}, key=hash), os.environ.get("USER"), os.environ["TZ"])
name = getpass.getuser()
print(f"{name}@{platform.node()}:/srv", f"/home/{name}/x", "square root, vmap")
warnings.warn("old")
```
```python
#| error: FileNotFoundError
open(Path.home() / "nothing")
```
"""


def test_two_machines_give_the_same_outputs(tmp_path: Path) -> None:
    """Other folders for the site, the home and what is temporary, another locale and time zone."""
    found = []
    for machine in ("one", "another"):
        root = write_site(tmp_path / machine / "a site", {"content/p.md": ANYWHERE})
        home, temporary = tmp_path / machine / "home", tmp_path / machine / "tmp"
        home.mkdir()
        temporary.mkdir()
        zone = {"one": "Asia/Tokyo", "another": "America/Lima"}[machine]
        env = {"HOME": str(home), "TMPDIR": str(temporary), "TZ": zone, "LANG": "de_DE.UTF-8"}
        done = sitegen(root, "build", env=env)
        assert done.returncode == 0, done.stderr
        (path,) = stored(root)
        text = path.read_text("utf-8")
        assert str(tmp_path) not in text
        assert str(tmp_path) not in page(root, "p")
        found.append([cell["outputs"] for cell in json.loads(text)["cells"]])
    assert found[0] == found[1]
    (stream, *_) = found[0][0]
    assert stream["text"][0] == ". ~ /tmp ~/data $VIRTUAL_ENV\n"
    assert "square root, vmap" in stream["text"][2]
    assert "user@host:/srv /home/user/x" in stream["text"][2]


def test_an_expression_over_two_lines_has_its_own_place(tmp_path: Path) -> None:
    root = write_site(
        tmp_path, {"content/p.md": "It is `{python} 40 +\n2` and\n`{python} 40 + x`.\n"}
    )
    report, _ = build_site(root)
    (problem,) = report.problems
    assert problem.span is not None
    assert (problem.message, problem.span.line) == ("NameError: name 'x' is not defined", 5)
    html = page(root, "p")
    assert '<span class="value">42</span>' in html
    assert "<strong class=\"value-failed\">NameError: name 'x' is not defined</strong>" in html
