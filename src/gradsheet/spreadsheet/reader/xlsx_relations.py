"""Where the parts of an .xlsx file point: which file is a sheet is told by another file."""

import posixpath
from dataclasses import dataclass

from gradsheet.spreadsheet.reader.archive import Budget, Parts
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader


@dataclass(frozen=True)
class Relation:
    """Where a part points: the last word of the type, and the other part's name."""

    kind: str
    target: str


def relations_of(parts: Parts, part: str) -> dict[str, Relation]:
    """What the part, or with an empty name the whole file, points to, by identity."""
    folder, name = posixpath.split(part)
    listed = posixpath.join(folder, "_rels", f"{name}.rels")
    if listed not in parts:
        return {}
    return _Relations(folder, parts.budget).read(parts, listed).relations


def identity(attributes: Attributes) -> str:
    """The r:id of an element, whatever the prefix."""
    return next((value for key, value in attributes.items() if key.endswith(":id")), "")


class _Relations(PartReader):
    """The relations of a part that lies in ``folder``."""

    root = "Relationships"

    def __init__(self, folder: str, budget: Budget) -> None:
        super().__init__({"Relationship": self._relation}, {})
        self._folder = folder
        self._budget = budget
        self.relations: dict[str, Relation] = {}

    def _relation(self, attributes: Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        kind = attributes.get("Type", "").rpartition("/")[2]
        target = attributes.get("Target", "").replace("\\", "/")
        if attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", self._folder, target))
        self.relations[attributes.get("Id", "")] = Relation(kind, target)
