"""The first two convolutions and max pooling in space-to-depth: blocks of 2 x 2 pixels.

The four pixels of a block lie beside one another like channels. A 5 x 5 convolution is then a
3 x 3 convolution over blocks, with four times the channels in and out: for one input or eight, the
products are of a size worth multiplying in bfloat16. Max pooling is the maximum of four numbers
that lie side by side.

Source of the layout: W. Shi et al., Real-time single image and video super-resolution using an
efficient sub-pixel convolutional neural network (2016), there called space to depth.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.digits.model import DigitNet

_KERNEL, _WINDOW = 5, 6  # a kernel at the four pixels of a block sees a window of 6 x 6


def pooled(model: DigitNet, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Feature maps (N, C, 10, 10) of images (N, 1, 28, 28), pooled, before the second norm.

    All products are in the dtype of the images. Weight and bias are those of the first
    convolution, its batch norm folded in.
    """
    assert model.conv2.bias is not None
    blocks = to_blocks(images.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    x = model.activate(_convolve(blocks, weight, bias))
    return _max_of_block(_convolve(x, model.conv2.weight, model.conv2.bias))


def _convolve(blocks: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """The convolution of an image with a kernel (O, I, 5, 5), both in blocks."""
    return F.conv2d(blocks, _block_kernel(kernel).to(blocks.dtype), bias.to(blocks.dtype).repeat(4))


def to_blocks(pixels: Tensor) -> Tensor:
    """Blocks (..., h, w, 4 C) of pixels (..., 2h, 2w, C): upper left and right, lower ones."""
    *batch, height, width, channels = pixels.shape
    split = pixels.reshape(*batch, height // 2, 2, width // 2, 2, channels)
    return split.transpose(-4, -3).reshape(*batch, height // 2, width // 2, 4 * channels)


def _block_kernel(kernel: Tensor) -> Tensor:
    """A kernel (O, I, 5, 5) as the kernel over blocks (4 O, 4 I, 3, 3), channels last."""
    outputs, inputs = kernel.shape[:2]
    # One window for each pixel of a block, zero around the kernel.
    spread = kernel.reshape(-1, _KERNEL**2) @ _POSITIONS.to(kernel)
    split = spread.view(outputs, inputs, 4, 3, 2, 3, 2)
    blocks = split.permute(2, 0, 3, 5, 4, 6, 1).reshape(4 * outputs, 3, 3, 4 * inputs)
    return blocks.permute(0, 3, 1, 2)


def _positions() -> Tensor:
    """Matrix (25, 4 * 36) with 1 where a kernel's weight lies in the window of a block's pixel."""
    positions = torch.zeros(_KERNEL, _KERNEL, 2, 2, _WINDOW, _WINDOW)
    offset = torch.arange(_KERNEL)
    for down in (0, 1):
        for right in (0, 1):
            rows, columns = offset[:, None], offset[None, :]
            positions[rows, columns, down, right, rows + down, columns + right] = 1
    return positions.view(_KERNEL**2, 4 * _WINDOW**2)


_POSITIONS = _positions()


def _max_of_block(x: Tensor) -> Tensor:
    """Max pooling over 2 x 2: (N, 4 C, h, w) in blocks to (N, C, h, w), channels last."""
    count, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(count, height * width, 4, channels // 4)
    largest = F.max_pool2d(pixels.permute(0, 3, 1, 2), (1, 4))  # N, C, h w, 1
    return largest.permute(0, 2, 3, 1).reshape(count, height, width, -1).permute(0, 3, 1, 2)
