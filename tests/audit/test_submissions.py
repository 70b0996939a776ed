"""The workbooks behind files, folders and zips: all of them, once, and nothing written outside."""

import os
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gradsheet.audit import submissions as module
from gradsheet.audit.submissions import COPIES, Submission, submissions
from gradsheet.errors import GradsheetError


def found_in(*given: Path) -> list[Submission]:
    with submissions(given) as found:
        return found


def names(*given: Path) -> list[str]:
    return [str(one.name.relative_to(given[0].parent)) for one in found_in(*given)]


def obstacles(path: Path) -> dict[str, str]:
    return {one.name.name: one.obstacle.why for one in found_in(path) if one.obstacle}


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "class"
    for name in ("b/two.xlsx", "a/one.XLSX", "a/old.xls", "a/~$one.xlsx", "notes.pdf", "three.ods"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(b"PK")
    return made


def test_a_folder_is_searched_in_order_and_locks_are_left_out(folder: Path) -> None:
    expected = ["three.ods", "a/old.xls", "a/one.XLSX", "b/two.xlsx"]
    assert names(folder) == [f"class/{name}" for name in expected]


def test_each_file_is_taken_once(folder: Path) -> None:
    again = folder / "b" / ".." / "b" / "two.xlsx"
    assert found_in(again, folder)[0].name == again
    assert len(found_in(folder, again, folder)) == 4


def test_a_folder_without_a_workbook_is_said(tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match=r"no workbook found in .*; expected \.xlsx"):
        found_in(tmp_path)


def test_links_to_folders_are_not_followed(folder: Path) -> None:
    (folder / "loop").symlink_to(folder)
    assert len(found_in(folder)) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is open to root")
def test_a_closed_folder_is_a_row(folder: Path) -> None:
    (folder / "a").chmod(0)
    try:
        assert "Permission denied" in obstacles(folder)["a"]
    finally:
        (folder / "a").chmod(0o700)


def test_a_zip_is_unpacked_as_long_as_it_is_needed(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "c.zip", {"Ann Lee_1/h.xlsx": b"PK1", "Bo_2/h.xlsx": b"PK2"})
    with submissions([archive]) as found:
        assert [one.path.read_bytes() for one in found] == [b"PK1", b"PK2"]
        assert [one.name for one in found] == [
            archive / "Ann Lee_1/h.xlsx",
            archive / "Bo_2/h.xlsx",
        ]
        assert {one.archive for one in found} == {archive}
    assert not [one.path for one in found if one.path.exists()]


def test_a_workbook_with_the_suffix_of_a_zip_is_a_workbook(tmp_path: Path) -> None:
    book = zipped(tmp_path / "book.zip", {"[Content_Types].xml": b"<Types/>"})
    assert found_in(book) == [Submission(book, book)]


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    bad = [
        "../../out.xlsx",
        "/etc/out.xlsx",
        "..\\..\\out.xlsx",
        "a/../../../out.xlsx",
        "C:\\out.xlsx",
    ]
    (tmp_path / "in").mkdir()
    archive = zipped(tmp_path / "in" / "c.zip", dict.fromkeys(bad, b"PK"))
    with submissions([archive]) as found:
        assert len(found) == len(bad)
        assert len({one.path.parent for one in found}) == 1
        assert all(one.name.is_relative_to(archive) for one in found)
        assert not any(".." in one.name.parts for one in found)
        assert len({one.name for one in found}) == len(bad)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["c.zip"]


@pytest.mark.parametrize(
    "name", ["\x1b[2J\u202e\x07", "n" * 300, "a\nb", "\ud800".encode("utf-8", "replace").decode()]
)
def test_names_are_fit_to_be_shown(name: str, tmp_path: Path) -> None:
    [one] = found_in(zipped(tmp_path / "c.zip", {f"{name}.xlsx": b"PK"}))
    assert one.name.name.isprintable()
    assert len(one.name.name) <= 100
    assert one.name.suffix == ".xlsx"


def test_two_files_of_one_name_stay_two(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = tmp_path / "c.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("h.xlsx", b"PK1")
            file.writestr("h.xlsx", b"PK2")
    assert [one.name.name for one in found_in(archive)] == ["h.xlsx", "2 h.xlsx"]


def many(path: Path, count: int) -> Path:
    return zipped(path, {f"{number}.xlsx": b"" for number in range(count)})


def bomb(path: Path) -> Path:
    return zipped(path, {"b.xlsx": bytes(2 << 20), "a.xlsx": b"PK"}, zipfile.ZIP_DEFLATED)


def nested(path: Path) -> Path:
    return zipped(path, {"inner.zip": b"PK", "a.xlsx": b"PK"})


def broken(path: Path) -> Path:
    path.write_bytes(bomb(path).read_bytes()[:-30])
    return path


def locked(path: Path) -> Path:
    content = bytearray(zipped(path, {"b.xlsx": b"PK", "a.xlsx": b"PK"}).read_bytes())
    first = content.index(b"PK\x01\x02")
    for start in (0, first):
        flags = start + (6 if start == 0 else 8)
        content[flags : flags + 2] = struct.pack("<H", 1)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("made", "rows", "why"),
    [
        (bomb, ["a.xlsx", "b.xlsx"], "unpacks to more than 1,048,576 bytes"),
        (nested, ["a.xlsx", "inner.zip"], "a zip inside a zip"),
        (broken, ["c.zip"], "broken or cut off"),
        (locked, ["a.xlsx", "b.xlsx"], "password required"),
    ],
)
def test_what_cannot_be_unpacked_is_a_row(
    made: Callable[[Path], Path], rows: Sequence[str], why: str, tmp_path: Path
) -> None:
    path = made(tmp_path / "c.zip")
    assert [one.name.name for one in found_in(path)] == rows
    [said] = obstacles(path).values()
    assert why in said


def test_a_zip_of_too_many_files_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_FILES", 5)
    assert "more than 5 files" in obstacles(many(tmp_path / "c.zip", 6))["c.zip"]
    assert not obstacles(many(tmp_path / "d.zip", 5))


def test_what_all_files_unpack_to_has_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_IN_ALL", 250)
    archive = zipped(tmp_path / "c.zip", {f"{n}.xlsx": bytes(100) for n in range(4)})
    assert list(obstacles(archive)) == ["2.xlsx", "3.xlsx"]


def test_a_zip_of_annotated_copies_is_known_by_its_comment(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "c.zip", {"a-audited.xlsx": b"PK"})
    with zipfile.ZipFile(archive, "a") as file:
        file.comment = COPIES
    [one] = found_in(archive)
    assert one.obstacle is not None
    assert one.obstacle.reason == "copy"
