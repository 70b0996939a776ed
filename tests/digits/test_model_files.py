"""Weights in files, and files that hold other things."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.model_files import load_model, save_model
from gradsheet.errors import GradsheetError


def test_weights_survive_the_file(tmp_path: Path) -> None:
    model = DigitNet(Architecture("gelu", "pool-norm-activation", 0.25))
    save_model(model, tmp_path / "model.safetensors")
    again = load_model(tmp_path)
    assert again.architecture == model.architecture
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])


@pytest.mark.parametrize("kind", ["text", "other model", "other shape", "not finite", "nothing"])
def test_weights_that_are_not_ours(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    mark = {"format": "gradsheet-digits-1", "architecture": "{}"}
    if kind == "text":
        path.write_text("hello")
        said = "is not a readable safetensors file"
    elif kind == "other model":
        save_file({"weight": torch.ones(3)}, path)
        said = "holds another model: 1 tensors without the mark"
    elif kind == "other shape":
        tensors = DigitNet(Architecture()).state_dict()
        save_file(tensors | {"conv1.weight": torch.ones(4, 1, 5, 5)}, path, mark)
        said = "does not fit the network that it states: size mismatch for conv1.weight"
    elif kind == "not finite":
        model = DigitNet(Architecture())
        torch.nn.init.constant_(model.conv1.weight, float("nan"))
        save_file(model.state_dict(), path, mark)
        said = "is damaged: conv1.weight holds numbers that are not finite"
    else:
        said = "holds no model.safetensors: expected a run folder"
        with pytest.raises(GradsheetError, match="there is no nowhere; expected a run folder"):
            load_model(Path("nowhere"))
    with pytest.raises(GradsheetError) as caught:
        load_model(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "architecture",
    ["", "[", "[" * 100_000, "7", '{"order": "reversed"}', '{"activation": "sine"}']
    + [f'{{"dropout": {value}}}' for value in ('"x"', "null", "5", "-1", "NaN")],
)
def test_an_architecture_that_is_none(architecture: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    mark = {"format": "gradsheet-digits-1", "architecture": architecture}
    save_file(DigitNet(Architecture()).state_dict(), path, mark)
    with pytest.raises(GradsheetError, match="is not a model with an architecture known here"):
        load_model(path)
