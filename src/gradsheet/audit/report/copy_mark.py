"""The property by which an annotated copy is known: a name proves nothing."""

from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.made_by import COPY
from gradsheet.spreadsheet.package import HEAD, Package, Text
from gradsheet.spreadsheet.reader.archive import opened
from gradsheet.spreadsheet.reader.properties import CUSTOM, properties_of

_PART = "docProps/custom.xml"
_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_USER_DEFINED = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_LEAST_ID = 2  # lower ones are reserved


def mark_as_copy(package: Package) -> None:
    """Add the property to a workbook, among those it has."""
    part = next(iter(package.related("", CUSTOM).values()), _PART)
    if part not in package:
        package.add(part, HEAD + f'<Properties xmlns="{_PROPERTIES}"/>'.encode(), _TYPE)
        package.relate("", CUSTOM, part)
    text = Text(package[part], 2)
    properties, p = text.root.children, text.root.prefix
    if any(found.attributes.get("name") == COPY for found in properties):
        return
    numbers = [int(found.attributes.get("pid", "0")) for found in properties]
    number = max(numbers, default=_LEAST_ID - 1) + 1
    value = f'<vt:bool xmlns:vt="{_VALUES}">true</vt:bool>'
    head = f'<{p}property fmtid="{_USER_DEFINED}" pid="{number}" name="{COPY}">'
    text.append(text.root, f"{head}{value}</{p}property>".encode())
    package[part] = text.edited()


def is_copy(path: Path) -> bool:
    """Whether the file at ``path`` is a workbook with the property."""
    try:
        with opened(path) as parts:
            return COPY in properties_of(parts)
    except GradsheetError:
        return False
