"""Formulas in the notation of .ods."""

from pathlib import Path

from gradsheet.spreadsheet.reader import read_book
from tests.spreadsheet.reader.files import cells, ods, table

OPEN_FORMULAS = {
    "of:=[.A1]+[.$A$1]*[.$A1]/[.A$1]": "A1+$A$1*$A1/A$1",
    "of:=SUM([.A1:.B2];[$Sheet1.A1];[$'Sheet 1'.A1:.B2])": "SUM(A1:B2,Sheet1!A1,'Sheet 1'!A1:B2)",
    "oooc:=IF([.A1]>0;&quot;a;b|&quot;;[.B1])": 'IF(A1>0,"a;b|",B1)',
    "=MMULT([.A1:.B2];{1;2|3;4.5})": "MMULT(A1:B2,{1,2;3,4.5})",
    "of:=SUM({&quot;;|&quot;;2|3};[.A1]~[.B1])": 'SUM({";|",2;3},A1,B1)',
    "msoxl:=SUM(A1:B2,'Sheet 1'!A1)": "SUM(A1:B2,'Sheet 1'!A1)",
    "of:=[$'it''s'.$A$1]+['A1'.B2]+[$Ünï.A1:$Ünï.B1]": "'it''s'!$A$1+'A1'!B2+Ünï!A1:B1",
    "of:=SUM([$One.A1:$Two.B2];[.A:.B];[.1:.$2])": "SUM(One:Two!A1:B2,A:B,1:$2)",
    "of:=SUM([$One.A1:$S3.B2])": "SUM('One:S3'!A1:B2)",
    "of:=[.#REF!]+[$S.A#REF!]+#N/A": "#REF!+#REF!+#N/A",
    "of:=COM.MICROSOFT.STDEV.S([.A1:.A9])+LEGACY.NORMSDIST(1)": "STDEV.S(A1:A9)+NORMSDIST(1)",
    "of:=eta*[.a1]": "eta*A1",
    "of:=['file:///x/y.ods'#$Sheet1.A1]": "'[file:///x/y.ods]Sheet1'!A1",
    "of:=[broken;[.A1]": "[broken,A1",
    "of:=&quot;open;[.A1]": '"open,A1',
}


def test_open_formulas(tmp_path: Path) -> None:
    row = "".join(f'<table:table-cell table:formula="{text}"/>' for text in OPEN_FORMULAS)
    path = ods(tmp_path / "f.ods", table(f"<table:table-row>{row}</table:table-row>"))
    assert [cell.formula for cell in cells(path).values()] == list(OPEN_FORMULAS.values())
    assert read_book(path).remarks == ("the file links to other files: they were not opened",)
