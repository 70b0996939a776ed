"""The command demo: the workbook, the graphs, the diagram and a trained network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gradsheet.cli.options import Quiet, output
from gradsheet.cli.terminal import Terminal, resumable
from gradsheet.extras import require


def demo(
    quick: Annotated[bool, typer.Option("--quick", help="Train for one epoch only.")] = False,
    folder: Annotated[Path, output("The folder to write.")] = Path("runs/demo"),
    quiet: Quiet = False,
) -> None:
    """Write a workbook, loss curves and a diagram, and train the digit classifier."""
    require("torch")
    terminal = Terminal(quiet)
    with resumable():
        made = list(run_demo(folder, quick, terminal.note))
    from gradsheet.cli.render import made_table

    terminal.result(made_table(folder, made))


@dataclass(frozen=True)
class Made:
    """One thing the demo made, and what it is or reached."""

    path: Path
    what: str


def run_demo(folder: Path, quick: bool, say: Callable[[str], None]) -> Iterator[Made]:
    """Make everything in ``folder``, telling ``say`` what happens; yield each thing when made.

    With ``quick`` the network is trained for one epoch. A network that an earlier demo trained to
    the end in the same folder is kept, one that was interrupted goes on.
    """
    yield from _make_backprop(folder, say)
    yield from _make_digits(folder, quick, say)


def _make_backprop(folder: Path, say: Callable[[str], None]) -> Iterator[Made]:
    from gradsheet.cli.outputs import write_diagram, write_sweep
    from gradsheet.networks.graph import build_graph
    from gradsheet.networks.sweep import DEFAULT_LEARNING_RATES, DEFAULT_UPDATES, descend
    from gradsheet.networks.toml import load_network
    from gradsheet.workbook.build import write_workbook

    spec = load_network("course")
    graph = build_graph(spec)
    say("Writing the workbook, the loss graphs and the network diagram.")
    workbook = folder / "backprop.xlsx"
    write_workbook(spec, workbook)
    yield Made(workbook, "backpropagation in live cells: open it and change a number")
    descent = descend(graph, DEFAULT_LEARNING_RATES, DEFAULT_UPDATES)
    table, *single, together = write_sweep(descent, folder)
    number = len(descent.learning_rates)
    yield Made(table, f"the loss at {number} learning rates, {descent.updates} updates")
    for path, loss in zip(single, descent.loss[-1], strict=True):
        yield Made(path, f"loss {descent.loss[0, 0]:.6f} → {loss:.6f}")
    yield Made(together, "all learning rates together")
    drawings = [folder / "network.svg", folder / "network.png"]
    write_diagram(graph, drawings)
    for path in drawings:
        yield Made(path, "the network with its values and gradients")


def _make_digits(folder: Path, quick: bool, say: Callable[[str], None]) -> Iterator[Made]:
    # torch takes seconds to import; the workbook is there by then.
    from gradsheet.cli.outputs import write_run_figures
    from gradsheet.digits.data import load
    from gradsheet.digits.recipe import find_recipe
    from gradsheet.digits.run import TrainingRun
    from gradsheet.digits.training import find_device
    from gradsheet.models.digit_classifier import open_digits

    run_folder = folder / ("digits-quick" if quick else "digits")
    recipe = find_recipe("best", epochs=1 if quick else None)
    dataset = load()
    epochs = _count(recipe.epochs, "epoch")
    say(f"Training 17,410 parameters on {len(dataset.train):,} digits, {epochs}.")
    run = TrainingRun(run_folder, recipe, seed=0, device=find_device("auto")).execute(dataset, say)
    write_run_figures(run, dataset.test)
    correct, total = run.evaluation.correct, run.evaluation.total
    seconds = sum(epoch.seconds for epoch in run.history)
    reached = (
        f"{correct}/{total} test digits ({correct / total:.2%}) in {seconds:.0f} s of training"
    )
    yield Made(run_folder / "model.safetensors", reached)
    yield Made(run_folder / "accuracy.png", f"accuracy over {_count(len(run.history), 'epoch')}")
    book = folder / "network.xlsx"
    open_digits(run_folder, "0", None, backward=True, path=book)
    yield Made(book, "the trained network in live cells, layer by layer, every gradient included")
    yield Made(run_folder / "mistakes.png", f"the {total - correct} digits read wrongly")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
