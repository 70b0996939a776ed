"""The counts in docs/models.md are those of results/models.json."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_counts_of_models_that_open() -> None:
    report = json.loads((ROOT / "results" / "models.json").read_text())
    standard, others = (report["onnx"][name] for name in ("standard", "pytorch and simple"))
    learned = report["scikit-learn"]
    assert not standard["wrong"] and not others["wrong"]
    sentence = (
        f"as tutorials and repositories write them, {report['summary']['models opened']} open. "
        f"Of the test cases of real numbers that come with onnx, {standard['right']} of "
        f"{standard['cases']} open, and of its exported models {others['right']} of "
        f"{others['cases']}; of scikit-learn's models, "
        f"{sum(m['opened'] for m in learned)} of {len(learned)}. "
        "The others are refused; no result is wrong"
    )
    text = " ".join((ROOT / "docs" / "models.md").read_text().split())
    assert sentence in text
