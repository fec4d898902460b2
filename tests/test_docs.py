"""The documentation: every example is read; every option, key and command is named."""

from __future__ import annotations

import inspect
import json
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from markdown_it import MarkdownIt

from sitegen.base.errors import Problem
from sitegen.cli import main
from sitegen.content.fences import Info, parse_info
from sitegen.content.option_lines import KNOWN
from sitegen.migrate.known import FILTERS as KNOWN_FILTERS
from sitegen.migrate.known import FUNCTIONS
from sitegen.migrate.known import TESTS as KNOWN_TESTS
from sitegen.model import ExecuteConfig, MeasureConfig, Meta, Report, SiteConfig
from sitegen.render.filters import FILTERS, TESTS
from sitegen.render.views import (
    ConfigView,
    PageView,
    PaginatorView,
    SectionView,
    TaxonomyConfigView,
    TermView,
)
from sitegen.render.words import ENGLISH
from sitegen.settings import (
    HighlightConfig,
    LanguageConfig,
    LinkCheckConfig,
    MarkdownConfig,
    SearchConfig,
    SlugConfig,
    TaxonomyConfig,
)
from tests.support import CONFIG, REPOSITORY, build_site, write_site
from tests.test_templates import templates_of

PAGES = sorted((REPOSITORY / "content/docs").glob("*.md"))
TEXT = {page.stem: page.read_text("utf-8") for page in PAGES}
TEXT["README"] = (REPOSITORY / "README.md").read_text("utf-8")

VIEWS = (PageView, SectionView, TermView, TaxonomyConfigView, ConfigView, PaginatorView)


def body_of(page: str) -> str:
    return page.split("+++\n", 2)[2] if page.startswith("+++") else page


FENCES = [
    pytest.param(parse_info(token.info), token.content, id=f"{name}:{token.map[0] + 1}")
    for name, text in TEXT.items()
    for token in MarkdownIt("commonmark").parse(body_of(text))
    if token.type == "fence" and token.map
]


def without_running(root: Path, files: dict[str, str], config: str = CONFIG) -> Report:
    report, _ = build_site(write_site(root, files, config), mode="no-exec")
    return report


def mistakes(report: Report) -> list[Problem]:
    """What the build found, but for results that are not there because nothing was run, and for
    keys that have no effect yet."""
    return [
        problem
        for problem in report.problems
        if problem.code != "missing" and problem.severity != "notice"
    ]


@pytest.mark.parametrize(("info", "content"), FENCES)
def test_every_example_is_right(tmp_path: Path, info: Info, content: str) -> None:
    name = info.options.get("name", "")
    match info.language:
        case "markdown":
            assert mistakes(without_running(tmp_path, {"content/post.md": content})) == []
        case "toml" if name == "site.toml":
            assert mistakes(without_running(tmp_path, {}, content)) == []
        case "toml":
            file = "content/_index.md" if "section" in name else "content/page.md"
            text = f"+++\n{content}+++\n"
            assert name.startswith("front matter")
            assert mistakes(without_running(tmp_path, {file: text})) == []
        case "jinja" if "shortcodes/" in name:
            page = '{% note(kind="warm") %}\n*So*\n{% end %}'
            files = {name: content, "content/page.md": page}
            assert mistakes(without_running(tmp_path, files)) == []
            html = (tmp_path / "public/page/index.html").read_text("utf-8")
            assert '<aside class="warm"><p><em>So</em></p>' in html
        case "jinja" if "components/" in name:
            page = "+++\n+++\n{% <note kind='warm'> %}\n*So*\n{% </note> %}"
            files = {name: content, "content/page.md": page}
            assert mistakes(without_running(tmp_path, files)) == []
            html = (tmp_path / "public/page/index.html").read_text("utf-8")
            assert '<aside class="note warm" lang="en"><strong>Note</strong>' in html
            assert "<p><em>So</em></p>" in html
        case "jinja":
            page = "+++\ntitle = 'A'\nauthors = ['Ada']\n+++\n"
            files = {name: content, "content/page.md": page}
            assert mistakes(without_running(tmp_path, files)) == []
            shown = "Written by Ada." if "authors" in content else 'href="/mine.css"'
            assert shown in (tmp_path / "public/page/index.html").read_text("utf-8")
        case "css":
            sheet = (REPOSITORY / "src/sitegen/theme/static/sitegen.css").read_text("utf-8")
            changed = re.findall(r"(--[\w-]+):", content)
            assert changed
            assert all(f"{variable}: " in sheet for variable in changed)
        case "sh":
            for line in content.splitlines():
                _check_command(line.split("#")[0].split())
        case "json":
            named = json.loads(content)["metadata"]["kernel_provisioner"]
            provisioners = entry_points(group="jupyter_client.kernel_provisioners")
            traits = provisioners[named["provisioner_name"]].load().class_trait_names()
            assert set(named["config"]) <= set(traits)
        case "text":
            assert name == "sitegen status"  # which test_commands_status compares
        case _:
            assert info.language == "python", f"an example in `{info.language}` is not checked"


