"""Small models that were refused or opened with wrong gradients, each of a kind of its own."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.build import ModelWorkbook, write_model_workbook
from tests.models.check_model import check_model

R = torch.randn


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def cross_entropy_of(book: ModelWorkbook, model: nn.Module, x: Tensor, target: int) -> None:
    """The book's gradients are the model's own."""
    given = x.double().clone().requires_grad_()
    loss = F.cross_entropy(model.double()(given), torch.tensor([target]))
    loss.backward()  # type: ignore[no-untyped-call]
    for name, parameter in model.named_parameters():
        node = book.grouped.parameters.get(name)
        found = 0.0 if node is None else book.numbers.loss_by(node.ids)
        wanted = 0.0 if parameter.grad is None else parameter.grad.numpy()
        assert np.allclose(found, wanted), name
    assert given.grad is not None
    assert np.allclose(book.numbers.loss_by(book.grouped.inputs[0].ids), given.grad)


class Guided(torch.autograd.Function):
    """Guided backpropagation: its backward pass is not that of a ReLU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.relu()

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return torch.where((x > 0) & (g > 0), g, 0.0)


class Swish(torch.autograd.Function):
    """x·σ(x), with the derivative written out: as many models have it to save memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x.sigmoid()

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        s = x.sigmoid()
        return torch.mul(g, s + x * s * (1 - s))


class Between(nn.Module):
    """Two layers and a function between them."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.a, self.b, self.function = nn.Linear(4, 6), nn.Linear(6, 3), function

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.function(self.a(x)))  # type: ignore[no-any-return]


class Reversed(torch.autograd.Function):
    """Gradient reversal: a view of the input, the gradient turned and at most 0.01."""

    @staticmethod
    def forward(x: Tensor, strength: float) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Tensor) -> None:
        ctx.strength = inputs[1]

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        return (-ctx.strength * g).clamp(max=0.01), None


class Centered(torch.autograd.Function):
    """A gradient that is no function of single numbers."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        return g - g.mean()


def reversed_twice(x: Tensor) -> Tensor:
    """Both the reversed and the plain numbers are read on."""
    found: Tensor = Reversed.apply(x, 0.5)  # type: ignore[no-untyped-call]
    return found * x


@pytest.mark.parametrize("function", [Guided.apply, reversed_twice], ids=["guided", "reversed"])
def test_a_custom_backward_is_the_gradient_of_the_cells(function: Any, tmp_path: Path) -> None:
    check_model(Between(function), R(1, 4), folder=tmp_path)


def test_a_custom_backward_without_formulas_is_refused(tmp_path: Path) -> None:
    message = "a.weight: its gradient by the custom autograd function Centered is not that of the"
    with pytest.raises(GradsheetError, match=re.escape(message)):
        write_model_workbook(Between(Centered.apply), R(1, 4), tmp_path / "a.xlsx", 1)
    assert not [*tmp_path.iterdir()]


def test_a_custom_backward_that_is_the_derivative_opens(tmp_path: Path) -> None:
    check_model(Between(Swish.apply), R(1, 4), folder=tmp_path)


class NoGrad(nn.Module):
    """A backbone that is frozen by no_grad within forward."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            h = torch.tanh(self.a(x))
        return self.b(h) + x[:, :3].detach() * x[:, 1:]  # type: ignore[no-any-return]


def test_no_grad_and_detach_stop_the_gradient(tmp_path: Path) -> None:
    model, x = NoGrad(), R(1, 4)
    book = ModelWorkbook(model, x, 1)
    assert not book.grouped.parameters["a.weight"].flows
    cross_entropy_of(book, model, x, 1)
    check_model(NoGrad(), x, folder=tmp_path)


