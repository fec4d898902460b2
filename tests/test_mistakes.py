"""An author's mistake is a problem in the author's file, never a traceback of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sitegen.base.errors import SiteError, exit_status, render_problem
from sitegen.content.source import scan_content
from sitegen.passes.asked import Options
from tests.tiny import SITE, page, publish, published

DEEP = 3000
HUGE = "9" * 5000


@pytest.mark.parametrize(
    "front",
    [
        "title = '\x00'",
        'title = "\\ud800"',
        "\ufeff = 1",
        "a = 1_",
        "a.b = 1\na = 2",
        "= " * 1000,
        "[" * 50,
        "title",
        "weight = 1e400",
        "weight = inf",
        "weight = nan",
        "date = 10:00:00",
        "date = 2026-01-31T10:00:00+99:99",
        'date = "' + "x" * 10_000 + '"',
        'date = "\\u0000"',
        'path = "\\u0000"',
        f'slug = "{"a" * 300}"',
        'template = "\\u0000"',
        'template = "../../../etc/passwd"',
        'taxonomies = { "\\u0000" = ["x"] }',
        'taxonomies = { tags = "x" }',
        'execute.env = { A = { B = "" } }',
        'execute.device = "\\u0000"',
        pytest.param(f"weight = {HUGE}"),
        pytest.param(f"titel = {'[' * DEEP}{']' * DEEP}"),
        pytest.param("a." * DEEP + "b = 1"),
        pytest.param(f'template = "{"a" * 300}"'),
    ],
    ids=lambda front: str(front)[:30],
)
def test_front_matter(front: str, tmp_path: Path) -> None:
    problems = publish(tmp_path, {"content/a.md": page(front)})
    assert exit_status(problems) == 2
    assert all("content/a.md" in render_problem(problem) for problem in problems)


@pytest.mark.parametrize(
    "config",
    [
        "",
        "\x00",
        'base_url = "ftp://example.org"',
        'base_url = "javascript:alert(1)"',
        SITE + 'output_dir = ""',
        SITE + 'output_dir = "."',
        SITE + 'output_dir = "/"',
        SITE + 'output_dir = "site.toml"',
        SITE + 'output_dir = "site.toml/out"',
        SITE + f'output_dir = "{"a" * 300}"',
        SITE + "[devices]\nx = []",
        SITE + '[devices.""]',
        SITE + "[execute]\nenv = 1",
        SITE + f"feed_limit = {'9' * 20}.5",
        pytest.param('base_url = "http://[::1"'),
        pytest.param(SITE + 'output_dir = "\\u0000"'),
        pytest.param(SITE + f"feed_limit = {HUGE}"),
    ],
    ids=lambda config: str(config).removeprefix(SITE)[:30],
)
def test_configuration(config: str, tmp_path: Path) -> None:
    problems = publish(tmp_path, {"site.toml": config})
    assert exit_status(problems) == 2
    assert all(render_problem(problem).startswith("error[") for problem in problems)


@pytest.mark.parametrize(
    "url",
    ["https://", "https://example.org/?a=1", "https://example.org/#a", "https://example.org/a b"],
)
def test_an_address_to_which_nothing_can_be_joined(url: str, tmp_path: Path) -> None:
    problems = publish(tmp_path, {"site.toml": f'base_url = "{url}"'})
    assert exit_status(problems) == 2


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\x00",
        "```python\n\x00\n```",
        "```python\n#|\x00\n1\n```",
        "```python\n#| label: \ud7ff\n1\n```",
        ">" * 500 + "x",
        "- " * 300 + "x",
        "[" * 1000 + "*" * 1000,
        "[^1]\n\n[^1]: [^1]\n\n    ```python\n    1\n    ```",
        "|\n|-\n" + "|" * 500,
        "<" * 1000,
        "[x](@/)",
        "[x](@/#y)",
        "[x](@/../../etc/passwd)",
        "[x](@/%00.md)",
        "\u2028\u2029\x0b\x0c\x85```python\n1\n```",
        pytest.param("![x](//[)", id="an image at no address"),
        pytest.param("a\rb\rc\r```python exec\rx\r```"),
        pytest.param("a\rb\r\r[x](@/n.md)"),
    ],
    ids=lambda body: repr(body)[:30],
)
def test_a_body(body: str, tmp_path: Path) -> None:
    status = exit_status(publish(tmp_path, {"content/a.md": page(body=body)}))
    assert (status == 2) != (tmp_path / "public" / "a" / "index.html").is_file()


def test_a_lone_carriage_return_moves_no_line(tmp_path: Path) -> None:
    body = "a\n\n```python\n#| ecco: 1\n```"
    [plain] = publish(tmp_path / "plain", {"content/a.md": page(body=body)})
    assert plain.span is not None
    assert plain.span.line == 7
    assert plain.excerpt == "#| ecco: 1"


def test_after_a_lone_carriage_return_the_excerpt_is_right(tmp_path: Path) -> None:
    [problem] = publish(
        tmp_path, {"content/a.md": page(body="a\rb\n\n```python\n#| ecco: 1\n```\n\nmore\n")}
    )
    assert problem.excerpt == "#| ecco: 1"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"+++\ntitle = '\xe9'\n+++\n", 2),
        ("+++\n+++\n".encode("utf-16"), 1),
        (b"+++\n+++\n\n\n\xff", 5),
    ],
)
def test_a_page_that_is_not_utf8(data: bytes, line: int, tmp_path: Path) -> None:
    [problem] = publish(tmp_path, {"content/a.md": data})
    assert (problem.code, problem.message) == ("encoding", "not UTF-8")
    assert problem.span is not None
    assert (problem.span.path, problem.span.line) == ("content/a.md", line)


def test_a_configuration_that_is_not_utf8(tmp_path: Path) -> None:
    [problem] = publish(tmp_path, {"site.toml": SITE.encode() + b"description = '\xe9'"})
    assert problem.message == "not UTF-8"
    assert problem.span is not None
    assert problem.span.line == 4


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    text = "\ufeff+++\r\ntitle = 1\r\n+++\r\n```python\r\n#| ecco: 1\r\n```\r\n"
    first, second = publish(tmp_path, {"content/a.md": text})
    assert first.excerpt == "title = 1"
    assert second.excerpt == "#| ecco: 1"
    assert second.span is not None
    assert second.span.line == 5


@pytest.mark.parametrize("name", ["content/a.md", "static/a.txt"])
def test_a_link_to_itself(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.symlink_to(path.name)
    assert exit_status(publish(tmp_path, {})) == 2


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "a.md").symlink_to("b.md")
    [problem] = publish(tmp_path, {})
    assert render_problem(problem).startswith("error[content]: No such file or directory\n")


def test_a_folder_is_followed_where_its_first_link_stands(tmp_path: Path) -> None:
    for link in ("content/b", "content/aa/x", "content/a", "content/aa/y/z"):
        (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / link).symlink_to(tmp_path / "shared")
    assert publish(tmp_path, {"shared/p.md": page()}) == ()
    assert [source.path for source in scan_content(tmp_path, [])] == ["a/p.md"]


def test_a_picture_whose_name_no_file_can_have(tmp_path: Path) -> None:
    files = {"content/a.md": page(body=f"![x](/{'a' * 300}.png)"), "static/x.txt": ""}
    publish(tmp_path, files)
    assert "aaa.png" in published(tmp_path, "a/index.html")


def test_a_link_out_of_the_site_is_passed_over(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (tmp_path / "secret.txt").write_text("secret")
    (site / "static").mkdir(parents=True)
    (site / "static" / "secret.txt").symlink_to(tmp_path / "secret.txt")
    assert publish(site, {"static/plain.txt": "x"}) == ()
    assert (site / "public" / "plain.txt").is_file()
    assert not (site / "public" / "secret.txt").exists()


def test_hidden_files_and_backups_are_passed_over(tmp_path: Path) -> None:
    files = {f"content/{name}": page() for name in (".a.md", "a.md~", "a.md.bak", ".b/c.md")}
    publish(tmp_path, {**files, "content/ok.md": page()})
    [found] = scan_content(tmp_path, [])
    assert found.path == "ok.md"
    assert found.assets == ()


def test_the_well_known_folder_is_published(tmp_path: Path) -> None:
    publish(tmp_path, {"static/.well-known/security.txt": "x"})
    assert published(tmp_path, ".well-known/security.txt") == "x"


def test_a_file_name_that_is_not_unicode(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    name = os.fsdecode(b"caf\xe9.txt")
    (tmp_path / "static" / name).write_text("x")
    [problem] = publish(tmp_path, {})
    assert (problem.severity, problem.code) == ("fatal", "encoding")
    assert problem.message.endswith("is not UTF-8")


@pytest.mark.parametrize(
    "files",
    [
        {"content/c.md": page(), "content/c++.md": page()},
        {"content/c.md": page(), "content/c/index.md": page()},
        {"content/a.md": page('path = "b"'), "content/b.md": page()},
        {"content/a.md": page('path = "tags"')},
        {"content/a/index.md": page(), "content/a/index.html": "x"},
        {"static/index.html": "x"},
        {"content/a.md": page('path = "404.html"')},
        {"content/A.md": page('path = "A"'), "content/b.md": page('path = "a"')},
    ],
)
def test_two_sources_of_one_path(files: dict[str, str], tmp_path: Path) -> None:
    [problem] = publish(tmp_path, files)
    assert (problem.severity, problem.code) == ("fatal", "path")
    assert all(name in problem.message for name in files)


NAMELESS = [
    {"content/!!!.md": page()},
    {"content/posts/_index.md": page(), "content/posts/!!!.md": page()},
    {"content/a.md": page('slug = "!!!"')},
    {"site.toml": 'base_url = "/"\ntaxonomies = [{ name = "/" }]'},
]


@pytest.mark.parametrize("files", NAMELESS)
def test_what_has_no_slug_is_not_published(files: dict[str, str], tmp_path: Path) -> None:
    assert exit_status(publish(tmp_path, files)) == 2


@pytest.mark.parametrize("files", NAMELESS)
def test_what_has_no_slug_is_told_of_where_it_stands(files: dict[str, str], tmp_path: Path) -> None:
    [problem] = publish(tmp_path, files)
    assert problem.span is not None
    assert problem.span.path == list(files)[-1]


def test_a_path_is_encoded_in_links(tmp_path: Path) -> None:
    publish(tmp_path, {"content/a.md": page('path = "a?b#c%20d"')})
    assert 'href="/a%3Fb%23c%2520d/"' in published(tmp_path, "index.html")


def test_nothing_is_published_beside_a_mistake(tmp_path: Path) -> None:
    publish(tmp_path, {"content/a.md": page()})
    assert exit_status(publish(tmp_path, {"content/b.md": page("draft = 1")})) == 2
    assert (tmp_path / "public" / "a" / "index.html").is_file()
    assert not (tmp_path / "public" / "b").exists()


def test_a_folder_that_is_no_site(tmp_path: Path) -> None:
    from sitegen.build import build
    from sitegen.passes.asked import Caller

    with pytest.raises(SiteError) as caught:
        build(tmp_path, Options(mode="no-exec"), Caller({}, ""), lambda event: None)
    [problem] = caught.value.problems
    assert render_problem(problem) == (
        "error[config]: there is no site.toml here\n"
        ' = run sitegen in a site\'s folder; the smallest site.toml is: base_url = "/"'
    )
