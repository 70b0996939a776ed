"""The whole workbook: its values, its limits, and what may not happen to it."""

import errno
import os
import re
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from gradsheet.errors import GradsheetError
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.symbols import Symbol
from gradsheet.networks.torch_reference import compute
from gradsheet.spreadsheet.recalculate import (
    cached_values,
    recalculated,
    without_values,
)
from gradsheet.workbook.build import write_workbook
from tests.reference import random_network
from tests.workbook.books import LINE, RATES, book, ref, table


def test_a_workbook_states_every_value(course: Path, tmp_path: Path) -> None:
    values = cached_values(course)
    assert len(values) > 10_000
    bare = cached_values(without_values(course, tmp_path / "bare.xlsx"))
    assert set(bare.values()) == {""}
    assert bare.keys() == values.keys()
    gradients = [values[ref("Derivation", cell)] for cell in ("F48", "F50")]
    assert all(isinstance(value, float) and value for value in gradients)


def test_it_has_the_sheets_and_charts(course: Path) -> None:
    names = book(course).sheetnames
    rates = [f"lr {rate}" for rate in RATES]
    before, after = ["Start", "Inputs", "Network", "Derivation", "Step"], ["Learning rates"]
    assert names == [*before, *rates, *after, "Gradient check", "Common mistakes"]
    with zipfile.ZipFile(course) as archive:
        charts = [n for n in archive.namelist() if n.startswith("xl/charts/chart")]
        kinds = [re.findall(r"<c:(\w+)Chart>", archive.read(name).decode()) for name in charts]
    assert sorted(kind for (kind,) in kinds) == ["scatter"] * 11


def test_only_the_inputs_are_typed(course: Path) -> None:
    """No other number than a counter, a choice or torch's is pasted."""
    typed = {
        name: sum(
            cell.data_type == "n" and cell.value is not None
            for row in book(course)[name]
            for cell in row
        )
        for name in ("Start", "Step", "lr 0.5", "Gradient check")
    }
    assert typed == {"Start": 0, "Step": 2, "lr 0.5": 33, "Gradient check": 8}


def test_every_sheet_is_set_up_to_print(course: Path) -> None:
    for sheet in book(course):
        properties = sheet.sheet_properties.pageSetUpPr
        assert properties is not None
        scaled = sheet.page_setup.scale is not None and sheet.col_breaks.brk
        assert properties.fitToPage or scaled
        assert sheet.page_setup.paperSize == 9


def test_no_printed_page_ends_within_a_heading(course: Path) -> None:
    sheet = book(course)["lr 0.5"]
    starts = {page.id for page in sheet.col_breaks.brk}  # the last column of a page, 1-based
    headings = [cells for cells in sheet.merged_cells.ranges if cells.min_row == 3]
    assert starts
    assert headings
    assert not [h for h in headings for end in starts if h.min_col <= end < h.max_col]


