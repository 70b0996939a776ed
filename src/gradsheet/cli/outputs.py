"""The files that commands write: of a sweep, a training run, many audits."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradsheet import figures
from gradsheet.files import make_folder, write_text
from gradsheet.networks.sweep import Descent, losses_csv

if TYPE_CHECKING:  # torch stays unloaded where only part 1 is asked for
    from gradsheet.audit.batch import Result
    from gradsheet.digits.data import ImageSet
    from gradsheet.digits.evaluation import Evaluation
    from gradsheet.digits.rate_trial import RatePoint
    from gradsheet.digits.run import FinishedRun

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
            figures.save(figures.plot_loss(descent, number), written[-1])
    figures.save(figures.plot_losses(descent), together)
    return [*written, together]


def write_run_figures(run: "FinishedRun", images: "ImageSet") -> None:
    """Draw a run's history, its confusion matrix and the misclassified ``images``."""
    history, augmented, other = run.history, "training images, as augmented", run.evaluated_on
    accuracy = {
        augmented: [100 * epoch.train_accuracy for epoch in history],
        f"{other} images": [100 * epoch.eval_accuracy for epoch in history],
    }
    loss = {
        augmented: [epoch.train_loss for epoch in history],
        f"{other} images": [epoch.eval_loss for epoch in history],
    }
    last = f"{history[-1].eval_accuracy:.2%} after epoch {len(history)}"
    drawn = {
        "accuracy": figures.plot_epochs(f"Accuracy: {last}", "accuracy, %", accuracy),
        "loss": figures.plot_epochs("Loss", "cross-entropy, nats", loss),
        "confusion": figures.plot_confusion(run.evaluation.confusion.numpy()),
    }
    for name, figure in drawn.items():
        figures.save(figure, run.folder / f"{name}.png")
    write_misclassified(run.evaluation, images, run.folder / "mistakes.png")


def write_rate_trial(trial: "Sequence[RatePoint]", used: float, path: Path) -> None:
    """Plot the loss of a learning-rate trial, with the rate that a recipe uses."""
    rates = [point.learning_rate for point in trial]
    losses = [point.loss for point in trial]
    smooth = [point.smooth_loss for point in trial]
    figures.save(figures.plot_rate_trial(rates, losses, smooth, used), path)


def write_study_figure(summary: dict[str, Any], path: Path) -> None:
    """Plot the distribution of a study's seeds after each epoch."""
    seeds = [[100 * value for value in run["history"]] for run in summary["runs"]]
    last = f"{summary['mean']:.2%} ± {summary['standard deviation']:.2%} at the end"
    title = f"{summary['recipe']['name']}: {summary['n']} seeds, {last}"
    label = f"{summary['evaluated on']} images: accuracy, %"
    figures.save(figures.plot_seeds(title, label, seeds), path)


def write_misclassified(evaluation: "Evaluation", images: "ImageSet", path: Path) -> None:
    """Draw those of ``images`` that were misclassified."""
    wrong = evaluation.mistakes
    labels, predictions = evaluation.labels[wrong], evaluation.predictions[wrong]
    shown = images.images[wrong].numpy()
    figure = figures.plot_misclassified(shown, labels.tolist(), predictions.tolist())
    figures.save(figure, path)


def write_mistakes(results: "Sequence[Result]", folder: Path) -> list[Path]:
    """Write how many mistakes of each kind each workbook has, as a table and a picture."""
    from gradsheet.audit.findings import Audit
    from gradsheet.audit.report.sentences import label
    from gradsheet.audit.report.summary import class_csv, mistake_counts, mistake_kinds
    from gradsheet.audit.report.text import file_names

    make_folder(folder)
    table, drawn = folder / "mistakes.csv", folder / "mistakes.png"
    # Excel takes a CSV file for UTF-8 where a byte order mark says so.
    write_text(table, f"\ufeff{class_csv(results)}")
    audits, kinds = [r for r in results if isinstance(r, Audit)], mistake_kinds(results)
    counts = mistake_counts(audits, kinds)
    picture = figures.plot_mistakes(file_names(audits), list(map(label, kinds)), counts)
    figures.save(picture, drawn)
    return [table, drawn]
