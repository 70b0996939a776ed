"""Commands for a class: assign and mark."""

from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import Digits, Level, Quiet, output
from gradsheet.cli.terminal import Terminal, with_bar


def assign(
    roster: Annotated[
        Path,
        typer.Argument(metavar="ROSTER.csv", help="A CSV file with the columns id and name."),
    ],
    folder: Annotated[Path, output("The folder for teacher/ and students/.")] = Path("assignment"),
    network: Annotated[
        str, typer.Option(help="A preset or a .toml file; its numbers are replaced.")
    ] = "course",
    level: Level = "deltas",
    digits: Digits = 4,
    rate: Annotated[float, typer.Option(help="Learning rate of the training sheet.")] = 0.5,
    updates: Annotated[int, typer.Option(help="Number of weight updates.")] = 20,
    secret: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A secret to use again: the same secret and roster give the same files. Without "
            "it a new one is made, or that of an earlier call in the folder is used.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write an exercise for each student of a class, with numbers of their own.

    DIR/teacher holds the secret, the manifest and the answers and is yours alone; DIR/students
    holds the workbooks.
    """
    from gradsheet.classroom.assign import Assignment, read_secret
    from gradsheet.classroom.assign import assign as write_assignment
    from gradsheet.classroom.roster import read_roster
    from gradsheet.networks.toml import load_network
    from gradsheet.workbook.exercise import check_digits, check_level

    students = read_roster(roster)
    assignment = Assignment(
        load_network(network), check_level(level), check_digits(digits), rate, updates
    )
    work = write_assignment(
        assignment, students, folder, read_secret(secret) if secret is not None else None
    )
    terminal = Terminal(quiet)
    count = sum(1 for _ in (work if quiet else with_bar(work, len(students))))
    exercises = "1 exercise" if count == 1 else f"{count} exercises"
    terminal.note(
        f"Wrote {exercises} to {folder / 'students'}; secret, manifest and answers are in "
        f"{folder / 'teacher'}: keep that folder to yourself."
    )
