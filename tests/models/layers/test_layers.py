"""Every layer of the registry passes the conformance suite."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.models.layers.registry import LAYERS
from tests.models.layers.check_layer import Sample, check_layer
from tests.models.samples import randomize


class Calls(nn.Module):
    """A function in place of a module."""

    def __init__(self, function: Callable[[Any], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def calls(function: Callable[[Any], Tensor]) -> Callable[[], nn.Module]:
    return lambda: Calls(function)


def norm(make: Callable[[int], nn.Module]) -> Callable[[], nn.Module]:
    def random() -> nn.Module:
        module = make(3)
        randomize(module)
        return module

    return random


IMAGE, VECTOR = (2, 6, 7), (4,)

SAMPLES = [
    Sample("Linear", lambda: nn.Linear(4, 3), VECTOR),
    Sample("Linear", lambda: nn.Linear(1, 1, bias=False), (1,)),
    Sample("Convolution", lambda: nn.Conv2d(2, 3, 3), IMAGE),
    Sample("Convolution", lambda: nn.Conv2d(2, 3, (2, 3), (2, 1), (1, 2), bias=False), IMAGE),
    Sample("Convolution", lambda: nn.Conv2d(2, 4, 3, stride=3, padding=1, groups=2), IMAGE),
    Sample("Convolution", lambda: nn.Conv2d(2, 2, 3, padding="same"), IMAGE),
    Sample("Convolution", lambda: nn.Conv2d(2, 2, 1), IMAGE),
    Sample("BatchNorm", norm(nn.BatchNorm1d), (3,)),
    Sample("BatchNorm", norm(nn.BatchNorm2d), (3, 2, 2)),
    Sample("ReLU", nn.ReLU, IMAGE),
    Sample("ReLU", calls(torch.relu), VECTOR),
    Sample("LeakyReLU", lambda: nn.LeakyReLU(0.3), VECTOR),
    Sample("LeakyReLU", calls(lambda x: F.leaky_relu(x, 0.2)), VECTOR),
    Sample("GELU", nn.GELU, VECTOR),
    Sample("GELU", calls(F.gelu), VECTOR),
    Sample("SiLU", nn.SiLU, VECTOR),
    Sample("SiLU", calls(F.silu), VECTOR),
    Sample("Sigmoid", nn.Sigmoid, VECTOR),
    Sample("Sigmoid", calls(lambda x: x.sigmoid()), VECTOR),
    Sample("Tanh", nn.Tanh, VECTOR),
    Sample("Tanh", calls(torch.tanh), VECTOR),
    Sample("Softmax", lambda: nn.Softmax(1), VECTOR),
    Sample("Softmax", calls(lambda x: x.softmax(-1)), VECTOR),
    Sample("LogSoftmax", lambda: nn.LogSoftmax(1), VECTOR),
    Sample("LogSoftmax", calls(lambda x: F.log_softmax(x, 1)), VECTOR),
    Sample("MaxPool", lambda: nn.MaxPool2d(2), IMAGE),
    Sample("MaxPool", lambda: nn.MaxPool2d(3, stride=2, padding=1), IMAGE),
    Sample("MaxPool", lambda: nn.MaxPool2d((2, 3), stride=1, padding=(1, 0)), IMAGE),
    Sample("MaxPool", calls(lambda x: F.max_pool2d(x, 2, 1)), IMAGE),
    Sample("AveragePool", lambda: nn.AvgPool2d(2, stride=1), IMAGE),
    Sample("AveragePool", lambda: nn.AvgPool2d(3, stride=2, padding=1), IMAGE),
    Sample("AveragePool", calls(lambda x: F.avg_pool2d(x, 3, 2, 1, False, False)), IMAGE),
    Sample("GlobalAveragePool", lambda: nn.AdaptiveAvgPool2d(1), IMAGE),
    Sample("GlobalAveragePool", calls(lambda x: x.mean((2, 3))), IMAGE),
    Sample("GlobalAveragePool", calls(lambda x: F.adaptive_avg_pool2d(x, (1, 1))), IMAGE),
    Sample("Add", calls(lambda x: torch.relu(x) + x), IMAGE),
    Sample("Add", calls(lambda x: x + x), VECTOR),
    Sample("Concatenate", calls(lambda x: torch.cat([x, torch.relu(x), x], 1)), IMAGE),
    Sample("Concatenate", calls(lambda x: torch.cat([x, torch.relu(x)], 1)), VECTOR),
    Sample("View", calls(lambda x: torch.tanh(x).view(1, -1)), IMAGE),
    Sample("View", lambda: nn.Sequential(nn.Tanh(), nn.Dropout(0.5), nn.Identity()), VECTOR),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=[f"{s.entry}-{n}" for n, s in enumerate(SAMPLES)])
def test_it_conforms(sample: Sample, tmp_path: Path) -> None:
    check_layer(sample, tmp_path)


def test_every_entry_has_a_sample() -> None:
    assert {sample.entry for sample in SAMPLES} == {entry.name for entry in LAYERS}
