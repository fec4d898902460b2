"""The command line: arguments to one call, and its report to the terminal; alone prints and exits.

What a command needs is imported when it runs, so that `sitegen --help` is there at once.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitegen import __version__

if TYPE_CHECKING:
    from sitegen.base.errors import Problem
    from sitegen.build import Caller, Options
    from sitegen.model import Event, Report

Watch = Callable[["Event"], None]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sitegen")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="The site's folder; else the one you are in.",
)
@click.pass_context
def main(context: click.Context, root: Path) -> None:
    """A static blog generator whose numbers are measured."""
    context.obj = root.resolve()


@main.command()
@click.option("--no-exec", is_flag=True, help="Run nothing: show stored results only.")
@click.option("--frozen", is_flag=True, help="As --no-exec; missing or stale results are errors.")
@click.option("--allow-errors", is_flag=True, help="A failed block is a warning.")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option("--drafts", is_flag=True, help="Publish drafts too.")
@click.option("--output", type=click.Path(path_type=Path), help="Publish into this folder.")
@click.option("--base-url", help="Publish for this address instead of the configured one.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def build(
    root: Path,
    no_exec: bool,
    frozen: bool,
    allow_errors: bool,
    strict: bool,
    drafts: bool,
    output: Path | None,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Run what is missing or stale, render all, publish.

    \b
    Exit status: 0 all well; 1 published, but something in it failed;
    2 nothing was published, the old site stands; 130 interrupted.
    """
    from sitegen.build import Options
    from sitegen.build import build as build_site

    if no_exec and frozen:
        raise click.UsageError("--frozen runs nothing already; leave --no-exec out")
    options = Options(
        mode="frozen" if frozen else "no-exec" if no_exec else "build",
        allow_errors=allow_errors,
        strict=strict,
        drafts=drafts,
        output=output.absolute() if output else None,
        base_url=base_url,
    )
    _run(options, as_json, lambda watch: build_site(root, options, _caller(), watch))


@main.command()
@click.argument("posts", nargs=-1)
@click.option("--allow-errors", is_flag=True, help="A failed block is a warning.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def run(root: Path, posts: tuple[str, ...], allow_errors: bool, as_json: bool) -> None:
    """Run POSTS on this machine's device and store what they give, beside the results of others.

    Publishes nothing.
    """
    from sitegen.build import Options, measure

    options = Options(mode="measure", allow_errors=allow_errors, drafts=True)
    _run(options, as_json, lambda watch: measure(root, posts, options, _caller(), watch))


@main.command()
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="."
)
@click.option("--dry-run", is_flag=True, help="Write nothing: print what would change as a diff.")
@click.pass_obj
def migrate_templates(root: Path, folder: Path, dry_run: bool) -> None:
    """Turn the Tera templates of a Zola site or theme in FOLDER into Jinja2.

    What is not mechanical is listed with file and line. Keeps a copy in templates.tera.
    """
    from sitegen.base.errors import SiteError
    from sitegen.migrate.run import diff_of, migrate_folder, write_migration
    from sitegen.render.environment import why_no_template

    try:
        migration = migrate_folder(root / folder, why_no_template)
        if not dry_run:
            write_migration(migration, root / folder)
    except SiteError as error:
        _print_problems(error.problems)
        sys.exit(2)
    if dry_run:
        click.echo("".join(diff_of(migration)), nl=False)
    _print_problems(migration.notes)
    done = ", ".join(f"{why} {count}" for why, count in migration.counts.items())
    changed = f"{len(migration.changed)} of {_count(migration.read, 'template')} changed"
    click.echo(f"{changed}{f' ({done})' if done else ''}", err=True)
    if migration.notes:
        click.echo(f"{_count(len(migration.notes), 'place')} to mend by hand, see above", err=True)
    sys.exit(1 if migration.notes else 0)


def _caller() -> Caller:
    from sitegen.build import Caller

    return Caller(dict(os.environ), sys.executable)


def _run(options: Options, as_json: bool, call: Callable[[Watch], Report]) -> None:
    """Make the call, print its report, exit with its status."""
    from sitegen.base.errors import SiteError, exit_status
    from sitegen.model import Report

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave as on Ctrl-C: clean up
    try:
        with _progress() as watch:
            report = call(watch)
    except SiteError as error:
        report = Report(problems=error.problems)
    except KeyboardInterrupt:
        if as_json:
            click.echo(render_json(Report(), 130))
        click.echo("interrupted; nothing was published", err=True)
        sys.exit(130)
    status = exit_status(report.problems, strict=options.strict)
    if as_json:
        click.echo(render_json(report, status))
    else:
        _print_problems(report.problems)
        for line in render_report(report, status):
            click.echo(line, err=status != 0)
    sys.exit(status)


def render_json(report: Report, status: int) -> str:
    """The report as JSON; each problem with file, line, column, severity, code, message, help."""
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
            "help": list(problem.help),
        }
        for problem in report.problems
    ]
    return json.dumps(plain, ensure_ascii=False, indent=2)


def render_report(report: Report, status: int) -> Iterator[str]:
    """The last lines: what was done, and in every case but 0 what to do."""
    counts = {
        severity: sum(problem.severity == severity for problem in report.problems)
        for severity in ("fatal", "error", "warning")
    }
    if status == 2:
        yield f"nothing was published: {_count(counts['fatal'], 'mistake')} to mend, see above"
        return
    parts = [_count(report.pages, "page")] if report.output else []
    if report.output:
        changes = f"{report.written} written, {report.unchanged} unchanged"
        parts.append(changes + (f", {report.removed} removed" if report.removed else ""))
    ran = f"{_count(report.executed_posts, 'post')} run ({_count(report.executed_blocks, 'block')})"
    parts.append(
        ran if report.executed_posts else f"{_count(report.replayed_posts, 'post')} replayed"
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
        count = counts["error"] or counts["warning"]
        yield f"{_count(count, 'mistake')} to mend, see above"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _print_problems(problems: tuple[Problem, ...]) -> None:
    from sitegen.base.errors import render_problem

    colours = {"fatal": "red", "error": "red", "warning": "yellow", "notice": "cyan"}
    for problem in problems:
        head, _, rest = render_problem(problem).partition("\n")
        click.secho(head, fg=colours[problem.severity], bold=True, err=True)
        click.echo(f"{rest}\n" if rest else "", err=True)


@contextmanager
def _progress() -> Iterator[Watch]:
    """A function to be told of events; on a terminal it shows post, block and elapsed time."""
    if not sys.stderr.isatty():
        yield lambda event: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from sitegen.model import Failed, Finished, Queued, Started

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks = {}

        def watch(event: Event) -> None:
            page = event.plan.page
            match event:
                case Queued():
                    tasks[page] = progress.add_task(f"{page}: waiting", start=False)
                case Started(plan=plan, block=block):
                    label = plan.blocks[block].show.label
                    where = f"block {block + 1} of {len(plan.blocks)}"
                    shown = f"{page}: {where}" + (f", {label}" if label else "")
                    progress.start_task(tasks[page])
                    progress.update(tasks[page], description=shown)
                case Finished() | Failed():
                    progress.remove_task(tasks.pop(page))
                case _:
                    pass

        yield watch
