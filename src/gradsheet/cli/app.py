"""The command line: parse, call, print."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer
from typer.exceptions import TyperException

from gradsheet.errors import GradsheetError

# Every command imports what it needs when it runs, so that help and mistakes come at once.

app = typer.Typer(
    name="gradsheet",
    help="Small neural networks that hide nothing: backpropagation as a live workbook, and a "
    "17,410-parameter network that reads digits.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Network = Annotated[
    str,
    typer.Argument(
        help="A preset (course, course-half, mazur, xor, and, iris-mini) or a .toml file."
    ),
]
Rates = Annotated[
    str,
    typer.Option(
        help="Learning rates, separated by commas. 0.01:10:50 stands for 50 rates from 0.01 to "
        "10, evenly spaced in ratio."
    ),
]
Data = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads it at run time
    typer.Option(help="A folder with four IDX files to use in place of the embedded MNIST."),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
RecipeName = Annotated[
    str, typer.Option("--recipe", help="course, best, fast, teacher or distilled.")
]
Teachers = Annotated[
    Optional[list[Path]],  # noqa: UP045
    typer.Option(
        "--teacher",
        metavar="RUN",
        help="A run to learn from, where a recipe does; more than one may be given.",
    ),
]
Epochs = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(help="In place of the recipe's."),
]
BatchSize = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(help="In place of the recipe's."),
]
Validation = Annotated[
    int,
    typer.Option(
        metavar="IMAGES",
        help="Hold so many of the last training images out and read them, not the test set: 5000 "
        "is what recipes are chosen on.",
        min=0,
    ),
]

_INTERRUPTED = 130
_MANY = 5  # files that are worth a progress bar
_MOST_SEEDS = 10_000  # each has a folder from the start
_COMPARED = "A study's folder or summary.json; or a model: a run folder or its weights."
_DEFAULT_RATES = "0.1,0.2,0.5,0.8,1.0,2.0"


def main() -> NoReturn:
    """Run the command line and exit.

    0 done, 1 not verified, 2 something to mend, 130 interrupted.
    """
    try:
        code = app(standalone_mode=False)
    except GradsheetError as error:
        _fail(str(error))
    except TyperException as error:
        _fail(error.format_message())
    except OSError as error:
        _fail(f"{error.filename or 'the output'}: {error.strerror or error}")
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except RuntimeError as error:
        # An interrupt while a class is made, in an import, comes wrapped.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        print("gradsheet: interrupted", file=sys.stderr)
    sys.exit(code)


@app.command()
def demo(
    quick: Annotated[bool, typer.Option("--quick", help="Train for one epoch only.")] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path(
        "runs/demo"
    ),
) -> None:
    """Do it all: the workbook, the graphs, the diagram and a trained network."""
    from gradsheet.cli.demo import run_demo
    from gradsheet.cli.render import made_table

    with _resumable():
        made = list(run_demo(output, quick, _say))
    _print(made_table(output, made))


@app.command()
def workbook(
    network: Network = "course",
    output: Annotated[Path, typer.Option("-o", "--output", help="The .xlsx file to write.")] = Path(
        "backprop.xlsx"
    ),
    rates: Rates = _DEFAULT_RATES,
    iterations: Annotated[int, typer.Option(help="How many times the weights are updated.")] = 100,
    exercise: Annotated[
        bool,
        typer.Option(
            "--exercise", help="Leave the backward pass to fill in; cells mark themselves."
        ),
    ] = False,
    solution: Annotated[bool, typer.Option("--solution", help="The exercise, filled in.")] = False,
    png: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A folder for pictures of every sheet; needs LibreOffice."),
    ] = None,
) -> None:
    """Write a network's training as a workbook of live formulas."""
    from gradsheet.networks.spec import load_network
    from gradsheet.workbook.build import write_exercise, write_workbook

    if output.suffix.lower() != ".xlsx":
        raise GradsheetError(f"{output} does not end in .xlsx; a workbook's name must")
    if exercise and solution:
        raise GradsheetError("--exercise and --solution write two workbooks; give one at a time")
    spec, numbers = load_network(network), _parse_rates(rates)
    if exercise or solution:
        write_exercise(spec, output, numbers, iterations, solved=solution)
    else:
        write_workbook(spec, output, numbers, iterations)
    _say(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB).")
    if png:
        from gradsheet.spreadsheet.pictures import write_pictures

        _say(f"Wrote {len(write_pictures(output, png))} pictures to {png}.")


