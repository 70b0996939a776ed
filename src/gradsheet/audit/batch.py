"""Many workbooks side by side, in processes here or on a Dask cluster."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_workbook
from gradsheet.audit.submissions import Submission
from gradsheet.audit.unaudited import Unaudited, UnauditedError
from gradsheet.errors import GradsheetError, legible, why

_FEW = 4  # files that are done before other processes have started

Result = Audit | Unaudited


@dataclass(frozen=True)
class Audited:
    """What came of one workbook.

    Attributes:
        result: its audit, or why there is none; under the name of the submission.
        copy: the annotated copy as the bytes of a file; None where none was made.
        no_copy: why none could be made; empty where none was asked for.
    """

    result: Result
    copy: bytes | None = None
    no_copy: str = ""


def audit_all(
    submissions: Sequence[Submission],
    *,
    annotated: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> Iterator[Audited]:
    """The audit of each workbook, in order; for one that cannot be read, the reason.

    Args:
        submissions: the workbooks.
        annotated: whether annotated copies are wanted.
        jobs: how many at a time; one per core if None.
        scheduler: the address of a Dask scheduler whose workers audit; they need no access to the
            files.

    Raises:
        GradsheetError: there is no Dask, or no such scheduler.
    """
    if scheduler is None and (jobs == 1 or len(submissions) <= (_FEW if jobs is None else 1)):
        yield from map(partial(_audited, annotated=annotated), submissions)
        return
    with _executor(len(submissions), jobs, scheduler) as pool:
        if scheduler is None:
            yield from pool.map(partial(_audited, annotated=annotated), submissions)
        else:
            packed = list(map(_packed, submissions))
            yield from pool.map(partial(_audited_elsewhere, annotated=annotated), packed)


def _executor(
    count: int, jobs: int | None, scheduler: str | None
) -> AbstractContextManager[Executor]:
    from gradsheet.processes import dask_workers, fresh_processes, usable_cores  # not for few files

    if scheduler is not None:
        return dask_workers(scheduler)
    return fresh_processes(min(jobs or usable_cores(), count), finish=True)


def _audited(submission: Submission, annotated: bool) -> Audited:
    if submission.obstacle:
        return Audited(submission.obstacle)
    try:
        audit = audit_workbook(submission.path)
    except UnauditedError as error:
        return Audited(Unaudited(submission.name, error.reason, error.why))
    except GradsheetError as error:
        return Audited(Unaudited(submission.name, "unreadable", why(error, submission.path)))
    except Exception as error:  # one file, whatever is wrong with it, must not cost the others
        failed = f"the audit failed ({type(error).__name__}: {legible(str(error))[:150]})"
        return Audited(Unaudited(submission.name, "unreadable", failed))
    copy, no_copy = _annotated(audit) if annotated else (None, "")
    return Audited(replace(audit, path=submission.name), copy, no_copy)


def _annotated(audit: Audit) -> tuple[bytes | None, str]:
    from gradsheet.audit.report.annotate import annotated_copy

    try:
        return annotated_copy(audit), ""
    except GradsheetError as error:
        return None, why(error, audit.path)


# --- On other machines -----------------------------------------------------------------------


def _packed(submission: Submission) -> tuple[Submission, bytes]:
    """A submission and the content of its file."""
    if submission.obstacle:
        return submission, b""
    try:
        return submission, submission.path.read_bytes()
    except OSError:  # said in the words of the reader
        found = _audited(submission, annotated=False).result
        assert isinstance(found, Unaudited)
        return replace(submission, obstacle=found), b""


def _audited_elsewhere(packed: tuple[Submission, bytes], annotated: bool) -> Audited:
    submission, content = packed
    with TemporaryDirectory() as folder:
        path = Path(folder, f"workbook{submission.path.suffix}")
        path.write_bytes(content)
        return _audited(replace(submission, path=path), annotated)
