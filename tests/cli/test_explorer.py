"""gradsheet explore."""

from pathlib import Path

from gradsheet.explorer.build import PAGES
from tests.commands import Run


def test_it_writes_the_pages(gradsheet: Run, tmp_path: Path) -> None:
    ended = gradsheet("explore", "-o", "pages")
    assert ended.code == 0
    assert {path.name for path in (tmp_path / "pages").iterdir()} == set(PAGES)
    assert all(name in ended.stderr + ended.stdout for name in PAGES)


def test_a_folder_that_cannot_be(gradsheet: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ended = gradsheet("explore", "-o", "file/pages")
    assert ended.code == 2
    assert ended.stderr.count("\n") == 1