@app.command()
def verify(
    workbook: Annotated[Path, typer.Argument(help="An .xlsx file that 'workbook' wrote.")],
    engine: Annotated[
        str, typer.Option(help="What computes it again: ironcalc or libreoffice.")
    ] = "ironcalc",
) -> None:
    """Have another program compute a workbook again, and compare every cell."""
    from gradsheet.cli.render import verification_table
    from gradsheet.spreadsheet.recalculate import ENGINES
    from gradsheet.workbook.verify import TOLERANCE
    from gradsheet.workbook.verify import verify as compare

    if engine not in ENGINES:
        raise GradsheetError(f"no engine is called '{engine}'; choose from {', '.join(ENGINES)}")
    found = compare(workbook, engine)
    _print(verification_table(found))
    if not found.holds:
        _say(f"Not verified: a difference is larger than {TOLERANCE:.0e}.")
        sys.exit(1)
    _say(f"Verified: every cell agrees to {TOLERANCE:.0e}.")


@app.command()
def sweep(
    network: Network = "course",
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path(
        "runs/sweep"
    ),
    rates: Rates = _DEFAULT_RATES,
    updates: Annotated[int, typer.Option(help="How many times the weights are updated.")] = 100,
) -> None:
    """Draw the loss at many learning rates, without a workbook."""
    from gradsheet.cli.render import sweep_table
    from gradsheet.networks.graph import build_graph
    from gradsheet.networks.spec import load_network
    from gradsheet.networks.sweep import descend

    descent = descend(build_graph(load_network(network)), _parse_rates(rates), updates)
    from gradsheet.cli.outputs import write_sweep

    written = write_sweep(descent, output)
    _print(sweep_table(descent))
    _say(f"Wrote {len(written)} files to {output}.")


@app.command()
def diagram(
    network: Network = "course",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The .svg or .png file to write.")
    ] = Path("network.svg"),
) -> None:
    """Draw a network with its values, weights and gradients."""
    from gradsheet.networks.graph import build_graph
    from gradsheet.networks.spec import load_network

    graph = build_graph(load_network(network))
    from gradsheet.cli.outputs import write_diagram

    write_diagram(graph, [output])
    _say(f"Wrote {output}.")


@app.command()
def summary(
    receptive_field: Annotated[
        bool, typer.Option("--receptive-field", help="Show what each layer sees instead.")
    ] = False,
) -> None:
    """Print the layer table of the 17,410-parameter network."""
    from gradsheet.digits.model import Architecture, DigitNet
    from gradsheet.digits.summary import receptive_fields
    from gradsheet.digits.summary import summary as layer_table

    model = DigitNet(Architecture())
    _say(receptive_fields(model) if receptive_field else layer_table(model))


