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
    if before is None or not isinstance(written, Apply) or written.operation is not CHOICE:
        return None
    condition, yes, no = written.arguments
    return Choice(reference, before, condition, (yes, no))


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
    def stops_while_large(self) -> bool:
        """Whether the parameter stays where the loss is large.

        Known where the condition asks for one loss that is never negative.
        """
        losses = {v for v in variables(self.condition) if symbol_of(v).kind in _LOSSES}
        if len(losses) != 1 or "difference" in self.reference.practice.loss:
            return False
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
