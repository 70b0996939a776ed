"""Networks written with matrices."""

import random
from pathlib import Path

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.array_parts import part_of
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formula import Call, Cells, Reference, to_expression
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.symbolic.expression import Number, Variable
from gradsheet.symbolic.tape import Tape
from tests.audit.handmade import seeds
from tests.audit.steps.matrices import batch, columns


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("seed", seeds(2, 50))
def test_right_matrices_of_one_example_pass(seed: int, steps: int) -> None:
    found = audit_book(columns(random.Random(seed), steps, biases=seed % 2 > 0).book())
    assert not found.all_findings
    assert found.all_right


@pytest.mark.parametrize("seed", seeds(2, 50))
def test_right_matrices_of_several_examples_pass(seed: int) -> None:
    found = audit_book(batch(random.Random(seed)).book())
    assert not found.all_findings
    assert found.all_right
    assert found.tables[0].network.examples > 1


def test_a_factor_left_out_of_a_matrix_is_named_at_its_cells() -> None:
    sheet = columns(random.Random(0), 1)
    found = audit_book(sheet.book(lambda text: text.rpartition("*(")[0], "D1")).mistakes
    assert found
    places = sheet.places["D1", 0]
    assert str(found[0].cell) == str(places.first)
    assert all(m.cell in [*places.cells()] for m in found)


def test_a_wrong_sign_in_the_update_of_a_matrix_is_named() -> None:
    sheet = columns(random.Random(2), 1)
    found = audit_book(sheet.book(lambda text: text.replace("-$B$1", "+$B$1"), "new W2")).mistakes
    cells = list(sheet.places["new W2", 0].cells())
    assert [(m.first_cells, m.codes) for m in found] == [(tuple(cells), ("GS301",))]


def test_a_part_of_an_array_formula_computes_its_cell() -> None:
    numbers = {CellIndex(r, c): Cell(float(r * c + r)) for r in (1, 2, 3) for c in (1, 2, 3)}
    area = [[Reference("", r, c, True, True) for c in (1, 2, 3)] for r in (1, 2, 3)]
    whole = Cells(tuple(map(tuple, area)))
    tree = Call("+", (Call("MMULT", (Call("TRANSPOSE", (whole,)), whole)), whole))
    array = {
        CellIndex(5 + r, 1 + c): Cell(None, "MMULT(TRANSPOSE(A1:C3),A1:C3)+A1:C3", CellIndex(5, 1))
        for r in range(3)
        for c in range(3)
    }
    book = Book(Path("it.xlsx"), {"S": Sheet("S", {**numbers, **array})})
    evaluator = Evaluator(Formulas(book))
    for index in array:
        part = to_expression(
            part_of(tree, index.row - 5, index.column - 1),
            index,
            lambda _, cell: Number(evaluator.value("S", cell)),
        )
        wanted = Variable("part", part)
        assert Tape([wanted]).run({})[wanted] == evaluator.value("S", index)
