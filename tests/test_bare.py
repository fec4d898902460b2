"""The base package, without torch, jax and ipykernel, publishes a site from stored results."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import REPOSITORY, sitegen, tree

DAY = {"SOURCE_DATE_EPOCH": "1790000000"}  # 2026-09-21
POST = "posts/tensor-wars-measured"
"""The post of this repository's site that carries its results."""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a fresh virtual environment with nothing but the base package."""
    environment = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    install(environment, str(REPOSITORY))
    return environment / "bin/sitegen"


def install(environment: Path, package: str) -> None:
    pip: list[str | Path] = [environment / "bin/python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", REPOSITORY / "constraints.txt", package], check=True)


def test_a_site_from_stored_results(bare: Path, tmp_path: Path) -> None:
    """This repository's site, of which one post carries its results; the rest is left out."""
    site = tmp_path / "site"
    for name in ("content", "static", "templates"):
        (site / name).mkdir(parents=True)
    shutil.copyfile(REPOSITORY / "site.toml", site / "site.toml")
    (site / "content/posts").mkdir()
    post = (REPOSITORY / "content" / POST).with_suffix(".md").read_text("utf-8")
    assert "@/posts/tensor-wars.md" in post
    (site / "content" / POST).with_suffix(".md").write_text(post, "utf-8")
    (site / "content/posts/tensor-wars.md").write_text("+++\n+++\nThe other post.\n", "utf-8")
    shutil.copytree(REPOSITORY / "measurements" / POST, site / "measurements" / POST)
    python = str(bare.with_name("python"))
    packages = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
    ).stdout
    for name in ("torch", "jax", "ipykernel", "ipython", "numpy"):
        assert f"\n{name} " not in packages.lower()
    frozen = [str(bare), "build", "--frozen"]
    done = subprocess.run(frozen, cwd=site, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    html = (site / "public" / POST / "index.html").read_text("utf-8")
    assert "How this post was measured" in html
    assert "torch 2" in html
    assert "median of 6 processes" in html
    published = tree(site / "public")
    shutil.rmtree(site / "public")
    assert sitegen(site, "build", "--frozen").returncode == 0
    assert tree(site / "public") == published, "the same bytes as with everything installed"


def test_running_without_a_kernel_says_what_to_install(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "site.toml").write_text('base_url = "/"\n', "utf-8")
    (tmp_path / "content/a.md").write_text("+++\n+++\n```python\n1\n```\n", "utf-8")
    done = subprocess.run(
        [bare, "build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 2
    assert "has no ipykernel" in done.stderr
    assert "-m pip install ipykernel" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_new_site_on_a_machine_without_torch(bare: Path, tmp_path: Path) -> None:
    """With ipykernel alone, which is here from now on: the starter is in the wheel, and its post
    runs."""
    install(bare.parent.parent, "ipykernel")

    def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [bare, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **DAY},
        )

    assert call(tmp_path, "init", "site", "--ci", "gitlab").returncode == 0
    site = tmp_path / "site"
    assert sitegen(tmp_path, "init", "other", "--ci", "gitlab", env=DAY).returncode == 0
    assert tree(site) == tree(tmp_path / "other")
    done = call(site, "build")
    assert done.returncode == 0, done.stderr
    html = (site / "public/posts/matrix-product/index.html").read_text("utf-8")
    assert "<td>Python</td>" in html
    assert "<td>PyTorch</td>" not in html
    assert call(site, "check", "--strict").returncode == 0
