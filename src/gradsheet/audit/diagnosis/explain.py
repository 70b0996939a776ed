"""Why a cell is wrong: the mistake that makes its formula of the right one."""

import math
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradsheet.audit.diagnosis.mutations import (
    NEIGHBOR,
    OTHER_SYMBOL,
    SIGN,
    Edit,
    edits,
    replaced,
    structural,
    substituted,
)
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.reference import agree
from gradsheet.audit.inference.row_classes import is_pinned, sliding_references
from gradsheet.networks.mistakes import SUM_FOR_ACTIVATION, UPDATED
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, expand, variables
from gradsheet.symbolic.render import plain, to_textbook
from gradsheet.symbolic.tape import Array

ACTIVATION_FOR_SUM = "an activation where its weighted sum belongs"
OTHER_ROW = "a value from another row"
TYPED = "a number typed in where a cell belongs"
OTHER_GRADIENT = "the gradient of another parameter"
SLIDING = "a reference that slides because no $ holds it"
PINNED = "a reference that a $ holds in one row"
UNREADABLE = "a formula that is not understood"
CIRCLE = "in a circle"
UNKNOWN = "no single mistake explains it"
TWO = " and "

_OF_A_FAMILY = {
    "w": "the wrong weight",
    "b": "the wrong bias",
    "i": NEIGHBOR,
    "a_h": NEIGHBOR,
    "t": "the wrong target",
    "a_o": "the wrong output",
    "h": "the wrong weighted sum",
    "o": "the wrong weighted sum",
    "E": "the wrong error",
    "dE/dw": OTHER_GRADIENT,
    "dE/db": OTHER_GRADIENT,
}
_LONGEST = 60  # symbols in a formula for which pairs are tried


@dataclass(frozen=True)
class Explanation:
    """What is wrong with a formula.

    Attributes:
        kind: the kind of mistake.
        words: what was done, as a clause without a subject: "uses a_h1 where a_h2 belongs".
        written: the formula, in the table's own names.
        right: a right one.
    """

    kind: str
    words: str
    written: str
    right: str


def explain(found: Interpretation, row: int, column: int) -> Explanation:
    """The mistake in a cell whose formula is not what it should be."""
    return _Search(found, row, column).explanation()


def right_formula(
    found: Interpretation, row: int, column: int, used: Container[str] = ()
) -> Expression:
    """What is due in a cell, over values that the table has columns for.

    Args:
        found: the table.
        row: of the cell.
        column: of the cell.
        used: names of derivatives that may stand as they are.
    """
    due = found.due(row, column)
    assert due is not None
    names = {*found.names.values(), *found.outside.values()}
    own = found.names[column]

    def keeps(variable: Variable) -> bool:
        name = variable.name
        stands = "/" not in name or name in used or own in found.parameters
        return name in names and name != own and stands

    if isinstance(due, Variable) and due.definition is not None:
        due = due.definition
    return expand(due, keeps)


