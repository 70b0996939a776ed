"""The command open."""

from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import Quiet, check_workbook_name, output
from gradsheet.cli.terminal import Terminal


def open_model(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL",
            help="A run folder, its weights or an ONNX file.",
            show_default="the pretrained weights",
        ),
    ] = None,
    given: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="IMAGE|INDEX",
            help="A picture of a digit, or the index of a test image.",
        ),
    ] = "0",
    label: Annotated[
        int | None, typer.Option(help="The true digit of a picture; known for test images.")
    ] = None,
    backward: Annotated[
        bool,
        typer.Option("--backward", help="Add every gradient and one step of gradient descent."),
    ] = False,
    path: Annotated[Path, output("The .xlsx file to write.")] = Path("model.xlsx"),
    quiet: Quiet = False,
) -> None:
    """Write a digit classifier as a workbook: every layer in live cells."""
    check_workbook_name(path)
    from gradsheet.models.digit_classifier import open_digits

    open_digits(run, given, label, backward, path)
    Terminal(quiet).note(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB).")
