"""Arguments of public functions: another type than the one written there is invalid input."""

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from gradsheet.errors import GradsheetError

_P = ParamSpec("_P")
_R = TypeVar("_R")

# What else is taken for a type: NumPy's numbers and paths of other libraries are none of Python's.
_WIDER: dict[type, type] = {int: Integral, float: Real, Path: PathLike}


def checked(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function refuse arguments of another type than it states.

    Plain types, sequences and unions of them are checked, not what a container holds.

    Raises:
        GradsheetError: when the function is called, naming the argument.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def check(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        hints = get_type_hints(function)
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            kinds = _kinds(hints.get(name))
            if kinds and not isinstance(value, kinds):
                raise GradsheetError(
                    f"{name} of {function.__name__}() is of type {type(value).__name__}; expected "
                    f"{_in_words(hints[name])}"
                )
        return function(*args, **kwargs)

    return check


def _kinds(hint: Any) -> tuple[type, ...]:
    """The types that a hint takes; none where it is not made of plain types."""
    if hint is Any:
        return ()
    if get_origin(hint) in (Sequence, Iterable):
        return (Iterable,)  # an array of NumPy's is no Sequence
    if isinstance(hint, type) and get_origin(hint) is None:
        return (_WIDER.get(hint, hint),)
    if get_origin(hint) not in (Union, UnionType):
        return ()
    kinds = [_kinds(part) for part in get_args(hint)]
    return tuple(kind for found in kinds for kind in found) if all(kinds) else ()


def _in_words(hint: Any) -> str:
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    names = [part.__name__ for part in parts if part is not NoneType]
    return f"{', '.join(names[:-1])} or {names[-1]}" if names[1:] else names[0]
