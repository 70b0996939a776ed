"""Ties in max pooling: winners, gradients and cells that no rounding can change.

Each test forces ties or rounding of its own, so that it does not depend on the processor.
"""

import copy
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gradsheet.digits.data import Dataset
from gradsheet.digits.model_files import load_model
from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.digit_classifier import network_input
from gradsheet.models.ties import FirstOfTies, max_pool2d, maxima, thresholds, windows, winners
from tests.engines import EVERY_ENGINE

LAST_BIT = 2.0**-52
RESULTS = Path(__file__).parents[2] / "results" / "opening.json"

POOLINGS = [
    nn.MaxPool2d(2),
    nn.MaxPool2d(3, stride=2, padding=1),
    nn.MaxPool2d((2, 3), stride=1, padding=(1, 0)),
]
"""Side by side, overlapping with padding, and neither square nor padded alike."""


class Noise(TorchFunctionMode):
    """Changes the last bits of every convolution, as another order of its sums would."""

    def __init__(self, seed: int) -> None:
        self.draw = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        if func in (F.conv2d, torch.conv2d):
            bits = torch.randint(-2, 3, found.shape, generator=self.draw)
            found = found * (1 + LAST_BIT * bits.double())
        return found


class Sorted(nn.Module):
    """A convolution that adds its products in an order of its own."""

    def __init__(self, convolution: nn.Conv2d, seed: int) -> None:
        super().__init__()
        self.convolution = convolution
        count = convolution.weight[0].numel()
        self.order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))

    def forward(self, x: Tensor) -> Tensor:
        module, size = self.convolution, self.convolution.kernel_size
        products = F.unfold(x, size)[:, self.order]
        sums = module.weight.flatten(1)[:, self.order] @ products
        shape = [x.shape[2] - size[0] + 1, x.shape[3] - size[1] + 1]
        assert module.bias is not None
        return sums.reshape(len(x), -1, *shape) + module.bias[:, None, None]


@pytest.mark.parametrize(
    ("cells", "winner", "tied"),
    [
        ([3, 3, 3, 3], 0, 4),
        ([1, 1 + LAST_BIT, 1, 1 - LAST_BIT], 0, 4),
        ([0, 1 - 1e-10, 1, 0.5], 1, 2),
        ([0, 1 - 1e-8, 1, 0.5], 2, 1),
        ([-5, -2 - 1e-12, -2, -3], 1, 2),
        ([0, 1e-300, 0, 0], 1, 1),
        ([0, 0, 0, 0], 0, 4),
        ([-1, 0, 1e-10, 0], 1, 3),  # relative to the largest magnitude, not to the maximum,
        ([-1e9, 0.1, 0.4, -1e9], 2, 1),  # but not to that of what a mask fills in
        ([-np.inf, 0.1, 0.4, 0.4], 2, 2),
        ([np.nan, -1, np.nan, -1], 1, 2),
    ],
)
def test_the_rule(cells: list[float], winner: int, tied: int) -> None:
    window = np.array([cells], dtype=float)
    assert winners(window).tolist() == [winner]
    assert maxima(window).sum() == tied


def test_windows_are_those_of_torch() -> None:
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    for pool in POOLINGS:
        found = windows(x.numpy(), *shape_of(pool))
        assert np.array_equal(np.nanmax(found, axis=-1), pool(x).numpy())
        assert (thresholds(found) < np.nanmax(found, axis=-1)).all()


@pytest.mark.parametrize("pool", POOLINGS, ids=str)
def test_without_ties_the_gradient_is_torchs(pool: nn.MaxPool2d) -> None:
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    y = pool(x)
    weight = torch.randn(y.shape, dtype=torch.float64)
    with FirstOfTies():
        ours = gradient(lambda given: (pool(given) * weight).sum(), x)
    assert torch.equal(ours, gradient(lambda given: (pool(given) * weight).sum(), x))
    assert torch.equal(max_pool2d(x, *shape_of(pool)), y)
    assert torch.equal(max_pool2d(x[0], *shape_of(pool)), y[0])  # without a batch dimension


