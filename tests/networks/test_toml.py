"""Networks as TOML: what is read, what is refused, and how it is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradsheet.errors import GradsheetError
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import PRESETS, load_network, parse_network, to_toml
from tests.reference import random_network

GOOD = """name = "mine"
inputs = [1, 2.5]
targets = [0.5]

[[layers]]
units = 3
activation = "tanh"
weights = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
biases = [0.1, 0.2, 0.3]

[[layers]]
activation = "identity"
weights = [[1, 2, 3]]
bias = 0.5
train_biases = false
"""


def test_a_toml_file_becomes_a_network(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert load_network(str(path)) == NetworkSpec(
        name="mine",
        inputs=((1.0, 2.5),),
        targets=((0.5,),),
        layers=(
            LayerSpec(((0.1, 0.2), (0.3, 0.4), (0.5, 0.6)), "tanh", (0.1, 0.2, 0.3), True),
            LayerSpec(((1.0, 2.0, 3.0),), "identity", (0.5,), False),
        ),
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_named_as_they_are_called(preset: str) -> None:
    assert load_network(preset).name == preset


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "mine"', "name = 3", "line 1, name: 3 given, expected text"),
        ("inputs = [1, 2.5]", "inputs = []", "line 2, inputs: there are none"),
        ("inputs = [1, 2.5]", "inputs = 1", "line 2, inputs: 1 given, expected a list"),
        ("inputs = [1, 2.5]", 'inputs = [1, "2"]', "line 2, inputs: '2' is not a number"),
        ("inputs = [1, 2.5]", "inputs = [1, nan]", "line 2, inputs: nan is out of range"),
        ("inputs = [1, 2.5]", f"inputs = [1, {10**400}]", "line 2, inputs: a number is out of"),
        ("inputs = [1, 2.5]", "inputs = [1, 2e15]", "inputs: 2000000000000000.0 is out of range"),
        ("inputs = [1, 2.5]", f"inputs = [1, {'9' * 5000}]", "is no number and no field's name"),
        ("inputs = [1, 2.5]", f"inputs = {'[' * 5000}", "not valid TOML"),
        ('name = "mine"', 'title = "a\\nb"', "line 1, title: expected one line"),
        ('name = "mine"', 'title = "a\\u0000b"', "line 1, title: expected one line"),
        (
            'name = "mine"',
            f'name = "{"x" * 201}"',
            "line 1, name: expected one line of at most 200",
        ),
        ("inputs = [1, 2.5]", "inputs = [1, true]", "line 2, inputs: True is not a number"),
        ("inputs = [1, 2.5]", "", "inputs: missing"),
        ("targets = [0.5]", "targets = [0.5, 1]", "line 3, targets: 2 given, but the last layer"),
        (
            "targets = [0.5]",
            "targets = [0.5]\nloss = 'l3'",
            "line 4, loss: 'l3' is unknown; choose",
        ),
        ("targets = [0.5]", "targets = [0.5]\nsead = 1", "line 4, sead: unknown; expected one of"),
        (
            "inputs = [1, 2.5]",
            "inputs = [[1, 2], [3]]",
            "line 2, inputs: row 2 has 1 numbers, the first has 2",
        ),
        ("inputs = [1, 2.5]", "inputs = [[1, 2], 3]", "line 2, inputs: 3 given, expected a list"),
        ("inputs = [1, 2.5]", "inputs = [[1, 2], [3, 4]]", "line 3, targets: 1 rows given for 2"),
        (
            "targets = [0.5]",
            "targets = [0.5]\noptimizer = 'rms'",
            "line 4, optimizer: 'rms' is unknown; choose from sgd, momentum, adam",
        ),
        (
            "targets = [0.5]",
            "targets = [0.5]\nloss = 'binary-cross-entropy'",
            "line 13, layer 2, activation: binary-cross-entropy needs a last layer of 'sigmoid'",
        ),
        (
            '"tanh"',
            '"softmax"',
            "line 7, layer 1, activation: only the last layer can be a softmax",
        ),
        ("units = 3", "units = 2", "line 6, layer 1, units: 2 announced, but weights has 3 rows"),
        ('"tanh"', '"than"', "line 7, layer 1, activation: 'than' is unknown; choose from sigmoid"),
        ("[0.3, 0.4]", "[0.3]", "line 8, layer 1, weights: row 2 has 1 numbers for 2 inputs"),
        ("[0.3, 0.4]", "0.3", "line 8, layer 1, weights: 0.3 given, expected a list of numbers"),
        ("biases = [0.1, 0.2, 0.3]", "biases = [1, 2]", "line 9, layer 1, biases: 2 given for 3"),
        ("biases = [0.1, 0.2, 0.3]", "bias = [1]", "line 9, layer 1, bias: [1] is not a number"),
        ("bias = 0.5", "bias = 0.5\nbiases = [1]", "line 15, layer 2, biases: bias (shared) and"),
        ("train_biases = false", "train_biases = 0", "line 15, layer 2, train_biases: 0 given"),
        ("weights = [[1, 2, 3]]", "", "line 11, layer 2, weights: missing"),
        ("weights = [[1, 2, 3]]", "weights = [[1, 2]]", "line 13, layer 2, weights: row 1 has 2"),
        ("units = 3", "units = ", "not valid TOML: Invalid value (at line 6, column"),
        ("[[layers]]", "[layers]", "not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(GradsheetError) as caught:
        parse_network(GOOD.replace(old, new), "mine.toml")
    message = str(caught.value)
    assert message.startswith("mine.toml")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("corse", "no preset is called 'corse'; choose from course, course-half, mazur, xor"),
        ("missing.toml", "cannot read missing.toml: No such file"),
    ],
)
def test_what_is_not_there(name: str, said: str) -> None:
    with pytest.raises(GradsheetError, match=said):
        load_network(name)


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GradsheetError, match="not UTF-8 text"):
        load_network(str(path))


@pytest.mark.parametrize("seed", range(50))
def test_a_network_written_as_toml_is_read_back_the_same(seed: int) -> None:
    spec = random_network(seed)
    assert parse_network(to_toml(spec), "the text") == spec


@pytest.mark.parametrize("preset", PRESETS)
def test_so_are_the_presets(preset: str) -> None:
    spec = replace(load_network(preset), title='A "quoted" title, \\ and ∂')
    assert parse_network(to_toml(spec), "the text") == spec


def test_the_former_name_of_the_optimizer_is_read_with_a_warning() -> None:
    text = to_toml(replace(load_network("course"), optimizer="adam"))
    old = text.replace("optimizer", "optimiser")
    with pytest.warns(FutureWarning, match=r"mine.toml: the key 'optimiser' is now 'optimizer'"):
        assert parse_network(old, "mine.toml").optimizer == "adam"
    with pytest.raises(GradsheetError, match="optimiser: unknown"):
        parse_network('optimiser = "sgd"\n' + text, "mine.toml")


def repeated(text: str, count: int) -> str:
    return ",".join([text] * count)


LEAST = "inputs=[1]\ntargets=[1]\n[[layers]]\nweights=[[1]]\n"
UNREADABLE = {
    "brackets": "inputs=" + "[" * 500,
    "tables": "a={" * 3_000,
    "digits": "targets = " + "9" * 4_400,
    "hexadecimal digits": "targets = 0x" + "9" * 4_400,
    "dotted": ".".join("a" * 20_000) + "=1",
    "dotted with blanks": " . ".join("a" * 20_000) + "=1",
    "dotted texts": ".".join(['"a"'] * 20_000) + "=1",
    "long": "#" * 3_000_000,
    "blank lines": "\n" * 100_000 + 'layers=[{weights=[["a"]]}]',
    "a long name": 'loss="' + "x" * 100_000 + '"\n' + LEAST,
    "an escape": '"\\u001b[31mred\\u0007"=1\n' + LEAST,
    "layers": "inputs=[1]\ntargets=[1]\n" + "[[layers]]\nweights=[[1]]\n" * 3_000,
    "examples": f"inputs=[{repeated('[1]', 50_000)}]\ntargets=[{repeated('[1]', 50_000)}]\n"
    "[[layers]]\nweights=[[1]]",
    "inputs": f"inputs=[{repeated('1', 20_000)}]\ntargets=[1]\n[[layers]]\n"
    f"weights=[[{repeated('1', 20_000)}]]",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_meant_to_exhaust_is_one_short_line(name: str) -> None:
    with pytest.raises(GradsheetError) as caught:
        parse_network(UNREADABLE[name], "mine.toml")
    said = str(caught.value)
    assert said.startswith("mine.toml")
    assert len(said) < 300
    assert said.isprintable()


def test_texts_and_comments_may_hold_anything() -> None:
    title = "[[[[[[[[[[[[[[[[[[[[[[[[[ a.b.c.d.e.f.g"
    text = f'title = "{title}" # {title} {"9" * 4_400}\n{GOOD}'
    assert parse_network(text, "mine.toml").title == title


# --- Training, random weights, CSV -------------------------------------------------------------

TRAINING = """inputs = [1, 2.5]
targets = [0.5]
optimizer = { name = "adam", beta2 = 0.9 }
l2 = 0.01
learning_rates = [0.1, 1]
updates = 30

