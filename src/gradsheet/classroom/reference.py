"""What the answers of each student are compared with: from the manifest, never from their file."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from gradsheet.classroom.answers import Typed
from gradsheet.classroom.manifest import Handout, Manifest
from gradsheet.classroom.numbers import given_of
from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import build_graph
from gradsheet.networks.symbols import Symbol, symbol_of
from gradsheet.symbolic.expression import Apply, Expression, Variable, expand
from gradsheet.symbolic.tape import Tape
from gradsheet.workbook.build import ExercisePlan, write_planned_exercise
from gradsheet.workbook.derivation_steps import known_variables
from gradsheet.workbook.exercise import Question, name_of, neighbors
from gradsheet.workbook.marks import Facts


class Reference:
    """The facts of an assignment, for one student after the other."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        template = manifest.handouts[0]
        self._graph = build_graph(template.spec)
        self._known = known_variables(self._graph, manifest.level)
        self._known_tape = Tape([v for v in self._known if v.definition is not None])
        self._questions = _questions(manifest, template)
        if (asked := len(manifest.questions)) != len(self._questions):
            raise GradsheetError(
                f"the manifest has {asked} questions, an exercise of its network and level "
                f"{len(self._questions)}; restore the manifest that 'gradsheet assign' wrote"
            )
        self._groups = [question.group for question in self._questions]
        self._own = [_Own.of(question) for question in self._questions]
        self._own_tape = Tape([own.result for own in self._own if own])
        self._leaves = _leaves(own.result.definition for own in self._own if own)
        self._places = {question.cell: n for n, question in enumerate(self._questions)}

    def given(self, handout: Handout) -> list[float]:
        """The given numbers of a student, in the order of the network's."""
        return list(given_of(self._graph, handout.spec).values())

    def facts(self, handout: Handout, typed: Sequence[Typed]) -> list[Facts]:
        """The facts of each question, for what a student typed in all of them."""
        given = given_of(self._graph, handout.spec)
        computed = self._known_tape.run(given)
        known = {name_of(v): float(computed[v]) if v in computed else given[v] for v in self._known}
        own = self._follow_on(given, typed)
        facts = []
        for number, question in enumerate(self._questions):
            near = neighbors(number, self._groups, handout.answers)
            others = [(self._questions[k].name, handout.answers[k]) for k in near]
            answer = handout.answers[number]
            facts.append(Facts(answer, own[number], others, known, question.exact))
        return facts

    def _follow_on(
        self, given: dict[Variable, float], typed: Sequence[Typed]
    ) -> list[float | None]:
        """What follows from the answers typed before, for each question."""
        numbers = {symbol_of(variable): value for variable, value in given.items()}
        values: dict[Variable, float] = {
            leaf: numbers[symbol] for leaf, symbol in self._leaves.items() if symbol in numbers
        }
        for own in filter(None, self._own):
            for leaf, cell in own.operands.items():
                values[leaf] = _number(typed[self._places[cell]])
        found = self._own_tape.run(values)
        results = [float(found[own.result]) if own else None for own in self._own]
        return [value if value and math.isfinite(value) else None for value in results]


def _number(typed: Typed) -> float:
    """What a formula makes of a cell: an empty one is 0, a text an error."""
    if typed.value is None:
        return 0.0
    return math.nan if isinstance(typed.value, str) else float(typed.value)


def _questions(manifest: Manifest, template: Handout) -> list[Question]:
    plan = ExercisePlan(manifest.level, manifest.digits, seed=template.seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "exercise.xlsx"
        return write_planned_exercise(template.spec, path, plan, (manifest.learning_rate,), 1)


class _Own:
    """A question's answer as computed from other answers, each a value of its own."""

    def __init__(self, question: Question, definition: Expression) -> None:
        leaves = {v: Variable(f"{v.name} in {cell}") for v, cell in question.operands.items()}
        self.operands = {leaves[v]: cell for v, cell in question.operands.items()}
        written_out = expand(definition, lambda v: False, leaves)
        self.result = Variable(f"own {question.cell}", written_out)

    @classmethod
    def of(cls, question: Question) -> "_Own | None":
        """None where it is computed from no other answer."""
        if not question.expected or question.definition is None:
            return None
        return cls(question, question.definition)


def _leaves(expressions: Iterable[Expression | None]) -> dict[Variable, Symbol]:
    """The given numbers in expressions, and their symbols."""
    found: dict[Variable, Symbol] = {}
    waiting = [part for part in expressions if part is not None]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Apply):
            waiting += part.arguments
        elif isinstance(part, Variable) and isinstance(part.label, Symbol):
            found[part] = part.label
    return found
