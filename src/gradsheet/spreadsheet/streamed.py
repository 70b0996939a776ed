"""Sheets with millions of numbers: kept as arrays, written row by row into the file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradsheet.spreadsheet.addresses import column_letters
from gradsheet.spreadsheet.filled import Filled, Places, bounds

Array = NDArray[np.float64]

Row = tuple[int, list[tuple[int, str]]]
"""The number of a row, and its cells: their columns, from 0, and their markup."""

WITHOUT_VALUE = "7E300"
"""In place of the value of a formula that is still to be computed."""


@dataclass(frozen=True, eq=False)
class CellBlock:
    """Numbers, or formulas with their values, of one format.

    Attributes:
        rows, columns: from 0.
        values: finite numbers.
        style: the index of the format in the file.
        formulas: as markup, one for each cell or one for each copy; None for numbers.
        kinds: of each cell the index in ``formulas``; None where there is one for each.
    """

    rows: Places
    columns: Places
    values: Array
    style: int
    formulas: Sequence[str] | None = None
    kinds: Places | None = None

    def cells(self, chosen: Places, letters: Sequence[str], with_values: bool) -> Iterable[str]:
        """The markup of cells of one row."""
        row = int(self.rows[chosen[0]]) + 1
        rest = f'{row}" s="{self.style}">'
        names = [letters[column] for column in self.columns[chosen].tolist()]
        if self.formulas is None:
            values = self.values[chosen].tolist()
            pairs = zip(names, values, strict=True)
            return [f'<c r="{name}{rest}<v>{value!r}</v></c>' for name, value in pairs]
        kinds = (chosen if self.kinds is None else self.kinds[chosen]).tolist()
        formulas = self.formulas
        if not with_values:
            end = f"<v>{WITHOUT_VALUE}</v></c>"
            pairs = zip(names, kinds, strict=True)
            return [f'<c r="{name}{rest}{formulas[kind]}{end}' for name, kind in pairs]
        triples = zip(names, kinds, self.values[chosen].tolist(), strict=True)
        return [
            f'<c r="{name}{rest}{formulas[kind]}<v>{value!r}</v></c>'
            for name, kind, value in triples
        ]


@dataclass
class CellBlocks:
    """The blocks of one sheet."""

    blocks: list[CellBlock] = field(default_factory=list)
    shared: int = 0

    def __bool__(self) -> bool:
        return bool(self.blocks)

    def numbers(self, rows: Places, columns: Places, values: Array, style: int) -> None:
        """Add numbers."""
        self.blocks.append(CellBlock(rows, columns, values, style))

    def texts(
        self, rows: Places, columns: Places, formulas: Iterable[str], values: Array, style: int
    ) -> None:
        """Add formulas, each with a text of its own."""
        markup = [f"<f>{_escaped(formula)}</f>" for formula in formulas]
        if len(markup) != len(rows):
            raise ValueError(f"{len(markup)} formulas for {len(rows)} cells")
        self.blocks.append(CellBlock(rows, columns, values, style, markup))

    def filled(
        self, rows: Places, columns: Places, formulas: Filled, values: Array, style: int
    ) -> int:
        """Add formulas of one pattern, with one text for each run; the length of the longest."""
        runs = formulas.runs(rows, columns)
        if runs is None:
            texts = list(formulas)
            self.texts(rows, columns, texts, values, style)
            return max(map(len, texts), default=0)
        markup: list[str] = []
        kinds = np.empty(len(rows), dtype=np.int64)
        for run in runs:
            cells = slice(run.first, run.last)
            kinds[cells] = len(markup)
            if run.last - run.first == 1:
                markup.append(f"<f>{_escaped(run.text)}</f>")
                continue
            where = bounds(rows[cells], columns[cells])
            shared = f'<f t="shared" si="{self.shared}"'
            kinds[run.top] += 1
            markup += [f"{shared}/>", f'{shared} ref="{where}">{_escaped(run.text)}</f>']
            self.shared += 1
        self.blocks.append(CellBlock(rows, columns, values, style, markup, kinds))
        return max((run.longest for run in runs), default=0)

    def rows(self, with_values: bool) -> Iterator[Row]:
        """The rows with their cells, in order."""
        rows = np.concatenate([block.rows for block in self.blocks])
        columns = np.concatenate([block.columns for block in self.blocks])
        sizes = [len(block.rows) for block in self.blocks]
        owners = np.repeat(np.arange(len(sizes)), sizes)
        firsts = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
        order = np.lexsort((columns, rows))
        letters = [column_letters(column + 1) for column in range(int(columns.max()) + 1)]
        cut = np.flatnonzero(np.diff(rows[order]) | np.diff(owners[order])) + 1
        found: list[tuple[int, str]] = []
        last = -1
        for part in np.split(order, cut):
            row = int(rows[part[0]])
            if row != last and found:
                yield last, found
                found = []
            last = row
            block = self.blocks[int(owners[part[0]])]
            markup = block.cells(part - firsts[part[0]], letters, with_values)
            found += zip(columns[part].tolist(), markup, strict=True)
        if found:
            yield last, found


_COLORS = re.compile(rb"<conditionalFormatting\b.*?</conditionalFormatting>", re.DOTALL)


def without_colors(content: bytes) -> bytes:
    """The part of a sheet without its rules of colors: IronCalc takes memory for every cell."""
    return _COLORS.sub(b"", content)


def _escaped(text: str) -> str:
    if "<" in text or ">" in text or "&" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text
