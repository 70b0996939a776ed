"""Custom ``torch.autograd.Function``s whose backward pass is their own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.graph import Ids, Node
from gradsheet.models.primitives.custom import Backward, Custom
from gradsheet.models.primitives.elementwise import Elementwise
from gradsheet.models.primitives.leaves import Constant, Input
from gradsheet.symbolic.expression import Expression, Number, Variable


class Saved:
    """Stands for the context of a custom function when its backward pass is recorded."""

    def __init__(self, function: Any, given: Any, args: Sequence[Any], result: Any) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        if function.setup_context is not torch.autograd.Function.setup_context:
            function.setup_context(self, tuple(args), result)
        else:
            vars(self).update(vars(given))
            self.saved_tensors = tuple(getattr(given, "to_save", None) or ())

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """The same by its former name."""
        return self.saved_tensors

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors."""
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *_: Any) -> None:
        """Nothing to do."""

    def set_materialize_grads(self, _: bool) -> None:
        """Nothing to do."""


class _NoRuleError(Exception):
    """A backward pass that is no function of single numbers."""


class Pass:
    """A custom function's backward pass as recorded: what each number of it is made of."""

    def __init__(self, builder: Builder, first: int, gradient: Node) -> None:
        self.builder, self.graph, self.first, self.gradient = (
            builder,
            builder.graph,
            first,
            gradient,
        )
        self.values: list[Value] = []
        self.gradients: dict[Variable, Ids] = {}
        self.operands: dict[Variable, int] = {}

    def rule(self, found: Value, operands: list[Value]) -> Backward:
        """The gradient of one operand; the values that it reads are added to the operands.

        Raises:
            _NoRuleError: it is no function of single numbers.
        """
        self.values, self.gradients, self.operands = operands, {}, {}
        ids = self.builder.whole(found).ids
        return Backward(self._expression(ids), self.gradients, self.operands)

    def _expression(self, ids: Ids) -> Expression:
        owners = np.unique(self.graph.owners(ids))
        if len(owners) == 0 or (len(owners) > 1 and (owners >= self.first).any()):
            raise _NoRuleError
        node = self.graph.nodes[int(owners[0])]
        if node is self.gradient:
            name = Variable(f"g{len(self.gradients)}")
            self.gradients[name] = ids - node.first
            return name
        if isinstance(node.primitive, Constant) and len(np.unique(ids)) == 1:
            return Number(float(node.primitive.values.ravel()[int(ids.ravel()[0]) - node.first]))
        if int(owners[0]) < self.first:
            name = Variable(f"v{len(self.operands)}")
            self.operands[name] = len(self.values)
            self.values.append(Value(ids, False))
            return name
        if not isinstance(node.primitive, Elementwise):
            raise _NoRuleError
        places = ids - node.first
        parts = [np.broadcast_to(o.ids, node.shape).ravel()[places] for o in node.operands]
        return node.primitive.function(*map(self._expression, parts))


def with_own_gradient(
    builder: Builder,
    name: str,
    inputs: Sequence[Value],
    output: Value,
    gradients: Sequence[Any],
    first: int,
    gradient: Node,
) -> Value | None:
    """The output of a custom function with its own gradient; None where it has no formulas.

    Args:
        builder: of the graph, in which the backward pass was recorded.
        name: of the function.
        inputs: the tensors that it is given.
        output: its result, without unknown elements.
        gradients: what its backward pass returns for each of them, None for none.
        first: the node with which the recording begins.
        gradient: the node of the output's gradient.
    """
    recorded = Pass(builder, first, gradient)
    operands = [Value(output.ids, False), *inputs]
    rules: dict[int, Backward] = {}
    try:
        for which, found in enumerate(gradients, start=1):
            if found is not None and operands[which].flows:
                if found.shape != operands[which].shape:
                    raise _NoRuleError
                rules[which] = recorded.rule(found, operands)
    except _NoRuleError:
        return None
    finally:
        builder.graph.take_back(first)
    return builder.node(Custom(name, rules), operands, output.shape)


def gradient_node(builder: Builder, shape: tuple[int, ...]) -> Node:
    """A node that stands for the gradient of a result while a backward pass is recorded."""
    return builder.graph.add(
        Input("gradient", -1), (), shape, builder.scope.where, "gradient", True
    )
