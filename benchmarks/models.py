"""How many models as people publish them open as a workbook.

    pip install -r benchmarks/requirements.txt
    python benchmarks/models.py -o results/models.json

Three parts: the hundred models of ``published_models``, forward, backward and a step; the test
cases that come with onnx; and models of scikit-learn by way of skl2onnx. Each is opened in a
process of its own, with limits of time and memory, as ``write_model_workbook`` opens it: its
gradients are compared with the model's own, and the workbook, recalculated with IronCalc, with
PyTorch. Every refusal is in the results with its line.
"""

import argparse
import json
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import published_models
import torch
from isolation import isolated
from onnx_cases import OnnxCase, file_cases, standard_cases
from scikit_learn_models import MODELS as SCIKIT_LEARN
from scikit_learn_models import exported
from training import command_line, machine, print_surroundings, versions

from gradsheet.errors import GradsheetError
from gradsheet.files import write_text
from gradsheet.models.agreement import differences_of
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.onnx_import.reading import chosen_output, import_model
from gradsheet.models.opening import negative_log_probability
from gradsheet.spreadsheet.recalculate import recalculated

SECONDS, CASE_SECONDS = 300, 60
ACCEPTED = 1e-6
"""The largest difference with which a workbook is written, as in gradsheet.models.agreement."""
PACKAGES = (
    *("torch", "numpy", "ironcalc", "xlsxwriter", "onnx", "skl2onnx", "scikit-learn", "timm"),
    *("torchvision", "transformers", "x-transformers", "vit-pytorch", "monai"),
)

Record = dict[str, Any]


# --- Opening one ----------------------------------------------------------------------------------


def opened(*arguments: Any, **options: Any) -> Record:
    """What opening a model gives: formulas, the largest difference and seconds, or the refusal."""
    start = time.process_time()
    try:
        book = ModelWorkbook(*arguments, **options)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.xlsx"
            expected = book.write(path)
            found = differences_of(recalculated(path, {}, "ironcalc"), expected)
            size = path.stat().st_size
    except GradsheetError as error:
        return {"opened": False, "refusal": str(error)}
    worst = max(difference.tolerated for difference in found.values())
    record = {
        "opened": worst < ACCEPTED,
        "formulas": sum(block.values.size for block in expected),
        "megabytes": round(size / 1e6, 2),
        "largest difference": float(f"{worst:.1e}"),
        "seconds": round(time.process_time() - start, 1),
    }
    return record if record["opened"] else record | {"refusal": "it differs from PyTorch"}


def open_published(name: str) -> Record:
    """Open a model of the list: forward, backward and a step."""
    case = published_models.make(name)
    return opened(
        case.model,
        case.example,
        # A loss of the output alone ignores its target.
        0 if case.target is None else case.target,
        loss=case.loss,
        output=case.output,
        train=case.training,
    )


def open_case(case: OnnxCase) -> Record:
    """Open a case with the gradient of the output's sum, or forward where it has none."""
    try:
        model, example = import_model(case.model, case.inputs)
    except GradsheetError as error:
        return {"opened": False, "refusal": str(error)}
    with torch.no_grad():
        found = model(**example).double().numpy()
    expected = case.outputs[chosen_output(case.model.graph)]
    scale = max(float(np.nanmax(np.abs(expected), initial=0)), 1e-30)
    if found.shape != expected.shape or not np.allclose(
        found, expected, rtol=1e-3, atol=1e-4 * scale, equal_nan=True
    ):
        return {"opened": True, "wrong": True}
    record = opened(model, example, 0, loss=weighted_sum)
    if record["opened"]:
        return record | {"backward": True}
    forward = opened(model, example)
    return forward | {"backward": False} if forward["opened"] else record


def open_scikit_learn(name: str) -> Record:
    """Open a model of scikit-learn and compare its output with scikit-learn's."""
    model, inputs, expected = exported(name)
    module, example = import_model(model, inputs)
    with torch.no_grad():
        found = module(**example).numpy()
    difference = float(np.abs(found - np.reshape(expected, found.shape)).max())
    if difference > 1e-5 * max(1.0, float(np.abs(expected).max())):
        return {"opened": True, "wrong": True}
    is_classifier = found.shape[1] > 1 and bool((np.abs(found.sum(1) - 1) < 1e-6).all())
    loss = negative_log_probability if is_classifier else weighted_sum
    target = torch.tensor([0, 1]) if is_classifier else 0
    return opened(module, example, target, loss=loss) | {
        "difference from scikit-learn": float(f"{difference:.1e}")
    }


def weighted_sum(output: torch.Tensor, _: object) -> torch.Tensor:
    """A loss of any output whose gradient is another for each number."""
    weights = torch.cos(torch.arange(output.numel(), dtype=output.dtype))
    return (output * weights.reshape(output.shape)).sum()