@app.command()
def train(
    recipe: RecipeName = "best",
    epochs: Epochs = None,
    seed: Annotated[int, typer.Option(help="Fixes every random draw.")] = 0,
    batch_size: BatchSize = None,
    device: Device = "auto",
    data: Data = None,
    validation: Validation = 0,
    teacher: Teachers = None,
    resume: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="RUN", help="Go on with this run folder, with its own recipe and seed."
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Log for TensorBoard in the run folder as well.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The run folder; runs/RECIPE-SEED if not given."),
    ] = None,
) -> None:
    """Train the network; an interrupted run goes on when the command is given again."""
    from gradsheet.digits.recipe import find_recipe

    plan = find_recipe(recipe, epochs, batch_size)
    if not 0 <= seed < 2**31:
        raise GradsheetError(f"the seed is {seed}; expected 0 to {2**31 - 1}")
    from gradsheet.cli.outputs import write_run_figures
    from gradsheet.digits.data import load
    from gradsheet.digits.run import TrainingRun
    from gradsheet.digits.tensorboard import epoch_logger
    from gradsheet.digits.training import find_device

    where = find_device(device)
    if resume is not None:
        run = TrainingRun.of_folder(resume, where)
    else:
        folder = output or Path("runs") / f"{recipe}-{seed}"
        run = TrainingRun(folder, plan, seed, where, validation, tuple(teacher or ()))
    dataset = load(data)
    with _resumable(), epoch_logger(run.folder if tensorboard else None) as log:
        finished = run.execute(dataset, _say, watch=log)
        held_out = dataset.hold_out(run.held_out).test if run.held_out else dataset.test
        write_run_figures(finished, held_out)
    _say(f"Wrote {run.folder}.")


@app.command("lr-find")
def lr_find(
    recipe: RecipeName = "best",
    seed: Annotated[int, typer.Option(help="Fixes every random draw.")] = 0,
    batch_size: BatchSize = None,
    device: Device = "auto",
    data: Data = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The .png or .svg file to draw.")
    ] = Path("learning-rates.png"),
) -> None:
    """Draw the loss while the learning rate rises from step to step: where does it diverge?"""
    from gradsheet.digits.recipe import find_recipe

    plan = find_recipe(recipe, batch_size=batch_size)
    from gradsheet.cli.outputs import write_rate_trial
    from gradsheet.digits.data import load
    from gradsheet.digits.training import find_device, try_rates
    from gradsheet.figures import check_format

    check_format(output)
    trial = try_rates(plan, load(data), seed, find_device(device))
    write_rate_trial(trial, plan.learning_rate, output)
    lowest = min(trial, key=lambda point: point.smooth_loss)
    _say(
        f"The loss is lowest at a learning rate of {lowest.learning_rate:.2g}; the recipe "
        f"{plan.name} peaks at {plan.learning_rate:g}. Wrote {output}."
    )


@app.command()
def study(
    recipe: RecipeName = "best",
    seeds: Annotated[int, typer.Option(help="How many: 0, 1, 2, …")] = 5,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Runs at a time, each on its share of the cores; one a core if not given."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://…",
            help="A Dask scheduler whose workers train, and see the study's folder.",
        ),
    ] = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    data: Data = None,
    validation: Validation = 0,
    teacher: Teachers = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The study's folder; runs/study-RECIPE if not given."),
    ] = None,
) -> None:
    """Train many seeds side by side and say how what they reach is distributed."""
    from gradsheet.digits.recipe import find_recipe

    plan = find_recipe(recipe, epochs, batch_size)
    if seeds < 2 or (jobs is not None and jobs < 1):
        raise GradsheetError(f"{seeds} seeds, {jobs} jobs; expected 2 seeds and 1 job at least")
    if seeds > _MOST_SEEDS:
        raise GradsheetError(f"{seeds:,} seeds; expected {_MOST_SEEDS:,} at most")
    from gradsheet.cli.outputs import write_study_figure
    from gradsheet.cli.render import study_lines
    from gradsheet.digits.study.study import Study
    from gradsheet.digits.study.workers import progress_bar, worker_pool

    folder = (output or Path("runs") / f"study-{recipe}").resolve()
    with _resumable(), worker_pool(jobs, scheduler) as pool:
        whole = Study(
            folder,
            plan,
            seeds,
            validation,
            data and data.resolve(),
            pool.threads,
            teachers=tuple(path.resolve() for path in teacher or ()),
        )
        with progress_bar(seeds * plan.epochs) as look:
            summary = whole.execute(pool.start, look)
    write_study_figure(summary, folder / "epochs.png")
    _say(study_lines(summary))
    _say(f"Wrote {folder}.")


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help=_COMPARED)],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another of the same kind.")],
    data: Data = None,
) -> None:
    """Say whether B is better than A: McNemar's test for two models, Welch's for two studies."""
    from gradsheet.cli.render import model_comparison_lines, study_comparison_lines
    from gradsheet.digits.study.compare import compare_models, compare_studies
    from gradsheet.digits.study.study import read_summary

    studies = [found for path in (first, second) if (found := read_summary(path))]
    if len(studies) == 2:
        accuracies = [[run["accuracy"] for run in found["runs"]] for found in studies]
        _say(study_comparison_lines(str(first), str(second), compare_studies(*accuracies)))
        return
    if studies:
        raise GradsheetError(
            f"{first} and {second}: one is a study, the other a model; expected two of a kind"
        )
    from gradsheet.digits.data import load
    from gradsheet.digits.evaluation import evaluate as read_all
    from gradsheet.digits.run import load_model

    images = load(data).test
    results = [read_all(load_model(path), images) for path in (first, second)]
    _say(model_comparison_lines(str(first), str(second), compare_models(*results)))


