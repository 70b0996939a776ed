"""Time of an epoch: the usual PyTorch loop, Keras, tinygrad, and gradsheet's own trainer.

    pip install -c constraints.txt -r benchmarks/requirements.txt
    python benchmarks/training.py -o results/training.json

Every contestant trains the network of 17,410 parameters on the 60,000 MNIST images, on two cores,
in an interpreter of its own. One epoch is timed, from the first batch to the last, after a few
warm-up batches, in which everything compiles; their time is reported separately. The rivals train
in float32 on the images as they are; gradsheet trains as the recipe says, which may mean bfloat16
and augmentation. A ratio compares two times of the same round.
"""

import argparse
import copy
import json
import math
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from gradsheet.digits.data import Dataset, ImageSet, load
from gradsheet.digits.device import multiplies_bfloat16
from gradsheet.digits.evaluation import PIXEL_DEVIATION, PIXEL_MEAN, normalize
from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.recipe import RECIPES, Recipe
from gradsheet.digits.training import Trainer
from gradsheet.digits.zoo import make_network
from gradsheet.files import write_text
from gradsheet.processes import processor_name

PARAMETERS = 17_410
EPOCH = 60_000  # images
THREADS = 2
BATCH, RATE, MOMENTUM, DROPOUT = 128, 0.05, 0.9, 0.1  # the original's, for all rivals
WARM_UP = 4  # batches: tinygrad's third call is the first to run the compiled step alone
PROBE = 128  # images whose loss must fall

ENVIRONMENT = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "DEV": "CPU",  # tinygrad's device
    "CCACHE": "0",  # tinygrad would keep what it compiled for the next round
}

# Restricts torch, oneDNN and MKL to AVX2.
AVX2_ONLY = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "AVX2",
}


class Contestant(Protocol):
    """A network and its training loop."""

    batch_size: int

    def parameters(self) -> int:
        """Number of trained parameters."""

    def logits(self, images: ImageSet) -> Tensor:
        """Logits (N, 10) in training mode, with the batch's own statistics."""

    def train(self, images: ImageSet) -> tuple[int, float]:
        """Train on all images once; return their number and the seconds it took."""


@dataclass(frozen=True)
class Measurement:
    """One contestant's times in a round.

    Attributes:
        images: number of images trained on.
        seconds: wall time.
        processor_seconds: processor time of this process, all threads together.
        warm_up_seconds: wall time of the first batches, compilation included.
        loss_before: mean cross-entropy of some training images before any training, in nats.
        loss_after: the same after the epoch.
    """

    images: int
    seconds: float
    processor_seconds: float
    warm_up_seconds: float
    loss_before: float
    loss_after: float

    @property
    def rate(self) -> float:
        """Images per second."""
        return self.images / self.seconds

    @property
    def processor_rate(self) -> float:
        """Images per second of processor time, which other work disturbs least."""
        return self.images / self.processor_seconds


@dataclass(frozen=True)
class Entry:
    """A contestant that is not imported yet.

    Attributes:
        name: short name in tables.
        what: description.
        make: imports and builds it.
        modules: packages that must be installed.
        programs: programs that must be on the PATH.
    """

    name: str
    what: str
    make: Callable[[], Contestant]
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    def missing(self) -> str:
        """Names of what is not installed; empty if the contestant can run."""
        modules = [name for name in self.modules if find_spec(name) is None]
        return ", ".join(modules + [name for name in self.programs if not shutil.which(name)])


class _Pictures(TorchDataset[tuple[Tensor, int]]):
    """Images one by one, each made a PIL image first, as in torchvision's MNIST."""

    def __init__(self, images: ImageSet) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self.images.images[index].numpy())
        return _normalized(_to_tensor(picture)), int(self.images.labels[index])


def _to_tensor(picture: Image.Image) -> Tensor:
    """The image as torchvision's ToTensor makes it from a gray picture."""
    pixels = torch.from_numpy(np.array(picture, np.uint8, copy=True))
    pixels = pixels.view(picture.size[1], picture.size[0], 1).permute(2, 0, 1).contiguous()
    return pixels.to(dtype=torch.get_default_dtype()).div(255)