class _Search:
    def __init__(self, found: Interpretation, row: int, column: int) -> None:
        self._found, self._row, self._column = found, row, column
        self._truth = found.truth
        self._named = _Names(found, row, column)

    def explanation(self) -> Explanation:
        try:
            written = self._found.written(self._row, self._column)
        except FormulaError as error:
            right = self._text(right_formula(self._found, self._row, self._column))
            return Explanation(UNREADABLE, f"cannot be read: {error}", self._formula(), right)
        used = {variable.name for variable in variables(written)}
        self._right = right_formula(self._found, self._row, self._column, used)
        kind, words = self._mistake(written)
        shown = (
            self._text(written) if all(map(math.isfinite, _numbers(written))) else self._formula()
        )
        return Explanation(kind, words, shown, self._text(self._right))

    def _formula(self) -> str:
        cell = self._found.table.cell(self._row, self._column)
        return f"={cell.formula}" if cell else ""

    def _text(self, expression: Expression) -> str:
        return self._named.text(expression)

    # --- The search --------------------------------------------------------------------------

    def _mistake(self, written: Expression) -> tuple[str, str]:
        if words := self._slides():
            return SLIDING, words
        values = _Values(self._found, [written, self._right])
        wanted = values.of(written)
        substitutes = list(self._substitutes(written))
        for edit in edits(self._right, substitutes):
            if agree(values.of(edit.result), wanted):
                return edit.kind, self._words(edit)
        for kind, words, others in self._weights_together():
            if agree(values.of(replaced(self._right, others)), wanted):
                return kind, words
        if other := self._other_gradient(wanted):
            return OTHER_GRADIENT, other
        for first, second in self._pairs(substitutes):
            self._found.pairs_left -= 1
            if self._found.pairs_left < 0:
                break
            if agree(values.of(second.result), wanted):
                kinds = dict.fromkeys((first.kind, second.kind))
                return TWO.join(kinds), f"{self._words(first)}{TWO}{self._words(second)}"
        return UNKNOWN, "is not the right formula, and no single mistake makes it so"

    def _pairs(
        self, substitutes: Sequence[tuple[Variable, Expression, str]]
    ) -> Iterator[tuple[Edit, Edit]]:
        """Two mistakes at once: one of structure or a weight, and another symbol."""
        if sum(1 for _ in variables(self._right)) > _LONGEST:
            return
        likely = [s for s in substitutes if s[2] not in (OTHER_SYMBOL, OTHER_ROW, UPDATED)]
        weights = [s for s in likely if s[2] == _OF_A_FAMILY["w"]]
        firsts = [e for e in structural(self._right) if e.kind != SIGN or e.wrong is not None]
        firsts += [*substituted(self._right, weights)]
        for first in firsts:
            for second in substituted(first.result, likely):
                yield first, second

    def _weights_together(self) -> Iterator[tuple[str, str, dict[Variable, Expression]]]:
        """Other values taken for all weights at once."""
        inside = dict.fromkeys(variables(self._right))
        weights = [v for v in inside if v.name in self._found.parameters]
        if not weights:
            return
        moments = self._truth
        names = " and ".join(self._named.name(weight) for weight in weights)
        updated = f"uses {names} after their update where the old values belong"
        yield UPDATED, updated, {w: moments.moment(-1).values[w.name] for w in weights}
        step = {w: w - moments.rate * moments[f"dE/d{w.name}"] for w in weights}
        yield UPDATED, updated, dict(step)
        above = f"uses {names} of the row above"
        yield OTHER_ROW, above, {w: moments.moment(1).values[w.name] for w in weights}
        first = self._found.table.rows.index(self._row)
        pinned = f"uses {names} of the first row in every row"
        yield PINNED, pinned, {w: moments.moment(first).values[w.name] for w in weights}

    def _other_gradient(self, wanted: Array) -> str:
        """Another parameter whose gradient was written."""
        name = self._found.names[self._column]
        if not name.startswith("dE/d"):
            return ""
        others = [f"dE/d{p}" for p in sorted(self._found.parameters) if f"dE/d{p}" != name]
        for other, value in zip(
            others, self._truth.values([self._truth[o] for o in others]), strict=True
        ):
            if agree(value, wanted):
                return f"computes {self._named.name(self._truth[other])}"
        return ""

    def _slides(self) -> str:
        """Whether the cell would be right with the learning rate held by a $."""
        spot = self._found.rate.spot
        if spot is None:
            return ""
        for other in sliding_references(self._found, self._row, self._column):
            if self._found.matches(self._row, self._column, {other: self._truth.rate}):
                return "takes the learning rate from another cell, row by row: its reference slides"
        return ""

    # --- What may be taken for what -----------------------------------------------------------

    def _substitutes(self, written: Expression) -> Iterator[tuple[Variable, Expression, str]]:
        inside = list(dict.fromkeys(variables(self._right)))
        for variable in inside:
            yield from self._relatives(variable)
        numbers = sorted(
            n for n in _numbers(written) - _numbers(self._right) - {0.0, 1.0} if n == n
        )
        for variable in inside:
            yield from ((variable, Number(number), TYPED) for number in numbers)
        for variable in inside:
            yield from self._of_other_rows(variable, written)

    def _relatives(self, variable: Variable) -> Iterator[tuple[Variable, Expression, str]]:
        """Other values of the same row."""
        before = self._moment_of(variable)
        if before is None:
            return
        values = self._truth.moment(before).values
        names = dict.fromkeys((*self._found.names.values(), *self._found.outside.values()))
        for name in names:
            if name != variable.name:
                yield variable, values[name], relation(variable.name, name)

    def _of_other_rows(
        self, variable: Variable, written: Expression
    ) -> Iterator[tuple[Variable, Expression, str]]:
        """The same value, and others, as they stand in other rows that were written of."""
        before = self._moment_of(variable)
        for other in dict.fromkeys(variables(written)):
            row = self._moment_of(other)
            if row is None or before is None or row == before:
                continue
            same = other.name == variable.name
            kind = UPDATED if same and row < before and row == -1 else OTHER_ROW
            if same and is_pinned(self._found, self._row, self._column, other.name):
                kind = PINNED
            yield variable, other, kind if same else relation(variable.name, other.name)

    def _moment_of(self, variable: Variable) -> int | None:
        return self._truth.moment_of(variable)

    # --- In words ----------------------------------------------------------------------------

    def _words(self, edit: Edit) -> str:
        wrong = self._text(edit.wrong) if edit.wrong is not None else ""
        right = self._text(edit.right) if edit.right is not None else ""
        if wrong and right:
            return f"uses {wrong} where {right} belongs"
        if right:
            return f"leaves out {right}"
        if wrong:
            return f"takes {wrong} once too often"
        if edit.kind == SIGN:
            return "has the wrong sign"
        return f"has {edit.kind}"


