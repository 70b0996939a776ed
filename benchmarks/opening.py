"""Whether the digit classifier opens the same however a processor rounds its sums.

    python benchmarks/opening.py -o results/opening.json

100 test images, the 50 with most tied max-pooling windows and 50 others, each under every setting
of the variables that choose how torch adds. Two images of each setting are opened as by `gradsheet
open --backward`: written, recalculated, published. All are then typed into the first of these two
workbooks, open in IronCalc; it recalculates everything, and every formula is compared with PyTorch
under the setting, as before publishing. That workbooks of different images hold the same formulas
is checked on the two. A run that was interrupted goes on where it stopped. About 20 minutes.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from training import command_line, machine, versions

from gradsheet.digits.data import ImageSet, load
from gradsheet.digits.evaluation import normalize
from gradsheet.digits.model_files import PRETRAINED, load_model
from gradsheet.errors import GradsheetError
from gradsheet.files import write_text
from gradsheet.models.agreement import differences_of
from gradsheet.models.digit_classifier import (
    digit_workbook,
    image_sheet,
    network_input,
    open_digits,
)
from gradsheet.models.naming import LOSS_SHEET
from gradsheet.models.sheets.inputs import DIGITS_SHEET
from gradsheet.models.ties import maxima, windows, winners
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.recalculate import IronCalcWorkbook, without_values

SETTINGS = {
    "as it is": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2"},
    "COMPATIBLE": {"MKL_CBWR": "COMPATIBLE"},
}
VARIABLES = sorted({name for setting in SETTINGS.values() for name in setting})

MOST, OTHERS = 50, 50
OPENED = 2  # whenever a process starts
ROUNDS = (10, MOST + OTHERS)  # so that an interrupted run has seen every setting
POOL = ((2, 2), (2, 2), (0, 0))


class PoolInputs(TorchFunctionMode):
    """Records what is max-pooled."""

    def __init__(self) -> None:
        self.found: list[Tensor] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call ``func``; keep the first argument of a max pooling."""
        if func in (F.max_pool2d, torch.max_pool2d):
            self.found.append(args[0].detach())
        return func(*args, **(kwargs or {}))


def pooled(images: Tensor) -> Tensor:
    """The input of the max pooling on images, uint8 (N, 28, 28), in float64."""
    model = load_model(None).double().eval()
    with torch.no_grad(), PoolInputs() as inputs:
        model(network_input(images))
    return torch.cat(inputs.found)


def tied_windows(test: ImageSet) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The number of tied windows of every test image."""
    counts = []
    for first in range(0, len(test), 250):
        images = test.images[first : first + 250]
        cells = windows(pooled(images).numpy(), *POOL)
        counts.append((maxima(cells).sum(axis=-1) > 1).sum(axis=(1, 2, 3)))
    return np.concatenate(counts)


def chosen(counts: np.ndarray[Any, np.dtype[np.int64]]) -> list[int]:
    """The images with most ties, and others, in the order of the test set."""
    order = np.argsort(-counts, kind="stable")
    others = np.random.default_rng(0).choice(order[MOST:], OTHERS, replace=False)
    return sorted(int(number) for number in [*order[:MOST], *others])


# --- In a process of its own, under one setting --------------------------------------------------


def work(numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """What a setting is, then a record of each image."""
    test = load().test
    images = test.images[:1]
    yield {
        "torch capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "float64 sums": _digest(pooled(images).numpy()),
        "float32 sums": _digest(load_model(None).eval().conv1(normalize(images)).detach().numpy()),
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.xlsx" for number in numbers[:OPENED]]
        published: dict[int, float] = {}
        for path, number in zip(paths, numbers, strict=False):
            start = time.process_time()
            open_digits(None, str(number), None, backward=True, path=path)
            published[number] = time.process_time() - start
        bare = [without_values(path, path.with_suffix(".bare.xlsx")) for path in paths]
        same = len({_digest_formulas(path) for path in bare}) == 1
        yield {"workbooks compared": len(bare), "same formulas": same}
        book = IronCalcWorkbook(bare[0])
        for number in numbers:
            yield recalculated(book, test, number) | {
                "opened": number in published,
                "seconds to open": round(published.get(number, 0), 1) or None,
            }


def recalculated(book: IronCalcWorkbook, test: ImageSet, number: int) -> dict[str, Any]:
    """Type an image and its class into the workbook, recalculate it, and compare every formula."""
    start = time.process_time()
    label = int(test.labels[number])
    sheet = image_sheet(str(number), test.images[number], label, test)
    model = digit_workbook(load_model(None), test.images[number], label, sheet)
    for index in np.ndindex(28, 28):
        cell = CellRef(DIGITS_SHEET, CellIndex.parse(sheet.stored_cell(0, index)))
        book.set(cell, int(test.images[number][index]))
    book.set(CellRef(LOSS_SHEET, CellIndex.parse(model.loss.class_cell)), label)
    found = differences_of(book.recalculate(), model.expected_values())
    inputs = pooled(test.images[number : number + 1])
    cells = windows(inputs[0].numpy(), *POOL)
    torch_winners = F.max_pool2d(inputs, 2, return_indices=True)[1][0].numpy()
    return {
        "image": number,
        "tied windows": int((maxima(cells).sum(axis=-1) > 1).sum()),
        "largest difference": float(f"{max(d.tolerated for d in found.values()):.2e}"),
        "winners": _digest(winners(cells)),
        "other winners of torch": int((positions(winners(cells)) != torch_winners).sum()),
        "seconds": round(time.process_time() - start, 1),
    }


def positions(found: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Winners (C, H, W) of 2 x 2 windows as torch's indices into a channel."""
    down, right = np.divmod(found, 2)
    height, width = found.shape[1:]
    rows = 2 * np.arange(height)[:, np.newaxis] + down
    return np.asarray(rows * 2 * width + 2 * np.arange(width) + right, dtype=np.int64)


