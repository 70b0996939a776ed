"""The charts of an .ods file: objects on a sheet, each a small document of its own."""

import posixpath
from collections.abc import Iterator

from gradsheet.spreadsheet.reader.archive import Budget, Parts
from gradsheet.spreadsheet.reader.finish import Label, UnresolvedChart
from gradsheet.spreadsheet.reader.openformula import absolute, from_open_address
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader


def charts_of(parts: Parts, sheet: str, target: str) -> Iterator[UnresolvedChart]:
    """The chart that an embedded object is, if it is one."""
    part = posixpath.join(posixpath.normpath(target), "content.xml")
    if part in parts:
        chart = _Chart(parts.budget).read(parts, part)
        if chart.is_chart:
            yield chart.drawn(sheet)


class _Chart(PartReader):
    """The title and the lines of an embedded object, which need not be a chart."""

    root = "document-content"

    def __init__(self, budget: Budget) -> None:
        super().__init__(
            {"chart": self._chart, "series": self._line, "p": self.clear},
            {"p": self._paragraph},
        )
        self._budget = budget
        self._title: list[str] = []
        self._series: list[tuple[str, Label]] = []
        self.is_chart = False

    def drawn(self, sheet: str) -> UnresolvedChart:
        """The chart on ``sheet``, once its part is read."""
        return UnresolvedChart(
            sheet, Label(" ".join(" ".join(self._title).split())), tuple(self._series)
        )

    def _chart(self, _: Attributes) -> None:
        self.is_chart = True

    def _line(self, attributes: Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        values = attributes.get("chart:values-cell-range-address", "")
        name = attributes.get("chart:label-cell-address", "")
        if values:
            label = Label(reference=from_open_address(name))
            self._series.append((from_open_address(values, absolute), label))

    def _paragraph(self) -> None:
        if self.path[-3:-1] == ["chart", "title"]:
            self._title.append(self.written())
