"""Whole sites: `tests/sites/NAME/site` is built, and what comes out is compared by its paths.

`expected.txt` beside it lists every published file; a page that only leads elsewhere says where.
Below the files stands what the build had to say. After a change that is meant, write it anew with
`pytest --update-sites`, and read the difference.
"""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from sitegen.base.errors import render_problem
from tests.support import build_site

SITES = sorted(path.parent for path in (Path(__file__).parent / "sites").glob("*/site"))


def listing(public: Path) -> str:
    """Every file below the folder, a line each, redirects with their target."""
    lines = []
    for path in sorted(public.rglob("*")):
        if path.is_file() and path.name != ".sitegen-output":
            text = path.read_bytes().decode(errors="replace")
            target = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]*)">', text)
            arrow = f" -> {unescape(target[1])}" if target else ""
            lines.append(f"{path.relative_to(public).as_posix()}{arrow}\n")
    return "".join(lines)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_site(site: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root = tmp_path / "site"
    shutil.copytree(site / "site", root)
    report, _ = build_site(root, mode="no-exec")
    said = [render_problem(problem) + "\n" for problem in report.problems]
    advice = "".join(f"{line}\n" for line in report.advice)
    found = "\n".join([listing(root / "public"), *said, advice])
    expected = site / "expected.txt"
    if request.config.getoption("--update-sites"):
        expected.write_text(found, "utf-8")
    else:
        assert found == expected.read_text("utf-8")
