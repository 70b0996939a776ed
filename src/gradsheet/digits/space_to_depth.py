"""The network's pass in training, laid out for a processor that multiplies matrices.

Where max pooling comes first, ``DigitNet.forward`` is the same function as this one, a third as
fast. Feature maps are kept as blocks of 2 x 2 pixels, the four pixels of a block beside one another
like channels. A 5 x 5 convolution is then a 3 x 3 convolution over blocks, with four times the
channels in and out: for one input or eight, the products are of a size worth multiplying.
Max pooling is the greatest of four numbers that lie side by side. The first batch norm is a
linear map of a linear map, so its statistics follow from the moments of the image, and it is
folded into the convolution before it.

Source of the layout: W. Shi et al., Real-time single image and video super-resolution using an
efficient sub-pixel convolutional neural network (2016), there called space to depth.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits.model import Architecture, DigitNet

_NHWC = torch.channels_last
_KERNEL, _WINDOW = 5, 6  # a kernel at the four pixels of a block sees a window of 6 x 6


def applies_to(architecture: Architecture) -> bool:
    """Whether ``logits`` can stand in for the network's own forward pass in training."""
    return architecture.order == "pool-norm-activation"


def to_blocks(pixels: Tensor) -> Tensor:
    """(..., 2h, 2w, C) as (..., h, w, 4 C): upper left, upper right, lower left, lower right."""
    *batch, height, width, channels = pixels.shape
    split = pixels.reshape(*batch, height // 2, 2, width // 2, 2, channels)
    return split.transpose(-4, -3).reshape(*batch, height // 2, width // 2, 4 * channels)


def logits(model: DigitNet, images: Tensor, dtype: torch.dtype) -> Tensor:
    """Logits (N, 10) of images (N, 14, 14, 4) in blocks, with the layers' products in ``dtype``.

    In training mode with the statistics of the batch, which move the running ones, as ever.
    """
    activate = model.activate
    x = activate(_conv1_norm1(model, images, dtype))
    x = F.conv2d(
        x, _block_kernel(model.conv2.weight, dtype), _bias(model.conv2).to(dtype).repeat(4)
    )
    x = activate(_batch_norm(model.norm2, _greatest_of_block(x)))
    x = F.conv2d(x, *_in(dtype, model.conv3))
    x = model.dropout(activate(_batch_norm(model.norm3, x)))
    pixels = x.permute(0, 2, 3, 1).flatten(1, 2)  # N, 36, 32
    weight, bias = _in(dtype, model.conv4)
    pixels = F.linear(pixels, weight.flatten(1), bias)
    if model.architecture.activate_last:
        pixels = activate(pixels)
    features = pixels.mean(1, dtype=model.linear.weight.dtype)
    return model.linear(features)  # type: ignore[no-any-return]  # Module.__call__ is untyped


def _conv1_norm1(model: DigitNet, images: Tensor, dtype: torch.dtype) -> Tensor:
    """Convolution and batch norm in one."""
    conv, norm = model.conv1, model.norm1
    mean, variance = _statistics(model, images)
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    shift = norm.bias + (_bias(conv) - mean) * scale
    blocked = _block_kernel(conv.weight * scale.view(-1, 1, 1, 1), dtype)
    return F.conv2d(images.to(dtype).permute(0, 3, 1, 2), blocked, shift.to(dtype).repeat(4))


def _statistics(model: DigitNet, images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of the first convolution's channels, the batch's own in training.

    The mean and variance of a linear map w·x are w·E[x] and w·Cov[x]·w.
    """
    conv, norm = model.conv1, model.norm1
    assert norm.running_mean is not None and norm.running_var is not None
    if not norm.training:
        return norm.running_mean, norm.running_var
    window = _windows(images)
    first = _windows(images.mean(0, keepdim=True)).mean(0)
    second = window.T @ window / len(window)
    kernel = _in_window(conv.weight).reshape(4 * conv.out_channels, -1)
    product = (kernel @ first).view(4, -1).mean(0)
    square = (kernel @ second * kernel).sum(1).view(4, -1).mean(0)
    mean, variance = product + _bias(conv), square - product**2
    _follow(norm, mean, variance, 4 * len(window))
    return mean, variance


def _windows(images: Tensor) -> Tensor:
    """Each 6 x 6 window that starts at a block: (N * 12 * 12, 36), block by block."""
    windows = images.unfold(1, 3, 1).unfold(2, 3, 1)  # N, 12, 12, 4, 3, 3
    return windows.permute(0, 1, 2, 4, 5, 3).reshape(-1, _WINDOW**2)


def _in_window(kernel: Tensor) -> Tensor:
    """A kernel (O, I, 5, 5) at the four pixels of a block: (4, O, 3, 3, 4, I), zero around it."""
    outputs, inputs = kernel.shape[:2]
    spread = kernel.reshape(-1, _KERNEL**2) @ _POSITIONS.to(kernel)
    split = spread.view(outputs, inputs, 4, 3, 2, 3, 2)
    return split.permute(2, 0, 3, 5, 4, 6, 1).reshape(4, outputs, 3, 3, 4, inputs)


def _block_kernel(kernel: Tensor, dtype: torch.dtype) -> Tensor:
    """A kernel (O, I, 5, 5) as the kernel over blocks (4 O, 4 I, 3, 3), channels last."""
    outputs, inputs = kernel.shape[:2]
    return _in_window(kernel).view(4 * outputs, 3, 3, 4 * inputs).to(dtype).permute(0, 3, 1, 2)


def _positions() -> Tensor:
    """(25, 4 * 36): 1 where a kernel's weight lies in the window at each pixel of a block."""
    positions = torch.zeros(_KERNEL, _KERNEL, 2, 2, _WINDOW, _WINDOW)
    offset = torch.arange(_KERNEL)
    for down in (0, 1):
        for right in (0, 1):
            rows, columns = offset[:, None], offset[None, :]
            positions[rows, columns, down, right, rows + down, columns + right] = 1
    return positions.view(_KERNEL**2, 4 * _WINDOW**2)


_POSITIONS = _positions()


def _greatest_of_block(x: Tensor) -> Tensor:
    """Max pooling over 2 x 2: (N, 4 C, h, w) in blocks to (N, C, h, w), channels last."""
    count, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(count, height * width, 4, channels // 4)
    pooled = F.max_pool2d(pixels.permute(0, 3, 1, 2), (1, 4))  # N, C, h w, 1
    return pooled.permute(0, 2, 3, 1).reshape(count, height, width, -1).permute(0, 3, 1, 2)


def _batch_norm(norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    return norm(x)  # type: ignore[no-any-return]  # Module.__call__ is untyped


@torch.no_grad()
def _follow(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Move the running statistics as ``norm`` would on a batch of ``count`` pixels a channel."""
    assert norm.running_mean is not None and norm.running_var is not None
    assert norm.num_batches_tracked is not None and norm.momentum is not None
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * count / (count - 1), norm.momentum)
    norm.num_batches_tracked += 1


def _in(dtype: torch.dtype, conv: nn.Conv2d) -> tuple[Tensor, Tensor]:
    return conv.weight.to(dtype, memory_format=_NHWC), _bias(conv).to(dtype)


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias
