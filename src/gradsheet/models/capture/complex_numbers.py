"""Complex numbers as pairs of real ones: what each of torch's operations does to both parts.

The elements of a complex tensor are those of its parts, side by side as in memory, so
``view_as_real``, ``.real`` and every view cost nothing. A part that is 0 everywhere has no cells.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.capture.builder import UNKNOWN, Builder, Value
from gradsheet.models.capture.fourier import fourier
from gradsheet.models.capture.indexing import RULES as INDEXING
from gradsheet.models.capture.moves import MOVES
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.capture.products import RULES as PRODUCTS
from gradsheet.models.capture.reductions import RULES as REDUCTIONS
from gradsheet.models.graph import Shape
from gradsheet.symbolic import elementary as el
from gradsheet.symbolic.expression import ZERO, Expression, apply
from gradsheet.symbolic.operations import SQUARE, SQUARE_ROOT

Part = Value | float
"""The numbers of one part; a plain number where they are all that number."""


@dataclass(frozen=True)
class Complex:
    """A complex tensor, or a real one among complex ones."""

    re: Part
    im: Part
    shape: Shape

    @property
    def is_real(self) -> bool:
        """Whether there is no imaginary part."""
        return not isinstance(self.im, Value) and self.im == 0


def as_real(tensor: Tensor) -> Tensor:
    """A tensor of real numbers: of complex ones their parts in a last dimension."""
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


def involves_complex(name: str, leaves: list[Any]) -> bool:
    """Whether an operation takes or makes complex numbers, by its name and its arguments."""
    return name in _MAKING or any(
        (isinstance(leaf, Value) and leaf.dtype.is_complex)
        or isinstance(leaf, complex)
        or (isinstance(leaf, torch.dtype) and leaf.is_complex)
        for leaf in leaves
    )


def lowered(builder: Builder, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """What an operation on complex numbers gives.

    Raises:
        GradsheetError: it has no formulas.
    """
    if name in RULES:
        return RULES[name](builder, *args, **kwargs)
    plain = _PART_BY_PART.get(name)
    if plain is None:
        raise builder.refuse(f"torch's {name} of complex numbers")
    kwargs = {key: given for key, given in kwargs.items() if key != "dtype"}
    halves = [
        plain(builder, *_halves(list(args), name, imaginary), **kwargs)
        for imaginary in (False, True)
    ]
    if isinstance(halves[0], list):
        return [_joined(*pair) for pair in zip(*halves, strict=True)]
    return _joined(*halves)


# --- parts ---------------------------------------------------------------------------------------


def _split(given: Any) -> Complex:
    """The parts of an argument."""
    if not isinstance(given, Value):
        number = complex(given)
        return Complex(number.real, number.imag, ())
    if not given.dtype.is_complex:
        return Complex(given, 0.0, given.shape)
    return Complex(_part(given, 0), _part(given, 1), given.shape[:-1])


def _part(given: Value, which: int) -> Part:
    """The real (0) or the imaginary (1) part of a complex tensor."""
    numbers = None if given.constant is None else given.constant[..., which]
    part = Value(given.ids[..., which], given.flows, torch.float64, numbers, given.name)
    number = part.uniform()
    return part if number is None else number


def _whole(part: Part, shape: Shape) -> Value:
    """A part as a tensor of a shape."""
    if isinstance(part, Value):
        return Value(
            np.broadcast_to(part.ids, shape),
            part.flows,
            part.dtype,
            None if part.constant is None else part.constant.expand(shape),
            part.name,
        )
    numbers = torch.full(shape, float(part), dtype=torch.float64)
    return Value(np.full(shape, UNKNOWN), False, torch.float64, numbers)


def _joined(re: Part, im: Part, shape: Shape | None = None) -> Value:
    """The complex tensor of two parts; a shape is needed where both are numbers."""
    if shape is None:
        shapes = [part.shape for part in (re, im) if isinstance(part, Value)]
        shape = np.broadcast_shapes(*shapes)
    parts = [_whole(part, shape) for part in (re, im)]
    ids = np.stack([part.ids for part in parts], axis=-1)
    numbers = [_numbers(part) for part in parts]
    known = [n for n in numbers if n is not None]
    constant = torch.stack(known, dim=-1) if len(known) == len(numbers) else None
    return Value(ids, any(part.flows for part in parts), torch.complex128, constant)


def _numbers(part: Value) -> Tensor | None:
    """The numbers of a part where they are constants; None where torch's result has them."""
    if part.constant is not None:
        return part.constant.double()
    return None if (part.ids == UNKNOWN).any() else torch.zeros(part.shape, dtype=torch.float64)


