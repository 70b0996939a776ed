"""Writing and verifying workbooks where PyTorch is not installed."""

import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import load_network
from gradsheet.networks.torch_reference import autograd, compute
from gradsheet.workbook.build import write_exercise, write_workbook
from gradsheet.workbook.verify import NO_TORCH, verify_workbook

SMALL = NetworkSpec(
    inputs=((0.5, -1.0),),
    targets=((0.2,),),
    layers=(LayerSpec(((0.3, 0.1), (-0.2, 0.4)), "tanh"), LayerSpec(((0.5, -0.6),), biases=(0.1,))),
)


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)


def words(path: Path, sheet: str = "Gradient check") -> str:
    rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return "\n".join(str(value) for row in rows for value in row if isinstance(value, str))


@pytest.mark.usefixtures("no_torch")
def test_a_workbook_is_written_and_verified_without_torch(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(SMALL, path, learning_rates=(0.5,), updates=2)
    shown = words(path)
    assert shown.count("PyTorch was not installed") == 1
    assert "Two witnesses" in shown
    assert "E-12" not in shown
    found = verify_workbook(path)
    assert found.is_verified
    assert [before.what for before, _ in found.gradients] == ["central differences"]
    assert found.gradients[0][0].cells == 7
    assert found.note == NO_TORCH


@pytest.mark.usefixtures("no_torch")
def test_a_preset_has_its_recorded_values_without_torch(tmp_path: Path) -> None:
    recorded = autograd(load_network("course"))
    assert recorded is not None
    assert autograd(replace(load_network("course"), targets=((0.5, 0.5),))) is None
    path = tmp_path / "book.xlsx"
    write_workbook(load_network("course"), path, learning_rates=(0.5,), updates=2)
    assert "autograd: torch 2.13.0" in words(path)
    assert verify_workbook(path).is_verified


def test_torch_is_a_witness_wherever_it_is_installed(tmp_path: Path) -> None:
    """A workbook written with torch is verified without it, and one written without it with it."""
    with_torch, without = tmp_path / "with.xlsx", tmp_path / "without.xlsx"
    write_workbook(SMALL, with_torch, learning_rates=(0.5,), updates=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", None)
        write_workbook(SMALL, without, learning_rates=(0.5,), updates=2)
        assert verify_workbook(with_torch).is_verified
    found = verify_workbook(without)
    assert found.is_verified
    assert [before.what for before, _ in found.gradients] == [
        "central differences",
        f"autograd, torch {compute(SMALL).version}",
    ]
    assert found.note == ""


@pytest.mark.usefixtures("no_torch")
def test_an_exercise_needs_no_torch(tmp_path: Path) -> None:
    write_exercise(SMALL, tmp_path / "exercise.xlsx", learning_rates=(0.5,), updates=2)
    assert (tmp_path / "exercise.xlsx").is_file()
