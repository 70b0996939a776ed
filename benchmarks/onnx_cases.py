"""The test cases that come with onnx, those of real numbers in single precision alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
FOLDERS = ("pytorch-converted", "pytorch-operator", "simple")


@dataclass(frozen=True)
class OnnxCase:
    """A model with inputs and the outputs that the standard says."""

    name: str
    model: Any
    inputs: dict[str, Array]
    outputs: dict[str, Array]


def standard_cases() -> list[OnnxCase]:
    """Of the standard's operators: those whose inputs and outputs are all float32."""
    from onnx.backend.test.case.node import collect_testcases

    found = []
    for case in collect_testcases(None):
        sets = case.data_sets or []
        values = [value for data in sets for part in data for value in part]
        if case.model is not None and values and all(map(_is_float32, values)):
            found.append(_case(case.name, case.model, *sets[0]))
    return found


def _is_float32(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float32


def file_cases() -> Iterator[OnnxCase]:
    """The models of the wheel's folders ``pytorch-*`` and ``simple``."""
    import onnx
    from onnx.backend.test.loader import load_model_tests

    for folder in FOLDERS:
        for case in load_model_tests(kind=folder):
            assert case.model_dir is not None
            place = Path(case.model_dir)
            model = onnx.load(place / "model.onnx")
            data = place / "test_data_set_0"
            yield _case(case.name, model, _arrays(data, "input"), _arrays(data, "output"))


def _arrays(folder: Path, kind: str) -> list[Array]:
    import onnx
    from onnx import numpy_helper

    found = []
    for number in range(len(list(folder.glob(f"{kind}_*.pb")))):
        tensor = onnx.TensorProto()
        content = (folder / f"{kind}_{number}.pb").read_bytes()
        try:
            tensor.ParseFromString(content)
            found.append(numpy_helper.to_array(tensor))
        except Exception:  # a sequence or text: no tensor
            found.append(np.zeros(0))
    return found


def _case(name: str, model: Any, inputs: Any, outputs: Any) -> OnnxCase:
    weights = {item.name for item in model.graph.initializer}
    names = [item.name for item in model.graph.input if item.name not in weights]
    results = [item.name for item in model.graph.output]
    return OnnxCase(
        name,
        model,
        dict(zip(names, inputs, strict=False)),
        dict(zip(results, outputs, strict=False)),
    )
