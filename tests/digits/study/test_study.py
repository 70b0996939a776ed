"""Studies: many seeds, killed workers, clusters; and comparisons against their definitions."""

import itertools
import json
import math
import os
import shutil
import signal
import statistics
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import Evaluation, evaluate
from gradsheet.digits.model_files import load_model
from gradsheet.digits.recipe import Recipe, find_recipe
from gradsheet.digits.study import workers
from gradsheet.digits.study.compare import compare_models, compare_studies
from gradsheet.digits.study.study import Study, distribution, read_summary, train_seed
from gradsheet.digits.study.workers import worker_pool
from gradsheet.errors import GradsheetError
from tests.digits.test_data import write


@pytest.fixture
def data(mnist: Dataset, tmp_path: Path) -> Path:
    """A folder with 300 training and 100 test images."""
    contents = []
    for part in (mnist.train[:300], mnist.test[:100]):
        for tensor in (part.images, part.labels.to(torch.uint8)):
            sizes = b"".join(size.to_bytes(4, "big") for size in tensor.shape)
            header = bytes([0, 0, 8, tensor.dim()]) + sizes
            contents.append(header + tensor.numpy().tobytes())
    (tmp_path / "data").mkdir()
    return write(tmp_path / "data", *contents)


@pytest.fixture
def study(data: Path, short: Recipe, tmp_path: Path) -> Study:
    recipe = replace(short, epochs=2, batch_size=100)
    return Study(tmp_path / "study", recipe, seeds=3, data=data, threads=torch.get_num_threads())


def one_thread() -> Executor:
    return ThreadPoolExecutor(1)


def quiet(done: int) -> None:
    del done


def test_a_study_is_the_distribution_of_its_runs(study: Study, data: Path) -> None:
    seen: list[int] = []
    summary = study.execute(one_thread, seen.append)
    assert seen[-1] == 6
    assert seen == sorted(seen)
    accuracies = [run["accuracy"] for run in summary["runs"]]
    assert [run["seed"] for run in summary["runs"]] == [0, 1, 2]
    assert summary["mean"] == pytest.approx(statistics.mean(accuracies), abs=1e-6)
    assert (summary["worst"], summary["best"]) == (min(accuracies), max(accuracies))
    assert len({json.dumps(run["mistakes"]) for run in summary["runs"]}) == 3
    assert read_summary(study.folder) == summary == read_summary(study.folder / "summary.json")
    assert summary["command"] == "gradsheet study --recipe best --seeds 3"
    for run in summary["runs"]:
        assert len(run["mistakes"]) == 100 - round(100 * run["accuracy"])
        assert run["history"][-1] == run["accuracy"]
        assert 0 <= run["load"] <= os.getloadavg()[2] + 1


