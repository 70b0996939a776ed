"""Commands for the digit classifier: summary, train, study, compare, lr-find, evaluate, predict."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradsheet.cli.options import (
    MODELS,
    BatchSize,
    Data,
    Device,
    Epochs,
    ModelName,
    Quiet,
    RecipeName,
    Seed,
    Teachers,
    Validation,
    check_names,
    check_run,
    completing,
    output,
    refuse_given,
    renamed,
)
from gradsheet.cli.terminal import Terminal, complain, prints_unicode, resumable
from gradsheet.errors import GradsheetError
from gradsheet.files import check_place

if TYPE_CHECKING:
    from gradsheet.digits.recipe import Recipe
    from gradsheet.digits.run import TrainingRun

_MOST_SEEDS = 10_000  # each has a folder from the start
# What a run that is resumed has settled.
_OF_THE_RUN = ["recipe", "model", "epochs", "seed", "batch_size", "validation", "teacher", "folder"]
_COMPARED = (
    "A study (its folder or summary.json) or a model (a run folder, its weights or a network of "
    "the zoo)."
)


def summary(
    model: Annotated[
        str,
        typer.Option(
            help=f"A network of the zoo ({', '.join(MODELS)}).",
            autocompletion=completing(*MODELS),
        ),
    ] = "17k",
    receptive_field: Annotated[
        bool,
        typer.Option("--receptive-field", help="Print the receptive field of each layer instead."),
    ] = False,
) -> None:
    """Print the layers of a digit classifier."""
    check_names(model=model)
    from gradsheet.digits.summary import receptive_fields
    from gradsheet.digits.summary import summary as layer_table
    from gradsheet.digits.zoo import find_architecture, make_network

    network = make_network(find_architecture(model))
    Terminal().result(receptive_fields(network) if receptive_field else layer_table(network))


def train(
    context: typer.Context,
    recipe: RecipeName = None,
    model: ModelName = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    batch_size: BatchSize = None,
    device: Device = "auto",
    data: Data = None,
    validation: Validation = 0,
    teacher: Teachers = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Continue this run folder, with its own recipe and seed."),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write a TensorBoard log in the run folder.")
    ] = False,
    folder: Annotated[Path | None, output("The run folder.", "runs/RECIPE[-MODEL]-SEED")] = None,
    quiet: Quiet = False,
) -> None:
    """Train the digit classifier; give the same command again to continue a run."""
    if resume is not None:
        refuse_given(context, _OF_THE_RUN, "is for a new run; --resume goes on with the run's own")
    check_names(recipe, model)
    from gradsheet.digits.recipe import find_recipe

    plan = find_recipe(recipe, epochs, batch_size, model)
    from gradsheet.digits.device import find_device
    from gradsheet.digits.run import TrainingRun

    where = find_device(device)
    if resume is not None:
        run = TrainingRun.of_folder(resume, where)
    else:
        folder = folder or Path("runs") / f"{_title(plan, model)}-{seed}"
        run = TrainingRun(folder, plan, seed, where, validation, tuple(teacher or ()))
    terminal = Terminal(quiet)
    with resumable():
        _execute(run, data, tensorboard, terminal)
    terminal.note(f"Wrote {run.folder}.")


def _title(recipe: "Recipe", model: str | None) -> str:
    """The recipe and the network where one was chosen, for the name of a folder."""
    return recipe.name if model is None else f"{recipe.name}-{model}"


def _execute(run: "TrainingRun", data: Path | None, tensorboard: bool, terminal: Terminal) -> None:
    """Train, and write the figures of the run."""
    from gradsheet.digits.data import load
    from gradsheet.digits.tensorboard import epoch_logger

    dataset = load(data)
    with epoch_logger(run.folder if tensorboard else None) as log:
        finished = run.execute(dataset, terminal.note, bar=not terminal.quiet, watch=log)
    held_out = dataset.hold_out(run.held_out).test if run.held_out else dataset.test
    from gradsheet.cli.outputs import write_run_figures  # with matplotlib, which is needed now only

    write_run_figures(finished, held_out)
    correct, total = finished.evaluation.correct, finished.evaluation.total
    accuracy = f"{correct}/{total} ({correct / total:.2%})"
    terminal.result(f"Accuracy on the {finished.evaluated_on} set after the last epoch: {accuracy}")


def lr_find(
    recipe: RecipeName = None,
    model: ModelName = None,
    seed: Seed = 0,
    batch_size: BatchSize = None,
    device: Device = "auto",
    data: Data = None,
    path: Annotated[Path, output("The .png or .svg file to draw.")] = Path("learning-rates.png"),
    quiet: Quiet = False,
) -> None:
    """Plot the loss while the learning rate rises with each step, to see where it diverges."""
    check_names(recipe, model)
    from gradsheet.digits.recipe import find_recipe

    plan = find_recipe(recipe, batch_size=batch_size, model=model)
    from gradsheet.cli.outputs import write_rate_trial
    from gradsheet.digits.data import load
    from gradsheet.digits.device import find_device
    from gradsheet.digits.rate_trial import try_rates
    from gradsheet.figures import check_format
    from gradsheet.files import whole_file

    check_format(path)
    with whole_file(path) as file:  # a place that cannot be written is found before the steps
        trial = try_rates(plan, load(data), seed, find_device(device), bar=not quiet)
        write_rate_trial(trial, plan.learning_rate, file)
    lowest = min(trial, key=lambda point: point.smooth_loss)
    terminal = Terminal(quiet)
    terminal.result(
        f"The loss is lowest at a learning rate of {lowest.learning_rate:.2g}; the recipe "
        f"{plan.name} peaks at {plan.learning_rate:g}."
    )
    terminal.note(f"Wrote {path}.")


def study(
    recipe: RecipeName = None,
    model: ModelName = None,
    seeds: Annotated[
        int, typer.Option(help="Number of seeds: 0, 1, 2, …", min=2, max=_MOST_SEEDS)
    ] = 5,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Number of runs at a time, each on its share of the cores.",
            show_default="one per core",
            min=1,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://…",
            help="A Dask scheduler whose workers train; they must see the study's folder.",
        ),
    ] = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    data: Data = None,
    validation: Validation = 0,
    teacher: Teachers = None,
    folder: Annotated[
        Path | None, output("The study's folder.", "runs/study-RECIPE[-MODEL]")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train many seeds in parallel and report the distribution of their accuracy."""
    check_names(recipe, model)
    from gradsheet.digits.recipe import find_recipe

    plan = find_recipe(recipe, epochs, batch_size, model)
    from gradsheet.cli.render import study_lines
    from gradsheet.digits.study.study import Study
    from gradsheet.digits.study.workers import progress_bar, worker_pool

    terminal = Terminal(quiet)
    place = (folder or Path("runs") / f"study-{_title(plan, model)}").resolve()
    teachers = tuple(path.resolve() for path in teacher or ())
    with resumable(), worker_pool(jobs, scheduler) as pool:
        source = data and data.resolve()
        whole = Study(place, plan, seeds, validation, source, pool.threads, teachers=teachers)
        with progress_bar(seeds * plan.epochs, disable=quiet) as show:

            def look(done: int) -> None:
                pool.check()
                show(done)

            reached = whole.execute(pool.start, look)
    from gradsheet.cli.outputs import write_study_figure

    write_study_figure(reached, place / "epochs.png")
    terminal.result(study_lines(reached))
    terminal.note(f"Wrote {place}.")


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help=_COMPARED)],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another study or model, as A.")],
    data: Data = None,
) -> None:
    """Test whether B is better than A: two models (McNemar) or two studies (Welch)."""
    for path in (first, second):
        check_run(path)
    from gradsheet.cli.render import model_comparison_lines, study_comparison_lines
    from gradsheet.digits.study.compare import compare_models, compare_studies
    from gradsheet.digits.study.study import read_summary

    studies = [found for path in (first, second) if (found := read_summary(path))]
    if len(studies) == 2:
        accuracies = [[run["accuracy"] for run in found["runs"]] for found in studies]
        Terminal().result(
            study_comparison_lines(str(first), str(second), compare_studies(*accuracies))
        )
        return
    if studies:
        raise GradsheetError(
            f"{first} and {second}: one is a study, the other a model; expected two studies or "
            "two models"
        )
    from gradsheet.digits.data import load
    from gradsheet.digits.evaluation import evaluate as evaluate_model
    from gradsheet.digits.model_files import load_model

    images = load(data).test
    results = [evaluate_model(load_model(path), images) for path in (first, second)]
    Terminal().result(model_comparison_lines(str(first), str(second), compare_models(*results)))


