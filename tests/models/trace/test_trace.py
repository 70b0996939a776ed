"""What a trace must not get wrong: equal to the model run as a whole, or refused."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.layers.joining import View
from gradsheet.models.layers.registry import LAYERS
from gradsheet.models.trace import trace
from tests.models.samples import Everything


class Calls(nn.Module):
    """A layer, and a function of its output."""

    def __init__(self, function: Callable[[Any], Any], first: nn.Module | None = None) -> None:
        super().__init__()
        self.function, self.first = function, first or nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.first(x))  # type: ignore[no-any-return]


def changed(h: Tensor) -> Tensor:
    F.relu_(h)
    return F.silu(h)


def doubled(h: Tensor) -> Tensor:
    other = F.silu(h)
    other += h
    return other


EQUAL = {
    "in-place modules": nn.Sequential(nn.Linear(4, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)),
    "in-place argument of a module": nn.Sequential(nn.Linear(4, 3), nn.SiLU(True)),
    "h + h": Calls(lambda h: h + h),
    "cat of h and h": Calls(lambda h: torch.cat([h, h], 1)),
    "h += x": Calls(doubled),
    "evaluated dropout": Calls(lambda h: F.dropout(h, 0.5, False)),
    "frozen": nn.Sequential(nn.Linear(4, 3)).requires_grad_(False),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_to_the_model_run_as_a_whole(name: str) -> None:
    model, x = EQUAL[name], torch.randn(4)
    given = x.double().clone().requires_grad_()
    found = trace(model, x, 1)
    with torch.enable_grad():
        output = model.double().eval()(given.unsqueeze(0))
        F.cross_entropy(output, torch.tensor([1])).backward()  # type: ignore[no-untyped-call]
    assert torch.allclose(torch.from_numpy(found.output), output[0])
    first = found.layers[0].input_gradients
    assert first is not None and given.grad is not None
    assert torch.allclose(torch.from_numpy(first[0]), given.grad)


def test_everything_holds_every_layer() -> None:
    """The model that the workbook's tests use."""
    layers = [traced.layer for traced in trace(Everything(), torch.randn(Everything.shape)).layers]
    names = {
        type(layer).__name__ if layer.name in ("Softmax", "Add", "Concatenate") else layer.name
        for layer in layers
        if not isinstance(layer, View)
    }
    families = {"Linear", "Conv2d", "BatchNorm", "ReLU", "LeakyReLU", "GELU", "SiLU", "Sigmoid"}
    families |= {"Tanh", "Softmax", "MaxPool2d", "AvgPool2d", "Add", "Concatenate"}
    assert names == families
    assert len(LAYERS) == len(families) + 3  # LogSoftmax, GlobalAveragePool and views


def shared() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    return model


def below_zero() -> nn.Module:
    model = nn.Linear(4, 4)
    nn.init.zeros_(model.weight)
    nn.init.constant_(model.bias, -1)
    return model


def hooked() -> nn.Module:
    model = nn.Linear(4, 4)
    model.register_forward_hook(lambda module, given, output: 2 * output)
    return model


def filled(value: float) -> nn.Module:
    model = nn.Linear(4, 4).double()
    nn.init.constant_(model.weight, value)
    return model


def negative_variance() -> nn.Module:
    model = nn.BatchNorm1d(4)
    assert model.running_var is not None
    model.running_var.fill_(-1)
    return model


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.layer(x))  # type: ignore[no-any-return]


