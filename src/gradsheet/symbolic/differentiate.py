"""The backward pass: from a loss to the gradient of each parameter, as named expressions."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from gradsheet.symbolic.expression import (
    ONE,
    ZERO,
    Apply,
    Expression,
    Label,
    Number,
    Variable,
)
from gradsheet.symbolic.operations import ARITHMETIC, total
from gradsheet.symbolic.render import plain
from gradsheet.symbolic.simplify import Names, is_number

DerivativeLabel = Callable[[Variable | None, Variable], Label]
"""The label of the derivative of one value, None for the loss, with respect to another."""


def partials(expression: Expression, result: Expression) -> dict[Variable, Expression]:
    """The partial derivative of ``expression`` with respect to each variable in it.

    A variable with which it does not change is left out.

    Args:
        expression: what is differentiated. Named expressions in it count as plain variables.
        result: how the value of the whole expression is written in derivatives that use it,
            usually as the variable that it defines.
    """
    totals: dict[Variable, Expression] = {}

    def accumulate(node: Expression, value: Expression, outer: Expression) -> None:
        if isinstance(node, Variable):
            totals[node] = totals.get(node, ZERO) + outer
        elif isinstance(node, Apply):
            inner = node.operation.partials(value, *node.arguments)
            for local, argument in zip(inner, node.arguments, strict=True):
                if not isinstance(argument, Number):
                    accumulate(argument, argument, outer * local)

    accumulate(expression, result, ONE)
    return {variable: partial for variable, partial in totals.items() if not is_number(partial, 0)}


@dataclass(frozen=True)
class Backward:
    """The backward pass of a network.

    Attributes:
        local_derivatives: for each named value and each variable in its definition on a path to a
            parameter, the one by the other: ``(o1, w5)`` leads to ``do1/dw5``.
        gradients: for each named value and each parameter the derivative of the loss, by the
            chain rule, in the order of computation: ``o1`` leads to ``dE/do1``.
    """

    local_derivatives: dict[tuple[Variable, Variable], Variable]
    gradients: dict[Variable, Variable]

    @cached_property
    def local_derivatives_by(self) -> dict[Variable, list[Variable]]:
        """For each variable the local derivatives, by it, of the values computed from it."""
        found: dict[Variable, list[Variable]] = {}
        for (_, variable), local in self.local_derivatives.items():
            found.setdefault(variable, []).insert(0, local)  # in the order of the forward pass
        return found

    @cached_property
    def nodes(self) -> dict[Variable, Variable]:
        """For each local derivative the value it is of: ``o1`` for ``do1/dw5``."""
        return {local: node for (node, _), local in self.local_derivatives.items()}


def backpropagate(
    forward: Iterable[Variable],
    loss: Variable,
    parameters: Iterable[Variable],
    label: DerivativeLabel,
) -> Backward:
    """Differentiate ``loss`` with respect to ``parameters``.

    Args:
        forward: every named value with a definition, each after those it is computed from.
        loss: the last of them.
        parameters: what the gradients are asked for.
        label: names the derivatives.
    """
    order = list(forward)
    names = Names(order)
    local = {
        node: {
            variable: names.put_into(partial)
            for variable, partial in partials(_definition(node), node).items()
        }
        for node in order
    }
    wanted = _influenced(order, local, parameters)
    paths: dict[Variable, list[Expression]] = {}
    backward = Backward({}, {})
    for node in reversed(order):
        if node is not loss:
            if node not in paths:
                continue  # the loss does not depend on it
            backward.gradients[node] = _gradient(node, paths[node], label)
        uses = _uses(_definition(node))
        for variable, partial in local[node].items():
            if variable in wanted:
                derivative = _local_derivative(node, variable, partial, label, uses)
                backward.local_derivatives[node, variable] = derivative
                path = derivative if node is loss else backward.gradients[node] * derivative
                paths.setdefault(variable, []).insert(0, path)  # in the order of the forward pass
    for parameter in parameters:
        backward.gradients[parameter] = _gradient(parameter, paths.get(parameter, []), label)
    return backward


def _definition(node: Variable) -> Expression:
    if node.definition is None:
        raise ValueError(f"{node.name} has no definition")
    return node.definition


def _influenced(
    order: list[Variable],
    local: dict[Variable, dict[Variable, Expression]],
    parameters: Iterable[Variable],
) -> set[Variable]:
    """The parameters and every named value that depends on one."""
    influenced = set(parameters)
    for node in order:
        if not influenced.isdisjoint(local[node]):
            influenced.add(node)
    return influenced


Uses = dict[int, dict[Variable, list[int]]]
"""For each operation of an expression, by its ``id``, in which of its arguments a variable stands.

Asked anew for each of n variables, a sum of n products would take n² steps.
"""


def _uses(expression: Expression) -> Uses:
    found: Uses = {}

    def visit(part: Expression) -> Iterable[Variable]:
        if isinstance(part, Variable):
            return (part,)
        if not isinstance(part, Apply):
            return ()
        if id(part) not in found:
            places: dict[Variable, list[int]] = {}
            for place, argument in enumerate(part.arguments):
                for variable in visit(argument):
                    places.setdefault(variable, []).append(place)
            found[id(part)] = places
        return found[id(part)].keys()

    visit(expression)
    return found


def _local_derivative(
    node: Variable, variable: Variable, partial: Expression, label: DerivativeLabel, uses: Uses
) -> Variable:
    """The derivative of a value by one that it is computed from, with the rules that lead to it."""
    rules = "; ".join(dict.fromkeys(_rules(_definition(node), variable, uses)))
    words = f"local derivative of {plain(node.markup)} with respect to {plain(variable.markup)}"
    name = label(node, variable)
    return Variable(str(name), partial, f"{words}: {rules}" if rules else words, name)


def _rules(expression: Expression, variable: Variable, uses: Uses) -> Iterator[str]:
    """The rules that differentiate ``expression`` by ``variable``, from the outside in."""
    if not isinstance(expression, Apply):
        yield "x′ = 1"
        return
    operation, parts = expression.operation, expression.arguments
    places = uses[id(expression)].get(variable, [])
    if places and operation.rule:
        linear = len(places) == 1 and places[0] in operation.linear_in
        yield "constant-multiple rule" if linear else operation.rule
        if operation.name not in ARITHMETIC and isinstance(parts[places[0]], Apply):
            yield "chain rule"
    for place in places:
        if isinstance(parts[place], Apply):
            yield from _rules(parts[place], variable, uses)


def _gradient(variable: Variable, paths: list[Expression], label: DerivativeLabel) -> Variable:
    if len(paths) == 1 and isinstance(paths[0], Variable):
        return paths[0]  # the loss depends on it directly: the local derivative is the gradient
    along = "the path" if len(paths) == 1 else "each path, then add"
    words = f"derivative of the loss with respect to {plain(variable.markup)}"
    name = label(None, variable)
    return Variable(str(name), total(paths), f"{words}; chain rule: multiply along {along}", name)