def _digest(values: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def _digest_formulas(path: Path) -> str:
    """Of all formula cells; the others hold the image, its name and class, and text."""
    found = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("xl/worksheets/sheet"):
                for cell in re.findall(rb'<c r="[A-Z]+\d+"[^>]*><f>[^<]*</f>', archive.read(name)):
                    found.update(cell)
    return found.hexdigest()


# --- The whole -----------------------------------------------------------------------------------


def identity() -> dict[str, Any]:
    """What a recorded image is valid for."""
    weights = (files("gradsheet.digits") / "weights" / f"{PRETRAINED}.safetensors").read_bytes()
    return {
        "weights": hashlib.sha256(weights).hexdigest(),
        "machine": machine(),
        "versions": versions(("torch", "numpy", "ironcalc", "xlsxwriter")),
    }


def start(path: Path) -> dict[str, Any]:
    """The report so far, or a new one."""
    if path.exists():
        report: dict[str, Any] = json.loads(path.read_text())
        if {key: report.get(key) for key in identity()} == identity():
            return report
    counts = tied_windows(load().test)
    return {
        "command": command_line(),
        **identity(),
        "chosen": f"the {MOST} test images with most tied windows and {OTHERS} others",
        "images": chosen(counts),
        "settings": {
            name: {"variables": variables, "images": []} for name, variables in SETTINGS.items()
        },
    }


def run(report: dict[str, Any], name: str, most: int, path: Path) -> None:
    """Run what is left of a setting's first images, and write the report after every one."""
    setting = report["settings"][name]
    done = {record["image"] for record in setting["images"]}
    left = [number for number in report["images"][:most] if number not in done]
    if not left:
        return
    environment = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    child = subprocess.Popen(
        [sys.executable, __file__, "--work", json.dumps(left)],
        env=environment | SETTINGS[name],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    begin = time.monotonic()
    for line in child.stdout:
        record = json.loads(line)
        if "image" not in record:
            setting |= record
            continue
        setting["images"].append(record)
        write_report(report, path)
        count = len(setting["images"]) - len(done)
        rest = (time.monotonic() - begin) / count * (len(left) - count) / 60
        print(
            f"{name}: {setting['n']} of {len(report['images'])}, image {record['image']}, "
            f"{record['tied windows']} tied windows, largest difference "
            f"{record['largest difference']:.1e}; {rest:.0f} min left",
            flush=True,
        )
    if child.wait():
        raise GradsheetError(f"the setting {name} failed; see its traceback above")


def summarized(report: dict[str, Any]) -> dict[str, Any]:
    """The report with a summary of what there is."""
    settings = report["settings"].values()
    for setting in settings:
        records = setting["images"]
        setting["n"] = len(records)
        setting["opened"] = sum(record["opened"] for record in records)
        if records:
            setting["largest difference"] = max(r["largest difference"] for r in records)
            setting["images with other winners of torch"] = sum(
                record["other winners of torch"] > 0 for record in records
            )
    seen: dict[int, list[str]] = {}
    for record in (record for setting in settings for record in setting["images"]):
        seen.setdefault(record["image"], []).append(record["winners"])
    everywhere = [found for found in seen.values() if len(found) == len(SETTINGS)]
    report["images under every setting"] = len(everywhere)
    report["with the same winners"] = sum(len(set(found)) == 1 for found in everywhere)
    return report


def write_report(report: dict[str, Any], path: Path) -> None:
    """Write the report with its summary, an image a line."""
    text = json.dumps(summarized(report), indent=1)
    for pattern in (r"\{[^{}]*\}", r"\[[^][{}]*\]"):
        text = re.sub(pattern, lambda found: json.dumps(json.loads(found[0])), text)
    write_text(path, text + "\n")


def main() -> None:
    """Run every setting, or one in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("results/opening.json"))
    parser.add_argument("--work", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        for record in work(json.loads(given.work)):
            print(json.dumps(record), flush=True)
        return
    report = start(given.output)
    for most in ROUNDS:
        for name in SETTINGS:
            run(report, name, most, given.output)
    write_report(report, given.output)
    for name in SETTINGS:
        setting = report["settings"][name]
        print(
            f"{name}: {setting['n']} images, {setting['opened']} of them opened from scratch; "
            f"largest difference {setting['largest difference']:.1e}; torch's own winners differ "
            f"in {setting['images with other winners of torch']}"
        )


if __name__ == "__main__":
    main()
