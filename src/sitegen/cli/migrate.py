"""`migrate-templates`: a Zola theme's templates."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sitegen.cli.report import count, print_problems


@click.command()
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
        print_problems(error.problems)
        sys.exit(2)
    if dry_run:
        click.echo("".join(diff_of(migration)), nl=False)
    print_problems(migration.notes)
    done = ", ".join(f"{why} {number}" for why, number in migration.counts.items())
    changed = f"{len(migration.changed)} of {count(migration.read, 'template')} changed"
    click.echo(f"{changed}{f' ({done})' if done else ''}", err=True)
    if migration.notes:
        click.echo(f"{count(len(migration.notes), 'place')} to mend by hand, see above", err=True)
    sys.exit(1 if migration.notes else 0)
