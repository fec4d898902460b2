"""What makes sites, told apart: sitegen itself and the packages that it renders with."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from sitegen import __version__
from sitegen.base.digest import digest_value
from sitegen.storage.trace import scan_tree

_PACKAGES = ("jinja2", "markdown-it-py", "mdit-py-plugins", "nh3", "pygments")


@cache
def made_by() -> str:
    """A digest of the versions of Python and the packages, and of the state of sitegen's files."""
    states = [
        (path, stamp.size, stamp.mtime_ns)
        for path, stamp in sorted(scan_tree(Path(str(files("sitegen")))).items())
        if not path.endswith(".pyc") and "__pycache__" not in path
    ]
    packages = [version(name) for name in _PACKAGES]
    return digest_value((sys.version, __version__, packages, states))