[[layers]]
weights = [[0.5, 0.25]]
"""


def test_a_file_says_how_to_train() -> None:
    spec = parse_network(TRAINING, "mine.toml")
    assert spec.settings == (0.9, 0.9, 1e-8)
    assert (spec.l2, spec.learning_rates, spec.updates) == (0.01, (0.1, 1.0), 30)
    assert parse_network(to_toml(spec), "again") == spec


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("beta2 = 0.9", "beta3 = 0.9", "line 3, optimizer: 'beta3' is no setting of adam, which"),
        ("beta2 = 0.9", "beta2 = 1.0", "line 3, optimizer: beta2 is 1.0, expected a number from 0"),
        ("beta2 = 0.9", 'beta2 = "x"', "line 3, optimizer: 'x' is not a number"),
        ('name = "adam"', 'name = "adm"', "line 3, optimizer: 'adm' is unknown; choose from sgd"),
        ('{ name = "adam", beta2 = 0.9 }', "{ beta2 = 0.9 }", "optimizer: None given, expected"),
        ("l2 = 0.01", "l2 = -1", "line 4, l2: -1.0 given, expected 0 or more"),
        ("l2 = 0.01", 'l2 = "a"', "line 4, l2: 'a' is not a number"),
        ("[0.1, 1]", "[0.1, 0]", "line 5, learning_rates: 0.0 given, expected numbers above 0"),
        ("[0.1, 1]", "[0.1, 0.1]", "line 5, learning_rates: one is given twice"),
        ("[0.1, 1]", "0.1", "line 5, learning_rates: 0.1 given, expected a list"),
        ("updates = 30", "updates = -1", "line 6, updates: -1 given, expected a whole number"),
        ("updates = 30", "updates = true", "line 6, updates: True given, expected a whole number"),
        ("updates = 30", "seed = 0.5", "line 6, seed: 0.5 given, expected a whole number"),
    ],
)
def test_mistakes_of_training_are_named(old: str, new: str, said: str) -> None:
    assert old in TRAINING
    with pytest.raises(GradsheetError) as caught:
        parse_network(TRAINING.replace(old, new), "mine.toml")
    assert said in str(caught.value)


def test_weight_decay_and_a_regularization_term_exclude_each_other() -> None:
    text = TRAINING.replace('{ name = "adam", beta2 = 0.9 }', '"weight-decay"')
    with pytest.raises(GradsheetError, match="line 4, l2: weight-decay shrinks the weights"):
        parse_network(text, "mine.toml")


DRAWN = """inputs = [1, 2, 3, 4]
targets = [0.5]
seed = 3