def evaluate(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN",
            help="A run folder, its model.safetensors or a network of the zoo; several form an "
            "ensemble, whose probabilities are averaged.",
            show_default="the pretrained weights",
        ),
    ] = None,
    augment: Annotated[
        bool,
        typer.Option(
            "--tta",
            help="Test-time augmentation: average the probabilities of five copies of each "
            "image, one as it is and four shifted by a pixel.",
        ),
    ] = False,
    device: Device = "auto",
    data: Data = None,
    five_views: Annotated[bool | None, typer.Option("--five-views", hidden=True)] = None,
) -> None:
    """Evaluate on the test set: accuracy, loss, recall, confusion."""
    for run in runs or ():
        check_run(run)
    from gradsheet.cli.render import confusion_table, evaluation_lines
    from gradsheet.digits.data import MNIST_ID, load
    from gradsheet.digits.device import find_device
    from gradsheet.digits.evaluation import REJECTED_LABELS, TEST_TIME_SHIFTS, UNSHIFTED, ensemble
    from gradsheet.digits.evaluation import evaluate as evaluate_model
    from gradsheet.digits.model_files import load_model
    from gradsheet.digits.run_folder import data_of

    where = find_device(device)
    models = [load_model(run).to(where) for run in runs or (None,)]
    dataset = load(data)
    for run in runs or ():
        if data_of(run) not in (None, dataset.sha256):
            complain(f"note: {run} was trained on other data")
    augment = renamed("--five-views", five_views, "--tta", augment)
    shifts = TEST_TIME_SHIFTS if augment else UNSHIFTED
    result = ensemble([evaluate_model(model, dataset.test, shifts=shifts) for model in models])
    rejected = REJECTED_LABELS if dataset.sha256 == MNIST_ID else ()
    terminal = Terminal()
    terminal.result(evaluation_lines(result, rejected))
    terminal.result(confusion_table(result))