def _normalized(pixels: Tensor) -> Tensor:
    """The image as torchvision's Normalize makes it."""
    mean = torch.as_tensor((PIXEL_MEAN,), dtype=pixels.dtype).view(-1, 1, 1)
    deviation = torch.as_tensor((PIXEL_DEVIATION,), dtype=pixels.dtype).view(-1, 1, 1)
    return pixels.clone().sub_(mean).div_(deviation)


class Usual:
    """The loop of most PyTorch tutorials."""

    batch_size = BATCH

    def __init__(self, workers: int) -> None:
        torch.manual_seed(0)
        self.workers = workers
        self.model = DigitNet(Architecture(dropout=DROPOUT))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE, momentum=MOMENTUM)

    def parameters(self) -> int:
        """Number of trained parameters."""
        return _count(self.model)

    def logits(self, images: ImageSet) -> Tensor:
        """Logits (N, 10) in training mode."""
        return _logits_in_training(self.model, images)

    def train(self, images: ImageSet) -> tuple[int, float]:
        """Train for one epoch; the workers start and end in it."""
        loader = DataLoader(
            _Pictures(images), batch_size=BATCH, shuffle=True, num_workers=self.workers
        )
        started = time.perf_counter()
        self.model.train()
        for pixels, labels in loader:
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(pixels), labels)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            self.optimizer.step()
        return len(images), time.perf_counter() - started


class Keras:
    """``Model.fit`` on arrays, compiled by JAX."""

    batch_size = BATCH

    def __init__(self) -> None:
        keras = import_module("keras")
        keras.utils.set_random_seed(0)
        self.model: Any = keras.Sequential(_keras_layers(keras))
        self.model.compile(
            optimizer=keras.optimizers.SGD(RATE, momentum=MOMENTUM),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=True,
        )

    def parameters(self) -> int:
        """Number of trained parameters."""
        return sum(math.prod(weight.shape) for weight in self.model.trainable_weights)

    def logits(self, images: ImageSet) -> Tensor:
        """Logits (N, 10) in training mode."""
        pixels, _ = _arrays(images)
        return torch.tensor(np.asarray(self.model(np.moveaxis(pixels, 1, -1), training=True)))

    def train(self, images: ImageSet) -> tuple[int, float]:
        """Train for one epoch, shuffled."""
        pixels, labels = _arrays(images)
        pixels = np.ascontiguousarray(np.moveaxis(pixels, 1, -1))
        started = time.perf_counter()
        self.model.fit(pixels, labels, batch_size=BATCH, epochs=1, verbose=0)
        return len(images), time.perf_counter() - started


def _keras_layers(keras: Any) -> list[Any]:
    """The network's layers, channels last, batch norm with torch's constants."""
    layers = keras.layers

    def norm() -> Any:
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)

    return [
        keras.Input((28, 28, 1)),
        *(layers.Conv2D(8, 5, activation="relu"), norm()),
        *(layers.Conv2D(16, 5, activation="relu"), norm(), layers.MaxPooling2D(2)),
        *(layers.Conv2D(32, 5, activation="relu"), norm()),
        layers.SpatialDropout2D(DROPOUT),
        layers.Conv2D(24, 1),
        layers.AveragePooling2D(6),
        layers.Flatten(),
        layers.Dense(10),
    ]


class _TinyNet:
    """The network in tinygrad."""

    def __init__(self, tinygrad: Any) -> None:
        self.conv1, self.norm1 = tinygrad.nn.Conv2d(1, 8, 5), tinygrad.nn.BatchNorm(8)
        self.conv2, self.norm2 = tinygrad.nn.Conv2d(8, 16, 5), tinygrad.nn.BatchNorm(16)
        self.conv3, self.norm3 = tinygrad.nn.Conv2d(16, 32, 5), tinygrad.nn.BatchNorm(32)
        self.conv4, self.linear = tinygrad.nn.Conv2d(32, 24, 1), tinygrad.nn.Linear(24, 10)

    def __call__(self, x: Any) -> Any:
        x = self.norm1(self.conv1(x).relu())
        x = self.norm2(self.conv2(x).relu()).max_pool2d(2)
        x = self.norm3(self.conv3(x).relu())
        # tinygrad drops single numbers only; the original drops whole channels.
        x = x * x.ones_like()[:, :, :1, :1].contiguous().dropout(DROPOUT)
        return self.linear(self.conv4(x).avg_pool2d(6).flatten(1))


