"""Small networks: a pooled 3x3 convolution, separable layers, the average, one linear layer."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits.data import CLASSES
from gradsheet.digits.device import has_matrix_units

_MOST_CHANNELS = 512  # a file can claim any number
_POOLED = 14  # pixels along an axis after the pooling
_MOST_TIMES = 6  # a layer takes a pixel from each side


@dataclass(frozen=True)
class Separable:
    """A layer: 1x1 convolution, depthwise 3x3 convolution, batch norm, hard swish.

    Attributes:
        channels: number of output channels.
        times: how often the layer is applied, one time after another, with the same kernels and
            the same scale and shift of batch norm, whose statistics each time has for itself.

    Raises:
        ValueError: a field has no such value.
    """

    channels: int
    times: int = 1

    def __post_init__(self) -> None:
        for name, most in (("channels", _MOST_CHANNELS), ("times", _MOST_TIMES)):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} {value!r}")


@dataclass(frozen=True)
class SmallArchitecture:
    """The layers of a small network.

    Attributes:
        stem: number of channels of the first convolution, 3x3, with 2x2 max pooling and hard swish.
        layers: what follows, from 14 x 14 pixels on; each time a layer is applied they are two
            fewer along each axis.
        shared_kernels: whether the stem's kernels are those of the first layer's depthwise
            convolution, one of 3x3 a channel in both.

    Raises:
        ValueError: the layers are applied too often, or one that is applied again changes the
            number of channels, or kernels are shared between different numbers of channels.
    """

    stem: int
    layers: tuple[Separable, ...]
    shared_kernels: bool = False

    def __post_init__(self) -> None:
        Separable(self.stem)  # the same limits
        if not 1 <= sum(layer.times for layer in self.layers) <= _MOST_TIMES:
            raise ValueError(f"{len(self.layers)} layers")
        inputs = self.stem
        for layer in self.layers:
            if layer.times > 1 and layer.channels != inputs:
                raise ValueError(f"{layer} after {inputs} channels")
            inputs = layer.channels
        if type(self.shared_kernels) is not bool:
            raise ValueError(f"shared kernels {self.shared_kernels!r}")
        if self.shared_kernels and self.stem != self.layers[0].channels:
            raise ValueError(f"kernels of {self.layers[0]} shared with a stem of {self.stem}")


class SmallNet(nn.Module):
    """A digit classifier of few layers: logits (N, 10) of normalized images (N, 1, 28, 28)."""

    def __init__(self, architecture: SmallArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.stem = nn.Conv2d(1, architecture.stem, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        channels = [architecture.stem, *(layer.channels for layer in architecture.layers)]
        layers = list(map(_SeparableLayer, channels, architecture.layers))
        if architecture.shared_kernels:
            self.stem.weight = layers[0].depthwise.weight
        self.layers = nn.Sequential(*layers)
        self.average = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(channels[-1], CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of normalized images (N, 1, 28, 28)."""
        return self.linear(self.features(images))  # type: ignore[no-any-return]  # Module.__call__ is untyped

    def features(self, images: Tensor) -> Tensor:
        """Each channel's average over the image, (N, C), in the dtype of the weights."""
        x = _pooled(self.stem, images) if self.training else self.pool(self.stem(images))
        x = self.layers(F.hardswish(x))
        return self.average(x.to(self.linear.weight.dtype)).flatten(1)  # type: ignore[no-any-return]  # Module.__call__ is untyped


def _pooled(stem: nn.Conv2d, images: Tensor) -> Tensor:
    """The stem's 3x3 convolution and 2x2 max pooling, by one product.

    The four convolutions under a pooling window look at 4 x 4 pixels: one patch times four
    kernels. A third to two thirds of the time of the two layers.
    """
    assert stem.bias is not None
    pixels = F.pad(images[:, 0], (1, 1, 1, 1))
    patches = pixels.unfold(1, 4, 2).unfold(2, 4, 2).reshape(-1, 16)
    kernel = stem.weight[:, 0]
    moved = [F.pad(kernel, (j, 1 - j, i, 1 - i)) for i in (0, 1) for j in (0, 1)]
    products = F.linear(patches, torch.cat(moved).flatten(1))
    windows = products.view(len(images), _POOLED**2, 4, -1).permute(0, 3, 1, 2)
    pooled = F.max_pool2d(windows, (1, 4)).permute(0, 2, 3, 1)  # a pixel's channels side by side
    pooled = pooled.reshape(len(images), _POOLED, _POOLED, -1) + stem.bias.to(pooled.dtype)
    return pooled.permute(0, 3, 1, 2)


class _SeparableLayer(nn.Module):
    """A separable layer, as often as it is applied.

    In training in bfloat16 on matrix units its two kernels are multiplied to that of one
    convolution, which is the same function. Without such units the two convolutions, with a fifth
    to a seventh of the multiplications, are faster.

    Source: D. Haase, M. Amthor, Rethinking depthwise separable convolutions (2020), there called
    blueprint separable convolutions.
    """

    def __init__(self, inputs: int, layer: Separable) -> None:
        super().__init__()
        outputs = layer.channels
        self.pointwise = nn.Conv2d(inputs, outputs, kernel_size=1, bias=False)
        self.depthwise = nn.Conv2d(outputs, outputs, kernel_size=3, groups=outputs, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for _ in range(layer.times))
        for norm in self.norms:
            norm.weight, norm.bias = self.norms[0].weight, self.norms[0].bias

    def forward(self, x: Tensor) -> Tensor:
        """Feature maps (N, O, h, w) of feature maps (N, I, H, W)."""
        for norm in self.norms:
            x = F.hardswish(norm(self._convolve(x)))
        return x

    def _convolve(self, x: Tensor) -> Tensor:
        if self.training and x.dtype == torch.bfloat16 and has_matrix_units(x.device):
            return self._convolve_once(x)
        return self.depthwise(self.pointwise(x))  # type: ignore[no-any-return]  # Module.__call__ is untyped

    def _convolve_once(self, x: Tensor) -> Tensor:
        """Both convolutions as one."""
        kernel = self.pointwise.weight * self.depthwise.weight
        return F.conv2d(x, kernel.contiguous(memory_format=torch.channels_last))


def logits_in_training(model: SmallNet, images: Tensor, dtype: torch.dtype) -> Tensor:
    """Logits (N, 10), with the products of the convolutions in ``dtype``."""
    with torch.autocast(images.device.type, dtype, enabled=dtype != images.dtype):
        features = model.features(images)
    return model.linear(features)  # type: ignore[no-any-return]  # Module.__call__ is untyped
