"""Speed and size of the pretrained network, the effect of folding and rounding, and two rivals.

    pip install -r benchmarks/requirements.txt
    python benchmarks/inference.py -o results/inference.json

The network alone is timed, from normalized pixels to logits, on the CPU in float32: the 10,000 test
images in batches of 1,000, and the first 2,000 of them one at a time. The states of the network:

pretrained: four convolutions, three batch norms.
folded: each batch norm multiplied into the convolution before it. The second comes after max
    pooling, which it commutes with where it multiplies by a positive number, and only there.
int8: the folded weights as integers from -127 to 127, one scale for each output channel, in
    the file only: they are multiplied out on loading, so the speed is that of the folded network.
    torch's own arithmetic on int8 tensors is deprecated.

The rivals run the folded network: torch.compile, which needs a C++ compiler, and onnxruntime. One
that is not installed is left out.
"""

import argparse
import copy
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from training import command_line, machine, print_surroundings, versions

from gradsheet.digits.data import load
from gradsheet.digits.evaluation import normalize
from gradsheet.digits.model import DigitNet
from gradsheet.digits.model_files import PRETRAINED, load_model
from gradsheet.digits.storage import write_tensors
from gradsheet.files import write_text

SINGLE_IMAGES = 2_000
BATCHES = (1, 1_000)
THREADS = (1, 2)
TOLERANCE = 1e-4  # of a logit, between the network and itself folded
LARGEST = 127  # integer for a weight
SMALLEST = 1e-12  # stands for the largest weight of a channel whose weights are all 0


Runner = Callable[[Tensor], object]
"""Computes the logits of normalized images (N, 1, 28, 28)."""


@dataclass(frozen=True)
class State:
    """The network in one form, and the size of its file in bytes."""

    name: str
    model: DigitNet
    size: int


def fold(model: DigitNet) -> DigitNet:
    """The same function with fewer batch norms; the second stays if a channel's weight is negative.

    Raises:
        SystemExit: batch norm does not follow the convolution directly or after max pooling.
    """
    if model.architecture.order != "pool-norm-activation":
        raise SystemExit(f"cannot fold the order {model.architecture.order}")
    folded = copy.deepcopy(model).eval()
    for number in (1, 2, 3):
        conv, norm = getattr(folded, f"conv{number}"), getattr(folded, f"norm{number}")
        if number == 2 and not bool((norm.weight > 0).all()):
            continue
        setattr(folded, f"conv{number}", fuse_conv_bn_eval(conv, norm))
        setattr(folded, f"norm{number}", nn.Identity())
    return folded


