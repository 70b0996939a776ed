"""The workbook, recalculated by other engines, against the library, autograd and the reference."""

import re
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from xlsxwriter.exceptions import FileCreateError

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.sweep import descend
from gradsheet.networks.symbols import Symbol
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.networks.torch_reference import compute
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.libreoffice import libreoffice
from gradsheet.spreadsheet.recalculate import (
    Cells,
    cached_values,
    recalculated,
    without_values,
)
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.verify import Difference, verify_workbook
from tests.reference import random_network
from tests.workbook.cells import ref

COURSE = load_network("course")
RATES = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
HAS_LIBREOFFICE = pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "course.xlsx"
    write_workbook(COURSE, path)
    return path


@pytest.fixture(scope="module")
def xor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "xor.xlsx"
    write_workbook(load_network("xor"), path, updates=30)
    return path


def table(cells: Cells, path: Path, sheet: str) -> dict[str, list[float]]:
    """The training table of a sheet: for each header the numbers below it."""
    headers = openpyxl.load_workbook(path)[sheet][4]
    columns: dict[str, list[float]] = {}
    for header in headers:
        if isinstance(header.value, str) and header.column > 3:
            column = header.column
            below = (cells.get(CellRef(sheet, CellIndex(row, column))) for row in range(5, 110))
            columns[header.value] = [float(value) for value in below if value is not None]
    return columns


def cell_of(path: Path, name: str) -> CellRef:
    """The cell with a defined name."""
    target = openpyxl.load_workbook(path).defined_names[name].attr_text
    sheet, cell = target.replace("$", "").split("!")
    return ref(sheet.strip("'"), cell)


def assert_holds(differences: tuple[Difference, ...]) -> None:
    wrong = [difference for difference in differences if not difference.is_small]
    assert differences
    assert not wrong