@app.command()
def evaluate(
    runs: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(
            metavar="[RUN]...",
            help="A run folder or its model.safetensors; the shipped weights if not given. "
            "Several read together: their probabilities are averaged.",
        ),
    ] = None,
    views: Annotated[
        bool,
        typer.Option(
            "--five-views",
            help="Read each image five times, as it is and moved by a pixel up, down, left and "
            "right, and average the probabilities.",
        ),
    ] = False,
    device: Device = "auto",
    data: Data = None,
) -> None:
    """Read the test set and say how well: accuracy, loss, recall, confusion."""
    from gradsheet.cli.render import confusion_table, evaluation_lines
    from gradsheet.digits.data import MNIST_ID, load
    from gradsheet.digits.evaluation import FIVE_VIEWS, REJECTED_LABELS, together
    from gradsheet.digits.evaluation import evaluate as read_all
    from gradsheet.digits.run import data_of, load_model
    from gradsheet.digits.training import find_device

    where = find_device(device)
    models = [load_model(run).to(where) for run in runs or (None,)]
    dataset = load(data)
    for run in runs or ():
        if data_of(run) not in (None, dataset.sha256):
            print(f"gradsheet: note: {run} was trained on other data than these", file=sys.stderr)
    shifts = FIVE_VIEWS if views else FIVE_VIEWS[:1]
    result = together([read_all(model, dataset.test, views=shifts) for model in models])
    rejected = REJECTED_LABELS if dataset.sha256 == MNIST_ID else ()
    _say(evaluation_lines(result, rejected))
    _print(confusion_table(result))


@app.command()
def audit(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Workbooks: .xlsx, .xlsm or .ods.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON in place of the tables.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with all of it.")
    ] = None,
    annotate: Annotated[
        bool,
        typer.Option(
            "--annotate",
            help="Write FILE-audited.xlsx beside each file: a copy with notes and colors.",
        ),
    ] = False,
    summary: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write which mistake is how often in which file: mistakes.csv, mistakes.png.",
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Files at a time; one a core if not given.", min=1)
    ] = None,
) -> None:
    """Check a workbook of backpropagation cell by cell and say which mistake was made where.

    Exit code: 0 all right, 1 mistakes found, 2 a file that cannot be read.
    """
    from tqdm import tqdm

    from gradsheet.audit.batch import audit_files
    from gradsheet.audit.report.annotate import annotate as write_annotated
    from gradsheet.audit.report.page import report_page
    from gradsheet.audit.report.summary import to_json
    from gradsheet.cli.render import audit_table
    from gradsheet.files import write_text

    if report is not None and report.resolve() in {path.resolve() for path in files}:
        raise GradsheetError(f"--report {report} is one of the workbooks; name a new .html file")
    audits, unread = [], []
    work = tqdm(audit_files(files, jobs), total=len(files), unit="file", disable=len(files) < _MANY)
    for found in work:
        if isinstance(found, GradsheetError):
            unread.append(found)
        else:
            audits.append(found)
    if as_json:
        sys.stdout.write(to_json(audits))
    else:
        for found in audits:
            _print(audit_table(found))
    for error in unread:
        _complain(str(error))
    if report is not None:
        write_text(report, report_page(audits))
    for found in audits if annotate else ():
        write_annotated(found, found.path.with_name(f"{found.path.stem}-audited.xlsx"))
    if summary is not None:
        from gradsheet.cli.outputs import write_mistakes

        write_mistakes(audits, summary)
    sys.exit(2 if unread else 1 if any(found.mistakes for found in audits) else 0)