@pytest.mark.parametrize("pool", POOLINGS, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_the_last_bits_change_nothing(pool: nn.MaxPool2d, seed: int) -> None:
    """Constant images whose cells differ in the last bits: the first of each window wins."""
    draw = np.random.default_rng(seed)
    noise = 1 + LAST_BIT * draw.integers(-2, 3, (1, 2, 7, 8))
    weight = torch.randn(pool(torch.zeros(1, 2, 7, 8)).shape, dtype=torch.float64)
    with FirstOfTies():
        plain, noisy = (
            gradient(lambda given: (pool(given) * weight).sum(), torch.from_numpy(3 * x))
            for x in (np.ones_like(noise), noise)
        )
    assert torch.equal(plain, noisy)
    assert np.array_equal(plain[0].numpy(), by_hand(weight[0].numpy(), pool))


def by_hand(weight: NDArray[np.float64], pool: nn.MaxPool2d) -> NDArray[np.float64]:
    """The gradient of a constant image (2, 7, 8), window by window."""
    _, stride, padding = shape_of(pool)
    found = np.zeros((2, 7, 8))
    for channel, row, column in np.ndindex(weight.shape):
        top, left = max(0, row * stride[0] - padding[0]), max(0, column * stride[1] - padding[1])
        found[channel, top, left] += weight[channel, row, column]
    return found


def test_every_spelling_of_max_pooling_is_replaced() -> None:
    x = torch.ones(1, 1, 4, 4, dtype=torch.float64)
    x[0, 0, 1, 1] += LAST_BIT
    spellings: list[Callable[[Tensor], Tensor]] = [
        nn.MaxPool2d(2),
        lambda given: F.max_pool2d(given, 2),
        lambda given: F.max_pool2d(given, kernel_size=(2, 2), stride=(2, 2), padding=0),
        lambda given: torch.max_pool2d(given, 2),
        lambda given: torch.max_pool2d(given, [2, 2], [2, 2]),
    ]
    for pool in spellings:
        assert pooled_gradient(pool, x)[0, 0, 1, 1] == 1
        with FirstOfTies():
            found = pooled_gradient(pool, x)
        assert found[0, 0].nonzero().tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]