def predict(
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="[RUN] IMAGE",
            help="Pictures of digits that do not touch (PNG or JPEG). A run folder or its weights "
            "before them replace the pretrained weights.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="RUN",
            help=f"A network of the zoo ({', '.join(MODELS)}), a run folder or its weights.",
            show_default="17k",
            autocompletion=completing(*MODELS),
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    show: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also write each digit as the network saw it: 28 x 28 pixels."
        ),
    ] = None,
) -> None:
    """Classify the digits in each picture: row by row, from left to right.

    A picture without a digit is a row of its own. What may be no digit is unsure.
    """
    run, pictures = (Path(model), images) if model else _split_run(images)
    if not pictures:
        raise GradsheetError(_no_picture(images))
    if as_json and as_csv:
        raise GradsheetError("--json and --csv exclude each other; give one of them")
    check_run(run)
    if show is not None:
        check_place(show, is_folder=True)
    from gradsheet.cli.predictions import (
        prediction_csv,
        prediction_json,
        prediction_table,
        write_images,
    )
    from gradsheet.digits.model_files import load_model
    from gradsheet.digits.prediction import predict_images
    from gradsheet.digits.preprocessing import preprocess

    network = load_model(run)
    predictions = predict_images(network, [preprocess(picture) for picture in pictures])
    if as_json:
        print(prediction_json(pictures, predictions, ascii_only=not prints_unicode()), flush=True)
    elif as_csv:
        print(prediction_csv(pictures, predictions), end="", flush=True)
    else:
        Terminal().result(prediction_table(pictures, predictions))
    if show is not None:
        write_images(pictures, predictions, show)
        Terminal(quiet=as_json or as_csv).note(f"Wrote {show}.")


def _no_picture(paths: list[Path]) -> str:
    """What is missing where only a run was given, or a folder that is none."""
    if paths[0].is_dir() and not (paths[0] / "model.safetensors").is_file():
        return f"{paths[0]} is a folder, of no run; name its pictures, as in {paths[0] / '*.png'}"
    return "no picture given; expected at least one PNG or JPEG of a digit"


def _split_run(paths: list[Path]) -> tuple[Path | None, list[Path]]:
    """The run folder or weights that come first, where they do, and the pictures."""
    first, *rest = paths
    if first.is_dir() or first.suffix == ".safetensors":
        return first, rest
    return None, paths
