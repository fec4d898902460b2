"""`build` and `run`: what executes posts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitegen.cli.report import Watch, caller, conclude

if TYPE_CHECKING:
    from sitegen.model import Report
    from sitegen.passes.asked import Caller, Options


@click.command()
@click.option("--no-exec", is_flag=True, help="Run nothing: show stored results only.")
@click.option("--frozen", is_flag=True, help="As --no-exec; missing or stale results are errors.")
@click.option("--allow-errors", is_flag=True, help="A failed block is a warning.")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option("--drafts", is_flag=True, help="Publish drafts too.")
@click.option("--output", type=click.Path(path_type=Path), help="Publish into this folder.")
@click.option("--base-url", help="Publish for this address instead of the configured one.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes that render; else one a core.")
@click.option("--explain", is_flag=True, help="Say why each session was run, each file rendered.")
@click.option("--profile", is_flag=True, help="List what took longest: pages, files, templates.")
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
    jobs: int | None,
    explain: bool,
    profile: bool,
    as_json: bool,
) -> None:
    """Run what is missing or stale, render all, publish.

    \b
    Exit status: 0 all well; 1 published, but something in it failed;
    2 nothing was published, the old site stands; 130 interrupted.
    """
    from sitegen.passes.asked import Options

    if no_exec and frozen:
        raise click.UsageError("--frozen runs nothing already; leave --no-exec out")
    options = Options(
        mode="frozen" if frozen else "no-exec" if no_exec else "build",
        allow_errors=allow_errors,
        strict=strict,
        drafts=drafts,
        output=output.absolute() if output else None,
        base_url=base_url,
        jobs=jobs,
    )

    def call(watch: Watch) -> Report:
        return tell_or_build(root, options, caller(), watch)

    conclude(options, as_json, call, explain=explain, profile=profile)


def tell_or_build(root: Path, options: Options, caller: Caller, watch: Watch) -> Report:
    """What a build reports; one that has little or nothing to do loads little or nothing."""
    from sitegen.passes.unchanged import compare, report_of

    begun = time.perf_counter()
    compared = compare(root, options, caller, time.time_ns())
    if compared is not None and not compared.changed:
        return report_of(compared, begun)
    if compared is not None:
        from sitegen.passes.amend import amend

        if report := amend(root, options, caller, compared):
            return report
    from sitegen.build import build as build_site

    return build_site(root, options, caller, watch)


@click.command()
@click.argument("posts", nargs=-1)
@click.option("--device", help="Run on this device: a kind, such as cuda, or a name.")
@click.option("--refresh", is_flag=True, help="Run again what has a fresh result, too.")
@click.option("--allow-errors", is_flag=True, help="A failed block is a warning.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def run(
    root: Path,
    posts: tuple[str, ...],
    device: str | None,
    refresh: bool,
    allow_errors: bool,
    as_json: bool,
) -> None:
    """Run POSTS on this machine's device and store what they give, beside the results of others.

    Publishes nothing.
    """
    from sitegen.build import measure
    from sitegen.passes.asked import Options

    options = Options(
        mode="measure", device=device, refresh=refresh, allow_errors=allow_errors, drafts=True
    )
    conclude(options, as_json, lambda watch: measure(root, posts, options, caller(), watch))
