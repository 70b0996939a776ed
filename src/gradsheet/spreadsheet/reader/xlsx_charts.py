"""The charts of an .xlsx file: a sheet points to a drawing, and that to a part for each chart."""

from collections.abc import Iterator

from gradsheet.spreadsheet.reader.archive import Budget, Parts
from gradsheet.spreadsheet.reader.finish import Label, UnresolvedChart
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader
from gradsheet.spreadsheet.reader.xlsx_relations import identity, relations_of


def charts_of(parts: Parts, sheet: str, part: str) -> Iterator[UnresolvedChart]:
    """The charts drawn on the sheet that is kept in ``part``."""
    for relation in relations_of(parts, part).values():
        if relation.kind == "drawing" and relation.target in parts:
            for target in _drawn_in(parts, relation.target):
                yield _Chart(parts.budget).read(parts, target).drawn(sheet)


def _drawn_in(parts: Parts, part: str) -> Iterator[str]:
    """The parts of the charts that the drawing in ``part`` holds, in its order."""
    drawing = _Drawing().read(parts, part)
    relations = relations_of(parts, part)
    for chart in drawing.charts:
        if chart in relations and relations[chart].target in parts:
            yield relations[chart].target


class _Drawing(PartReader):
    """The identities of the charts of a drawing, in order."""

    root = "wsDr"

    def __init__(self) -> None:
        super().__init__({"chart": self._chart}, {})
        self.charts: dict[str, None] = {}

    def _chart(self, attributes: Attributes) -> None:
        self.charts[identity(attributes)] = None


class _Chart(PartReader):
    """The title of a chart, and what each line of it shows."""

    root = "chartSpace"

    def __init__(self, budget: Budget) -> None:
        super().__init__(
            {"f": self.clear, "v": self.clear, "t": self.clear, "ser": self._line},
            {
                "f": self._reference,
                "v": self._point,
                "t": self._run,
                "p": self._paragraph,
                "ser": self._end_line,
            },
        )
        self._budget = budget
        self._title: list[str] = []
        self._title_reference = ""
        self._values = ""
        self._name: list[str] = []
        self._name_reference = ""
        self._series: list[tuple[str, Label]] = []

    def drawn(self, sheet: str) -> UnresolvedChart:
        """The chart on ``sheet``, once its part is read."""
        title = Label(" ".join("".join(self._title).split()), self._title_reference)
        return UnresolvedChart(sheet, title, tuple(self._series))

    @property
    def _role(self) -> str:
        """What the current element belongs to: ``title``, or ``tx``, ``val`` … of a series."""
        if self.path[2:4] == ["chart", "title"]:  # an axis has a title too, further down
            return "title"
        return self.path[6] if self.path[5:6] == ["ser"] and len(self.path) > 6 else ""

    def _line(self, _: Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        self._values = self._name_reference = ""
        self._name = []

    def _reference(self) -> None:
        reference = self.written().strip().removeprefix("=")
        if self._role == "title":
            self._title_reference = reference
        elif self._role == "tx":
            self._name_reference = reference
        elif self._role in ("val", "yVal"):
            self._values = reference

    def _point(self) -> None:
        """A cached text, or a name that was typed in."""
        if self._role == "title":
            self._title += [self.written(), " "]
        elif self._role == "tx":
            self._name.append(self.written())

    def _run(self) -> None:
        if self._role == "title":
            self._title.append(self.written())

    def _paragraph(self) -> None:
        if self._role == "title":
            self._title.append(" ")

    def _end_line(self) -> None:
        if self._values:
            name = Label(" ".join(self._name).strip(), self._name_reference)
            self._series.append((self._values, name))
