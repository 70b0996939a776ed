"""Files appear whole, and nothing is left beside them."""

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from gradsheet.errors import GradsheetError
from gradsheet.files import check_place, whole_file


@pytest.mark.parametrize(
    ("path", "is_folder", "said"),
    [
        ("new/deep/file.txt", False, None),
        ("file", False, None),
        ("new/deep", True, None),
        ("folder", True, None),
        ("folder", False, "cannot write .*folder: it is a folder"),
        ("file", True, "cannot write .*file: it is a file; expected a folder"),
        ("file/x", False, "cannot write .*x: .*file is a file; choose a place"),
        ("file/x/y", True, "cannot write .*y: .*file is a file; choose a place"),
    ],
)
def test_a_place_is_checked_and_nothing_made(
    path: str, is_folder: bool, said: str | None, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    with nullcontext() if said is None else pytest.raises(GradsheetError, match=said):
        check_place(tmp_path / path, is_folder)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]


def test_what_a_killed_process_left_of_a_file_is_removed(tmp_path: Path) -> None:
    """It is old, and nobody holds a lock on it as long as a process that writes."""
    stale, other = tmp_path / ".book-abcdefgh.xlsx", tmp_path / ".table-abcdefgh.xlsx"
    path = tmp_path / "book.xlsx"
    with whole_file(path) as writing:
        for file in (stale, other, writing):
            file.write_bytes(b"half")
            os.utime(file, (0, 0))
        with whole_file(path) as also_writing:
            also_writing.write_bytes(b"first")
            assert writing.exists()
            assert not stale.exists()
        assert path.read_bytes() == b"first"
    assert path.read_bytes() == b"half"
    assert {file.name for file in tmp_path.iterdir()} == {"book.xlsx", other.name}
