"""The functions that ask for no page and no file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import jinja2
from jinja2.runtime import Context

from sitegen.base.address import local_reference
from sitegen.base.digest import digest_text
from sitegen.model import SiteConfig
from sitegen.render.functions.errors import no_such
from sitegen.render.words import direction, words_of


def of_the_rest(
    config: SiteConfig, day: dt.date, environ: Mapping[str, str], drawn: Callable[[], str]
) -> dict[str, Callable[..., Any]]:
    """The functions for a site and a build."""
    return {
        "get_env": partial(_get_env, environ),
        "get_random": partial(_get_random, drawn),
        "now": partial(_now, dt.datetime.combine(day, dt.time(), dt.UTC)),
        "range": _range,
        "text_direction": _text_direction(config),
        "throw": _throw,
        "trans": _trans(config),
    }


def _trans(config: SiteConfig) -> Callable[..., str]:
    @jinja2.pass_context
    def trans(context: Context, key: str, lang: str | None = None) -> str:
        spoken = lang or context.get("lang") or config.language
        words = words_of(config, spoken)
        if key not in words:
            raise no_such("trans", f"`{key}` has no translation in `{spoken}`", key, words)
        return words[key]

    return trans


def _text_direction(config: SiteConfig) -> Callable[..., str]:
    @jinja2.pass_context
    def text_direction(context: Context, lang: str | None = None) -> str:
        """`rtl` for a language that is written from right to left, else `ltr`."""
        return direction(lang or context.get("lang") or config.language)

    return text_direction


def _now(day: dt.datetime, timestamp: bool = False, utc: bool = False) -> dt.datetime | int:
    """The build's day, in UTC whatever is asked for: another machine builds the same page."""
    return int(day.timestamp()) if timestamp else day


def _range(*place: int, start: int = 0, end: int | None = None, step_by: int = 1) -> range:
    """Whole numbers from `start` up to `end`; with positions, Python's `range`."""
    if place:
        return range(*place)
    if end is None:
        raise jinja2.TemplateRuntimeError("`range` needs `end`")
    if start > end:
        raise jinja2.TemplateRuntimeError("`range`: `start` lies behind `end`")
    return range(start, end, step_by)


def _throw(message: str) -> None:
    raise jinja2.TemplateRuntimeError(message)


def _get_env(environ: Mapping[str, str], name: str, default: Any = None) -> Any:
    if name not in environ and default is None:
        hint = "set it, or say `default=`"
        raise jinja2.TemplateRuntimeError(f"`get_env`: `{name}` is not set; {hint}")
    return environ.get(name, default)


def _get_random(drawn: Callable[[], str], end: int, start: int = 0) -> int:
    """A number from `start` up to `end` that the page and the place of the call on it decide."""
    if end <= start:
        raise jinja2.TemplateRuntimeError("`get_random`: `end` lies not behind `start`")
    return start + int(digest_text(drawn()), 16) % (end - start)


def draws(page: str) -> Iterator[str]:
    """What `get_random` is seeded with: the page, and the how manieth call this is."""
    number = 0
    while True:
        number += 1
        yield f"{page}\n{number}"


def local(base_url: str) -> Callable[[str], str]:
    """The filter `local`: an address of the site as a reference within its host."""
    return lambda address: local_reference(address, base_url)
