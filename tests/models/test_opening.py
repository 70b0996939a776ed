"""Any network from files, as the command line opens it."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openpyxl
import pytest

from gradsheet.errors import GradsheetError
from gradsheet.models.module_files import read_module
from gradsheet.models.opening import Request, open_network
from tests.models.onnx_import.cases import model, node, numbers

FILE = """
import helper_of_mine
import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self, size=3):
        super().__init__(nn.Linear(size, 4), nn.Tanh(), nn.Linear(4, 2))

net = Net(2)
def with_example():
    return Net(), torch.ones(1, 3)
def fails():
    raise ValueError("first line\\nsecond")
number = 3
def nothing():
    pass
class Ends(nn.Linear):
    def forward(self, x):
        raise SystemExit(0)
def ends():
    return Ends(3, 2), torch.ones(1, 3)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets.py").write_text(FILE)
    (tmp_path / "helper_of_mine.py").write_text("")
    (tmp_path / "exits.py").write_text("import sys; sys.exit(0)")
    np.save(tmp_path / "text.npy", np.array(["a", "b"]))
    np.save(tmp_path / "huge.npy", np.array([[1.0, 1e300, 2.0]]))
    (tmp_path / "x.csv").write_text("1,2,3\n")
    (tmp_path / "two.csv").write_text("1,2\n")
    made = [node("Gemm", ["x", "w", "b"], ["z"], transB=1), node("Softmax", ["z"], ["y"])]
    weights = {"w": numbers(2, 3), "b": numbers(2)}
    network = onnx.shape_inference.infer_shapes(model(made, {"x": ["n", 3]}, weights))
    onnx.save(network, tmp_path / "net.onnx")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(**request: Any) -> openpyxl.Workbook:
    open_network(Request(**request), Path("out.xlsx"))
    return openpyxl.load_workbook("out.xlsx")


def test_an_onnx_file(folder: Path) -> None:
    assert "Loss" not in opened(source="net.onnx").sheetnames
    book = opened(source="net.onnx", given="x.csv", label=1, backward=True)
    assert "Loss" in book.sheetnames
    assert [cell.value for cell in next(book.worksheets[1].iter_rows(5, 5, 3, 5))] != []


def test_numbers_are_the_target_of_a_regression(folder: Path) -> None:
    book = opened(source="net.onnx", given="x.csv", target=Path("two.csv"), backward=True)
    assert "Loss" in book.sheetnames


@pytest.mark.parametrize("source", ["nets.py:Net", "nets.py:with_example"])
def test_a_python_file(source: str, folder: Path) -> None:
    book = opened(source=source, given="x.csv", label=0, backward=True)
    assert "Loss" in book.sheetnames


def test_a_module_may_bring_its_example(folder: Path) -> None:
    book = opened(source="nets.py:with_example")
    assert book.sheetnames[0] == "Overview"
    assert "and every layer updates." in str(book["Overview"]["A2"].value)
    assert opened(source="nets.py:net", given="two.csv").sheetnames[0] == "Overview"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"source": "nets.py:Net"}, "needs an example of its input; give a file by --input"),
        ({"source": "nets.py:Nothing"}, "Nothing in nets.py is not there; expected a torch mod"),
        ({"source": "nets.py:number"}, "number in nets.py is of type int; expected a torch modu"),
        ({"source": "nets.py:nothing"}, "nothing in nets.py is of type NoneType; expected a tor"),
        ({"source": "nets.py"}, "nets.py names no module in the file; expected nets.py:NAME"),
        ({"source": "nets.py:"}, "nets.py: names no module in the file; expected nets.py:NAME"),
        ({"source": "exits.py:Net"}, r"running exits.py for Net fails \(SystemExit: 0\)"),
        ({"source": "nets.py:ends"}, r"nets.py:ends ends the program \(exit code 0\) while it r"),
        ({"source": "net.onnx", "given": "text.npy"}, "text.npy holds text; expected an array of"),
        ({"source": "nets.py:Net", "given": "text.npy"}, "text.npy holds text; expected an arr"),
        ({"source": "net.onnx", "given": "huge.npy"}, r"holds 1e\+300, too large for the input's"),
        ({"source": "nets.py:fails"}, r"running nets.py for fails fails \(ValueError: first line"),
        ({"source": "none.py:Net"}, "cannot read none.py: there is no such file"),
        ({"source": "net.onnx", "given": "two.csv"}, "takes n × 3; the example is 1 × 2"),
        ({"source": "net.onnx", "backward": True}, "needs a target; give the true class by"),
        ({"source": "net.onnx", "output": "q"}, "there is no output q; expected one of y"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_refused(request_: dict[str, Any], said: str, folder: Path) -> None:
    with pytest.raises(GradsheetError, match=said):
        open_network(Request(**request_), Path("out.xlsx"))
    assert not Path("out.xlsx").exists()


def test_what_a_file_imports_lies_beside_it(folder: Path) -> None:
    module, example = read_module(str(folder / "nets.py:with_example"))
    assert example is not None
    assert len(list(module.parameters())) == 4
    assert np.allclose(example, 1)
