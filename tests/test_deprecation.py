"""What version 0.1 called otherwise works in version 0.2, with a warning."""

from pathlib import Path

import pytest

from gradsheet.deprecation import formerly
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.sweep import descend, sweep
from gradsheet.networks.toml import to_toml
from gradsheet.workbook.build import write_exercise, write_workbook
from gradsheet.workbook.verify import verify
from tests.commands import Run

LINE = NetworkSpec(((2.0,),), ((1.0,),), (LayerSpec(((3.0,),), "identity"),))


@formerly(("size", "color"), colour="color")
def drawn(what: str, *, size: int = 1, color: str = "red") -> tuple[str, int, str]:
    return what, size, color


def test_arguments_of_today_pass_without_a_warning() -> None:
    assert drawn("dot", size=2, color="blue") == ("dot", 2, "blue")


def test_former_keywords_and_positions_warn_at_the_callers_line() -> None:
    with pytest.warns(DeprecationWarning, match=r"colour= of drawn\(\) is now color=") as found:
        assert drawn("dot", colour="blue") == ("dot", 1, "blue")  # type: ignore[call-arg]
    assert found[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"argument of drawn\(\) is now size=, color="):
        assert drawn("dot", 2, "blue") == ("dot", 2, "blue")  # type: ignore[call-arg]


def test_too_many_arguments_are_refused_as_ever() -> None:
    with (
        pytest.warns(DeprecationWarning, match="positional"),
        pytest.raises(TypeError, match="takes 1 positional argument"),
    ):
        drawn("dot", 2, "blue", 3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword"):
        drawn("dot", shade=3)  # type: ignore[call-arg]


def test_the_former_ways_to_write_and_verify_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pytest.warns(DeprecationWarning, match=r"rates= of write_workbook\(\) is now learning_r"):
        write_workbook(LINE, path, rates=(0.1,), updates=1)  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match=r"verify\(\) is now verify_workbook\(\)"):
        assert verify(path).is_verified
    with pytest.warns(DeprecationWarning, match=r"is now learning_rates=, updates="):
        write_workbook(LINE, path, (0.1,), 1)  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match=r"solved= of write_exercise\(\) is now solution="):
        write_exercise(LINE, str(path), solved=True, updates=1)  # type: ignore[call-arg]


def test_the_former_names_of_learning_rates() -> None:
    with pytest.warns(DeprecationWarning, match=r"rates= of descend\(\) is now learning_rates="):
        descent = descend(build_graph(LINE), rates=(0.1,), updates=1)  # type: ignore[call-arg]
    assert (descent.loss == sweep(LINE, learning_rates=(0.1,), updates=1).loss).all()
    with pytest.warns(DeprecationWarning, match=r"Descent.rates is now Descent.learning_rates"):
        assert descent.rates == (0.1,)


def test_the_former_key_of_the_optimizer_is_noted_in_one_line(
    gradsheet: Run, tmp_path: Path
) -> None:
    text = to_toml(LINE).replace("optimizer", "optimiser")
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    ended = gradsheet("workbook", "mine.toml", "-o", "mine.xlsx", "--rates", "0.1", "--quiet")
    assert ended.code == 0
    assert ended.stderr == (
        "gradsheet: note: mine.toml: the key 'optimiser' is now 'optimizer'; version 0.3 will not "
        "read the old one\n"
    )
