"""What commands share: one call, its report to the terminal or as JSON, its exit status."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import msgspec

    from sitegen.base.errors import Problem
    from sitegen.model import Event, Report, Started
    from sitegen.passes.asked import Caller, Options

Watch = Callable[["Event"], None]


def caller() -> Caller:
    """Who calls: this process's environment and interpreter."""
    from sitegen.passes.asked import Caller

    return Caller(dict(os.environ), sys.executable)


def conclude(
    options: Options,
    as_json: bool,
    call: Callable[[Watch], Report],
    *,
    explain: bool = False,
    profile: bool = False,
) -> None:
    """Make the call, print its report, exit with its status."""
    from sitegen.base.errors import SiteError, exit_status
    from sitegen.model import Report

    try:
        with interruptible(as_json, "nothing was published"), watching() as watch:
            report = call(watch)
    except SiteError as error:
        report = Report(problems=error.problems)
    status = exit_status(report.problems, strict=options.strict)
    if as_json:
        click.echo(render_json(report, status, report.problems))
    else:
        print_problems(report.problems)
        for line in report.explanations if explain else ():
            click.echo(line)
        for line in render_profile(report) if profile else ():
            click.echo(line)
        for line in render_report(report, status):
            click.echo(line, err=status != 0)
    sys.exit(status)


Reply = Callable[["msgspec.Struct", int, Iterable[str]], None]
"""Takes what was found, the exit status, and the lines that say it to people."""


@contextmanager
def answer(as_json: bool, interrupted: str) -> Iterator[Reply]:
    """Prints what the command replies, or the mistakes that kept it from doing so, and exits."""
    from sitegen.base.errors import SiteError
    from sitegen.model import Report

    status = 0

    def reply(found: msgspec.Struct, code: int, lines: Iterable[str]) -> None:
        nonlocal status
        status = code
        if as_json:
            click.echo(render_json(found, status))
            return
        for line in lines:
            click.echo(line)

    try:
        with interruptible(as_json, interrupted):
            yield reply
    except SiteError as error:
        status = 2
        if as_json:
            click.echo(render_json(Report(problems=error.problems), status, error.problems))
        else:
            print_problems(error.problems)
    sys.exit(status)


def ask(question: str) -> bool:
    """The answer of whoever sits at the terminal; no where nobody does."""
    return sys.stdin.isatty() and sys.stdout.isatty() and click.confirm(question)


