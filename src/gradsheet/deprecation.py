"""Names and positions of version 0.1 that are accepted in version 0.2, with a warning."""

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


class FormerKey(FutureWarning):
    """A file has a key under its name of an earlier version."""


def formerly(
    positions: tuple[str, ...] = (), **names: str
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Accept the arguments of a function as they were given before, with a DeprecationWarning.

    Args:
        positions: the keywords of today that were positional, behind those that still are.
        names: for each former keyword the present one.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        name, still = function.__name__, inspect.unwrap(function).__code__.co_argcount

        @functools.wraps(function)
        def accept(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            given = dict(zip(positions, args[still:], strict=False))
            if given:
                warn_renamed(f"a positional argument of {name}()", "=, ".join(given) + "=")
            for old in names.keys() & kwargs.keys():
                warn_renamed(f"{old}= of {name}()", f"{names[old]}=")
                given[names[old]] = kwargs.pop(old)
            rest = args[:still] + args[still + len(positions) :]
            return function(*rest, **given, **kwargs)  # type: ignore[arg-type]

        return accept

    return decorate


def warn_renamed(old: str, new: str) -> None:
    """Warn, at the line that called the caller, that ``old`` is now ``new``."""
    words = f"{old} is now {new}; version 0.3 removes the old way"
    warnings.warn(words, DeprecationWarning, stacklevel=3)
