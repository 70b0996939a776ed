"""Everything in float64, also where a model asks for less."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

_LESS = (torch.float32, torch.float16, torch.bfloat16)
_CASTS = {Tensor.float, Tensor.half, Tensor.bfloat16}


class Float64(TorchFunctionMode):
    """While it is active, what would be of a shorter type is of float64."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call with float64 in place of shorter types, and widen what comes shorter."""
        if func in _CASTS:
            func = Tensor.double
        args, kwargs = tree_map(_wide, (args, kwargs or {}))
        return _widened(func(*args, **kwargs))


def _wide(argument: Any) -> Any:
    return torch.float64 if isinstance(argument, torch.dtype) and argument in _LESS else argument


def _widened(result: Any) -> Any:
    short = isinstance(result, Tensor) and result.dtype in _LESS
    return result.double() if short else result


@contextmanager
def in_float64(seed: int = 0) -> Iterator[None]:
    """Run the block in float64, with gradients, and with the same random numbers every time."""
    before = torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(seed)
        torch.set_default_dtype(torch.float64)
        try:
            with Float64():
                yield
        finally:
            torch.set_default_dtype(before)
