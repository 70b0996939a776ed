"""The registry and those who use it."""

from torch import nn

from gradsheet.models import onnx_import
from gradsheet.models.layers.registry import LAYERS, SUPPORTED
from gradsheet.models.trace import recognize
from tests.models.layers.test_layers import SAMPLES


def test_every_spelling_has_one_entry() -> None:
    assert len({entry.name for entry in LAYERS}) == len(LAYERS)
    for kind in ("modules", "functions", "onnx"):
        names = [name for entry in LAYERS for name in getattr(entry, kind)]
        assert len(set(names)) == len(names), kind


def test_the_tracer_knows_every_entry() -> None:
    assert {entry.name for entry in LAYERS if entry.modules} == recognize._FROM_MODULE.keys()
    assert {entry.name for entry in LAYERS if entry.functions} == recognize._FROM_FUNCTION.keys()
    for entry in LAYERS:
        assert all(issubclass(getattr(nn, name), nn.Module) for name in entry.modules)
        assert entry.summary in SUPPORTED


def test_the_onnx_importer_knows_every_operator() -> None:
    """Add and Concat join tensors and are no modules; Mul is known as a part of SiLU only."""
    operators = {name for entry in LAYERS for name in entry.onnx}
    assert operators == onnx_import._MODULES.keys() | {"Add", "Concat"}


def test_most_layers_have_samples_of_several_spellings() -> None:
    spelled = [sample.entry for sample in SAMPLES]
    for entry in LAYERS:
        if entry.modules and entry.functions:
            assert spelled.count(entry.name) >= 2, entry.name
