"""Many workbooks side by side."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from signal import SIG_DFL, SIGINT, signal

from gradsheet.audit.check import audit
from gradsheet.audit.findings import Audit
from gradsheet.errors import GradsheetError

_FEW = 4  # files that are done before other processes have started


def audit_files(paths: Sequence[Path], jobs: int | None = None) -> Iterator[Audit | GradsheetError]:
    """The audit of each workbook in turn; of one that cannot be read, what is wrong with it.

    Args:
        paths: the workbooks.
        jobs: how many at a time; one a core if None.
    """
    workers = min(jobs or os.cpu_count() or 1, len(paths))
    if workers == 1 or (jobs is None and len(paths) <= _FEW):
        yield from map(_audited, paths)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(
        workers, context, initializer=signal, initargs=(SIGINT, SIG_DFL)
    ) as pool:
        yield from pool.map(_audited, paths)


def _audited(path: Path) -> Audit | GradsheetError:
    try:
        return audit(path)
    except GradsheetError as error:
        return error
    except Exception as error:  # one file, whatever is wrong with it, must not cost the others
        return GradsheetError(f"{path} cannot be audited: {type(error).__name__}: {error}")
