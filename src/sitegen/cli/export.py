"""`export`: a post as a notebook or a script."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitegen.cli.report import caller, interruptible, print_problems

if TYPE_CHECKING:
    from sitegen.render.export.names import Format


@click.command()
@click.argument("post")
@click.option("--format", type=click.Choice(["ipynb", "py"]), help="Else the ending of FILE tells.")
@click.option("--output", metavar="FILE", help="Where to write it; - for the terminal.")
@click.pass_obj
def export(root: Path, post: str, format: Format | None, output: str | None) -> None:
    """Write POST as a notebook, or as a script, with hidden blocks and stored results.

    Runs nothing. A post of several sessions becomes a file for each.
    """
    from sitegen.base.errors import SiteError
    from sitegen.commands.export import export as export_post

    wanted = _format(format, output)
    target = None if output in (None, "-") else Path(str(output))
    try:
        with interruptible(False, "nothing was written"):
            stem = target.stem if target else None
            exported = export_post(root, post, wanted, stem, caller())
    except SiteError as error:
        print_problems(error.problems)
        click.echo("nothing was written: see above", err=True)
        sys.exit(2)
    print_problems(exported.problems)
    if output == "-":
        _print(exported.files)
    else:
        _write(exported.files, target)


def _format(format: Format | None, output: str | None) -> Format:
    """The format that was asked for, by name or by the ending of a file."""
    ending = "" if output in (None, "-") else Path(str(output)).suffix
    named: Format | None = "ipynb" if ending == ".ipynb" else "py" if ending == ".py" else None
    if format is not None and named not in (None, format):
        raise click.UsageError(f"{output} ends in {ending}, but --format says {format}")
    if format is None and named is None and output not in (None, "-"):
        raise click.UsageError(f"{output} ends in neither .ipynb nor .py; say --format")
    return format or named or "ipynb"


def _print(files: Mapping[str, bytes]) -> None:
    if len(files) > 1:
        names = ", ".join(files)
        raise click.UsageError(f"the post has several sessions, a file each ({names}): name a FILE")
    sys.stdout.buffer.write(*files.values())


def _write(files: Mapping[str, bytes], target: Path | None) -> None:
    """Write the files; those of an author who named none are not written over."""
    folder = target.parent if target else Path()
    for name in files:
        if target is None and (folder / name).exists():
            raise click.UsageError(f"{name} is there already; --output {name} writes over it")
    for name, content in files.items():
        path = folder / name
        if target is not None:  # whose ending need not be that of the format
            path = path.with_suffix(target.suffix)
        try:
            path.write_bytes(content)
        except OSError as error:
            raise click.FileError(str(path), error.strerror) from error
        click.echo(f"wrote {path}")
