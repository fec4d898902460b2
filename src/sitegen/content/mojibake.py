"""Mojibake: text that was decoded with the wrong table somewhere on its way, found by ftfy."""

from __future__ import annotations

import re

from sitegen.base.errors import Problem, Span
from sitegen.model import Source

_NON_ASCII = re.compile(r"[^\x00-\x7f]+")


def find_mojibake(source: Source) -> list[Problem]:
    """A warning for each line that looks mis-decoded, with what it probably meant.

    The text itself is published as it stands.
    """
    if source.text.isascii():
        return []
    import ftfy  # 30 ms, which a site in plain English need not wait for
    import ftfy.badness

    found = []
    for number, line in enumerate(source.text.split("\n"), 1):
        if line.isascii() or not ftfy.badness.is_bad(line):
            continue
        meant = ftfy.fix_encoding(line)
        run = next((m for m in _NON_ASCII.finditer(line) if ftfy.badness.is_bad(m.group())), None)
        if meant == line or run is None:
            continue
        likely = ftfy.fix_encoding(run.group())
        span = Span(source.file, number, run.start() + 1, len(run.group()))
        message = f"`{run.group()}` looks mis-decoded"
        help = f"`{likely}` is probably meant; it is published as written"
        found.append(Problem("warning", "mojibake", message, span, line, (help,)))
    return found
