"""A run's history for TensorBoard, an optional extra."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gradsheet.digits.train import EpochRecord
from gradsheet.errors import GradsheetError


@contextmanager
def epoch_logger(folder: Path | None) -> Iterator[Callable[[EpochRecord], None] | None]:
    """What logs an epoch's record to ``folder / "tensorboard"``; None where there is no folder.

    Raises:
        GradsheetError: TensorBoard is not installed.
    """
    if folder is None:
        yield None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise GradsheetError(
            "--tensorboard needs TensorBoard, which is not installed; "
            "pip install 'gradsheet[tensorboard]'"
        ) from error
    writer = SummaryWriter(folder / "tensorboard")

    def log(record: EpochRecord) -> None:
        for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds"):
            writer.add_scalar(name, getattr(record, name), record.epoch)
        writer.add_scalar("learning_rate", record.learning_rate, record.epoch)

    try:
        yield log
    finally:
        writer.close()
