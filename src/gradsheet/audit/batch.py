"""Many workbooks side by side."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_workbook
from gradsheet.errors import GradsheetError
from gradsheet.processes import fresh_processes, usable_cores

_FEW = 4  # files that are done before other processes have started


def audit_files(paths: Sequence[Path], jobs: int | None = None) -> Iterator[Audit | GradsheetError]:
    """The audit of each workbook in turn; of one that cannot be read, what is wrong with it.

    Args:
        paths: the workbooks.
        jobs: how many at a time; one a core if None.
    """
    workers = min(jobs or usable_cores(), len(paths))
    if workers == 1 or (jobs is None and len(paths) <= _FEW):
        yield from map(_audited, paths)
        return
    with fresh_processes(workers) as pool:
        yield from pool.map(_audited, paths)


def _audited(path: Path) -> Audit | GradsheetError:
    try:
        return audit_workbook(path)
    except GradsheetError as error:
        return error
    except Exception as error:  # one file, whatever is wrong with it, must not cost the others
        return GradsheetError(f"{path} cannot be audited: {type(error).__name__}: {error}")
