"""Write the ready-made workbooks of this folder.

python examples/build.py [FOLDER]
"""

import sys
from pathlib import Path
from runpy import run_path

from gradsheet.models.build import write_model_workbook
from gradsheet.models.digit_classifier import open_digits
from gradsheet.networks.toml import load_network
from gradsheet.workbook.build import write_exercise, write_workbook

NAME = "emma"  # what the tiny GPT is shown on
UPDATES = {"course": 100, "mazur": 50, "xor": 40}


def build(folder: Path) -> list[Path]:
    """Write every example into ``folder`` and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, updates in UPDATES.items():
        write_workbook(load_network(name), folder / f"{name}.xlsx", updates=updates)
    for name, solution in (("exercise", False), ("solution", True)):
        path = folder / f"course-{name}.xlsx"
        write_exercise(load_network("course"), path, solution=solution, updates=20)
    open_digits(None, "0", None, False, folder / "digit-classifier.xlsx")
    _write_tiny_gpt(folder / "tiny-gpt.xlsx")
    return sorted(folder.glob("*.xlsx"))


def _write_tiny_gpt(path: Path) -> None:
    """The GPT of tiny_gpt.py on a name, with the loss of each next letter."""
    gpt = run_path(str(Path(__file__).parent / "tiny_gpt.py"))
    letters, following = gpt["encoded"](NAME)
    write_model_workbook(gpt["pretrained"](), letters.unsqueeze(0), path, following.unsqueeze(0))


if __name__ == "__main__":
    for written in build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent):
        print(f"{written.stat().st_size / 1e6:6.2f} MB  {written}")
