"""The network: four convolutions, 17,410 parameters."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor, nn

Activation = Literal["relu", "gelu"]
Order = Literal["activation-norm-pool", "pool-norm-activation"]

ACTIVATIONS: tuple[str, ...] = get_args(Activation)
ORDERS: tuple[str, ...] = get_args(Order)
_WIDEST = 64  # a file can claim any width


@dataclass(frozen=True)
class Architecture:
    """The choices that the layer table leaves open.

    Attributes:
        activation: the nonlinearity after each of the first three convolutions.
        order: how activation, batch norm and (after the second convolution) max pooling follow
            a convolution. Pooling first leaves a quarter of the values to normalize.
        dropout: probability, below 1, with which Dropout2d zeroes a channel in training.
        activate_last: whether the activation follows the 1x1 convolution too. Without it that
            convolution, the average and the linear layer are one linear map.
        width: multiple of the layer table's channels: 1 is the network of 17,410 parameters, more
            is a teacher of it.

    Raises:
        ValueError: a field has no such value.
    """

    activation: Activation = "relu"
    order: Order = "activation-norm-pool"
    dropout: float = 0.0
    activate_last: bool = False
    width: int = 1

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS or self.order not in ORDERS:
            raise ValueError(f"activation {self.activation!r}, order {self.order!r}")
        if not (isinstance(self.dropout, int | float) and 0 <= self.dropout < 1):
            raise ValueError(f"dropout {self.dropout!r}")
        if not isinstance(self.activate_last, bool):
            raise ValueError(f"activate_last {self.activate_last!r}")
        if not (isinstance(self.width, int) and 1 <= self.width <= _WIDEST):
            raise ValueError(f"width {self.width!r}")


class DigitNet(nn.Module):
    """The digit classifier: logits (N, 10) of normalized images, float (N, 1, 28, 28)."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        one, two, three, four = (channels * architecture.width for channels in (8, 16, 32, 24))
        self.conv1 = nn.Conv2d(1, one, kernel_size=5)
        self.norm1 = nn.BatchNorm2d(one)
        self.conv2 = nn.Conv2d(one, two, kernel_size=5)
        self.norm2 = nn.BatchNorm2d(two)
        self.conv3 = nn.Conv2d(two, three, kernel_size=5)
        self.norm3 = nn.BatchNorm2d(three)
        self.dropout = nn.Dropout2d(architecture.dropout)
        self.conv4 = nn.Conv2d(three, four, kernel_size=1)
        self.average = nn.AvgPool2d(6)
        self.linear = nn.Linear(four, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of normalized images (N, 1, 28, 28)."""
        x = self.conv1(images)
        x = self._activate_and_normalize(x, self.norm1)  # 8 x 24 x 24
        x = self.conv2(x)
        x = self._activate_and_normalize(x, self.norm2, pool=2)  # 16 x 10 x 10
        x = self.conv3(x)
        x = self._activate_and_normalize(x, self.norm3)  # 32 x 6 x 6
        x = self.dropout(x)
        x = self.conv4(x)  # 24 x 6 x 6
        if self.architecture.activate_last:
            x = self.activate(x)
        x = self.average(x)  # 24 x 1 x 1
        return self.linear(x.flatten(1))  # type: ignore[no-any-return]  # Module.__call__ is untyped

    def _activate_and_normalize(self, x: Tensor, norm: nn.BatchNorm2d, pool: int = 1) -> Tensor:
        """Activation, batch norm and max pooling, in the order of the architecture."""
        if self.architecture.order == "activation-norm-pool":
            return _max_pool(norm(self.activate(x)), pool)
        return self.activate(norm(_max_pool(x, pool)))

    def activate(self, x: Tensor) -> Tensor:
        """The activation function of each element."""
        return F.gelu(x) if self.architecture.activation == "gelu" else F.relu(x)


def _max_pool(x: Tensor, size: int) -> Tensor:
    return F.max_pool2d(x, size) if size > 1 else x
