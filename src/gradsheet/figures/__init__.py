"""Results as matplotlib figures: each function returns one, ``save`` writes it.

The only user of matplotlib.
"""

from gradsheet.figures.digits import (
    plot_confusion,
    plot_epochs,
    plot_misclassified,
    plot_rate_trial,
    plot_seeds,
)
from gradsheet.figures.losses import plot_loss, plot_losses
from gradsheet.figures.mistakes import plot_mistakes
from gradsheet.figures.network import plot_network
from gradsheet.figures.paper import check_format, save, svg

__all__ = [
    "check_format",
    "plot_confusion",
    "plot_epochs",
    "plot_loss",
    "plot_losses",
    "plot_misclassified",
    "plot_mistakes",
    "plot_network",
    "plot_rate_trial",
    "plot_seeds",
    "save",
    "svg",
]
