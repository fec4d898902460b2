"""Drift: how the libraries that a result was measured with differ from those of today."""

from __future__ import annotations

from collections.abc import Mapping

from sitegen.model import Provenance

LIBRARIES = ("torch", "jax", "jaxlib", "numpy")
"""The packages whose versions are compared of any result, with that of Python itself."""


def find_drift(stored: Provenance, python: str, packages: Mapping[str, str]) -> tuple[str, ...]:
    """Each library of the stored result that has another version here, in words.

    Compared are Python, the frameworks, and what the post's own code imports; what these need in
    turn is recorded, and left alone. A library that the result's machine did not have is no drift.
    """
    measured = {"Python": stored.python, **stored.packages}
    here = {"Python": python, **packages}
    return tuple(
        f"{name} {measured[name]}, here {here.get(name, 'none')}"
        for name in ("Python", *_compared(stored))
        if measured.get(name) and measured[name] != here.get(name)
    )


def version_set(stored: Provenance) -> tuple[str, ...]:
    """Equal for two results that were measured with the same libraries."""
    known = stored.packages
    return (stored.python, *(f"{name} {known.get(name, '')}" for name in _compared(stored)))


def _compared(stored: Provenance) -> tuple[str, ...]:
    return (*LIBRARIES, *(name for name in stored.imports if name not in LIBRARIES))
