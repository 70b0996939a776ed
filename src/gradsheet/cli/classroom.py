"""Commands for a class: assign and mark."""

from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import Digits, Level, Quiet, output
from gradsheet.cli.terminal import Terminal, resumable, with_bar
from gradsheet.errors import GradsheetError
from gradsheet.files import check_place, check_suffix


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
    """Write an exercise for each student of a class, each with different numbers.

    DIR/teacher holds the secret, the manifest and the answers and is yours alone; DIR/students
    holds the workbooks.
    """
    from gradsheet.classroom.assign import Assignment, read_secret
    from gradsheet.classroom.assign import assign as write_assignment
    from gradsheet.classroom.roster import read_roster
    from gradsheet.networks.toml import load_network
    from gradsheet.workbook.exercise_levels import check_digits, check_level

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


def mark(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help="What was handed in: workbooks, folders, or zips as Moodle and Canvas offer them.",
        ),
    ] = None,
    folder: Annotated[Path, output("The folder for marks, feedback and copies.")] = Path("marks"),
    assignment: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR/teacher",
            help="The teacher's folder of 'gradsheet assign'. Without it only free-form sheets are "
            "marked.",
        ),
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(metavar="ROSTER.csv", help="Who is in the class, with columns id and name."),
    ] = None,
    rubric: Annotated[
        Path | None,
        typer.Option(metavar="POINTS.toml", help="What answers, hints and mistakes are worth."),
    ] = None,
    moodle: Annotated[
        Path | None,
        typer.Option(
            metavar="WORKSHEET.csv",
            help="Moodle's offline grading worksheet: a copy is filled in, and the feedback packed "
            "for Moodle.",
        ),
    ] = None,
    canvas: Annotated[
        Path | None,
        typer.Option(
            metavar="EXPORT.csv", help="An export of Canvas' gradebook: a copy is filled in."
        ),
    ] = None,
    canvas_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The assignment's column in it, where it has several."),
    ] = None,
    gradescope: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.zip", help="Write the autograder of this assignment for Gradescope."
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Number of files marked at a time.", show_default="one per core", min=1),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="tcp://…", help="A Dask scheduler whose workers mark."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Mark a class: exercises by their manifest, free-form sheets by the audit.

    Nothing that a file states of itself is believed: every answer is recalculated. The same command
    given again marks only what is new.
    """
    from gradsheet.classroom.batch import Kept, mark_all
    from gradsheet.classroom.outputs import Class
    from gradsheet.classroom.settings import settings_of

    if canvas_column is not None and canvas is None:
        raise GradsheetError("--canvas-column is a column of --canvas EXPORT.csv; give both")
    if not paths and (gradescope is None or moodle is not None or canvas is not None):
        raise GradsheetError("nothing to mark; name workbooks, folders or zips")
    for path in paths or ():
        if not path.exists():
            raise GradsheetError(f"there is no {path}; expected workbooks, folders or zips")
    check_place(folder, is_folder=True)
    settings = settings_of(assignment, roster, rubric)
    terminal = Terminal(quiet)
    if gradescope is not None:
        check_suffix(gradescope, ".zip")
        from gradsheet.classroom.gradescope import write_autograder

        write_autograder(settings, gradescope)
        terminal.note(f"Wrote {gradescope}.")
    if not paths:
        return
    from gradsheet.audit.submissions import submissions
    from gradsheet.files import exclusive, is_within

    with submissions(paths) as handed_in, exclusive(folder), resumable():
        found = [one for one in handed_in if not is_within(one.path, folder)]
        work = mark_all(
            found, settings, Kept(folder / ".kept", settings), jobs=jobs, scheduler=scheduler
        )
        marked = list(work if quiet else with_bar(work, len(found)))
        group = Class(marked, settings.students, settings.manifest)
        written = group.write(folder)
        if moodle is not None:
            paths_written, count = group.write_moodle(moodle, folder)
            written += paths_written
            terminal.note(f"Moodle: {count} rows have a grade.")
        if canvas is not None:
            path, count = group.write_canvas(canvas, canvas_column, folder)
            written.append(path)
            terminal.note(f"Canvas: {count} rows have points.")
    from gradsheet.cli.render_classroom import class_lines

    terminal.note(class_lines(group.rows, group.scored, len(group.shared)))
    terminal.note(f"Written: {', '.join(map(str, written))}, {folder / 'feedback'}.")
