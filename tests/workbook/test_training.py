"""The training sheets."""

from pathlib import Path

import pytest

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.training_panel import spacing
from tests.workbook.books import book


def test_the_familiar_table(course: Path) -> None:
    sheet = book(course)["lr 0.5"]
    headers = [cell.value for cell in sheet[4] if cell.value]
    assert " ".join(map(str, headers)) == (
        "iteration t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1 a_o1 o2 a_o2 E1 E2 "
        "E_total ∂E/∂w1 ∂E/∂w2 ∂E/∂w3 ∂E/∂w4 ∂E/∂w5 ∂E/∂w6 ∂E/∂w7 ∂E/∂w8"
    )
    second = {
        str(header.value): cell.value for header, cell in zip(sheet[4], sheet[6], strict=True)
    }
    assert second["iteration"] == 1
    assert second["w5"] == "=Q5-$C$2*AF5"
    assert second["E1"] == "=0.5*(E6-V6)^2"
    assert second["∂E/∂w5"] == "=(V6-E6)*V6*(1-V6)*N6"
    assert all(str(second[header]).startswith("=") for header in list(second)[5:])
    notes = {str(cell.value): cell.comment.text for cell in sheet[4] if cell.comment}
    assert notes["a_h1"].startswith("activation of hidden unit 1: sigmoid; MIN(…, 700) keeps EXP")
    assert len(notes) == 31


def test_the_iteration_stays_in_sight(course: Path) -> None:
    sheet = book(course)["lr 0.5"]
    assert sheet.freeze_panes == "B5"
    assert sheet.print_title_cols == "$A:$A"
    assert [sheet.cell(row, 1).value for row in range(4, 8)] == ["iteration", 0, 1, 2]


@pytest.mark.parametrize(
    ("updates", "step"), [(1, 1), (10, 1), (11, 2), (20, 2), (40, 5), (100, 10), (10_000, 1000)]
)
def test_labels_on_an_axis_do_not_run_together(updates: int, step: int) -> None:
    assert spacing(updates) == step


def test_kinks_are_mentioned_where_there_are_some(course: Path, tmp_path: Path) -> None:
    def words(path: Path) -> str:
        return " ".join(str(c.value) for row in book(path)["Gradient check"] for c in row[:10])

    assert "kinks" not in words(course)
    path = tmp_path / "relu.xlsx"
    layers = (LayerSpec(((0.5,),), "relu"), LayerSpec(((1.0,),), "identity"))
    spec = NetworkSpec(((1.0,),), ((0.2,),), layers)
    write_workbook(spec, path, learning_rates=(0.1,), updates=1)
    assert "kinks: those of a ReLU" in words(path)
