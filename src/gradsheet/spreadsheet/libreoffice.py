"""LibreOffice, where it is installed: it saves a workbook in another format, recalculated."""

import shutil
import subprocess
from pathlib import Path

from gradsheet.errors import GradsheetError

PATIENCE = 300  # seconds

_RECALCULATE_ON_LOAD = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""


def libreoffice() -> str | None:
    """The program; None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def convert(path: Path, target: str, folder: Path) -> Path:
    """The file as LibreOffice saves it in another format, recalculated.

    Args:
        path: the workbook.
        target: the format, by the ending of its files, such as ``pdf``.
        folder: where LibreOffice may write: a profile of its own, and the file.

    Raises:
        GradsheetError: LibreOffice is not installed, or fails.
    """
    program = libreoffice()
    if program is None:
        raise GradsheetError(
            "LibreOffice is needed for this and not installed; install it so that 'soffice' is "
            "found"
        )
    profile, out = folder / "profile", folder / "out"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_RECALCULATE_ON_LOAD)
    command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless"]
    command += ["--convert-to", target, "--outdir", str(out), str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise GradsheetError(f"LibreOffice could not convert {path}") from error
    made = out / f"{path.stem}.{target.split(':')[0]}"
    if not made.is_file():
        raise GradsheetError(f"LibreOffice could not read {path}")
    return made
