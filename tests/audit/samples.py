"""Audits made by hand, to be shown."""

from collections.abc import Sequence
from pathlib import Path

from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit, Verdict

SLOPE, SWAPPED = "the slope of the wrong unit's activation", "two gradients swapped"
MESSAGE = (
    "uses a_h1·(1−a_h1) where a_h2·(1−a_h2) belongs; the gradient is 1.2e-7 too small in this "
    "row, up to 3e-6 later; the loss after 60 updates is off by 4e-9"
)
WRITTEN, RIGHT = "(a_o1-t1)*w5*a_h1*(1-a_h1)*i2", "(a_o1-t1)*w6*a_h2*(1-a_h2)*i2"


def column(letter: str, header: str, verdict: Verdict = "right", role: str = "") -> ColumnAudit:
    first = f"{letter}29" if verdict == "wrong" else ""
    return ColumnAudit(letter, header, role or header, f"what {header} is", verdict, first)


def mistake(cell: str = "AA29", kind: str = SLOPE, message: str = MESSAGE) -> Finding:
    return Finding("Sheet1", cell, "E∂w4", "dE/dw4", kind, message, True, WRITTEN, RIGHT, 62)


def remark(sheet: str, cell: str, message: str) -> Finding:
    return Finding(sheet, cell, "", "", "a remark", message, False)


def table(findings: Sequence[Finding] = ()) -> TableAudit:
    letters = {found.cell.rstrip("0123456789") for found in findings if found.is_mistake}
    columns = [
        column("A", "t1", "given"),
        column("B", "w1"),
        column("Z", "E∂w3", "wrong" if "Z" in letters else "right", "dE/dw3"),
        column("AA", "E∂w4", "wrong" if "AA" in letters else "right", "dE/dw4"),
        column("AB", "note", "not checked"),
    ]
    network = "2 inputs, 2 sigmoid units, 2 sigmoid outputs, no biases"
    return TableAudit(
        "Sheet1", "A28:AE90", network, 61, 0.5, "F27", tuple(columns), tuple(findings)
    )


def audit(path: str | Path, *findings: Finding, rest: Sequence[Finding] = ()) -> Audit:
    """Of a workbook with one table and these findings in it."""
    return Audit(Path(path), (table(findings),), tuple(rest))