# --- The parts ------------------------------------------------------------------------------------


def run_models(names: Iterable[str]) -> list[Record]:
    """The published models."""
    records = []
    for name in names:
        published = published_models.load()[name]
        found = isolated(lambda name=name: open_published(name), SECONDS)  # type: ignore[misc]
        records.append(
            {"name": name, "family": published.family, "package": published.package}
            | _refused(found)
        )
        _print(records[-1])
    return records


def run_cases(cases: Iterable[OnnxCase]) -> Record:
    """Cases of onnx: counts, and the names of each refusal."""
    counts: Counter[str] = Counter()
    refusals: dict[str, list[str]] = {}
    wrong = []
    for number, case in enumerate(cases, 1):
        if sys.stderr.isatty() or number % 50 == 0:
            print(f"case {number}: {case.name}", file=sys.stderr, flush=True)
        found = _refused(isolated(lambda case=case: open_case(case), CASE_SECONDS))  # type: ignore[misc]
        counts["cases"] += 1
        if found.get("wrong"):
            wrong.append(case.name)
        elif found["opened"]:
            counts["right"] += 1
            counts["right, with gradients"] += bool(found["backward"])
        else:
            counts["refused"] += 1
            refusals.setdefault(_kind(found["refusal"], case), []).append(case.name)
    ordered = sorted(refusals.items(), key=lambda item: (-len(item[1]), item[0]))
    return {**counts, "wrong": wrong, "refusals": dict(ordered)}


def _kind(refusal: str, case: OnnxCase) -> str:
    """A refusal without the names of the case's values."""
    return re.sub(r"^node \S+: ", "", refusal).replace(case.name, "…")


def run_scikit_learn() -> list[Record]:
    """The models of scikit-learn."""
    records = []
    for name in SCIKIT_LEARN:
        found = isolated(lambda name=name: open_scikit_learn(name), SECONDS)  # type: ignore[misc]
        records.append({"name": name, **_refused(found)})
        _print(records[-1])
    return records


def _refused(found: Record) -> Record:
    """A record; of a process that failed a refusal that is no line of ours."""
    if "failed" not in found:
        return found
    return {"opened": False, "refusal": found["failed"], "crashed": True}


def _print(record: Record) -> None:
    if record["opened"]:
        said = f"{record.get('formulas', 0):8,} formulas  {record.get('seconds', 0):6.1f} s"
    else:
        said = record["refusal"]
    print(f"{record['name']:36}{said}", flush=True)


def summary(report: Record) -> Record:
    """Counts by family, and in all."""
    families: dict[str, list[int]] = {}
    for record in report["models"]:
        count = families.setdefault(record["family"], [0, 0])
        count[0] += record["opened"]
        count[1] += 1
    opened_, of = (sum(count[i] for count in families.values()) for i in (0, 1))
    return {
        "models opened": f"{opened_} of {of}",
        "by family": {name: f"{found} of {of}" for name, (found, of) in families.items()},
    }


def main() -> None:
    """Run the parts and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("results/models.json"))
    parser.add_argument("--parts", nargs="+", default=["models", "onnx", "scikit-learn"])
    parser.add_argument("names", nargs="*", help="of models; by default all")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    # What is loaded here once is there in every process that is forked.
    opened(torch.nn.Linear(2, 2), torch.ones(1, 2), 0, loss=weighted_sum)
    report: Record = json.loads(given.output.read_text()) if given.output.exists() else {}
    report |= {"command": command_line(), "machine": machine(), "versions": versions(PACKAGES)}
    parts: dict[str, Callable[[], Any]] = {
        "models": lambda: run_models(given.names or published_models.load()),
        "onnx": lambda: {
            "standard": run_cases(standard_cases()),
            "pytorch and simple": run_cases(file_cases()),
        },
        "scikit-learn": run_scikit_learn,
    }
    for part in given.parts:
        report[part] = parts[part]()
        if "models" in report:
            report["summary"] = summary(report)
        write_text(given.output, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    _print_table(report)


def _print_table(report: Record) -> None:
    if "summary" in report:
        for family, count in report["summary"]["by family"].items():
            print(f"{family:44}{count:>10}")
        print(f"{'models opened':44}{report['summary']['models opened']:>10}")
    for name, part in report.get("onnx", {}).items():
        print(f"onnx, {name}: {part['right']} of {part['cases']} right, {len(part['wrong'])} wrong")
    if "scikit-learn" in report:
        records = report["scikit-learn"]
        print(f"scikit-learn: {sum(r['opened'] for r in records)} of {len(records)} open")
    print_surroundings(report)


if __name__ == "__main__":
    main()
