"""Names that are not there: false in a condition, as in Tera, and an error anywhere else. An entry
that a map does not have may be compared, and equals nothing.

A page, a section and their like have the fields that they have: a condition on another one is
always false, which is worth a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import jinja2
import msgspec


class MissingError(jinja2.UndefinedError):
    """A name was used that is not there; `known` are those that it may be meant to be.

    `known` is None for a name of the context itself.
    """

    def __init__(self, message: str | None, name: str, known: tuple[str, ...] | None) -> None:
        super().__init__(message)
        self.name = name
        self.known = known


class Missing(jinja2.Undefined):
    """What a name that is not there stands for; so does everything that is asked of it."""

    __slots__ = ()

    def _fail_with_undefined_error(self, *args: Any, **kwargs: Any) -> NoReturn:
        known = None if self._undefined_obj is jinja2.utils.missing else known_names(self)
        raise MissingError(self._undefined_message, str(self._undefined_name), known)

    __add__ = __radd__ = __sub__ = __rsub__ = _fail_with_undefined_error
    __mul__ = __rmul__ = __div__ = __rdiv__ = _fail_with_undefined_error
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _fail_with_undefined_error
    __mod__ = __rmod__ = __pos__ = __neg__ = __call__ = _fail_with_undefined_error
    __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = _fail_with_undefined_error
    __complex__ = __pow__ = __rpow__ = _fail_with_undefined_error
    __iter__ = __str__ = __len__ = _fail_with_undefined_error
    __hash__ = __contains__ = _fail_with_undefined_error

    def __eq__(self, other: object) -> bool:
        """Whether it is nothing too, of an entry of a map: keys of `extra` need not be there."""
        if not isinstance(self._undefined_obj, Mapping):
            self._fail_with_undefined_error()
        return isinstance(other, jinja2.Undefined) or other is None

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __bool__(self) -> bool:
        if isinstance(self._undefined_obj, msgspec.Struct):
            self.told(self)
        return False

    @staticmethod
    def told(missing: Missing) -> None:
        """Told of every condition on a field that its value can never have."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self


def known_names(missing: Missing) -> tuple[str, ...]:
    """The names that the value has of which something else was asked."""
    value = missing._undefined_obj
    names: Iterable[Any] = ()
    if isinstance(value, Mapping):
        names = value
    elif isinstance(value, msgspec.Struct):
        names = (name for name in dir(type(value)) if not name.startswith("_"))
    return tuple(str(name) for name in names)


def missing_type(tell: Callable[[Missing], None]) -> type[Missing]:
    """The class of missing names that tells of conditions which are always false."""
    return type("Missing", (Missing,), {"__slots__": (), "told": staticmethod(tell)})
