"""Posts that are held back until their date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sitegen.model import Meta


def is_future(meta: Meta, day: dt.date) -> bool:
    """Whether a page's date lies behind the build's day, in UTC."""
    return meta.date is not None and meta.date.astimezone(dt.UTC).date() > day


def say_held(dates: Sequence[dt.datetime]) -> str:
    """How many posts are held back, and until when."""
    days = sorted(date.astimezone(dt.UTC).date() for date in dates)
    if len(days) == 1:
        return f"1 post is held back until {days[0]}"
    if days[0] == days[-1]:
        return f"{len(days)} posts are held back until {days[0]}"
    return f"{len(days)} posts are held back, the next until {days[0]}, the last until {days[-1]}"
