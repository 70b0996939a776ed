"""Sound inputs of every kind, how each is damaged, and the commands that are given it."""

import gzip
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gradsheet.classroom.assign import Assignment, assign
from gradsheet.classroom.roster import Student
from gradsheet.networks.toml import PRESETS, load_network, to_toml
from gradsheet.spreadsheet.reader import read_book
from gradsheet.workbook.build import write_workbook
from tests.course_sheets import COURSE_SHEETS, write_course_sheet
from tests.hostile.mutations import (
    Mutation,
    mutate_archive,
    mutate_bytes,
    mutate_idx,
    mutate_json,
    mutate_png,
    mutate_safetensors,
    mutate_text,
)
from tests.hostile.onnx_mutations import mutate_onnx
from tests.reference import random_network
from tests.spreadsheet.reader.files import ods

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Subject:
    """Sound files, one of which is damaged, and commands that read it.

    Attributes:
        files: their contents by their paths.
        damaged: the path of the one to damage.
        damage: how.
        commands: what follows ``gradsheet``; one of them is run.
    """

    files: Files
    damaged: str
    damage: Mutation
    commands: tuple[str, ...]


def networks() -> list[Subject]:
    """TOML files."""
    specs = [*(load_network(name) for name in PRESETS), *(random_network(n) for n in range(6))]
    commands = (
        "sweep n.toml --updates 2 --rates 0.1 -o out",
        "diagram n.toml -o out.svg",
        "workbook n.toml --updates 2 --rates 0.5 -o out.xlsx",
        "workbook n.toml --exercise --updates 2 -o out.xlsx",
    )
    texts = [*(to_toml(spec).encode() for spec in specs), _BY_HAND]
    return [Subject({"n.toml": text}, "n.toml", mutate_text, commands) for text in texts]


_BY_HAND = b"""# written by hand
name = 'mine'  # a comment
inputs = [[0, 1], [1_000, -2.5e-3]]
targets = [[1], [0]]
layers = [{weights = [[.5e0, 1], [2, 3]], "bias" = 0.5}, {weights = [[1, 1]], activation = "tanh"}]
loss = \"\"\"half-squared-error\"\"\"
""".replace(b".5e0", b"0.5e0")


_AUDITS = (
    "audit {0}",
    "audit {0} --json",
    "audit {0} --report out.html",
    "audit {0} --annotate --summary out",
)


def workbooks() -> list[Subject]:
    """Workbooks of others, to audit, and of our own, to verify."""
    commands = tuple(command.format("b.xlsx") for command in _AUDITS)
    others = [_course_sheet(name) for name in COURSE_SHEETS]
    subjects = [Subject({"b.xlsx": book}, "b.xlsx", mutate_archive, commands) for book in others]
    for name in ("and", "mazur"):
        book = file_of(lambda path, n=name: write_workbook(load_network(n), path, updates=2))  # type: ignore[misc]
        verify = ("verify b.xlsx", "verify b.xlsx --engine formualizer", *commands[:2])
        subjects.append(Subject({"b.xlsx": book}, "b.xlsx", mutate_archive, verify))
    return subjects


def open_documents() -> list[Subject]:
    """Course sheets as .ods."""
    commands = tuple(command.format("b.ods") for command in _AUDITS[:3])
    books = [file_of(lambda path, n=name: _as_ods(n, path), ".ods") for name in COURSE_SHEETS]  # type: ignore[misc]
    return [Subject({"b.ods": book}, "b.ods", mutate_archive, commands) for book in books]


@cache
def _course_sheet(name: str) -> bytes:
    return file_of(lambda path: write_course_sheet(name, path))