[[layers]]
units = 50
activation = "relu"

[[layers]]
units = 1
weights = "xavier"
"""


def test_weights_left_out_are_drawn_from_the_seed() -> None:
    spec = parse_network(DRAWN, "mine.toml")
    assert parse_network(DRAWN, "mine.toml") == spec
    assert parse_network(to_toml(spec), "again") == spec
    other = parse_network(DRAWN.replace("seed = 3", "seed = 4"), "mine.toml")
    assert other.layers[0].weights != spec.layers[0].weights
    for layer, bound in zip(spec.layers, ((6 / 4) ** 0.5, (6 / 51) ** 0.5), strict=True):
        drawn = np.array(layer.weights)
        assert np.abs(drawn).max() <= bound + 1e-4
        assert np.abs(drawn).max() > 0.8 * bound
        assert drawn.std() == pytest.approx(bound / 3**0.5, rel=0.2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("units = 50\n", "", "layer 1, weights: missing; give rows of numbers, or units to draw"),
        ("units = 50", "units = 0", "line 6, layer 1, units: 0 given, expected a whole number"),
        ("units = 50", "units = 5001", "units: 5001 given, expected a whole number, and at most"),
        ("units = 50", 'units = "a"', "line 6, layer 1, units: 'a' given, expected a whole"),
        ('"xavier"', '"glorot"', "line 11, layer 2, weights: 'glorot' given, expected rows"),
    ],
)
def test_mistakes_of_random_weights_are_named(old: str, new: str, said: str) -> None:
    assert old in DRAWN
    with pytest.raises(GradsheetError) as caught:
        parse_network(DRAWN.replace(old, new), "mine.toml")
    assert said in str(caught.value)


CSV = """inputs = "points.csv"

