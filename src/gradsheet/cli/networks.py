"""Commands for small networks: workbook, verify, sweep and diagram."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import (
    DEFAULT_RATES,
    Network,
    Rates,
    check_workbook_name,
    output,
    parse_rates,
)
from gradsheet.cli.terminal import say, show
from gradsheet.errors import GradsheetError

Updates = Annotated[int, typer.Option(help="How many times the weights are updated.")]


def workbook(
    network: Network = "course",
    path: Annotated[Path, output("The .xlsx file to write.")] = Path("backprop.xlsx"),
    rates: Rates = DEFAULT_RATES,
    iterations: Updates = 100,
    exercise: Annotated[
        bool,
        typer.Option(
            "--exercise", help="Leave the backward pass to fill in; cells mark themselves."
        ),
    ] = False,
    solution: Annotated[bool, typer.Option("--solution", help="The exercise, filled in.")] = False,
    png: Annotated[
        Path | None, typer.Option(help="A folder for pictures of every sheet; needs LibreOffice.")
    ] = None,
) -> None:
    """Write a network's training as a workbook of live formulas."""
    from gradsheet.networks.spec import load_network
    from gradsheet.workbook.build import write_exercise, write_workbook

    check_workbook_name(path)
    if exercise and solution:
        raise GradsheetError("--exercise and --solution write two workbooks; give one at a time")
    spec, numbers = load_network(network), parse_rates(rates)
    if exercise or solution:
        write_exercise(spec, path, numbers, iterations, solved=solution)
    else:
        write_workbook(spec, path, numbers, iterations)
    say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB).")
    if png:
        from gradsheet.spreadsheet.pictures import write_pictures

        say(f"Wrote {len(write_pictures(path, png))} pictures to {png}.")


def verify(
    workbook: Annotated[Path, typer.Argument(help="An .xlsx file that 'workbook' wrote.")],
    engine: Annotated[
        str, typer.Option(help="What computes it again: ironcalc or libreoffice.")
    ] = "ironcalc",
) -> None:
    """Have another program compute a workbook again, and compare every cell."""
    from gradsheet.cli.render import verification_table
    from gradsheet.spreadsheet.recalculate import ENGINES
    from gradsheet.workbook.verify import TOLERANCE
    from gradsheet.workbook.verify import verify as compare

    if engine not in ENGINES:
        raise GradsheetError(f"no engine is called '{engine}'; choose from {', '.join(ENGINES)}")
    found = compare(workbook, engine)
    show(verification_table(found))
    if not found.holds:
        say(f"Not verified: a difference is larger than {TOLERANCE:.0e}.")
        sys.exit(1)
    say(f"Verified: every cell agrees to {TOLERANCE:.0e}.")


def sweep(
    network: Network = "course",
    folder: Annotated[Path, output("The folder to write.")] = Path("runs/sweep"),
    rates: Rates = DEFAULT_RATES,
    updates: Updates = 100,
) -> None:
    """Draw the loss at many learning rates, without a workbook."""
    from gradsheet.cli.render import sweep_table
    from gradsheet.networks.graph import build_graph
    from gradsheet.networks.spec import load_network
    from gradsheet.networks.sweep import descend

    descent = descend(build_graph(load_network(network)), parse_rates(rates), updates)
    from gradsheet.cli.outputs import write_sweep

    written = write_sweep(descent, folder)
    show(sweep_table(descent))
    say(f"Wrote {len(written)} files to {folder}.")


def diagram(
    network: Network = "course",
    path: Annotated[Path, output("The .svg or .png file to write.")] = Path("network.svg"),
) -> None:
    """Draw a network with its values, weights and gradients."""
    from gradsheet.networks.graph import build_graph
    from gradsheet.networks.spec import load_network

    graph = build_graph(load_network(network))
    from gradsheet.cli.outputs import write_diagram

    write_diagram(graph, [path])
    say(f"Wrote {path}.")