def test_finished_seeds_are_kept_and_more_can_be_added(study: Study) -> None:
    first = replace(study, seeds=2).execute(one_thread, quiet)
    trained: list[int] = []

    class Watched(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
            trained.append(args[1])
            return super().submit(fn, *args, **kwargs)

    second = study.execute(lambda: Watched(1), quiet)
    assert trained == [2]
    assert second["runs"][:2] == first["runs"]


def test_records_alone_are_accepted(study: Study) -> None:
    """As they are kept under results/, without the runs; only of the same recipe and data."""
    recipe = replace(find_recipe(model="0.7k"), epochs=1, batch_size=100)
    two = replace(study, recipe=recipe, seeds=2)
    first = two.execute(one_thread, quiet)
    for seed in range(2):
        shutil.rmtree(study.folder / f"seed-{seed:03}")

    def none() -> Executor:
        raise AssertionError("a seed is trained again")

    assert two.execute(none, quiet)["runs"] == first["runs"]
    assert two.epochs_done() == 2
    assert (first["parameters"], first["multiply_adds"]) == (673, 331_262)
    assert first["command"] == "gradsheet study --recipe tiny --model 0.7k --seeds 2"
    for seed in range(2):
        shutil.rmtree(study.folder / f"seed-{seed:03}")
    other = replace(two, recipe=replace(recipe, learning_rate=0.5))
    with pytest.raises(GradsheetError, match=r"seed-000\.json records a run with another recipe"):
        other.execute(none, quiet)


def test_a_seed_of_a_study_is_an_ordinary_run(study: Study) -> None:
    train_seed(study, 1)
    record = json.loads((study.folder / "seed-001.json").read_text())
    model = load_model(study.folder / "seed-001")
    from gradsheet.digits.data import load

    again = evaluate(model, load(study.data).test)
    assert again.mistakes.tolist() == record["mistakes"]


def test_a_folder_holds_one_study(study: Study) -> None:
    replace(study, seeds=2).execute(one_thread, quiet)
    other = replace(study, recipe=replace(study.recipe, learning_rate=0.5))
    with pytest.raises(GradsheetError, match="a run with another recipe"):
        other.execute(one_thread, quiet)


def test_one_seed_is_no_study(study: Study) -> None:
    with pytest.raises(GradsheetError, match="1 seeds has no distribution"):
        replace(study, seeds=1)


class Killed(ThreadPoolExecutor):
    """An executor whose worker is lost with the second task."""

    tasks = itertools.count()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        if next(self.tasks) == 1:
            future: Future[Any] = Future()
            future.set_exception(BrokenProcessPool("a child process was killed"))
            return future
        return super().submit(fn, *args, **kwargs)


def test_a_lost_worker_is_replaced(study: Study) -> None:
    starts: list[Executor] = []

    def start() -> Executor:
        starts.append(Killed(1))
        return starts[-1]

    assert study.execute(start, quiet)["n"] == 3
    assert len(starts) == 2


def test_workers_that_keep_dying_are_said(study: Study) -> None:
    class Dying(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
            raise BrokenProcessPool("killed")

    with pytest.raises(GradsheetError, match="workers were killed 3 times"):
        study.execute(lambda: Dying(1), quiet)


@pytest.mark.slow
def test_a_killed_process_is_replaced(study: Study) -> None:
    """The same with real processes and a real signal, while there is work left."""
    study = replace(study, recipe=replace(study.recipe, epochs=40))
    started: list[ProcessPoolExecutor] = []
    killed: list[int] = []

    def start() -> Executor:
        with worker_pool(jobs=1, scheduler=None) as pool:
            executor = pool.start()
        assert isinstance(executor, ProcessPoolExecutor)
        started.append(executor)
        return executor

    def kill_once(done: int) -> None:
        workers = list((started[0]._processes or {}).values())
        if done and not killed and workers and workers[0].pid:
            killed.append(workers[0].pid)
            os.kill(workers[0].pid, signal.SIGKILL)

    summary = study.execute(start, kill_once)
    assert (len(killed), len(started)) == (1, 2)
    assert summary["n"] == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_trains_a_study(study: Study) -> None:
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
    )
    with cluster, worker_pool(None, cluster.scheduler_address) as pool:
        summary = replace(study, seeds=2).execute(pool.start, quiet)
    assert summary["n"] == 2


class LostCluster(Executor):
    """What is left of a Dask client whose scheduler was killed: nothing ends, all fails."""

    status = "running"

    def submit(self, *_: Any, **__: Any) -> "Future[Any]":
        return LostFuture()

    def shutdown(self, *_: Any, **__: Any) -> None:
        raise RuntimeError("Client is closed.")

    def get_executor(self, retries: int) -> Executor:
        return self


class LostFuture(Future[Any]):
    def cancel(self) -> bool:
        raise RuntimeError("Client is closed.")


def test_a_study_ends_when_its_scheduler_is_gone(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = LostCluster()
    monkeypatch.setattr(workers, "dask_client", lambda scheduler: nullcontext(client))
    with worker_pool(None, "tcp://gone:1") as pool:

        def look(_: int) -> None:
            pool.check()
            client.status = "closed"

        with pytest.raises(
            GradsheetError, match="scheduler at tcp://gone:1 is gone; give the same"
        ):
            study.execute(pool.start, look)
        with pytest.raises(GradsheetError, match="is gone"):
            pool.start()


def test_no_scheduler_is_said() -> None:
    with (
        pytest.raises(GradsheetError, match="no Dask scheduler answers at nonsense"),
        worker_pool(None, "nonsense"),
    ):
        pass


@pytest.mark.parametrize(("jobs", "share"), [(1, 1.0), (None, 0.0), (10_000, 0.0)])
def test_cores_are_shared_out(
    jobs: int | None, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores = len(os.sched_getaffinity(0))
    monkeypatch.setattr(torch, "get_num_threads", lambda: cores)
    with worker_pool(jobs, None) as pool:
        assert pool.threads == max(1, round(share * cores))


def test_workers_have_as_many_threads_as_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As OMP_NUM_THREADS allows, which torch reads."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    with worker_pool(1, None) as pool:
        assert pool.threads == 1


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"runs": []}',
        '{"runs": [{}, {}]}',
        "[[[[",
        '{"runs": [{"accuracy": "x"}, {"accuracy": 1}]}',
        '{"runs": [{"accuracy": Infinity}, {"accuracy": 1}]}',
        '{"runs": [{"accuracy": NaN}, {"accuracy": 1}]}',
        '{"runs": 7}',
        "9" * 5_000,
    ],
)
def test_a_damaged_summary_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(GradsheetError, match="is not the summary of a study"):
        read_summary(tmp_path)


