"""The pages, and the results that they quote."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def page_of(name: str) -> str:
    """The text of a page in docs/."""
    return (ROOT / "docs" / f"{name}.md").read_text()


README = (ROOT / "README.md").read_text()
CLASSIFIER = page_of("digit-classifier")


def results_of(name: str) -> Any:
    """What a file of results holds."""
    return json.loads((ROOT / "results" / f"{name}.json").read_text())


def shipped_zoo() -> dict[str, dict[str, Any]]:
    """The results of the zoo that ship with the package."""
    file = ROOT / "src/gradsheet/digits/weights/zoo.json"
    return json.loads(file.read_text())  # type: ignore[no-any-return]  # its form is asserted


def flat(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())
