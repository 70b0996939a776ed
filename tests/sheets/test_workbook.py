"""The workbook, recalculated by other engines, against the library, autograd and the reference."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from gradsheet.calculus.descent import descend
from gradsheet.calculus.graph import build_graph
from gradsheet.calculus.network import PRESETS, LayerSpec, NetworkSpec, load_network
from gradsheet.errors import GradsheetError
from gradsheet.sheets.workbook import write_workbook
from tests.witnesses import (
    LIBREOFFICE,
    Cells,
    cached_cells,
    ironcalc_cells,
    libreoffice_cells,
    random_network,
    torch_pass,
    without_caches,
)

COURSE = load_network("course")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "course.xlsx"
    write_workbook(COURSE, path)
    return path


def table(cells: Cells, sheet: str) -> dict[str, list[float]]:
    """The training table of a sheet: for each header the numbers below it."""
    grid = {key[1]: value for key, value in cells.items() if key[0] == sheet}
    rows = sorted({int(re.sub(r"\D", "", cell)) for cell in grid})
    headers = {
        re.sub(r"\d", "", cell): str(value)
        for cell, value in grid.items()
        if cell.endswith("4") and re.fullmatch(r"[A-Z]+4", cell)
    }
    return {
        header: [
            float(grid[f"{column}{row}"]) for row in rows if row > 4 and f"{column}{row}" in grid
        ]
        for column, header in headers.items()
    }


def assert_equal(found: Cells, expected: Cells) -> None:
    assert expected
    for cell, value in expected.items():
        if value == "#NUM!":  # which ironcalc calls a division by zero
            assert found[cell] in ("#NUM!", "#DIV/0!"), cell
        elif isinstance(value, str):
            assert found[cell] == value, cell
        else:
            assert found[cell] == pytest.approx(value, rel=1e-11, abs=1e-12), cell


@pytest.mark.parametrize("preset", PRESETS)
def test_stripped_of_its_values_it_computes_them_again(preset: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(load_network(preset), path, updates=40)
    stated = cached_cells(path)
    assert all(value is not None for value in stated.values())
    bare = without_caches(path, tmp_path / "bare.xlsx")
    assert set(cached_cells(bare).values()) == {None}
    assert_equal(ironcalc_cells(bare), stated)


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_compute_what_autograd_says(seed: int, tmp_path: Path) -> None:
    spec, path = random_network(seed), tmp_path / "book.xlsx"
    write_workbook(spec, path, rates=(0.05,), updates=3)
    cells = ironcalc_cells(without_caches(path, tmp_path / "bare.xlsx"))
    assert_equal(cells, cached_cells(path))
    columns = table(cells, "lr 0.05")
    loss, gradients = torch_pass(spec)
    assert columns["E_total"][0] == pytest.approx(loss, rel=1e-12, abs=1e-12)
    for name, value in gradients.items():
        assert columns[f"∂E/∂{name}"][0] == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_the_familiar_table(course: Path) -> None:
    sheet = openpyxl.load_workbook(course)["lr 0.5"]
    headers = [cell.value for cell in sheet[4] if cell.value]
    assert " ".join(map(str, headers)) == (
        "iteration t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1 a_o1 o2 a_o2 E1 E2 "
        "E_total ∂E/∂w1 ∂E/∂w2 ∂E/∂w3 ∂E/∂w4 ∂E/∂w5 ∂E/∂w6 ∂E/∂w7 ∂E/∂w8"
    )
    second = {
        str(header.value): cell.value for header, cell in zip(sheet[4], sheet[6], strict=True)
    }
    assert second["iteration"] == 1
    assert second["w5"] == "=Q5-$B$2*AF5"
    assert second["E1"] == "=0.5*(E6-V6)^2"
    assert second["∂E/∂w5"] == "=(V6-E6)*V6*(1-V6)*N6"
    assert all(str(second[header]).startswith("=") for header in list(second)[5:])


def test_it_has_the_sheets_and_charts(course: Path) -> None:
    names = openpyxl.load_workbook(course).sheetnames
    rates = [f"lr {rate}" for rate in (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)]
    assert names == ["Inputs", "Network", "Derivation", *rates, "Learning rates"]
    with zipfile.ZipFile(course) as archive:
        charts = [n for n in archive.namelist() if n.startswith("xl/charts/chart")]
        kinds = [re.findall(r"<c:(\w+)Chart>", archive.read(name).decode()) for name in charts]
    assert sorted(kind for (kind,) in kinds) == ["line"] * 7 + ["scatter"]


def typed_inputs(path: Path) -> dict[str, str]:
    """The cell of each name on the inputs sheet."""
    sheet = openpyxl.load_workbook(path)["Inputs"]
    return {
        str(cell.value): sheet.cell(cell.row, cell.column + 1).coordinate
        for row in sheet.iter_rows(min_row=6)
        for cell in row
        if isinstance(cell.value, str) and re.fullmatch(r"[itwbη]\d+", cell.value)
    }


def test_typing_on_the_inputs_sheet_moves_everything(course: Path) -> None:
    cells = typed_inputs(course)
    assert len(cells) == 4 + 8 + 6
    typed = {"i1": -0.3, "t2": 0.25, "w3": 0.9, "w8": -1.2, "η4": 0.65}
    found = ironcalc_cells(course, {("Inputs", cells[name]): v for name, v in typed.items()})
    spec = replace(
        COURSE,
        inputs=(-0.3, 0.10),
        targets=(0.01, 0.25),
        layers=(
            LayerSpec(((0.15, 0.20), (0.9, 0.30))),
            LayerSpec(((0.40, 0.45), (0.50, -1.2))),
        ),
    )
    graph = build_graph(spec)
    for sheet, rate in (("lr 0.1", 0.1), ("lr 0.8", 0.65), ("lr 2.0", 2.0)):
        shown = [*graph.table(), *graph.gradients]
        expected = descend(graph, (rate,), 100, shown)
        columns = table(found, sheet)
        for variable in shown:
            name = variable.name.replace("dE/d", "∂E/∂")
            assert columns[name] == pytest.approx(expected.values[variable][:, 0], rel=1e-11)
    last = ironcalc_cells(course, {("Inputs", cells["η4"]): 0.65})
    assert found["lr 0.8", "A1"] == last["lr 0.8", "A1"] == "Gradient descent at learning rate 0.65"


def test_a_training_that_diverges_shows_errors_not_numbers(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    line = NetworkSpec((2.0,), (1.0,), (LayerSpec(((3.0,),), "identity"),))
    write_workbook(line, path, rates=(0.1, 1e14), updates=25)
    stated = cached_cells(path)
    assert_equal(ironcalc_cells(without_caches(path, tmp_path / "bare.xlsx")), stated)
    wild = [value for (sheet, _), value in stated.items() if sheet == "lr 100000000000000.0"]
    assert "#NUM!" in wild
    assert not any(
        isinstance(value, str) and value.startswith("#")
        for (sheet, _), value in stated.items()
        if sheet == "lr 0.1"
    )
    assert "#N/A" in [value for (sheet, _), value in stated.items() if sheet == "Learning rates"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", '=HYPERLINK("http://example.org")&'])
def test_a_title_is_never_a_formula(start: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    title = f"{start}1+1"
    write_workbook(replace(COURSE, title=title, name=title), path, rates=(0.5,), updates=1)
    cell = openpyxl.load_workbook(path)["Inputs"]["A1"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (title, "s", None)
    assert ironcalc_cells(path)["Inputs", "A1"] == title


def wide(inputs: int, units: int) -> NetworkSpec:
    return NetworkSpec((0.1,) * inputs, (0.5,) * units, (LayerSpec(((0.01,) * inputs,) * units),))


@pytest.mark.parametrize(
    ("spec", "rates", "updates", "said"),
    [
        (wide(100, 100), (0.5,), 1, "columns, at most 16,384 fit"),
        (wide(2000, 1), (0.5,), 1, "characters in the formula of o1, at most 8,192 fit"),
        (COURSE, (0.5,), 1_100_000, "rows, at most 1,048,576 fit"),
        (COURSE, tuple(np.linspace(0.1, 1, 101)), 1, "101 learning rates"),
    ],
)
def test_limits_are_named_before_anything_is_written(
    spec: NetworkSpec, rates: tuple[float, ...], updates: int, said: str, tmp_path: Path
) -> None:
    with pytest.raises(GradsheetError, match=re.escape(said)):
        write_workbook(spec, tmp_path / "book.xlsx", rates, updates)
    assert list(tmp_path.iterdir()) == []


def test_a_wide_network_fits(tmp_path: Path) -> None:
    path, spec = tmp_path / "book.xlsx", wide(600, 1)
    write_workbook(spec, path, rates=(0.5,), updates=1)
    longest = max(
        len(str(cell.value))
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    )
    assert 5000 < longest <= 8192
    columns = table(ironcalc_cells(without_caches(path, tmp_path / "bare.xlsx")), "lr 0.5")
    loss, gradients = torch_pass(spec)
    assert columns["E_total"][0] == pytest.approx(loss, rel=1e-12)
    assert columns["∂E/∂w599"][0] == pytest.approx(gradients["w599"], rel=1e-12)


def test_what_stood_there_survives_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_text("precious")
    with pytest.raises(GradsheetError):
        write_workbook(COURSE, path, rates=(-1.0,))
    assert path.read_text() == "precious"
    assert [file.name for file in tmp_path.iterdir()] == ["book.xlsx"]


@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("preset", PRESETS)
def test_libreoffice_computes_the_same(preset: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(load_network(preset), path, updates=40)
    found = libreoffice_cells(without_caches(path, tmp_path / "bare.xlsx"), tmp_path)
    assert_equal(found, cached_cells(path))
