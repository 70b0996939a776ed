"""The test cases that come with onnx: none is wrong, most are imported, the others refused."""

from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import pytest
import torch

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.reading import chosen_output, import_model

CASES = run_path(str(Path(__file__).parents[3] / "benchmarks" / "onnx_cases.py"))


def share_imported(cases: list[Any]) -> float:
    """The share of cases that are imported; each of them computes what the standard says."""
    imported = 0
    for case in cases:
        try:
            model, example = import_model(case.model, case.inputs)
        except GradsheetError:
            continue
        with torch.no_grad():
            found = model(**example).double().numpy()
        expected = case.outputs[chosen_output(case.model.graph)]
        scale = max(float(np.nanmax(np.abs(expected), initial=0)), 1e-30)
        assert found.shape == expected.shape, case.name
        assert np.allclose(found, expected, rtol=1e-3, atol=1e-4 * scale, equal_nan=True), case.name
        imported += 1
    return imported / len(cases)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # numpy's, as the cases are made
def test_the_standards_cases_of_single_precision() -> None:
    cases = CASES["standard_cases"]()
    assert len(cases) > 700
    assert share_imported(cases) > 0.9


@pytest.mark.filterwarnings("ignore")
def test_some_of_the_models_that_come_with_onnx() -> None:
    """Every twentieth of those of one operator."""
    cases = [case for k, case in enumerate(CASES["file_cases"]()) if k % 20 == 0]
    assert share_imported(cases) > 0.7


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_models_that_come_with_onnx() -> None:
    cases = list(CASES["file_cases"]())
    assert len(cases) > 130
    assert share_imported(cases) > 0.8