def _check_command(words: list[str]) -> None:
    """A line that calls sitegen names a command and options that there are."""
    if words[:1] == ["make"]:
        makefile = (REPOSITORY / "Makefile").read_text("utf-8")
        assert f"\n{words[1]}:" in makefile
    if words[:1] != ["sitegen"]:
        assert words[0] in ("make", "pip", "python", ".venv/bin/pip"), words
        return
    command = main.commands[words[1]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words[2:] if word.startswith("-")} <= known


def test_every_option_of_a_block_is_documented() -> None:
    rows = set(re.findall(r"^\| `([\w-]+)` \|", TEXT["authoring"], re.M))
    assert rows == set(KNOWN)


def test_every_function_filter_and_test_of_templates_is_documented() -> None:
    documented = TEXT["templates"]
    for name in FUNCTIONS - {"super"}:
        assert f"| `{name}(" in documented, name
    for name in {*FILTERS, *KNOWN_FILTERS, "local"} - {"count", "d"}:
        assert f"`{name}`" in documented or f"`{name}(" in documented, name
    for name in {*TESTS, *KNOWN_TESTS}:
        assert f"`{name}`" in documented or f"is {name}(" in documented, name


def test_every_argument_of_a_function_is_documented(tmp_path: Path) -> None:
    rows = re.findall(r"^\| `(\w+)\(([^)]*)\)`", TEXT["templates"], re.M)
    known: Any = templates_of(tmp_path, {}).environment.globals
    for name, arguments in rows:
        if name not in FUNCTIONS:
            continue
        parameters = inspect.signature(known[name]).parameters.values()
        keywords = {p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
        keywords |= {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        unsaid = {"context", "term", "speed"}
        assert set(re.findall(r"(\w+)=", arguments)) - unsaid == keywords - unsaid, name


@pytest.mark.parametrize("view", VIEWS)
def test_every_field_of_a_view_is_documented(view: type[msgspec.Struct]) -> None:
    for field in set(view.__struct_fields__) - {"around", "bare", "body"}:
        assert f"`{field}`" in TEXT["templates"] or f".{field}`" in TEXT["templates"], field


def test_every_command_and_its_options_are_documented() -> None:
    sections = dict(
        section.split("\n", 1) for section in TEXT["commands"].split("\n## ") if "\n" in section
    )
    for name, command in main.commands.items():
        section = sections[f"sitegen {name}"]
        options = [entry for entry in command.params if isinstance(entry, click.Option)]
        known = {entry.opts[0] for entry in options}
        assert set(re.findall(r"^\| `(--[\w-]+)", section, re.M)) == known, name


@pytest.mark.parametrize("scope", [ExecuteConfig, MeasureConfig], ids=lambda kind: kind.__name__)
def test_every_key_of_execute_and_measure_is_documented(
    scope: type[ExecuteConfig] | type[MeasureConfig],
) -> None:
    for key in scope.__struct_fields__:
        table = r"^\[execute\.env\]" if key == "env" else rf"^{key} = "
        assert re.search(table, TEXT["execution"], re.M), key


CONFIGURATION = (
    SiteConfig,
    TaxonomyConfig,
    SlugConfig,
    MarkdownConfig,
    HighlightConfig,
    SearchConfig,
    LinkCheckConfig,
    LanguageConfig,
)
NOT_KEYS = {
    "own_templates",
    "highlight_theme",
    "root",
    "file",
    "language",
    "languages",
    "slug",
    "code",
    "execute",
    "measure",
    "devices",
}


@pytest.mark.parametrize("kind", CONFIGURATION, ids=lambda kind: kind.__name__)
def test_every_key_of_the_configuration_is_documented(kind: type[msgspec.Struct]) -> None:
    text = TEXT["configuration"]
    for key in kind.__struct_fields__:
        written = rf"^(?:# )?{key} = |^\[+(?:\w+\.)*{key}\]"
        assert key in NOT_KEYS or re.search(written, text, re.M), key


def test_every_key_of_front_matter_is_documented() -> None:
    other = {"lang", "body_line", "execute", "measure", "taxonomies", "extra", "html"}
    for key in Meta.__struct_fields__:
        written = rf"^{key} = |`{key} = "
        assert key in other or re.search(written, TEXT["authoring"], re.M), key


def test_every_word_of_the_theme_is_documented() -> None:
    for word in ENGLISH:
        assert f"`{word}`" in TEXT["configuration"], word


def test_the_changelog_has_something_to_say() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## Unreleased\n\n- ", changelog, re.M)