def test_what_is_no_study_is_none(tmp_path: Path) -> None:
    assert read_summary(tmp_path) is None
    assert read_summary(tmp_path / "model.safetensors") is None


def test_the_interval_of_two_numbers() -> None:
    """Student's t with one degree of freedom is Cauchy: its 97.5% point is tan(0.475 π)."""
    found = distribution([0.49, 0.496])
    half = math.tan(0.475 * math.pi) * 0.003
    assert found["95% interval of the mean"] == pytest.approx([0.493 - half, 0.493 + half])
    assert found["standard deviation"] == pytest.approx(0.006 / math.sqrt(2), abs=1e-6)


def test_no_interval_reaches_beyond_all_images() -> None:
    """Student's t alone would reach 103.1%."""
    half = math.tan(0.475 * math.pi) * 0.003
    assert distribution([0.99, 0.996])["95% interval of the mean"] == [round(0.993 - half, 6), 1]
    assert distribution([0.0, 0.4])["95% interval of the mean"] == [0, 1]
    assert distribution([1.0, 1.0])["95% interval of the mean"] == [1, 1]


def evaluation(right: str) -> Evaluation:
    """What a model says that reads the images marked 1 rightly, all of them zeros."""
    wrong = torch.tensor([mark == "0" for mark in right]).long()
    return Evaluation(torch.eye(10)[wrong].log_softmax(1), torch.zeros(len(right)).long())


def test_mcnemar_is_a_binomial_test() -> None:
    first = evaluation("1" * 20 + "1" * 2 + "0" * 9 + "0" * 4)
    second = evaluation("1" * 20 + "0" * 2 + "1" * 9 + "0" * 4)
    found = compare_models(first, second)
    assert (found.correct, found.only_first, found.only_second) == ((22, 29), 2, 9)
    tail = sum(math.comb(11, k) for k in range(3)) / 2**11
    assert found.p_value == pytest.approx(2 * tail)
    assert compare_models(first, first).p_value == 1


def test_welch_and_permutations_by_their_definitions() -> None:
    first, second = [0.9950, 0.9954, 0.9957], [0.9958, 0.9961, 0.9963, 0.9960]
    found = compare_studies(first, second)
    assert found.difference == pytest.approx(statistics.mean(second) - statistics.mean(first))
    both = [*first, *second]
    differences = []
    for chosen in itertools.combinations(range(7), 3):
        one = [both[number] for number in chosen]
        other = [both[number] for number in range(7) if number not in chosen]
        differences.append(statistics.mean(other) - statistics.mean(one))
    as_large = sum(difference >= found.difference - 1e-12 for difference in differences)
    assert found.permutation == pytest.approx(2 * as_large / len(differences))
    spread = [statistics.variance(group) / len(group) for group in (first, second)]
    freedom = sum(spread) ** 2 / sum(
        part**2 / (len(group) - 1) for part, group in zip(spread, (first, second), strict=True)
    )
    t = found.difference / math.sqrt(sum(spread))
    assert found.welch == pytest.approx(two_sided(t, freedom), rel=1e-3)
    assert found.interval[0] < found.difference < found.interval[1]
    assert (found.interval[0] > 0) == (found.welch < 0.05)


def two_sided(t: float, freedom: float) -> float:
    """The p-value of Student's t, by the trapezoidal rule over its density."""
    scale = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2))
    steps = 20_000
    values: list[float] = [
        scale * (1 + (t * k / steps) ** 2 / freedom) ** (-(freedom + 1) / 2)
        for k in range(steps + 1)
    ]
    return 1 - 2.0 * (sum(values) - (values[0] + values[-1]) / 2) * t / steps


def test_equal_studies_do_not_differ() -> None:
    found = compare_studies([0.99, 0.99], [0.99, 0.99, 0.99])
    assert found.difference == pytest.approx(0)
    assert (found.welch, found.permutation) == (1, 1)


def test_seeds_that_agree_are_compared_without_a_warning() -> None:
    """SciPy warns of identical numbers, and a warning is an error here."""
    found = compare_studies([0.97, 0.97], [0.95, 0.9])
    assert found.difference == pytest.approx(-0.045)
    assert 0.2 < found.welch < 0.5
    apart = compare_studies([0.99, 0.99, 0.99], [0.98, 0.98, 0.98])
    assert apart.welch < 0.01


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"seed": 0}', "[" * 5_000])
def test_a_damaged_record_is_made_again(text: str, study: Study) -> None:
    whole = study.execute(one_thread, quiet)
    record = study.folder / "seed-000.json"
    sound = record.read_text()
    record.write_text(text)
    again = study.execute(one_thread, quiet)
    assert record.read_text() == sound
    assert again == whole
