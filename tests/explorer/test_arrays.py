"""The arrays that stand in for NumPy's in a browser, against NumPy."""

import io
import math
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradsheet.explorer.build import sources
from gradsheet.explorer.numpy_names import as_module

OURS: Any = as_module()
NAN, INF = math.nan, math.inf
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-300, 1e300, -1e300, 700.0, 800.0, INF, -INF, NAN]
ONE = [
    *("negative", "square", "abs", "sign", "sqrt", "tanh", "sin", "cos", "arctan", "arcsin"),
    *("exp", "log", "floor", "round", "isfinite", "isnan", "isinf", "logical_not"),
]
TWO = [
    *("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "heaviside"),
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
]


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_number(name: str) -> None:
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(np.array(SPECIAL))
    found = getattr(OURS, name)(OURS.array(SPECIAL))
    np.testing.assert_allclose(found.tolist(), expected, rtol=1e-15)


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_numbers(name: str) -> None:
    """Rows by columns, so that both broadcast."""
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(np.array(SPECIAL).reshape(-1, 1), np.array(SPECIAL))
    column = OURS.array(SPECIAL).reshape(len(SPECIAL), 1)
    found = getattr(OURS, name)(column, OURS.array(SPECIAL))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.tolist(), expected, rtol=1e-15)


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_what_is_not_finite_is_an_error_where_numpys_is(name: str) -> None:
    """As the tape asks for; underflow is none."""
    count = 1 if name in ONE else 2
    state = {"over": "raise", "invalid": "raise", "divide": "raise", "under": "ignore"}

    def fails(module: Any, numbers: tuple[float, ...]) -> bool:
        try:
            with module.errstate(**state):
                getattr(module, name)(*map(module.array, numbers))
        except FloatingPointError:
            return True
        return False

    numbers = SPECIAL if name != "power" else SPECIAL[:-3]  # 0 to the -inf: as the machine has it
    pairs = [(x, y)[:count] for x in numbers for y in numbers]
    assert [fails(OURS, pair) for pair in pairs] == [fails(np, pair) for pair in pairs]


BESIDE = {
    *("gradsheet/networks/diagram.py", "gradsheet/spreadsheet/filled.py"),
    "gradsheet/spreadsheet/streamed.py",
}
"""What no audit imports: it draws a network, and writes the workbooks of models."""


def test_every_name_that_the_audit_uses_is_there() -> None:
    """A name that is missing costs the page its audit: add it to numpy_names."""
    with zipfile.ZipFile(io.BytesIO(sources())) as archive:
        for name in archive.namelist():
            if name not in BESIDE:
                used = set(re.findall(r"\bnp\.(\w+)", archive.read(name).decode()))
                assert used <= vars(OURS).keys(), (name, used - vars(OURS).keys())


def whole(module: Any) -> list[Any]:
    """What becomes of arrays as a whole, as lists."""
    row, grid = module.array([3.0, 1.0, 2.0, 1.0]), module.array([[1.0, 5.0, 2.0], [4.0, 0.0, 6.0]])
    column = grid[1]
    return [
        *(grid.T, grid[1], grid[:1], grid[:, 2], grid[[1, 0]]),
        *(row[row > 1.0], row[1:3], row[[0, 2]], grid.sum(axis=0), grid.sum(), grid.all(axis=-1)),
        *((grid > 1).any(axis=1), grid.max(), grid.min(initial=-1), grid.argmax(axis=0)),
        *(module.diff(row), module.unique(row), module.sort(row), module.isin(row, column)),
        *(module.median(row), module.ptp(row), module.linspace(-2, 2, 7), module.stack([row, row])),
        *(module.geomspace(1e-3, 1e4, 9), module.concatenate([row, column]), module.full(3, 2.5)),
        *(module.full_like(row, 7.0), module.zeros_like(grid), module.broadcast_to(column, (2, 3))),
        *(module.allclose(row, row + 1e-9, rtol=1e-6, atol=0), module.allclose(row, 3, 1e-6, 0)),
        *(module.where(grid > 1, grid, -grid), module.nanmax(module.array([1.0, NAN, 3.0]))),
        *(
            1 / grid[0],
            2 - row,
            row**2,
            -row,
            ~(row > 1),
            (row > 1) & (row < 3),
            row != 1,
            abs(-row),
        ),
    ]


def test_arrays_as_a_whole() -> None:
    for number, (found, expected) in enumerate(zip(whole(OURS), whole(np), strict=True)):
        got = found.tolist() if hasattr(found, "tolist") else found
        np.testing.assert_allclose(got, expected, rtol=1e-14, err_msg=str(number))


def test_elements_can_be_set() -> None:
    def filled(module: Any) -> Any:
        loss, row = module.empty((2, 3)), module.full(4, 1.0)
        loss[0], loss[1] = module.array(0.5), module.array([1.0, 2.0, 3.0])
        row[2] += 0.25
        return [loss.tolist(), row.tolist()]

    assert filled(OURS) == filled(np)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: OURS.array([1.0, 2.0]) + OURS.array([1.0, 2.0, 3.0]),
        lambda: OURS.array([]).max(),
        lambda: bool(OURS.array([1.0, 2.0])),
    ],
)
def test_what_numpy_refuses(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        wrong()


@pytest.mark.slow
def test_the_audits_own_tests_pass_without_numpy() -> None:
    """Those of its inference and of whole workbooks, as printed; all of tests/audit do.

    Left out are the tests that compute nothing of their own: of tables and their headers, and of
    the same findings in other reports.
    """
    root = Path(__file__).parents[2]
    chosen = ["inference", "diagnosis", "report/test_golden.py", "test_cases.py"]
    again = "test_the_page or test_the_json or test_the_notes or test_each_place_of_a_cause"
    plugin = ["-p", "tests.explorer.without_numpy", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *plugin, "-m", "not slow", "-k", f"not ({again})"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])}
    done = subprocess.run(
        [*command, *(f"tests/audit/{name}" for name in chosen)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
