"""The backward pass: from a loss to the gradient of each parameter, as named expressions."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from gradsheet.symbolic.expression import (
    Apply,
    Expression,
    Label,
    Names,
    Variable,
    partials,
    total,
    variables,
)
from gradsheet.symbolic.render import plain

DerivativeLabel = Callable[[Variable | None, Variable], Label]
"""The label of the derivative of one value, None for the loss, with respect to another."""


@dataclass(frozen=True)
class Backward:
    """The backward pass of a network.

    Attributes:
        factors: for each named value and each variable in its definition on a way to a
            parameter, the local derivative: ``(o1, w5)`` leads to ``do1/dw5``.
        gradients: for each named value and each parameter the derivative of the loss, by the
            chain rule over the factors, in the order of computation: ``o1`` leads to ``dE/do1``.
    """

    factors: dict[tuple[Variable, Variable], Variable]
    gradients: dict[Variable, Variable]

    @cached_property
    def factors_of(self) -> dict[Variable, list[Variable]]:
        """For each variable the factors by which the values computed from it change with it."""
        factors: dict[Variable, list[Variable]] = {}
        for (_, variable), factor in self.factors.items():
            factors.setdefault(variable, []).insert(0, factor)  # in the order of the forward pass
        return factors

    @cached_property
    def nodes(self) -> dict[Variable, Variable]:
        """For each factor the value whose change it describes: ``o1`` for ``do1/dw5``."""
        return {factor: node for (node, _), factor in self.factors.items()}


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
            variable: names.put_into(slope)
            for variable, slope in partials(_definition(node), node).items()
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
        for variable, partial in local[node].items():
            if variable in wanted:
                factor = backward.factors[node, variable] = _factor(node, variable, partial, label)
                path = factor if node is loss else backward.gradients[node] * factor
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


def _factor(
    node: Variable, variable: Variable, partial: Expression, label: DerivativeLabel
) -> Variable:
    """A factor, with the rules of differentiation that lead to it."""
    rules = "; ".join(dict.fromkeys(_rules(_definition(node), variable)))
    words = f"how fast {plain(node.markup)} changes with {plain(variable.markup)}"
    meaning = f"{words}: {rules}" if rules else words
    name = label(node, variable)
    return Variable(str(name), partial, meaning, name)


def _rules(expression: Expression, variable: Variable) -> Iterator[str]:
    """The rules that differentiate ``expression`` by ``variable``, from the outside in."""
    if isinstance(expression, Apply):
        inner = [part for part in expression.arguments if variable in set(variables(part))]
        if inner:
            yield expression.operation.rule
        for part in inner:
            yield from _rules(part, variable)


def _gradient(variable: Variable, paths: list[Expression], label: DerivativeLabel) -> Variable:
    if len(paths) == 1 and isinstance(paths[0], Variable):
        return paths[0]  # the loss depends on it directly: the factor is the gradient
    ways = "multiply along the way" if len(paths) == 1 else "multiply along each way, add the ways"
    meaning = f"how fast the loss changes with {plain(variable.markup)}: {ways}"
    name = label(None, variable)
    return Variable(str(name), total(paths), meaning, name)
