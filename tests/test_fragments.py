"""What a build keeps of pages for the next: each as it is, and no more than is of use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.errors import SiteError
from sitegen.base.exact import is_exact, marked, unmarked
from sitegen.model import Report
from tests.support import build_site, tree, write_site

DATED = "+++\n[extra]\nwhen = {when}\n[[extra.times]]\nat = 2026-01-01T05:00:00+05:00\n+++\n"
SHOWN = (
    '{% extends "page.html" %}{% block after %}{{ page.extra.when is string }}'
    "{{ page.extra.times[0].at }}{% endblock %}"
)
ENDLESS = '+++\ntitle = "{}"\n[extra]\nx = inf\n+++\n' + "Text. " * 99


def built(root: Path) -> Report:
    return build_site(root, mode="no-exec", jobs=1)[0]


def kept(root: Path) -> int:
    """Bytes of the bodies that are kept."""
    return sum(pack.stat().st_size for pack in (root / ".sitegen/bodies").glob("*.pack"))


zones = st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=5))])
moments = st.datetimes(timezones=zones).map(lambda when: when.replace(fold=0))
times = st.times().map(lambda when: when.replace(fold=0))
plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
leaves = st.one_of(plain, moments, st.dates(), times)
values = st.recursive(leaves, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=9)


@given(values)
def test_json_gives_back_what_an_author_wrote(value: Any) -> None:
    if is_exact(value):
        back = unmarked(msgspec.json.decode(msgspec.json.encode(marked(value))))
        assert repr(back) == repr(value)


def test_a_page_with_dates_of_its_own_is_kept(tmp_path: Path) -> None:
    files = {"content/a.md": DATED.format(when="2026-01-01"), "templates/page.html": SHOWN}
    site = write_site(tmp_path, files)
    assert built(site).rendered
    before, size = tree(site / "public"), kept(site)
    again = built(site)
    assert again.rendered == ()
    assert kept(site) == size
    assert tree(site / "public") == before
    write_site(site, {"content/a.md": DATED.format(when='"2026-01-01"')})
    assert b"false2026-01-01" in before["a/index.html"]
    assert {one.path for one in built(site).rendered} >= {"a/index.html"}
    assert b"true2026-01-01" in (site / "public/a/index.html").read_bytes()


def test_a_date_of_the_configuration_is_no_text(tmp_path: Path) -> None:
    shown = '{% extends "page.html" %}{% block after %}{{ config.extra.a is string }}{% endblock %}'
    site = write_site(tmp_path, {"content/a.md": "x", "templates/page.html": shown})
    config = (site / "site.toml").read_text("utf-8")
    for value, said in (("2026-01-01", b"false"), ('"2026-01-01"', b"true")):
        write_site(site, {}, f"{config}\n[extra]\na = {value}\n")
        built(site)
        assert said in (site / "public/a/index.html").read_bytes()


def change_title(root: Path, number: int) -> None:
    write_site(root, {"content/a.md": ENDLESS.format(number)})


def break_template(root: Path, number: int) -> None:
    change_title(root, number)
    write_site(root, {"templates/page.html": "{{ nothing() }}"})


def break_page(root: Path, number: int) -> None:
    write_site(root, {"content/b.md": "+++\ntitle = 1\n+++\n", "content/a.md": "Text. " * number})


@pytest.mark.parametrize("edit", [change_title, break_template, break_page])
def test_bodies_of_no_use_are_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: Callable[[Path, int], None]
) -> None:
    monkeypatch.setattr("sitegen.storage.fragments.ROOM_BYTES", 0)
    site = write_site(tmp_path, {"content/c.md": "Other. " * 99})
    change_title(site, 0)
    built(site)
    size = kept(site)
    for number in range(1, 6):
        edit(site, number)
        try:
            built(site)
        except SiteError:
            assert edit is not change_title
    assert kept(site) <= 2 * size


def test_a_mistake_in_a_template_loses_no_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = write_site(tmp_path, {"content/a.md": "x", "templates/page.html": "{{ nothing() }}"})
    with pytest.raises(SiteError):
        built(site)
    monkeypatch.setattr("sitegen.passes.press.read_draft", None)  # calling it raises
    write_site(site, {"templates/page.html": "{{ page.title }}"})
    assert built(site).written
    write_site(site, {"content/new.md": "x"})
    with pytest.raises(TypeError):
        built(site)
