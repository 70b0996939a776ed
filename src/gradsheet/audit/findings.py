"""The result of an audit: a workbook, its tables, their columns, and each finding."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gradsheet.audit.details import Details
from gradsheet.audit.rules import Rule
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef, column_letters

Verdict = Literal["right", "wrong", "given", "not read", "not checked"]


@dataclass(frozen=True)
class Finding:
    """One mistake, or one remark about something that is not wrong.

    Attributes:
        rules: the rules it breaks: one, or two where a formula holds two mistakes.
        details: what was found, without a sentence; ``str`` of the finding renders one.
        sheet: the sheet it is on; empty where it is about the whole workbook.
        cell: the first cell that shows it; None where there is none.
        cells: how many cells show it.
        column: what the table itself calls the column, ``E∂w4``; empty where there is none.
        role: the value of the network that the column holds; None where there is none.
        elsewhere: the first cells of other columns that show the same, from left to right.
        on_sheets: the first cells on other sheets that show the same, in the order of the sheets.
        followers: cells of the same row with a right formula that uses a wrong value.
        parts: the findings at those other places, each with its own formulas.
    """

    rules: tuple[Rule, ...]
    details: Details
    sheet: str = ""
    cell: CellIndex | None = None
    cells: int = 1
    column: str = ""
    role: Symbol | None = None
    elsewhere: tuple[CellIndex, ...] = ()
    on_sheets: tuple[CellRef, ...] = ()
    followers: tuple[CellRef, ...] = ()
    parts: tuple["Finding", ...] = field(default=(), repr=False)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its rules: ``("GS601",)``."""
        return tuple(rule.code for rule in self.rules)

    @property
    def is_mistake(self) -> bool:
        """Whether it is a mistake; else it is a remark."""
        return any(rule.severity == "mistake" for rule in self.rules)

    @property
    def place(self) -> str:
        """The sheet and the cell, as far as there are any: ``Sheet1!AA29``."""
        if self.cell is None:
            return self.sheet
        return str(CellRef(self.sheet, self.cell))

    @property
    def first_cells(self) -> tuple[CellIndex, ...]:
        """The first cell of each column that shows it."""
        return (self.cell, *self.elsewhere) if self.cell else ()

    @property
    def first_places(self) -> tuple[CellRef, ...]:
        """The first cell of each column that shows it, on each sheet."""
        return (*(CellRef(self.sheet, cell) for cell in self.first_cells), *self.on_sheets)

    def at(self, place: CellRef) -> "Finding":
        """What was found at one of its places: a right formula differs from column to column."""
        own = (part for part in self.parts if (part.sheet, part.cell) == place)
        return next(own, self)

    def __str__(self) -> str:
        from gradsheet.audit.report.sentences import line

        return line(self)


@dataclass(frozen=True)
class Layer:
    """The units of one layer and their activation."""

    units: int
    activation: str


@dataclass(frozen=True)
class Network:
    """The network that a table trains, or a function of so many inputs that it makes small.

    Attributes:
        inputs: how many.
        layers: hidden layers first, the output layer last; none of a function.
        biases: how many in all.
        examples: how many are in one row.
        loss: the name of the loss, as in a network file or in ``losses.conventions``.
        update_rule: the name of the rule that moves the weights, in ``UPDATE_RULES``.
    """

    inputs: int
    layers: tuple[Layer, ...]
    biases: int
    examples: int
    loss: str
    update_rule: str = "sgd"


@dataclass(frozen=True)
class ColumnAudit:
    """One column of a table.

    Attributes:
        column: its number, from 1.
        header: what the table calls it; empty where it has none.
        role: the value of the network that it holds; None where that is unknown.
        meaning: the role in words.
        verdict: whether every cell of it is right.
        first_wrong: the first wrong cell; None where none is.
        place: its first cell, where it is no column of a sheet; else empty.
        follows_from: the wrong cell from which its numbers follow, without a sheet where that is
            the table's own; None where there is none.
    """

    column: int
    header: str
    role: Symbol | None
    meaning: str
    verdict: Verdict
    first_wrong: CellIndex | None = None
    place: str = ""
    follows_from: CellRef | None = None

    @property
    def letters(self) -> str:
        """``AA`` for column 27; of what is no column its first cell."""
        return self.place or column_letters(self.column)


@dataclass(frozen=True)
class TableAudit:
    """One training table.

    Attributes:
        sheet: the sheet it is on.
        area: its cells, header included.
        network: the network it trains.
        updates: how often the weights are updated.
        rate: the learning rate; None where none was found.
        rate_cell: the cell that holds it, without a sheet where it is on the table's own; None
            where no cell does.
        columns: from left to right.
        findings: the mistakes first, then remarks.
    """

    sheet: str
    area: CellRange
    network: Network
    updates: int
    rate: float | None
    rate_cell: CellRef | None
    columns: tuple[ColumnAudit, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Audit:
    """Everything that was found in one workbook. In a notebook it shows itself.

    Attributes:
        path: the file.
        tables: the training tables, in the order of the sheets.
        findings: what belongs to no table: charts, pasted comparisons, what was not read.
    """

    path: Path
    tables: tuple[TableAudit, ...]
    findings: tuple[Finding, ...]

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """The findings of every table and of none."""
        return (*(found for table in self.tables for found in table.findings), *self.findings)

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings that are mistakes."""
        return tuple(found for found in self.all_findings if found.is_mistake)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """The findings that are not."""
        return tuple(found for found in self.all_findings if not found.is_mistake)

    @property
    def all_right(self) -> bool:
        """Whether something was checked, nothing is wrong, and no formula was left unread."""
        return self.count("right") > 0 and not self.some_wrong and not self.count("not read")

    @property
    def some_wrong(self) -> bool:
        """Whether something is wrong; without a table neither this holds nor ``all_right``."""
        return bool(self.mistakes) or self.count("wrong") > 0

    def count(self, verdict: Verdict) -> int:
        """The number of columns with this verdict."""
        return sum(c.verdict == verdict for table in self.tables for c in table.columns)

    def to_json(self) -> str:
        """The audit as JSON; see docs/audit.md for its form."""
        from gradsheet.audit.report.json_form import to_json

        return to_json([self])

    def _repr_html_(self) -> str:
        from gradsheet.audit.report.notebook import notebook_html

        return notebook_html(self)
