"""Public functions refuse arguments of another type in one line."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradsheet
from gradsheet.arguments import checked
from gradsheet.errors import GradsheetError


@checked
def function(
    path: str | Path, number: float = 1.0, count: int | None = None, many: Sequence[int] = ()
) -> str:
    """Function to be checked."""
    return f"{path} {number} {count} {len(many)}"


def test_what_is_written_there_is_taken() -> None:
    assert function("a") == "a 1.0 None 0"
    assert function(Path("a"), np.float32(2), np.int64(3), np.array([1])) == "a 2.0 3 1"  # type: ignore[arg-type]
    assert function.__name__ == "function"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": 3}, r"path of function\(\) is of type int; expected str or Path"),
        ({"path": None}, "path of .* is of type NoneType; expected str or Path"),
        ({"path": "a", "number": "2"}, "number of .* is of type str; expected float"),
        ({"path": "a", "count": 0.5}, "count of .* is of type float; expected int"),
        ({"path": "a", "many": 1}, "many of .* is of type int; expected Sequence"),
    ],
)
def test_another_type_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(GradsheetError, match=said):
        function(**arguments)


ANY: Any = gradsheet


@pytest.mark.parametrize(
    "call",
    [
        lambda: ANY.write_workbook("course", "x.xlsx"),
        lambda: ANY.write_exercise("course", "x.xlsx"),
        lambda: ANY.sweep("course"),
        lambda: ANY.sweep(gradsheet.load_network("and"), learning_rates=0.5),
        lambda: ANY.plot_network("course"),
        lambda: ANY.plot_losses(None),
        lambda: ANY.load_network(None),
        lambda: ANY.audit_workbook(3),
        lambda: ANY.verify_workbook(None),
        lambda: ANY.read_onnx(3),
        lambda: ANY.load_digit_classifier(3),
        lambda: ANY.train(epochs="2"),
        lambda: ANY.write_model_workbook("net", None, "x.xlsx"),
    ],
)
def test_the_public_functions_are_checked(call: Callable[[], None]) -> None:
    with pytest.raises(GradsheetError, match=r"\(\) is of type \w+; expected \w+"):
        call()


@pytest.mark.parametrize("name", ["x.xls", "x", "x.pdf"])
def test_a_workbook_has_the_name_of_one(name: str, tmp_path: Path) -> None:
    network = gradsheet.load_network("and")
    for write in (gradsheet.write_workbook, gradsheet.write_exercise):
        with pytest.raises(GradsheetError, match=r"the output name must end in \.xlsx"):
            write(network, tmp_path / name, updates=1)
    assert not list(tmp_path.iterdir())
