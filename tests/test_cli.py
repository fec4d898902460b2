"""The command: statuses, messages, the report; never a traceback for an author's mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.support import CONFIG, left_in, report_of, sitegen, stored, tree, write_site

GOOD = "```python\nprint('measured')\n```\n"


def test_help_is_there_at_once() -> None:
    """None of what a build needs is imported to print the help; `bench/start.py` has the time."""
    code = (
        "import sys\nfrom sitegen.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = 'jinja2 markdown_it pygments zmq jupyter_client rich msgspec nh3 ftfy torch'\n"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_frameworks_are_never_imported_in_sitegens_own_process(tmp_path: Path) -> None:
    source = "```python\nimport torch, jax\nprint(torch.ones(2).sum().item())\n```\n"
    root = write_site(tmp_path, {"content/a.md": source})
    code = (
        "import sys\nfrom sitegen.cli import main\n"
        "try:\n    main(['build', '--json'])\nexcept SystemExit as end: status = end.code\n"
        "print(status, [n for n in ('torch', 'jax', 'ipykernel', 'IPython') if n in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert "2.0" in (root / "public/a/index.html").read_text("utf-8")
    replay = code.replace("'ipykernel'", "'zmq', 'jupyter_client'")
    done = subprocess.run(
        [sys.executable, "-c", replay], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 []", "a replay loads no kernel protocol either"


def test_the_report(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": GOOD, "content/b.md": "[x](@/nowhere.md)"})
    done = sitegen(root, "build", "--json")
    report = report_of(done)
    assert done.returncode == report["status"] == 1
    for name in ("pages", "executed_posts", "executed_blocks", "replayed_posts"):
        assert isinstance(report[name], int)
    assert (report["pages"], report["executed_blocks"]) == (3, 1)
    stages = {"scan", "parse", "run", "bodies", "assemble", "render", "publish"}
    assert set(report["seconds"]) == stages
    (problem,) = report["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("content/b.md", 3, 5)
    assert {"severity", "code", "message", "help"} < set(problem)


def test_all_mistakes_at_once_and_the_old_site_stands(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": "Fine."})
    assert sitegen(root, "build").returncode == 0
    before = tree(root / "public")
    write_site(
        root,
        {
            "content/a.md": '+++\ntitle = 3\n[taxonomies]\nnope = ["x"]\n+++\n',
            "content/b.md": "```python\n#| ecco: false\n```\n",
            "content/c.md": "+++\ntitle = \n+++\n",
            "content/d.md": "no front matter".join(["+++\n", ""]),
        },
        CONFIG + '\n[exekute]\ndevice = "gpu"\n',
    )
    done = sitegen(root, "build")
    assert done.returncode == 2
    assert tree(root / "public") == before
    for place in ("site.toml:9", "a.md:2", "a.md:4", "b.md:4", "c.md:2", "d.md:1"):
        assert f"{place}" in done.stderr, place
    assert "did you mean `execute`?" in done.stderr
    assert "did you mean `echo`?" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.rstrip().split("\n")[-1].startswith("nothing was published: 6 mistakes")
    report = report_of(sitegen(root, "build", "--json"))
    assert report["status"] == 2
    assert [problem["severity"] for problem in report["problems"]] == ["fatal"] * 6


def test_no_site_here(tmp_path: Path) -> None:
    done = sitegen(tmp_path, "build")
    assert done.returncode == 2
    assert "there is no site.toml here" in done.stderr
    assert 'base_url = "/"' in done.stderr


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_site(tmp_path_factory.mktemp("measured"), {"content/a.md": GOOD})
    assert sitegen(root, "build").returncode == 0
    return root


@pytest.mark.parametrize(
    "text",
    [
        "Some prose.\n\n" + GOOD,
        "+++\ntitle = 'Another'\n+++\n" + GOOD,
        GOOD.replace("print", "# a comment\n\nprint"),
        GOOD.replace("```python\n", "```python,name=x.py\n#| caption: Words\n#| echo: fold\n"),
    ],
    ids=["prose", "title", "comment", "display"],
)
def test_edits_that_cannot_change_a_result_run_nothing(measured: Path, text: str) -> None:
    write_site(measured, {"content/a.md": text})
    report = report_of(sitegen(measured, "build", "--frozen", "--json"))
    assert (report["status"], report["executed_posts"], report["replayed_posts"]) == (0, 0, 1)
    assert "measured" in (measured / "public/a/index.html").read_text("utf-8")


def test_a_template_edit_runs_nothing(measured: Path) -> None:
    override = '{% extends "page.html" %}{% block after %}A footer{% endblock %}'
    write_site(measured, {"content/a.md": GOOD, "templates/page.html": override})
    report = report_of(sitegen(measured, "build", "--json"))
    assert (report["status"], report["executed_posts"]) == (0, 0)
    html = (measured / "public/a/index.html").read_text("utf-8")
    assert "A footer" in html
    assert "measured" in html


def test_an_edited_block(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": GOOD, "content/b.md": "```python\n1\n```\n"})
    sitegen(root, "build")
    write_site(root, {"content/a.md": GOOD.replace("measured", "anew")})
    stale = sitegen(root, "build", "--no-exec")
    assert stale.returncode == 0
    html = (root / "public/a/index.html").read_text("utf-8")
    assert "measured with earlier code" in html
    assert 'class="stream stdout">measured</pre>' in html
    assert "content/a.md: run `sitegen build`" in stale.stdout
    assert sitegen(root, "build", "--no-exec", "--strict").returncode == 1

    frozen = sitegen(root, "build", "--frozen")
    assert frozen.returncode == 2
    assert "the stored result is stale" in frozen.stderr
    assert "content/a.md:3" in frozen.stderr

    report = report_of(sitegen(root, "build", "--json"))
    assert (report["executed_posts"], report["replayed_posts"]) == (1, 1)
    assert "anew" in (root / "public/a/index.html").read_text("utf-8")
    assert len(stored(root)) == 3, "the old result stays"


def test_nothing_stored(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": GOOD})
    assert sitegen(root, "build", "--no-exec").returncode == 0
    assert "not run yet" in (root / "public/a/index.html").read_text("utf-8")
    frozen = sitegen(root, "build", "--frozen")
    assert frozen.returncode == 2
    assert "there is no result" in frozen.stderr


def test_a_result_of_another_device_is_not_replaced(tmp_path: Path) -> None:
    """The other device is made up: its file is this machine's with another name."""
    root = write_site(tmp_path, {"content/a.md": GOOD})
    sitegen(root, "build")
    (path,) = stored(root)
    plain = path.read_text("utf-8").replace(path.parent.name, "h100")
    path.unlink()
    from sitegen.base.digest import digest_bytes

    folder = root / "measurements/a/h100"
    folder.mkdir()
    name = path.name[: -len("12345678.json")] + digest_bytes(plain.encode())[:8] + ".json"
    (folder / name).write_text(plain, "utf-8")
    write_site(root, {"content/a.md": GOOD.replace("measured", "anew")})

    done = sitegen(root, "build")
    assert done.returncode == 0
    assert "measured with earlier code" in (root / "public/a/index.html").read_text("utf-8")
    assert "sitegen build` on h100, or `sitegen run a`" in done.stdout.strip().split("\n")[-1]
    assert len(stored(root)) == 1

    assert sitegen(root, "run", "content/a.md").returncode == 0
    assert len(stored(root)) == 2
    sitegen(root, "build")
    assert ">anew</pre>" in (root / "public/a/index.html").read_text("utf-8")