def _halves(args: Any, name: str, imaginary: bool, depth: int = 0) -> Any:
    """The arguments with one part of each complex or real tensor, and of numbers to fill in."""
    found = []
    for place, given in enumerate(args):
        if isinstance(given, list | tuple):
            found.append(_halves(given, name, imaginary, depth + 1))
        elif isinstance(given, Value) and (given.dtype.is_complex or given.dtype.is_floating_point):
            parts = _split(given)
            part = parts.im if imaginary else parts.re
            found.append(_whole(part, parts.shape))
        elif not depth and place in _NUMBERS.get(name, ()):
            number = complex(given)
            found.append(number.imag if imaginary else number.real)
        else:
            found.append(given)
    return found


_NUMBERS = {"add": (0, 1), "sub": (0, 1), "rsub": (0, 1), "masked_fill": (2,), "scatter": (3,),
            "constant_pad_nd": (2,)}  # fmt: skip
"""Which arguments are numbers like those of a tensor, not sizes."""


# --- arithmetic of parts, without cells for 0 ----------------------------------------------------


def _plus(builder: Builder, a: Part, b: Part, sign: int = 1) -> Part:
    if not isinstance(b, Value) and b == 0:
        return a
    if not isinstance(a, Value):
        if not isinstance(b, Value):
            return a + sign * b
        if a == 0:
            return b if sign == 1 else pointwise("neg")(builder, b)
        return pointwise("add" if sign == 1 else "rsub")(builder, b, a)
    return pointwise("add" if sign == 1 else "sub")(builder, a, b)


def _times(builder: Builder, a: Part, b: Part) -> Part:
    if not isinstance(a, Value):
        a, b = b, a
    if not isinstance(a, Value):
        return a * b if not isinstance(b, Value) else b
    if isinstance(b, Value):
        return pointwise("mul")(builder, a, b)
    if b in (0, 1):
        return a if b else 0.0
    return pointwise("mul")(builder, a, b) if b != -1 else pointwise("neg")(builder, a)


def _function(
    builder: Builder,
    name: str,
    expression: Callable[..., Expression],
    compute: Callable[..., Tensor],
    *parts: Part,
) -> Value:
    """A function of parts as one formula."""
    shape = np.broadcast_shapes(*(part.shape for part in parts if isinstance(part, Value)))
    return builder.apply(name, expression, compute, *(_whole(part, shape) for part in parts))


def _mul(builder: Builder, a: Any, b: Any) -> Value:
    x, y = _split(a), _split(b)
    shape = np.broadcast_shapes(x.shape, y.shape)
    if x.is_real or y.is_real or not all(isinstance(p, Value) for p in (x.re, x.im, y.re, y.im)):
        re = _plus(builder, _times(builder, x.re, y.re), _times(builder, x.im, y.im), -1)
        im = _plus(builder, _times(builder, x.re, y.im), _times(builder, x.im, y.re))
        return _joined(re, im, shape)
    parts = x.re, x.im, y.re, y.im
    re = _of_four(builder, "real part of product", lambda a, b, c, d: a * c - b * d, *parts)
    im = _of_four(builder, "imaginary part of product", lambda a, b, c, d: a * d + b * c, *parts)
    return _joined(re, im)