[[layers]]
weights = [[0.5, 0.25]]
"""


def from_csv(folder: Path, content: str | bytes, text: str = CSV) -> NetworkSpec:
    (folder / "mine.toml").write_text(text)
    (folder / "points.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_network(folder / "mine.toml")


@pytest.mark.parametrize(
    "content",
    [
        "1,2,0.5\n-3,4e0,1\n",
        "x,y,target\r\n1,2,0.5\r\n\r\n-3,4,1",
        "\ufeffx;y;t\n1;2;0,5\n-3;4;1\n",
        "1\t2\t0.5\n-3\t4\t1\n",
        '"1","2","0.5"\n"-3","4","1"\n',
    ],
)
def test_examples_come_from_a_csv_file(content: str, tmp_path: Path) -> None:
    spec = from_csv(tmp_path, content)
    assert spec.inputs == ((1.0, 2.0), (-3.0, 4.0))
    assert spec.targets == ((0.5,), (1.0,))


def test_targets_can_have_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("1\n0\n")
    text = 'targets = "labels.csv"\n' + CSV
    spec = from_csv(tmp_path, "1,2\n3,4\n", text)
    assert (spec.inputs, spec.targets) == (((1.0, 2.0), (3.0, 4.0)), ((1.0,), (0.0,)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1,2,0.5\n1,x,1\n", "points.csv, row 2 of numbers, column 2: 'x' is not a number"),
        ("1,2,0.5\n1,2\n", "inputs: row 2 has 1 numbers, the first has 2"),
        ("", "points.csv holds no row of numbers"),
        ("a,b,c\n", "points.csv holds no row of numbers"),
        ("1\n2\n", "inputs: 1 columns; expected inputs, then 1 for the targets"),
        ("1,nan,1\n", "inputs: nan is out of range"),
        ("1,1e400,1\n", "inputs: inf is out of range"),
        ("1,1_0,1\n", "column 2: '1_0' is not a number"),
        (b"\xff\xfe1,2", "is not UTF-8 text; expected a CSV file"),
        ("1,\0,3\n", "points.csv is not a CSV file"),
        ("1," * 300_000, "points.csv holds 1 rows of up to 300,001 numbers, at most"),
        ("1,2,3\n" * 30_000, "points.csv holds 30,000 rows of up to 3 numbers, at most"),
        ("x" * 200_000 + ",1,2\n", "points.csv is not a CSV file"),
        ("1,2,3\n" * 400_000, "is larger than 2,000,000 bytes"),
    ],
)
def test_a_hostile_csv_file_is_refused_in_one_line(
    content: str | bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(GradsheetError) as caught:
        from_csv(tmp_path, content)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["/etc/passwd", "../points.csv", "a/../../b", "C:\\\\x.csv"])
def test_a_csv_file_lies_beside_the_network_or_below(name: str, tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match="expected a CSV file beside this one or below it"):
        from_csv(tmp_path, "1,2,3\n", CSV.replace("points.csv", name))
    with pytest.raises(GradsheetError, match="only a file can name a CSV file"):
        parse_network(CSV, "a workbook")
