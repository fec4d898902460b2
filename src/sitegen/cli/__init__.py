"""The command line: arguments to one call, and its report to the terminal; alone prints and exits.

A command is a function in a module of its own here, named in COMMANDS. What it needs is imported
when it runs, so that `sitegen --help` is there at once.
"""

from __future__ import annotations

import atexit
import gc
from pathlib import Path

import click

from sitegen import __version__
from sitegen.cli import build, check, create, export, migrate, results, serve

COMMANDS = (
    create.init,
    create.new,
    build.build,
    build.run,
    serve.serve,
    check.check,
    results.status,
    results.verify,
    results.diff,
    results.accept,
    results.prune,
    results.clean,
    export.export,
    migrate.migrate_templates,
)


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
    atexit.register(gc.freeze)  # the process ends: to look for cycles in a large site takes 0.3 s
    context.obj = root.resolve()


for command in COMMANDS:
    main.add_command(command)
