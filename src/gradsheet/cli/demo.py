"""The command demo: the workbook, the graphs, the diagram and a trained network."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradsheet.cli.options import Quiet, output
from gradsheet.cli.terminal import Terminal, resumable
from gradsheet.errors import GradsheetError
from gradsheet.extras import require

if TYPE_CHECKING:
    from gradsheet.digits.run import FinishedRun


# How long the figures and the model workbook take, in workbooks of part 1: both are
# single-threaded Python, so their ratio is about the same on any machine.
_REST = 6.0

_USUAL = {"quick": "about a minute", "fast": "1 to 2 minutes", "full": "3 to 6 minutes"}
"""How long each extent takes on two idle cores."""

_RECIPES = {"quick": ("fast", 1), "fast": ("fast", None), "full": ("best", None)}
"""For each extent of the demo its recipe and, where it differs, the number of epochs."""


def demo(
    quick: Annotated[bool, typer.Option("--quick", help="Train for one epoch only.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Train with the recipe best: 19 epochs instead of 3.")
    ] = False,
    folder: Annotated[Path, output("The folder to write.")] = Path("runs/demo"),
    quiet: Quiet = False,
) -> None:
    """Write a workbook, loss curves, a diagram and pages; train the digit classifier."""
    if quick and full:
        raise GradsheetError("--quick and --full exclude each other; give one of them")
    require("torch")
    terminal = Terminal(quiet)
    extent = "quick" if quick else "full" if full else "fast"
    with resumable():
        made = list(run_demo(folder, extent, terminal))
    from gradsheet.cli.render import made_table

    terminal.result(made_table(folder, made))


@dataclass(frozen=True)
class Made:
    """One thing the demo made, and what it is or reached."""

    path: Path
    what: str


def run_demo(folder: Path, extent: str, terminal: Terminal) -> Iterator[Made]:
    """Make everything in ``folder`` and yield each thing when it is made.

    A model that an earlier demo of the same ``extent`` trained to the end in the same folder is
    kept, one that was interrupted is continued.
    """
    terminal.note(
        f"On two idle cores this takes {_USUAL[extent]}; an estimate for this machine follows."
    )
    started = time.perf_counter()
    yield from _make_backprop(folder, terminal.note)
    seconds = time.perf_counter() - started
    yield from _make_digits(folder, extent, terminal, rest=_REST * seconds)


def _make_backprop(folder: Path, note: Callable[[str], None]) -> Iterator[Made]:
    from gradsheet import figures
    from gradsheet.cli.outputs import write_sweep
    from gradsheet.explorer.build import PAGES, write_pages
    from gradsheet.networks.sweep import in_updates, sweep
    from gradsheet.networks.toml import load_network
    from gradsheet.workbook.build import write_workbook

    spec = load_network("course")
    note("Writing the workbook, the loss curves and the network diagram.")
    workbook = folder / "backprop.xlsx"
    write_workbook(spec, workbook)
    yield Made(workbook, "backpropagation in live cells: open it and change a number")
    descent = sweep(spec)
    table, *single, together = write_sweep(descent, folder)
    number = len(descent.learning_rates)
    yield Made(table, f"the loss at {number} learning rates, {in_updates(descent.updates)}")
    for path, loss in zip(single, descent.loss[-1], strict=True):
        yield Made(path, f"loss {descent.loss[0, 0]:.6f} → {loss:.6f}")
    yield Made(together, "all learning rates together")
    drawings = [folder / "network.svg", folder / "network.png"]
    for path in drawings:
        figures.save(figures.plot_network(spec), path)
        yield Made(path, "the network with its values and gradients")
    for path in write_pages(folder):
        yield Made(path, f"in a browser: {PAGES[path.name]}")


def _make_digits(folder: Path, extent: str, terminal: Terminal, rest: float) -> Iterator[Made]:
    """Train, evaluate and write the model; ``rest`` is the time of all but the training."""
    # torch takes seconds to import; the workbook is there by then.
    from gradsheet.cli.outputs import write_run_figures
    from gradsheet.digits.data import load
    from gradsheet.digits.device import find_device
    from gradsheet.digits.estimate import seconds_left
    from gradsheet.digits.recipe import find_recipe
    from gradsheet.digits.run import TrainingRun

    recipe = find_recipe(*_RECIPES[extent])
    run = TrainingRun(folder / f"digits-{extent}", recipe, seed=0, device=find_device("auto"))
    dataset = load()
    terminal.note(f"The rest takes about {duration(seconds_left(run, dataset) + rest)} here.")
    epochs = _count(recipe.epochs, "epoch")
    terminal.note(f"Training 17,410 parameters on {len(dataset.train):,} digits for {epochs}.")
    finished = run.execute(dataset, terminal.note, bar=not terminal.quiet)
    write_run_figures(finished, dataset.test)
    yield from _describe(finished)
    terminal.note("Writing the model as a workbook, and recalculating it as a check.")
    yield _open(run.folder, folder / "network.xlsx")


def _describe(run: "FinishedRun") -> Iterator[Made]:
    """The files of a training run, and its results."""
    correct, total = run.evaluation.correct, run.evaluation.total
    seconds = sum(epoch.seconds for epoch in run.history)
    reached = f"{correct}/{total} test digits ({correct / total:.2%})"
    yield Made(run.folder / "model.safetensors", f"{reached} after {seconds:.0f} s of training")
    epochs = _count(len(run.history), "epoch")
    yield Made(run.folder / "accuracy.png", f"accuracy over {epochs}")
    yield Made(run.folder / "mistakes.png", f"the {total - correct} misclassified digits")


def _open(run: Path, path: Path) -> Made:
    from gradsheet.models.digit_classifier import open_digits

    open_digits(run, "0", None, backward=True, path=path)
    return Made(path, "the trained model in live cells, layer by layer, with every gradient")


def duration(seconds: float) -> str:
    """A time to wait, in words that promise no more than is known."""
    if seconds < 100:
        return f"{10 * max(1, round(seconds / 10))} s"
    return f"{seconds / 60:.1f} minutes" if seconds < 570 else f"{round(seconds / 60)} minutes"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