@contextmanager
def interruptible(as_json: bool, done: str) -> Iterator[None]:
    """On Ctrl-C and SIGTERM says what was done, once all is cleaned up, and exits with 130."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        if as_json:
            from sitegen.model import Report

            click.echo(render_json(Report(), 130))
        click.echo(f"interrupted; {done}", err=True)
        sys.exit(130)


def render_json(report: msgspec.Struct, status: int, problems: Iterable[Problem] = ()) -> str:
    """The report as JSON; each problem with its file, line, column, excerpt and help."""
    import json

    import msgspec

    plain = msgspec.to_builtins(report)
    plain["status"] = status
    plain["problems"] = [
        {
            "file": problem.span.path if problem.span else None,
            "line": problem.span.line if problem.span else None,
            "column": problem.span.column if problem.span else None,
            "severity": problem.severity,
            "code": problem.code,
            "message": problem.message,
            "excerpt": problem.excerpt,
            "help": list(problem.help),
        }
        for problem in problems
    ]
    return json.dumps(plain, ensure_ascii=False, indent=2)


def render_report(report: Report, status: int) -> Iterator[str]:
    """The last lines: what was done, and in every case but 0 what to do."""
    counts = {
        severity: sum(problem.severity == severity for problem in report.problems)
        for severity in ("fatal", "error", "warning")
    }
    if status == 2:
        yield f"nothing was published: {count(counts['fatal'], 'mistake')} to mend, see above"
        return
    parts = [count(report.pages, "page")] if report.output else []
    if report.output:
        changes = f"{report.written} written, {report.unchanged} unchanged"
        parts.append(changes + (f", {report.removed} removed" if report.removed else ""))
    ran = f"{count(report.executed_posts, 'post')} run ({count(report.executed_blocks, 'block')})"
    parts.append(
        ran if report.executed_posts else f"{count(report.replayed_posts, 'post')} replayed"
    )
    if report.executed_posts and report.replayed_posts:
        parts.append(f"{report.replayed_posts} replayed")
    seconds = sum(report.seconds.values())
    stages = ", ".join(f"{name} {time:.2f}" for name, time in report.seconds.items())
    yield f"{' · '.join(parts)} · {seconds:.2f} s ({stages})"
    if report.output:
        yield f"the site is in {os.path.relpath(report.output)}"
    yield from report.advice
    if status == 1:
        mistakes = counts["error"] or counts["warning"]
        yield f"{count(mistakes, 'mistake')} to mend, see above"


MOST = 10
"""Pages, files and templates that a profile lists."""


def render_profile(report: Report) -> Iterator[str]:
    """The pages that took longest to read, the files that took longest to render, then the
    templates, all files of one together."""
    by_page: dict[str, tuple[float, float]] = {}
    for parsed in report.parsed:
        parsing, highlighting = by_page.get(parsed.path, (0.0, 0.0))
        by_page[parsed.path] = parsing + parsed.parsing, highlighting + parsed.highlighting
    yield f"{count(len(by_page), 'page')} read; the slowest:"
    for path, spent in sorted(by_page.items(), key=lambda one: -sum(one[1]))[:MOST]:
        parts = f"parsed {spent[0] * 1000:.1f}, highlighted {spent[1] * 1000:.1f}"
        yield f"{sum(spent) * 1000:9.1f} ms  {path} ({parts})"
    by_template: dict[str, tuple[float, int]] = {}
    for rendered in report.rendered:
        seconds, files = by_template.get(rendered.template, (0.0, 0))
        by_template[rendered.template] = seconds + rendered.seconds, files + 1
    yield f"{count(len(report.rendered), 'file')} rendered; the slowest:"
    for rendered in sorted(report.rendered, key=lambda one: -one.seconds)[:MOST]:
        yield f"{rendered.seconds * 1000:9.1f} ms  {rendered.path}"
    for name, (seconds, files) in sorted(by_template.items(), key=lambda one: -one[1][0])[:MOST]:
        yield f"{seconds * 1000:9.1f} ms  {count(files, 'file')} of {name or 'no template'}"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_problems(problems: tuple[Problem, ...]) -> None:
    from sitegen.base.errors import render_problem

    colours = {"fatal": "red", "error": "red", "warning": "yellow", "notice": "cyan"}
    for problem in problems:
        head, _, rest = render_problem(problem).partition("\n")
        click.secho(head, fg=colours[problem.severity], bold=True, err=True)
        click.echo(f"{rest}\n" if rest else "", err=True)


def _tell_waiting(event: Event) -> None:
    """Say whom a run waits for: that may last, and nothing else would be heard of it."""
    from sitegen.model import Queued

    if isinstance(event, Queued) and event.behind:
        click.echo(
            f"{event.plan.page}: waiting for {event.behind}, which has the machine", err=True
        )


def _where(started: Started) -> str:
    """What runs now, in words."""
    plan = started.plan
    if plan.bench is not None:
        return f"{plan.bench.name}, process {started.process} of {started.processes}"
    label = plan.blocks[started.block].show.label
    return f"block {started.block + 1} of {len(plan.blocks)}" + (f", {label}" if label else "")


@contextmanager
def watching() -> Iterator[Watch]:
    """A function to be told of events; on a terminal it shows post, block and elapsed time."""
    if not sys.stderr.isatty():
        yield _tell_waiting
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    from sitegen.model import Failed, Finished, Queued, Started

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def watch(event: Event) -> None:
            page = event.plan.page
            match event:
                case Queued(behind=behind) if behind:
                    progress.update(tasks[page], description=f"{page}: waiting for {behind}")
                case Queued():
                    tasks[page] = progress.add_task(f"{page}: waiting", start=False)
                case Started():
                    progress.start_task(tasks[page])
                    progress.update(tasks[page], description=f"{page}: {_where(event)}")
                case Finished() | Failed():
                    progress.remove_task(tasks.pop(page))
                case _:
                    pass

        yield watch
