"""The properties that a file states about itself, beside its title and author."""

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.reader.archive import Parts
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader
from gradsheet.spreadsheet.reader.xlsx_relations import relations_of

CUSTOM = "custom-properties"
"""The kind of the relation that leads from an .xlsx to them."""


def properties_of(parts: Parts) -> dict[str, str]:
    """Those of an .xlsx by name; none where they cannot be read, for no cell depends on them."""
    found = (to.target for to in relations_of(parts, "").values() if to.kind == CUSTOM)
    return _read(_Properties(), parts, next(found, ""))


def open_properties_of(parts: Parts) -> dict[str, str]:
    """Those of an .ods likewise."""
    return _read(_OpenProperties(), parts, "meta.xml")


class _Named(PartReader):
    """Elements with a name and a text."""

    def __init__(self, element: str, name: str) -> None:
        super().__init__({element: self._begin}, {element: self._finish})
        self.found: dict[str, str] = {}
        self._attribute, self._name = name, ""

    def _begin(self, attributes: Attributes) -> None:
        self._name = attributes.get(self._attribute, "")
        self.text.clear()

    def _finish(self) -> None:
        self.found[self._name] = self.written().strip()


class _Properties(_Named):
    root = "Properties"

    def __init__(self) -> None:
        super().__init__("property", "name")


class _OpenProperties(_Named):
    root = "document-meta"

    def __init__(self) -> None:
        super().__init__("user-defined", "meta:name")


def _read(reader: _Named, parts: Parts, part: str) -> dict[str, str]:
    if not part or part not in parts:
        return {}
    try:
        return reader.read(parts, part).found
    except GradsheetError:
        return {}