def quantize(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights with each kernel and matrix as int8 and a scale per output channel."""
    tensors = {}
    for name, value in weights.items():
        if value.dim() > 1:
            scale = value.flatten(1).abs().amax(1).clamp_min(SMALLEST) / LARGEST
            tensors[name] = (value / _beside(scale, value)).round().to(torch.int8)
            tensors[f"{name}.scale"] = scale
        else:
            tensors[name] = value
    return tensors


def multiply_out(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The float weights of what ``quantize`` made."""
    scales = {name: value for name, value in tensors.items() if name.endswith(".scale")}
    weights = {name: value for name, value in tensors.items() if name not in scales}
    for name, scale in scales.items():
        weight = weights[name.removesuffix(".scale")]
        weights[name.removesuffix(".scale")] = weight.float() * _beside(scale, weight)
    return weights


def _beside(scale: Tensor, weight: Tensor) -> Tensor:
    """A scale (O,) in a shape that multiplies a weight (O, ...)."""
    return scale.view(-1, *[1] * (weight.dim() - 1))


def make_states() -> list[State]:
    """The pretrained network in all its forms, each with the size of its file."""
    pretrained = load_model(None)
    folded = fold(pretrained)
    rounded = copy.deepcopy(folded)
    metadata = {"architecture": json.dumps(asdict(pretrained.architecture))}
    with tempfile.TemporaryDirectory() as folder:
        floats, integers = Path(folder) / "folded.safetensors", Path(folder) / "int8.safetensors"
        write_tensors(floats, folded.state_dict(), metadata)
        write_tensors(integers, quantize(folded.state_dict()), metadata)
        rounded.load_state_dict(multiply_out(load_file(integers)))
        sizes = floats.stat().st_size, integers.stat().st_size
    with as_file(files("gradsheet.digits") / "weights" / f"{PRETRAINED}.safetensors") as path:
        pretrained_size = path.stat().st_size
    return [
        State("pretrained", pretrained, pretrained_size),
        State("folded", folded, sizes[0]),
        State("int8", rounded, sizes[1]),
    ]


def compiled(model: DigitNet) -> Runner:
    """The network by torch.compile, for the present number of threads."""
    torch.compiler.reset()
    return torch.compile(model)


def onnx_session(model: DigitNet, threads: int) -> Runner:
    """The network in onnxruntime.

    Raises:
        ImportError: it is not installed.
    """
    onnxruntime = import_module("onnxruntime")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is deprecated
        path = Path(folder) / "folded.onnx"
        torch.onnx.export(
            model,
            (torch.zeros(1, 1, 28, 28),),
            path,
            input_names=["images"],
            dynamic_axes={"images": {0: "n"}},
            dynamo=False,
        )
        content = path.read_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(None, {"images": pixels.numpy()})[0]


def runners(states: list[State], threads: int) -> dict[str, Runner]:
    """All that is timed, by name.

    Raises:
        SystemExit: a rival computes other logits.
    """
    folded = states[1].model
    found: dict[str, Runner] = {state.name: state.model for state in states}
    found["torch.compile"] = compiled(folded)
    try:
        found["onnxruntime"] = onnx_session(folded, threads)
    except ImportError:
        print("onnxruntime is not installed: left out")
    images = normalize(load().test.images[:100])
    with torch.inference_mode():
        for name in found.keys() - {state.name for state in states}:
            difference = (torch.as_tensor(found[name](images)) - folded(images)).abs().max()
            if difference > TOLERANCE:
                raise SystemExit(f"{name} is {float(difference)} off")
    return found


def logits_of(model: DigitNet, pixels: Tensor) -> Tensor:
    """Logits (N, 10), in batches of the larger size."""
    with torch.inference_mode():
        return torch.cat([model(batch) for batch in torch.split(pixels, BATCHES[-1])])


def images_per_second(run: Runner, pixels: Tensor, batch_size: int) -> float:
    """Images per second in one pass over the images in batches."""
    batches = torch.split(pixels, batch_size)
    with torch.inference_mode():
        run(batches[0])
        started = time.perf_counter()
        for batch in batches:
            run(batch)
        return len(pixels) / (time.perf_counter() - started)


def time_all(states: list[State], pixels: Tensor, rounds: int) -> dict[tuple[str, int, int], float]:
    """Images per second by name, threads and batch size: the median of the rounds.

    States and rivals take turns, so that other work on the machine affects them alike.
    """
    found: dict[tuple[str, int, int], list[float]] = {}
    for threads in THREADS:
        torch.set_num_threads(threads)
        running = runners(states, threads)
        for batch_size in BATCHES:
            images = pixels[:SINGLE_IMAGES] if batch_size == 1 else pixels
            for _ in range(rounds):
                for name, run in running.items():
                    rate = images_per_second(run, images, batch_size)
                    found.setdefault((name, threads, batch_size), []).append(rate)
    return {key: statistics.median(rates) for key, rates in found.items()}


def describe(state: State, own: Tensor, pretrained: Tensor, labels: Tensor) -> dict[str, Any]:
    """Size, accuracy and distance from the pretrained network, on the test set.

    Raises:
        SystemExit: folding changed a prediction.
    """
    difference = float((own - pretrained).abs().max())
    changed = int((own.argmax(1) != pretrained.argmax(1)).sum())
    if state.name == "folded" and (difference > TOLERANCE or changed):
        raise SystemExit(f"folding moved a logit by {difference} and {changed} predictions")
    return {
        "state": state.name,
        "bytes": state.size,
        "test accuracy": int((own.argmax(1) == labels).sum()) / len(labels),
        "predictions changed": changed,
        "largest change of a logit": difference,
    }


def print_report(report: dict[str, Any]) -> None:
    """Print the table."""
    speeds = report["states"][0]["images per second"]
    print(f"{'state':<12}{'bytes':>8}{'accuracy':>10}{'changed':>9}", end="")
    print("".join(f"{what:>24}" for what in speeds), "  (images/s)")
    for row in report["states"]:
        print(f"{row['state']:<12}{row['bytes']:>8,}{row['test accuracy']:>10.2%}", end="")
        print(f"{row['predictions changed']:>9}", end="")
        print("".join(f"{rate:>24,.0f}" for rate in row["images per second"].values()))
    for row in report["rivals"]:
        print(f"{row['rival']:<39}", end="")
        print("".join(f"{rate:>24,.0f}" for rate in row["images per second"].values()))
    print_surroundings(report)


def speeds_of(name: str, speeds: dict[tuple[str, int, int], float]) -> dict[str, float]:
    """Images per second of one state or rival, by threads and batch size."""
    return {
        f"{threads} thread{'s'[: threads - 1]}, batch {batch_size:,}": round(rate, 1)
        for (one, threads, batch_size), rate in speeds.items()
        if one == name
    }


def main() -> None:
    """Measure all states; print the table and write the JSON."""
    parser = argparse.ArgumentParser(description="Time the pretrained network on the CPU.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path, help="JSON")
    arguments = parser.parse_args()
    test, states = load().test, make_states()
    pixels = normalize(test.images)
    pretrained = logits_of(states[0].model, pixels)
    rows = [
        describe(state, logits_of(state.model, pixels), pretrained, test.labels) for state in states
    ]
    speeds = time_all(states, pixels, arguments.rounds)
    for row in rows:
        row["images per second"] = speeds_of(row["state"], speeds)
    rivals = sorted({name for name, *_ in speeds} - {state.name for state in states})
    report = {
        "command": command_line(),
        "machine": machine(),
        "versions": versions(("gradsheet", "torch", "numpy", "onnxruntime")),
        "rounds": arguments.rounds,
        "states": rows,
        "rivals": [
            {"rival": name, "images per second": speeds_of(name, speeds)} for name in rivals
        ],
    }
    if arguments.output is not None:
        write_text(arguments.output, json.dumps(report, indent=2) + "\n")
    print_report(report)


if __name__ == "__main__":
    main()
