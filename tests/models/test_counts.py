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
        f"Of a list of models as people publish them {report['summary']['models opened']} open; of "
        f"the test cases that come with onnx, those of real numbers, {standard['right']} of "
        f"{standard['cases']}, of its exported models {others['right']} of {others['cases']}; of "
        f"scikit-learn's models {sum(m['opened'] for m in learned)} of {len(learned)}"
    )
    text = " ".join((ROOT / "docs" / "models.md").read_text().split())
    assert sentence in text
