"""A run's history for TensorBoard, an optional extra."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from gradsheet.digits.history import EpochRecord
from gradsheet.errors import GradsheetError


@contextmanager
def epoch_logger(folder: Path | None) -> Iterator[Callable[[EpochRecord], None] | None]:
    """A function that logs an epoch's record to ``folder / "tensorboard"``; None without a folder.

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
    with ExitStack() as stack:
        writers: list[SummaryWriter] = []

        def log(record: EpochRecord) -> None:
            if not writers:  # not before the run has made the folder its own
                writers.append(SummaryWriter(folder / "tensorboard"))
                stack.callback(writers[0].close)
            for name, value in asdict(record).items():
                if name not in ("epoch", "eval_set"):
                    tag = f"{name}/{record.eval_set}" if name.startswith("eval_") else name
                    writers[0].add_scalar(tag, value, record.epoch)

        yield log
