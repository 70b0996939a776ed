"""The layer table, as the original prints it, and the receptive field of each layer."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gradsheet.digits.data import IMAGE_SIZE
from gradsheet.digits.zoo import Network

_MEGABYTE = 1024**2
_FLOAT_BYTES = 4
_RULE, _DOUBLE_RULE = "-" * 64, "=" * 64


@dataclass(frozen=True)
class LayerRow:
    """One layer as it was applied.

    Attributes:
        name: kind and number: ``Conv2d-1``.
        input_shape: shape of the input for one image: (channels, height, width).
        shape: shape of the output, likewise.
        parameters: number of parameters.
        multiply_adds: number for one image; 0 for layers without weights that are multiplied.
        kernel, stride, padding: of the window; 1, 1, 0 for a layer that sees one position.
    """

    name: str
    input_shape: tuple[int, ...]
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    kernel: int
    stride: int
    padding: int

    @property
    def input_width(self) -> int:
        """Width of the input; 1 for a vector."""
        return self.input_shape[-1] if len(self.input_shape) > 1 else 1

    @property
    def width(self) -> int:
        """Width of the output; 1 for a vector."""
        return self.shape[-1] if len(self.shape) > 1 else 1


def layer_rows(model: Network) -> list[LayerRow]:
    """Every layer of the model, in the order in which it is applied to an image."""
    rows: list[LayerRow] = []
    seen: set[nn.Parameter] = set()  # those of a layer that is applied again count once

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        new = {*module.parameters()} - seen
        parameters = sum(parameter.numel() for parameter in new)
        rows.append(_row(len(rows) + 1, module, parameters, inputs[0], output))
        seen.update(new)

    layers = [module for module in model.modules() if not [*module.children()]]
    hooks = [module.register_forward_hook(note) for module in layers]
    was_training = model.training
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, 1, IMAGE_SIZE, IMAGE_SIZE))
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return rows


def size(model: Network) -> dict[str, int]:
    """Number of parameters, and of multiply-adds for one image."""
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply_adds": sum(row.multiply_adds for row in layer_rows(model)),
    }


def summary(model: Network) -> str:
    """The layer table in the original's layout, with totals and sizes in megabytes."""
    rows = layer_rows(model)
    parameters = sum(row.parameters for row in rows)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    input_size = IMAGE_SIZE**2 * _FLOAT_BYTES / _MEGABYTE
    # Each output is held once for the forward and once for the backward pass.
    outputs = 2 * sum(_size(row.shape) for row in rows) * _FLOAT_BYTES / _MEGABYTE
    weights = parameters * _FLOAT_BYTES / _MEGABYTE
    lines = [
        _RULE,
        f"{'Layer (type)':>20}  {'Output Shape':>25} {'Param #':>15}",
        _DOUBLE_RULE,
        *(f"{row.name:>20}  {[-1, *row.shape]!s:>25} {row.parameters:>15,}" for row in rows),
        _DOUBLE_RULE,
        f"Total params: {parameters:,}",
        f"Trainable params: {trainable:,}",
        f"Non-trainable params: {parameters - trainable:,}",
        _RULE,
        f"Input size (MB): {input_size:.2f}",
        f"Forward/backward pass size (MB): {outputs:.2f}",
        f"Params size (MB): {weights:.2f}",
        f"Estimated Total Size (MB): {input_size + outputs + weights:.2f}",
        _RULE,
    ]
    return "\n".join(lines)


def receptive_fields(model: Network) -> str:
    """A table of each window: sizes, jump, receptive field in pixels and multiply-adds.

    ``jump`` is the distance in pixels of the image between neighboring outputs. Source of the
    recursion: V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning (2016).
    """
    lines = [
        f"{'layer':<20}{'n_in':>5}{'k':>4}{'s':>4}{'p':>4}{'n_out':>7}{'jump':>6}"
        f"{'receptive field':>17}{'multiply-adds':>15}",
        "=" * 82,
    ]
    jump = field = 1
    total = 0
    for row in _windows(layer_rows(model)):
        field += (row.kernel - 1) * jump
        jump *= row.stride
        total += row.multiply_adds
        lines.append(
            f"{row.name:<20}{row.input_width:>5}{row.kernel:>4}{row.stride:>4}{row.padding:>4}"
            f"{row.width:>7}{jump:>6}{f'{field} x {field}':>17}{row.multiply_adds:>15,}"
        )
    return "\n".join([*lines, "=" * 82, f"{'total for one image':<67}{total:>15,}"])


def _windows(rows: list[LayerRow]) -> Iterator[LayerRow]:
    """The layers with a window, and the max pooling between the second norm and conv3."""
    before: LayerRow | None = None
    for row in rows:
        if not row.name.startswith(("Conv2d", "AvgPool2d", "AdaptiveAvgPool2d", "Linear")):
            continue
        if before is not None and before.width != row.input_width:
            size = before.width // row.input_width
            yield LayerRow("MaxPool2d", before.shape, row.input_shape, 0, 0, size, size, 0)
        yield row
        before = row


def _row(
    number: int, module: nn.Module, parameters: int, images: Tensor, output: Tensor
) -> LayerRow:
    multiply_adds = 0
    kernel, stride, padding = 1, 1, 0
    if isinstance(module, nn.Conv2d):
        kernel, stride, padding = module.kernel_size[0], module.stride[0], int(module.padding[0])
        multiply_adds = module.weight.numel() * _size(tuple(output.shape[2:]))
    elif isinstance(module, nn.AvgPool2d):
        kernel = stride = int(module.kernel_size)  # type: ignore[arg-type]  # built with an int
    elif isinstance(module, nn.AdaptiveAvgPool2d):
        kernel = stride = images.shape[-1]
    elif isinstance(module, nn.Linear):
        multiply_adds = module.weight.numel()
    name = f"{type(module).__name__}-{number}"
    shapes = tuple(images.shape[1:]), tuple(output.shape[1:])
    return LayerRow(name, *shapes, parameters, multiply_adds, kernel, stride, padding)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
