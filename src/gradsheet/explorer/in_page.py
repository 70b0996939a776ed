"""The audit in a page: what its Worker runs, in Python in the browser.

The page writes each file that it is given into an empty folder in the browser's memory.
"""

import base64
import json
import os
import pickle
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from gradsheet.audit.batch import audit_all
from gradsheet.audit.report.copies import Copies
from gradsheet.audit.report.page import report_page
from gradsheet.audit.report.plain import file_lines
from gradsheet.audit.submissions import submissions
from gradsheet.errors import GradsheetError, legible


def audit(folder: str, name: str) -> str:
    """Audit one file, which may be a zip of many.

    Returns:
        As JSON: what became of each workbook, or an error in one sentence, and the results as the
        text that ``report`` takes.
    """
    os.chdir(folder)
    try:
        with submissions([Path(name)]) as found:
            results = [done.result for done in audit_all(found, jobs=1)]
    except GradsheetError as error:
        return json.dumps({"files": [], "error": legible(str(error)), "results": ""})
    files = [asdict(file_lines(one)) for one in results]
    kept = base64.b64encode(pickle.dumps(results)).decode("ascii")
    return json.dumps({"files": files, "error": "", "results": kept})


def annotated(folder: str, name: str) -> str:
    """Write the annotated copy of one file, or a zip of them beside a zip.

    Returns:
        As JSON: the names of what was written, and why other copies could not be made.
    """
    os.chdir(folder)
    before, why = set(Path().iterdir()), []
    try:
        with submissions([Path(name)]) as found, Copies() as copies:
            for one, done in zip(found, audit_all(found, annotated=True, jobs=1), strict=True):
                if done.copy is not None:
                    copies.write(one, done.copy)
                elif done.no_copy:
                    why.append(f"no annotated copy of {legible(str(one.name))}: {done.no_copy}")
    except GradsheetError as error:
        why.append(legible(str(error)))
    written = sorted(map(str, set(Path().iterdir()) - before))
    return json.dumps({"written": written, "why": why})


def report(results: Iterable[str]) -> str:
    """The findings in files as an HTML page; each text is one that ``audit`` made."""
    kept = (pickle.loads(base64.b64decode(text)) for text in results)
    return report_page([one for found in kept for one in found])
