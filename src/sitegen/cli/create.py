"""`init` and `new`: what writes files for an author to go on with."""

from __future__ import annotations

import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitegen.cli.report import count, print_problems

if TYPE_CHECKING:
    from sitegen.commands.init import Host


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option(
    "--ci",
    "host",
    type=click.Choice(["github", "gitlab"]),
    help="Also write a workflow that publishes from stored results.",
)
@click.pass_obj
def init(root: Path, folder: Path, host: Host | None) -> None:
    """Write a site into FOLDER that builds at once and shows what there is.

    Nothing that lies there is written over.
    """
    from sitegen.base.errors import SiteError
    from sitegen.commands.init import init as start
    from sitegen.passes.asked import day_of

    where = root / folder
    try:
        started = start(where, host, day_of(os.environ))
    except SiteError as error:
        print_problems(error.problems)
        click.echo("nothing was written: see above", err=True)
        sys.exit(2)
    for path in started.written:
        click.echo(f"  {folder / path}")
    click.echo(f"{count(len(started.written), 'file')} written; next:")
    if where != Path.cwd():
        click.echo(f"  cd {shlex.quote(os.path.relpath(where))}")
    if find_spec("ipykernel") is None:
        click.echo("  sitegen serve --no-exec    # ipykernel, which runs posts, is not installed")
        click.echo("  sitegen build --no-exec")
    else:
        click.echo("  sitegen serve")
        click.echo("  sitegen build")


@click.command()
@click.argument("name")
@click.option("--section", is_flag=True, help="A section: NAME is its folder.")
@click.pass_obj
def new(root: Path, name: str, section: bool) -> None:
    """Write a post with its front matter filled in, and print its path.

    NAME is a path below content/, such as posts/a-title; with a slash at its end, a folder with
    an index.md. Its last part may be a title: "posts/What it costs".
    """
    from sitegen.base.errors import SiteError
    from sitegen.commands.new import new as write
    from sitegen.passes.asked import day_of

    try:
        created = write(root, name, day_of(os.environ), section=section)
    except SiteError as error:
        print_problems(error.problems)
        click.echo("nothing was written: see above", err=True)
        sys.exit(2)
    click.echo(os.path.relpath(root / created.path))
    for note in created.notes:
        click.echo(note, err=True)
