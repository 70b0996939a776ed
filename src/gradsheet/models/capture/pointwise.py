"""Torch's elementwise operations, each with the expression that its cells get."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.capture.builder import INFINITE, Builder, Value, finite
from gradsheet.models.primitives.elementwise import Elementwise
from gradsheet.symbolic import elementary as el
from gradsheet.symbolic.expression import ONE, ZERO, Expression, Number, Operation, apply
from gradsheet.symbolic.operations import (
    EXPONENTIAL,
    LOGARITHM,
    RELU,
    SIGMOID,
    SQUARE,
    SQUARE_ROOT,
    TANH,
    leaky_relu,
)

Argument = Any
_LN2, _LN10 = 0.6931471805599453, 2.302585092994046


def e(x: Argument) -> Expression:
    """An argument as an expression."""
    return x if isinstance(x, Expression) else Number(float(x))


def _unary(operation: Operation) -> Callable[..., Expression]:
    return lambda x: apply(operation, e(x))


def _binary(operation: Operation) -> Callable[..., Expression]:
    return lambda a, b: apply(operation, e(a), e(b))


def _divide(a: Argument, b: Argument, rounding_mode: str | None = None) -> Expression:
    quotient = e(a) / e(b)
    if rounding_mode == "floor":
        return apply(el.FLOOR, quotient)
    return quotient if rounding_mode is None else _truncate(quotient)


def _truncate(x: Argument) -> Expression:
    sign, size = apply(el.SIGN, e(x)), apply(el.ABSOLUTE, e(x))
    return sign * apply(el.FLOOR, size)


def _remainder(a: Argument, b: Argument) -> Expression:
    return e(a) - apply(el.FLOOR, e(a) / e(b)) * e(b)


def _not(x: Argument) -> Expression:
    return el.truth_not(e(x))


def _and(a: Argument, b: Argument) -> Expression:
    return el.choice(e(a), apply(el.NOT_EQUAL, e(b), ZERO), ZERO)


def _or(a: Argument, b: Argument) -> Expression:
    return el.choice(e(a), ONE, apply(el.NOT_EQUAL, e(b), ZERO))


def _clamp(x: Argument, low: Argument = None, high: Argument = None) -> Expression:
    return el.clamp(e(x), None if low is None else e(low), None if high is None else e(high))


def _leaky(x: Argument, slope: float = 0.01) -> Expression:
    if 0 <= slope <= 1:
        return apply(leaky_relu(float(slope)), e(x))
    return el.choice(apply(el.GREATER, e(x), ZERO), e(x), slope * e(x))


def _prelu(x: Argument, weight: Argument) -> Expression:
    return el.choice(apply(el.GREATER, e(x), ZERO), e(x), e(weight) * e(x))


def _threshold(x: Argument, threshold: float, value: float) -> Expression:
    return el.choice(apply(el.GREATER, e(x), Number(threshold)), e(x), Number(value))


def _softshrink(x: Argument, width: float = 0.5) -> Expression:
    lower = el.choice(apply(el.LESS, e(x), Number(-width)), e(x) + Number(width), ZERO)
    return el.choice(apply(el.GREATER, e(x), Number(width)), e(x) - Number(width), lower)


def _hardshrink(x: Argument, width: float = 0.5) -> Expression:
    inside = el.clamp(e(x), Number(-width), Number(width))
    return el.choice(apply(el.EQUAL, inside, e(x)), ZERO, e(x))


def _elu(x: Argument, alpha: float = 1, scale: float = 1, inner: float = 1) -> Expression:
    return el.elu(e(x), float(alpha), float(scale), float(inner))


def _sinh(x: Argument) -> Expression:
    return (apply(EXPONENTIAL, e(x)) - apply(EXPONENTIAL, -e(x))) / 2


def _cosh(x: Argument) -> Expression:
    return (apply(EXPONENTIAL, e(x)) + apply(EXPONENTIAL, -e(x))) / 2


def _tan(x: Argument) -> Expression:
    return apply(el.SINE, e(x)) / apply(el.COSINE, e(x))


def _exp(x: Argument) -> Expression:
    return apply(EXPONENTIAL, e(x))


def _log(x: Argument) -> Expression:
    return apply(LOGARITHM, e(x))


def _nan_to_num(x: Argument, *_: Argument, **__: Argument) -> Expression:
    return e(x) + ZERO


POINTWISE: dict[str, Callable[..., Expression]] = {
    "add": lambda a, b, alpha=1: e(a) + e(alpha) * e(b),
    "sub": lambda a, b, alpha=1: e(a) - e(alpha) * e(b),
    "rsub": lambda a, b, alpha=1: e(b) - e(alpha) * e(a),
    "mul": lambda a, b: e(a) * e(b),
    "div": _divide,
    "floor_divide": lambda a, b: apply(el.FLOOR, e(a) / e(b)),
    "remainder": _remainder,
    "fmod": lambda a, b: e(a) - _truncate(e(a) / e(b)) * e(b),
    "neg": lambda x: -e(x),
    "reciprocal": lambda x: ONE / e(x),
    "exp": _exp,
    "exp2": lambda x: _exp(_LN2 * e(x)),
    "expm1": lambda x: _exp(x) - ONE,
    "log": _log,
    "log2": lambda x: _log(x) / _LN2,
    "log10": lambda x: _log(x) / _LN10,
    "log1p": lambda x: _log(ONE + e(x)),
    "sqrt": _unary(SQUARE_ROOT),
    "rsqrt": lambda x: ONE / apply(SQUARE_ROOT, e(x)),
    "square": _unary(SQUARE),
    "pow": lambda a, b: el.power(e(a), e(b)),
    "abs": _unary(el.ABSOLUTE),
    "sign": _unary(el.SIGN),
    "sgn": _unary(el.SIGN),
    "sin": _unary(el.SINE),
    "cos": _unary(el.COSINE),
    "tan": _tan,
    "sinc": lambda x: apply(el.SINE, math.pi * e(x)) / (math.pi * e(x)),
    "asin": _unary(el.ARCSINE),
    "acos": lambda x: Number(math.pi / 2) - apply(el.ARCSINE, e(x)),
    "atan": _unary(el.ARCTANGENT),
    "atan2": _binary(el.ARCTANGENT_OF_TWO),
    "sinh": _sinh,
    "cosh": _cosh,
    "asinh": lambda x: _log(e(x) + apply(SQUARE_ROOT, apply(SQUARE, e(x)) + ONE)),
    "acosh": lambda x: _log(e(x) + apply(SQUARE_ROOT, apply(SQUARE, e(x)) - ONE)),
    "atanh": lambda x: _log((ONE + e(x)) / (ONE - e(x))) / 2,
    "logit": lambda x, eps=None: _logit(x, eps),
    "tanh": _unary(TANH),
    "sigmoid": _unary(SIGMOID),
    "relu": _unary(RELU),
    "relu6": lambda x: el.hardtanh(e(x), 0, 6),
    "gelu": lambda x, approximate="none": el.gelu(e(x), approximate),
    "silu": lambda x: el.silu(e(x)),
    "mish": lambda x: el.mish(e(x)),
    "softplus": lambda x, beta=1, threshold=20: el.softplus(e(x), float(beta)),
    "elu": _elu,
    "celu": lambda x, alpha=1: _elu(x, alpha, 1, 1 / alpha),
    "selu": lambda x: _elu(x, 1.6732632423543772, 1.0507009873554805),
    "leaky_relu": _leaky,
    "_prelu_kernel": _prelu,
    "hardtanh": lambda x, low=-1, high=1: el.hardtanh(e(x), float(low), float(high)),
    "hardsigmoid": lambda x: el.hardsigmoid(e(x)),
    "hardswish": lambda x: el.hardswish(e(x)),
    "log_sigmoid_forward": lambda x: el.log_sigmoid(e(x)),
    "softshrink": _softshrink,
    "hardshrink": _hardshrink,
    "threshold": _threshold,
    "clamp": _clamp,
    "clamp_min": lambda x, low: _clamp(x, low),
    "clamp_max": lambda x, high: _clamp(x, None, high),
    "maximum": _binary(el.MAXIMUM),
    "minimum": _binary(el.MINIMUM),
    "fmax": _binary(el.MAXIMUM),
    "fmin": _binary(el.MINIMUM),
    "where": lambda c, a, b: el.choice(e(c), e(a), e(b)),
    "masked_fill": lambda x, mask, value: el.choice(e(mask), e(value), e(x)),
    "eq": _binary(el.EQUAL),
    "ne": _binary(el.NOT_EQUAL),
    "lt": _binary(el.LESS),
    "le": _binary(el.LESS_EQUAL),
    "gt": _binary(el.GREATER),
    "ge": _binary(el.GREATER_EQUAL),
    "logical_not": _not,
    "bitwise_not": _not,
    "logical_and": _and,
    "bitwise_and": _and,
    "logical_or": _or,
    "bitwise_or": _or,
    "__and__": _and,
    "__or__": _or,
    "bitwise_xor": lambda a, b: apply(el.NOT_EQUAL, _not(a), _not(b)),
    "__xor__": lambda a, b: apply(el.NOT_EQUAL, _not(a), _not(b)),
    "logical_xor": lambda a, b: apply(el.NOT_EQUAL, _not(a), _not(b)),
    "erf": lambda x: el.erf(e(x)),
    "erfc": lambda x: ONE - el.erf(e(x)),
    "special_ndtr": lambda x: el.ndtr(e(x)),
    "floor": _unary(el.FLOOR),
    "ceil": lambda x: -apply(el.FLOOR, -e(x)),
    "round": lambda x: apply(el.ROUND, e(x)),
    "trunc": _truncate,
    "frac": lambda x: e(x) - _truncate(x),
    "addcmul": lambda x, a, b, value=1: e(x) + e(value) * (e(a) * e(b)),
    "addcdiv": lambda x, a, b, value=1: e(x) + e(value) * (e(a) / e(b)),
    "lerp": lambda a, b, weight: e(a) + e(weight) * (e(b) - e(a)),
    "nan_to_num": _nan_to_num,
    "hypot": lambda a, b: apply(SQUARE_ROOT, apply(SQUARE, e(a)) + apply(SQUARE, e(b))),
    "signbit": lambda x: apply(el.LESS, e(x), ZERO),
    "copysign": lambda a, b: (
        apply(el.ABSOLUTE, e(a)) * el.choice(apply(el.LESS, e(b), ZERO), Number(-1.0), ONE)
    ),
    "special_entr": lambda x: -(e(x) * _log(x)),
    "lgamma": _unary(el.LOG_GAMMA),
    "digamma": lambda x: el.digamma(e(x)),
    "logaddexp": lambda a, b: e(a) + el.softplus(e(b) - e(a), 1.0),
    "xlogy": lambda a, b: e(a) * _log(b),
}


def _logit(x: Argument, eps: float | None) -> Expression:
    inner = e(x) if eps is None else el.clamp(e(x), Number(eps), Number(1 - eps))
    return _log(inner / (ONE - inner))


def _finite(argument: Any) -> Any:
    """A number, of infinity one that a cell can hold."""
    return finite(argument) if isinstance(argument, float) else argument


def _bounded(value: Value) -> Tensor:
    """The numbers of a constant, those of infinity as a cell holds them."""
    assert value.constant is not None
    floats = value.constant.is_floating_point()
    return value.constant.double().clamp(-INFINITE, INFINITE) if floats else value.constant


BOOLEAN = frozenset(
    ("bitwise_not", "bitwise_and", "bitwise_or", "bitwise_xor", "__and__", "__or__", "__xor__")
)
"""Known for truths alone."""


def pointwise(name: str) -> Callable[..., Value]:
    """The rule of an elementwise operation."""
    expression = POINTWISE[name]
    packet = getattr(torch.ops.aten, name)

    def rule(builder: Builder, *given_args: Any, **kwargs: Any) -> Value:
        args = [_finite(a) for a in given_args]
        tensors = [a for a in args if isinstance(a, Value)]
        if name in BOOLEAN and any(t.dtype != torch.bool for t in tensors):
            raise builder.refuse(f"{name} of integers")
        numbers = [a.uniform() if isinstance(a, Value) else None for a in args]
        read = [
            a
            for a, number in zip(args, numbers, strict=True)
            if isinstance(a, Value) and number is None
        ]

        def function(*operands: Expression) -> Expression:
            left = iter(operands)
            given = [
                (next(left) if number is None else Number(number)) if isinstance(a, Value) else a
                for a, number in zip(args, numbers, strict=True)
            ]
            return expression(*given, **kwargs)

        def compute(*operands: Tensor) -> Tensor:
            left = iter(operands)
            given = [
                (next(left) if number is None else _bounded(a)) if isinstance(a, Value) else a
                for a, number in zip(args, numbers, strict=True)
            ]
            found = packet(*given, **kwargs)
            result: Tensor = found[0] if isinstance(found, tuple) else found
            return result

        shapes = [t.shape for t in tensors]
        shape = np.broadcast_shapes(*shapes)
        return builder.node(Elementwise(name, function, compute, len(read)), read, shape)

    return rule
