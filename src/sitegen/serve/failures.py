"""What the preview says of what has failed in it, and is no mistake of the author's."""

from __future__ import annotations

from sitegen.base.errors import Problem, Span


def about_error(error: Exception, span: Span | None = None) -> Problem:
    """What an error that nobody expected means, at the place that it concerns."""
    if isinstance(error, OSError):
        message = f"the preview cannot be written: `{error.filename}`: {error.strerror}"
        return Problem("fatal", "preview", message, span)
    return about_bug(error, span)


def about_bug(error: Exception, span: Span | None = None) -> Problem:
    """What a bug of ours means for the author, at the place that it concerns."""
    message = f"sitegen itself has failed: {type(error).__name__}: {error}"
    help = ("the terminal shows where; please report it",)
    return Problem("fatal", "bug", message, span, help=help)
