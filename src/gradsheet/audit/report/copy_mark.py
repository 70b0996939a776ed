"""The property by which an annotated copy is known: a name proves nothing."""

from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.package import HEAD, Package, Text
from gradsheet.spreadsheet.reader.archive import opened
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader
from gradsheet.spreadsheet.reader.xlsx_relations import relations_of

_NAME = "Annotated by gradsheet"
_KIND = "custom-properties"
_PART = "docProps/custom.xml"
_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_USER_DEFINED = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_LEAST_ID = 2  # lower ones are reserved


def mark_as_copy(package: Package) -> None:
    """Add the property to a workbook, among those it has."""
    part = next(iter(package.related("", _KIND).values()), _PART)
    if part not in package:
        package.add(part, HEAD + f'<Properties xmlns="{_PROPERTIES}"/>'.encode(), _TYPE)
        package.relate("", _KIND, part)
    text = Text(package[part], 2)
    properties, p = text.root.children, text.root.prefix
    if any(found.attributes.get("name") == _NAME for found in properties):
        return
    numbers = [int(found.attributes.get("pid", "0")) for found in properties]
    number = max(numbers, default=_LEAST_ID - 1) + 1
    value = f'<vt:bool xmlns:vt="{_VALUES}">true</vt:bool>'
    head = f'<{p}property fmtid="{_USER_DEFINED}" pid="{number}" name="{_NAME}">'
    text.append(text.root, f"{head}{value}</{p}property>".encode())
    package[part] = text.edited()


def is_copy(path: Path) -> bool:
    """Whether the file at ``path`` is a workbook with the property."""
    try:
        with opened(path) as parts:
            found = (to.target for to in relations_of(parts, "").values() if to.kind == _KIND)
            part = next(found, "")
            return part in parts and _NAME in _Properties().read(parts, part).names
    except GradsheetError:
        return False


class _Properties(PartReader):
    """The names of the properties that somebody gave a workbook."""

    root = "Properties"

    def __init__(self) -> None:
        super().__init__({"property": self._property}, {})
        self.names: set[str] = set()

    def _property(self, attributes: Attributes) -> None:
        self.names.add(attributes.get("name", ""))
