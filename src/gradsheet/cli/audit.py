"""The command audit."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradsheet.cli.terminal import Terminal, complain, prints_unicode, with_bar
from gradsheet.errors import GradsheetError
from gradsheet.files import check_place, check_suffix, is_same_file

if TYPE_CHECKING:
    from gradsheet.audit.batch import Audited, Result
    from gradsheet.audit.report.copies import Copies
    from gradsheet.audit.submissions import Submission

_MANY = 5  # files that are worth a progress bar


def audit(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE", help="Workbooks (.xlsx, .xlsm or .ods), folders or zips of them."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of the tables.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write all findings as an HTML page.")
    ] = None,
    annotate: Annotated[
        bool,
        typer.Option(
            "--annotate",
            help="Write FILE-audited.xlsx beside each file: a copy with notes and colors; of "
            "CLASS.zip write CLASS-audited.zip. Older copies are replaced, no other file.",
        ),
    ] = False,
    summary: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Count the mistakes of each kind in each file: mistakes.csv and mistakes.png.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Number of files audited at a time.", show_default="one per core", min=1),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="tcp://…", help="A Dask scheduler whose workers audit."),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Explain a rule, such as GS601; takes no FILE.",
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Print one line per file: no findings, no progress."),
    ] = False,
) -> None:
    """Check backpropagation worksheets cell by cell and name each mistake.

    Exit code: 0 no mistake, 1 mistakes found, 2 a file that cannot be read, or a
    copy that cannot be made.
    """
    if explain is not None:
        _explain(explain, files)
        return
    if not files:
        raise GradsheetError("nothing to audit; name workbooks, folders or zips")
    _check_places(report, summary)
    from gradsheet.audit.submissions import submissions

    with submissions(files) as found:
        _check_outputs(found, report, annotate)
        desk = _Desk(Terminal(quiet or as_json))
        desk.audit(found, annotate=annotate, jobs=jobs, scheduler=scheduler)
    _print(desk.results, as_json=as_json, quiet=quiet)
    desk.write(report, summary)
    desk.close()
    sys.exit(_exit_code(desk))


def _explain(code: str, files: list[Path] | None) -> None:
    """Print the explanation of a rule."""
    from gradsheet.audit.report.rule_text import explanation
    from gradsheet.audit.rules import rule_of

    if files:
        raise GradsheetError(
            f"--explain {code} audits nothing; give it without {files[0]}, or the file without it"
        )
    print(explanation(rule_of(code)))


def _check_places(report: Path | None, summary: Path | None) -> None:
    """Refuse before any work what cannot be written after it."""
    if report is not None:
        check_place(report)
    if summary is not None:
        check_place(summary, is_folder=True)


def _check_outputs(found: Sequence["Submission"], report: Path | None, annotate: bool) -> None:
    """Refuse before any work to overwrite what is to be audited, or anybody's file."""
    given = {path for one in found for path in (one.path, one.archive) if path}
    if report is not None and any(is_same_file(report, path) for path in given):
        raise GradsheetError(
            f"--report {report} is one of the workbooks to audit; name a new .html file"
        )
    if report is not None:
        check_suffix(report, ".html")
    if annotate:
        from gradsheet.audit.report.copies import check_places

        check_places(found)


@dataclass
class _Desk:
    """What became of each file, and what was written.

    Attributes:
        terminal: where it is told.
        results: of the files so far.
        written: what was written.
        lacks_copies: whether a copy that was asked for could not be made.
    """

    terminal: Terminal
    results: list["Result"] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    lacks_copies: bool = False

    def audit(
        self,
        found: Sequence["Submission"],
        *,
        annotate: bool,
        jobs: int | None,
        scheduler: str | None,
    ) -> None:
        """Audit every file, and write the annotated copies as they come."""
        from gradsheet.audit.batch import audit_all
        from gradsheet.audit.report.copies import Copies

        work = audit_all(found, annotated=annotate, jobs=jobs, scheduler=scheduler)
        bar = not self.terminal.quiet and len(found) >= _MANY
        with Copies() as copies:
            done = with_bar(work, len(found)) if bar else work
            for submission, audited in zip(found, done, strict=True):
                self._take(submission, audited, copies)
        if copies.count:
            where = f" in {', '.join(map(str, copies.zips))}" if copies.zips else ""
            what = "copy" if copies.count == 1 else "copies"
            self.written.append(f"{copies.count} annotated {what}{where}")

    def _take(self, submission: "Submission", audited: "Audited", copies: "Copies") -> None:
        self.results.append(audited.result)
        if audited.copy is not None:
            copies.write(submission, audited.copy)
        elif audited.no_copy:
            self.lacks_copies = True
            complain(f"no annotated copy of {submission.name}: {audited.no_copy}")

    def write(self, report: Path | None, summary: Path | None) -> None:
        """Write a page and a summary, where asked for."""
        if report is not None:
            from gradsheet.audit.report.page import report_page
            from gradsheet.files import write_text

            write_text(report, report_page(self.results))
            self.written.append(str(report))
        if summary is not None:
            from gradsheet.cli.outputs import write_mistakes

            self.written += map(str, write_mistakes(self.results, summary))

    def close(self) -> None:
        """Print how many files came out how, and what was written."""
        from gradsheet.audit.report.summary import tally

        if len(self.results) > 1 or self.written:
            written = f" Written: {', '.join(self.written)}." if self.written else ""
            self.terminal.note(f"{tally(self.results)}.{written}")


def _print(results: Sequence["Result"], *, as_json: bool, quiet: bool) -> None:
    """Print what was found; on stderr a line for each file that could not be audited."""
    if as_json:
        from gradsheet.audit.report.json_form import to_json

        sys.stdout.write(to_json(results, ascii_only=not prints_unicode()))
    else:
        from gradsheet.cli.render_audit import audit_table, outcome_line

        for result in results:
            if not _failed(result):
                Terminal().result(outcome_line(result).plain if quiet else audit_table(result))
    from gradsheet.audit.report.summary import verdict

    for result in filter(_failed, results):
        complain(f"{result.path}: {verdict(result)}")


def _failed(result: "Result") -> bool:
    """Whether a file could not be read, or nothing to audit was found in it."""
    from gradsheet.audit.report.outcomes import outcome

    return outcome(result) in ("unreadable", "no table")


def _exit_code(desk: _Desk) -> int:
    from gradsheet.audit.findings import Audit

    if desk.lacks_copies or any(map(_failed, desk.results)):
        return 2
    return int(any(isinstance(result, Audit) and result.mistakes for result in desk.results))
