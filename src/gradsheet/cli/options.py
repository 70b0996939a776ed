"""Arguments and options that several commands share, and how their text is parsed."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from gradsheet.cli.terminal import complain
from gradsheet.errors import GradsheetError

# Written out, because help and completion must not load what defines them; a test compares them.
PRESETS = ("course", "course-half", "mazur", "xor", "and", "iris-mini")
RECIPES = ("course", "best", "distilled", "teacher", "fast", "small", "tiny")
MODELS = ("0.5k", "0.7k", "1k", "2k", "5k", "8k", "10k", "17k")
ENGINES = ("ironcalc", "formualizer", "libreoffice", "gnumeric", "onlyoffice")
LEVELS = ("gradients", "deltas", "forward", "mistake")
DEFAULT_RATES = "0.1,0.2,0.5,0.8,1.0,2.0"

_MOST_SPACED = 1_000_000

_T = TypeVar("_T")


def completing(*words: str) -> Callable[[str], list[str]]:
    """What a shell offers after the first letters of one of ``words``."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


Network = Annotated[
    str,
    typer.Argument(
        help=f"A preset ({', '.join(PRESETS)}) or a .toml file.",
        autocompletion=completing(*PRESETS),
    ),
]
_USUAL = f"the file's, else {DEFAULT_RATES}"
Rates = Annotated[
    str | None,
    typer.Option(
        "--rates",
        help="Learning rates, separated by commas. 0.01:10:50 means 50 rates from 0.01 to 10, "
        "evenly spaced on a logarithmic scale.",
        show_default=_USUAL,
    ),
]
Updates = Annotated[
    int | None,
    typer.Option(help="Number of weight updates.", show_default="the file's, else 100"),
]
Level = Annotated[
    str,
    typer.Option(
        help="What an exercise asks for: gradients, deltas (the whole backward pass), forward (the "
        "forward pass, too) or mistake (find the planted one).",
        autocompletion=completing(*LEVELS),
    ),
]
Digits = Annotated[int, typer.Option(help="Significant digits of an answer, 2 to 8.")]
Iterations = Annotated[int | None, typer.Option("--iterations", hidden=True)]
Data = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="A folder of four IDX files to use instead of the embedded MNIST."
    ),
]
Device = Annotated[
    str,
    typer.Option(
        help="auto, cpu, cuda or mps (Apple's, untried).",
        autocompletion=completing("auto", "cpu", "cuda", "mps"),
    ),
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help=f"{', '.join(RECIPES)}.",
        show_default="best; small or tiny for a model of the zoo",
        autocompletion=completing(*RECIPES),
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help=f"A network of the zoo ({', '.join(MODELS)}).",
        show_default="the recipe's own",
        autocompletion=completing(*MODELS),
    ),
]
Teachers = Annotated[
    list[Path] | None,
    typer.Option(
        "--teacher",
        metavar="RUN",
        help="A run to distill from, with a recipe that does; may be given several times.",
    ),
]
Epochs = Annotated[int | None, typer.Option(help="Overrides the recipe's value.")]
BatchSize = Annotated[int | None, typer.Option(help="Overrides the recipe's value.")]
Seed = Annotated[int, typer.Option(help="Seed of the random number generator.")]
Validation = Annotated[
    int,
    typer.Option(
        metavar="IMAGES",
        help="Hold out the last IMAGES training images and evaluate on them, not on the test set. "
        "The recipes were chosen with 5000.",
        min=0,
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print results only: no progress, no notes.")
]


def output(help_text: str, default: bool | str = True) -> typer.models.OptionInfo:
    """The option ``-o``, described by ``help_text``; ``default`` as help shows it."""
    option: typer.models.OptionInfo = typer.Option(
        "-o", "--output", help=help_text, show_default=default
    )
    return option


def renamed(old: str, old_value: _T | None, new: str, new_value: _T) -> _T:
    """The value of an option ``new``, which may still be given under its ``old`` name."""
    if old_value is None:
        return new_value
    complain(f"note: {old} is now called {new}; the old name will be removed in version 0.3")
    return old_value


def refuse_given(context: typer.Context, names: Sequence[str], problem: str) -> None:
    """Refuse options that would be ignored, by the names of their parameters.

    Raises:
        GradsheetError: one of them is on the command line.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise GradsheetError(f"{parameter.opts[-1]} {problem}")


def check_names(recipe: str | None = None, model: str | None = None) -> None:
    """Refuse an unknown recipe or network before torch is loaded, which takes seconds.

    Raises:
        GradsheetError: there is none of that name.
    """
    for kind, name, names in (("recipe", recipe, RECIPES), ("network", model, MODELS)):
        if name is not None and name not in names:
            raise GradsheetError(f"no {kind} is called '{name}'; choose from {', '.join(names)}")


def check_run(run: Path | None) -> None:
    """Refuse a run that is not there before torch is loaded, which takes seconds.

    Raises:
        GradsheetError: it is neither a path nor the name of a network of the zoo.
    """
    if run is not None and str(run) not in MODELS and not run.exists():
        raise GradsheetError(
            f"there is no {run}; expected a run folder, its model.safetensors or one of "
            f"{', '.join(MODELS)}"
        )


def parse_rates(text: str) -> list[float]:
    """The numbers in ``0.1,0.5`` or ``0.01:10:50``.

    Raises:
        GradsheetError: a part is neither a number nor a range.
    """
    rates: list[float] = []
    for part in map(str.strip, text.split(",")):
        try:
            if ":" not in part:
                rates.append(float(part))
                continue
            low, high, count = part.split(":")
            ends, number = (float(low), float(high)), int(count)
        except ValueError as error:
            raise GradsheetError(
                f"'{part}' is not a learning rate; expected numbers such as 0.1,0.5 or a range "
                "such as 0.01:10:50"
            ) from error
        rates += _spaced(part, *ends, number)
    return rates


def _spaced(text: str, low: float, high: float, count: int) -> list[float]:
    """``count`` numbers from ``low`` to ``high``, each the same multiple of the one before."""
    if not 0 < low < high < math.inf:
        raise GradsheetError(
            f"the range {text} goes from {low:g} to {high:g}; expected numbers above 0, the lower "
            "one first"
        )
    if not 2 <= count <= _MOST_SPACED:
        raise GradsheetError(
            f"the range {text} has {count:,} learning rates; expected 2 to {_MOST_SPACED:,}"
        )
    ratio = (high / low) ** (1 / (count - 1))
    return [*(low * ratio**number for number in range(count - 1)), high]
