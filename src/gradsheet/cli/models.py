"""The command open."""

from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import check_workbook_name, output
from gradsheet.cli.terminal import say


def open_model(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="[MODEL]",
            help="A run folder, its weights, or an ONNX file; the shipped weights if not given.",
        ),
    ] = None,
    given: Annotated[
        str,
        typer.Option(
            "--input", metavar="IMAGE|INDEX", help="A picture, or the number of a test image."
        ),
    ] = "0",
    label: Annotated[
        int | None, typer.Option(help="The true digit; of a test image it is known.")
    ] = None,
    backward: Annotated[
        bool, typer.Option("--backward", help="Also every gradient, and a step downhill.")
    ] = False,
    path: Annotated[Path, output("The .xlsx file to write.")] = Path("model.xlsx"),
) -> None:
    """Write a trained digit reader as a workbook: every layer in live cells."""
    check_workbook_name(path)
    from gradsheet.models.digit_classifier import open_digits

    open_digits(run, given, label, backward, path)
    say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB).")
