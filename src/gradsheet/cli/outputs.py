"""The files that commands write: of a sweep, a diagram, a training run, many audits."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradsheet import figures
from gradsheet.files import make_folder, write_text
from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.sweep import Descent, descend, losses_csv

if TYPE_CHECKING:  # torch stays unloaded where only part 1 is asked for
    from gradsheet.audit.findings import Audit
    from gradsheet.digits.data import ImageSet
    from gradsheet.digits.evaluation import Evaluation
    from gradsheet.digits.run import FinishedRun
    from gradsheet.digits.training import RatePoint

MOST_SINGLE_GRAPHS = 24
"""With more learning rates than these, a sweep draws the common graph only."""


def write_sweep(descent: Descent, folder: Path) -> list[Path]:
    """Write ``losses.csv``, a graph a learning rate and one of all; return their paths."""
    make_folder(folder)
    table, together = folder / "losses.csv", folder / "loss_all.png"
    write_text(table, losses_csv(descent))
    written = [table]
    if len(descent.learning_rates) <= MOST_SINGLE_GRAPHS:
        for number, rate in enumerate(descent.learning_rates):
            written.append(folder / f"loss_lr_{rate!r}.png")
            figures.save(figures.loss_curve(descent, number), written[-1])
    figures.save(figures.loss_curves(descent), together)
    return [*written, together]


def write_diagram(graph: NetworkGraph, paths: Sequence[Path]) -> None:
    """Draw the untouched network with its values and gradients, once to each path."""
    shown = [*graph.table(), *graph.gradients]
    start = descend(graph, learning_rates=(1.0,), updates=1, record=shown)
    values = {variable: float(start.values[variable][0, 0]) for variable in shown}
    for path in paths:
        figures.save(figures.network(graph, values), path)


def write_run_figures(run: "FinishedRun", images: "ImageSet") -> list[Path]:
    """Draw a run's history, its confusion matrix and the misclassified ``images``."""
    paths = {
        name: run.folder / f"{name}.png" for name in ("accuracy", "loss", "confusion", "mistakes")
    }
    history, evaluation = run.history, run.evaluation
    held_out = f"{run.evaluated_on} images"
    accuracy = {
        "training images, as augmented": [100 * epoch.train_accuracy for epoch in history],
        held_out: [100 * epoch.test_accuracy for epoch in history],
    }
    loss = {
        "training images, as augmented": [epoch.train_loss for epoch in history],
        held_out: [epoch.test_loss for epoch in history],
    }
    last = f"{history[-1].test_accuracy:.2%} after epoch {len(history)}"
    figures.save(figures.epochs(f"Accuracy: {last}", "accuracy, %", accuracy), paths["accuracy"])
    figures.save(figures.epochs("Loss", "cross-entropy, nats", loss), paths["loss"])
    figures.save(figures.confusion(evaluation.confusion.numpy()), paths["confusion"])
    write_misclassified(evaluation, images, paths["mistakes"])
    return list(paths.values())


def write_rate_trial(trial: "Sequence[RatePoint]", used: float, path: Path) -> None:
    """Plot the loss of a learning-rate trial, with the rate that a recipe uses."""
    rates = [point.learning_rate for point in trial]
    losses = [point.loss for point in trial]
    smooth = [point.smooth_loss for point in trial]
    figures.save(figures.rate_trial(rates, losses, smooth, used), path)


def write_study_figure(summary: dict[str, Any], path: Path) -> None:
    """Plot the distribution of a study's seeds after each epoch."""
    seeds = [[100 * value for value in run["history"]] for run in summary["runs"]]
    last = f"{summary['mean']:.2%} ± {summary['standard deviation']:.2%} at the end"
    title = f"{summary['recipe']['name']}: {summary['n']} seeds, {last}"
    label = f"{summary['evaluated on']} images: accuracy, %"
    figures.save(figures.band(title, label, seeds), path)


def write_misclassified(evaluation: "Evaluation", images: "ImageSet", path: Path) -> None:
    """Draw those of ``images`` that were misclassified."""
    wrong = evaluation.mistakes
    labels, predictions = (
        part[wrong].tolist() for part in (evaluation.labels, evaluation.predictions)
    )
    figures.save(figures.misclassified(images.images[wrong].numpy(), labels, predictions), path)


def write_mistakes(audits: "Sequence[Audit]", folder: Path) -> None:
    """Write how many mistakes of each kind each workbook has, as a table and a picture."""
    from gradsheet.audit.report.sentences import label
    from gradsheet.audit.report.summary import class_csv, mistake_counts, mistake_kinds
    from gradsheet.audit.report.text import file_names

    make_folder(folder)
    # Excel takes a CSV file for UTF-8 where a byte order mark says so.
    write_text(folder / "mistakes.csv", f"\ufeff{class_csv(audits)}")
    kinds = mistake_kinds(audits)
    counts = mistake_counts(audits, kinds)
    picture = figures.mistake_heat_map(file_names(audits), list(map(label, kinds)), counts)
    figures.save(picture, folder / "mistakes.png")
