"""Examples from files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradsheet.errors import GradsheetError
from gradsheet.models.example_files import Sizes, read_example


def test_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6).reshape(2, 3))
    found = read_example(tmp_path / "x.npy")
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
    np.savez(tmp_path / "x.npz", a=np.ones(2), b=np.zeros(1))
    several = read_example(tmp_path / "x.npz")
    assert isinstance(several, dict)
    assert sorted(several) == ["a", "b"]


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    """They are pickled: reading them could run anything."""
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object))
    with pytest.raises(GradsheetError, match=r"x\.npy is not a file of arrays"):
        read_example(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("text", "sizes", "shape"),
    [
        ("1,2,3\n4,5,6\n", [None, 3], (2, 3)),
        ("a,b,c\n1;2;3\n", [None, 3], (1, 3)),
        ("1,2,3,4\n", [None, 1, 2, 2], (1, 1, 2, 2)),
        ("1,2\n3,4\n", [None, 1, 2, 2], (2, 2)),
        ("1,2\n3,4\n", [1, None, 2], (1, 2, 2)),
        ("1,2\n", [2], (2,)),
        ("\ufeff1,2\n\n", None, (1, 2)),
    ],
)
def test_tables(text: str, sizes: Sizes | None, shape: tuple[int, ...], tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    found = read_example(path, sizes)
    assert isinstance(found, np.ndarray)
    assert found.shape == shape


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2\n3,x\n", "has 'x' in its example 2; expected numbers"),
        ("1,2\n3\n", "has 1 numbers in its example 2 and 2 in the first"),
        ("a,b\n", "has one line, 'a,b', and no numbers; expected a table of numbers"),
        ("\n", "is empty; expected a table of numbers"),
    ],
)
def test_tables_of_something_else_are_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(GradsheetError, match=said):
        read_example(tmp_path / "x.csv")


def test_pictures(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    Image.new("RGB", (8, 4), (255, 0, 51)).save(path)
    for sizes, shape in (
        ([None, 3, 2, 6], (1, 3, 2, 6)),
        ([1, 2, 6, 3], (1, 2, 6, 3)),
        ([None, 1, None, None], (1, 1, 4, 8)),
    ):
        found = read_example(path, sizes)
        assert isinstance(found, np.ndarray)
        assert found.shape == shape
    found = read_example(path, [None, 3, 2, 6])
    assert isinstance(found, np.ndarray)
    assert found[0, :, 0, 0].tolist() == [1, 0, 0.2]
    with pytest.raises(GradsheetError, match="the network takes no picture"):
        read_example(path, [None, 3])


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match=r"cannot read an example from x\.txt; expected an"):
        read_example(Path("x.txt"))
    (tmp_path / "x.png").write_text("no picture")
    with pytest.raises(GradsheetError, match="is not a picture"):
        read_example(tmp_path / "x.png", [None, 1, 2, 2])
