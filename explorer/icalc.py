"""The inputs and the training sheet of each workbook as IronCalc's bytes, which the page's own IronCalc loads.

In an environment of its own with ironcalc==0.8.3 (make sheets): python icalc.py FOLDER TARGET
"""

import gzip
import shutil
import sys
from pathlib import Path

import ironcalc

SHEETS = ("Inputs", "lr 0.5")

folder, target = map(Path, sys.argv[1:3])
for path in sorted(folder.glob("*.xlsx")):
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    names = [sheet["name"] for sheet in model.get_worksheets_properties()]
    for number in reversed(range(len(names))):
        if names[number] not in SHEETS:
            model.delete_sheet(number)
    model.evaluate()
    made = path.with_suffix(".icalc")
    made.unlink(missing_ok=True)
    model.save_to_icalc(str(made))
    (target / f"{made.name}.gz").write_bytes(gzip.compress(made.read_bytes(), 9, mtime=0))
    shutil.copy(f"{path}.gz", target)
