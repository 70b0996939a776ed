"""The derivation, step by step."""

from pathlib import Path

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.spreadsheet.recalculate import cached_values
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.verify import verify_workbook
from tests.workbook.books import book, ref


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
    words = [str(row[2].value) for row in book(course)["Derivation"]]
    assert "local derivative of a_o1 with respect to o1: σ′ = σ·(1 − σ)" in words
    assert (
        "derivative of the loss with respect to a_h1; "
        "chain rule: multiply along each path, then add"
    ) in words


def test_very_small_numbers_are_not_written_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    spec = NetworkSpec(((2e-12,),), ((0.5,),), (LayerSpec(((1.5,),), "identity"),))
    write_workbook(spec, path, learning_rates=(0.1,), updates=2)
    assert cached_values(path)[ref("Derivation", "E12")] == "= 1.5·2e-12"
    assert verify_workbook(path).is_verified