def _as_ods(name: str, path: Path) -> Path:
    """The first rows of a course sheet in the other format."""
    made = COURSE_SHEETS[name]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "b.xlsx").write_bytes(_course_sheet(name))
        sheet = read_book(Path(folder) / "b.xlsx").sheets[made.sheet]
    rows = []
    for row in range(made.first + 12):
        cells = []
        for column in range(1, 40):
            cell = sheet.cells.get((row + 1, column))  # type: ignore[call-overload]
            if cell is None:
                cells.append("<table:table-cell/>")
            elif isinstance(cell.value, str):
                text = cell.value.replace("&", "&amp;").replace("<", "&lt;")
                cells.append(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>")
            else:
                formula = re.sub(r"\$?[A-Z]+\$?\d+", r"[.\g<0>]", str(cell.formula or ""))
                given = f'table:formula="of:={formula}" ' if formula else ""
                given += f'office:value-type="float" office:value="{cell.value}"'
                cells.append(f"<table:table-cell {given}/>")
        rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return ods(path, f'<table:table table:name="{made.sheet}">{"".join(rows)}</table:table>')


def images() -> list[Subject]:
    """Pictures of a digit, in every mode and format."""
    page = np.full((60, 50), 250, np.uint8)
    page[10:50, 22:28] = 20
    drawn = Image.fromarray(page).convert("RGB")
    forms = [("PNG", drawn.convert(mode)) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")]
    forms += [("PNG", Image.fromarray(page.astype(np.uint16) * 257))]
    forms += [("JPEG", drawn.convert(mode)) for mode in ("L", "RGB", "CMYK")]
    forms += [(form, drawn) for form in ("GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO")]
    return [_picture(form, picture) for form, picture in forms]


def _picture(form: str, picture: Image.Image) -> Subject:
    out = io.BytesIO()
    picture.save(out, form)
    return Subject({"d.png": out.getvalue()}, "d.png", mutate_png, ("predict d.png",))


def data_sets() -> list[Subject]:
    """Four IDX files of a few digits."""
    files = small_data()
    commands = ("evaluate --data data",)
    packed = {name: gzip.compress(content, mtime=0) for name, content in files.items()}
    renamed = {f"{name}.gz": content for name, content in packed.items()}
    subjects = [Subject(files, name, mutate_idx, commands) for name in files]
    return subjects + [Subject(renamed, name, mutate_idx, commands) for name in renamed]


@cache
def small_data() -> Files:
    """The first digits of MNIST as four files in the folder ``data``."""
    import torch

    from gradsheet.digits.data import FILE_NAMES, load

    whole, files = load(), {}
    names = iter(FILE_NAMES)
    for part, count in ((whole.train, 64), (whole.test, 20)):
        for array in (part.images[:count], part.labels[:count].to(torch.uint8)):
            sizes = np.array([0x800 + array.dim(), *array.shape], ">u4").tobytes()
            files[f"data/{next(names)}"] = sizes + array.numpy().tobytes()
    return files


def run_folders() -> list[Subject]:
    """Weights, checkpoints, histories and descriptions of runs and studies."""
    files = {**small_data(), **_runs()}
    data = "--data data"
    train = f"train --resume half {data} --quiet"
    again = f"train --recipe course --epochs 2 --batch-size 32 {data} -o half --quiet"
    done = f"train --resume run {data} --quiet"
    read = (f"evaluate run {data}", f"compare run run {data}")
    study = f"study --recipe course --epochs 1 --batch-size 32 --seeds 2 {data} -o study --quiet"
    compare = "compare study study"
    table: list[tuple[str, Mutation, tuple[str, ...]]] = [
        ("half/checkpoint.safetensors", mutate_safetensors, (train, again)),
        ("half/config.json", mutate_json, (train, again)),
        ("half/history.csv", mutate_text, (train,)),
        ("run/model.safetensors", mutate_safetensors, read),
        ("run/config.json", mutate_json, (*read, done)),
        ("run/history.csv", mutate_text, (done,)),
        ("study/summary.json", mutate_json, (compare,)),
        ("study/seed-000.json", mutate_json, (compare, study)),
    ]
    often = [row for row in table if row[0] != "study/seed-000.json"] * 4
    return [Subject(files, *row) for row in [*often, table[-1]]]


@cache
def _runs() -> Files:
    """A run halfway, a finished one, and a study."""
    import torch

    from gradsheet.digits.data import load
    from gradsheet.digits.recipe import find_recipe
    from gradsheet.digits.run import TrainingRun
    from gradsheet.digits.study.study import Study, train_seed

    def quiet(_: object) -> None:
        pass

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as name:
        folder, cpu = Path(name), torch.device("cpu")
        write_files(folder, small_data())
        recipe, data = find_recipe("course", 2, 32), load(folder / "data")
        half = TrainingRun(folder / "half", recipe, 0, cpu)
        with suppress(KeyboardInterrupt):
            half.execute(data, quiet, bar=False, watch=stop)
        replace(half, folder=folder / "run").execute(data, quiet, bar=False)
        study = Study(folder / "study", replace(recipe, epochs=1), 2, data=folder / "data")
        for seed in (0, 1):
            study.run(seed).claim(data)
            train_seed(study, seed)
        study.execute(_no_workers, quiet)
        shutil.rmtree(folder / "data")
        return _files_in(folder)


def _no_workers() -> Any:
    raise AssertionError("every seed is finished")


def models() -> list[Subject]:
    """ONNX files of small networks that take a digit."""
    commands = ("open m.onnx --input 0 -o out.xlsx", "open m.onnx --backward -o out.xlsx")
    return [Subject({"m.onnx": m}, "m.onnx", mutate_onnx, commands) for m in _onnx_models()]


@cache
def _onnx_models() -> tuple[bytes, ...]:
    from onnx import TensorProto, helper, numpy_helper

    draw, make = np.random.default_rng(0), helper.make_node

    def weight(name: str, *shape: int) -> Any:
        return numpy_helper.from_array(draw.normal(size=shape).astype(np.float32), name)

    def model(nodes: list[Any], weights: list[Any]) -> bytes:
        image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])
        result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])
        graph = helper.make_graph(nodes, "g", [image], [result], weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
        made.ir_version = 9
        return bytes(made.SerializeToString())

    pool = make("AveragePool", ["x"], ["p"], kernel_shape=[14, 14], strides=[14, 14])
    shape = numpy_helper.from_array(np.array([-1, 4]), "s")
    gemm = make("Gemm", ["f", "w", "b"], ["y"], transB=1)
    return (
        model(
            [pool, make("Flatten", ["p"], ["f"]), gemm],
            [weight("w", 10, 4), weight("b", 10)],
        ),
        model(
            [
                make("MaxPool", ["x"], ["p"], kernel_shape=[14, 14], strides=[14, 14]),
                make("Conv", ["p", "k"], ["c"], pads=[1, 1, 1, 1]),
                make("Relu", ["c"], ["r"]),
                make("Constant", [], ["to"], value=shape),
                make("Reshape", ["r", "to"], ["q"]),
                make("MatMul", ["q", "w"], ["z"]),
                make("Add", ["z", "b"], ["t"]),
                make("LogSoftmax", ["t"], ["y"]),
            ],
            [weight("k", 1, 1, 3, 3), weight("w", 4, 10), weight("b", 10)],
        ),
    )


def classes() -> list[Subject]:
    """What a teacher gives: a roster, an assignment, what was handed in, a rubric, gradebooks."""
    files = {**_class(), "points.toml": _RUBRIC, "moodle.csv": _MOODLE, "canvas.csv": _CANVAS}
    assign = "assign roster.csv --network and --updates 2 -o out -q"
    mark = "mark handed-in --assignment out/teacher -o marks -q"
    table: list[tuple[str, Mutation, tuple[str, ...]]] = [
        ("roster.csv", mutate_text, (assign, f"{mark} --roster roster.csv")),
        ("out/teacher/manifest.json", mutate_json, (mark, assign)),
        ("out/teacher/secret", mutate_bytes, (assign,)),
        ("handed-in/ada.xlsx", mutate_archive, (mark,)),
        ("points.toml", mutate_text, (f"{mark} --rubric points.toml",)),
        ("moodle.csv", mutate_text, (f"{mark} --moodle moodle.csv",)),
        ("canvas.csv", mutate_text, (f"{mark} --canvas canvas.csv",)),
    ]
    return [Subject(files, *row) for row in table]


_ROSTER = b"id,name\n4711,Ada Lovelace\n"
_RUBRIC = b"""hint = 0.5
[answers]
right = 1
more-digits = 0.75
[free-form]
points = 20
GS601 = 2
each = 1.5
"""
_MOODLE = (
    b"\xef\xbb\xbfIdentifier,Full name,ID number,Grade,Maximum Grade,Feedback comments\r\n"
    b'"Participant 7",Ada Lovelace,4711,,100.00,"<p>old ""words""</p>"\r\n'
)
_CANVAS = (
    b"Student,ID,SIS User ID,SIS Login ID,Section,Backprop (881)\r\n"
    b'"    Points Possible",,,,,20\r\n'
    b'"Lovelace, Ada",101,4711,ada,"A, B",\r\n'
)


@cache
def _class() -> Files:
    """The assignment of a class of one, who handed in what she was given."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        students = [Student("4711", "Ada Lovelace")]
        assignment = Assignment(load_network("and"), updates=2)
        list(assign(assignment, students, folder / "out", b"a secret of thirty-two bytes, no"))
        (exercise,) = (folder / "out" / "students").iterdir()
        handed_in = exercise.read_bytes()
        (folder / "handed-in").mkdir()
        (folder / "handed-in" / "ada.xlsx").write_bytes(handed_in)
        (folder / "roster.csv").write_bytes(_ROSTER)
        return _files_in(folder)


# --- The kinds --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        share: how many of 100 cases are of it.
        subjects: makes the sound ones.
    """

    share: int
    subjects: Callable[[], list[Subject]]


KINDS = {
    "toml": Kind(30, cache(networks)),
    "xlsx": Kind(25, cache(workbooks)),
    "ods": Kind(8, cache(open_documents)),
    "image": Kind(12, cache(images)),
    "idx": Kind(6, cache(data_sets)),
    "run": Kind(6, cache(run_folders)),
    "onnx": Kind(8, cache(models)),
    "class": Kind(5, cache(classes)),
}


# --- Files ------------------------------------------------------------------------------------


def file_of(write: Callable[[Path], object], suffix: str = ".xlsx") -> bytes:
    """The content of a file that ``write`` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made{suffix}"
        write(path)
        return path.read_bytes()


def write_files(folder: Path, files: Files) -> None:
    """Write each content at its path within the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _files_in(folder: Path) -> Files:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