class Tinygrad:
    """A compiled step of tinygrad, batches cut from arrays."""

    batch_size = BATCH

    def __init__(self) -> None:
        self.tinygrad: Any = import_module("tinygrad")
        self.tinygrad.Tensor.manual_seed(0)
        self.shuffle = np.random.default_rng(0)
        self.model = _TinyNet(self.tinygrad)
        self.weights = self.tinygrad.nn.state.get_parameters(self.model)
        self.optimizer = self.tinygrad.nn.optim.SGD(self.weights, lr=RATE, momentum=MOMENTUM)
        self.step = self.tinygrad.TinyJit(self._step)

    def parameters(self) -> int:
        """Number of trained parameters."""
        return sum(int(weight.numel()) for weight in self.weights if weight.is_param)

    def logits(self, images: ImageSet) -> Tensor:
        """Logits (N, 10) in training mode."""
        pixels, _ = _arrays(images)
        with self.tinygrad.Context(TRAINING=1):
            return torch.tensor(self.model(self.tinygrad.Tensor(pixels)).numpy())

    def train(self, images: ImageSet) -> tuple[int, float]:
        """Train for one epoch, shuffled, without the smaller last batch: a step has fixed sizes."""
        pixels, labels = _arrays(images)
        tensor, count = self.tinygrad.Tensor, len(images) // BATCH * BATCH
        started = time.perf_counter()
        for batch in self.shuffle.permutation(len(images))[:count].reshape(-1, BATCH):
            loss = self.step(tensor(pixels[batch]), tensor(labels[batch]))
        loss.item()  # wait for the last step
        return count, time.perf_counter() - started

    def _step(self, pixels: Any, labels: Any) -> Any:
        with self.tinygrad.Context(TRAINING=1):
            self.optimizer.zero_grad()
            loss = self.model(pixels).sparse_categorical_crossentropy(labels).backward()
            return loss.realize(*self.optimizer.schedule_step())


class Ours:
    """Gradsheet's trainer, the recipe's augmentation included."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.batch_size = recipe, recipe.batch_size
        torch.manual_seed(0)
        self.model = make_network(recipe.architecture)

    def parameters(self) -> int:
        """Number of trained parameters."""
        return _count(self.model)

    def logits(self, images: ImageSet) -> Tensor:
        """Logits (N, 10) in training mode."""
        return _logits_in_training(self.model, images)

    def train(self, images: ImageSet) -> tuple[int, float]:
        """Train for the first epoch of a run; its evaluation is not timed."""
        data = Dataset(images, images[:PROBE], sha256="")
        trainer = Trainer(self.recipe, data, 0, torch.device("cpu"))
        self.model = trainer.model
        return len(images), trainer.run_epoch().seconds


def _count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _logits_in_training(model: nn.Module, images: ImageSet) -> Tensor:
    with torch.no_grad():
        return copy.deepcopy(model).train()(normalize(images.images))  # type: ignore[no-any-return]


def _arrays(images: ImageSet) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Normalized pixels (N, 1, 28, 28) and labels."""
    return normalize(images.images).numpy(), images.labels.numpy().astype(np.int32)


def entries(recipes: list[str]) -> list[Entry]:
    """All contestants; the others are compared with the first."""
    rivals = [
        Entry("usual", "PyTorch, float32, one PIL image after the other", lambda: Usual(0)),
        Entry("usual, 2 workers", "the same with two processes that load", lambda: Usual(2)),
        Entry("keras", "Keras on JAX, float32, arrays in memory", Keras, ("keras", "jax")),
        Entry(
            "tinygrad",
            "tinygrad, float32, arrays in memory, no smaller last batch",
            Tinygrad,
            ("tinygrad",),
            (os.environ.get("CC", "clang"),),
        ),
    ]
    return rivals + [_own_entry(RECIPES[name]) for name in recipes]


