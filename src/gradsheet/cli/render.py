"""Results as tables for the terminal."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from gradsheet.cli.terminal import size_in_words
from gradsheet.networks.sweep import Descent

if TYPE_CHECKING:
    from gradsheet.cli.demo import Made
    from gradsheet.digits.evaluation import Evaluation
    from gradsheet.digits.study.compare import ModelComparison, StudyComparison
    from gradsheet.workbook.differences import Difference
    from gradsheet.workbook.verify import Verification

_MARKS = (1, 10, 50, 100, 200, 500, 1000)
_MOST_ROWS = 40
_SIGNIFICANT = 0.05


def made_table(folder: Path, made: Sequence["Made"]) -> Table:
    """The files that the demo wrote into ``folder``, each with its result."""
    table = Table(title=Text(f"Written to {folder}"), title_justify="left")
    table.add_column("file", no_wrap=True)
    table.add_column("content")
    table.add_column("size", justify="right")
    for item in made:
        name, size = item.path.relative_to(folder), item.path.stat().st_size
        table.add_row(Text(str(name)), Text(item.what), size_in_words(size))
    return table


def sweep_table(descent: Descent) -> Table:
    """The loss after some numbers of updates, one row per learning rate."""
    marks = [mark for mark in _MARKS if mark < descent.updates][:4]
    table = Table(title="loss after updates, by learning rate", title_justify="left")
    for name in ("rate", "0", *map(str, marks), str(descent.updates)):
        table.add_column(name, justify="right", no_wrap=True)
    diverged = descent.diverged_after()
    if any(after is not None for after in diverged):
        table.add_column("diverged after", justify="right", no_wrap=True)
    step = max(1, math.ceil(len(descent.learning_rates) / _MOST_ROWS))
    for number in range(0, len(descent.learning_rates), step):
        losses = [descent.loss[row, number] for row in (0, *marks, descent.updates)]
        cells = [f"{loss:.4g}" if math.isfinite(loss) else "—" for loss in losses]
        if diverged[number] is not None:
            cells.append(str(diverged[number]))
        table.add_row(f"{descent.learning_rates[number]:.6g}", *cells)
    if step > 1:
        count = len(descent.learning_rates)
        table.caption = f"every {step}th of {count} rates; all are in losses.csv"
    return table


def verification_table(found: "Verification") -> Table:
    """The worst difference on each sheet, as written and after a changed input."""
    title = f"recalculated by {found.engine}: worst relative difference"
    table = Table(title=title, title_justify="left")
    table.add_column("sheet, against the library")
    table.add_column("cells", justify="right")
    for name in ("as written", f"after {found.changed}"):
        table.add_column(name, justify="right")
        table.add_column("at")
    for before, after in zip(found.as_made, found.after_change, strict=True):
        table.add_row(*_difference_row(before, after))
    table.add_section()
    for before, after in found.gradients:
        table.add_row(*_difference_row(before, after))
    table.caption = found.note or None
    return table


def _difference_row(before: "Difference", after: "Difference") -> list[Text]:
    cells = [Text(before.what), Text(f"{before.cells:,}")]
    for difference in (before, after):
        worst = "differs" if math.isinf(difference.worst) else f"{difference.worst:.1e}"
        style = "" if difference.is_small else "bold red"
        cells += [Text(worst, style), Text(difference.where, style)]
    return cells


def evaluation_lines(result: "Evaluation", rejected: Sequence[int] = ()) -> str:
    """Accuracy with its interval, loss and recall; also without images with rejected labels."""
    from gradsheet.digits.evaluation import wilson_interval

    low, high = wilson_interval(result.correct, result.total)
    rates = ["—" if math.isnan(rate) else f"{rate:.2%}" for rate in result.recall]
    recall = [f"{digit}: {rate}" for digit, rate in enumerate(rates)]
    sound = result.without(rejected)
    note = (
        f"Without the {len(rejected)} images whose label most annotators reject: "
        f"{sound.correct}/{sound.total} ({sound.correct / sound.total:.2%})\n"
        if rejected
        else ""
    )
    return (
        f"Accuracy: {result.correct}/{result.total} ({result.correct / result.total:.2%}), "
        f"95% interval {low:.2%} to {high:.2%} (Wilson)\n"
        f"{note}Average loss: {result.loss:.4f} nats\n"
        f"Recall  {'  '.join(recall[:5])}\n        {'  '.join(recall[5:])}"
    )


def confusion_table(result: "Evaluation") -> Table:
    """Number of images of each digit (row) classified as each digit (column)."""
    table = Table(title="digit (row) classified as (column)", title_justify="left")
    table.add_column("", justify="right", style="bold")
    for digit in range(10):
        table.add_column(str(digit), justify="right")
    for digit, counts in enumerate(result.confusion.tolist()):
        cells = [str(count) if count else "·" for count in counts]
        table.add_row(str(digit), *cells)
    return table


def study_lines(summary: dict[str, Any]) -> str:
    """Accuracy of a study's seeds after the last epoch."""
    low, high = summary["95% interval of the mean"]
    return (
        f"Recipe {summary['recipe']['name']}, {summary['n']} seeds, last of "
        f"{summary['recipe']['epochs']} epochs, {summary['evaluated on']} images\n"
        f"Accuracy: mean {summary['mean']:.3%}, standard deviation "
        f"{summary['standard deviation']:.3%}, worst {summary['worst']:.2%}, "
        f"best {summary['best']:.2%}\n"
        f"95% interval of the mean: {low:.3%} to {high:.3%}"
    )


def study_comparison_lines(first: str, second: str, found: "StudyComparison") -> str:
    """Two studies side by side, and whether the difference is more than chance."""
    low, high = found.interval
    verdict = _verdict(found.difference, max(found.welch, found.permutation))
    return (
        f"A: {first}: mean {found.means[0]:.3%} of {found.counts[0]} seeds\n"
        f"B: {second}: mean {found.means[1]:.3%} of {found.counts[1]} seeds\n"
        f"B − A: {100 * found.difference:+.3f} points, 95% interval {100 * low:+.3f} to "
        f"{100 * high:+.3f}\n"
        f"p-value: {found.welch:.2g} (Welch), {found.permutation:.2g} (permutation)\n{verdict}"
    )


def model_comparison_lines(first: str, second: str, found: "ModelComparison") -> str:
    """Two models side by side, and whether the difference is more than chance."""
    one, other = (f"{count}/{found.total} ({count / found.total:.2%})" for count in found.correct)
    verdict = _verdict(found.correct[1] - found.correct[0], found.p_value)
    return (
        f"A: {first}: {one}\n"
        f"B: {second}: {other}\n"
        f"{found.only_first} images are classified correctly by A alone, {found.only_second} by B "
        f"alone\n"
        f"p-value: {found.p_value:.2g} (McNemar, exact)\n{verdict}"
    )


def _verdict(difference: float, p_value: float) -> str:
    if p_value >= _SIGNIFICANT:
        return f"No difference beyond chance (at the {_SIGNIFICANT:.0%} level)."
    return f"{'B' if difference > 0 else 'A'} is better (at the {_SIGNIFICANT:.0%} level)."
