"""What tests in several rooms share."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.course_sheets import COURSE_SHEETS, write_course_sheet

if TYPE_CHECKING:
    from gradsheet.digits.data import Dataset

pytest_plugins = ("tests.commands",)
# They are about an environment without torch, and `make test-core` runs them in one.
collect_ignore = ["core"] if find_spec("torch") else []

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate",
        action="store_true",
        help="write the golden files anew, to be read in a diff",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name in tests/golden."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--regenerate"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def mnist() -> "Dataset":
    from gradsheet.digits.data import load

    return load()


@pytest.fixture(scope="session")
def course_sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of the course sheets by their names."""
    folder = tmp_path_factory.mktemp("course-sheets")
    return {name: write_course_sheet(name, folder / f"{name}.xlsx") for name in COURSE_SHEETS}
