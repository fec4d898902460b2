"""What makes sites, told apart: sitegen itself and the packages that it renders with."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import msgspec

from sitegen import __version__
from sitegen.base.digest import digest_value
from sitegen.base.exact import marked
from sitegen.model import SiteConfig
from sitegen.storage.trace import scan_tree

PACKAGES = (
    *("anyascii", "ftfy", "jinja2", "markdown-it-py", "markupsafe", "math-core"),
    *("mdit-py-plugins", "msgspec", "nh3", "pillow", "pygments", "pyyaml", "rich"),
    *("text-unidecode", "tomli"),
)
"""All that has a part in what a page, or any other file of a site, comes to."""


@cache
def made_by() -> str:
    """A digest of the versions of Python and the packages, and of the state of sitegen's files."""
    states = [
        (path, stamp.size, stamp.mtime_ns)
        for path, stamp in sorted(scan_tree(Path(str(files("sitegen")))).items())
        if not path.endswith(".pyc") and "__pycache__" not in path
    ]
    packages = [version(name) for name in PACKAGES]
    return digest_value((sys.version, __version__, packages, states))


def comparable(config: SiteConfig) -> SiteConfig:
    """The configuration as a digest is to see it: wherever the site lies, and with dates in
    `[extra]` told from texts."""
    return msgspec.structs.replace(config, root=Path(), extra=marked(config.extra))
