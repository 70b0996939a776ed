"""Models over every layer with formulas: one that holds all of them, and random ones."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Shape = tuple[int, ...]


class Residual(nn.Module):
    """x + convolution of x, of the same size."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, groups=groups)
        self.activation = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.activation(self.conv(x))  # type: ignore[no-any-return]


class Split(nn.Module):
    """Two convolutions side by side, their channels one after the other."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, 2, (1, 3), padding=(0, 1), bias=False)
        self.tall = nn.Conv2d(channels, 1, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.wide(x), torch.tanh(self.tall(x))], 1)


class Mean(nn.Module):
    """The mean over height and width, by the method of the tensor."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Everything(nn.Module):
    """Every layer with formulas, once or more; the input is (2, 9, 9)."""

    shape: Shape = (2, 9, 9)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2),
            nn.BatchNorm2d(4),
            Residual(4, groups=4),
            nn.MaxPool2d(2, stride=1),
            nn.LeakyReLU(0.2),
            Split(4),
            nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
            nn.GELU(),
        )
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.dense, self.norm = nn.Linear(3, 4), nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 3, bias=False)
        for norm in (self.body[1], self.norm):
            randomize(norm)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.body(x)).mean((2, 3))
        x = torch.softmax(self.norm(torch.sigmoid(F.relu(self.dense(x)))), 1)
        return F.log_softmax(self.head(torch.tanh(F.dropout(x, 0.5, self.training))), 1)


def randomize(norm: nn.Module) -> None:
    """Weights and running statistics that are not those of a new batch norm."""
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)


class Model(nn.Module):
    """A few random layers on an image, then a few on a vector."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        draw = random.Random(seed)
        torch.manual_seed(seed)
        self.shape: Shape = (draw.randint(1, 3), draw.randint(6, 9), draw.randint(6, 9))
        body: list[nn.Module] = []
        x = torch.zeros(1, *self.shape)
        for _ in range(draw.randint(2, 4)):
            layer = self._layer(draw, x.shape[1], min(x.shape[2:]))
            x = layer.eval()(x)
            body.append(layer)
        self.body = nn.Sequential(*body)
        self.flat = draw.choice([nn.Flatten(), Mean()])
        if draw.random() < 0.3:
            self.flat = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        features = self.flat(x).shape[1]
        self.head = nn.Sequential(
            nn.Linear(features, 4, bias=draw.random() < 0.7),
            nn.BatchNorm1d(4) if draw.random() < 0.4 else nn.Dropout(0.5),
            draw.choice([nn.ReLU(), nn.Sigmoid(), nn.Tanh(), nn.LeakyReLU(0.2), nn.GELU()]),
            nn.Linear(4, 3),
            *([nn.LogSoftmax(1)] if draw.random() < 0.3 else []),
        )
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                randomize(module)

    @staticmethod
    def _layer(draw: random.Random, channels: int, size: int) -> nn.Module:
        small = [
            nn.ReLU(),
            nn.LeakyReLU(),
            nn.GELU(),
            nn.SiLU(),
            nn.Sigmoid(),
            nn.Tanh(),
            nn.BatchNorm2d(channels),
            nn.Dropout2d(0.5),
            Residual(channels, draw.choice([1, channels])),
            Split(channels),
        ]
        large = [
            nn.Conv2d(channels, 2, 3, stride=draw.choice([1, 2]), padding=draw.choice([0, 1])),
            nn.Conv2d(channels, 2 * channels, 2, groups=channels, bias=False),
            nn.MaxPool2d(2),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.AvgPool2d(2, stride=1),
            nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=draw.random() < 0.5),
        ]
        return draw.choice(small + large if size >= 4 else small)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.flat(self.body(x)))  # type: ignore[no-any-return]
