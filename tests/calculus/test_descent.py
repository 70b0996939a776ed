"""Descent against a closed form, at its limits, and as CSV."""

import csv
import io

import numpy as np
import pytest

from gradsheet.calculus.descent import descend, losses_csv
from gradsheet.calculus.graph import build_graph
from gradsheet.calculus.network import LayerSpec, NetworkSpec, load_network
from gradsheet.errors import GradsheetError

# One weight, no bend: w follows w' = w - η·(w·x - t)·x, so the distance to t/x shrinks by 1 - η·x².
LINE = NetworkSpec((2.0,), (1.0,), (LayerSpec(((3.0,),), "identity"),))


def test_closed_form_of_one_weight() -> None:
    rates = (0.05, 0.2, 0.4)
    descent = descend(build_graph(LINE), rates, 20)
    updates = np.arange(21)[:, None]
    distance = (3.0 - 0.5) * (1 - np.array(rates) * 4) ** updates
    assert descent.loss == pytest.approx((2 * distance) ** 2 / 2, rel=1e-9)
    assert descent.diverged_after() == (None, None, None)


def test_divergence_is_told_from_training() -> None:
    descent = descend(build_graph(LINE), (0.1, 1e6), 40)
    safe, broken = descent.diverged_after()
    assert safe is None
    assert broken is not None
    assert np.isfinite(descent.loss[:broken, 1]).all()
    assert np.isnan(descent.loss[broken:, 1]).all()
    assert np.isfinite(descent.loss[:, 0]).all()


def test_a_huge_rate_on_the_course_network_saturates_without_a_warning() -> None:
    descent = descend(build_graph(load_network("course")), (1e6,), 10)
    assert np.isfinite(descent.loss).all()


def test_rates_do_not_disturb_each_other() -> None:
    graph = build_graph(load_network("course"))
    together = descend(graph, (0.1, 0.5, 2.0), 50).loss
    alone = np.hstack([descend(graph, (rate,), 50).loss for rate in (0.1, 0.5, 2.0)])
    assert (together == alone).all()


@pytest.mark.parametrize(
    ("rates", "updates", "said"),
    [
        ((), 10, "no learning rate"),
        ((0.5, -0.1), 10, "learning rate -0.1 is not possible"),
        ((0.0,), 10, "learning rate 0 is not possible"),
        ((float("nan"),), 10, "learning rate nan is not possible"),
        ((0.5, 0.1, 0.5), 10, "learning rate 0.5 is given twice"),
        ((0.5,), 0, "0 updates asked for"),
        ((0.5,), 10**9, "1,000,000,001 numbers would have to be held"),
    ],
)
def test_impossible_orders_are_refused(rates: tuple[float, ...], updates: int, said: str) -> None:
    with pytest.raises(GradsheetError, match=said):
        descend(build_graph(LINE), rates, updates)


def test_csv_holds_every_number_exactly() -> None:
    descent = descend(build_graph(LINE), (0.1, 1e9), 30)
    rows = list(csv.reader(io.StringIO(losses_csv(descent))))
    assert rows[0] == ["updates", "0.1", "1000000000.0"]
    assert [float(row[1]) for row in rows[1:]] == descent.loss[:, 0].tolist()
    assert rows[-1][2] == "diverged"
    assert [row[0] for row in rows[1:]] == [str(k) for k in range(31)]
