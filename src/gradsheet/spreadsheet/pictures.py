"""Each sheet of a workbook as pictures, the way LibreOffice prints it."""

import re
import tempfile
from pathlib import Path

import pypdfium2
from PIL import ImageChops

from gradsheet.files import make_folder, whole_file
from gradsheet.spreadsheet.libreoffice import convert

DOTS_PER_INCH = 130
_POINTS_PER_INCH = 72
_FOOTER = int(0.45 * DOTS_PER_INCH)  # where the footer is
_MARGIN = 12  # pixels left around what is printed


def write_pictures(workbook: Path, folder: Path) -> list[Path]:
    """Write ``01-start.png`` and so on, one picture per page, and return their paths.

    Raises:
        GradsheetError: LibreOffice is not installed or fails, or the folder cannot be written.
    """
    with (
        tempfile.TemporaryDirectory() as temporary,
        pypdfium2.PdfDocument(convert(workbook, "pdf", Path(temporary))) as document,
    ):
        make_folder(folder)
        names = _names(document)
        return [_write(document[n], folder / f"{name}.png") for n, name in enumerate(names)]


def _names(document: pypdfium2.PdfDocument) -> list[str]:
    """A name for each page, from the sheet it belongs to."""
    starts = [(mark.get_dest().get_index(), mark.get_title()) for mark in document.get_toc()]
    ends = [first for first, _ in starts[1:]] + [len(document)]
    names = []
    for number, ((first, title), end) in enumerate(zip(starts, ends, strict=True), start=1):
        slug = re.sub(r"[^a-z0-9.]+", "-", title.lower()).strip("-")
        pages = end - first
        digits = len(str(pages))
        ends_in = [f"-{page:0{digits}}" for page in range(1, pages + 1)] if pages > 1 else [""]
        names += [f"{number:02}-{slug}{end_in}" for end_in in ends_in]
    return names


def _write(page: pypdfium2.PdfPage, path: Path) -> Path:
    """Draw a page without its white borders."""
    image = page.render(scale=DOTS_PER_INCH / _POINTS_PER_INCH).to_pil().convert("RGB")
    image = image.crop((0, 0, image.width, image.height - _FOOTER))
    printed = ImageChops.invert(image).getbbox()
    if printed:
        left, top, right, bottom = printed
        image = image.crop(
            (
                max(0, left - _MARGIN),
                max(0, top - _MARGIN),
                min(image.width, right + _MARGIN),
                min(image.height, bottom + _MARGIN),
            )
        )
    with whole_file(path) as temporary:
        image.save(temporary)
    return path
