"""Every operation that has formulas: its values, its gradients and its recalculated cells."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.models.check_model import Several, check_model

R = torch.randn


def draw() -> None:
    torch.manual_seed(3)


class Calls(nn.Module):
    """A function with modules that it uses."""

    def __init__(self, function: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *x: Tensor) -> Any:
        return self.function(self, *x)


ACTIVATIONS = [
    *(nn.ReLU(), nn.ReLU6(), nn.ELU(), nn.CELU(0.5), nn.SELU(), nn.GELU(), nn.GELU("tanh")),
    *(nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softplus(2), nn.Softsign(), nn.Tanhshrink()),
    *(nn.Softshrink(), nn.Hardshrink(), nn.Hardtanh(), nn.Hardswish(), nn.LogSigmoid()),
    *(nn.Sigmoid(), nn.Tanh(), nn.Threshold(0.1, -1.0), nn.PReLU(), nn.PReLU(4), nn.LeakyReLU()),
    *(nn.LeakyReLU(1.5), nn.GLU(), nn.Softmin(-1), nn.Softmax(-1), nn.Softmax(0), nn.RReLU()),
    *(nn.LogSoftmax(-1), nn.LogSoftmax(0), nn.Softmax2d()),
]

FUNCTIONS: dict[str, list[Callable[..., Any]]] = {
    "arithmetic": [
        *(lambda x: 2 * x + 1, lambda x: 1 - x, lambda x: x / 3, lambda x: 3 / (x + 9)),
        *(lambda x: x * x[0], lambda x: x - x.mean(), lambda x: x**3, lambda x: (x + 9) ** 0.5),
        *(lambda x: -x, lambda x: (x + 9) ** x, torch.square, lambda x: torch.floor(x) + x % 1),
        *(lambda x: torch.addcmul(x, x, x, value=2), lambda x: torch.lerp(x, x * x, 0.3)),
    ],
    "functions": [
        *(torch.exp, torch.sin, torch.cos, torch.tan, torch.atan, torch.sinh, torch.cosh),
        *(torch.erf, torch.abs, torch.expm1, torch.exp2, lambda x: torch.log1p(x + 9)),
        *(lambda x: torch.log(x + 9), lambda x: torch.log2(x + 9), lambda x: torch.log10(x + 9)),
        *(lambda x: torch.asin(x / 9), lambda x: torch.acos(x / 9), lambda x: torch.rsqrt(x + 9)),
        *(lambda x: torch.reciprocal(x + 9), lambda x: torch.atanh(x / 9), torch.asinh),
    ],
    "choices": [
        *(lambda x: torch.maximum(x, x.flip(0)), lambda x: torch.minimum(x, x * x)),
        *(lambda x: torch.where(x > 0, x, x * x), lambda x: x.clamp(-0.5, 0.5)),
        *(lambda x: x.clamp(min=0), lambda x: x.masked_fill(x > 0.5, 2.0), torch.sign),
        *(lambda x: (x > 0).to(x.dtype) * x, lambda x: ((x > 0) & (x < 1)) * x, torch.round),
        *(lambda x: torch.ceil(x) * x, lambda x: torch.trunc(x) * x, torch.nan_to_num),
        *(lambda x: ((x <= 0) | ~(x >= -1)).double() * x, lambda x: (x != 0) * x),
    ],
    "reductions": [
        *(torch.sum, torch.mean, lambda x: x.sum(0), lambda x: x.mean((0, 1), keepdim=True)),
        *(lambda x: x.var(1), lambda x: x.std(0), lambda x: x.var(1, unbiased=False)),
        *(lambda x: x.amax(1), lambda x: x.amin((0, 1)), lambda x: x.max(1)[0], torch.max),
        *(lambda x: x.min(0).values, lambda x: x.logsumexp(1), lambda x: x.norm(), torch.min),
        *(lambda x: x.norm(dim=1, p=1), lambda x: x.prod(1), lambda x: x.cumsum(1)),
        *(lambda x: torch.linalg.vector_norm(x, 3, 0), lambda x: F.normalize(x)),
        lambda x: x.argmax(1) * x.sum(1),
        *(lambda x: (x / 9).cumprod(1), lambda x: x.logcumsumexp(0), lambda x: x.cummax(1)[0]),
        *(lambda x: torch.cdist(x, x * 2), lambda x: torch.cdist(x, x)),
        lambda x: torch.logaddexp(x, 2 * x),
    ],
    "order": [
        *(lambda x: x.sort(1)[0] * x, lambda x: x.sort(0, descending=True).values[1:] ** 2),
        *(
            lambda x: x.topk(2)[0],
            lambda x: x.flip(0).t().topk(2, 0)[1] * x[:2].sum(),
            torch.median,
        ),
        *(lambda x: x.argsort(1) * x, lambda x: x.kthvalue(2, 1)[0], lambda x: x.median(0).values),
        lambda x: x.quantile(0.4, 1),
    ],
    "computed places": [
        *(lambda x: torch.zeros(3, 4).double().scatter(1, x.topk(2)[1], x[:, :2]),),
        *(
            lambda x: x.scatter_add(1, x.argsort(1), x * x),
            lambda x: x[x[:, :3].argmax(1), :2],
        ),
        *(lambda x: torch.zeros(4, 4).double().index_add(0, x.argmax(1), x),),
        *(lambda x: x.clone().index_put((x[:2, :3].argmax(1),), x[:2] * 2, True),),
        *(lambda x: torch.where(x > 0, x, 0), lambda x: _negative_is(x, 0.5)),
        lambda x: x.argmax(1).bincount(minlength=4) * x,
    ],
    "movements": [
        *(torch.trace, lambda x: x.take(torch.tensor([3, 1]))),
        *(lambda x: x.t(), lambda x: x.reshape(-1), lambda x: x[:, 1:3], lambda x: x[1]),
        *(lambda x: x.flip(1), lambda x: x.roll(1, 0), lambda x: x.repeat(2, 1), torch.tril),
        *(lambda x: torch.cat([x, x * 2], 1), lambda x: torch.stack([x, -x]), torch.ravel),
        *(lambda x: x[[2, 0, 0]], lambda x: x.gather(1, torch.tensor([[0], [3], [2]]))),
        *(lambda x: F.pad(x, (1, 2)), lambda x: x.chunk(2, 1)[1], lambda x: x.unfold(1, 2, 1)),
        *(lambda x: x.expand(2, 3, 4), lambda x: x.diagonal(), lambda x: torch.triu(x, 1)),
        *(
            lambda x: x.unsqueeze(1).squeeze(),
            torch.trace,
            lambda x: x.take(torch.tensor([3, 1])),
            lambda x: x.masked_select(torch.eye(3, 4) > 0),
        ),
        *(lambda x: torch.zeros(4, 4).double().index_add(0, torch.tensor([1, 1, 3]), x),),
    ],
}


def _negative_is(x: Tensor, number: float) -> Tensor:
    y = x.clone()
    y[y < 0] = number
    return y


def in_place(x: Tensor) -> Tensor:
    """Views, slices and in-place operations on them."""
    y = x.clone()
    y[:, 0] = x[:, 1] * 2
    y[:, 1] += 1
    y[1:].mul_(3)
    y[2].relu_()
    found = torch.zeros(3, 5, dtype=x.dtype)
    found[:, 1:] = y
    found[0, 0] = 5
    found.t()[2] -= x[0, 0]
    return found


@pytest.mark.parametrize("family", FUNCTIONS)
def test_functions(family: str, tmp_path: Path) -> None:
    draw()
    check_model(Several([*FUNCTIONS[family]]), R(3, 4), folder=tmp_path)


def test_in_place(tmp_path: Path) -> None:
    draw()
    check_model(Several([in_place]), R(3, 4), folder=tmp_path)


def test_activations(tmp_path: Path) -> None:
    draw()
    parts: list[Callable[..., Any]] = [
        _image(a) if isinstance(a, nn.Softmax2d) else a for a in ACTIVATIONS
    ]
    check_model(Several(parts), R(3, 4) * 2, folder=tmp_path)


def _image(module: nn.Module) -> nn.Module:
    return Calls(lambda self, x: self.inner(x.reshape(1, 3, 2, 2)), inner=module)


def test_hardsigmoid(tmp_path: Path) -> None:
    """Torch's own derivative is rounded to single precision."""
    check_model(nn.Hardsigmoid(), torch.linspace(-4, 4, 7), folder=tmp_path, most=1e-7)


