"""Values of declared types from what a file of JSON holds: nothing of another type gets in."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

_T = TypeVar("_T")


def of_type(kind: type[_T], value: Any) -> _T:
    """What ``dataclasses.asdict`` and JSON made of a ``kind``, as that again.

    A kind is a dataclass, an enumeration, ``str``, ``int``, ``float``, ``bool``, or an optional
    one, a tuple or a mapping of these.

    Raises:
        TypeError, ValueError, KeyError, OverflowError: it is something else.
    """
    made: _T = _made(kind, value)
    return made


def _made(kind: Any, value: Any) -> Any:
    inner = get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _made(hints[name], one) for name, one in _a(dict, value).items()})
    if get_origin(kind) is tuple:
        return tuple(_made(inner[0], one) for one in _a(list, value))
    if get_origin(kind) is Mapping:
        return {key: _made(inner[1], one) for key, one in _a(dict, value).items()}
    if get_origin(kind) is UnionType:
        return None if value is None else _made(inner[0], value)
    if get_origin(kind) is Literal:
        return inner[inner.index(value)]
    if issubclass(kind, Enum):
        return kind(value)
    if kind is float:
        return float(_a(int | float, value))
    return _a(kind, value)


def _a(kind: Any, value: Any) -> Any:
    """The value, which has to be of that kind; a truth value is no number."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        expected = getattr(kind, "__name__", str(kind))
        raise TypeError(f"{str(value)[:40]!r} is no {expected}")
    return value