@app.command("open")
def open_model(
    run: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(
            metavar="[MODEL]",
            help="A run folder, its weights, or an ONNX file; the shipped weights if not given.",
        ),
    ] = None,
    given: Annotated[
        str,
        typer.Option(
            "--input", metavar="IMAGE|INDEX", help="A picture, or the number of a test image."
        ),
    ] = "0",
    label: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="The true digit; of a test image it is known."),
    ] = None,
    backward: Annotated[
        bool, typer.Option("--backward", help="Also every gradient, and a step downhill.")
    ] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="The .xlsx file to write.")] = Path(
        "model.xlsx"
    ),
) -> None:
    """Write a trained digit reader as a workbook: every layer in live cells."""
    if output.suffix.lower() != ".xlsx":
        raise GradsheetError(f"{output} does not end in .xlsx")
    from gradsheet.models.digit_classifier import open_digits

    open_digits(run, given, label, backward, output)
    _say(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB).")


@app.command()
def predict(
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="[RUN] IMAGE...",
            help="Pictures of one digit each (PNG or JPEG). A run folder before them brings its "
            "own weights.",
        ),
    ],
) -> None:
    """Read the digit in each picture."""
    run, pictures = _split_run(images)
    if not pictures:
        raise GradsheetError("no picture given; expected at least one PNG or JPEG of a digit")
    from gradsheet.cli.render import prediction_table
    from gradsheet.digits.preprocessing import read_digit
    from gradsheet.digits.run import load_model, read_images

    digits = [read_digit(picture) for picture in pictures]
    probabilities = read_images(load_model(run), digits)
    _print(prediction_table(pictures, probabilities.tolist()))


def _split_run(paths: list[Path]) -> tuple[Path | None, list[Path]]:
    """The run folder or weights that come first, where they do, and the pictures."""
    first, *rest = paths
    if first.is_dir() or first.suffix == ".safetensors":
        return first, rest
    return None, paths


def _parse_rates(text: str) -> list[float]:
    """The numbers in ``0.1,0.5`` or ``0.01:10:50``."""
    rates: list[float] = []
    for part in text.split(","):
        try:
            if ":" not in part:
                rates.append(float(part))
                continue
            low, high, count = part.split(":")
            rates += _spaced(float(low), float(high), int(count))
        except ValueError as error:
            raise GradsheetError(
                f"'{part.strip()}' is no learning rate; expected numbers such as 0.1,0.5 or a "
                "range such as 0.01:10:50"
            ) from error
    return rates


def _spaced(low: float, high: float, count: int) -> list[float]:
    """``count`` numbers from ``low`` to ``high``, each the same multiple of the one before."""
    if not 0 < low < high or not 2 <= count <= 1_000_000:
        raise ValueError
    ratio = (high / low) ** (1 / (count - 1))
    return [*(low * ratio**number for number in range(count - 1)), high]


@contextmanager
def _resumable() -> Iterator[None]:
    """Say how to go on when the work in the block is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        print(
            "\ngradsheet: interrupted; the same command goes on where it stopped", file=sys.stderr
        )
        sys.exit(_INTERRUPTED)


def _say(text: str) -> None:
    print(text, flush=True)


def _print(table: object) -> None:
    from rich.console import Console

    Console().print(table)


def _fail(message: str) -> NoReturn:
    _complain(message)
    sys.exit(2)


def _complain(message: str) -> None:
    print(f"gradsheet: {' '.join(message.split())}", file=sys.stderr)
