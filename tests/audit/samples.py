"""Audits made by hand, to be shown."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gradsheet.audit import rules
from gradsheet.audit.details import (
    CellWithoutFormula,
    Change,
    ChartOfOtherColumn,
    ChartOfSomeRows,
    Content,
    Details,
    Effect,
    Formula,
    GradientTaken,
    NoStart,
    NotRead,
    OddCell,
    OtherHeader,
    OtherRateCell,
    RateCellWithoutNumber,
    RateTaken,
    Rounded,
    Unreadable,
    Value,
    WeightsTaken,
    WrongFormula,
)
from gradsheet.audit.findings import (
    Audit,
    ColumnAudit,
    Finding,
    Layer,
    Network,
    TableAudit,
    Verdict,
)
from gradsheet.audit.rules import Rule
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef, column_number

SLOPE = "GS601 local derivative of the wrong unit"
SWAPPED = "GS604 two gradients swapped"
USED, BELONGS = "a_h1·(1−a_h1)", "a_h2·(1−a_h2)"
MESSAGE = (
    "uses a_h1·(1−a_h1) instead of a_h2·(1−a_h2); the gradient is 1.2e-07 too small in this row, "
    "off by up to 3e-06 in later rows; after 61 updates the loss is 4e-09 too large"
)
WRITTEN, RIGHT = "(a_o1-t1)*w5*a_h1*(1-a_h1)*i2", "(a_o1-t1)*w6*a_h2*(1-a_h2)*i2"

GRADIENT = Symbol.parse("dE/dw4")


def column(letters: str, header: str, verdict: Verdict = "right", role: str = "") -> ColumnAudit:
    symbol = Symbol.parse(role) if role else None
    number = column_number(letters)
    first = CellIndex(29, number) if verdict == "wrong" else None
    return ColumnAudit(number, header, symbol, f"what {header} is", verdict, first)


def mistake(
    cell: str = "AA29",
    rule: Rule = rules.WRONG_LOCAL_DERIVATIVE,
    used: str = USED,
    *,
    sheet: str = "Sheet1",
    written: str = WRITTEN,
    right: str = RIGHT,
) -> Finding:
    """A wrong gradient."""
    causes = (Change(rule, Formula((used,)), Formula((BELONGS,))),)
    effect = Effect("gradient", -1.2e-7, 3e-6, False, 61, 4e-9)
    formulas = Formula((written,)), Formula((right,) if right else ())
    details = WrongFormula(*formulas, causes, effect)
    return Finding((rule,), details, sheet, CellIndex.parse(cell), 62, "E∂w4", GRADIENT)


def remark(sheet: str, cell: str, text: str) -> Finding:
    return Finding((rules.NOT_READ,), NotRead(text), sheet, CellIndex.parse(cell) if cell else None)


NETWORK = Network(2, (Layer(2, "sigmoid"), Layer(2, "sigmoid")), 0, 1, "half-squared-error")


def table(findings: Sequence[Finding] = ()) -> TableAudit:
    wrong = {found.cell.column for found in findings if found.is_mistake and found.cell}
    columns = [
        column("A", "t1", "given", "t1"),
        column("B", "w1", "right", "w1"),
        column("Z", "E∂w3", "wrong" if column_number("Z") in wrong else "right", "dE/dw3"),
        column("AA", "E∂w4", "wrong" if column_number("AA") in wrong else "right", "dE/dw4"),
        column("AB", "note", "not checked"),
    ]
    return TableAudit(
        sheet="Sheet1",
        area=CellRange.parse("A28:AE90"),
        network=NETWORK,
        updates=61,
        rate=0.5,
        rate_cell=CellRef("", CellIndex.parse("F27")),
        columns=tuple(columns),
        findings=tuple(findings),
    )


def audit(path: str | Path, *findings: Finding, rest: Sequence[Finding] = ()) -> Audit:
    """Of a workbook with one table and these findings in it."""
    return Audit(Path(path), (table(findings),), tuple(rest))


def strange(text: str) -> Audit:
    """An audit with ``text`` wherever a file can put some."""
    causes = (
        Change(rules.OTHER_VALUE, Formula((Value(text),)), Formula((text,))),
        WeightsTaken(rules.UPDATED, (text, text)),
        GradientTaken(rules.SWAPPED, text),
        RateTaken(rules.UNUSED_RATE, text, text, CellRef(text, CellIndex(1, 1))),
        Unreadable(rules.NOT_UNDERSTOOD, text),
    )
    effect = Effect("value", 1.0, 1.0, False, 1)
    wrong = WrongFormula(Formula((f"1+{text}",)), Formula((f"2+{text}",)), causes, effect)
    where = CellIndex.parse("AA29")
    held = Content(text), Content(None, text)
    details: list[Details] = [
        wrong,
        *map(CellWithoutFormula, held),
        *map(OddCell, held),
        *map(NoStart, held),
        RateCellWithoutNumber(CellRef(text, where), held[0]),
        OtherRateCell(where, CellRef(text, where)),
        NotRead(text),
        Rounded((text, text)),
        OtherHeader(text, GRADIENT, text),
        ChartOfOtherColumn(text, text, text, 1),
        ChartOfSomeRows(text, 2, 3),
    ]
    findings = [
        Finding((rule,), detail, text, where, 3, text, GRADIENT)
        for rule in (rules.OTHER_VALUE, rules.NOT_READ)
        for detail in details
    ]
    columns = (column("AA", text, "wrong"), column("B", text))
    odd = replace(table(findings), sheet=text, rate_cell=CellRef(text, where), columns=columns)
    return Audit(Path(f"{text}.xlsx"), (odd,), tuple(findings))
