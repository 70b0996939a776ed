"""Workbooks verified by other engines, and what verifying them finds."""

import math
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.spreadsheet.recalculate import Cells, cached_values
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.differences import moves_of, relative_difference, sheet_difference
from gradsheet.workbook.verify import Verification, verify_workbook
from tests.engines import EVERY_ENGINE, FAST, TESTED, with_engine
from tests.reference import random_network
from tests.workbook.books import LINE, Books, book, cell_of, ref, with_cells


def assert_small(found: Verification) -> None:
    assert found.as_made
    assert found.after_change
    every = (*found.as_made, *found.after_change, *(d for pair in found.gradients for d in pair))
    assert not [difference for difference in every if not difference.is_small]


PRESETS_VERIFIED = [
    with_engine(engine, preset, slow=engine not in FAST or preset not in ("course", "xor"))
    for preset in PRESETS
    for engine in TESTED
]


@pytest.mark.parametrize(("engine", "preset"), PRESETS_VERIFIED)
def test_presets_are_verified(engine: str, preset: str, books: Books) -> None:
    path = books.workbook(preset, (0.5, 2.0), 3)
    found = verify_workbook(path, engine=engine)
    assert_small(found)
    assert found.is_verified
    assert found.sensitive == 0
    for sheets in (found.as_made, found.after_change):
        assert sum(difference.cells for difference in sheets) == len(cached_values(path))
    parameters = len(build_graph(load_network(preset)).parameters)
    (differences, _), (autograd, _) = found.gradients
    assert (differences.cells, autograd.cells) == (parameters, parameters + 1)


# Engine after engine, so that one process writes a workbook once; the slow ones have a quarter.
RANDOM_VERIFIED = [
    with_engine(engine, seed, slow=engine not in FAST or seed >= 4)
    for seed in range(20)
    for engine in TESTED
    if engine in FAST or seed < 5
]


@pytest.mark.parametrize(("engine", "seed"), RANDOM_VERIFIED)
def test_random_networks_are_verified(engine: str, seed: int, books: Books) -> None:
    path = books.random(seed)
    assert not [value for value in cached_values(path).values() if str(value).startswith("#")]
    assert_small(verify_workbook(path, engine=engine))


def test_a_network_whose_gradients_are_mostly_rounding_is_verified(tmp_path: Path) -> None:
    """RMSProp divides the gradients of saturated units, 1 − a², by their own size."""
    path = tmp_path / "book.xlsx"
    write_workbook(random_network(27), path, learning_rates=(0.05,), updates=3)
    found = verify_workbook(path)
    assert found.is_verified
    assert 0 < found.sensitive < 0.1 * sum(difference.cells for difference in found.as_made)


