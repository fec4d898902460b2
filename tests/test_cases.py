"""Cases as prose: `tests/cases/*.md`, each a small site and what sitegen makes of it.

A new case needs no new code. It looks like this:

    An unknown key names the nearest one
    What stands here, up to the first dot, is for the reader.
    . content/a.md
    +++
    titel = "A"
    +++
    . -> problems
    warning[front-matter]: `titel` is not a key of a page
    …
    .

The first line is its title, which no other case of the file has. A line `. NAME` begins a file of
the site (`. NAME < PATH` takes it from a file below `tests/`); without a `site.toml` there is
`tiny.SITE`. `. $ --drafts` is the command's option of that name. A line `. -> …` begins what is
expected, to the byte, and a line `.` ends the case:

    . -> problems        all of them, as the terminal shows them; without this part there are none
    . -> body PATH       the HTML of the body of `content/PATH`, links resolved, nothing run
    . -> pages           the URL of each page and section, by source
    . -> card PATH       the title and description that lists see of `content/PATH`
    . -> file PATH       a published file

After a change that is meant, `pytest --update-cases` writes anew what follows `. ->`. The cases
of `mended.md` were bugs once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sitegen.base.errors import Problem, SiteError, exit_status, render_problem, sort_problems
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.model import Page, SiteConfig
from sitegen.passes.asked import Draft, Options
from sitegen.passes.assemble import assemble_site
from sitegen.passes.parse import parse_site
from sitegen.render.body import render_body
from sitegen.render.links import check_links, resolve_text
from tests.tiny import write_site

HERE = Path(__file__).parent
WANTED = "-> "
PROBLEMS = f"{WANTED}problems"


class Case(msgspec.Struct, frozen=True):
    """`source` is the case's text from its title to its last dot; `parts` are by their heads."""

    file: Path
    title: str
    source: str
    parts: dict[str, str]


def read_cases(file: Path) -> Iterator[Case]:
    """The cases of a file, in order."""
    lines: list[str] = []
    for line in file.read_text("utf-8").split("\n"):
        if line.strip() or lines:
            lines.append(line)
        if line == ".":
            yield Case(file, lines[0], "\n".join(lines), read_parts(lines))
            lines = []
    assert not lines, f"{file.name}: the last case is not closed by a line `.`"


def read_parts(lines: list[str]) -> dict[str, str]:
    parts: dict[str, str] = {}
    head = ""
    for line in lines:
        if line.startswith(". "):
            head = line.removeprefix(". ")
            assert head not in parts, f"`{lines[0]}` has two parts `{head}`"
            parts[head] = ""
        elif head and line != ".":
            parts[head] += f"{line}\n"
    return parts


def all_cases() -> Iterator[object]:
    """pytest's parameters: each case under the name of its file and title."""
    for file in sorted(HERE.glob("cases/*.md")):
        cases = list(read_cases(file))
        titles = [case.title for case in cases]
        assert len(titles) == len(set(titles)), f"{file.name} has a title twice"
        for case in cases:
            yield pytest.param(case, id=f"{file.stem}: {case.title}")


class Result(msgspec.Struct, frozen=True):
    """What sitegen makes of a case; `config` is None where there is no configuration to go by."""

    config: SiteConfig | None
    drafts: tuple[Draft, ...]
    pages: tuple[Page, ...]
    problems: tuple[Problem, ...]


def run_case(case: Case, root: Path) -> Result:
    """The first pass and the bodies, with nothing run."""
    files = {}
    options = Options()
    for head, text in case.parts.items():
        name, _, origin = head.partition(" < ")
        if head.startswith("$ "):
            assert head == "$ --drafts", head
            options = Options(drafts=True)
        elif not head.startswith(WANTED):
            files[name] = (HERE / origin).read_text("utf-8") if origin else text
    write_site(root, files)
    problems: list[Problem] = []
    try:
        config = load_config(root, problems)
    except SiteError as error:
        return Result(None, (), (), error.problems)
    drafts = parse_site(config, scan_content(root, problems), options, problems)
    pages = tuple(render_body(draft.document, ()) for draft in drafts)
    problems += (problem for page in pages for problem in page.problems)
    cards = {page.card.path: page.card for page in pages}
    problems += check_links((link for page in pages for link in page.links), cards)
    return Result(config, tuple(drafts), pages, sort_problems(problems))


def show(head: str, result: Result) -> str:
    """What the part `head` of a case should hold."""
    kind, _, path = head.removeprefix(WANTED).partition(" ")
    cards = {page.card.path: page.card for page in result.pages}
    match kind:
        case "problems":
            return "\n".join(f"{render_problem(problem)}\n" for problem in result.problems)
        case "pages":
            return "".join(f"{path} {card.url}\n" for path, card in cards.items())
        case "body":
            page = next(page for page in result.pages if page.card.path == path)
            return resolve_text(page.body, cards, "")
        case "card":
            card = cards[path]
            return f"title: {card.title}\ndescription: {card.description}\n"
        case "file":
            assert result.config is not None
            assert exit_status(result.problems) != 2, "nothing would be published"
            artifacts = assemble_site(result.config, result.drafts, result.pages, [])
            content = next(artifact.content for artifact in artifacts if artifact.path == path)
            assert isinstance(content, bytes)
            return content.decode()
        case _:
            raise AssertionError(f"there is no part `{head}`")


@pytest.mark.parametrize("case", list(all_cases()))
def test_case(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    result = run_case(case, tmp_path)
    wanted = {head: text for head, text in case.parts.items() if head.startswith(WANTED)}
    assert wanted, "a case expects something"
    if result.problems:
        wanted.setdefault(PROBLEMS, "")
    found = {head: show(head, result) for head in wanted}
    if request.config.getoption("--update-cases"):
        update(case, found)
    else:
        assert found == wanted


def update(case: Case, found: dict[str, str]) -> None:
    """Write what was found into the case's file."""
    begin = next(n for n, line in enumerate(case.source.split("\n")) if line.startswith(". "))
    prose = "".join(f"{line}\n" for line in case.source.split("\n")[:begin])
    parts = "".join(f". {head}\n{text}" for head, text in {**case.parts, **found}.items())
    text = case.file.read_text("utf-8")
    case.file.write_text(text.replace(case.source, f"{prose}{parts}."), "utf-8")