def _solved(a: Tensor, b: Tensor) -> Tensor:
    lower = a.tril() + 3 * torch.eye(3)
    first = torch.linalg.solve_triangular(lower, b, upper=False)
    second = torch.linalg.solve_triangular(a, b.mT, upper=True, left=False, unitriangular=True)
    return torch.as_tensor(first @ second)


PRODUCTS: dict[str, tuple[Callable[[], nn.Module], list[tuple[int, ...]]]] = {
    "linear": (lambda: nn.Linear(4, 3), [(4,)]),
    "linear of rows": (lambda: nn.Linear(6, 7), [(5, 6)]),
    "linear of batches": (lambda: nn.Linear(3, 2, bias=False), [(2, 3, 3)]),
    "matmul": (lambda: Calls(lambda _, a, b: a @ b), [(5, 6), (6, 7)]),
    "vectors": (lambda: Calls(lambda _, a, b: a @ b), [(6,), (6,)]),
    "bmm": (lambda: Calls(lambda _, a, b: a @ b), [(2, 5, 6), (2, 6, 5)]),
    "transposed": (lambda: Calls(lambda _, a, b: a.mT @ b.mT), [(6, 5), (7, 6)]),
    "einsum": (lambda: Calls(lambda _, a, b: torch.einsum("bij,bkj->bik", a, b)), [(2, 3, 6)] * 2),
    "triangular": (lambda: Calls(lambda _, a, b: _solved(a, b)), [(3, 3), (3, 2)]),
    "outer": (lambda: Calls(lambda _, a, b: torch.outer(a, b)), [(3,), (4,)]),
    "bilinear": (lambda: nn.Bilinear(3, 2, 4), [(2, 3), (2, 2)]),
    "cosine": (lambda: Calls(lambda _, a, b: F.cosine_similarity(a, b)), [(2, 3), (2, 3)]),
    "scaled": (
        lambda: Calls(lambda _, a, b: torch.addmm(a, a, b, beta=0.5, alpha=2)),
        [(5, 5)] * 2,
    ),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name: str, tmp_path: Path) -> None:
    draw()
    make, shapes = PRODUCTS[name]
    check_model(make(), *(R(shape) for shape in shapes), folder=tmp_path)