def test_a_difference_beyond_what_a_cell_moves_by_itself_counts() -> None:
    steady, sensitive = ref("lr 0.5", "C2"), ref("lr 0.5", "D2")
    expected: Cells = {steady: 2.0, sensitive: 3.0}
    moves = moves_of(expected, [{steady: 2.0, sensitive: 3.1}, {steady: 2.0, sensitive: 2.95}])
    assert moves == pytest.approx({steady: 0.0, sensitive: 0.1})

    def compare(there: float, here: float) -> tuple[float, int]:
        found: Cells = {steady: there, sensitive: here}
        difference = sheet_difference("lr 0.5", found, expected, 1.0, moves=moves)
        return difference.worst, difference.sensitive

    assert compare(2.0, 3.09) == (0.0, 1)
    assert compare(2.0, 3.12) == pytest.approx((0.04, 0))
    assert compare(2.1, 3.0) == pytest.approx((0.05, 0))


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_a_gelu_is_verified(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    (weights,) = LINE.layers
    spec = replace(LINE, layers=(replace(weights, activation="gelu"),))
    write_workbook(spec, path, learning_rates=(0.5,), updates=2)
    assert verify_workbook(path, engine=engine).is_verified


@pytest.mark.parametrize(
    ("sheet", "cell", "formula"),
    [
        ("lr 0.5", "AF5", "=(V5-E5)*V5*(1-V5)*L5"),  # h2 in place of a_h1's column
        ("Derivation", "F39", "=F27-F8"),
        ("Learning rates", "B5", "=0.25"),
    ],
)
def test_verify_finds_a_cell_that_was_changed(
    sheet: str, cell: str, formula: str, books: Books, tmp_path: Path
) -> None:
    course = books.workbook("course")
    assert book(course)[sheet][cell].data_type == "f"
    path = with_cells(course, tmp_path / "changed.xlsx", {ref(sheet, cell): formula})
    found = verify_workbook(path)
    assert not found.is_verified
    wrong = {
        difference.what: difference.where for difference in found.as_made if not difference.is_small
    }
    assert sheet in wrong


def test_what_was_typed_or_chosen_since_is_put_back(books: Books, tmp_path: Path) -> None:
    course, xor = books.workbook("course"), books.workbook("xor")
    typed = {cell_of(course, "w_5"): 7.0}
    assert verify_workbook(with_cells(course, tmp_path / "typed.xlsx", typed)).is_verified
    chosen = {ref("Network", "B5"): 1, ref("Network", "F4"): 3, ref("Step", "B5"): 1}
    assert verify_workbook(with_cells(xor, tmp_path / "chosen.xlsx", chosen)).is_verified


def test_a_rate_of_many_digits_is_verified(tmp_path: Path) -> None:
    path = tmp_path / "digits.xlsx"
    write_workbook(LINE, path, learning_rates=(0.046415888336127795,), updates=3)
    assert verify_workbook(path).is_verified


@pytest.mark.parametrize(
    ("preset", "optimizer", "settings", "l2"),
    [
        ("xor", "nesterov", (0.5,), 0.1),
        ("mazur", "rmsprop", (), 0.02),
        ("mazur", "adagrad", (1e-3,), 0.0),
        ("course", "weight-decay", (), 0.0),
    ],
)
def test_optimizers_and_a_regularization_term_are_verified(
    preset: str, optimizer: str, settings: tuple[float, ...], l2: float, tmp_path: Path
) -> None:
    spec = replace(load_network(preset), optimizer=optimizer, settings=settings, l2=l2)
    write_workbook(spec, tmp_path / "book.xlsx", learning_rates=(0.1,), updates=4)
    assert verify_workbook(tmp_path / "book.xlsx").is_verified


def test_a_network_named_like_a_choice(tmp_path: Path) -> None:
    spec = replace(LINE, name="as first written")
    write_workbook(spec, tmp_path / "book.xlsx", learning_rates=(0.1,), updates=2)
    assert verify_workbook(tmp_path / "book.xlsx").is_verified


@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet4.xml"],
)
def test_a_damaged_workbook_is_refused_in_one_line(part: str, books: Books, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.xlsx"
    path = books.workbook("course")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(damaged, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            copy.writestr(name, content[: len(content) // 2] if name == part else content)
    with pytest.raises(
        GradsheetError, match=r"(is not a readable|is damaged|cannot read)"
    ) as caught:
        verify_workbook(damaged)
    assert "\n" not in str(caught.value)


def test_what_is_no_number_differs_from_any_number() -> None:
    """Autograd's NaN where a loss overflows is what a cell shows as an error."""
    assert relative_difference(0.5, math.nan, 1e-3) == math.inf
    assert relative_difference("#NUM!", math.nan, 1e-3) == 0.0
    assert relative_difference("#DIV/0!", math.inf, 1e-3) == 0.0


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        ("w5 = 0.3, ∂E/∂w5 = -0.016813", "w5 = 0.3, ∂E/∂w5 = -0.016812", True),
        ("0.3", "0.300001", True),
        ("0.999995", "1", True),
        ("1.23457e-12", "1.23456e-12", True),
        ("-0.016814", "-0.016812", False),
        ("0.300001", "0.300003", False),
        ("0.3", "0.4", False),
        ("7 updates", "8 updates", False),
        ("0.5", "-0.5", False),
    ],
)
def test_numbers_in_texts_may_differ_by_a_unit_of_the_last_shown_digit(
    found: str, expected: str, same: bool
) -> None:
    assert relative_difference(found, expected, 1e-3) == (0.0 if same else math.inf)


def test_a_label_at_a_rounding_tie_is_verified(tmp_path: Path) -> None:
    """The loss has the gradient −0.0168125 after the change, of which labels show five digits."""
    layers = (
        LayerSpec(weights=((0.3, -0.2), (0.1, 0.4)), activation="relu"),
        LayerSpec(weights=((0.3, -0.2),), activation="identity"),
    )
    spec = NetworkSpec(inputs=((1.0, 2.0),), targets=((0.5,),), layers=layers, name="tie")
    write_workbook(spec, tmp_path / "tie.xlsx", learning_rates=(5.0,), updates=4)
    assert verify_workbook(tmp_path / "tie.xlsx").is_verified


def test_a_rate_whose_steps_overflow_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(load_network("course"), path, learning_rates=(1e50,), updates=3)
    assert verify_workbook(path).is_verified
    with pytest.raises(GradsheetError, match=r"rate 1e\+308 does not fit a workbook; expected at"):
        write_workbook(load_network("course"), tmp_path / "no.xlsx", learning_rates=(1e308,))
    assert not (tmp_path / "no.xlsx").exists()