def _own_entry(recipe: Recipe) -> Entry:
    half = recipe.mixed_precision and multiplies_bfloat16(torch.device("cpu"))
    dtype = "bfloat16" if half else "float32"
    augmentation = "no augmentation" if recipe.augmentation is None else "augmentation"
    what = f"gradsheet, {dtype}, batch {recipe.batch_size}, {augmentation}"
    return Entry(f"recipe {recipe.name}", what, lambda: Ours(recipe))


def measure(contestant: Contestant, batches: int | None) -> Measurement:
    """Warm up, train one epoch (or some batches of it), and check that the loss fell.

    The warm-up ends with a smaller batch, as the epoch does: that size is compiled separately.
    """
    images = load().train
    if batches is not None:
        images = images[: batches * contestant.batch_size]
    if contestant.parameters() != PARAMETERS:
        raise SystemExit(f"{contestant.parameters():,} parameters, expected {PARAMETERS:,}")
    probe = images[:PROBE]
    before = _loss(contestant, probe)
    size = contestant.batch_size
    _, warm_up_seconds = contestant.train(images[: WARM_UP * size + len(images) % size])
    computed = time.process_time()
    trained_on, seconds = contestant.train(images)
    computed = time.process_time() - computed
    after = _loss(contestant, probe)
    if not after < 0.95 * before:
        raise SystemExit(f"the loss went from {before:.3f} to {after:.3f}: it did not fall")
    return Measurement(trained_on, seconds, computed, warm_up_seconds, before, after)


def _loss(contestant: Contestant, images: ImageSet) -> float:
    return float(F.cross_entropy(contestant.logits(images), images.labels))


