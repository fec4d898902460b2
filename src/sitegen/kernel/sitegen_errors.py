"""What a traceback says of an exception besides its places: standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

MOST = 5
"""How far the exceptions behind one, and groups within groups, are followed."""


def describe(error: BaseException) -> str:
    """The exception's message, its notes, the members of a group, and what stands behind it."""
    return "\n".join([*_own(error, MOST), *_behind(error)])


def _own(error: BaseException, depth: int) -> Iterator[str]:
    yield str(error)
    yield from (note for note in getattr(error, "__notes__", ()) if isinstance(note, str))
    if isinstance(error, BaseExceptionGroup) and depth:
        for member in error.exceptions:
            yield indent(_named(member, "\n".join(_own(member, depth - 1))), "  ")


def _behind(error: BaseException) -> Iterator[str]:
    """The exceptions that led to this one; jax's hold its own frames, and are none of a post's."""
    for _ in range(MOST):
        caused = error.__cause__ is not None
        before = error.__cause__ if caused or error.__suppress_context__ else error.__context__
        if before is None:
            return
        error = before
        if not type(error).__module__.startswith("jax."):
            first = str(error).partition("\n")[0]
            yield f"{'caused by' if caused else 'while handling'} {_named(error, first)}"


def _named(error: BaseException, message: str) -> str:
    name = type(error).__name__
    return f"{name}: {message}" if message else name
