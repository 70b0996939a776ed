"""The inputs sheet: what is typed there moves everything."""

from dataclasses import replace
from pathlib import Path

import pytest

from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec
from gradsheet.networks.sweep import descend
from gradsheet.networks.toml import load_network
from gradsheet.networks.torch_reference import compute
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.recalculate import (
    recalculated,
)
from tests.workbook.books import COURSE, after, book, cell_of, ref, table


def test_names_and_validation(course: Path) -> None:
    wanted = {
        f"{letter}_{n}"
        for letter, count in (("i", 2), ("t", 2), ("w", 8), ("lr", 6))
        for n in range(1, count + 1)
    }
    assert set(book(course).defined_names) == wanted | {"lr"}
    assert cell_of(course, "lr") == cell_of(course, "lr_1")
    inputs = book(course)["Inputs"]
    assert inputs[str(cell_of(course, "w_5").cell)].value == 0.4
    rules = {str(rule.sqref): rule for rule in inputs.data_validations.dataValidation}
    rate = rules[str(cell_of(course, "lr_3").cell)]
    assert (rate.type, rate.formula1, bool(rate.error)) == ("decimal", "10^-300", True)
    assert len(rules) == 18 + 1


def test_typing_on_the_inputs_sheet_moves_everything(course: Path) -> None:
    numbers = {"i_1": -0.3, "t_2": 0.25, "w_3": 0.9, "w_8": -1.2, "lr_4": 0.65}
    typed = {cell_of(course, name): value for name, value in numbers.items()}
    found = recalculated(course, typed, "ironcalc")
    spec = replace(
        COURSE,
        inputs=((-0.3, 0.10),),
        targets=((0.01, 0.25),),
        layers=(
            LayerSpec(((0.15, 0.20), (0.9, 0.30))),
            LayerSpec(((0.40, 0.45), (0.50, -1.2))),
        ),
    )
    graph = build_graph(spec)
    for sheet, rate in (("lr 0.1", 0.1), ("lr 0.8", 0.65), ("lr 2.0", 2.0)):
        shown = [*graph.table(), *graph.gradients]
        expected = descend(graph, (rate,), 32, shown)
        columns = table(found, course, sheet)
        for variable in shown:
            name = variable.name.replace("dE/d", "∂E/∂")
            assert columns[name] == pytest.approx(expected.values[variable][:, 0], rel=1e-11)
    assert found[ref("lr 0.8", "B1")] == "Gradient descent at learning rate 0.65"
    assert found[ref("Start", "B6")] == "all checks pass"


def test_a_preset_of_the_same_shape_can_be_chosen(course: Path, tmp_path: Path) -> None:
    changed: dict[CellRef, float | str] = {cell_of(course, "w_1"): 9.0}
    changed[ref("Inputs", "C4")] = "course-half"
    found = after(course, tmp_path, changed)
    expected = compute(load_network("course-half"))
    columns = table(found, course, "lr 0.1")
    assert columns["E_total"][0] == pytest.approx(expected.loss, rel=1e-12)
    assert found[ref("Start", "B6")] == "all checks pass"
    assert "not in use" in str(found[ref("Inputs", "E4")])
