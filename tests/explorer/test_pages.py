"""The pages in a real browser: the whole path of a learner, and what must not happen."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gradsheet.digits.data import load
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.model_files import load_model
from gradsheet.explorer import build
from gradsheet.explorer.build import PAGES, write_pages
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import sweep
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.workbook.verify import verify_workbook
from tests.explorer.nodes import SOURCES, needs_chromium, needs_node, walked

RATE = 0.5
SHIPPED = Path(build.__file__).parent / "pages"
SIZES = {"backprop.html": 2_500_000, "digits.html": 1_500_000, "audit.html": 10_000_000}


def loss_after(spec: NetworkSpec, updates: int) -> str:
    """The loss as the page writes it, to four significant digits."""
    loss = sweep(spec, learning_rates=[RATE], updates=max(updates, 1)).loss[updates, 0]
    return f"{float(f'{loss:.4g}')}"


def changed_course() -> NetworkSpec:
    """The course's network with another w5."""
    spec = load_network("course")
    hidden, output = spec.layers
    changed = replace(output, weights=((0.9, 0.45), output.weights[1]))
    return replace(spec, layers=(hidden, changed))


@needs_node
def test_the_built_pages_are_those_of_the_sources(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", tmp_path], cwd=SOURCES, check=True)
    for path in SHIPPED.iterdir():
        assert (tmp_path / path.name).read_text("utf-8") == path.read_text("utf-8"), (
            f"{path.name} is not what its sources make: run `make explorer`"
        )


def test_pages_are_whole(tmp_path: Path) -> None:
    """One file each, a policy inside it, nothing from outside, small enough."""
    for path in write_pages(tmp_path):
        text = path.read_text("utf-8")
        assert path.name in PAGES
        assert "default-src 'none'" in text
        assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=[\"']?(?:http|//)", text)
        assert len(text.encode()) < SIZES[path.name]


def walk(page: str, folder: Path) -> dict[str, Any]:
    """Walk through a page in Chromium; what was seen there."""
    (path,) = (path for path in write_pages(folder) if path.name == f"{page}.html")
    return walked(f"{page}.mjs", path.as_uri(), str(folder / "saved.xlsx"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[str, Any]:
    return walk("backprop", folder)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return walk("digits", tmp_path_factory.mktemp("pages"))


@needs_node
@needs_chromium
@pytest.mark.slow
class TestBackpropagation:
    """backprop.html, walked through once."""

    def test_nothing_goes_wrong_unseen(self, seen: dict[str, Any]) -> None:
        """No console error, no exception, no request to anywhere."""
        assert seen["faults"] == []

    def test_it_is_accessible(self, seen: dict[str, Any]) -> None:
        assert seen["axe"] == []
        assert seen["phoneWidth"] == 390

    def test_it_prints(self, seen: dict[str, Any]) -> None:
        """Dark on white from the dark page, too; without its controls."""
        assert seen["printed"] == {"sheets": 2, "controls": 0, "width": 720, "axe": []}

    def test_training_is_the_librarys(self, seen: dict[str, Any]) -> None:
        spec = load_network("course")
        assert seen["lossAtStart"] == seen["lossRewound"] == loss_after(spec, 0)
        assert seen["lossAfterOne"] == loss_after(spec, 1)
        assert seen["lossAfter50"] == loss_after(spec, 50)
        assert seen["phases"] == ["forward pass", "loss", "backward pass", "update"]

    def test_a_weight_changed_on_the_drawing(self, seen: dict[str, Any]) -> None:
        """Its loss is the library's, and the address brings it back."""
        expected = loss_after(changed_course(), 0)
        assert seen["lossOfChanged"] == seen["lossReloaded"] == expected

    def test_every_preset_in_every_panel(self, seen: dict[str, Any]) -> None:
        assert list(seen["presets"]) == list(PRESETS)
        for name, found in seen["presets"].items():
            assert found["loss"] == loss_after(load_network(name), 0)
            assert min(found["panels"]) > 40

    def test_the_workbook_follows(self, seen: dict[str, Any], folder: Path) -> None:
        """And the diagram follows it; what is saved holds the page's numbers."""
        assert all("agree in every loss" in told for told in seen["workbook"]["told"])
        assert seen["workbook"]["loss"] == loss_after(changed_course(), 0)
        assert seen["workbook"]["iteration"] == "2"
        assert seen["workbook"]["formula"].endswith("=I7*G7+J7*H7")
        saved = folder / "saved.xlsx"
        assert openpyxl.load_workbook(saved)["Inputs"]["N8"].value == 0.9
        assert verify_workbook(saved).is_verified

    def test_questions_have_an_answer(self, seen: dict[str, Any]) -> None:
        assert seen["quiz"]["rows"] == 8
        assert seen["quiz"]["marked"] >= 1
        assert "It should be" in seen["quiz"]["told"]

    def test_the_surface_of_each_unit(self, seen: dict[str, Any]) -> None:
        """Two hidden units and the output; the one that is chosen is told of."""
        names, told = seen["units"]
        assert names == ["a_h1", "a_h2", "a_o1"]
        assert told.startswith("a_h2 from")

    def test_toy_examples(self, seen: dict[str, Any]) -> None:
        """The losses are tested in test_toys.py; play goes on from any panel."""
        losses, button, told = seen["toy"]
        assert re.fullmatch(r"Loss of the 60 .*: 0\.\d+; of the 40 held out: 0\.\d+\. ", losses)
        assert button == "Play"
        assert int(re.findall(r"after (\d+) updates", told)[0]) > 32

    def test_a_network_of_ones_own(self, seen: dict[str, Any]) -> None:
        assert seen["built"] == {"error": "", "nodes": 2 + 3 + 2 + 1 + 3}

    def test_what_cannot_be_is_a_sentence(self, seen: dict[str, Any]) -> None:
        *sentences, a, b, c, d = seen["refused"]
        assert "10,300 weights" in sentences[0]
        assert "is no number" in sentences[2]
        assert "is no number" in sentences[-2]
        assert "10,000 weights" in sentences[-1]
        assert all(5 < len(sentence) <= 300 for sentence in sentences)
        assert {a, b, c, d} == {loss_after(load_network("course"), 0)}  # damaged addresses
        assert seen["injected"] == 0


@needs_node
@needs_chromium
@pytest.mark.slow
class TestDigits:
    """digits.html, walked through once."""

    def test_nothing_goes_wrong_unseen(self, digits: dict[str, Any]) -> None:
        assert digits["faults"] == []
        assert digits["axe"] == []
        assert digits["phoneWidth"] == 390

    def test_it_prints(self, digits: dict[str, Any]) -> None:
        found = digits["printed"]
        assert found["sheets"] <= 5
        assert found["width"] < 730
        assert (found["controls"], found["axe"]) == (0, [])

    def test_test_digits_are_classified_as_by_the_library(self, digits: dict[str, Any]) -> None:
        """Frames of all, answers of some; test_digits.py has the answers of all."""
        images = load().test
        predictions = evaluate(load_model(None), images).predictions
        for title, digit, framed in digits["digits"]:
            index = int(re.findall(r"\d+", title)[0])
            assert digit in (None, predictions[index])
            assert framed == (predictions[index] != images.labels[index])
        chosen = [framed for _, digit, framed in digits["digits"] if digit is not None]
        assert len(digits["digits"]) == 100
        assert len(chosen) == 12 and {*chosen} == {True, False}

    def test_a_drawn_seven(self, digits: dict[str, Any]) -> None:
        """It learns to be a 3 and forgets it again."""
        assert digits["drawn"] == digits["again"] == "7"
        assert digits["learned"][0] == "3"
        assert "of the 100 test digits" in digits["changed"]
        assert digits["fooled"].startswith("To the network this is a 2 now")
        assert digits["empty"].startswith("Draw a digit")

    def test_the_number_stays_in_sight(self, digits: dict[str, Any]) -> None:
        """Beside the layers on a desk, at the foot of a phone."""
        assert len({*digits["tops"]}) == 1
        assert digits["foot"] == 0

    def test_the_overview_and_the_window(self, digits: dict[str, Any]) -> None:
        """Every block has its shape and parameters; a window slides until it is stopped."""
        blocks, place, button = digits["flow"]
        assert len(blocks) == 15
        assert sum(int(n.replace(",", "")) for text in blocks for n in counted(text)) == 17_410
        assert blocks[5].startswith("pool216 × 10 × 10")
        assert place == "pool2, channel 1, row 6, column 6"
        assert button == "Slide the window"
        assert digits["still"] == ["Move the window by one", "conv1, channel 1, row 13, column 14"]

    def test_pictures_of_ones_own(self, digits: dict[str, Any]) -> None:
        dark, light, blank, none = digits["pictures"]
        assert dark == light == "7"
        assert blank.startswith("Nothing stands out")
        assert none.startswith("This is no picture")

    def test_every_layer_can_be_pointed_at(self, digits: dict[str, Any]) -> None:
        assert len(digits["layers"]) == 15
        assert all("strongest path to the logit of 7" in text for text in digits["layers"])


def counted(block: str) -> list[str]:
    """The parameters of a block, after the last number of its shape."""
    return re.findall(r"(?:24 × 24|20 × 20|10 × 10|6 × 6|10)([\d,]+) parameters", block)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All pages with the keyboard alone."""
    folder = tmp_path_factory.mktemp("keyboard")
    assert len(list(write_pages(folder))) == len(PAGES)
    return walked("keyboard.mjs", str(folder))


@needs_node
@needs_chromium
@pytest.mark.slow
class TestKeyboard:
    """Nothing needs a mouse, and the focus is never lost."""

    def test_nothing_goes_wrong_unseen(self, keys: dict[str, Any]) -> None:
        assert keys["faults"] == []
        assert keys["axe"] == []

    def test_every_stop_has_a_name_and_can_be_seen(self, keys: dict[str, Any]) -> None:
        """Marked, in view, and few enough that the Tab key gets somewhere."""
        for page, stops in keys["stops"].items():
            assert 1 < len(stops) < 50, page
            for stop in stops:
                assert stop["name"] and stop["isMarked"] and stop["isSeen"], (page, stop)

    def test_the_drawing_goes_from_the_inputs_to_the_outputs(self, keys: dict[str, Any]) -> None:
        names = [stop["name"].split(",")[0] for stop in keys["stops"]["backprop 1440"]]
        first = names.index("i1")
        found = [name.split(" =")[0] for name in names[first : names.index("Rewind")]]
        hidden = ["w1", "w2", "w3", "w4", "h1", "h2", "w5", "w6", "w7", "w8"]
        assert found == ["i1", "0.05", "i2", "0.1", *hidden, "o1", "t1", "o2", "t2"]

    def test_the_focus_stays_where_it_is(self, keys: dict[str, Any]) -> None:
        """Whatever is drawn anew."""
        kept = keys["kept"]
        assert kept["preset"] == [kept["preset"][0], "course-half"]
        assert kept["preset"][0].startswith("network")
        assert kept["example"][0].startswith("example")
        for label, told in (kept["label"], kept["escaped"]):
            assert label.startswith("w5 = 1, ")
            assert told == kept["label"][1]
        assert kept["step"][0] == "Why this number?" and "step 3" in kept["step"][1]
        panels = {name: told for name, [told, *_] in kept.items() if "#panel" in name}
        assert {*panels.values()} == {"same"}, panels
        assert kept["One step"][0] == "One step"
        assert kept["Clear"] == ["Drop workbooks here, or choose them:", "0"]

    def test_why_this_number(self, keys: dict[str, Any]) -> None:
        """The focus goes to the answer, the answer follows the training, Escape goes back."""
        heading, before, after, still, unit, closed = keys["why"]
        assert heading == still == "Why this number?"
        assert before != after and before[:3] == after[:3] == "ah1"
        assert unit.startswith("h1, activation of hidden unit 1") and closed

    def test_tabs_and_the_sheet(self, keys: dict[str, Any]) -> None:
        assert keys["tabs"] == ["Loss curves", "Build your own"]
        stops, iteration, cell = keys["sheet"]
        assert (stops, iteration) == (1, "2")
        assert float(cell) == pytest.approx(0.50685408)

    def test_a_weight_of_a_large_network(self, keys: dict[str, Any]) -> None:
        """176 weights have no room on the drawing."""
        chosen, changed, focus, clicked = keys["weight"]
        assert (chosen, changed, focus, clicked) == ("w176", True, "before training", "w1")

    def test_digits(self, keys: dict[str, Any]) -> None:
        """One is drawn with the keys; the maps of a layer are one picture."""
        assert keys["drawn"].startswith("It is a 1")
        name, answer = keys["gallery"]
        assert name.startswith("test image") and answer.startswith("It is a ")
        across, next_map = keys["maps"]
        assert across.startswith("conv1, channel 2, row 13, column 1:")
        assert next_map.startswith("conv1, channel 3, row 13, column 1:")

    def test_a_check_can_be_stopped(self, keys: dict[str, Any]) -> None:
        """What waits goes on in another Worker."""
        focus, *verdicts, ended = keys["stopped"]
        assert focus == "Drop workbooks here, or choose them:"
        assert verdicts == ["not audited: stopped", "all right"]
        assert ended == 1