# --- Verified by other programs --------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("engine", ["ironcalc", pytest.param("libreoffice", marks=HAS_LIBREOFFICE)])
def test_presets_are_verified(preset: str, engine: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(load_network(preset), path, updates=12)
    found = verify_workbook(path, engine=engine)
    assert_holds(found.as_made)
    assert_holds(found.after_change)
    assert_holds(found.gradients[0] + found.gradients[1])
    assert found.is_verified
    assert sum(difference.cells for difference in found.as_made) > 2000
    parameters = len(build_graph(load_network(preset)).parameters)
    (differences, _), (autograd, _) = found.gradients
    assert (differences.cells, autograd.cells) == (parameters, parameters + 1)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("engine", ["ironcalc", pytest.param("libreoffice", marks=HAS_LIBREOFFICE)])
def test_random_networks_are_verified(seed: int, engine: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    spec = random_network(seed, exact=engine == "ironcalc")
    write_workbook(spec, path, learning_rates=(0.02, 0.05), updates=3)
    assert not [value for value in cached_values(path).values() if str(value).startswith("#")]
    found = verify_workbook(path, engine=engine)
    assert_holds((*found.as_made, *found.after_change, *found.gradients[0], *found.gradients[1]))


def test_a_workbook_states_every_value(course: Path, tmp_path: Path) -> None:
    values = cached_values(course)
    assert len(values) > 25_000
    bare = cached_values(without_values(course, tmp_path / "bare.xlsx"))
    assert set(bare.values()) == {""}
    assert bare.keys() == values.keys()
    gradients = [values[ref("Derivation", cell)] for cell in ("F48", "F50")]
    assert all(isinstance(value, float) and value for value in gradients)


@pytest.mark.parametrize(
    ("sheet", "cell", "formula"),
    [
        ("lr 0.1", "AF5", "=(V5-E5)*V5*(1-V5)*L5"),  # h2 in place of a_h1's column
        ("Derivation", "F39", "=F27-F8"),
        ("Learning rates", "B5", "=0.25"),
    ],
)
def test_verify_finds_a_cell_that_was_changed(
    sheet: str, cell: str, formula: str, course: Path, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(course)
    assert book[sheet][cell].data_type == "f"
    book[sheet][cell] = formula
    book.save(tmp_path / "changed.xlsx")
    found = verify_workbook(tmp_path / "changed.xlsx")
    assert not found.is_verified
    wrong = {
        difference.what: difference.where for difference in found.as_made if not difference.is_small
    }
    assert sheet in wrong


def test_numbers_typed_since_are_put_back(course: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(course)
    sheet, cell = cell_of(course, "w_5")
    book[sheet][str(cell)] = 7.0
    book.save(tmp_path / "typed.xlsx")
    assert verify_workbook(tmp_path / "typed.xlsx").is_verified


# --- The sheets ------------------------------------------------------------------------------


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
    notes = {str(cell.value): cell.comment.text for cell in sheet[4] if cell.comment}
    assert notes["a_h1"] == "activation of hidden unit 1: sigmoid"
    assert len(notes) == 31


def test_it_has_the_sheets_and_charts(course: Path) -> None:
    names = openpyxl.load_workbook(course).sheetnames
    rates = [f"lr {rate}" for rate in RATES]
    before, after = ["Start", "Inputs", "Network", "Derivation", "Step"], ["Learning rates"]
    assert names == [*before, *rates, *after, "Gradient check", "Common mistakes"]
    with zipfile.ZipFile(course) as archive:
        charts = [n for n in archive.namelist() if n.startswith("xl/charts/chart")]
        kinds = [re.findall(r"<c:(\w+)Chart>", archive.read(name).decode()) for name in charts]
    assert sorted(kind for (kind,) in kinds) == ["line"] * 10 + ["scatter"]


def test_only_the_inputs_are_typed(course: Path) -> None:
    """No other number than a counter, a choice or torch's is pasted."""
    book = openpyxl.load_workbook(course)
    typed = {
        name: sum(
            cell.data_type == "n" and cell.value is not None for row in book[name] for cell in row
        )
        for name in ("Start", "Step", "lr 0.5", "Gradient check")
    }
    assert typed == {"Start": 0, "Step": 2, "lr 0.5": 101, "Gradient check": 8}


def test_every_link_leads_to_a_sheet(course: Path) -> None:
    book = openpyxl.load_workbook(course)
    found = [cell.hyperlink for row in book["Start"] for cell in row if cell.hyperlink]
    links = [str(link.location) for link in found]
    assert {link.split("!")[0].strip("'") for link in links} == set(book.sheetnames) - {"Start"}


def test_names_and_validation(course: Path) -> None:
    book = openpyxl.load_workbook(course)
    wanted = {
        f"{letter}_{n}"
        for letter, count in (("i", 2), ("t", 2), ("w", 8), ("lr", 6))
        for n in range(1, count + 1)
    }
    assert set(book.defined_names) == wanted | {"lr"}
    assert cell_of(course, "lr") == cell_of(course, "lr_1")
    inputs = book["Inputs"]
    assert inputs[str(cell_of(course, "w_5").cell)].value == 0.4
    rules = {str(rule.sqref): rule for rule in inputs.data_validations.dataValidation}
    rate = rules[str(cell_of(course, "lr_3").cell)]
    assert (rate.type, float(rate.formula1) > 0, bool(rate.error)) == ("decimal", True, True)
    assert len(rules) == 18 + 1


def test_the_numbers_put_into_a_formula(course: Path) -> None:
    shown = {value for (sheet, _), value in cached_values(course).items() if sheet == "Derivation"}
    for text in (
        "= 0.15·0.05 + 0.2·0.1",
        "= σ(0.0275)",
        "= ½·(0.01 − 0.606478)²",
        "= 0.606478·(1 − 0.606478)",
        "= 0.142357·0.4 + (-0.0837589)·0.5",
        "= 0.4 − 0.1·0.0721571",
    ):
        assert text in shown


def test_the_rules_are_named(course: Path) -> None:
    words = [str(row[2].value) for row in openpyxl.load_workbook(course)["Derivation"]]
    assert "local derivative of a_o1 with respect to o1: σ′ = σ·(1 − σ)" in words
    assert (
        "derivative of the loss with respect to a_h1; "
        "chain rule: multiply along each path, then add"
    ) in words


def test_the_light_is_green_and_turns_red(course: Path, tmp_path: Path) -> None:
    assert recalculated(course, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"
    book = openpyxl.load_workbook(course)
    book["lr 0.1"]["AF5"] = "=(V5-E5)*V5*(1-V5)*N5*1.000001"
    book.save(tmp_path / "wrong.xlsx")
    cells = recalculated(tmp_path / "wrong.xlsx", {}, "ironcalc")
    assert str(cells[ref("Start", "B6")]).endswith("check fails") or "checks fail" in str(
        cells[ref("Start", "B6")]
    )
    assert cells[ref("Gradient check", "B5")] == 1


@pytest.mark.parametrize("seed", range(40))
def test_every_check_passes_in_any_network(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(random_network(seed, exact=True), path, learning_rates=(0.02,), updates=2)
    assert recalculated(path, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"


def test_a_published_mistake_fails_the_gradient_check(course: Path, tmp_path: Path) -> None:
    """Off by 5.9e-8 in the first row: nobody noticed."""
    book = openpyxl.load_workbook(course)
    sheet = book["lr 0.1"]
    headers = {str(cell.value): get_column_letter(cell.column or 1) for cell in sheet[4]}
    cell = sheet[f"{headers['∂E/∂w3']}5"]
    cell.value = str(cell.value).replace(headers["a_h2"], headers["a_h1"])
    book.save(tmp_path / "wrong.xlsx")
    cells = recalculated(tmp_path / "wrong.xlsx", {}, "ironcalc")
    assert cells[ref("Gradient check", "B5")] == 1
    assert abs(float(cells[ref("Gradient check", "E13")])) == pytest.approx(5.9e-8, rel=0.02)


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
        expected = descend(graph, (rate,), 100, shown)
        columns = table(found, course, sheet)
        for variable in shown:
            name = variable.name.replace("dE/d", "∂E/∂")
            assert columns[name] == pytest.approx(expected.values[variable][:, 0], rel=1e-11)
    assert found[ref("lr 0.8", "A1")] == "Gradient descent at learning rate 0.65"
    assert found[ref("Start", "B6")] == "all checks pass"


def set_text(path: Path, target: Path, sheet: str, cell: str, text: str) -> Path:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = text
    book.save(target)
    return target


def test_a_preset_of_the_same_shape_can_be_chosen(course: Path, tmp_path: Path) -> None:
    chosen = set_text(course, tmp_path / "chosen.xlsx", "Inputs", "C4", "course-half")
    found = recalculated(chosen, {cell_of(course, "w_1"): 9.0}, "ironcalc")
    expected = compute(load_network("course-half"))
    columns = table(found, course, "lr 0.1")
    assert columns["E_total"][0] == pytest.approx(expected.loss, rel=1e-12)
    assert found[ref("Start", "B6")] == "all checks pass"
    assert "not in use" in str(found[ref("Inputs", "E4")])


@pytest.mark.parametrize(("rate", "iteration"), [(0.5, 0), (2.0, 17), (0.1, 99)])
def test_the_step_sheet_shows_any_iteration(rate: float, iteration: int, course: Path) -> None:
    found = recalculated(
        course, {ref("Step", "B4"): rate, ref("Step", "B5"): iteration}, "ironcalc"
    )
    graph = build_graph(COURSE)
    run = descend(graph, (rate,), iteration + 1, graph.parameters)
    for row, parameter in enumerate(graph.parameters, start=10):
        before, after = run.values[parameter][iteration : iteration + 2, 0]
        assert found[ref("Step", f"B{row}")] == pytest.approx(before, rel=1e-11)
        last = [
            c
            for c in "RSTUVWXYZ"
            if found.get(ref("Step", f"{c}{row}")) == pytest.approx(after, rel=1e-9)
        ]
        assert last
    assert found[ref("Start", "B6")] == "all checks pass"


def test_the_network_sheet_follows_its_choices(xor: Path) -> None:
    spec = load_network("xor")
    graph = build_graph(spec)
    chosen = {ref("Network", "B4"): 2.0, ref("Network", "B5"): 20.0, ref("Network", "F4"): 3.0}
    found = recalculated(xor, chosen, "ironcalc")
    run = descend(graph, (2.0,), 20, [*graph.parameters, *graph.examples[2].layers[-1].activations])
    output = run.values[graph.examples[2].layers[-1].activations[0]][20, 0]
    labels = [str(value) for (sheet, _), value in found.items() if sheet == "Network"]
    (label,) = [text for text in labels if text.startswith("o1 = ")]
    assert f"a_o1 = {output:.6f}".rstrip("0") in label
    assert "t1 = 1" in label
    assert found[ref("Network", "F5")] == pytest.approx(run.loss[20, 0], rel=1e-11)


def test_the_fastest_rate_is_marked(course: Path) -> None:
    values = cached_values(course)
    marks = {
        cell: v
        for (sheet, cell), v in values.items()
        if sheet == "Learning rates" and v == "◄ lowest"
    }
    assert [str(cell) for cell in marks] == ["H10"]  # the row of learning rate 2
    assert values[ref("Learning rates", "F6")] == pytest.approx(0.07916642312214675, rel=1e-12)
    moved = recalculated(course, {cell_of(course, "lr_6"): 0.01}, "ironcalc")
    assert moved[ref("Learning rates", "H9")] == "◄ lowest"
    assert moved[ref("Learning rates", "H10")] == ""


def test_the_mistakes_are_wrong_by_what_they_say(course: Path) -> None:
    sheet = openpyxl.load_workbook(course)["Common mistakes"]
    values = cached_values(course)
    titles = [row[0].value for row in sheet if re.match(r"\d   ", str(row[0].value))]
    assert len(titles) == 6
    assert values[ref("Common mistakes", "E30")] == pytest.approx(5.9e-8, rel=0.01)
    falls = [v for (name, _), v in values.items() if name == "Common mistakes" and v == "it falls"]
    assert len(falls) == 6


def test_every_sheet_is_set_up_to_print(course: Path) -> None:
    for sheet in openpyxl.load_workbook(course):
        properties = sheet.sheet_properties.pageSetUpPr
        assert properties is not None
        assert properties.fitToPage
        assert sheet.page_setup.paperSize == 9


# --- Other networks --------------------------------------------------------------------------


def test_a_training_that_diverges_shows_errors_not_numbers(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    line = NetworkSpec(((2.0,),), ((1.0,),), (LayerSpec(((3.0,),), "identity"),))
    write_workbook(line, path, learning_rates=(0.1, 1e14), updates=25)
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
    write_workbook(replace(COURSE, title=title, name=title), path, learning_rates=(0.5,), updates=1)
    cell = openpyxl.load_workbook(path)["Start"]["A1"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (title, "s", None)
    assert recalculated(path, {}, "ironcalc")[ref("Start", "A1")] == title


def wide(inputs: int, units: int) -> NetworkSpec:
    layer = LayerSpec(((0.01,) * inputs,) * units)
    return NetworkSpec(((0.1,) * inputs,), ((0.5,) * units,), (layer,))


@pytest.mark.parametrize(
    ("spec", "rates", "updates", "said"),
    [
        (wide(100, 100), (0.5,), 1, "columns, at most 16,384 fit"),
        (wide(2000, 1), (0.5,), 1, "the formula of o1 needs 27,301 characters, at most 8,192 fit"),
        (COURSE, (0.5,), 1_100_000, "rows, at most 1,048,576 fit"),
        (COURSE, tuple(np.linspace(0.1, 1, 101)), 1, "101 learning rates"),
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


def test_a_wide_network_fits(tmp_path: Path) -> None:
    path, spec = tmp_path / "book.xlsx", wide(600, 1)
    write_workbook(spec, path, learning_rates=(0.5,), updates=1)
    book = openpyxl.load_workbook(path)
    assert 5000 < longest_formula(list(book)) <= 8192
    assert "Step" not in book.sheetnames
    columns = table(recalculated(path, {}, "ironcalc"), path, "lr 0.5")
    witness = compute(spec)
    assert columns["E_total"][0] == pytest.approx(witness.loss, rel=1e-12)
    assert columns["∂E/∂w599"][0] == pytest.approx(
        witness.gradients[Symbol.parse("w599")], rel=1e-12
    )


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
    assert longest_formula(list(openpyxl.load_workbook(path))) <= 8192
    assert recalculated(path, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"


def test_what_stood_there_survives_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_text("precious")
    with pytest.raises(GradsheetError):
        write_workbook(COURSE, path, learning_rates=(-1.0,))
    assert path.read_text() == "precious"
    assert [file.name for file in tmp_path.iterdir()] == ["book.xlsx"]


def test_ten_examples_and_more_keep_their_names_apart(tmp_path: Path) -> None:
    spec = replace(load_network("xor"), inputs=((0.5, 1.0),) * 12, targets=((1.0,),) * 12)
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.1,), updates=2)
    with zipfile.ZipFile(path) as archive:
        strings = re.sub(r"<[^>]+>", "", archive.read("xl/sharedStrings.xml").decode())
    assert "Σ ∂E/∂h1·i1" in strings
    assert "∂E/∂h10" not in strings


@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec(  # the textbook XOR: every sum stands at a kink for some example
            ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)),
            ((0.0,), (1.0,), (1.0,), (0.0,)),
            (
                LayerSpec(((1.0, 1.0), (1.0, 1.0)), "relu", (0.0, -1.0)),
                LayerSpec(((1.0, -2.0),), "identity", (0.1,)),
            ),
        ),
        NetworkSpec(  # inputs in the hundreds
            ((400.0, -250.0),),
            ((0.3,),),
            (LayerSpec(((0.004, 0.003), (-0.002, 0.005))), LayerSpec(((0.4, -0.7),))),
        ),
    ],
    ids=["kinks", "large inputs"],
)
def test_right_gradients_are_never_blamed(spec: NetworkSpec, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.01,), updates=2)
    assert recalculated(path, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"
    assert cached_values(path)[ref("Start", "B6")] == "all checks pass"
    assert verify_workbook(path).is_verified


def test_very_small_numbers_are_not_written_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    spec = NetworkSpec(((2e-12,),), ((0.5,),), (LayerSpec(((1.5,),), "identity"),))
    write_workbook(spec, path, learning_rates=(0.1,), updates=2)
    assert cached_values(path)[ref("Derivation", "E12")] == "= 1.5·2e-12"
    assert verify_workbook(path).is_verified


def test_lists_moved_since_and_rates_of_many_digits_are_verified(xor: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(xor)
    book["Network"]["B5"], book["Network"]["F4"], book["Step"]["B4"] = 7, 3, 2.0
    book.save(tmp_path / "moved.xlsx")
    assert verify_workbook(tmp_path / "moved.xlsx").is_verified
    write_workbook(
        COURSE, tmp_path / "digits.xlsx", learning_rates=(0.046415888336127795,), updates=3
    )
    assert verify_workbook(tmp_path / "digits.xlsx").is_verified


def test_a_network_named_like_a_choice(tmp_path: Path) -> None:
    spec = replace(COURSE, name="as generated")
    write_workbook(spec, tmp_path / "book.xlsx", learning_rates=(0.1,), updates=2)
    assert verify_workbook(tmp_path / "book.xlsx").is_verified


def test_a_mistake_too_long_to_write_out_is_left_out(tmp_path: Path) -> None:
    layers = (
        LayerSpec(((0.1, 0.2),) * 8, "tanh"),
        LayerSpec(((0.1, -0.2) * 4,) * 5, "tanh"),
    )
    spec = NetworkSpec(((0.5, 1.0),) * 12, ((1.0,) * 5,) * 12, layers)
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.1,), updates=1)
    sheet = openpyxl.load_workbook(path)["Common mistakes"]
    told = [str(row[0].value) for row in sheet.iter_rows(max_col=1) if row[0].value]
    assert told[-1].startswith(
        "Not made here: the network lacks what they take, or the formula is too long: weight upd"
    )


@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet4.xml"],
)
def test_a_damaged_workbook_is_refused_in_one_line(part: str, course: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(course) as source, zipfile.ZipFile(damaged, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            copy.writestr(name, content[: len(content) // 2] if name == part else content)
    with pytest.raises(
        GradsheetError, match=r"(is not a readable|is damaged|cannot read)"
    ) as caught:
        verify_workbook(damaged)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise FileCreateError("no space left on device")

    monkeypatch.setattr("xlsxwriter.workbook.Workbook.close", full)
    with pytest.raises(GradsheetError, match=r"cannot write .*book\.xlsx: no space left"):
        write_workbook(COURSE, tmp_path / "book.xlsx", learning_rates=(0.5,), updates=1)
    assert not [*tmp_path.iterdir()]
