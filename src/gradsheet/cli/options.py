"""Arguments and options that several commands share, and how their text is parsed."""

from pathlib import Path
from typing import Annotated

import typer

from gradsheet.errors import GradsheetError

Network = Annotated[
    str,
    typer.Argument(
        help="A preset (course, course-half, mazur, xor, and, iris-mini) or a .toml file."
    ),
]
Rates = Annotated[
    str,
    typer.Option(
        help="Learning rates, separated by commas. 0.01:10:50 stands for 50 rates from 0.01 to "
        "10, evenly spaced in ratio."
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(help="A folder with four IDX files to use in place of the embedded MNIST."),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
RecipeName = Annotated[
    str, typer.Option("--recipe", help="course, best, fast, teacher or distilled.")
]
Teachers = Annotated[
    list[Path] | None,
    typer.Option(
        "--teacher",
        metavar="RUN",
        help="A run to learn from, where a recipe does; more than one may be given.",
    ),
]
Epochs = Annotated[int | None, typer.Option(help="In place of the recipe's.")]
BatchSize = Annotated[int | None, typer.Option(help="In place of the recipe's.")]
Seed = Annotated[int, typer.Option(help="Fixes every random draw.")]
Validation = Annotated[
    int,
    typer.Option(
        metavar="IMAGES",
        help="Hold so many of the last training images out and read them, not the test set: 5000 "
        "is what recipes are chosen on.",
        min=0,
    ),
]

DEFAULT_RATES = "0.1,0.2,0.5,0.8,1.0,2.0"


def output(help_text: str) -> typer.models.OptionInfo:
    """The option ``-o``, described by ``help_text``."""
    option: typer.models.OptionInfo = typer.Option("-o", "--output", help=help_text)
    return option


def check_workbook_name(path: Path) -> None:
    """Refuse a name under which no spreadsheet program would open a workbook.

    Raises:
        GradsheetError: it does not end in .xlsx.
    """
    if path.suffix.lower() != ".xlsx":
        raise GradsheetError(f"{path} does not end in .xlsx; a workbook's name must")


def parse_rates(text: str) -> list[float]:
    """The numbers in ``0.1,0.5`` or ``0.01:10:50``.

    Raises:
        GradsheetError: a part is neither a number nor a range.
    """
    rates: list[float] = []
    for part in text.split(","):
        try:
            if ":" not in part:
                rates.append(float(part))
                continue
            low, high, count = part.split(":")
            rates += _spaced(float(low), float(high), int(count))
        except ValueError as error:
            raise GradsheetError(
                f"'{part.strip()}' is no learning rate; expected numbers such as 0.1,0.5 or a "
                "range such as 0.01:10:50"
            ) from error
    return rates


def _spaced(low: float, high: float, count: int) -> list[float]:
    """``count`` numbers from ``low`` to ``high``, each the same multiple of the one before."""
    if not 0 < low < high or not 2 <= count <= 1_000_000:
        raise ValueError
    ratio = (high / low) ** (1 / (count - 1))
    return [*(low * ratio**number for number in range(count - 1)), high]
