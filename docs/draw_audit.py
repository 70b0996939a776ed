"""The pictures of docs/audit.md: a class of course workbooks, audited.

python docs/draw_audit.py FOLDER

Writes the workbooks, class.html, the annotated copies and terminal.svg. Each pupil makes one of the
mistakes of published workbooks, or none.
"""

import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import xlsxwriter
from rich.console import Console
from xlsxwriter.utility import xl_rowcol_to_cell

from gradsheet.audit.pipeline import audit_workbook
from gradsheet.audit.report.annotate import annotate
from gradsheet.audit.report.page import report_page
from gradsheet.cli.render_audit import audit_table
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.mistakes import Mistake, find_mistakes, gradients
from gradsheet.networks.toml import load_network
from gradsheet.symbolic.expression import Variable, expand
from gradsheet.symbolic.render import plain, to_excel

PUPILS = ("Ada", "Blaise", "Carl", "David", "Emmy", "Felix", "Grace", "Henri")
HEADER, UPDATES, RATE = 7, 60, "$B$2"  # 0-based row of the header


def write_homework(path: Path, graph: NetworkGraph, mistake: Mistake | None) -> None:
    """The table people build: one row per iteration, in the familiar order."""
    wrong = gradients(graph, mistake)
    columns = [*graph.table(), *graph.gradients]
    places = {variable: number for number, variable in enumerate(columns)}

    def address(row: int) -> dict[Variable, str]:
        return {v: xl_rowcol_to_cell(row, column) for v, column in places.items()}

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Backpropagation")
        sheet.write(0, 0, "Backpropagation by hand")
        sheet.write(1, 0, "η =")
        sheet.write(1, 1, 0.5)
        sheet.write_row(HEADER, 0, [plain(v.markup) for v in columns])
        for row in range(HEADER + 1, HEADER + 2 + UPDATES):
            here, above = address(row), address(row - 1)
            for variable, column in places.items():
                first = row == HEADER + 1
                if variable in graph.given and (first or variable not in wrong):
                    sheet.write(row, column, graph.given[variable])
                    continue
                if variable in wrong:
                    gradient = graph.backward.gradients[variable]
                    formula = f"{above[variable]}-{RATE}*{above[gradient]}"
                elif variable in graph.gradients:
                    parameter = graph.parameters[graph.gradients.index(variable)]
                    known = {**here, graph.rate: RATE}
                    written = expand(wrong[parameter], known.__contains__)
                    formula = to_excel(written, known.__getitem__)
                else:
                    assert variable.definition is not None
                    written = expand(variable.definition, places.__contains__)
                    formula = to_excel(written, here.__getitem__)
                sheet.write_formula(row, column, f"={formula}", None, "")


def main(folder: Path) -> None:
    """Write everything into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = build_graph(load_network("course"))
    mistakes = [None, *find_mistakes(graph), None]
    audits = []
    for name, mistake in zip(PUPILS, mistakes, strict=True):
        write_homework(folder / f"{name}.xlsx", graph, mistake)
        audits.append(audit_workbook(folder / f"{name}.xlsx"))
        annotate(audits[-1], folder / f"{name}-audited.xlsx")
    (folder / "class.html").write_text(report_page(audits), encoding="utf-8")
    console = Console(record=True, width=100, file=io.StringIO())
    console.print("[bold]$ gradsheet audit Blaise.xlsx[/bold]\n")
    console.print(audit_table(replace(audits[1], path=Path("Blaise.xlsx"))))
    picture = console.export_svg(title="gradsheet audit")
    # The letters come with whoever looks at it, not from somewhere else.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    (folder / "terminal.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
