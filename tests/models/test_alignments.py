"""The loss of connectionist temporal classification (CTC)."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.models.check_model import check_model


class Recognizer(nn.Module):
    """Letters of two sequences: one with a letter twice, one shorter than the other, one empty."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.GRU(3, 4, bidirectional=True)
        self.classes = nn.Linear(8, 4)

    def forward(self, x: Tensor, labels: Tensor, steps: Tensor, lengths: Tensor) -> Tensor:
        found = self.classes(self.letters(x)[0]).log_softmax(-1)
        joined = torch.cat([labels[0], labels[1, :1]])
        each = F.ctc_loss(found, labels, steps, lengths, reduction="none")
        mean = F.ctc_loss(found[:, :2], joined, torch.tensor([5, 5]), torch.tensor([3, 1]), blank=3)
        return torch.cat([each, mean[None]])


def test_ctc_loss(tmp_path: Path) -> None:
    labels = torch.tensor([[1, 1, 2], [2, 0, 0], [0, 0, 0]])
    steps, lengths = torch.tensor([5, 4, 3]), torch.tensor([3, 1, 0])
    torch.manual_seed(0)
    check_model(Recognizer(), torch.randn(5, 3, 3), labels, steps, lengths, folder=tmp_path)
