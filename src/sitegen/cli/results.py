"""`status`, `verify`, `diff`, `accept`, `prune` and `clean`: what looks at stored results."""

from __future__ import annotations

from pathlib import Path

import click

from sitegen.cli.report import answer, ask, caller, watching


@click.command()
@click.argument("posts", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def status(root: Path, posts: tuple[str, ...], as_json: bool) -> None:
    """How the results of POSTS stand, by session and device, and what would renew them.

    Runs nothing. The exit status is 0 whatever it finds: `build --frozen` is what fails.
    """
    from sitegen.cli.tables import render_status
    from sitegen.commands.status import status as find_status

    with answer(as_json, "nothing was changed") as reply:
        found = find_status(root, posts, caller())
        reply(found, 0, render_status(found))


@click.command()
@click.argument("posts", nargs=-1)
@click.option("--device", help="Run on this device: a kind, such as cuda, or a name.")
@click.option("--rtol", default=1e-5, show_default=True, help="Relative tolerance of numbers.")
@click.option("--atol", default=1e-8, show_default=True, help="Absolute tolerance of numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def verify(
    root: Path,
    posts: tuple[str, ...],
    device: str | None,
    rtol: float,
    atol: float,
    as_json: bool,
) -> None:
    """Run POSTS again and compare with what is stored of this device; nothing is stored.

    \b
    Exit status: 0 all that was compared is the same; 1 something differs;
    2 nothing could be compared; 130 interrupted.
    """
    from sitegen.cli.tables import render_verification
    from sitegen.commands.verify import verify as compare
    from sitegen.execute.compare import Tolerance

    if not (0 <= rtol < 1 and 0 <= atol < float("inf")):
        raise click.UsageError("--rtol is from 0 to 1, --atol from 0 up")
    with answer(as_json, "nothing was stored") as reply:
        with watching() as watch:
            found = compare(root, posts, Tolerance(rtol, atol), caller(), watch, device)
        reply(found, found.status, render_verification(found))


@click.command()
@click.argument("posts", nargs=-1)
@click.option("--from", "start", help="The run of before: a date, a device, or package==version.")
@click.option("--to", "end", help="The run that is compared with it; else the newest other one.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def diff(
    root: Path, posts: tuple[str, ...], start: str | None, end: str | None, as_json: bool
) -> None:
    """Compare two stored runs of the benchmarks of POSTS; else the last two of each device.

    Says of each variant whether it is slower, faster, not different, or that it is undecided.
    Runs nothing. The exit status is 0 whatever it finds, 2 if nothing could be compared.
    """
    from sitegen.cli.changes import render_difference
    from sitegen.commands.diff import diff as compare

    with answer(as_json, "nothing was changed") as reply:
        found = compare(root, posts, start, end, caller())
        reply(found, found.status, render_difference(found))


@click.command()
@click.argument("what", metavar="POST|FILE")
@click.option("--because", help="Of a post: why its result still stands; the page says it.")
@click.option("--by", help="Of a reader's file: who measured it; the page says it.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def accept(root: Path, what: str, because: str | None, by: str | None, as_json: bool) -> None:
    """Bind the results that POST shows stale to its code of today; or take in a reader's FILE.

    POST, with --because: for edits that cannot change what was measured. The page then says so,
    with the reason and the difference. Results of other data, failed ones and missing ones are
    refused.

    FILE, with --by: what an exported script has written, NAME.measured.json. The page then shows
    these numbers beside yours; no claim, number or freshness rests on them.
    """
    if by is not None:
        if because is not None:
            raise click.UsageError("--because is for a post, --by for a reader's file")
        _accept_contribution(root, what, by.strip(), as_json)
    elif because is not None and because.strip():
        _accept_stale(root, what, because.strip(), as_json)
    elif what.endswith(".json") and because is None:
        raise click.UsageError("whose file is it? --by NAME, which the page will say")
    else:
        raise click.UsageError("--because wants a reason, which the page will say")


def _accept_contribution(root: Path, file: str, by: str, as_json: bool) -> None:
    from sitegen.cli.tables import render_contribution
    from sitegen.commands.accept import accept_contribution

    if not by or len(by) > 100 or not by.isprintable():
        raise click.UsageError("--by wants a name, which the page will say")
    with answer(as_json, "nothing was accepted") as reply:
        found = accept_contribution(root, Path(file), by, caller())
        reply(found, 0, render_contribution(found.contributed))


def _accept_stale(root: Path, post: str, because: str, as_json: bool) -> None:
    import datetime as dt

    from sitegen.cli.tables import render_acceptance
    from sitegen.commands.accept import accept as accept_results

    when = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with answer(as_json, "nothing was accepted") as reply:
        found = accept_results(root, post, because, when, caller())
        reply(found, 0, render_acceptance(found))


@click.command()
@click.option("--yes", is_flag=True, help="Remove what is listed without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def prune(root: Path, yes: bool, as_json: bool) -> None:
    """List old, orphaned and damaged results and blobs that nothing needs; remove them if told so.

    What a page shows stays, and of older results the newest of each set of library versions.
    """
    from sitegen.cli.tables import render_listing, render_pruning
    from sitegen.commands.prune import Pruning
    from sitegen.commands.prune import prune as prune_results

    def approve(listed: Pruning) -> bool:
        if not yes and not as_json:
            for line in render_listing(listed):
                click.echo(line)
        return yes or (not as_json and ask("Remove these files?"))

    with answer(as_json, "nothing was removed") as reply:
        found = prune_results(root, caller(), approve)
        reply(found, 0, render_pruning(found, listed=not yes))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def clean(root: Path, as_json: bool) -> None:
    """Remove the published site and what can be made again; results stay."""
    from sitegen.cli.tables import render_cleaned
    from sitegen.commands.clean import clean as clean_site

    with answer(as_json, "some of it may be gone") as reply:
        found = clean_site(root)
        reply(found, 0, render_cleaned(found))
