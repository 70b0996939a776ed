"""A run's history as CSV."""

from pathlib import Path

import pytest

from gradsheet.digits.history import read_history, write_history
from gradsheet.errors import GradsheetError
from tests.digits.conftest import Trained


def test_a_history_comes_back_to_the_last_digit(trained: Trained, tmp_path: Path) -> None:
    write_history(tmp_path, trained.finished.history)
    assert read_history(tmp_path) == trained.finished.history
    first = (tmp_path / "history.csv").read_text().splitlines()[0]
    assert first == (
        "epoch,learning_rate,train_loss,train_accuracy,eval_set,eval_loss,eval_accuracy,seconds"
    )


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "epoch\ninf\n", "epoch\nx\n", "epoch,seconds\n2,1\n"]
)
def test_a_damaged_history_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(GradsheetError, match="is not a training history"):
        read_history(tmp_path)
