"""What authors, editors and git do to the files of a site, at random."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

OOPS = "oops"
"""What no file holds that is whole."""


def write(file: Path, text: str) -> None:
    """Write a file; text of a page without front matter is given one."""
    if not text.startswith("+++") and ".md" in file.name:
        text = f"+++\n+++\n{text}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def edit_at_random(site: Path, chance: random.Random, number: int) -> None:
    """One edit of anything that a site is made of, with a mistake now and then."""
    name = f"p{chance.randrange(8)}"
    file = site / f"content/{chance.choice(['', 'one/', 'two/deep/'])}{name}.md"
    oops = chance.random() < 0.2
    match chance.randrange(14):
        case 0 if file.exists():
            file.unlink()
        case 1 if file.exists():
            file.replace(file.with_name(f"moved-{chance.randrange(4)}.md"))
        case 2:
            shutil.rmtree(site / f"content/{chance.choice(['two', 'bundle'])}", ignore_errors=True)
        case 3:
            write(file, f"+++\ntitle = {OOPS} {number}\n+++\n")
        case 4:
            write(site / "static/style.css", f"p {{ order: {number}; }}")
        case 5:
            part = file.with_name(f"{name}.md~")
            write(part, f"Saved {number} by rename.")
            part.replace(file)
        case 6:
            end = f"{{{{ {OOPS}(" if oops else ""
            write(site / "templates/page.html", f"{{{{ page.content }}}}<i>{number}</i>{end}")
        case 7:
            (site / "templates/page.html").unlink(missing_ok=True)
        case 8:
            title = OOPS if oops else f"'Section {number}'"
            section = site / f"content/{chance.choice(['', 'one/'])}_index.md"
            write(section, f"+++\ntitle = {title}\n+++\n")
        case 9:
            edit_configuration(site, OOPS if oops else f"'Site {number}'")
        case 10:
            write(site / "content/bundle/index.md", f"A bundle, {number}. [t](table.csv)")
            write(site / "content/bundle/table.csv", f"n\n{number}\n")
        case _:
            tags = "taxonomies = { tags = ['x'] }" if chance.random() < 0.1 else ""
            write(file, f"+++\ntitle = 'Edit {number}'\n{tags}\n+++\nText {number}.")


def edit_configuration(site: Path, title: str) -> None:
    """Give the site another title, as TOML."""
    file = site / "site.toml"
    lines = file.read_text("utf-8").strip().splitlines()
    rest = [line for line in lines if not line.startswith("title")]
    write(file, "\n".join([f"title = {title}", *rest, ""]))


def mend_all(site: Path, config: str) -> None:
    """The site has no mistake any more, and this configuration."""
    write(site / "site.toml", config)
    for file in [*(site / "content").rglob("*.md"), *(site / "templates").rglob("*.html")]:
        if OOPS in file.read_text("utf-8"):
            write(file, "Mended." if file.suffix == ".md" else "{{ page.content }}")
