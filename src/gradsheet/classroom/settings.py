"""What a class is marked by, from the files that the teacher names."""

from pathlib import Path

from gradsheet.classroom.batch import Settings
from gradsheet.classroom.manifest import read_manifest
from gradsheet.classroom.roster import Student, read_roster
from gradsheet.classroom.rubric import Rubric, read_rubric
from gradsheet.errors import GradsheetError


def settings_of(assignment: Path | None, roster: Path | None, rubric: Path | None) -> Settings:
    """The manifest, the rubric and the students.

    Raises:
        GradsheetError: a file cannot be read, or the rubric names a group that the assignment does
            not have.
    """
    manifest = read_manifest(assignment) if assignment else None
    chosen = read_rubric(rubric) if rubric else Rubric()
    if manifest is not None:
        groups = {asked.group for asked in manifest.questions}
        for group in chosen.groups:
            if group not in groups:
                raise GradsheetError(
                    f"{rubric}: the assignment has no group '{group[:80]}'; its groups: "
                    f"{'; '.join(sorted(groups))}"
                )
    if roster is not None:
        students = read_roster(roster)
    else:
        students = [Student(h.id, h.name, h.extra) for h in manifest.handouts] if manifest else []
    return Settings(manifest, chosen, tuple(students))
