"""The mistakes people make in a formula, as mutations of the right one.

Mutations come part by part: those of one part differ in nothing else, so that the whole formula can
be computed for all of them at once. A mistake is found when a mutation computes, at random points,
what was written.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import is_

from gradsheet.audit import rules
from gradsheet.audit.diagnosis.algebra import (
    ONE,
    Mutation,
    derivative_of,
    factors_of,
    is_product,
    local_mutations,
    one_less,
    product_of,
    raw,
)
from gradsheet.audit.rules import Rule
from gradsheet.networks.symbols import symbol_of
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables
from gradsheet.symbolic.operations import MULTIPLY, NEGATE, SQUARE, SUBTRACT


@dataclass(frozen=True)
class Site:
    """One part of an expression.

    Attributes:
        part: the part.
        path: the operations around it, from the whole inward, and which argument leads to it.
    """

    part: Expression
    path: tuple[tuple[Apply, int], ...] = ()

    def put(self, other: Expression) -> Expression:
        """The whole with another expression in place of the part."""
        for node, place in reversed(self.path):
            arguments = (*node.arguments[:place], other, *node.arguments[place + 1 :])
            other = Apply(node.operation, arguments)
        return other


Mutations = tuple[Site, tuple[Mutation, ...]]
"""The mutations of one part; their results go in its place."""


@dataclass(frozen=True)
class Substitute:
    """What may be taken for a variable, and the mistake that it is."""

    variable: Variable
    other: Expression
    rule: Rule


def single_mutations(
    right: Expression, substitutes: Sequence[Substitute], *, short: bool = False
) -> Iterator[Mutations]:
    """Every wrong expression that one mistake makes of ``right``, the simplest mistakes first.

    Args:
        right: what belongs there.
        substitutes: what may be taken for which of its variables.
        short: leave out the unlikely ones, which are most.
    """
    likely = [s for s in substitutes if s.rule is not rules.OTHER_VALUE]
    others = [s for s in substitutes if s.rule is rules.OTHER_VALUE]
    yield from Substitution(likely).of_one_occurrence(right)
    yield from structural(right)
    if short:
        return
    yield from in_every_term(right)
    yield from Substitution(others).of_one_occurrence(right)
    yield from Substitution(substitutes).of_all_in_a_part(right)


def structural(right: Expression) -> Iterator[Mutations]:
    """The mistakes that put no other symbol in."""
    yield Site(right), (Mutation(rules.SIGN, raw(NEGATE, right)),)
    yield from part_by_part(right, local_mutations)
    doubled, halved = (raw(MULTIPLY, Number(factor), right) for factor in (2.0, 0.5))
    yield Site(right), (Mutation(rules.DOUBLED, doubled), Mutation(rules.HALVED, halved))


def in_every_term(right: Expression) -> Iterator[Mutations]:
    """The same mistake of structure in all parts that are alike, such as every a − t."""
    groups: dict[object, list[Mutations]] = defaultdict(list)
    for site, mutations in part_by_part(right, local_mutations):
        groups[_likeness(site.part)].append((site, mutations))
    for group in groups.values():
        (_, first), *others = group
        if not others or any(len(mutations) != len(first) for _, mutations in others):
            continue
        for number, shown in enumerate(first):
            results = {id(site.part): mutations[number].result for site, mutations in group}
            whole = replace(shown, result=_with_parts(right, results), everywhere=True)
            yield Site(right), (whole,)


def _likeness(node: Expression) -> object:
    """The same for parts that differ in nothing but which of a kind their variables are."""
    if isinstance(node, Apply):
        return node.operation.name, *map(_likeness, node.arguments)
    if isinstance(node, Number):
        return node.value
    return symbol_of(node).kind if isinstance(node, Variable) and node.label else None


def _with_parts(node: Expression, results: Mapping[int, Expression]) -> Expression:
    """An expression with others in place of some parts, which are given by their identity."""
    if id(node) in results:
        return results[id(node)]
    if not isinstance(node, Apply):
        return node
    arguments = tuple([_with_parts(argument, results) for argument in node.arguments])
    same = all(map(is_, arguments, node.arguments))
    return node if same else Apply(node.operation, arguments)


def part_by_part(
    right: Expression, mutations: Callable[[Expression], Iterable[Mutation]]
) -> Iterator[Mutations]:
    """The mutations of every part that has any."""
    for site in _sites(right):
        if found := tuple(mutations(site.part)):
            yield site, found


def _sites(
    node: Expression, path: tuple[tuple[Apply, int], ...] = (), inside_product: bool = False
) -> Iterator[Site]:
    """Every part of an expression, outermost first; a product within a product is no part."""
    if not inside_product or not is_product(node):
        yield Site(node, path)
    if isinstance(node, Apply):
        for place, part in enumerate(node.arguments):
            yield from _sites(part, (*path, (node, place)), is_product(node))


# --- Other symbols ---------------------------------------------------------------------------


class Substitution:
    """Occurrences of variables replaced by each of their substitutes."""

    def __init__(self, substitutes: Iterable[Substitute]) -> None:
        self._substitutes = tuple(substitutes)
        # By identity, as wrong formulas share most of their parts; see ``PointValues``.
        self._in_parts: dict[int, tuple[Expression, tuple[Mutation, ...]]] = {}
        self._of_variable: dict[Variable, tuple[Mutation, ...]] = {}
        self._of_one_less: dict[Variable, tuple[Mutation, ...]] = {}
        self._of_tanh: dict[Variable, tuple[Mutation, ...]] = {}
        by_variable: dict[Variable, list[Substitute]] = defaultdict(list)
        for substitute in self._substitutes:
            by_variable[substitute.variable].append(substitute)
        for variable, found in by_variable.items():
            self._of_variable[variable] = tuple(
                Mutation(s.rule, s.other, s.other, variable) for s in found
            )
            neighbors = [s for s in found if s.rule is rules.NEIGHBOR]
            self._of_one_less[variable] = tuple(map(_other_factor, neighbors))
            self._of_tanh[variable] = tuple(_other_factor(s, squared=True) for s in neighbors)

    def of_one_occurrence(self, right: Expression) -> Iterator[Mutations]:
        """Each occurrence in ``right`` replaced, the others untouched."""
        return part_by_part(right, self._mutations)

    def of_all_in_a_part(self, right: Expression) -> Iterator[Mutations]:
        """All occurrences of a variable in a part replaced, where there are several."""
        return part_by_part(right, self._everywhere)

    def _everywhere(self, part: Expression) -> tuple[Mutation, ...]:
        if not isinstance(part, Apply):
            return ()
        if id(part) not in self._in_parts:
            repeated = {v for v, count in Counter(variables(part)).items() if count > 1}
            among = (s for s in self._substitutes if s.variable in repeated) if repeated else ()
            self._in_parts[id(part)] = part, tuple(_everywhere_in(part, s) for s in among)
        return self._in_parts[id(part)][1]

    def _mutations(self, part: Expression) -> tuple[Mutation, ...]:
        if isinstance(part, Variable):
            return self._of_variable.get(part, ())
        rest = one_less(part)
        if isinstance(rest, Apply) and rest.operation is SQUARE:
            square = rest.arguments[0]
            return self._of_tanh.get(square, ()) if isinstance(square, Variable) else ()
        return self._of_one_less.get(rest, ()) if isinstance(rest, Variable) else ()


def _other_factor(s: Substitute, squared: bool = False) -> Mutation:
    """The factor 1 − a of a local derivative, or the derivative 1 − a² of tanh, of a neighbor."""
    values = (raw(SQUARE, v) if squared else v for v in (s.other, s.variable))
    wrong, right = (raw(SUBTRACT, ONE, value) for value in values)
    return Mutation(rules.WRONG_LOCAL_DERIVATIVE, wrong, wrong, right)


def _everywhere_in(part: Expression, s: Substitute) -> Mutation:
    """Every occurrence in a part replaced; what differs are the factors that hold the variable."""
    others = {s.variable: s.other}
    changed = replaced(part, others)
    if not is_product(part):
        return Mutation(s.rule, changed, s.other, s.variable, everywhere=True)
    factors = [factor for factor in factors_of(part) if s.variable in set(variables(factor))]
    right = product_of(factors)
    in_derivative = s.rule is rules.NEIGHBOR and derivative_of(factors) is s.variable
    rule = rules.WRONG_LOCAL_DERIVATIVE if in_derivative else s.rule
    return Mutation(rule, changed, product_of([replaced(f, others) for f in factors]), right)


def of_another_unit(
    right: Expression, units: Sequence[tuple[Rule, Mapping[Variable, Expression]]]
) -> Iterator[Mutations]:
    """All values of one unit in a product taken for those of another.

    Args:
        right: what belongs there.
        units: for each pair the mistake, and for the values of the one those of the other.
    """

    def mutations(part: Expression) -> Iterator[Mutation]:
        for rule, others in units if is_product(part) and part is not right else ():
            factors = [f for f in factors_of(part) if not others.keys().isdisjoint(variables(f))]
            if factors:
                wrong = product_of([replaced(factor, others) for factor in factors])
                yield Mutation(rule, replaced(part, others), wrong, product_of(factors))

    return part_by_part(right, mutations)


def replaced(node: Expression, others: Mapping[Variable, Expression]) -> Expression:
    """``node`` with other expressions in place of some variables; what holds none stays itself."""
    if isinstance(node, Variable):
        return others.get(node, node)
    if not isinstance(node, Apply):
        return node
    parts = tuple([replaced(part, others) for part in node.arguments])
    same = all(map(is_, parts, node.arguments))
    return node if same else Apply(node.operation, parts)