CONVOLUTIONS: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: nn.Conv2d(2, 3, 3), (1, 2, 6, 7)),
    (lambda: nn.Conv2d(2, 3, (2, 3), (2, 1), (1, 2), bias=False), (1, 2, 6, 7)),
    (lambda: nn.Conv2d(2, 4, 3, stride=3, padding=1, groups=2), (2, 2, 6, 7)),
    (lambda: nn.Conv2d(2, 2, 3, padding="same", dilation=2), (1, 2, 6, 7)),
    (lambda: nn.Conv2d(2, 2, 1), (2, 4, 5)),
    (lambda: nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), (1, 1, 4, 4)),
    (lambda: nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), (1, 1, 4, 4)),
    (lambda: nn.Conv1d(2, 4, 3, dilation=2, groups=2, padding=1), (2, 2, 9)),
    (lambda: nn.Conv1d(1, 2, 1), (1, 1, 5)),
    (lambda: nn.Conv3d(1, 2, 2, stride=2, padding=1), (1, 1, 3, 4, 4)),
    (lambda: nn.ConvTranspose2d(2, 4, 3, 2, padding=1, output_padding=1, groups=2), (1, 2, 3, 3)),
    (lambda: nn.ConvTranspose2d(1, 2, 2, padding=1, dilation=2), (1, 1, 4, 4)),
    (lambda: nn.ConvTranspose1d(2, 3, 4, 2, 1), (2, 2, 5)),
    (lambda: nn.utils.parametrizations.weight_norm(nn.Conv1d(3, 4, 2)), (1, 3, 5)),
    (
        lambda: Calls(lambda _, x: F.conv2d(x, torch.ones(2, 1, 2, 2).to(x) / 4, groups=2)),
        (1, 2, 3, 4),
    ),
    (lambda: Calls(lambda _, x: F.conv1d(x, torch.full((1, 1, 1), 3.0).to(x))), (1, 1, 4)),
]


