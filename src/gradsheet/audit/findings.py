"""What an audit says: about a workbook, its tables, their columns, and each mistake."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Verdict = Literal["right", "wrong", "given", "not checked"]


@dataclass(frozen=True)
class Finding:
    """One mistake, or one remark about something that is not wrong.

    Attributes:
        sheet: the sheet it is on.
        cell: the first cell that shows it, ``AA29``.
        column: what the table itself calls the column, ``E∂w4``; empty where there is none.
        role: the column's name in this package, ``dE/dw4``; empty where there is none.
        kind: the kind of mistake in a few words, the same for all mistakes of the kind.
        message: what is wrong, how much it matters and what belongs there, in one line.
        is_mistake: False for a remark.
        written: the formula as written, in the table's own names; empty where there is none.
        right: a right one.
        cells: how many cells show it.
    """

    sheet: str
    cell: str
    column: str
    role: str
    kind: str
    message: str
    is_mistake: bool = True
    written: str = ""
    right: str = ""
    cells: int = 1


@dataclass(frozen=True)
class ColumnAudit:
    """One column of a table.

    Attributes:
        letter: ``AA``.
        header: what the table calls it; empty where it has none.
        role: what it is, ``dE/dw4``; empty where that is unknown.
        meaning: the role in words.
        verdict: whether every cell of it is right.
        first_wrong: the first wrong cell, empty where none is.
    """

    letter: str
    header: str
    role: str
    meaning: str
    verdict: Verdict
    first_wrong: str = ""


@dataclass(frozen=True)
class TableAudit:
    """One training table.

    Attributes:
        area: where it stands, header included: ``A28:AE90``.
        network: the network it trains, in words.
        updates: how often the weights are updated.
        rate: the learning rate; None where none was found.
        rate_cell: where it stands, ``E27``; empty where it is in no cell.
        columns: from left to right.
        findings: the mistakes first, then remarks.
    """

    sheet: str
    area: str
    network: str
    updates: int
    rate: float | None
    rate_cell: str
    columns: tuple[ColumnAudit, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Audit:
    """Everything that was found in one workbook.

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
        """Of every table and of none."""
        return (*(found for table in self.tables for found in table.findings), *self.findings)

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings that are mistakes."""
        return tuple(found for found in self.all_findings if found.is_mistake)