@pytest.mark.parametrize(
    "seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 40))]
)
def test_every_check_passes_in_any_network(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(random_network(seed), path, learning_rates=(0.02,), updates=2)
    assert recalculated(path, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"


def test_a_training_that_diverges_shows_errors_not_numbers(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(LINE, path, learning_rates=(0.1, 1e14), updates=25)
    values, found = cached_values(path), recalculated(path, {}, "ironcalc")
    for cell, value in values.items():
        if value == "#NUM!":  # which ironcalc calls a division by zero
            assert found[cell] in ("#NUM!", "#DIV/0!"), cell
        elif isinstance(value, str):
            assert found[cell] == value, cell
    wild = [value for (sheet, _), value in values.items() if sheet == "lr 100000000000000.0"]
    assert "#NUM!" in wild
    assert not any(
        isinstance(value, str) and value.startswith("#")
        for (sheet, _), value in values.items()
        if sheet == "lr 0.1"
    )
    assert "#N/A" in [value for (sheet, _), value in values.items() if sheet == "Learning rates"]


@pytest.mark.parametrize("size", [300.0, 5000.0])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus", "gelu", "softmax"])
def test_large_sums_overflow_nothing(activation: str, size: float, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    layer = LayerSpec(((size, -size), (-size, size / 2)), activation)
    targets = ((1.0, 0.0), (0.0, 1.0))
    spec = NetworkSpec(((1.0, 0.5), (-1.0, 2.0)), targets, (layer,), "mean-squared-error")
    write_workbook(spec, path, learning_rates=(1e-9,), updates=2)
    found = recalculated(path, {}, "ironcalc")
    assert not [cell for cell, value in found.items() if str(value).startswith("#")]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", '=HYPERLINK("http://example.org")&'])
def test_a_title_is_never_a_formula(start: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    title = f"{start}1+1"
    write_workbook(replace(LINE, title=title, name=title), path, learning_rates=(0.5,), updates=1)
    cell = book(path)["Start"]["A1"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (title, "s", None)
    assert recalculated(path, {}, "ironcalc")[ref("Start", "A1")] == title


def wide(inputs: int, units: int) -> NetworkSpec:
    layer = LayerSpec(((0.01,) * inputs,) * units)
    return NetworkSpec(((0.1,) * inputs,), ((0.5,) * units,), (layer,))


@pytest.mark.parametrize(
    ("spec", "rates", "updates", "said"),
    [
        (wide(100, 90), (0.5,), 1, "columns, at most 16,384 fit"),
        (wide(650, 1), (0.5,), 1, "the formula of o1 needs 8,401 characters, at most 8,192 fit"),
        (LINE, (0.5,), 1_100_000, "rows, at most 1,048,576 fit"),
        (LINE, tuple(np.linspace(0.1, 1, 101)), 1, "101 learning rates"),
    ],
)
def test_limits_are_named_before_anything_is_written(
    spec: NetworkSpec, rates: tuple[float, ...], updates: int, said: str, tmp_path: Path
) -> None:
    with pytest.raises(GradsheetError, match=re.escape(said)):
        write_workbook(spec, tmp_path / "book.xlsx", learning_rates=rates, updates=updates)
    assert list(tmp_path.iterdir()) == []


def longest_formula(sheets: list[Worksheet]) -> int:
    return max(
        len(str(cell.value))
        for sheet in sheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    )


@pytest.mark.slow
def test_a_wide_network_fits(tmp_path: Path) -> None:
    path, spec = tmp_path / "book.xlsx", wide(600, 1)
    write_workbook(spec, path, learning_rates=(0.5,), updates=1)
    assert 5000 < longest_formula(list(book(path))) <= 8192
    assert "Step" not in book(path).sheetnames
    columns = table(recalculated(path, {}, "ironcalc"), path, "lr 0.5")
    witness = compute(spec)
    assert columns["E_total"][0] == pytest.approx(witness.loss, rel=1e-12)
    assert columns["∂E/∂w599"][0] == pytest.approx(
        witness.gradients[Symbol.parse("w599")], rel=1e-12
    )


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(10, 10, 8), (3, 12, 12), (190, 1)])
def test_the_largest_that_is_laid_out_whole_fits(sizes: tuple[int, ...], tmp_path: Path) -> None:
    layers = tuple(
        LayerSpec(((0.1,) * before,) * units, "tanh", (0.1,) * units)
        for before, units in pairwise(sizes)
    )
    rows = tuple((0.1 * k,) * sizes[0] for k in range(3))
    spec = NetworkSpec(rows, ((0.5,) * sizes[-1],) * 3, layers, optimizer="adam")
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.1,), updates=2)
    assert longest_formula(list(book(path))) <= 8192
    assert recalculated(path, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"


def test_what_stood_there_survives_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_text("precious")
    with pytest.raises(GradsheetError):
        write_workbook(LINE, path, learning_rates=(-1.0,))
    assert path.read_text() == "precious"
    assert [file.name for file in tmp_path.iterdir()] == ["book.xlsx"]


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(GradsheetError, match=r"cannot write .*book\.xlsx: [Nn]o space left"):
        write_workbook(LINE, tmp_path / "book.xlsx", learning_rates=(0.5,), updates=1)
    assert not [*tmp_path.iterdir()]
