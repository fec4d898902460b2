"""The sample post as it lies there: what an author sees who drops it into a site."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import CONFIG, SAMPLE, report_of, sitegen, stored, write_site

POST = "content/posts/tensor-wars.md"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_site(tmp_path_factory.mktemp("sample"), {}, CONFIG.replace('"cpu"', '"auto"'))
    (root / "content" / "posts").mkdir(parents=True)
    shutil.copyfile(SAMPLE, root / POST)
    return root


def test_the_sample_as_it_lies_there(site: Path) -> None:
    lines = (site / POST).read_text("utf-8").split("\n")
    done = sitegen(site, "build", "--json")
    report = report_of(done)
    assert done.returncode == 1
    assert report["pages"] == 2
    assert (report["executed_posts"], report["executed_blocks"]) == (1, 2)
    block, mojibake = report["problems"]
    assert (block["code"], block["severity"], block["file"]) == ("block", "error", POST)
    assert lines[block["line"] - 1] == "opt_model = torch.compile(model)"
    assert block["message"] == "NameError: name 'model' is not defined"
    for remedy in ("#| include: false", "#| error: NameError", "#| eval: false"):
        assert remedy in block["help"][0]
    assert (mojibake["code"], mojibake["severity"]) == ("mojibake", "warning")
    assert "â€”" in lines[mojibake["line"] - 1]
    assert "`—`" in mojibake["help"][0]
    assert stored(site) == [], "a run with a failed block is never stored"

    page = (site / "public/posts/tensor-wars/index.html").read_text("utf-8")
    error = f"NameError: name 'model' is not defined\n  {POST}:{block['line']}"
    assert f'<div class="cell-error"><pre tabindex="0">{error}</pre></div>' in page
    assert page.index("opt_model") < page.index("cell-error") < page.index("graph break")
    assert "functionsâ€”no side effects" in page, "shown as it is"
    assert page.count("<h1") == 1
    assert '<h2 id="the-tensor-wars">' in page
    assert page.count('<figure class="cell"') == 2, "the four-backtick fence is a block too"
    assert "forked with jax, torch, torch.compile already loaded" in page
    assert page.count('<th scope="row">') == 2, "the second block ran and was measured"
    for term in ("categories/dev-bin", "categories/dev-ref", "tags/jax"):
        listing = (site / "public" / term / "index.html").read_text("utf-8")
        assert "/posts/tensor-wars/" in listing


def test_the_message_on_screen(site: Path) -> None:
    done = sitegen(site, "build")
    assert done.returncode == 1
    assert "error[block]: NameError: name 'model' is not defined" in done.stderr
    assert f"--> {POST}:28" in done.stderr
    assert done.stderr.rstrip().endswith("1 mistake to mend, see above")
    assert "Traceback" not in done.stderr + done.stdout


def test_allow_errors_is_status_0_and_stores_nothing(site: Path) -> None:
    done = sitegen(site, "build", "--allow-errors", "--json")
    assert done.returncode == 0
    assert [p["severity"] for p in report_of(done)["problems"]] == ["warning", "warning"]
    assert stored(site) == []


def test_meant_to_fail_is_stored_and_replayed(site: Path) -> None:
    text = SAMPLE.read_text("utf-8").replace(
        "import torch\n", "#| error: NameError\nimport torch\n"
    )
    (site / POST).write_text(text, "utf-8")
    first = sitegen(site, "build", "--json")
    assert first.returncode == 0
    assert len(stored(site)) == 1
    again = report_of(sitegen(site, "build", "--json"))
    assert (again["executed_posts"], again["replayed_posts"]) == (0, 1)
    assert (again["written"], again["removed"]) == (0, 0)
    assert sitegen(site, "build", "--frozen").returncode == 0
