"""The command open."""

from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import Quiet, check_run, completing, output, refuse_given
from gradsheet.cli.terminal import Terminal, progress_bar, size_in_words
from gradsheet.errors import GradsheetError
from gradsheet.files import check_place, check_suffix

# Written out, because help and completion must not load what defines them; a test compares them.
LOSSES = (
    "cross-entropy",
    "nll",
    "binary-cross-entropy",
    "binary-cross-entropy-with-logits",
    "mean-squared-error",
    "squared-error",
    "l1",
    "smooth-l1",
    "huber",
    "sum",
)
_FILES = (".onnx", ".pt2")
MOST_FORMULAS = 5_000_000
LEARNING_RATE = 0.1


def open_model(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A network of the zoo, a run folder, its weights, an ONNX file, an exported "
            "program (.pt2), or FILE.py:NAME: that file is run, and NAME is a torch module in it "
            "or what makes one.",
            show_default="the pretrained digit classifier",
        ),
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="FILE|INDEX",
            help="The example: numbers (.npy, .npz, .csv) or a picture; for a digit classifier "
            "a picture of a digit or the index of a test image.",
            show_default="the first test image; for another ONNX file random numbers",
        ),
    ] = None,
    label: Annotated[
        int | None, typer.Option(help="The true class of the example; known for test images.")
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The target in numbers (.npy, .csv), for regression."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(LOSSES)}.",
            show_default="cross-entropy with a label, mean-squared-error with a target",
            autocompletion=completing(*LOSSES),
        ),
    ] = None,
    result: Annotated[
        str | None,
        typer.Option("--choose", metavar="NAME", help="Which output, if there are several."),
    ] = None,
    backward: Annotated[
        bool,
        typer.Option("--backward", help="Add every gradient and one step of gradient descent."),
    ] = False,
    learning_rate: Annotated[
        float, typer.Option(help="Of the step after the backward pass.")
    ] = LEARNING_RATE,
    max_formulas: Annotated[
        int, typer.Option(min=1, help="Refuse a workbook of more formulas.")
    ] = MOST_FORMULAS,
    path: Annotated[Path, output("The .xlsx file to write.")] = Path("model.xlsx"),
    quiet: Quiet = False,
) -> None:
    """Write a network as a workbook: every layer in live cells."""
    check_suffix(path, ".xlsx")
    check_place(path)
    if not backward:
        refuse_given(
            context, ("target", "loss", "learning_rate"), "is for the backward pass; add --backward"
        )
    if label is not None and target is not None:
        raise GradsheetError("--label and --target are two targets; give one of them")
    if source is not None and ".py" not in source and Path(source).suffix not in _FILES:
        check_run(Path(source))
    from gradsheet.models.opening import Request, open_network

    request = Request(
        source, given, label, target, backward, loss, result, max_formulas, learning_rate
    )
    if quiet:
        open_network(request, path)
    else:
        with progress_bar(_estimate) as begin:
            open_network(request, path, begin)
    Terminal(quiet).note(f"Wrote {path} ({size_in_words(path.stat().st_size)}).")


def _estimate(formulas: int, seconds: float) -> str:
    return f"{formulas:,} formulas, about {max(5, round(seconds / 5) * 5)} s"
