"""Highlighting on Pygments' own examples: the same tokens, and how much sooner.

    python -m bench.lexing .venv/pygments/pygments-*.tar.gz

`make .venv/pygments` gets the file, Pygments' source, whose `tests` hold the examples. Every lexer
whose rules are joined reads its own; lists what differs, and exits with 1 if anything does.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name

from sitegen.render.lexing import Reader, has_own_way


class Example(NamedTuple):
    """A text that the lexer of this name is to read, and the file in which it is."""

    lexer: str
    file: str
    text: str


def load_examples(source: Path) -> Iterator[Example]:
    """The examples in Pygments' source, `examplefiles/LEXER/FILE` and `snippets/LEXER/FILE.txt`;
    their lines end as those of a post that has been read."""
    with tarfile.open(source) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if len(path.parts) != 5 or path.suffix == ".output":
                continue
            kind, lexer = path.parts[2:4]
            data = archive.extractfile(member)
            if data is None or kind not in {"examplefiles", "snippets"}:
                continue
            text = data.read().decode("utf-8", "replace")
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            if kind == "snippets":
                text = text.partition("---input---\n")[2].partition("\n---tokens---\n")[0]
            yield Example(lexer, str(path), text)


def lexer_of(name: str) -> Lexer:
    """The lexer as posts are read by it."""
    return get_lexer_by_name(name, stripnl=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=Path)
    readers: dict[str, tuple[Lexer, Reader]] = {}
    examples, left, theirs, ours = 0, 0, 0.0, 0.0
    wrong = []
    for name, file, text in load_examples(parser.parse_args().source):
        if name not in readers:
            lexer = lexer_of(name)
            readers[name] = lexer, Reader(lexer, lambda kind: kind, 0)
        lexer, reader = readers[name]
        if has_own_way(lexer):
            left += 1
            continue
        examples += 1
        list(reader.tokens(text))  # joins the rules, which is done once
        began = time.perf_counter()
        expected = list(lexer.get_tokens(text))
        between = time.perf_counter()
        found = list(reader.tokens(text))
        theirs += between - began
        ours += time.perf_counter() - between
        if found != expected:
            wrong.append(file)
    print(f"{examples:,} examples, {len(wrong)} of them read otherwise; {left} left to Pygments")
    print(f"Pygments {theirs:.1f} s, ours {ours:.1f} s: {ours / theirs:.2f} x")
    for file in wrong:
        print(f"  {file}")
    sys.exit(bool(wrong) or not examples)


if __name__ == "__main__":
    main()
