"""Which module of a model is running."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from gradsheet.models.graph import Where

LOSS = "loss"
"""The path of the loss."""


class Scope:
    """The modules that are running, the innermost last, and the custom functions."""

    def __init__(self, model: nn.Module) -> None:
        self._names = {id(module): path for path, module in model.named_modules()}
        standard = _is_layer(model)
        self._root = Where("", type(model).__name__, 0, standard)
        self._stack: list[Where] = []
        self._calls = 0
        self.depth = 0
        self.functions: list[str] = []
        self.own_gradient: Callable[[Any, Sequence[Any], Any], Any] | None = None
        self.decided: dict[str, None] = {}  # the paths where values of the input decide
        self.drawn: dict[str, None] = {}  # the paths where random numbers are drawn, in order

    @property
    def custom(self) -> bool:
        """Whether a custom ``torch.autograd.Function`` is running."""
        return self.depth > 0

    @property
    def where(self) -> Where:
        """The module that is running."""
        return self._stack[-1] if self._stack else self._root

    @contextmanager
    def without_gradients(self) -> Iterator[None]:
        """A block below torch's autograd, where no tensor says whether it takes a gradient."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def place(self) -> str:
        """The module that is running, for a message."""
        where = self.where
        return f"{where.path} ({where.kind})" if where.path else where.kind

    @contextmanager
    def inside(self, path: str, kind: str, standard: bool) -> Iterator[None]:
        """Run a part under a name."""
        self._calls += 1
        self._stack.append(Where(path, kind, self._calls, standard))
        try:
            yield
        finally:
            self._stack.pop()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Follow the modules and the custom functions that run in the block."""
        before = nn.Module.__call__
        scope = self

        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            path = scope._names.get(id(module))
            if not path:
                return before(module, *args, **kwargs)
            standard = _is_layer(module)
            with scope.inside(path, type(module).__name__, standard):
                return before(module, *args, **kwargs)

        nn.Module.__call__ = call  # type: ignore[method-assign]
        kept = [(cls, cls.__dict__["forward"]) for cls in _custom_functions()]
        for cls, forward in kept:
            cls.forward = staticmethod(self._followed(cls, forward))
        try:
            yield
        finally:
            nn.Module.__call__ = before  # type: ignore[method-assign]
            for cls, forward in kept:
                cls.forward = forward

    def _followed(self, cls: Any, forward: Any) -> Callable[..., Any]:
        """The forward pass of a custom function, which counts as running meanwhile."""
        plain = forward.__func__ if isinstance(forward, staticmethod) else forward

        def followed(*args: Any, **kwargs: Any) -> Any:
            self.depth += 1
            self.functions.append(cls.__name__)
            try:
                result = plain(*args, **kwargs)
                if self.own_gradient is None or self.depth > 1:
                    return result
                return self.own_gradient(cls, args, result)
            finally:
                self.depth -= 1

        return followed


def _is_layer(module: nn.Module) -> bool:
    """Whether a module is a layer of torch's own, not made of others."""
    plain = type(module).__module__.startswith(("torch.nn.", "torch.nn.utils.parametrize"))
    whole = isinstance(module, nn.MultiheadAttention) or not any(
        isinstance(child, nn.Module) and any(True for _ in child.parameters(recurse=False))
        for child in module.children()
    )
    return plain and whole


def _custom_functions() -> list[Any]:
    """Every custom function that there is, but for those that are made anew from others."""
    found: list[Any] = []
    waiting: list[Any] = [torch.autograd.Function]
    while waiting:
        for cls in waiting.pop().__subclasses__():
            waiting.append(cls)
            if isinstance(cls.__dict__.get("forward"), staticmethod):
                found.append(cls)
    return found