def test_a_damaged_result_is_named_and_measured_again(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": GOOD})
    sitegen(root, "build")
    (path,) = stored(root)
    path.write_text(path.read_text("utf-8").replace("measured", "tampered"), "utf-8")
    frozen = sitegen(root, "build", "--frozen")
    assert frozen.returncode == 2
    assert f"measurements/a/{path.parent.name}/{path.name}" in frozen.stderr
    done = sitegen(root, "build", "--json")
    report = report_of(done)
    assert (done.returncode, report["executed_posts"]) == (0, 1)
    assert [problem["code"] for problem in report["problems"]] == ["damaged"]
    assert "tampered" not in (root / "public/a/index.html").read_text("utf-8")


def test_frames_follow_the_code_through_edits_that_run_nothing(tmp_path: Path) -> None:
    post = "```python\n#| error: true\nx = 0\n1 / x\n```\n"
    root = write_site(tmp_path, {"content/a.md": post})
    sitegen(root, "build")
    assert "  content/a.md:6</pre>" in (root / "public/a/index.html").read_text("utf-8")
    edited = "Prose.\n\n" + post.replace("x = 0", "# why\n\nx = 0  # zero")
    write_site(root, {"content/a.md": edited})
    assert sitegen(root, "build", "--frozen").returncode == 0
    assert "  content/a.md:10</pre>" in (root / "public/a/index.html").read_text("utf-8")


def test_a_changed_data_file_makes_a_result_stale(tmp_path: Path) -> None:
    source = "```python\nprint(open('data.csv').read())\n```\n"
    files = {"content/a/index.md": source, "content/a/data.csv": "1"}
    root = write_site(tmp_path, files)
    sitegen(root, "build")
    assert report_of(sitegen(root, "build", "--json"))["executed_posts"] == 0
    write_site(root, {"content/a/data.csv": "2"})
    assert report_of(sitegen(root, "build", "--json"))["executed_posts"] == 1
    assert stored(root)[0].is_relative_to(root / "measurements/a")


def test_a_renamed_post_keeps_its_result(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": GOOD})
    sitegen(root, "build")
    (root / "content/a.md").rename(root / "content/b.md")
    report = report_of(sitegen(root, "build", "--json"))
    assert (report["executed_posts"], report["replayed_posts"]) == (0, 1)
    assert "measured" in (root / "public/b/index.html").read_text("utf-8")
    assert not (root / "public/a").exists()


def test_interrupted(tmp_path: Path) -> None:
    source = "```python\nimport time\nprint('begun', flush=True)\ntime.sleep(600)\n```\n"
    root = write_site(tmp_path, {"content/a.md": source})
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        process = subprocess.Popen(
            [sys.executable, "-m", "sitegen", "build"],
            cwd=root,
            env={**os.environ, "TMPDIR": temporary},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not list(Path(temporary).glob("sg-*/k-*")):
            time.sleep(0.05)
        time.sleep(1)
        os.kill(process.pid, signal.SIGINT)
        begun = time.monotonic()
        _, stderr = process.communicate(timeout=20)
        assert time.monotonic() - begun < 5
        assert process.returncode == 130
        assert stderr == "interrupted; nothing was published\n"
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert temporary not in listing.stdout
        assert left_in(Path(temporary)) == []


def test_output_and_base_url(tmp_path: Path) -> None:
    root = write_site(tmp_path / "site", {"content/a.md": "+++\ntitle = 'A'\n+++\n[a](@/a.md)"})
    out = tmp_path / "elsewhere"
    done = sitegen(root, "build", "--output", str(out), "--base-url", "https://a.example/blog/")
    assert done.returncode == 0
    html = (out / "a/index.html").read_text("utf-8")
    assert '<link rel="canonical" href="https://a.example/blog/a/">' in html
    assert '<a href="/blog/a/">a</a>' in html
    assert 'href="/blog/sitegen.css?h=' in html
    assert not (root / "public").exists()


def test_drafts(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": "+++\ntitle = 'A'\ndraft = true\n+++\n"})
    sitegen(root, "build")
    assert not (root / "public/a").exists()
    sitegen(root, "build", "--drafts")
    assert (root / "public/a").exists()


def test_json_is_one_document(tmp_path: Path) -> None:
    done = sitegen(tmp_path, "build", "--json")
    assert json.loads(done.stdout)["status"] == 2
    assert done.stderr == ""
