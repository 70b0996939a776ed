"""Commands for small networks: workbook, verify, sweep and diagram."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import (
    DEFAULT_RATES,
    ENGINES,
    Digits,
    Iterations,
    Level,
    Network,
    Quiet,
    Rates,
    Updates,
    completing,
    output,
    parse_rates,
    refuse_given,
    renamed,
)
from gradsheet.cli.terminal import Terminal, size_in_words
from gradsheet.errors import GradsheetError
from gradsheet.files import check_place, check_suffix


def workbook(
    context: typer.Context,
    network: Network = "course",
    path: Annotated[Path, output("The .xlsx file to write.")] = Path("backprop.xlsx"),
    rates: Annotated[
        str | None,
        typer.Option(
            help="Learning rates, separated by commas, or 0.01:10:50 for 50 rates from 0.01 to 10.",
            show_default=f"the file's, else {DEFAULT_RATES}; of an exercise 0.5",
        ),
    ] = None,
    updates: Updates = None,
    exercise: Annotated[
        bool,
        typer.Option("--exercise", help="Leave cells to fill in; the workbook marks each answer."),
    ] = False,
    solution: Annotated[
        bool, typer.Option("--solution", help="Write the exercise with its answers.")
    ] = False,
    level: Level = "deltas",
    digits: Digits = 4,
    png: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also draw every sheet as a picture in this folder; needs LibreOffice.",
        ),
    ] = None,
    quiet: Quiet = False,
    iterations: Iterations = None,
) -> None:
    """Write a network's training as a workbook of live formulas."""
    from gradsheet.networks.toml import load_network
    from gradsheet.workbook.build import (
        EXERCISE_LEARNING_RATES,
        write_exercise,
        write_workbook,
    )

    check_suffix(path, ".xlsx")
    if exercise and solution:
        raise GradsheetError("--exercise and --solution are two workbooks; give one of them")
    if not exercise and not solution:
        refuse_given(context, ("level", "digits"), "is for exercises; add --exercise or --solution")
    updates = renamed("--iterations", iterations, "--updates", updates)
    spec = load_network(network)
    if exercise or solution:
        numbers = parse_rates(rates) if rates is not None else EXERCISE_LEARNING_RATES
        write_exercise(
            spec,
            path,
            solution=solution,
            level=level,
            digits=digits,
            learning_rates=numbers,
            updates=updates,
        )
    else:
        chosen = parse_rates(rates) if rates is not None else None
        write_workbook(spec, path, learning_rates=chosen, updates=updates)
    terminal = Terminal(quiet)
    terminal.note(f"Wrote {path} ({size_in_words(path.stat().st_size)}).")
    if png:
        from gradsheet.spreadsheet.pictures import write_pictures

        terminal.note(f"Wrote {len(write_pictures(path, png))} pictures to {png}.")


def verify(
    workbook: Annotated[Path, typer.Argument(help="A workbook written by 'gradsheet workbook'.")],
    engine: Annotated[
        str,
        typer.Option(
            help=f"The spreadsheet engine that recalculates it: {', '.join(ENGINES)}.",
            autocompletion=completing(*ENGINES),
        ),
    ] = "ironcalc",
) -> None:
    """Recalculate a workbook with a second spreadsheet engine and compare every cell."""
    from gradsheet.cli.render import verification_table
    from gradsheet.workbook.differences import TOLERANCE
    from gradsheet.workbook.verify import verify_workbook

    found = verify_workbook(workbook, engine=engine)
    terminal = Terminal()
    terminal.result(verification_table(found))
    if not found.is_verified:
        terminal.result(f"Not verified: a difference is larger than {TOLERANCE:.0e}.")
        sys.exit(1)
    terminal.result(f"Verified: every cell agrees to {TOLERANCE:.0e}.")
    if found.sensitive:
        terminal.result(
            f"Cells that rounding alone moves by more: {found.sensitive}. They differ by no more "
            "than that; no two programs agree on them."
        )


def sweep(
    network: Network = "course",
    folder: Annotated[Path, output("The folder to write.")] = Path("runs/sweep"),
    rates: Rates = None,
    updates: Updates = None,
    quiet: Quiet = False,
) -> None:
    """Train at many learning rates and plot the loss, without a workbook."""
    from gradsheet.networks.sweep import sweep as train_at_each
    from gradsheet.networks.toml import load_network

    check_place(folder, is_folder=True)
    spec = load_network(network)
    chosen = parse_rates(rates) if rates is not None else None
    descent = train_at_each(spec, learning_rates=chosen, updates=updates)
    from gradsheet.cli.outputs import write_sweep
    from gradsheet.cli.render import sweep_table

    written = write_sweep(descent, folder)
    terminal = Terminal(quiet)
    terminal.result(sweep_table(descent))
    terminal.note(f"Wrote {len(written)} files to {folder}.")


def diagram(
    network: Network = "course",
    path: Annotated[Path, output("The .svg or .png file to write.")] = Path("network.svg"),
    quiet: Quiet = False,
) -> None:
    """Draw a network with its weights, activations and gradients."""
    from gradsheet.networks.toml import load_network

    spec = load_network(network)
    from gradsheet import figures

    figures.check_format(path)
    figures.save(figures.plot_network(spec), path)
    Terminal(quiet).note(f"Wrote {path}.")
