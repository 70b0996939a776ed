"""The mistakes people make in a formula, as mutations of the right one.

Each mutation makes one wrong expression. A mistake is found when a mutation computes, at random
points, what was written.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradsheet.audit import rules
from gradsheet.audit.diagnosis.algebra import (
    ONE,
    Mutation,
    factors_of,
    is_product,
    local_mutations,
    one_less,
    product_of,
    raw,
    slope_of,
)
from gradsheet.audit.rules import Rule
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables
from gradsheet.symbolic.operations import (
    MULTIPLY,
    NEGATE,
    SUBTRACT,
)


@dataclass(frozen=True)
class Substitute:
    """What may be taken for a variable, and the mistake that it is."""

    variable: Variable
    other: Expression
    rule: Rule


def single_mutations(right: Expression, substitutes: Sequence[Substitute]) -> Iterator[Mutation]:
    """Every wrong expression that one mistake makes of ``right``, the simplest mistakes first.

    Args:
        right: what belongs there.
        substitutes: what may be taken for which of its variables.
    """
    likely = [s for s in substitutes if s.rule is not rules.OTHER_VALUE]
    yield from substituted(right, likely)
    yield from structural(right)
    yield from substituted(right, [s for s in substitutes if s.rule is rules.OTHER_VALUE])
    yield from _substituted_in_parts(right, substitutes)


def structural(right: Expression) -> Iterator[Mutation]:
    """The mistakes that put no other symbol in."""
    yield Mutation(rules.SIGN, raw(NEGATE, right))
    yield from _everywhere(right, local_mutations)
    yield Mutation(rules.DOUBLED, raw(MULTIPLY, Number(2.0), right))
    yield Mutation(rules.HALVED, raw(MULTIPLY, Number(0.5), right))


def _everywhere(
    node: Expression, local: Callable[[Expression], Iterator[Mutation]], top: bool = True
) -> Iterator[Mutation]:
    """The mutations of a node and of each part of it, put back into the whole."""
    if top or not is_product(node):
        yield from local(node)
    if not isinstance(node, Apply):
        return
    for place, part in enumerate(node.arguments):
        inside_product = is_product(node) and is_product(part)
        for inner in _everywhere(part, local, top=not inside_product):
            arguments = (*node.arguments[:place], inner.result, *node.arguments[place + 1 :])
            yield Mutation(inner.rule, Apply(node.operation, arguments), inner.wrong, inner.right)


def substituted(node: Expression, substitutes: Sequence[Substitute]) -> Iterator[Mutation]:
    """One occurrence of a variable replaced."""
    by_variable = _by_variable(substitutes)

    def local(part: Expression) -> Iterator[Mutation]:
        if isinstance(part, Variable):
            for s in by_variable.get(part, ()):
                yield Mutation(s.rule, s.other, s.other, part)
        elif isinstance(rest := one_less(part), Variable):
            for s in by_variable.get(rest, ()):
                if s.rule is rules.NEIGHBOR:
                    changed = raw(SUBTRACT, ONE, s.other)
                    yield Mutation(rules.WRONG_SLOPE, changed, changed, part)

    yield from _everywhere(node, local)


def _by_variable(substitutes: Sequence[Substitute]) -> dict[Variable, list[Substitute]]:
    found: dict[Variable, list[Substitute]] = defaultdict(list)
    for substitute in substitutes:
        found[substitute.variable].append(substitute)
    return found


def _substituted_in_parts(
    right: Expression, substitutes: Sequence[Substitute]
) -> Iterator[Mutation]:
    """All occurrences of a variable in a part replaced, where there are several."""

    def local(part: Expression) -> Iterator[Mutation]:
        repeated = {v for v, count in Counter(variables(part)).items() if count > 1}
        for s in substitutes if repeated else ():
            if s.variable in repeated:
                yield _everywhere_in(part, s)

    yield from _everywhere(right, local)


def _everywhere_in(part: Expression, s: Substitute) -> Mutation:
    """Every occurrence in a part replaced; what differs are the factors that hold the variable."""
    others = {s.variable: s.other}
    changed = replaced(part, others)
    if not is_product(part):
        return Mutation(s.rule, changed, changed, part)
    factors = [factor for factor in factors_of(part) if s.variable in set(variables(factor))]
    right = product_of(factors)
    in_slope = s.rule is rules.NEIGHBOR and slope_of(factors) is s.variable
    rule = rules.WRONG_SLOPE if in_slope else s.rule
    return Mutation(rule, changed, product_of([replaced(f, others) for f in factors]), right)


def replaced(node: Expression, others: Mapping[Variable, Expression]) -> Expression:
    """``node`` with other expressions in place of some variables; what holds none stays itself."""
    if isinstance(node, Variable):
        return others.get(node, node)
    if not isinstance(node, Apply) or others.keys().isdisjoint(variables(node)):
        return node
    return Apply(node.operation, tuple(replaced(part, others) for part in node.arguments))