def pooled_gradient(pool: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return gradient(lambda given: pool(given).sum(), x)


def test_what_a_trace_does_not_take_is_left_to_torch() -> None:
    x = torch.randn(1, 1, 7, 7)
    with FirstOfTies():
        assert torch.equal(F.max_pool2d(x, 2, ceil_mode=True), nn.MaxPool2d(2, ceil_mode=True)(x))
        assert F.max_pool2d(x, 2, dilation=2).shape == (1, 1, 3, 3)
        y, places = F.max_pool2d(x, 2, return_indices=True)
    assert torch.equal(x.flatten()[places.flatten()], y.flatten())


class Pooled(nn.Module):
    """A convolution, all three poolings of its output side by side, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.linear = nn.Conv2d(1, 2, 3), nn.Linear(130, 3)
        self.first, self.second, self.third = POOLINGS

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        pooled = [pool(x).flatten(1) for pool in (self.first, self.second, self.third)]
        return self.linear(torch.cat(pooled, 1))  # type: ignore[no-any-return]


def almost_blank() -> Tensor:
    """An image with one stroke: most windows tie."""
    x = torch.full((1, 9, 9), -0.4242, dtype=torch.float64)
    x[0, 4, 4] = 2.8
    return x


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_cells_agree_whatever_the_rounding(engine: str, tmp_path: Path) -> None:
    with Noise(7):
        expected = ModelWorkbook(Pooled(), almost_blank(), 1).write(tmp_path / "model.xlsx")
    assert max(differences(tmp_path / "model.xlsx", expected, engine).values()) < 1e-12


def test_the_sheet_counts_its_ties(tmp_path: Path) -> None:
    book = ModelWorkbook(Pooled(), almost_blank(), 1)
    book.write(tmp_path / "model.xlsx")
    (convolved,) = book.layout.sheets[0].group.computed
    cells = windows(book.numbers.of(convolved.ids), (2, 2), (2, 2), (0, 0))
    expected = int((maxima(cells).sum(axis=-1) > 1).sum())
    assert expected > 5
    sheet = openpyxl.load_workbook(tmp_path / "model.xlsx", data_only=True)["2 first"]
    (piece,) = book.layout.sheets[1].pieces["backward"].values()
    (ties,) = [aux.block for aux in piece.aux if aux.name == "ties"]
    assert sheet[ties.cell((0,))].value == expected
    (label,) = ties.moved(-1).addresses()
    assert sheet[label].value == "tied windows"


def test_gradients_agree_whatever_the_rounding() -> None:
    model, x = Pooled(), almost_blank()
    one = ModelWorkbook(model, x, 1).numbers
    model.conv = Sorted(model.conv, 1)  # type: ignore[assignment]
    two = ModelWorkbook(model, x, 1)
    (inputs,) = two.grouped.inputs[:1]
    assert np.allclose(one.loss_by(inputs.ids), two.numbers.loss_by(inputs.ids), 1e-12, 1e-15)


class Pooling(FirstOfTies):
    """Records what is max-pooled as well."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: list[NDArray[np.float64]] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is F.max_pool2d:
            self.inputs.append(args[0].detach().numpy())
        return super().__torch_function__(func, types, args, kwargs)


def test_the_digit_classifier_in_another_order_of_sums(mnist: Dataset) -> None:
    """Ties, winners and gradients of the images of results/opening.json."""
    recorded = json.loads(RESULTS.read_text())
    numbers = recorded["images"]
    model, other = load_model(None).double().eval(), load_model(None).double().eval()
    for seed, name in enumerate(("conv1", "conv2", "conv3", "conv4")):
        setattr(other, name, Sorted(other.get_submodule(name), seed))  # type: ignore[arg-type]
    found = [winners_and_gradients(net, mnist, numbers) for net in (model, other)]
    (cells, gradients), (other_cells, other_gradients) = found
    assert not np.array_equal(cells, other_cells, equal_nan=True)
    assert np.array_equal(winners(cells), winners(other_cells))
    scale = np.abs(gradients).max(axis=(1, 2, 3), keepdims=True)
    assert (np.abs(gradients - other_gradients) <= 1e-9 * scale).all()
    tied = (maxima(cells).sum(axis=-1) > 1).sum(axis=(1, 2, 3))
    for setting in recorded["settings"].values():
        for record in setting["images"]:
            assert record["tied windows"] == tied[numbers.index(record["image"])]


def winners_and_gradients(
    model: nn.Module, mnist: Dataset, numbers: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cells of all pooling windows, and the gradients of the images."""
    x = network_input(mnist.test.images[numbers]).requires_grad_()
    with Pooling() as pooling:
        loss = F.cross_entropy(model(x), mnist.test.labels[numbers].long(), reduction="sum")
    loss.backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    (inputs,) = pooling.inputs
    return windows(inputs, (2, 2), (2, 2), (0, 0)), x.grad.numpy()


def test_the_recorded_openings_agree() -> None:
    """What benchmarks/opening.py recorded: every image agreed under every setting."""
    recorded = json.loads(RESULTS.read_text())
    assert set(recorded["settings"]) == {"as it is", "AVX2", "COMPATIBLE"}
    for setting in recorded["settings"].values():
        assert setting["n"] == len(setting["images"]) >= 2
        # Of very confident images the loss is a difference of numbers near 1, in PyTorch too.
        assert setting["largest difference"] < 2e-9 and setting["same formulas"]
    assert recorded["with the same winners"] == recorded["images under every setting"]
    sums = [setting["float64 sums"] for setting in recorded["settings"].values()]
    assert len(set(sums)) >= 2  # the settings take effect


def shape_of(pool: nn.MaxPool2d) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    def pair(value: Any) -> tuple[int, int]:
        return (value, value) if isinstance(value, int) else value

    return pair(pool.kernel_size), pair(pool.stride), pair(pool.padding)


def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    given = x.clone().requires_grad_()
    function(given).backward()  # type: ignore[no-untyped-call]
    assert given.grad is not None
    return given.grad


@pytest.mark.parametrize("filled", [-1e9, -math.inf, -1e4])
def test_the_maximum_of_masked_numbers(filled: float, tmp_path: Path) -> None:
    """What a mask fills in makes no ties: the gradient is torch's own."""

    class Pool(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 4)

        def forward(self, x: Tensor, mask: Tensor) -> Tensor:
            found: Tensor = self.linear(x).masked_fill(mask[..., None], filled).max(1)[0]
            return found

    torch.manual_seed(0)
    model, x = Pool().double(), torch.randn(1, 4, 3, dtype=torch.float64)
    mask = torch.tensor([[True, False, False, False]])
    F.cross_entropy(model(x, mask), torch.tensor([1])).backward()  # type: ignore[no-untyped-call]
    book = ModelWorkbook(copy.deepcopy(model), (x, mask), torch.tensor([1]))
    weight = model.linear.weight
    assert weight.grad is not None
    found = book.numbers.loss_by(book.grouped.parameters["linear.weight"].ids)
    assert np.allclose(found, weight.grad.numpy(), rtol=1e-12, atol=0)
    book.publish(tmp_path / "a.xlsx")
