"""Numbers that come together at places, and choices that computed numbers make."""

from pathlib import Path

import openpyxl
import pytest
import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.build import write_model_workbook
from tests.models.check_model import Several, check_model

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
PLACES = torch.tensor([[0, 2, 0, 1], [1, 1, 1, 1]])


@pytest.mark.filterwarnings("ignore:index_reduce")
@pytest.mark.parametrize("with_self", [True, False], ids=["with self", "without"])
def test_reductions_at_places(with_self: bool, tmp_path: Path) -> None:
    """scatter_reduce and index_reduce; relu makes ties, whose gradient goes to the first."""

    def scattered(x: Tensor) -> Tensor:
        given = x[:, 4:].relu()
        found = [x[:, :3].scatter_reduce(1, PLACES, given, r, include_self=with_self)
                 for r in REDUCTIONS]  # fmt: skip
        return torch.cat(found)

    def indexed(x: Tensor) -> Tensor:
        index = torch.tensor([0, 2, 0, 0])
        found = [x[:, :3].index_reduce(1, index, x[:, 4:], r, include_self=with_self)
                 for r in REDUCTIONS[1:]]  # fmt: skip
        return torch.cat(found)

    check_model(Several([scattered, indexed]), torch.randn(2, 8), folder=tmp_path)


def test_pooling_of_graphs_by_a_whole_input(tmp_path: Path) -> None:
    """The maximum of the nodes of each graph; which node is in which is a constant."""

    class Pool(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x: Tensor, batch: Tensor) -> Tensor:
            h = self.linear(x).relu()
            at = batch[:, None].expand_as(h)
            return torch.full((2, 2), -1e9).to(h).scatter_reduce_(0, at, h, "amax")

    batch = torch.tensor([0, 1, 0, 1, 1])
    check_model(Pool(), torch.randn(5, 3), batch, folder=tmp_path)
    words = openpyxl.load_workbook(tmp_path / "model.xlsx")["Input"].values
    assert any("input 2, a constant" in str(cell) for row in words for cell in row)


class SparseExperts(nn.Module):
    """Each expert computes the tokens for which it is among the best two."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(3, 4)
        self.experts = nn.ModuleList([nn.Linear(3, 3) for _ in range(4)])

    def forward(self, x: Tensor) -> Tensor:
        weights, chosen = self.gate(x).softmax(-1).topk(2)
        found = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            hit = (chosen == number).any(-1)
            if hit.any():
                share = (weights * (chosen == number)).sum(-1)
                found[hit] += share[hit, None] * expert(x[hit])
                row, _ = torch.where(chosen == number)
                found.index_add_(0, row, x[row] / 9)
        return found


def test_numbers_chosen_by_computed_masks(tmp_path: Path) -> None:
    """What the masks choose is fixed; the overview states where."""
    torch.manual_seed(1)
    book = check_model(SparseExperts(), torch.randn(5, 3), folder=tmp_path)
    assert book.decided == [""]
    check_model(Several([lambda x: x[x > 0].exp(), lambda x: x[x.nonzero(as_tuple=True)]]),
                torch.randn(2, 4), folder=tmp_path)  # fmt: skip
    words = openpyxl.load_workbook(tmp_path / "model.xlsx")["Overview"]["A2"].value
    assert "What is computed in Several depends on values of the input" in words


def test_a_choice_at_its_limit_is_refused(tmp_path: Path) -> None:
    """Where the smallest change decides otherwise, there are no formulas to hold."""
    model = Several([lambda x: x[x > x.median()] * 2, lambda x: x[x > 0.5 * x.sum()].exp()])
    with pytest.raises(GradsheetError, match="which formulas hold depends on the values"):
        write_model_workbook(model, torch.tensor([0.5, 0.5]), tmp_path / "a.xlsx", loss="sum")


def test_a_gradient_without_a_number_is_refused(tmp_path: Path) -> None:
    """The relu hides it from the input: it is NaN within the model only."""

    def unit(x: Tensor) -> Tensor:
        positive = x.relu().reshape(2, 2)
        return positive / positive.square().sum(1, keepdim=True).sqrt().add(1e-8)

    example = torch.tensor([1.0, 2.0, -1.0, -2.0])
    with pytest.raises(GradsheetError, match="the gradient by the result of sum is NaN or inf"):
        write_model_workbook(Several([unit]), example, tmp_path / "a.xlsx", loss="sum")


def test_a_mask_beside_computed_places(tmp_path: Path) -> None:
    """As detectors write the classes of the boxes that have one."""

    def loss(output: Tensor, target: Tensor) -> Tensor:
        known = target >= 0
        wanted = torch.zeros_like(output)
        wanted[known, target[known]] = 1
        chosen = output.log_softmax(-1)[known, target[known]].mean()
        return ((output - wanted) ** 2).sum() - chosen

    given, target = torch.randn(1, 4, 2), torch.tensor([[2, -1, 0, -1]])
    path = tmp_path / "a.xlsx"
    write_model_workbook(nn.Linear(2, 3), given, path, target, loss=loss)


def test_numbers_written_past_autograd(tmp_path: Path) -> None:
    """``.data`` of scores is masked in place, as Tacotron's attention does it."""

    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scores = nn.Linear(4, 4)

        def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
            scores = self.scores(x)
            scores.data.masked_fill_(torch.arange(4) >= lengths[:, None], -float("inf"))
            found: Tensor = scores.softmax(-1) * x
            return found

    check_model(Attends(), torch.randn(2, 4), torch.tensor([4, 2]), folder=tmp_path)