def test_frozen_parameters_have_no_gradient_and_no_step(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    model[0].requires_grad_(False)
    x = R(3)
    book = ModelWorkbook(model, x, 1)
    own = torch.optim.SGD([p for p in model.double().parameters() if p.requires_grad], lr=0.1)
    wanted = F.cross_entropy(model(x.double()), torch.tensor(1))
    wanted.backward()  # type: ignore[no-untyped-call]
    own.step()
    after = float(F.cross_entropy(model(x.double()), torch.tensor(1)).detach())
    assert book.after is not None and book.grouped.loss is not None
    assert float(book.after.of(book.grouped.loss)) == pytest.approx(after, rel=1e-12)
    book.write(tmp_path / "a.xlsx")
    texts = _texts(tmp_path / "a.xlsx", "1 0 Linear")
    assert "weight (frozen)" in texts and not any(text.startswith("∂L/∂weight") for text in texts)


def _texts(path: Path, sheet: str) -> list[str]:
    rows = openpyxl.load_workbook(path, data_only=True)[sheet].iter_rows(values_only=True)
    return [value for line in rows for value in line if isinstance(value, str)]


def test_an_input_that_is_read_twice_has_its_total_gradient(tmp_path: Path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(x + self.a(x))  # type: ignore[no-any-return]

    model, x = Net(), R(4)
    expected = ModelWorkbook(model, x, 1).write(tmp_path / "a.xlsx")
    given = x.double().requires_grad_()
    loss = F.cross_entropy(model.double()(given), torch.tensor(1))
    loss.backward()  # type: ignore[no-untyped-call]
    assert given.grad is not None
    held = [e for e in expected if e.values.size == 4 and e.block.sheet == "Input"]
    assert any(np.allclose(e.values, given.grad.numpy()) for e in held)


class Shared(nn.Module):
    """A weight that two layers share, and a layer that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)
        self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.b(torch.tanh(self.a(torch.tanh(self.a(x))))))  # type: ignore[no-any-return]


class ClassToken(nn.Module):
    """A parameter in front of a sequence, as vision transformers have one."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.place = nn.Parameter(R(1, 1, 4)), nn.Parameter(R(1, 4, 4))
        self.embed = nn.Linear(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        rows = torch.cat([self.token.expand(len(x), -1, -1), self.embed(x)], 1)
        return rows + self.place


@pytest.mark.parametrize("batch", [1, 2])
def test_a_parameter_in_front_of_a_sequence(batch: int, tmp_path: Path) -> None:
    check_model(ClassToken(), R(batch, 3, 2), folder=tmp_path)


def test_shared_weights_have_their_total_gradient(tmp_path: Path) -> None:
    check_model(Shared(), R(1, 4), folder=tmp_path)


class OwnParameters(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w, self.b = nn.Parameter(R(5, 3)), nn.Parameter(R(3))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(0), 1)
        x = (x - 0.1307) / 0.3081
        return F.relu(torch.cat([x, h], 1) @ self.w + self.b, inplace=True)


@pytest.mark.parametrize("shape", [(4,), (1, 4), (3, 4)], ids=str)
def test_own_parameters_constants_and_sizes(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    target = [1] * (shape[0] if len(shape) == 2 else 1)
    write_model_workbook(OwnParameters(), R(shape), path, target)
    assert path.exists()


@pytest.mark.parametrize("shape", [(1, 5, 5), (1, 1, 5, 5), (3, 1, 5, 5)], ids=str)
def test_with_and_without_a_batch(shape: tuple[int, ...], tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))
    target: Any = [0, 2, 1] if shape[0] == 3 else 1
    write_model_workbook(model, R(shape), tmp_path / "a.xlsx", target)


def test_an_image_without_a_channel(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 3))
    write_model_workbook(model, torch.rand(6, 6), tmp_path / "a.xlsx", 1)


def test_a_sheet_speaks_of_a_bias_only_where_there_is_one(tmp_path: Path) -> None:
    for bias in (False, True):
        path = tmp_path / f"{bias}.xlsx"
        write_model_workbook(nn.Conv2d(1, 2, 3, bias=bias), R(1, 5, 5), path)
        words = openpyxl.load_workbook(path)["1 Conv2d"]["A2"].value
        assert ("bias" in str(words)) is bias


def test_what_depends_on_values_is_refused(tmp_path: Path) -> None:
    class Depends(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * x.detach().sum().item()

    with pytest.raises(GradsheetError, match="which formulas hold depends on the values of the in"):
        write_model_workbook(Depends(), R(4), tmp_path / "a.xlsx", [0] * 4, loss="squared-error")


class ByWholeNumbers(nn.Module):
    """Sequences of given lengths, packed; so many steps; only the words that are no padding."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.table = nn.GRU(3, 2, batch_first=True), nn.Embedding(5, 2, padding_idx=0)

    def forward(self, x: Tensor, lengths: Tensor, words: Tensor, steps: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, True, enforce_sorted=False)
        h: Tensor = self.gru(packed)[1][0]
        for _ in range(int(steps)):
            h = torch.tanh(h + self.table(words)[words != 0].sum(0))
        return h


def test_whole_numbers_that_decide_are_constants(tmp_path: Path) -> None:
    """The numbers that lengths, masks and loops follow are no inputs to edit; it says so."""
    x, lengths = R(2, 4, 3), torch.tensor([3, 4])
    words, steps = torch.tensor([2, 0, 1]), torch.tensor(2)
    book = check_model(ByWholeNumbers(), x, lengths, words, steps, folder=tmp_path)
    rows = openpyxl.load_workbook(tmp_path / "model.xlsx")["Input"].values
    said = [cell for row in rows for cell in row if isinstance(cell, str) and "constant" in cell]
    assert said == [f"input {k}, a constant: it decides what is computed" for k in (2, 3, 4)]
    assert not book.decided


def test_a_choice_by_values_is_stated(tmp_path: Path) -> None:
    class Chooses(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2 if x.sum() > 0 else x

    write_model_workbook(Chooses(), torch.ones(1, 4), tmp_path / "a.xlsx", 1)
    words = openpyxl.load_workbook(tmp_path / "a.xlsx")["Overview"]["A2"].value
    assert "What is computed in Chooses depends on values of the input" in words


def test_positions_of_a_pool(tmp_path: Path) -> None:
    def unpooled(_: Any, x: Tensor) -> Tensor:
        return F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), [2, 2])

    check_model(Between(lambda x: unpooled(None, x.reshape(1, 1, 2, 3).tile(2)).reshape(-1, 6)),
                R(1, 4), folder=tmp_path)  # fmt: skip


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.unique(), "torch's _unique2, whose size depends on the values of the input"),
        (lambda x: x.cummax(1)[1] * x, "result 2 of torch's cummax has no formulas yet"),
    ],
    ids=["unique", "second result"],
)
def test_what_has_a_size_by_values_is_refused(function: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match=re.escape(message)):
        write_model_workbook(Between(lambda x: function(x).sum() + x), R(1, 4), tmp_path / "a.xlsx")


def test_sparse_tensors_and_targets_of_several_parts(tmp_path: Path) -> None:
    """An adjacency matrix is given sparse; an embedding's gradient is; a loss takes a tuple."""

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(3, 2, sparse=True)

        def forward(self, adjacency: Tensor, ids: Tensor) -> Tensor:
            return torch.spmm(adjacency, self.table(ids))

    def loss(output: Tensor, target: tuple[Tensor, Tensor]) -> Tensor:
        taken = output.gather(1, target[0])
        return ((taken - target[1]) ** 2).sum()

    adjacency, ids = torch.tensor([[1.0, 0.5], [0, 2]]), torch.tensor([2, 0])
    target = torch.tensor([[1], [0]]), torch.tensor([[0.3], [1.0]])
    model = Graph()
    book = ModelWorkbook(model, (adjacency.to_sparse(), ids), target, loss=loss)
    weight = model.table.weight.detach().double().requires_grad_()
    loss(adjacency.double() @ weight[ids], target).backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    found = book.numbers.loss_by(book.grouped.parameters["table.weight"].ids)
    assert np.abs(found - weight.grad.numpy()).max() < 1e-12


def test_a_table_of_which_one_row_is_read_with_other_numbers(tmp_path: Path) -> None:
    """A decoder's first word is fixed: its row comes in one product with what is computed."""

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.cell = nn.Embedding(4, 2), nn.GRUCell(4, 2)

        def forward(self, x: Tensor, word: Tensor) -> Tensor:
            h = self.cell(torch.cat([self.table(torch.tensor([1])), x], 1), x)
            found: Tensor = self.cell(torch.cat([self.table(word), h], 1), h)
            return found

    check_model(Decoder(), R(1, 2), torch.tensor([3]), folder=tmp_path)


def test_a_derivative_within_a_model(tmp_path: Path) -> None:
    """As physics-informed networks have it."""

    def slope(x: Tensor) -> Tensor:
        u = torch.tanh(x) * x.sigmoid()
        return torch.autograd.grad(u.sum(), x, create_graph=True)[0] + u

    check_model(Between(slope), R(1, 4), folder=tmp_path)


def test_a_constant_of_single_precision_in_an_object_of_the_model(tmp_path: Path) -> None:
    """As a distribution has it, which is no module and is not widened."""

    class Likely(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.prior = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))

        def forward(self, x: Tensor) -> Tensor:
            found: Tensor = self.prior.log_prob(x)  # type: ignore[no-untyped-call]
            return found

    write_model_workbook(Likely(), R(3, 2), tmp_path / "a.xlsx", 0, loss=lambda z, _: -z.sum())


def test_sampling_by_a_grid(tmp_path: Path) -> None:
    def sampled(x: Tensor) -> Tensor:
        grid = F.affine_grid(x.reshape(1, 2, 3), [1, 1, 2, 3], align_corners=False)
        image = x.reshape(1, 1, 2, 3) * 2
        return F.grid_sample(image, grid, align_corners=False).reshape(1, 6)

    check_model(Between(sampled), R(1, 4), folder=tmp_path)


def _doubled(module: nn.Module, given: Any, output: Any) -> Any:
    return (2 * given[0],)


def test_hooks(tmp_path: Path) -> None:
    """What they change is part of the model going forward, and refused going backward."""
    forward, backward, tensor = nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(4, 3)
    forward.register_forward_hook(lambda module, given, output: 2 * output)
    check_model(forward, R(1, 4), folder=tmp_path)
    backward.register_full_backward_hook(_doubled)
    with pytest.raises(GradsheetError, match="the backward hook of Linear changes its gradient"):
        write_model_workbook(backward, R(1, 4), tmp_path / "a.xlsx", 1)
    tensor.weight.register_hook(lambda g: 2 * g)  # type: ignore[no-untyped-call]
    with pytest.raises(GradsheetError, match="weight: it has a hook that changes its gradient"):
        write_model_workbook(tensor, R(1, 4), tmp_path / "a.xlsx", 1)


def test_random_numbers_are_stated(tmp_path: Path) -> None:
    """They are constants of the workbook; it says so on the overview and on the sheet."""
    model = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5), nn.Linear(6, 3))
    write_model_workbook(model, R(1, 4), tmp_path / "a.xlsx", 1, train=True)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "Random numbers are drawn in 1: they were drawn once" in book["Overview"]["A2"].value
    assert "drawn once and are constants" in book["2 1 Dropout"]["A2"].value
    write_model_workbook(model, R(1, 4), tmp_path / "b.xlsx", 1)
    assert "andom" not in openpyxl.load_workbook(tmp_path / "b.xlsx")["Overview"]["A2"].value
