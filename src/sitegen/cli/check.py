"""`check`: what is wrong with a site, without running or publishing any of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitegen.cli.report import caller, count, interruptible, print_problems, render_json

if TYPE_CHECKING:
    from sitegen.commands.check import Checked


@click.command()
@click.option("--external", is_flag=True, help="Ask other hosts whether links to them are alive.")
@click.option("--fix", is_flag=True, help="Write the measured numbers into the prose first.")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def check(root: Path, external: bool, fix: bool, strict: bool, as_json: bool) -> None:
    """Find what is wrong with the site: links, anchors, alternative texts, paths, unused files,
    claims and numbers that are not what was measured.

    Runs nothing, publishes nothing, and asks no other host unless told to.

    \b
    Exit status: 0 all well; 1 something is to be mended;
    2 the site cannot be read or rendered; 130 interrupted.
    """
    from sitegen.base.errors import SiteError
    from sitegen.check.ask import Manners, ask_all
    from sitegen.commands.check import check as check_site
    from sitegen.model import Report

    try:
        with interruptible(as_json, "no file was left half written"):
            ask = (lambda questions: ask_all(questions, Manners())) if external else None
            found = check_site(root, caller(), ask, fix=fix)
    except SiteError as error:
        if as_json:
            click.echo(render_json(Report(problems=error.problems), 2, error.problems))
        else:
            print_problems(error.problems)
            click.echo("the site cannot be checked before this is mended: see above", err=True)
        sys.exit(2)
    status = found.status(strict=strict)
    if as_json:
        click.echo(render_json(found, status, found.problems))
    else:
        print_problems(found.problems)
        for line in _render(found):
            click.echo(line, err=status != 0)
    sys.exit(status)


def _render(found: Checked) -> Iterator[str]:
    """The last lines: what was looked at, and how much of it is to be mended."""
    parts = [count(found.pages, "page"), f"{count(found.links, 'link')} within the site"]
    if found.asked:
        parts.append(f"{found.asked} elsewhere")
    if found.claims:
        parts.append(count(len(found.claims), "claim"))
    yield f"{' · '.join(parts)} · {sum(found.seconds.values()):.2f} s"
    for fix in found.fixed:
        yield f"{fix.file}: `{fix.was}` is now `{fix.text}`"
    severities = [problem.severity for problem in found.problems]
    errors = severities.count("error") + severities.count("fatal")
    mistakes = ", ".join(
        count(number, noun)
        for number, noun in (
            (errors, "error"),
            (severities.count("warning"), "warning"),
            (severities.count("notice"), "note"),
        )
        if number
    )
    yield f"{mistakes}: see above" if mistakes else "nothing is wrong"
