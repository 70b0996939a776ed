"""The command audit."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradsheet.cli.options import Quiet
from gradsheet.cli.terminal import Terminal, complain, prints_unicode, with_bar
from gradsheet.errors import GradsheetError
from gradsheet.files import is_same_file

if TYPE_CHECKING:
    from gradsheet.audit.findings import Audit

_MANY = 5  # files that are worth a progress bar


def _explain(code: str | None) -> None:
    """Print the explanation of a rule and end, whatever else is asked for."""
    if code is not None:
        from gradsheet.audit.report.rule_text import explanation
        from gradsheet.audit.rules import rule_of

        print(explanation(rule_of(code)))
        raise typer.Exit


def audit(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Workbooks: .xlsx, .xlsm or .ods.")
    ],
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
            help="Write FILE-audited.xlsx beside each file: a copy with notes and colors. An older "
            "copy is replaced, no other file.",
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
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Explain a rule, such as GS601, and exit.",
            callback=_explain,
            is_eager=True,
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Check backpropagation worksheets cell by cell and name each mistake.

    Exit code: 0 no mistake, 1 mistakes found, 2 a file that cannot be read.
    """
    _check_outputs(files, report, annotate)
    audits, unread = _audit(files, jobs, bar=not quiet and len(files) >= _MANY)
    _print(audits, as_json)
    for error in unread:
        complain(str(error))
    _write(audits, report, annotate, summary)
    sys.exit(2 if unread else 1 if any(found.mistakes for found in audits) else 0)


def _check_outputs(files: list[Path], report: Path | None, annotate: bool) -> None:
    """Refuse before any work to overwrite what is to be audited, or anybody's file."""
    if report is not None and any(is_same_file(report, path) for path in files):
        raise GradsheetError(
            f"--report {report} is one of the workbooks to audit; name a new .html file"
        )
    if annotate:
        from gradsheet.audit.report.annotate import check_copies

        check_copies(files)


def _audit(
    files: list[Path], jobs: int | None, bar: bool
) -> tuple[list["Audit"], list[GradsheetError]]:
    """The audit of each file, and the errors of files that cannot be read."""
    from gradsheet.audit.batch import audit_files

    audits: list[Audit] = []
    unread = []
    results = audit_files(files, jobs)
    for found in with_bar(results, len(files)) if bar else results:
        if isinstance(found, GradsheetError):
            unread.append(found)
        else:
            audits.append(found)
    return audits, unread


def _print(audits: list["Audit"], as_json: bool) -> None:
    if as_json:
        from gradsheet.audit.report.json_form import to_json

        sys.stdout.write(to_json(audits, ascii_only=not prints_unicode()))
        return
    from gradsheet.cli.render_audit import audit_table

    for found in audits:
        Terminal().result(audit_table(found))


def _write(
    audits: list["Audit"], report: Path | None, annotate: bool, summary: Path | None
) -> None:
    """Write what was asked for besides the tables: a page, annotated copies, a summary."""
    if report is not None:
        from gradsheet.audit.report.page import report_page
        from gradsheet.files import write_text

        write_text(report, report_page(audits))
    if annotate:
        from gradsheet.audit.report.annotate import annotate as write_annotated
        from gradsheet.audit.report.annotate import copy_of

        for found in audits:
            write_annotated(found, copy_of(found.path))
    if summary is not None:
        from gradsheet.cli.outputs import write_mistakes

        write_mistakes(audits, summary)
