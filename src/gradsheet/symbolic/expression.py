"""Expressions: numbers, variables and operations applied to them.

A derivative is an expression like any other, so a backward pass can be evaluated, printed and
written into cells exactly like a forward pass.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Any, Protocol


class Binding(IntEnum):
    """How tightly a piece of notation holds together; parentheses go where it must be tighter."""

    SUM = 1
    PRODUCT = 2
    POWER = 3
    SIGN = 4
    ATOM = 5


@dataclass(frozen=True)
class Notation:
    """How one operation is written.

    Attributes:
        template: the text, in which ``@0`` and ``@1`` stand for the arguments, ``@2`` for a third.
            More arguments than there are such places are taken in from left to right, or together
            where ``@*`` stands for all.
        binding: how tightly the text holds together.
        needs: how tightly each argument must hold together to stand without parentheses.
    """

    template: str
    binding: Binding = Binding.ATOM
    needs: tuple[Binding, ...] = (Binding.SUM,)


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Attributes:
        name: the operation's name.
        value: of NumPy arrays or floats, elementwise in float64.
        partials: from the result and the arguments, all expressions, to the derivative of the
            result with respect to each argument. A derivative may use the result itself:
            that of the sigmoid ``y`` is ``y * (1 - y)``.
        excel: the notation of a spreadsheet, where a sign binds tighter than a power.
        textbook: the notation of a textbook; ``_{…}`` is a subscript, ``^{…}`` a superscript.
        code: the notation of C, JavaScript and their like, with the functions of C's math.h and
            ``square``; ``PI`` is a constant. None where no code is ever made of it.
        rule: the rule by which it is differentiated, as a textbook calls it.
        remark: why the formula is another one than the textbook's, where it is.
        linear_in: the arguments, 0-based, that only a constant multiplies where all others are
            constants; the constant-multiple rule differentiates by them.
        simplify: from the operation and its arguments to the expression that a person would
            write; without it nothing is simplified.
    """

    name: str
    value: Callable[..., Any]
    partials: Callable[..., tuple["Expression", ...]]
    excel: Notation
    textbook: Notation
    code: Notation | None = None
    rule: str = ""
    remark: str = ""
    linear_in: tuple[int, ...] = ()
    simplify: "Callable[..., Expression] | None" = None


class Label(Protocol):
    """What a name means, where it is more than text."""

    @property
    def markup(self) -> str:
        """Its textbook notation: ``_{…}`` is a subscript, ``^{…}`` a superscript."""

    @property
    def binding(self) -> Binding:
        """How tightly that notation holds together."""


class Expression:
    """A formula over named variables. Immutable; + - * / build simplified formulas."""

    __slots__ = ()

    def __add__(self, other: "Expression") -> "Expression":
        return _arithmetic("add", self, other)

    def __sub__(self, other: "Expression") -> "Expression":
        return _arithmetic("subtract", self, other)

    def __mul__(self, other: "Expression") -> "Expression":
        return _arithmetic("multiply", self, other)

    def __truediv__(self, other: "Expression | float") -> "Expression":
        divisor = other if isinstance(other, Expression) else Number(other)
        return _arithmetic("divide", self, divisor)

    def __rsub__(self, other: float) -> "Expression":
        return Number(other) - self

    def __rmul__(self, other: float) -> "Expression":
        return Number(other) * self

    def __neg__(self) -> "Expression":
        return _arithmetic("negate", self)


@dataclass(frozen=True, eq=False, slots=True)
class Number(Expression):
    """A constant."""

    value: float


@dataclass(frozen=True, eq=False, slots=True)
class Variable(Expression):
    """A name: of a value that is given (no definition), or of an expression.

    Which named expressions get a cell of their own is the layout's decision, so the same gradient
    can be one long formula in one sheet and a chain of local derivatives in another.

    Attributes:
        name: unique in its network: ``w5``, ``a_h1``, ``E_total``, ``dE/dw5``.
        definition: the expression behind the name.
        meaning: what it is, in words.
        label: what the name means; of a network's values their symbol.
    """

    name: str
    definition: Expression | None = None
    meaning: str = field(default="", repr=False)
    label: Label | None = field(default=None, repr=False)

    @property
    def markup(self) -> str:
        """The textbook notation of the name."""
        return self.label.markup if self.label else self.name

    @property
    def binding(self) -> Binding:
        """How tightly that notation holds together."""
        return self.label.binding if self.label else Binding.ATOM


@dataclass(frozen=True, eq=False, slots=True)
class Apply(Expression):
    """An operation applied to arguments; ``apply`` makes one, simplified."""

    operation: Operation
    arguments: tuple[Expression, ...]


ZERO, ONE, MINUS_ONE = Number(0.0), Number(1.0), Number(-1.0)


def apply(operation: Operation, *arguments: Expression) -> Expression:
    """``operation`` of ``arguments``, simplified where it is plain arithmetic."""
    if operation.simplify:
        return operation.simplify(operation, *arguments)
    return Apply(operation, arguments)


def _arithmetic(name: str, *arguments: Expression) -> Expression:
    return apply(_operation(name), *arguments)


@cache
def _operation(name: str) -> Operation:
    # The table is made of expressions, so it can be imported only once they are defined.
    from gradsheet.symbolic.operations import ARITHMETIC

    return ARITHMETIC[name]


def arguments_of(expression: Expression, name: str) -> tuple[Expression, ...]:
    """The arguments of ``expression`` where it is the operation of this name, else none."""
    if isinstance(expression, Apply) and expression.operation.name == name:
        return expression.arguments
    return ()


def variables(expression: Expression) -> Iterator[Variable]:
    """The variables in ``expression`` itself, left to right, with repetitions.

    A variable's own definition is not looked into.
    """
    pending = [expression]
    while pending:
        part = pending.pop()
        if type(part) is Apply:
            pending.extend(reversed(part.arguments))
        elif type(part) is Variable:
            yield part


def remarks(expression: Expression) -> Iterator[str]:
    """What is to be said of the spreadsheet formulas of the operations in ``expression``."""
    if isinstance(expression, Apply):
        if expression.operation.remark:
            yield expression.operation.remark
        for argument in expression.arguments:
            yield from remarks(argument)


def renamed(expression: Expression, names: Mapping[Variable, Variable]) -> Expression:
    """``expression`` over other variables; nothing else changes."""
    if isinstance(expression, Apply):
        parts = tuple([renamed(part, names) for part in expression.arguments])
        return Apply(expression.operation, parts)
    return names[expression] if isinstance(expression, Variable) else expression


def expand(
    expression: Expression,
    keep: Callable[[Variable], bool],
    replaced: Mapping[Variable, Expression] | None = None,
) -> Expression:
    """``expression`` with every variable that has a definition written out, but those to keep.

    Args:
        expression: what to write out.
        keep: whether a variable stays as it is.
        replaced: what to put for some variables, wherever they are met, before anything else;
            what is put there is written out like the rest.
    """
    if isinstance(expression, Variable):
        if replaced and expression in replaced:
            return expand(replaced[expression], keep)
        if expression.definition is None or keep(expression):
            return expression
        return expand(expression.definition, keep, replaced)
    if not isinstance(expression, Apply):
        return expression
    parts = (expand(part, keep, replaced) for part in expression.arguments)
    return apply(expression.operation, *parts)
