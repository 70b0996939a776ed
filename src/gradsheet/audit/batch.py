"""Many workbooks side by side."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_workbook
from gradsheet.errors import GradsheetError

_FEW = 4  # files that are done before other processes have started


def audit_files(paths: Sequence[Path], jobs: int | None = None) -> Iterator[Audit | GradsheetError]:
    """The audit of each workbook in turn; for one that cannot be read, the reason.

    Args:
        paths: the workbooks.
        jobs: how many at a time; one a core if None.
    """
    if jobs == 1 or len(paths) == 1 or (jobs is None and len(paths) <= _FEW):
        yield from map(_audited, paths)
        return
    from gradsheet.processes import fresh_processes, usable_cores  # of no use to a few files

    with fresh_processes(min(jobs or usable_cores(), len(paths))) as pool:
        yield from pool.map(_audited, paths)


def _audited(path: Path) -> Audit | GradsheetError:
    try:
        return audit_workbook(path)
    except GradsheetError as error:
        return error
    except Exception as error:  # one file, whatever is wrong with it, must not cost the others
        return GradsheetError(f"{path} cannot be audited: {type(error).__name__}: {error}")