class Depends(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Odd(nn.Module):
    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside

    def forward(self, x: Tensor) -> Tensor:
        return self.inside(x)  # type: ignore[no-any-return]


VECTOR, IMAGE = (4,), (2, 6, 6)


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (Odd(nn.Conv2d(2, 2, 3, dilation=2)), IMAGE, "inside: a dilated convolution has no"),
        (Odd(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect")), IMAGE, "reflect padding"),
        (Odd(nn.MaxPool2d(2, ceil_mode=True)), IMAGE, "max pooling with dilation or ceil_mode"),
        (Odd(nn.AdaptiveAvgPool2d(2)), IMAGE, "adaptive average pooling to more than 1"),
        (Odd(nn.GELU("tanh")), VECTOR, "the approximate GELU"),
        (Odd(nn.Softmax(1)), IMAGE, "a softmax other than of a vector"),
        (Odd(nn.LayerNorm(4)), VECTOR, "inside: LayerNorm has no formulas; supported: Linear"),
        (Odd(nn.Linear(6, 2)), IMAGE, "a Linear of a tensor 2 × 6 × 6"),
        (Odd(nn.BatchNorm2d(2, affine=False)), IMAGE, "batch norm without weights"),
        (Twice(), VECTOR, "layer: a layer with weights that is applied twice"),
        (Calls(lambda h: h * h), VECTOR, "first › mul: mul has no formulas"),
        (Depends(), VECTOR, "Depends cannot be traced by torch.fx"),
        (Odd(nn.Sequential()), VECTOR, "the model has no layers"),
        (Calls(changed, below_zero()), VECTOR, "compute something else than the model"),
        (Calls(lambda h: F.relu_(h)), VECTOR, "relu_, which works in place, has no formulas"),
        (Calls(lambda h: F.relu(h, True)), VECTOR, "relu, which works in place, has no formulas"),
        (Calls(lambda h: F.dropout(h, 0.5)), VECTOR, "dropout without training=self.training"),
        (Calls(lambda h: h.view(2, 2)), VECTOR, "what mixes the batch"),
        (Calls(lambda h: F.avg_pool2d(h, 3)), VECTOR, "cannot run on an example of shape 4"),
        (shared(), VECTOR, "1: a weight shared with 0"),
        (hooked(), VECTOR, "it has a hook"),
        (nn.LeakyReLU(2.0), VECTOR, "a LeakyReLU of slope 2.0, not between 0 and 1"),
        (filled(float("nan")), VECTOR, "0: its weight holds NaN or infinity"),
        (filled(1e308), VECTOR, "holds NaN or infinity"),
        (negative_variance(), VECTOR, "0: its output holds NaN or infinity"),
        (nn.Sequential(nn.ReLU(), nn.Linear(5, 4)), VECTOR, "1: cannot run on an example of"),
        (nn.ReLU(), IMAGE, "a loss needs a vector; the output is 2 × 6 × 6"),
        (len, VECTOR, "the model is a builtin_function_or_method; expected a torch.nn.Module"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_models(model: nn.Module, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(GradsheetError, match=re.escape(message)):
        trace(model, 100 * torch.rand(shape) + 1, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"example": [1, 2]}, "the example is a list; expected a torch.Tensor"),
        ({"example": torch.full((4,), torch.nan)}, "the example: it holds NaN"),
        ({"loss": "hinge"}, "the loss is 'hinge'; expected cross-entropy or squared-error"),
        ({"learning_rate": float("inf")}, "the learning rate is inf; expected a positive finite"),
        ({"learning_rate": "0.1"}, "the learning rate is '0.1'"),
        ({"target": [0, 0, torch.inf], "loss": "squared-error"}, "the target: it holds NaN"),
        ({"target": [0, 0], "loss": "squared-error"}, "the target has 2 numbers; expected 3"),
        ({"learning_rate": 1e308}, "after a step of gradient descent with learning rate 1e+308"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_arguments(given: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {"example": 100 * torch.rand(4), "target": 1}
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    with pytest.raises(GradsheetError, match=re.escape(message)):
        ModelWorkbook(model, **usual | given)


def test_mean_with_dimensions_kept() -> None:
    model = Calls(lambda h: h.mean((2, 3), True), nn.Conv2d(1, 2, 1))
    assert trace(model, torch.randn(1, 3, 3)).layers[-1].shape == (2, 1, 1)


def test_keyword_tensors() -> None:
    class Keyword(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(input=x)  # type: ignore[no-any-return]

    assert trace(Keyword(), torch.randn(4), 1).layers[0].shape == (3,)


@pytest.mark.parametrize("way", ["size", "shape", "whole"])
def test_sizes_that_a_model_asks_for_are_numbers(way: str) -> None:
    class Sized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(1, 2, 3), nn.Linear(32, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            if way == "size":
                return self.fc(x.view(x.size(0), -1))  # type: ignore[no-any-return]
            if way == "shape":
                return self.fc(x.reshape(x.shape[0], -1))  # type: ignore[no-any-return]
            batch, channels, height, width = x.shape
            flat = x.view(batch, channels * height * width)
            return self.fc(flat)  # type: ignore[no-any-return]

    found = trace(Sized(), torch.randn(1, 6, 6), 1)
    assert [traced.shape for traced in found.layers if traced.parameters] == [(2, 4, 4), (3,)]
