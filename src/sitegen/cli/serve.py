"""`serve`: the preview."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from sitegen.cli.report import caller, print_problems

if TYPE_CHECKING:
    from sitegen.base.errors import Problem


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Listen there; else from 1111 on.")
@click.option("--host", default="127.0.0.1", help="Listen for others too, without controls.")
@click.option("--open", "open_", is_flag=True, help="Open the preview in a browser.")
@click.option("--no-exec", is_flag=True, help="Run nothing: show stored results only.")
@click.option("--drafts", is_flag=True, help="Show drafts and what is held back too.")
@click.option(
    "--editor",
    default="vscode",
    envvar="SITEGEN_EDITOR",
    help="Whose links open a line: a name, or an address with {path}, {line}, {column}.",
)
@click.pass_obj
def serve(
    root: Path,
    port: int | None,
    host: str,
    open_: bool,
    no_exec: bool,
    drafts: bool,
    editor: str,
) -> None:
    """Show the site as it is written, run what is missing or stale, and follow every edit.

    Publishes nothing; results are stored as `build` stores them. Ctrl-C ends it.
    """
    from sitegen.base.errors import SiteError
    from sitegen.serve.editor import why_no_editor
    from sitegen.serve.server import PortTaken, Voice, Wish
    from sitegen.serve.server import serve as serve_site

    wrong = why_no_editor(editor)
    if wrong is not None:
        raise click.UsageError(f"--editor {editor}: {wrong}")

    def say(line: str) -> None:
        with _heard_or_not(sys.stdout):
            click.echo(line)

    def warn(problems: tuple[Problem, ...]) -> None:
        with _heard_or_not(sys.stderr):
            print_problems(problems)

    wish = Wish(host, port, editor, open_, runs=not no_exec, drafts=drafts)
    try:
        wished = serve_site(root, wish, caller(), Voice(say, warn))
    except SiteError as error:
        print_problems(error.problems)
        click.echo("nothing is served: see above", err=True)
        sys.exit(2)
    except PortTaken as error:
        click.echo(f"the preview cannot be served: {error}", err=True)
        sys.exit(2)
    sys.exit(0 if wished else 1)


@contextmanager
def _heard_or_not(stream: TextIO) -> Iterator[None]:
    """Go on where nobody reads what is printed any more: the pages are read in a browser."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
