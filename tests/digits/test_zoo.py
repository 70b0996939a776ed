"""The zoo: what its networks compute, how large they are, what their files hold."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gradsheet.digits import small_model
from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.model_files import load_model, save_model
from gradsheet.digits.recipe import RECIPES, Recipe, find_recipe
from gradsheet.digits.small_model import (
    Separable,
    SmallArchitecture,
    SmallNet,
    logits_in_training,
)
from gradsheet.digits.summary import layer_rows, receptive_fields, size
from gradsheet.digits.training import Trainer
from gradsheet.digits.zoo import EXACT, ZOO, make_network, name_of
from gradsheet.errors import GradsheetError

SMALL = [name for name in ZOO if name != EXACT]
RECORDS = Path(__file__).parent.parent.parent / "results" / "zoo"
SHARED = SmallArchitecture(3, (Separable(4), Separable(4, times=2)))
ONE_SET_OF_KERNELS = SmallArchitecture(4, (Separable(4, times=2),), shared_kernels=True)


@pytest.mark.parametrize("name", ZOO)
def test_sizes_by_an_independent_count(name: str) -> None:
    model = make_network(ZOO[name]).eval()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, 28, 28))
    found = size(model)
    assert 2 * found["multiply_adds"] == counter.get_total_flops()
    tensors = sum(value.numel() for value in dict(model.named_parameters()).values())
    assert found["parameters"] == tensors == sum(row.parameters for row in layer_rows(model))
    assert found["parameters"] == pytest.approx(float(name[:-1]) * 1000, rel=0.1)
    assert receptive_fields(model).endswith(f"{found['multiply_adds']:,}")


@pytest.mark.parametrize("once", [False, True], ids=["two convolutions", "one"])
@pytest.mark.parametrize("architecture", [SHARED, ONE_SET_OF_KERNELS])
def test_the_layers_in_training_are_those_of_evaluation(
    architecture: SmallArchitecture, once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logits and gradients of the pass for either kind of processor, both in float64.

    The norms' statistics are the running ones.
    """
    torch.manual_seed(0)
    one, other = (SmallNet(architecture).double() for _ in range(2))
    other.load_state_dict(one.state_dict())
    other.eval()
    if once:
        for layer in one.layers:
            monkeypatch.setattr(layer, "_convolve", layer._convolve_once)
    for module in one.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    images = torch.randn(5, 1, 28, 28, dtype=torch.float64)
    logits = one(images)
    assert torch.allclose(logits, other(images), rtol=1e-11, atol=1e-13)
    for network in (one, other):
        network(images).logsumexp(1).sum().backward()
    for (name, mine), (_, its) in zip(
        one.named_parameters(), other.named_parameters(), strict=True
    ):
        assert mine.grad is not None and its.grad is not None
        assert torch.allclose(mine.grad, its.grad, rtol=1e-9, atol=1e-11), name


def test_shared_kernels_are_one_parameter_after_training(short: Recipe, few: Dataset) -> None:
    """Its gradient is that of both convolutions, so training moves them as one."""
    recipe = replace(short, architecture=ONE_SET_OF_KERNELS)
    trainer = Trainer(recipe, few, 0, torch.device("cpu"), bar=False)
    before = trainer.model.state_dict()["stem.weight"].clone()
    trainer.run_epoch()
    for model in (trainer.model, trainer.evaluated_model):
        after = model.state_dict()
        assert torch.equal(after["stem.weight"], after["layers.0.depthwise.weight"])
        assert not torch.equal(after["stem.weight"], before)


@pytest.mark.parametrize("units", [False, True])
def test_bfloat16_is_the_same_function_roughly(
    units: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_model, "has_matrix_units", lambda device: units)
    torch.manual_seed(0)
    model, images = SmallNet(SHARED), torch.randn(8, 1, 28, 28)
    exact = logits_in_training(model, images, torch.float32)
    rounded = logits_in_training(model, images, torch.bfloat16)
    assert exact.dtype == rounded.dtype == torch.float32
    assert 0 < (exact - rounded).abs().max() < 0.05 * exact.std()


def test_a_network_is_trained_by_any_recipe(short: Recipe) -> None:
    assert find_recipe(model="1k").architecture == ZOO["1k"]
    assert [find_recipe(model=name).name for name in ZOO] == ["tiny"] * 3 + ["small"] * 4 + ["best"]
    assert find_recipe(model=EXACT) == RECIPES["best"] == find_recipe()
    assert find_recipe("fast", model="1k").epochs == RECIPES["fast"].epochs
    assert Recipe.from_dict(json.loads(json.dumps(find_recipe(model="1k").to_dict()))).architecture
    with pytest.raises(
        GradsheetError, match=r"no network is called '3k'; choose from 0\.5k, 0\.7k, 1k"
    ):
        find_recipe(model="3k")


def test_names() -> None:
    assert [name_of(architecture) for architecture in ZOO.values()] == list(ZOO)
    assert name_of(SHARED) is None


@pytest.mark.parametrize("architecture", [SHARED, ONE_SET_OF_KERNELS])
def test_weights_survive_the_file(architecture: SmallArchitecture, tmp_path: Path) -> None:
    model = SmallNet(architecture)
    save_model(model, tmp_path / "model.safetensors")
    again = load_model(tmp_path)
    assert again.architecture == architecture
    assert all(map(torch.equal, model.state_dict().values(), again.state_dict().values()))


@pytest.mark.parametrize(
    "change",
    [
        {"stem": 0},
        {"stem": 10**9},
        {"layers": []},
        {"layers": [{"channels": 4, "times": 2}]},
        {"layers": [{"channels": 4.0}]},
        {"layers": [{"channels": 4, "kernel": 3}]},
        {"layers": [{"channels": 4}] * 7},
        {"layers": [{"channels": 3, "times": 7}]},
        {"layers": 5},
        {"shared_kernels": 1},
        {"shared_kernels": True},
        {"heads": 2},
    ],
    ids=str,
)
def test_an_architecture_that_is_none(change: dict[str, object], tmp_path: Path) -> None:
    stated = json.dumps({**asdict(SHARED), **change})
    mark = {"format": "gradsheet-digits-1", "architecture": stated}
    save_file({"stem.weight": torch.ones(1)}, tmp_path / "x.safetensors", mark)
    with pytest.raises(GradsheetError, match="is not a model with an architecture known here"):
        load_model(tmp_path / "x.safetensors")


@pytest.mark.parametrize("name", SMALL)
def test_the_pretrained_weights_are_those_of_the_study(name: str, mnist: Dataset) -> None:
    """Of seed 0; another processor may classify an image on the border otherwise."""
    model = load_model(Path(name))
    assert model.architecture == ZOO[name]
    record = json.loads((RECORDS / name / "seed-000.json").read_text())
    mistakes = {number for number in record["mistakes"] if number < 1000}
    assert len(mistakes ^ {*evaluate(model, mnist.test[:1000]).mistakes.tolist()}) <= 1
