"""Any torch model as a workbook of live formulas, forward and backward."""

import copy
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.arguments import checked
from gradsheet.errors import GradsheetError, reason
from gradsheet.files import check_suffix, whole_file
from gradsheet.models.agreement import check_agreement
from gradsheet.models.agreement_with_model import (
    check_against,
    index_of,
    leaves_of,
    own_results,
)
from gradsheet.models.capture.capture import Call, Captured, capture
from gradsheet.models.capture.float64 import in_float64
from gradsheet.models.capture.recorder import plain_paths
from gradsheet.models.grouping import group
from gradsheet.models.layout import ModelLayout
from gradsheet.models.objective import LossFunction, LossName, Objective, Target
from gradsheet.models.primitives.leaves import Input
from gradsheet.models.run import Numbers, Runner
from gradsheet.models.sheets.book import BookWriter
from gradsheet.models.sheets.cells import (
    CellWriter,
    ExpectationsOnly,
    ExpectedValues,
)
from gradsheet.models.sheets.inputs import DigitInput, InputSheet, TensorInput
from gradsheet.models.sheets.loss import LossHead
from gradsheet.models.step import OptimizerName, Step
from gradsheet.models.validation import Example, call_of, duplicate
from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import BookInMemory, Workbook, new_workbook

LEARNING_RATE = 0.1
"""The learning rate of the step, by default."""

FORMULAS = 5_000_000
"""So many formulas a workbook has at most, by default."""

_SECONDS = 25e-6
"""About how long a formula takes: written, recalculated, compared."""

Progress = Callable[[float], None]
"""Takes the share that is done, from 0 to 1."""


@checked
def write_model_workbook(
    model: nn.Module,
    example: Example,
    path: str | Path,
    target: Target = None,
    *,
    loss: LossName | LossFunction = "cross-entropy",
    learning_rate: float = LEARNING_RATE,
    optimizer: OptimizerName = "sgd",
    output: int | str | None = None,
    train: bool = False,
    max_formulas: int = FORMULAS,
) -> None:
    """Write ``model`` on ``example`` as a workbook; with a ``target`` its backward pass as well.

    Args:
        model: any module.
        example: what it is called with: a tensor, a tuple of the arguments, or a dictionary of
            them by name. A missing batch dimension is added.
        path: the .xlsx file to write.
        target: for cross-entropy the true class, or one for each example or position, or
            probabilities; otherwise a number for each output. For a function of your own what it
            takes.
        loss: its name, or a function of what the model returns and of the target.
        learning_rate: of the step after the backward pass.
        optimizer: of that step.
        output: the index or the key of the output where the model returns several.
        train: whether the model is in training mode, in which a batch norm takes the statistics of
            the batch.
        max_formulas: so many formulas the workbook has at most.

    Raises:
        GradsheetError: an operation has no formulas, the model does not fit a workbook, its own
            gradients are others than those of its operations, or the recalculated workbook differs
            from PyTorch; no file is written then.
    """
    book = ModelWorkbook(
        model,
        example,
        target,
        loss=loss,
        learning_rate=learning_rate,
        optimizer=optimizer,
        output=output,
        train=train,
        max_formulas=max_formulas,
    )
    book.publish(path)


def to_workbook(
    model: nn.Module,
    example: Tensor,
    target: Target = None,
    path: str | Path = "model.xlsx",
    loss: LossName = "cross-entropy",
    rate: float = LEARNING_RATE,
) -> None:
    """Deprecated: the former name and order of arguments of ``write_model_workbook``."""
    warnings.warn(
        "to_workbook is deprecated; use write_model_workbook(model, example, path, target)",
        DeprecationWarning,
        stacklevel=2,
    )
    write_model_workbook(model, example, path, target, loss=loss, learning_rate=rate)


