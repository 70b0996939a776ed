"""What may be the step of gradients that are difference quotients."""

import pytest

from gradsheet.audit.inference.differences import possible_steps
from gradsheet.audit.inference.function import Step
from gradsheet.audit.tables.search import find_tables
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formulas import Formulas
from tests.audit.by_columns import RATE, Column, book, moved, with_values

BESIDE = CellRef("Sheet", CellIndex(1, 4))  # D1


@pytest.mark.parametrize(
    ("gradient", "steps"),
    [
        ("=((([w]+$D$1)*[x]-[t])^2-[E])/$D$1", [BESIDE]),
        ("=((([w]+0.001)*[x]-[t])^2-[E])/0.001", [0.001]),
        ("=2*([w]*[x]-[t])*[x]*$D$1", []),  # a small number of another kind, such as an input
        ("=2*([w]*[x]-[t])*[x]+0.001", []),
    ],
)
def test_a_step_is_a_small_number_that_gradients_divide_by(
    gradient: str, steps: list[Step]
) -> None:
    columns: list[Column] = [
        ("x", [0.5, 0.1, 0.9]),
        ("t", [1, 0, 1]),
        *moved("w b"),
        ("y", "=[w]*[x]+[b]"),
        ("E", "=([y]-[t])^2"),
        ("dw", gradient),
        ("db", "=2*([w]*[x]+[b]-[t])"),
    ]
    [table] = find_tables(Formulas(with_values(book(columns, 6, {**RATE, "D1": 0.05}))))
    [column] = [c for c, header in table.headers.items() if header == "dw"]
    assert possible_steps(table, [column]) == steps