def measure_apart(entry: Entry, arguments: argparse.Namespace) -> Measurement:
    """Measure in a fresh interpreter, so that no two libraries share threads."""
    threads = str(arguments.threads)
    command = [sys.executable, __file__, "--recipes", arguments.recipes, "--only", entry.name]
    command += ["--threads", threads]
    if arguments.batches is not None:
        command += ["--batches", str(arguments.batches)]
    # NUM_CPU_THREADS is tinygrad's; JAX counts the cores it may use.
    counts = {"OMP_NUM_THREADS": threads, "NUM_CPU_THREADS": threads}
    done = subprocess.run(
        command, env=os.environ | ENVIRONMENT | counts, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{entry.name} failed:\n{done.stderr[-4000:]}")
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def machine() -> dict[str, object]:
    """Processor, instruction sets and system."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        **_instructions(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _instructions() -> dict[str, object]:
    """The instruction sets of the processor, and the one that torch uses."""
    found = torch.cpu.get_capabilities()
    names = {"AVX2": "avx2", "AVX-512": "avx512_f", "AVX512-BF16": "avx512_bf16", "AMX": "amx_tile"}
    return {name: bool(found.get(key)) for name, key in names.items()} | {
        "torch uses": torch.backends.cpu.get_cpu_capability()
    }


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Versions of Python and of the packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def command_line() -> str:
    """The command that runs this program."""
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])


def print_surroundings(report: dict[str, Any]) -> None:
    """Print a report's command, machine and versions, a line each."""
    print(f"\n{report['command']}")
    for what in ("machine", "versions"):
        print(", ".join(f"{name} {value}" for name, value in report[what].items()))


def describe(entry: Entry, own: list[Measurement], usual: list[Measurement]) -> dict[str, object]:
    """Medians over the rounds of one contestant."""
    rate = statistics.median(measurement.rate for measurement in own)
    pairs = list(zip(own, usual, strict=True))
    ratios = [mine.rate / theirs.rate for mine, theirs in pairs]
    processor = [mine.processor_rate / theirs.processor_rate for mine, theirs in pairs]
    return {
        "name": entry.name,
        "what": entry.what,
        "images per second": round(rate, 1),
        "seconds an epoch": round(EPOCH / rate, 2),
        "times as fast as usual": round(statistics.median(ratios), 3),
        "images per processor second": round(statistics.median(m.processor_rate for m in own), 1),
        "times as fast as usual a processor second": round(statistics.median(processor), 3),
        "seconds of warm-up": round(statistics.median(m.warm_up_seconds for m in own), 2),
        "rounds": [asdict(measurement) for measurement in own],
    }


def run_rounds(chosen: list[Entry], arguments: argparse.Namespace) -> dict[str, list[Measurement]]:
    """Measure every contestant once per round; the measurements by name."""
    found: dict[str, list[Measurement]] = {entry.name: [] for entry in chosen}
    for number in range(1, arguments.rounds + 1):
        for entry in chosen:
            found[entry.name].append(measure_apart(entry, arguments))
            rate = found[entry.name][-1].rate
            print(f"round {number}: {entry.name:<18}{rate:>10,.0f} images/s", file=sys.stderr)
    return found


def print_report(report: dict[str, Any]) -> None:
    """Print the table."""
    print(
        f"\n{'contestant':<18}{'images/s':>10}{'epoch':>10}{'ratio':>8}{'of CPU':>8}{'warm-up':>10}"
    )
    for row in report["contestants"]:
        print(
            f"{row['name']:<18}{row['images per second']:>10,.0f}{row['seconds an epoch']:>8.1f} s"
            f"{row['times as fast as usual']:>7.2f}x"
            f"{row['times as fast as usual a processor second']:>7.2f}x"
            f"{row['seconds of warm-up']:>8.1f} s"
            f"   {row['what']}"
        )
    for name, why in report["left out"].items():
        print(f"{name:<18}{why}")
    if report["batches"] is not None:
        print(f"a trial of {report['batches']} batches: an epoch's seconds are scaled from it")
    print_surroundings(report)


def keep_to_cores(threads: int = THREADS) -> None:
    """Bind this process and all that it starts to as many cores as threads."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Time one epoch of training.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, help="a trial: no more batches than these")
    parser.add_argument("--recipes", default="best,fast", help="gradsheet's, with commas")
    parser.add_argument("-o", "--output", type=Path, help="JSON")
    parser.add_argument(
        "--rivals",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="Keras, tinygrad and the loop with workers too",
    )
    parser.add_argument("--threads", type=int, default=THREADS, help="and cores")
    parser.add_argument("--avx2", action="store_true", help="leave AVX-512 and AMX unused")
    parser.add_argument("--only", metavar="NAME", help="measure one contestant here, print JSON")
    return parser.parse_args()


def main() -> None:
    """Run the rounds; print the table and write the JSON."""
    arguments = parse_arguments()
    names = arguments.recipes.split(",")
    known = entries([name for name in names if name in RECIPES])
    if arguments.only is not None:
        torch.set_num_threads(arguments.threads)
        entry = next(entry for entry in known if entry.name == arguments.only)
        print(json.dumps(asdict(measure(entry.make(), arguments.batches))))
        return
    if arguments.avx2 and not AVX2_ONLY.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | AVX2_ONLY)
    keep_to_cores(arguments.threads)
    chosen = [entry for entry in known if not entry.missing()]
    if not arguments.rivals:
        chosen = [e for e in chosen if e is known[0] or e.name.startswith("recipe")]
    found = run_rounds(chosen, arguments)
    report = {
        "command": command_line(),
        "machine": machine() | {"threads": arguments.threads},
        "versions": versions(
            ("gradsheet", "torch", "numpy", "pillow", "keras", "jax", "jaxlib", "tinygrad")
        ),
        "batches": arguments.batches,
        "contestants": [
            describe(entry, found[entry.name], found[known[0].name]) for entry in chosen
        ],
        "left out": {e.name: f"not installed: {e.missing()}" for e in known if e.missing()}
        | {f"recipe {name}": "there is no such recipe" for name in names if name not in RECIPES},
    }
    if arguments.output is not None:
        write_text(arguments.output, json.dumps(report, indent=2) + "\n")
    print_report(report)


if __name__ == "__main__":
    main()