class ModelWorkbook:
    """A model on an example, recorded and laid out, ready to be written.

    The arguments are those of ``write_model_workbook``.

    Args:
        image: the sheet of a digit to draw, instead of plain numbers.

    Raises:
        GradsheetError: as ``write_model_workbook``.
    """

    def __init__(
        self,
        model: nn.Module,
        example: Example,
        target: Target = None,
        *,
        loss: LossName | LossFunction = "cross-entropy",
        learning_rate: float = LEARNING_RATE,
        optimizer: OptimizerName = "sgd",
        output: int | str | None = None,
        train: bool = False,
        max_formulas: int = FORMULAS,
        image: DigitInput | None = None,
    ) -> None:
        with torch.inference_mode(False), torch.enable_grad():
            self._open(
                model,
                example,
                target,
                Objective(loss, output, target is not None or loss == "sum"),
                Step(optimizer, learning_rate),
                train,
                max_formulas,
                image,
            )

    def _open(
        self,
        model: nn.Module,
        example: Example,
        target: Target,
        objective: Objective,
        step: Step,
        train: bool,
        most: int,
        image: DigitInput | None,
    ) -> None:
        self.step, self.objective = step, objective
        self.model, self.train = duplicate(model, train), train
        self.title = type(model).__name__
        self.call = self._call(call_of(example), target)
        self.image = image
        captured = self._record(most)
        try:
            self.numbers = self._checked(captured)
        except GradsheetError:
            if not captured.functions:
                raise
            captured = self._record(most, own_gradients=True)
            self.numbers = self._checked(captured)
        self.after = self._after()
        self.loss = LossHead(self.layout, self.objective, self.step)

    # --- what the model computes ----------------------------------------------------------------

    def _captured(self, own_gradients: bool, fixed: frozenset[int]) -> Captured:
        model = copy.deepcopy(self.model)
        return capture(model, self.call, self.objective, own_gradients, fixed)

    def _record(self, most: int, own_gradients: bool = False) -> Captured:
        """The model as a graph, laid out on sheets."""
        captured = self._captured(own_gradients, frozenset())
        if captured.fixed:
            captured = self._captured(own_gradients, captured.fixed)
        _check_size(_least(captured), most)
        self.drawn, self.decided = captured.drawn, captured.decided
        self.grouped = group(captured)
        self.input: InputSheet = self.image or self._tensor_input()
        given = [n for n in self.grouped.inputs if self.grouped.home[n] < 0]
        self.layout = ModelLayout(
            self.grouped, self.input.blocks, self.input.gradients([n.flows for n in given])
        )
        self.formulas = self.layout.formula_count()
        _check_size(self.formulas, most)
        return captured

    def _checked(self, captured: Captured) -> Numbers:
        """The numbers of the graph, compared with the model's own."""
        return check_against(
            self.model,
            self.call,
            self.objective,
            self.grouped,
            captured.functions,
            bool(captured.decided),
        )

    def _call(self, call: Call, target: Target) -> Call:
        """The example as given, or else with a batch dimension, and the target."""
        try:
            output = self._output(call)
        except GradsheetError:
            if len(call.tensors) != 1:
                raise
            batch = call.mapped(lambda t: t.unsqueeze(0))
            found = self._output_or_none(batch)
            if found is None:
                raise
            call, output = batch, found
        if self.objective.has_target:
            given = self.objective.target(target, output)
            call = Call(call.args, call.kwargs, given, call.names)
        return call

    def _output_or_none(self, call: Call) -> Tensor | None:
        try:
            return self._output(call)
        except GradsheetError:
            return None

    def _output(self, call: Call) -> Tensor:
        """What the model returns, before there is a target."""
        try:
            with in_float64(), plain_paths():
                given = call.mapped(lambda t: t.clone())  # a model may change what it is given
                found = copy.deepcopy(self.model)(*given.args, **given.kwargs)
        except Exception as error:  # a model may raise anything
            shapes = ", ".join(" × ".join(map(str, t.shape)) or "()" for t in call.tensors)
            raise GradsheetError(
                f"{self.title} cannot run on an example of shape {shapes} ({reason(error)})"
            ) from error
        return self.objective.chosen(found).detach()

    def _after(self) -> Numbers | None:
        """All values after the step."""
        if self.grouped.loss is None:
            return None
        stepped = self._stepped(self.numbers)
        leaves = leaves_of(self.grouped, self.call, stepped)
        after = Runner(self.layout.graph).run(leaves, None)
        self._check_after(stepped, after)
        return after

    def _stepped(self, numbers: Numbers) -> nn.Module:
        """The model after the step."""
        stepped = copy.deepcopy(self.model)
        gradients = {
            name: torch.from_numpy(np.array(numbers.loss_by(node.ids)))
            for name, node in self.grouped.parameters.items()
            if node.flows
        }
        self.step.apply(stepped, gradients)
        return stepped

    def _check_after(self, stepped: nn.Module, after: Numbers) -> None:
        """The loss after the step is that of the model itself, and finite."""
        own = own_results(stepped, self.call, self.objective)
        loss = self.grouped.loss
        assert loss is not None and own.loss is not None
        found = float(after.of(loss).ravel()[0])
        if not np.isfinite(after.values).all() or not np.isfinite(found):
            raise GradsheetError(
                f"after the step with learning rate {self.step.learning_rate}: a number is not "
                "finite; choose a smaller learning rate"
            )
        if abs(found - own.loss) > 1e-9 * max(abs(own.loss), 1e-6):
            raise GradsheetError(
                f"{self.title}: after the step it computes something else than the operations that "
                "it ran on the example: which formulas hold depends on the values of its weights; "
                "choose a smaller learning rate"
            )

    def _tensor_input(self) -> TensorInput:
        given = [node for node in self.grouped.inputs if self.grouped.home[node] < 0]
        tensors = [self.call.tensors[index_of(n)] for n in given]
        fixed = [isinstance(n.primitive, Input) and n.primitive.is_fixed for n in given]
        numbers = [t.double().numpy() for t in tensors]
        return TensorInput(numbers, [n.name for n in given], fixed)

    # --- the file ---------------------------------------------------------------------------------

    @property
    def seconds(self) -> float:
        """About how long ``publish`` takes on one core."""
        return 2 + _SECONDS * self.formulas

    def publish(self, path: str | Path, progress: Progress = lambda done: None) -> None:
        """Write the file, recalculate it and write how far it is from PyTorch.

        Args:
            path: the .xlsx file to write.
            progress: is told how much is done.

        Raises:
            GradsheetError: it cannot be written, or differs from PyTorch; there is no file then.
        """
        path = Path(path)
        check_suffix(path, ".xlsx")
        with whole_file(path) as temporary:
            book = BookInMemory()
            cells = CellWriter(Style(book.workbook, {}))
            BookWriter(self, cells).write()
            book.close()
            progress(0.05)
            book.save(temporary, with_values=False)
            progress(0.15)
            for sheet, difference in check_agreement(temporary, cells.expected).items():
                cells.state(sheet, difference.relative)
            progress(0.75)
            book.save(temporary)
            progress(1)

    def write(self, path: Path) -> list[ExpectedValues]:
        """Write the file without recalculating it; return the values of its formulas."""
        with new_workbook(path) as book:
            cells = CellWriter(Style(book, {}))
            BookWriter(self, cells).write()
        return cells.expected

    def expected_values(self) -> list[ExpectedValues]:
        """The values of the formulas, by PyTorch in float64, without writing a file."""
        cells = ExpectationsOnly(Style(Workbook(), {}))
        BookWriter(self, cells).write()
        return cells.expected


def _least(captured: Captured) -> int:
    """How many formulas there are at least: one for each number that is computed."""
    values = sum(n.size for n in captured.graph.nodes if not n.primitive.is_leaf)
    if captured.loss is None:
        return values
    parameters = sum(n.size for n in captured.parameters.values() if n.flows)
    return 3 * values + 2 * parameters


def _check_size(count: int, most: int) -> None:
    if count > most:
        raise GradsheetError(
            f"the workbook needs about {count:,} formulas; at most {most:,} are written: use a "
            "smaller model or example, no target, or raise --max-formulas (in Python max_formulas)"
        )