def relation(right: str, wrong: str) -> str:
    """What it is to take one value for another."""
    right, wrong = (name.split("@")[0] for name in (right, wrong))
    if right == f"a_{wrong}":
        return SUM_FOR_ACTIVATION
    if wrong == f"a_{right}":
        return ACTIVATION_FOR_SUM
    families = {_family(name) for name in (right, wrong)}
    return _OF_A_FAMILY.get(families.pop(), OTHER_SYMBOL) if len(families) == 1 else OTHER_SYMBOL


def _family(name: str) -> str:
    return re.sub(r"[\d_]+$", "", name)


def _numbers(expression: Expression) -> set[float]:
    if isinstance(expression, Number):
        return {expression.value}
    if isinstance(expression, Apply):
        return {number for part in expression.arguments for number in _numbers(part)}
    return set()


class _Values:
    """The values of expressions at the points; of each part once."""

    def __init__(self, found: Interpretation, roots: Iterable[Expression]) -> None:
        self._truth = found.truth
        self._known: dict[int, tuple[Expression, Array]] = {}
        names = dict.fromkeys(v for root in roots for v in variables(root))
        self._take(list(names))

    def _take(self, wanted: list[Variable]) -> None:
        for variable, value in zip(wanted, self._truth.values(wanted), strict=True):
            self._known[id(variable)] = (variable, value)

    def of(self, node: Expression) -> Array:
        """The values; what overflows is NaN or infinite and agrees with nothing."""
        if id(node) not in self._known:
            if isinstance(node, Apply):
                with np.errstate(all="ignore"):
                    value = node.operation.value(*map(self.of, node.arguments))
                self._known[id(node)] = (node, np.asarray(value, dtype=np.float64))
            elif isinstance(node, Number):
                self._known[id(node)] = (node, np.asarray(node.value))
            else:
                assert isinstance(node, Variable)
                self._take([node])
        return self._known[id(node)][1]


class _Names:
    """Values of the network by the table's own names, as seen from one row."""

    def __init__(self, found: Interpretation, row: int, column: int) -> None:
        self._found = found
        self._headers = {name: found.header(c) for c, name in found.names.items()}
        # An update speaks of the row above; whatever else is said of another row says so.
        self._usual = 1 if found.names[column] in found.parameters else 0

    def text(self, expression: Expression) -> str:
        """An expression as one line."""
        return plain(to_textbook(expression, self.name))

    def name(self, variable: Variable) -> str:
        """What the table calls a value."""
        if variable is self._found.truth.rate:
            return "η"
        name = self._headers.get(variable.name, variable.name)
        before = self._found.truth.moment_of(variable)
        if before is None or before == self._usual:
            return name
        if before == 0:
            return f"{name} of this row"
        where = "above" if before > 0 else "below"
        return f"{name} of the row {where}" if abs(before) == 1 else f"{name} of another row"