@pytest.mark.parametrize("number", range(len(CONVOLUTIONS)))
def test_convolutions(number: int, tmp_path: Path) -> None:
    draw()
    make, shape = CONVOLUTIONS[number]
    check_model(make(), R(shape), folder=tmp_path)


NORMS = [
    *(nn.BatchNorm2d(2), nn.GroupNorm(2, 2), nn.InstanceNorm2d(2, affine=True), nn.LayerNorm(4)),
    *(nn.LayerNorm([3, 4], elementwise_affine=False), nn.RMSNorm(4), nn.LocalResponseNorm(2)),
    nn.BatchNorm2d(2, affine=False),
]


@pytest.mark.parametrize("train", [False, True], ids=["evaluation", "training"])
def test_norms(train: bool, tmp_path: Path) -> None:
    draw()
    for norm in NORMS:
        for parameter in norm.parameters():
            nn.init.normal_(parameter)
        for name, buffer in norm.named_buffers():
            if name.startswith("running"):
                buffer.uniform_(0.5, 2)
    check_model(Several([*NORMS]), R(3, 2, 3, 4), folder=tmp_path, train=train)


POOLS_1D = [
    *(nn.MaxPool1d(2), nn.AvgPool1d(3, 2, 1), nn.AdaptiveAvgPool1d(3), nn.AdaptiveMaxPool1d(3)),
    *(nn.LPPool1d(2, 2), nn.MaxPool1d(3, 1, 1, dilation=2), nn.Upsample(scale_factor=2)),
    *(nn.Upsample(scale_factor=2, mode="linear"), nn.ReflectionPad1d(2), nn.ReplicationPad1d(1)),
]
POOLS_2D = [
    *(nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(2, ceil_mode=True), nn.AvgPool2d(3, 2, 1)),
    *(nn.AvgPool2d(2, 1, count_include_pad=False), nn.AdaptiveAvgPool2d(3), nn.MaxPool2d(9, 1, 4)),
    *(nn.AdaptiveMaxPool2d((2, 3)), nn.ZeroPad2d(1), nn.ReflectionPad2d(1), nn.Unfold(2)),
    *(nn.UpsamplingNearest2d(scale_factor=2), nn.Upsample(size=(4, 9), mode="bilinear")),
    *(nn.Upsample(scale_factor=2, mode="bicubic", align_corners=True), nn.ChannelShuffle(2)),
    *(nn.PixelShuffle(2), nn.AdaptiveAvgPool2d(1)),
]


@pytest.mark.parametrize("dimensions", [1, 2])
def test_pools_and_resampling(dimensions: int, tmp_path: Path) -> None:
    draw()
    pools, shape = (POOLS_1D, (1, 2, 7)) if dimensions == 1 else (POOLS_2D, (1, 4, 5, 6))
    check_model(Several([*pools]), R(shape), folder=tmp_path)


