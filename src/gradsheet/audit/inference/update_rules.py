"""Updates by another rule than plain gradient descent: momentum, Adam and their like."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, permutations

from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.learning_rate import (
    Rate,
    counts_rows,
    label_near,
    sources_of,
    update_formulas,
)
from gradsheet.audit.inference.reference import Practice
from gradsheet.audit.inference.roles import goes_on
from gradsheet.audit.tables.headers import is_rate
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import LEARNING_RATE, Kind, Symbol
from gradsheet.networks.update_rules import UPDATE_RULES
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Node, functions_in, references

_MOST_TRIED = 400  # rules, ways of writing them, and settings
_TINY = 1e-3  # what is added to a denominator
_OTHERS = (
    "momentum",
    "nesterov",
    "weight-decay",
    "l1",
    "clipped",
    "elastic-net",
    "adagrad",
    "rmsprop",
    "adam",
)
_WITHOUT_MEMORY = ("weight-decay", "l1", "clipped", "elastic-net")
_CALLS = {
    "l1": {"SIGN", "IF", "ABS"},
    "elastic-net": {"SIGN", "IF", "ABS"},
    "clipped": {"MAX", "MIN", "MEDIAN", "IF"},
}
"""Functions of which updates call one under some rules."""
_USUAL_BOUNDS = (1.0, 0.5, 2.0)  # which are no settings of other rules
_LABELS = {
    Kind.MOMENTUM: r"μ|\bmu\b|moment|γ|gamma|β|beta",
    Kind.DECAY: r"β|beta|decay|ρ|rho|γ|gamma",
    Kind.EPSILON: r"ε|ϵ|eps",
    Kind.PENALTY: r"λ|lambda|decay|penal|\bl[12]\b|regular|lasso",
    Kind.BOUND: r"clip|bound|limit|thresh|schwelle|grenze|max",
}

Source = CellRef | float
"""Where a setting is: in a cell, or typed into the formulas."""


@dataclass(frozen=True)
class Settings:
    """What else than columns of the table the updates use.

    Attributes:
        cells: of the rule's settings those that cells hold.
        numbers: those that formulas hold; of a setting that is left out 0.
        count: the column that numbers the updates, and the number of its first row's, if any does.
    """

    cells: dict[CellRef, Symbol] = field(default_factory=dict)
    numbers: dict[Symbol, float] = field(default_factory=dict)
    count: tuple[int, int] | None = None


def by_other_rules(
    table: Table, hypothesis: Hypothesis, found: Interpretation, *, few: bool = False
) -> Iterator[Interpretation]:
    """The table under each other rule that its updates may follow.

    Args:
        table: the table.
        hypothesis: its columns and cells.
        found: it under plain gradient descent.
        few: whether few updates are not right; then all are bounded alike, where a bound may show
            in few of them.
    """
    search = _Search(table, hypothesis, found)
    rules = ("clipped",) if few else _OTHERS
    if few and not all(not called.isdisjoint(_CALLS["clipped"]) for called in search.called):
        return
    for rule, variant, memory, rate, settings in islice(search.candidates(rules), _MOST_TRIED):
        practice = replace(found.reference.practice, rule=rule, variant=variant)
        yield _interpretation(table, hypothesis, found, practice, memory, rate, settings)


def _interpretation(
    table: Table,
    hypothesis: Hypothesis,
    found: Interpretation,
    practice: Practice,
    memory: Mapping[int, Symbol],
    rate: Rate,
    settings: Settings,
) -> Interpretation:
    reference = found.reference.under(practice)
    for setting, value in settings.numbers.items():
        reference.fix(setting, value)
    if settings.count:
        reference.count_from(settings.count[1])
    named = replace(hypothesis, symbols={**found.symbols, **memory})
    result = Interpretation(table, named, rate, reference, found.thresholds)
    result.settings, result.count = settings.cells, settings.count and settings.count[0]
    return result


class _Search:
    """What the updates of a table read besides its network."""

    def __init__(self, table: Table, hypothesis: Hypothesis, found: Interpretation) -> None:
        self._table, self._found, self._hypothesis = table, found, hypothesis
        self._columns = {
            symbol: found.roles.column_of_update(column)
            for column, symbol in found.symbols.items()
            if symbol in found.roles.parameters
            and found.roles.is_trained(symbol)
            and column in table.usual
        }
        self._sources = sources_of(table, hypothesis)

    def candidates(
        self, rules: Sequence[str]
    ) -> Iterator[tuple[str, int, dict[int, Symbol], Rate, Settings]]:
        """Rule, way of writing it, columns of what it remembers, learning rate, settings."""
        for rule in rules:
            if rule in _CALLS and all(each.isdisjoint(_CALLS[rule]) for each in self.called):
                continue
            memories = list(self._memories(rule))
            for variant in range(self._found.reference.ways(rule)):
                for memory in memories:
                    for rate, settings in self._settings(rule):
                        yield rule, variant, memory, rate, settings

    @cached_property
    def called(self) -> list[set[str]]:
        """Of each update the functions that it calls, through the columns that have no name."""
        return [
            {
                name
                for tree, _ in update_formulas(self._table, self._hypothesis, column)
                for name in functions_in(tree)
            }
            for column in self._columns.values()
        ]

    # --- What is remembered ------------------------------------------------------------------

    def _memories(self, rule: str) -> Iterator[dict[int, Symbol]]:
        """The columns that hold what a rule remembers, for each way to take them."""
        kinds: tuple[Kind, ...] = (Kind.VELOCITY,)
        if rule in _WITHOUT_MEMORY:
            kinds = ()
        elif rule == "adam":
            kinds = (Kind.MEAN, Kind.VELOCITY)
        own = self._owned(len(kinds))
        counted = [column for columns in own.values() for column in columns]
        shared = sorted({c for c in counted if len(own) > 1 and counted.count(c) == len(own)})
        for order in permutations(range(len(kinds))):
            memory: dict[int, Symbol] = {}
            for symbol, columns in own.items():
                rest = [c for c in columns if c not in shared]
                if len(rest) == len(kinds):
                    memory |= {
                        rest[place]: self._at_its_time(rest[place], Symbol(kinds[k], of=symbol))
                        for k, place in enumerate(order)
                    }
            if len(memory) == len(kinds) * len(own):
                yield from self._with_powers(memory, shared)

    def _owned(self, count: int) -> dict[Symbol, list[int]]:
        """For each parameter what is remembered behind its update.

        A column that another one's mixes in by mistake is not that other's; where an update takes
        another one's, its own is the one that nothing takes; one that does not go on from its own
        value is remembered nevertheless, if the others are.

        Args:
            count: how many the rule remembers of each.
        """
        own = {symbol: self._remembered(column) for symbol, column in self._columns.items()}
        counted = Counter(column for columns in own.values() for column in columns)
        for symbol, column in self._columns.items():
            direct = [c for c in self._read_by(column) if self._is_free(c)]
            if len(direct) == 1 and not counted[direct[0]] and len(own[symbol]) == 1:
                own[symbol] = direct
            if count == 1 and not own[symbol] and len(direct) == 1:
                own[symbol] = direct
        free = self._untaken(own)
        for symbol, columns in own.items():
            is_shared = all(counted[c] > 1 for c in columns) and len(columns) == count
            if is_shared and len(mine := free.get(symbol, [])) == count:
                own[symbol] = mine
        return own

    def _untaken(self, own: Mapping[Symbol, list[int]]) -> dict[Symbol, list[int]]:
        """What no update takes, by the parameter whose gradient it goes on from."""
        taken = {column for columns in own.values() for column in columns}
        named = self._found.symbols
        gradients = {c: s.of for c, s in named.items() if s.is_gradient and s.of}
        found: dict[Symbol, list[int]] = {}
        for column in sorted(c for c in self._table.usual if self._is_free(c) and c not in taken):
            if goes_on(self._table, column):
                for parameter in {gradients[c] for c in self._read_by(column) if c in gradients}:
                    found.setdefault(parameter, []).append(column)
        return found

    def _with_powers(
        self, memory: dict[int, Symbol], shared: Sequence[int]
    ) -> Iterator[dict[int, Symbol]]:
        """With the columns of β to the power of the updates, before or after each."""
        if len(shared) != 2:
            yield memory
            return
        for first, second in (shared, shared[::-1]):
            for after in (False, True):
                powers = {first: Symbol(Kind.POWER, (1,)), second: Symbol(Kind.POWER, (2,))}
                yield memory | {c: s.next if after else s for c, s in powers.items()}

    def _at_its_time(self, column: int, symbol: Symbol) -> Symbol:
        """The value after the update where the column uses its own row, else that before it."""
        now = any(not ref.row_fixed and ref.row == 0 for ref in references(self._tree(column)))
        return symbol.next if now else symbol

    def _remembered(self, parameter: int) -> list[int]:
        """The columns behind an update that go on from their own value in the row above."""
        waiting, seen, found = [parameter], {parameter}, []
        while waiting:
            for other in self._read_by(waiting.pop()):
                if other not in seen and self._is_free(other):
                    seen.add(other)
                    waiting.append(other)
                    if goes_on(self._table, other):
                        found.append(other)
        return sorted(found)

    def _is_free(self, column: int) -> bool:
        return column in self._table.usual and column not in self._found.symbols

    def _read_by(self, column: int) -> list[int]:
        """The columns that a column's formula reads in the rows of the table."""
        here, rows = CellIndex(self._table.rows[-1], column), self._table.rows
        cells = [ref.seen_from(here) for ref in references(self._tree(column))]
        return [cell.column for cell in cells if cell.row in rows]

    def _tree(self, column: int) -> Node:
        return self._table.usual[column]

    # --- Settings ----------------------------------------------------------------------------

    def _settings(self, rule: str) -> Iterator[tuple[Rate, Settings]]:
        """The ways to take cells and typed numbers for the rate and the rule's settings."""
        slots = [LEARNING_RATE, *(symbol for symbol, _, _ in UPDATE_RULES[rule].settings)]
        cells = [cell for cell, _ in self._sources.cells.most_common() if self._is_number(cell)]
        sources: list[Source] = [*cells, *self._numbers()]
        if rule == "clipped":
            sources += [bound for bound in _USUAL_BOUNDS if bound not in sources]
        fixed = self._labeled(slots)
        open_slots = [slot for slot in slots if slot not in fixed]
        free = [source for source in sources if source not in fixed.values()]
        tried = set()
        free += [0.0] * len(open_slots)
        for chosen in permutations(free, len(open_slots)):
            if chosen in tried:
                continue
            tried.add(chosen)
            taken = {**fixed, **dict(zip(open_slots, chosen, strict=True))}
            if all(_is_possible(slot, source) for slot, source in taken.items()):
                yield from self._counted(rule, taken)

    def _is_number(self, cell: CellRef) -> bool:
        held = self._table.formulas.cell(*cell)
        return held is not None and isinstance(held.value, float)

    def _numbers(self) -> list[float]:
        return sorted({abs(n) for n in self._sources.numbers if n not in (2.0, 0.5)}, reverse=True)

    def _labeled(self, slots: Sequence[Symbol]) -> dict[Symbol, Source]:
        """The cells whose labels name a slot."""
        found: dict[Symbol, Source] = {}
        for cell in self._sources.cells:
            text = label_near(self._table, cell)
            named = (slot for slot in slots if slot not in found and _names(text, slot))
            if slot := next(named, None):
                found[slot] = cell
        return found

    def _counted(self, rule: str, taken: dict[Symbol, Source]) -> Iterator[tuple[Rate, Settings]]:
        source = taken[LEARNING_RATE]
        rate = Rate(source) if isinstance(source, CellRef) else Rate(value=source)
        if self._found.rate.column is not None:
            rate = self._found.rate
        rest = {slot: source for slot, source in taken.items() if slot != LEARNING_RATE}
        numbers = {slot: s for slot, s in rest.items() if not isinstance(s, CellRef)}
        if not isinstance(source, CellRef) and rate.column is None:
            numbers[LEARNING_RATE] = source
        cells = {s: slot for slot, s in rest.items() if isinstance(s, CellRef)}
        settings = Settings(cells, numbers)
        if rule == "adam" and (column := self._count_column()) is not None:
            for first in (0, 1):
                yield rate, replace(settings, count=(column, first))
            return
        yield rate, settings

    def _count_column(self) -> int | None:
        """A column without a name, of numbers that count the rows."""
        for column in self._table.columns:
            by_formula = column in self._table.usual and goes_on(self._table, column)
            counts = counts_rows(self._table, column) or (by_formula and not self._mixes(column))
            if column not in self._found.symbols and counts:
                return column
        return None

    def _mixes(self, column: int) -> bool:
        """Whether a column uses others than itself."""
        return len(set(self._read_by(column))) > 1


def _names(text: str, slot: Symbol) -> bool:
    """Whether a label names a setting: β₁ is not β₂, and a decay rate is no learning rate."""
    if slot == LEARNING_RATE or is_rate(text):
        return slot == LEARNING_RATE and is_rate(text)
    other = {1: "2", 2: "1"}.get(sum(slot.numbers), "?")  # of β1 and β2
    is_other = other in unicodedata.normalize("NFKC", text)
    return bool(re.search(_LABELS[slot.kind], text, re.IGNORECASE)) and not is_other


def _is_possible(slot: Symbol, source: Source) -> bool:
    """Whether a number can be what a slot is for; what a cell holds may change."""
    if isinstance(source, CellRef):
        return True
    if slot.kind is Kind.EPSILON:
        return abs(source) <= _TINY
    return source > _TINY or (slot.kind is Kind.PENALTY and source > 0)
