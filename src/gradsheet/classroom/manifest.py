"""The manifest: what was handed out to whom, and the right answers. It is the teacher's."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gradsheet.classroom.typed_json import of_type
from gradsheet.errors import GradsheetError, reason
from gradsheet.files import read_json
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.toml import parse_network
from gradsheet.spreadsheet.addresses import parse_cell_reference
from gradsheet.workbook.exercise_levels import Level, check_digits, check_level

MANIFEST = "manifest.json"
_VERSION = 1
_EXPECTED = "the manifest of an assignment, which 'gradsheet assign' writes"


@dataclass(frozen=True)
class Asked:
    """A cell to fill in.

    Attributes:
        cell: its address: ``Derivation!F35``.
        name: what is asked for.
        group: the heading above it.
        hint: the cell in which a hint is asked for; empty where there is none.
    """

    cell: str
    name: str
    group: str
    hint: str = ""


@dataclass(frozen=True)
class Handout:
    """What one student got.

    Attributes:
        id, name, extra: the student, as in the roster.
        file: the name of the workbook.
        code: by which the workbook is known; it cannot be guessed.
        seed: chose the planted mistake.
        network: the network with the student's numbers, as TOML.
        answers: the right answers, in the order of the questions.
    """

    id: str
    name: str
    extra: Mapping[str, str]
    file: str
    code: str
    seed: int
    network: str
    answers: tuple[float, ...]

    @property
    def spec(self) -> NetworkSpec:
        """The student's network."""
        return parse_network(self.network, MANIFEST)


@dataclass(frozen=True)
class Manifest:
    """An assignment.

    Attributes:
        level: what the exercises ask for.
        digits: the significant digits of an answer.
        learning_rate: that of the training sheet.
        updates: how many it shows.
        questions: the cells to fill in, the same for all.
        inputs: the cells of the given numbers, in the order of the network's.
        handouts: a student each.
    """

    level: Level
    digits: int
    learning_rate: float
    updates: int
    questions: tuple[Asked, ...]
    inputs: tuple[str, ...]
    handouts: tuple[Handout, ...]
    version: int = field(default=_VERSION)

    def to_json(self) -> str:
        """The manifest as the text of a file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a teacher's folder; the file itself may be given, too.

    Raises:
        GradsheetError: there is none, or it is damaged.
    """
    path = folder / MANIFEST if folder.is_dir() else folder
    table = read_json(path, _EXPECTED)
    try:
        return _manifest(table)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise GradsheetError(f"{path} is not {_EXPECTED} ({reason(error)})") from error


def _manifest(table: dict[str, Any]) -> Manifest:
    if table["version"] != _VERSION:
        raise ValueError(f"version {table['version']}")
    manifest = of_type(Manifest, table)
    check_level(manifest.level)
    check_digits(manifest.digits)
    if not manifest.handouts:
        raise ValueError("it has no handouts")
    cells = [asked.cell for asked in manifest.questions] + list(manifest.inputs)
    for cell in cells + [asked.hint for asked in manifest.questions if asked.hint]:
        if parse_cell_reference(cell) is None:
            raise ValueError(f"'{cell[:40]}' is no cell")
    for handout in manifest.handouts:
        if len(handout.answers) != len(manifest.questions):
            raise ValueError(f"{handout.file[:40]} has {len(handout.answers)} answers")
    return manifest
