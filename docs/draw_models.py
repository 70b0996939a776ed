"""Draw two sheets of the digit reader's workbook: python docs/draw_models.py FOLDER.

Needs LibreOffice.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

from gradsheet.opening import open_digits
from gradsheet.sheets import pictures

TOP = 0.42  # of the sheet's first page: the first channels

folder = Path(sys.argv[1])
pictures.DOTS_PER_INCH = 230
with tempfile.TemporaryDirectory() as temporary:
    book = Path(temporary) / "network.xlsx"
    open_digits(None, "3", None, backward=False, path=book)
    pictures.write_pictures(book, Path(temporary))
    (conv,) = Path(temporary).glob("*-1-conv1-1.png")
    with Image.open(conv) as image:
        image.crop((0, 0, image.width, int(TOP * image.height))).save(folder / "model-conv.png")
    (shown,) = Path(temporary).glob("*-image.png")
    with Image.open(shown) as image:
        image.save(folder / "model-image.png")
