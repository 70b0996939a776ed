"""Audits as JSON, for other programs: codes and data, and the sentences rendered from them."""

import json
import math
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from gradsheet.audit.details import Formula
from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit
from gradsheet.audit.report.outcomes import outcome
from gradsheet.audit.report.rule_text import page_of
from gradsheet.audit.report.sentences import (
    formula,
    message,
    network_in_words,
    title,
    written_and_right,
)
from gradsheet.audit.report.summary import verdict
from gradsheet.audit.rules import Rule
from gradsheet.audit.unaudited import Unaudited
from gradsheet.errors import encodable
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef

VERSION = 2
"""Of the JSON form; it rises when a reader of the old form would go wrong."""

_FOR_SENTENCES = {"in_steps", "place"}
"""What only the rendering of a sentence or of a place needs."""


def to_json(results: Sequence[Audit | Unaudited], ascii_only: bool = False) -> str:
    """Everything that was found, and for each file whether it is all right.

    With ``ascii_only`` every other character is written as its number.
    """
    whole = {"version": VERSION, "files": [_file(result) for result in results]}
    return json.dumps(_plain(whole), ensure_ascii=ascii_only, indent=2) + "\n"


def _file(result: Audit | Unaudited) -> dict[str, Any]:
    audit = result if isinstance(result, Audit) else Audit(result.path, (), ())
    return {
        "path": result.path,
        "outcome": outcome(result),
        "text": verdict(result),
        "all_right": audit.all_right,
        "tables": [_table(table) for table in audit.tables],
        "findings": [_finding(found) for found in audit.findings],
    }


def _table(table: TableAudit) -> dict[str, Any]:
    return {
        **_fields(table),
        "network": {**_fields(table.network), "text": network_in_words(table.network)},
        "columns": [_column(column) for column in table.columns],
        "findings": [_finding(found) for found in table.findings],
    }


def _column(column: ColumnAudit) -> dict[str, Any]:
    return {**_fields(column), "column": column.letters}


def _finding(found: Finding) -> dict[str, Any]:
    written, right = written_and_right(found)
    return {
        "codes": found.codes,
        "title": title(found.rules),
        "pages": [page_of(rule) for rule in found.rules],
        "is_mistake": found.is_mistake,
        **{
            name: value
            for name, value in _fields(found).items()
            if name not in ("rules", "details", "parts")
        },
        "text": message(found),
        "written": written,
        "right": right,
        "details": found.details,
    }


def _fields(record: Any) -> dict[str, Any]:
    names = [field.name for field in fields(record) if field.name not in _FOR_SENTENCES]
    return {name: getattr(record, name) for name in names}


def _plain(value: Any) -> Any:
    """The same in what JSON in UTF-8 can hold; a number that is not finite becomes null."""
    match value:
        case Formula():
            return encodable(formula(value))
        case Rule():
            return value.code
        case CellIndex() | CellRange() | CellRef() | Symbol() | Path():
            return encodable(str(value))
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case str():
            return encodable(value)
        case float():
            return value if math.isfinite(value) else None
        case bool() | int() | None:
            return value
    return _plain(_fields(value))
