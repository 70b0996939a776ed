"""Network files in the pages, opened and written by Node, against the command line."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from gradsheet.errors import GradsheetError
from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import sweep
from gradsheet.networks.toml import PRESETS, load_network, parse_network, to_toml
from tests.explorer.nodes import answered, bundle, needs_node
from tests.reference import random_network

RATE, UPDATES = 0.1, 100

pytestmark = needs_node

ENDS = "inputs = [[0.5, -1], [2, 0.25]]\ntargets = [[1.0], [0.0]]\n"
DRAWN = {
    "left out": "[[layers]]\nunits = 3\n[[layers]]\nunits = 1\n",
    "a seed": "seed = 7\n[[layers]]\nunits = 4\nactivation = 'relu'\n[[layers]]\nunits = 1\n",
    "below zero": "seed = -12\n[[layers]]\nunits = 2\n[[layers]]\nunits = 1\n",
    "two words": "seed = 9_000_000_000_000_000_001\n[[layers]]\nunits = 320\n"
    "[[layers]]\nunits = 1\n",
    "schemes": "[[layers]]\nunits = 5\nweights = 'he'\n[[layers]]\nunits = 1\nweights = 'xavier'\n",
    "some given": "[[layers]]\nunits = 2\n[[layers]]\nweights = [[1, 2], [3, 4.5]]\n"
    "[[layers]]\nunits = 1\nbias = 0.5\n",
}
TRAINED = {
    "rates": "learning_rates = [0.25, 3]\nupdates = 12\nname = 'a b'\ntitle = 'Zürich'\n",
    "penalty": "l2 = 0.125\n",
    "former name": "optimiser = 'adam'\n",
    "settings": "optimizer = { name = 'adam', beta2 = 0.5 }\n",
    **{name: f"optimizer = '{name}'\n" for name in OPTIMIZERS},
}
LAST = "[[layers]]\nweights = [[0.3, -0.2]]\nbias = 0.1\n"
REFUSED = {
    "unknown field": "speed = 1\n" + LAST,
    "unknown in a layer": LAST + "unit = 3\n",
    "seed": "seed = 1.5\n" + LAST,
    "seed as text": "seed = 'x'\n[[layers]]\nunits = 1\n",
    "no units": "[[layers]]\nactivation = 'tanh'\n",
    "units": "[[layers]]\nunits = 1.0\n",
    "no unit": "[[layers]]\nunits = 0\n",
    "too many": "[[layers]]\nunits = 100_000_000_000\n",
    "units and rows": "[[layers]]\nunits = 2\nweights = [[1, 2]]\n",
    "scheme": "[[layers]]\nunits = 1\nweights = 'normal'\n",
    "flat weights": "[[layers]]\nweights = [1, 2]\n",
    "both biases": LAST + "biases = [1]\n",
    "train": LAST + "train_biases = 1\n",
    "truth": "[[layers]]\nweights = [[1, true]]\n",
    "setting": "optimizer = { name = 'adam', beta3 = 0.5 }\n" + LAST,
    "setting of 1": "optimizer = { name = 'adam', beta1 = 1 }\n" + LAST,
    "below 0": "optimizer = { name = 'adam', epsilon = -1 }\n" + LAST,
    "no name": "optimizer = { beta1 = 0.5 }\n" + LAST,
    "penalty": "l2 = -0.1\n" + LAST,
    "two penalties": "l2 = 0.1\noptimizer = 'weight-decay'\n" + LAST,
    "rate": "learning_rates = [0.0]\n" + LAST,
    "rate twice": "learning_rates = [0.5, 0.5]\n" + LAST,
    "one rate": "learning_rates = 0.5\n" + LAST,
    "updates": "updates = 1.5\n" + LAST,
    "name": "name = 7\n" + LAST,
    "two lines": 'title = "a\\nb"\n' + LAST,
    "layers": "layers = 5\n",
    "targets": "loss = 'binary-cross-entropy'\n"
    + LAST.replace("weights", "weights ")
    + "activation = 'sigmoid'\n",
}


def refused_text(name: str) -> str:
    ends = ENDS.replace("[1.0]", "[2.0]") if name == "targets" else ENDS
    return ends + REFUSED[name]


def networks() -> dict[str, str]:
    """Files by what they are for."""
    random = {f"random {seed}": to_toml(random_network(seed)) for seed in range(25)}
    return {
        **{name: ENDS + text for name, text in DRAWN.items()},
        **{name: text + ENDS + LAST for name, text in TRAINED.items()},
        **{name: to_toml(load_network(name)) for name in PRESETS},
        **random,
    }


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the pages make of each file, by its name."""
    texts = networks() | {f"refused: {name}": refused_text(name) for name in REFUSED}
    script = bundle("files-witness.ts", tmp_path_factory.mktemp("files"))
    found = answered(script, {"texts": list(texts.values()), "rate": RATE})
    return dict(zip(texts, found, strict=True))


def as_page(spec: NetworkSpec) -> dict[str, Any]:
    """The network as a page holds it; its settings only where they are not the usual ones."""
    rule = OPTIMIZERS[spec.optimizer].settings
    own = {
        str(symbol): value
        for (symbol, usual, _), value in zip(rule, spec.settings, strict=False)
        if value != usual
    }
    whole = asdict(spec)
    fields = ("inputs", "targets", "layers", "loss", "optimizer", "name", "title")
    found: dict[str, Any] = json.loads(json.dumps({field: whole[field] for field in fields}))
    return found | ({"settings": own} if own else {}) | ({"l2": spec.l2} if spec.l2 else {})


@pytest.mark.filterwarnings("ignore:.*optimiser")
@pytest.mark.parametrize("name", networks())
def test_a_file_is_the_same_network(name: str, answers: dict[str, dict[str, Any]]) -> None:
    """Every number to the last bit, random weights too; and so is what the page writes."""
    spec = parse_network(networks()[name], "file")
    found = answers[name]
    assert found.get("spec") == as_page(spec), found.get("error")
    assert found["rates"] == list(spec.learning_rates)
    assert as_page(parse_network(found["toml"], "written")) == as_page(spec)


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_command_line_refuses(name: str, answers: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(GradsheetError):
        parse_network(refused_text(name), "file")
    assert 10 < len(answers[f"refused: {name}"]["error"].splitlines()[0]) < 200


@pytest.fixture
def usual_numbers() -> Iterator[None]:
    """Afterwards torch makes numbers of the usual type again: the code chooses float64 for all."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


@pytest.mark.usefixtures("usual_numbers")
@pytest.mark.filterwarnings("ignore:.*optimiser")
def test_the_pytorch_code_trains_alike(answers: dict[str, dict[str, Any]]) -> None:
    """As long as the loss falls: where it jumps about, rounding errors grow without bound."""
    compared = dict.fromkeys(OPTIMIZERS, 0)
    for name, text in networks().items():
        if name == "two words":
            continue  # slow, and like the others
        spec = parse_network(text, "file")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(answers[name]["torch"].replace("UPDATES = 0.1, 100", "UPDATES = 0.1, 20"), {})
        losses = sweep(spec, learning_rates=[RATE], updates=20).loss[:, 0].tolist()
        for line, expected in zip(printed.getvalue().splitlines(), losses, strict=False):
            if not expected <= losses[0]:
                break
            assert float(line.split()[1]) == pytest.approx(expected, rel=1e-6, abs=1e-9), name
            compared[spec.optimizer] += 1
    assert all(count > 10 for count in compared.values()), compared
