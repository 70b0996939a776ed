"""The forward pass in training: the function ``DigitNet.forward``, laid out for the processor.

It replaces the network's own pass where max pooling comes first. The first batch norm is a
linear map of a linear map, so its statistics follow from the moments of the image, and it is
folded into the convolution before it: the largest feature map is written once. What follows the
third convolution is linear where no activation follows the 1x1 convolution, so the average is
taken first.

Up to the pooling there are two layouts. A processor with units for products in bfloat16 is kept
busy by space-to-depth; without them that layout's zeros cost more than they gain, and the feature
maps are kept with the channels of a pixel side by side.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits import space_to_depth
from gradsheet.digits.model import Architecture, DigitNet

Layout = Literal["space-to-depth", "channels-last"]

_KERNEL, _MAP = 5, 24  # the first convolution's kernel and feature map
# Moments are taken over windows that hold so many pixels of the feature map along each axis:
# the larger, the fewer windows are copied and the larger the product of each.
_STEP = 6
_WINDOW = _STEP + _KERNEL - 1


def applies_to(architecture: Architecture) -> bool:
    """Whether ``logits`` can replace the network's own forward pass in training."""
    return architecture.order == "pool-norm-activation"


def logits(model: DigitNet, images: Tensor, dtype: torch.dtype, layout: Layout) -> Tensor:
    """Logits (N, 10) of normalized images (N, 1, 28, 28), with the layers' products in ``dtype``.

    In training mode batch norm uses the statistics of the batch and updates the running ones, as
    usual.
    """
    activate = model.activate
    front = space_to_depth.pooled if layout == "space-to-depth" else _pooled
    x = front(model, images.to(dtype), *_conv1_norm1(model, images))
    x = activate(_batch_norm(model.norm2, x))
    x = F.conv2d(x, model.conv3.weight.to(dtype), _bias(model.conv3).to(dtype))
    x = model.dropout(activate(_batch_norm(model.norm3, x)))
    return model.linear(_features(model, x.permute(0, 2, 3, 1).flatten(1, 2)))  # type: ignore[no-any-return]  # Module.__call__ is untyped


def _pooled(model: DigitNet, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The result of ``space_to_depth.pooled``, computed with channels last."""
    x = model.activate(F.conv2d(images, weight.to(images), bias.to(images)))
    x = F.conv2d(x, model.conv2.weight.to(x), _bias(model.conv2).to(x))
    return F.max_pool2d(x, 2)


def _features(model: DigitNet, pixels: Tensor) -> Tensor:
    """Features (N, 24): the 1x1 convolution of pixels (N, 36, 32), averaged over them."""
    weight, bias = model.conv4.weight.flatten(1), _bias(model.conv4)
    if not model.architecture.activate_last:
        return F.linear(pixels.mean(1, dtype=weight.dtype), weight, bias)
    x = model.activate(F.linear(pixels, weight.to(pixels), bias.to(pixels)))
    return x.mean(1, dtype=weight.dtype)


def _conv1_norm1(model: DigitNet, images: Tensor) -> tuple[Tensor, Tensor]:
    """Weight and bias of the first convolution with its batch norm folded in."""
    conv, norm = model.conv1, model.norm1
    mean, variance = _statistics(model, images)
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    shift = norm.bias + (_bias(conv) - mean) * scale
    return conv.weight * scale.view(-1, 1, 1, 1), shift


def _statistics(model: DigitNet, images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of the first convolution's channels, the batch's own in training.

    The mean and variance of a linear map w·x are w·E[x] and w·Cov[x]·w.
    """
    conv, norm = model.conv1, model.norm1
    assert norm.running_mean is not None and norm.running_var is not None
    if not norm.training:
        return norm.running_mean, norm.running_var
    first, second = _moments(images)
    kernel = conv.weight.flatten(1)
    product = kernel @ first
    mean, variance = product + _bias(conv), (kernel @ second * kernel).sum(1) - product**2
    _update_running(norm, mean, variance, len(images) * _MAP**2)
    return mean, variance


def _moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """First (25) and second (25, 25) moment of the pixels under the first convolution's kernel.

    They are moments of larger windows, summed over the positions of a kernel in a window.
    """
    windows = images.squeeze(1).unfold(1, _WINDOW, _STEP).unfold(2, _WINDOW, _STEP)
    windows = windows.reshape(-1, _WINDOW**2)
    places, kernel = (_STEP, _STEP), (_KERNEL, _KERNEL)
    down, right = _WINDOW, 1
    first = windows.sum(0).as_strided(places + kernel, (down, right) * 2)
    # Both pixels of a product move with the kernel: along the diagonal of the windows' products.
    below = _WINDOW**2
    diagonal = (down * (below + 1), right * (below + 1))
    pairs = (down * below, right * below, down, right)
    second = (windows.T @ windows).as_strided(places + kernel * 2, diagonal + pairs)
    count = len(images) * _MAP**2
    size = _KERNEL**2
    return first.sum((0, 1)).view(size) / count, second.sum((0, 1)).view(size, size) / count


def _batch_norm(norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    return norm(x)  # type: ignore[no-any-return]  # Module.__call__ is untyped


@torch.no_grad()
def _update_running(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Move the running statistics as ``norm`` would on a batch of ``count`` pixels a channel."""
    assert norm.running_mean is not None and norm.running_var is not None
    assert norm.num_batches_tracked is not None and norm.momentum is not None
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * count / (count - 1), norm.momentum)
    norm.num_batches_tracked += 1


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias
