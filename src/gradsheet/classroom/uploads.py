"""Who handed a file in: what the downloads of course sites tell by the names in them."""

import re
from collections.abc import Iterable
from pathlib import Path

from gradsheet.classroom.marked import Uploader
from gradsheet.classroom.roster import Student

# Full Name_657737_assignsubmission_file_/x.xlsx, also with the folder's name before the file's
_MOODLE = re.compile(r"(?P<name>[^/]+)_(?P<id>\d+)_assignsubmission_file(?:_[^/]*)?")
# name_LATE_userid_subid_file.xlsx
_CANVAS = re.compile(
    r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?:text_)?(?P<id>\d+)_(?P<submission>\d+)_(?P<file>.+)"
)


def uploader_of(name: Path) -> Uploader | None:
    """Who handed in the file of this name; None where it is not from a course site."""
    for part in reversed(name.parts):
        if found := _MOODLE.match(part):
            return Uploader("moodle", found["id"], found["name"], part)
    if found := _CANVAS.fullmatch(name.name):
        return Uploader("canvas", found["id"], found["name"], late=bool(found["late"]))
    return None


class People:
    """Finds students by what a file or a course site calls them."""

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = list(students)
        self._by_name: dict[str, list[Student]] = {}
        for student in self.students:
            for key in _keys(student.name):
                self._by_name.setdefault(key, []).append(student)
        self._ids = {student.id.casefold(): student for student in self.students}

    def by_id(self, identity: str) -> Student | None:
        """The student with an id."""
        return self._ids.get(identity.strip().casefold())

    def by_name(self, name: str) -> Student | None:
        """The one student of a name, first or last name first, with or without spaces."""
        found: list[Student] = []
        for key in _keys(name):
            found += [one for one in self._by_name.get(key, []) if one not in found]
        return found[0] if len(found) == 1 else None

    def of_upload(self, uploader: Uploader) -> Student | None:
        """The student who handed a file in."""
        for column in ("moodle id", "canvas id"):
            if column.startswith(uploader.system):
                for student in self.students:
                    extra = {key.casefold(): value for key, value in student.extra.items()}
                    if extra.get(column) == uploader.id:
                        return student
        return self.by_name(uploader.name)

    def of_file(self, name: Path) -> Student | None:
        """The student whose id is a part of a file's or its folder's name, or whose name it is."""
        for part in (name.stem, name.parent.name):
            words = re.split(r"[^\w.@]+|_", part)
            found = [s for word in words if (s := self.by_id(word))]
            if len({student.id for student in found}) == 1:
                return found[0]
            if student := self.by_name(part):
                return student
        return None


def _keys(name: str) -> set[str]:
    """A name without spaces and signs, as it is and with the last word first."""
    words = [re.sub(r"[\W_]+", "", word).casefold() for word in re.split(r"[\s,_]+", name)]
    words = [word for word in words if word]
    if not words:
        return set()
    turned = [words[-1], *words[:-1]], [*words[1:], words[0]]
    return {"".join(words), *map("".join, turned)}
