"""The result of a function with a gradient of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.primitives.base import Context, Ids, Primitive, Terms
from gradsheet.models.primitives.text import Refs, copies, fill
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.render import to_excel, to_textbook
from gradsheet.symbolic.tape import Tape


@dataclass(frozen=True, eq=False)
class Backward:
    """What a function's own backward pass gives for one operand, number by number.

    Attributes:
        expression: of the variables below.
        gradients: variables that stand for gradients of the result, with their positions in it.
        values: variables that stand for operands, with which one.
    """

    expression: Expression
    gradients: Mapping[Variable, Ids]
    values: Mapping[Variable, int]

    def numbers(self, operands: Sequence[Any], gradient: Any) -> Any:
        """The gradient of the operand as numbers."""
        given = {v: gradient.ravel()[places] for v, places in self.gradients.items()}
        given |= {v: operands[which] for v, which in self.values.items()}
        name = Variable("d", self.expression)
        return Tape([name]).run(given)[name]


@dataclass(frozen=True, eq=False)
class Custom(Primitive):
    """A copy of the first operand whose gradient goes to others, as a custom function says.

    Attributes:
        name: of the function.
        backward: of each operand that takes a gradient.
    """

    name: str
    backward: Mapping[int, Backward]

    def describe(self, names: Sequence[str]) -> str:
        """In words, with the gradient."""
        words = []
        for which, rule in self.backward.items():
            by_name = {v.name: names[k] for v, k in rule.values.items() if k < len(names)}
            by_name |= {v.name: "g" for v in rule.gradients}
            formula = to_textbook(rule.expression, partial(_named, by_name))
            words.append(f"∂L/∂{names[which] if which < len(names) else 'input'} = {formula}")
        return f"the result of {self.name}, with its own backward pass: {'; '.join(words)}"

    def compute(self, *operands: Tensor) -> Tensor:
        """The numbers; their gradient by the rules."""
        found: Tensor = _Given.apply(self, *operands)  # type: ignore[no-untyped-call]  # torch's
        return found

    def formulas(self, c: Context) -> Iterable[str]:
        """Copies."""
        return copies(c.x[0])

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """What the function's backward pass gives."""
        rule = self.backward.get(which)
        if rule is None:
            return []
        g = c.gradient
        rows, columns = g.rows.ravel(), g.columns.ravel()
        cells = {v.name: Refs(rows[p], columns[p]) for v, p in rule.gradients.items()}
        cells |= {v.name: c.x[k] for v, k in rule.values.items()}
        template = to_excel(rule.expression, lambda variable: f"{{{variable.name}}}")
        return zip(ids.ravel().tolist(), fill(template, cells, ids.size), strict=True)


def _named(names: Mapping[str, str], variable: Variable) -> str:
    return names.get(variable.name, variable.name)


class _Given(torch.autograd.Function):
    """Torch's side of it."""

    @staticmethod
    def forward(ctx: Any, primitive: Custom, *operands: Tensor) -> Tensor:
        ctx.primitive, ctx.operands = primitive, [o.detach().double().numpy() for o in operands]
        return operands[0].clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        found: list[Tensor | None] = [None] * (1 + len(ctx.operands))
        for which, rule in ctx.primitive.backward.items():
            numbers = rule.numbers(ctx.operands, gradient.numpy())
            shape = ctx.operands[which].shape
            wide = np.broadcast_to(np.asarray(numbers, dtype=np.float64), shape)
            found[1 + which] = torch.from_numpy(wide.copy())
        return tuple(found)
