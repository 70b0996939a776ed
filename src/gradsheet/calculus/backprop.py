"""The backward pass: from a loss to the gradient of each parameter, as named expressions."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from gradsheet.calculus.expression import Expression, Variable, partials, total
from gradsheet.calculus.notation import plain, symbol


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


def backpropagate(
    forward: Iterable[Variable], loss: Variable, parameters: Iterable[Variable]
) -> Backward:
    """Differentiate ``loss`` with respect to ``parameters``.

    Args:
        forward: every named value with a definition, each after those it is computed from.
        loss: the last of them.
        parameters: what the gradients are asked for.
    """
    order = list(forward)
    local = {node: partials(_definition(node), node) for node in order}
    wanted = _influenced(order, local, parameters)
    paths: dict[Variable, list[Expression]] = {}
    backward = Backward({}, {})
    for node in reversed(order):
        if node is not loss:
            backward.gradients[node] = _gradient(node, paths.get(node, []))
        for variable, partial in local[node].items():
            if variable in wanted:
                factor = backward.factors[node, variable] = _factor(node, variable, partial)
                path = factor if node is loss else backward.gradients[node] * factor
                paths.setdefault(variable, []).insert(0, path)  # in the order of the forward pass
    for parameter in parameters:
        backward.gradients[parameter] = _gradient(parameter, paths.get(parameter, []))
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


def _factor(node: Variable, variable: Variable, partial: Expression) -> Variable:
    meaning = f"how fast {plain(symbol(node.name))} changes with {plain(symbol(variable.name))}"
    return Variable(f"d{node.name}/d{variable.name}", partial, meaning)


def _gradient(variable: Variable, paths: list[Expression]) -> Variable:
    if len(paths) == 1 and isinstance(paths[0], Variable):
        return paths[0]  # the loss depends on it directly: the factor is the gradient
    meaning = f"how fast the loss changes with {plain(symbol(variable.name))}"
    return Variable(f"dE/d{variable.name}", total(paths), meaning)
