"""The theme that a site names: `themes/NAME`, as Zola lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sitegen.base.errors import Problem
from sitegen.base.schema import Table
from sitegen.base.toml import parse_toml
from sitegen.content.source import decode
from sitegen.model import SiteConfig


def theme_folder(config: SiteConfig) -> Path | None:
    """The folder of the site's theme; None where the built-in one is used."""
    return config.root / "themes" / config.theme if config.theme else None


def with_theme(config: SiteConfig, problems: list[Problem]) -> SiteConfig:
    """The configuration with the `[extra]` of the theme's `theme.toml` under the site's."""
    file = f"themes/{config.theme}/theme.toml"
    try:
        text = decode((config.root / file).read_bytes(), file)
    except OSError:
        return config
    toml = text if isinstance(text, Problem) else parse_toml(text, file)
    if isinstance(toml, Problem):
        problems.append(toml)
        return config
    extra = Table(toml, problems, code="config").free("extra")
    return msgspec.structs.replace(config, extra=_merged(config.extra, extra))


def _merged(over: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables; where both have a key, the first's value, and of two tables their sum."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            value = _merged(value, below)
        merged[key] = value
    return merged