def _of_four(builder: Builder, name: str, function: Callable[..., Any], *parts: Part) -> Value:
    """A function of the parts of two numbers, spelled alike for expressions and tensors."""
    return _function(builder, name, function, function, *parts)


def _real_of_quotient(a: Any, b: Any, c: Any, d: Any) -> Any:
    return (a * c + b * d) / (c * c + d * d)


def _imaginary_of_quotient(a: Any, b: Any, c: Any, d: Any) -> Any:
    return (b * c - a * d) / (c * c + d * d)


def _div(builder: Builder, a: Any, b: Any, rounding_mode: None = None) -> Value:
    x, y = _split(a), _split(b)
    shape = np.broadcast_shapes(x.shape, y.shape)
    if y.is_real:
        re, im = (
            pointwise("div")(builder, _whole(p, x.shape), y.re) if isinstance(p, Value) or p else p
            for p in (x.re, x.im)
        )
        return _joined(re, im, shape)
    parts = x.re, x.im, y.re, y.im
    re = _of_four(builder, "real part of quotient", _real_of_quotient, *parts)
    im = _of_four(builder, "imaginary part of quotient", _imaginary_of_quotient, *parts)
    return _joined(re, im, shape)


def _bilinear(name: str) -> Callable[..., Value]:
    """A product of matrices or vectors, part by part."""
    rule = PRODUCTS[name]

    def lower(builder: Builder, a: Any, b: Any, **_: Any) -> Value:
        x, y = _split(a), _split(b)

        def times(p: Part, q: Part) -> Part:
            if any(not isinstance(part, Value) and part == 0 for part in (p, q)):
                return 0.0
            found: Value = rule(builder, _whole(p, x.shape), _whole(q, y.shape))
            return found

        sign = -1 if name == "vdot" else 1  # vdot conjugates its first
        re = _plus(builder, times(x.re, y.re), times(x.im, y.im), -sign)
        im = _plus(builder, times(x.re, y.im), times(x.im, y.re), sign)
        shape = (*x.shape[:-1], *y.shape[:-2], *y.shape[-1:]) if len(y.shape) > 1 else x.shape[:-1]
        shape = (*x.shape[:-1], y.shape[-1]) if name == "bmm" else shape
        return _joined(re, im, shape)

    return lower


def _with_added(name: str) -> Callable[..., Value]:
    def lower(
        builder: Builder, added: Any, a: Any, b: Any, beta: float = 1, alpha: float = 1
    ) -> Value:
        found: Any = _bilinear(name)(builder, a, b)
        scaled = found if alpha == 1 else _mul(builder, found, alpha)
        more = added if beta == 1 else _mul(builder, added, beta)
        total: Value = lowered(builder, "add", (scaled, more), {})
        return total

    return lower


# --- functions -----------------------------------------------------------------------------------


def _absolute(builder: Builder, z: Value) -> Value:
    """The absolute value, whose gradient at 0 is 0."""
    x = _split(z)

    def size(a: Expression, b: Expression) -> Expression:
        squares = apply(SQUARE, a) + apply(SQUARE, b)
        return el.choice(apply(el.GREATER, squares, ZERO), apply(SQUARE_ROOT, squares), ZERO)

    return _function(builder, "absolute value", size,
                     lambda a, b: torch.complex(a, b).abs(), x.re, x.im)  # fmt: skip


def _angle(builder: Builder, z: Value) -> Value:
    x = _split(z)
    return pointwise("atan2")(builder, _whole(x.im, x.shape), _whole(x.re, x.shape))


def _exp(builder: Builder, z: Value) -> Value:
    x = _split(z)
    size = pointwise("exp")(builder, _whole(x.re, x.shape))
    return _polar(builder, size, _whole(x.im, x.shape))


def _log(builder: Builder, z: Value) -> Value:
    return _joined(pointwise("log")(builder, _absolute(builder, z)), _angle(builder, z))


def _sqrt(builder: Builder, z: Value) -> Value:
    half = pointwise("div")(builder, _angle(builder, z), 2)
    return _polar(builder, pointwise("sqrt")(builder, _absolute(builder, z)), half)


