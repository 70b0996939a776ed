"""Runs and their folders: written, interrupted, resumed, refused."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from gradsheet.digits import device, training
from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.history import EpochRecord, read_history, write_history
from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.model_files import load_model, save_model
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.run import TrainingRun
from gradsheet.digits.run_folder import describe
from gradsheet.digits.storage import read_tensors
from gradsheet.errors import GradsheetError
from gradsheet.files import exclusive
from tests.digits.conftest import Trained


def quiet(line: str) -> None:
    del line


def test_a_run_folder(trained: Trained, few: Dataset) -> None:
    folder, finished = trained.run.folder, trained.finished
    assert sorted(file.name for file in folder.iterdir()) == [
        "config.json",
        "history.csv",
        "model.safetensors",
    ]
    config = json.loads((folder / "config.json").read_text())
    assert config["recipe"]["name"] == "best"
    assert config["recipe"]["epochs"] == 3
    assert (config["seed"], config["trained on"], config["evaluated on"]) == (0, 400, "test")
    assert config["versions"]["torch"] == torch.__version__
    assert config["machine"]["threads"] >= 1
    assert config["machine"]["processor"]
    assert read_history(folder) == finished.history == tuple(trained.watched)
    last = finished.history[-1]
    correct = round(last.eval_accuracy * 200)
    assert trained.lines[-1] == (
        f"Test set: Average loss: {last.eval_loss:.4f}, Accuracy: {correct}/200 "
        f"({last.eval_accuracy:.2%})\n"
    )
    result = evaluate(load_model(folder), few.test)
    assert result.correct == correct == finished.evaluation.correct
    assert result.loss == pytest.approx(last.eval_loss)


def test_validation_leaves_the_test_set_alone(validated: Trained, few: Dataset) -> None:
    """The set that is evaluated has its name in the log, the history and the folder."""
    finished = validated.finished
    assert torch.equal(finished.evaluation.labels, few.train.labels[300:])
    last = finished.history[-1]
    correct = round(last.eval_accuracy * 100)
    assert validated.lines[-1] == (
        f"Validation set: Average loss: {last.eval_loss:.4f}, Accuracy: {correct}/100 "
        f"({last.eval_accuracy:.2%})\n"
    )
    assert {record.eval_set for record in finished.history} == {"validation"}
    assert read_history(validated.run.folder) == finished.history
    config = describe(validated.run.folder)
    assert finished.evaluated_on == config["evaluated on"] == "validation"


def test_the_best_epoch_is_kept_where_no_test_set_chooses_it(
    trained: Trained, validated: Trained, few: Dataset
) -> None:
    history = validated.finished.history
    best = max(history, key=lambda epoch: (epoch.eval_accuracy, -epoch.eval_loss))
    result = evaluate(load_model(validated.run.folder / "best.safetensors"), few.train[300:])
    assert result.accuracy == pytest.approx(best.eval_accuracy)
    assert not (trained.run.folder / "best.safetensors").exists()


def test_a_run_is_known_by_its_folder_alone(
    validated: Trained, cpu: torch.device, tmp_path: Path
) -> None:
    assert TrainingRun.of_folder(validated.run.folder, cpu) == validated.run
    with pytest.raises(GradsheetError, match="is no run folder"):
        TrainingRun.of_folder(tmp_path, cpu)
    (tmp_path / "config.json").write_text('{"recipe": {}, "seed": 7}')
    with pytest.raises(GradsheetError, match="is not the description of a run known here"):
        TrainingRun.of_folder(tmp_path, cpu)


def test_a_wide_teacher_in_a_run_folder(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    wide = replace(short, epochs=1, architecture=Architecture(width=2))
    TrainingRun(tmp_path / "wide", wide, 0, cpu).execute(tiny, quiet, bar=False)
    recipe = replace(short, epochs=1, temperature=1.0)
    run = TrainingRun(tmp_path / "run", recipe, 0, cpu, teachers=(tmp_path / "wide",))
    run.execute(tiny, quiet, bar=False)
    assert TrainingRun.of_folder(tmp_path / "run", cpu) == run
    other = replace(run, teachers=(tmp_path / "run",))
    with pytest.raises(GradsheetError, match="a run with another teachers"):
        other.execute(tiny, quiet)


def test_an_interrupted_run_is_resumed(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    run = TrainingRun(tmp_path / "run", short, seed=2, device=cpu)
    whole = replace(run, folder=tmp_path / "whole").execute(tiny, quiet, bar=False)

    def interrupt(record: EpochRecord) -> None:
        if record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.execute(tiny, quiet, bar=False, watch=interrupt)
    assert len(read_history(run.folder)) == 2
    with pytest.raises(GradsheetError, match="its training has not finished"):
        load_model(run.folder)
    with pytest.raises(GradsheetError, match="holds something else: a run with another seed;"):
        replace(run, seed=3).execute(tiny, quiet)
    with pytest.raises(GradsheetError, match="else: the same run with 3 epochs, not 4; give"):
        replace(run, recipe=replace(short, epochs=4)).execute(tiny, quiet)
    with pytest.raises(GradsheetError, match="a run with another recipe;"):
        replace(run, recipe=replace(short, momentum=0.3)).execute(tiny, quiet)
    with pytest.raises(GradsheetError, match="a run with another recipe and another data;"):
        replace(run, recipe=replace(short, epochs=4)).execute(replace(tiny, sha256="x"), quiet)
    lines: list[str] = []
    finished = run.execute(tiny, lines.append, bar=False)
    assert lines[0] == "Resuming from the last finished epoch, 2 of 3."
    assert finished.evaluation.loss == whole.evaluation.loss
    weights = (run.folder / "model.safetensors").read_bytes()
    again = run.execute(tiny, lines.append)
    assert lines[-1] == f"The run in {run.folder} is finished already; its weights are kept."
    assert again.history == finished.history
    assert (run.folder / "model.safetensors").read_bytes() == weights


def test_a_run_stopped_before_its_last_history_has_it_whole(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrainingRun(tmp_path / "run", short, seed=2, device=cpu)

    def stop_at_the_end(folder: Path, history: list[EpochRecord]) -> None:
        if len(history) == short.epochs:
            raise KeyboardInterrupt
        write_history(folder, history)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("gradsheet.digits.run.write_history", stop_at_the_end)
        run.execute(tiny, quiet, bar=False)
    assert len(read_history(run.folder)) == short.epochs - 1
    assert len(run.execute(tiny, quiet, bar=False).history) == short.epochs


def test_a_resumed_run_keeps_its_threads(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is free by then: the last bits of a sum depend on them."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    run, before = TrainingRun(tmp_path / "run", short, 0, cpu), torch.get_num_threads()

    def stop(record: EpochRecord) -> None:
        raise KeyboardInterrupt

    try:
        for free in (1, 2):
            torch.set_num_threads(2)
            monkeypatch.setattr(device, "_free_cores", lambda found=free: found)
            with pytest.raises(KeyboardInterrupt):
                run.execute(tiny, quiet, bar=False, watch=stop)
            assert torch.get_num_threads() == 2
            assert describe(run.folder)["machine"]["threads"] == 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("crowded", "free", "left"), [(True, 1, 1), (True, 2, 2), (False, 1, 2)])
def test_a_run_goes_on_with_one_thread_when_other_work_takes_the_cores(
    crowded: bool,
    free: int,
    left: int,
    tiny: Dataset,
    short: Recipe,
    cpu: torch.device,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says so once, and the folder states it; slow steps alone are no reason."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(device, "_free_cores", lambda: 2)
    monkeypatch.setattr(training, "free_cores", lambda: free)
    monkeypatch.setattr(device.StepTimes, "crowded", lambda *_: crowded)
    before, lines = torch.get_num_threads(), list[str]()
    torch.set_num_threads(2)
    try:
        run = TrainingRun(tmp_path / "run", short, 0, cpu)
        run.execute(tiny, lines.append, bar=False)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert describe(run.folder)["machine"]["threads"] == left
    assert sum("goes on with 1 thread" in line for line in lines) == (left == 1)


@pytest.mark.parametrize("name", ["config.json", "history.csv", "thesis.txt"])
def test_somebody_elses_files_are_left_alone(
    name: str, tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(GradsheetError, match=r"there are files, but no config\.json of a run"):
        TrainingRun(tmp_path, short, seed=2, device=cpu).execute(tiny, quiet)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "{}"


def test_what_a_kill_leaves_does_not_block_a_folder(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    """A process can be killed while its first file is still under a temporary name."""
    left = [tmp_path / ".config-k3_x9qab.json", tmp_path / ".mistakes-abcd1234.png"]
    for path in left:
        path.write_text("half")
    run = TrainingRun(tmp_path, replace(short, epochs=1), 0, cpu)
    run.execute(few, quiet)
    left[1].write_text("half")
    run.execute(few, quiet)
    assert not any(path.exists() for path in left)


def test_one_command_at_a_time_works_in_a_folder(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    run = TrainingRun(tmp_path / "run", replace(short, epochs=1), 0, cpu)
    with (
        exclusive(run.folder),
        pytest.raises(GradsheetError, match="another command works in"),
    ):
        run.execute(few, quiet)
    run.execute(few, quiet)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", math.inf),
        ("seed", -1),
        ("seed", "0"),
        ("held out", 1.5),
        ("teachers", "ab"),
        ("recipe", []),
        ("batch_size", "many"),
        ("batch_size", math.inf),
        ("epochs", 0),
        ("epochs", 10**30),
        ("optimizer", ["muon"]),
        ("learning_rate", math.nan),
        ("warmup", 1),
        ("temperature", 0),
        ("augmentation", {"degrees": math.inf}),
        ("architecture", {"width": 65}),
    ],
)
def test_a_description_may_state_anything(
    name: str, value: object, few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    TrainingRun(tmp_path, replace(short, epochs=1), 0, cpu).claim(few)
    config = json.loads((tmp_path / "config.json").read_text())
    (config if name in config else config["recipe"])[name] = value
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(GradsheetError, match=r"config\.json is not the description of a run"):
        TrainingRun.of_folder(tmp_path, cpu)


def test_equal_weights_are_equal_bytes(short: Recipe, tmp_path: Path) -> None:
    """A teacher is known by its bytes; the library orders the texts of a file anew each time."""
    model = DigitNet(Architecture())
    path = tmp_path / "weights.safetensors"
    contents = set()
    for _ in range(12):
        save_model(model, path)
        contents.add(path.read_bytes())
    assert len(contents) == 1
    with safe_open(path, framework="pt") as file:
        assert sorted(file.metadata()) == ["architecture", "format"]
        read = {name: file.get_tensor(name) for name in list(file.keys())}
    loaded = load_model(path).state_dict()
    assert all(torch.equal(value, read[name]) for name, value in loaded.items())
    assert all(torch.equal(value, loaded[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.complex64, torch.bool])
def test_weights_of_other_kinds_are_refused(kind: torch.dtype, tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    save_file({"\x1b[31mx": torch.zeros(2).to(kind)}, path)
    with pytest.raises(GradsheetError, match=r"odd\.safetensors: +\[31mx is of"):
        read_tensors(path)