def test_fold_and_pixel_unshuffle(tmp_path: Path) -> None:
    draw()
    model = nn.Sequential(nn.PixelUnshuffle(2), nn.Unfold(2), nn.Fold((3, 3), 2))
    check_model(model, R(1, 1, 6, 6), folder=tmp_path)


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.AdaptiveMaxPool2d(3), nn.MaxPool1d(2)])
def test_ties(pool: nn.Module, tmp_path: Path) -> None:
    """Blank windows: the gradient goes to the first cell, in the model's own backward, too."""
    shape = (1, 4, 4) if isinstance(pool, nn.MaxPool1d) else (1, 1, 4, 4)
    x = torch.zeros(shape)
    x.reshape(-1)[3] = 1
    check_model(pool, x, folder=tmp_path)


RECURRENT = [nn.RNN(3, 4, 2), nn.LSTM(3, 4, bidirectional=True), nn.GRU(3, 4, batch_first=True)]


@pytest.mark.parametrize("network", RECURRENT, ids=["RNN", "LSTM", "GRU"])
def test_recurrent(network: nn.Module, tmp_path: Path) -> None:
    draw()
    book = check_model(network, R(3, 2, 3), folder=tmp_path)
    assert len(book.layout.sheets) == 2  # all steps on one sheet, and the loss


def test_cells_called_step_by_step_share_a_sheet(tmp_path: Path) -> None:
    draw()

    def unrolled(self: Any, x: Tensor) -> Tensor:
        h = torch.zeros(1, 4, dtype=x.dtype)
        for step in range(3):
            h = self.cell(x[step : step + 1], h)
        return self.out(h)  # type: ignore[no-any-return]

    model = Calls(unrolled, cell=nn.GRUCell(2, 4), out=nn.Linear(4, 2))
    book = check_model(model, R(3, 2), folder=tmp_path)
    assert [sheet.name for sheet in book.layout.sheets] == ["1 cell", "2 out", "Loss"]


ATTENTION: dict[str, tuple[Callable[[], nn.Module], list[tuple[int, ...]]]] = {
    "multihead": (
        lambda: Calls(lambda s, x: s.m(x, x, x)[0], m=nn.MultiheadAttention(4, 2)),
        [(3, 1, 4)],
    ),
    "causal": (
        lambda: Calls(lambda _, x: F.scaled_dot_product_attention(x, x, x, is_causal=True)),
        [(1, 2, 3, 6)],
    ),
    "masked": (
        lambda: Calls(
            lambda _, x: F.scaled_dot_product_attention(
                x, x, x, torch.tensor([[True, False, True]] * 3)
            )
        ),
        [(2, 3, 5)],
    ),
    "encoder": (lambda: nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), [(1, 3, 4)]),
    "decoder": (lambda: nn.TransformerDecoderLayer(4, 2, 6), [(2, 1, 4), (3, 1, 4)]),
}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention(name: str, tmp_path: Path) -> None:
    draw()
    make, shapes = ATTENTION[name]
    check_model(make(), *(R(shape) for shape in shapes), folder=tmp_path)


def test_embeddings(tmp_path: Path) -> None:
    """The positions are cells: typing another one looks up another row."""
    draw()
    parts: list[Callable[..., Any]] = [
        nn.Embedding(5, 3),
        nn.EmbeddingBag(5, 2, mode="sum"),
        Calls(lambda s, i: s.e.weight[i], e=nn.Embedding(5, 3)),
    ]
    check_model(Several(parts), torch.tensor([[1, 2, 1]]), folder=tmp_path)


def test_positions_that_are_computed(tmp_path: Path) -> None:
    draw()
    check_model(
        Several([lambda x, i: x.gather(1, i), lambda x, i: F.one_hot(i, 5) * x.sum()]),
        R(2, 5),
        torch.tensor([[1, 1, 4], [0, 2, 2]]),
        folder=tmp_path,
    )