def _polar(builder: Builder, size: Value, angle: Value, **_: Any) -> Value:
    re, im = (_times(builder, size, pointwise(f)(builder, angle)) for f in ("cos", "sin"))
    return _joined(re, im)


def _complex(builder: Builder, re: Value, im: Value, **_: Any) -> Value:
    return _joined(re, im)


def conjugate(builder: Builder, z: Value) -> Value:
    """The conjugate number."""
    x = _split(z)
    return _joined(x.re, _times(builder, x.im, -1.0), x.shape)


def _sgn(builder: Builder, z: Value) -> Value:
    return _div(builder, z, _absolute(builder, z))


def _pow(builder: Builder, z: Any, power: Any) -> Value:
    if isinstance(power, Value) or not isinstance(z, Value) or power != int(power) or power < 1:
        raise builder.refuse("this power of complex numbers")
    found = z
    for _ in range(int(power) - 1):
        found = _mul(builder, found, z)
    return found


def _to_type(builder: Builder, value: Value, dtype: Any = None, **_: Any) -> Value:
    x = _split(value)
    if dtype is None or dtype.is_complex:
        return _joined(x.re, x.im, x.shape)
    return _whole(x.re, x.shape)


def _copy(builder: Builder, target: Value, source: Value, *_: Any, **__: Any) -> Value:
    x = _split(source)
    if target.dtype.is_complex:
        return _joined(x.re, x.im, target.shape[:-1])
    return _whole(x.re, target.shape)


def _norm(builder: Builder, z: Value, *args: Any, **kwargs: Any) -> Any:
    return REDUCTIONS["linalg_vector_norm"](builder, _absolute(builder, z), *args, **kwargs)


def _fourier(real_input: bool) -> Callable[..., Value]:
    def lower(builder: Builder, x: Value, dims: Any, normalization: int, flag: bool) -> Value:
        return fourier(builder, _parts_last(builder, x, real_input), dims, normalization, flag)

    return lower


def _parts_last(builder: Builder, x: Value, real_input: bool) -> Value:
    """A real tensor as it is, a complex one as pairs."""
    if real_input and not x.dtype.is_complex:
        return builder.whole(x)
    z = _split(x)
    return _joined(z.re, z.im, z.shape)


def _inverse_to_real(builder: Builder, x: Value, dims: Any, normalization: int, last: int) -> Value:
    return fourier(builder, _parts_last(builder, x, False), dims, normalization, last)


_PART_BY_PART: dict[str, Callable[..., Any]] = {
    **{name: rule for name, rule in MOVES.items() if name not in ("copy", "_to_copy", "to")},
    **{name: pointwise(name) for name in ("add", "sub", "rsub", "neg")},
    **{name: REDUCTIONS[name] for name in ("sum", "mean", "cumsum", "trace")},
    **{name: rule for name, rule in INDEXING.items() if name not in ("one_hot", "bincount")},
}

RULES: dict[str, Callable[..., Any]] = {
    "mul": _mul,
    "div": _div,
    "reciprocal": lambda builder, z: _div(builder, 1.0, z),
    "square": lambda builder, z: _mul(builder, z, z),
    "pow": _pow,
    **{name: _bilinear(name) for name in ("mm", "bmm", "mv", "dot", "vdot")},
    "addmm": _with_added("mm"),
    "baddbmm": _with_added("bmm"),
    "abs": _absolute,
    "angle": _angle,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "sgn": _sgn,
    "polar": _polar,
    "complex": _complex,
    "_conj": conjugate,
    "_conj_physical": conjugate,
    "conj_physical": conjugate,
    "_to_copy": _to_type,
    "copy": _copy,
    "linalg_vector_norm": _norm,
    "_fft_r2c": _fourier(True),
    "_fft_c2c": _fourier(False),
    "_fft_c2r": _inverse_to_real,
}

_MAKING = frozenset({"polar", "complex", "_fft_r2c", "_fft_c2c", "_fft_c2r"})
