"""Everything in float64, also where a model asks for less."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

_WIDE = {
    **dict.fromkeys((torch.float32, torch.float16, torch.bfloat16), torch.float64),
    **dict.fromkeys((torch.complex64, torch.complex32), torch.complex128),
}
"""In place of each shorter type."""


def _named(method: str) -> Callable[..., Any]:
    """A method of tensors that torch's own types leave out."""
    found: Callable[..., Any] = getattr(Tensor, method)
    return found


_CASTS: dict[Callable[..., Any], Callable[..., Any]] = {
    **dict.fromkeys((Tensor.float, Tensor.half, Tensor.bfloat16), Tensor.double),
    **dict.fromkeys(map(_named, ("cfloat", "chalf")), _named("cdouble")),
}
"""In place of each method that makes a tensor short."""


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
        func = _CASTS.get(func, func)
        args, kwargs = tree_map(_wide, (args, kwargs or {}))
        return _widened(func(*args, **kwargs))


def _wide(argument: Any) -> Any:
    return _WIDE.get(argument, argument) if isinstance(argument, torch.dtype) else argument


def _widened(result: Any) -> Any:
    return widened(result) if isinstance(result, Tensor) else result


def widened(tensor: Tensor) -> Tensor:
    """The tensor in float64 or complex128, where it is of a shorter type."""
    wide = _WIDE.get(tensor.dtype)
    return tensor if wide is None else tensor.to(wide)


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
