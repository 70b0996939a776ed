"""Small networks: a 5x5 convolution, separable layers, the average over the image, one linear."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits.data import CLASSES

_MOST = {"channels": 512, "stride": 4, "times": 8}  # a file can claim any size
_MOST_LAYERS = 16


@dataclass(frozen=True)
class Separable:
    """A layer: 1x1 convolution, depthwise 3x3 convolution, batch norm, hard swish.

    Attributes:
        channels: number of output channels.
        stride: of the depthwise convolution.
        times: how often the layer is applied, one time after another with the same kernels; each
            time has a batch norm of its own.

    Raises:
        ValueError: a field has no such value.
    """

    channels: int
    stride: int = 1
    times: int = 1

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} {value!r}")


@dataclass(frozen=True)
class SmallArchitecture:
    """The layers of a small network.

    Attributes:
        stem: number of channels of the first convolution, 5x5 with stride 2, hard swish.
        layers: what follows, of 14 x 14 pixels and less.

    Raises:
        ValueError: there are too many layers, or one that is applied again changes the shape.
    """

    stem: int
    layers: tuple[Separable, ...]

    def __post_init__(self) -> None:
        Separable(self.stem)  # the same limits
        if not 1 <= len(self.layers) <= _MOST_LAYERS:
            raise ValueError(f"{len(self.layers)} layers")
        inputs = self.stem
        for layer in self.layers:
            if layer.times > 1 and (layer.channels, layer.stride) != (inputs, 1):
                raise ValueError(f"{layer} after {inputs} channels")
            inputs = layer.channels


class SmallNet(nn.Module):
    """A digit classifier of few layers: logits (N, 10) of normalized images (N, 1, 28, 28)."""

    def __init__(self, architecture: SmallArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.stem = nn.Conv2d(1, architecture.stem, kernel_size=5, stride=2, padding=2)
        channels = [architecture.stem, *(layer.channels for layer in architecture.layers)]
        self.layers = nn.Sequential(*map(_SeparableLayer, channels, architecture.layers))
        self.average = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(channels[-1], CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of normalized images (N, 1, 28, 28)."""
        return self.linear(self.features(images))  # type: ignore[no-any-return]  # Module.__call__ is untyped

    def features(self, images: Tensor) -> Tensor:
        """Each channel's average over the image, (N, C), in the dtype of the weights."""
        maps = self.layers(F.hardswish(self.stem(images)))
        return self.average(maps.to(self.linear.weight.dtype)).flatten(1)  # type: ignore[no-any-return]  # Module.__call__ is untyped


class _SeparableLayer(nn.Module):
    """A separable layer, as often as it is applied.

    In training its two kernels are multiplied to that of one convolution, which is the same
    function: libraries are slow at depthwise convolutions of few channels.

    Source: D. Haase, M. Amthor, Rethinking depthwise separable convolutions (2020), there called
    blueprint separable convolutions.
    """

    def __init__(self, inputs: int, layer: Separable) -> None:
        super().__init__()
        outputs, stride = layer.channels, layer.stride
        self.pointwise = nn.Conv2d(inputs, outputs, kernel_size=1, bias=False)
        self.depthwise = nn.Conv2d(
            outputs, outputs, kernel_size=3, stride=stride, padding=1, groups=outputs, bias=False
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for _ in range(layer.times))

    def forward(self, x: Tensor) -> Tensor:
        """Feature maps (N, O, h, w) of feature maps (N, I, H, W)."""
        for norm in self.norms:
            x = F.hardswish(norm(self._convolve(x)))
        return x

    def _convolve(self, x: Tensor) -> Tensor:
        if not self.training:
            return self.depthwise(self.pointwise(x))  # type: ignore[no-any-return]  # Module.__call__ is untyped
        kernel = self.pointwise.weight * self.depthwise.weight
        kernel = kernel.contiguous(memory_format=torch.channels_last)  # 1.5 times as fast
        return F.conv2d(x, kernel, stride=self.depthwise.stride, padding=1)


def logits_in_training(model: SmallNet, images: Tensor, dtype: torch.dtype) -> Tensor:
    """Logits (N, 10), with the products of the convolutions in ``dtype``."""
    with torch.autocast(images.device.type, dtype, enabled=dtype != images.dtype):
        features = model.features(images)
    return model.linear(features)  # type: ignore[no-any-return]  # Module.__call__ is untyped
