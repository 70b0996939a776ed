"""Updates under a condition: most stop once the loss is small."""

from dataclasses import dataclass

import numpy as np

from gradsheet.audit.inference.reference import ReferenceNetwork
from gradsheet.networks.symbols import Kind, symbol_of
from gradsheet.spreadsheet.functions import CHOICE
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, expand, variables

_LOSSES = (Kind.ERROR, Kind.EXAMPLE_LOSS, Kind.LOSS)
_LARGE = Number(1.0)  # that stops above this is a guard against steps that explode


def choice_of(
    reference: ReferenceNetwork, before: Variable | None, written: Expression
) -> "Choice | None":
    """The choice that an update makes; None where it makes none.

    Args:
        reference: the network.
        before: the parameter before the update; None in what is no update.
        written: what the update computes.
    """
    if before is None or not isinstance(written, Apply):
        return None
    if written.operation is CHOICE:
        condition, yes, no = written.arguments
        return Choice(reference, before, condition, (yes, no))
    return _by_flag(reference, before, written)


def _by_flag(reference: ReferenceNetwork, before: Variable, written: Expression) -> "Choice | None":
    """The choice of an update whose step is multiplied by 1 or 0."""
    flag = _flag_in(written)
    if flag is None:
        return None
    condition, *levels = flag.arguments
    ways = [_with(written, flag, level) for level in levels]
    stays = [reference.agree(*reference.values([way, before])) for way in ways]
    if sum(stays) != 1:
        return None
    yes, no = (before if is_still else way for way, is_still in zip(ways, stays, strict=True))
    return Choice(reference, before, condition, (yes, no))


def _flag_in(node: Expression) -> Apply | None:
    """The first choice between 1 and 0 in an expression."""
    if not isinstance(node, Apply):
        return None
    if node.operation is CHOICE:
        levels = [part.value for part in node.arguments[1:] if isinstance(part, Number)]
        if sorted(levels) == [0.0, 1.0]:
            return node
    return next((found for part in node.arguments if (found := _flag_in(part))), None)


def _with(node: Expression, part: Expression, other: Expression) -> Expression:
    """An expression with another one in place of a part, wherever that is written."""
    if node is part:
        return other
    if not isinstance(node, Apply):
        return node
    return Apply(node.operation, tuple(_with(each, part, other) for each in node.arguments))


@dataclass(frozen=True)
class Choice:
    """One of two values, by a condition.

    Attributes:
        reference: the network.
        before: the parameter before the update.
        condition: by which the first value is taken, else the second one.
        ways: the two values.
    """

    reference: ReferenceNetwork
    before: Variable
    condition: Expression
    ways: tuple[Expression, Expression]

    @property
    def step(self) -> Expression | None:
        """The value that moves, where the other one stays; None where none stays or both do."""
        steps = [way for way in self.ways if way is not self.before]
        return steps[0] if len(steps) == 1 else None

    @property
    def asks_for_loss(self) -> bool:
        """Whether the condition asks for one loss that is never negative."""
        losses = {v for v in variables(self.condition) if symbol_of(v).kind in _LOSSES}
        return len(losses) == 1 and "difference" not in self.reference.practice.loss

    @property
    def stops_while_large(self) -> bool:
        """Whether the parameter stays where the loss is large, if the condition asks for it."""
        if not self.asks_for_loss:
            return False
        losses = {v for v in variables(self.condition) if symbol_of(v).kind in _LOSSES}
        far = expand(self.condition, lambda _: True, dict.fromkeys(losses, _LARGE))
        [is_first] = self.reference.values([far])
        taken = {bool(each) for each in np.not_equal(is_first, 0)}
        return len(taken) == 1 and self.ways[0 if taken.pop() else 1] is self.before

    def mended(self, right: Expression) -> Expression | None:
        """The choice with the right step, and else the value before; None where neither way is.

        Args:
            right: what the update should compute where it moves.
        """
        values = self.reference.values([right, *self.ways])
        are_right = [self.reference.agree(value, values[0]) for value in values[1:]]
        if sum(are_right) != 1:
            return None
        parts = (right if is_right else self.before for is_right in are_right)
        return Apply(CHOICE, (self.condition, *parts))
