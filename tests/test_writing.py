"""Files appear whole, and nothing is left beside them."""

import os
from pathlib import Path

from gradsheet.files import whole_file


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
