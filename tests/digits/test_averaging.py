"""The moving average of weights against its definition; recalibrated statistics likewise."""

import torch

from gradsheet.digits.averaging import WeightAverage, recalibrate_statistics
from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import normalize
from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.zoo import make_network
from tests.digits.conftest import Trained


def test_the_average_of_three_updates_has_the_weights_it_should(short: Recipe) -> None:
    """The weights after 1, 2, 3 updates count 0.75², 0.75 and 1; the untrained ones nothing."""
    torch.manual_seed(0)
    model = make_network(short.architecture)
    average = WeightAverage(model, decay=0.75)
    after = []
    for update in (1, 2, 3):
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.randn_like(value))
        average.update_ema(update)
        after.append({name: value.clone() for name, value in model.state_dict().items()})
    for name, value in average.model.state_dict().items():
        if value.is_floating_point():
            one, two, three = (state[name] for state in after)
            expected = (0.75**2 * one + 0.75 * two + three) / (0.75**2 + 0.75 + 1)
            assert torch.allclose(value, expected, atol=1e-6), name


def test_few_updates_are_enough_for_an_average(trained: Trained) -> None:
    """With a decay made for thousands of updates, 21 already leave the start behind."""
    assert trained.run.recipe.ema_decay == 0.998
    assert trained.finished.history[-1].eval_accuracy > 0.35


def test_recalibrated_statistics_are_those_of_the_images(tiny: Dataset) -> None:
    """Of the first norm: mean and variance of the first convolution over whole batches."""
    torch.manual_seed(0)
    model, images = DigitNet(Architecture(order="pool-norm-activation")), tiny.train.images
    before = {name: value.clone() for name, value in model.named_parameters()}
    recalibrate_statistics(model, images)
    with torch.no_grad():
        seen = model.conv1(normalize(images))
    assert model.norm1.running_mean is not None and model.norm1.running_var is not None
    assert torch.allclose(model.norm1.running_mean, seen.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(model.norm1.running_var, seen.var((0, 2, 3)), rtol=1e-4)
    assert model.norm1.momentum == 0.1
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())
