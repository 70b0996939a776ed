"""Formulas: parsed, refused, and computed as another program computes them."""

import math
from pathlib import Path

import pytest
import xlsxwriter

from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formula import (
    Area,
    Call,
    Constant,
    Reference,
    to_expression,
)
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.parser import parse
from gradsheet.spreadsheet.recalculate import recalculated
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Tape

NUMBERS = (0.15, -0.7, 1.25, 2.0, 0.01, 3.0)  # in A1:F1

FORMULAS = (
    "A1+B1*C1",
    "(A1+B1)*C1",
    "-D1^2",
    "0-D1^2",
    "2^3^2",
    "-2^-2",
    "10%*C1",
    "A1-B1-C1",
    "A1/B1/C1",
    "1/(1+EXP(-A1))",
    "EXP(B1)/(1+EXP(B1))",
    "POWER(C1,3)",
    "C1^0.5",
    "SQRT(C1)",
    "0.5*(A1-B1)^2",
    "SUM(A1:F1)",
    "SUM(A1:C1,5,E1)",
    "AVERAGE(A1:F1)",
    "PRODUCT(A1:C1)",
    "MAX(0,B1)",
    "MAX(A1:F1)",
    "MIN(A1:F1)",
    "MIN(-B1,700)",
    "ABS(B1)",
    "SIGN(B1)",
    "LN(C1)",
    "LOG10(C1)",
    "LOG(C1)",
    "LOG(D1,2)",
    "TANH(A1)",
    "SINH(A1)+COSH(A1)",
    "PI()",
    "IF(A1>0,1,0)",
    "IF(B1>0,1,C1)",
    "IF(A1>=0.15,7,8)",
    "IF(A1<=B1,7,8)",
    "IF(A1<>B1,7,8)",
    "IF(A1=A1,7,8)",
    "SUMPRODUCT(A1:C1,D1:F1)",
    "SUMXMY2(A1:C1,D1:F1)",
    "SUMSQ(A1:C1)",
    "IF(AND(A1>0,B1<0),7,8)",
    "IF(OR(A1<0,B1>0),7,8)",
    "IFS(A1<0,7,B1<0,8)",
    "CHOOSE(2,A1,B1,C1)",
    "CHOOSE(D1,A1,B1,C1)",
    "INDEX(A1:F1,2)",
    "INDEX(A1:F1,1,3)",
    "OFFSET(A1,0,2)",
    "SUM(OFFSET($A$1,0,1,1,3))",
    "ROUND(C1*1.23456,2)",
    "ROUND(2.5,0)",
    "ROUND(-2.5,0)",
    "$A$1*B$1*$C1",
    "+A1",
    "--A1",
    "A1*-B1",
    "1E-3*A1",
    ".5*A1",
    "TRUE+1",
    "A2+1",
)


def own(formulas: tuple[str, ...]) -> list[float]:
    cells = {CellIndex(1, n): Cell(number) for n, number in enumerate(NUMBERS, start=1)}
    rows = enumerate(formulas, start=3)
    cells |= {CellIndex(row, 8): Cell(None, formula) for row, formula in rows}
    evaluator = Evaluator(Formulas(Book(Path("it.xlsx"), {"S": Sheet("S", cells)})))
    return [evaluator.value("S", CellIndex(row, 8)) for row in range(3, 3 + len(formulas))]


def test_formulas_have_the_values_another_program_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("S")
        sheet.write_row(0, 0, NUMBERS)
        for row, formula in enumerate(FORMULAS, start=2):
            sheet.write_formula(row, 7, f"={formula}")
    found = recalculated(path, {}, "ironcalc")
    for row, (formula, value) in enumerate(zip(FORMULAS, own(FORMULAS), strict=True), start=3):
        assert value == pytest.approx(found[CellRef("S", CellIndex(row, 8))], rel=1e-12), formula


@pytest.mark.parametrize(
    ("function", "operators"),
    [
        ("ADD(A1,MULTIPLY(B1,C1))", "A1+B1*C1"),
        ("DIVIDE(MINUS(A1,B1),C1)", "(A1-B1)/C1"),
        ("POW(MINUS(A1,B1),2)/2", "(A1-B1)^2/2"),
        ("UMINUS(A1)+UPLUS(B1)+UNARY_PERCENT(C1)", "-A1+B1+C1%"),
        ("EQ(A1,B1)+2*NE(A1,B1)", "(A1=B1)+2*(A1<>B1)"),
        ("GT(A1,B1)+2*GTE(A1,B1)+4*LT(A1,B1)+8*LTE(A1,B1)", "3"),
        (
            "_xlfn.LET(_xlpm.z,A1+B1,_xlpm.s,EXP(-_xlpm.z),1+s*(1-s))",
            "1+EXP(-A1-B1)*(1-EXP(-A1-B1))",
        ),
        ("INDEX(A1:F1,1,0)*0+INDEX(A1:F1,0,2)", "B1"),
        ("OFFSET(F1,0,-2)", "D1"),
        ("ARRAYFORMULA(SUM(A1:C1*D1:F1))", "SUMPRODUCT(A1:C1,D1:F1)"),
    ],
)
def test_functions_mean_what_operators_do(function: str, operators: str) -> None:
    first, second = own((function, operators))
    assert first == pytest.approx(second, rel=1e-12)


@pytest.mark.parametrize(
    "formula",
    [
        "LET(x,1)",
        "LET(x,1,y)",
        "OFFSET(A1,B1,0)",
        "OFFSET(A1,0.5,0)",
        "OFFSET(1,1,1)",
        "OFFSET(A1,1,1,1E18)",
        "CHOOSE(1E999,A1)",
        "INDEX(A1)",
        "INDEX(A1:C1,B1)",
        "INDEX(A1:C1,1,9)",
        "IFS(1)",
    ],
)
def test_what_cannot_be_known_is_refused(formula: str) -> None:
    with pytest.raises(FormulaError):
        to_expression(parse(formula, CellIndex(9, 9)), CellIndex(9, 9), lambda *_: Variable("x"))


def test_names_that_double_each_other_are_refused() -> None:
    steps = ",".join(f"n{chr(97 + n)}x,n{chr(96 + n)}x+n{chr(96 + n)}x" for n in range(1, 26))
    with pytest.raises(FormulaError, match="more than"):
        parse(f"LET(nax,A1,{steps},nzx)".replace("n`x", "nax"), CellIndex(9, 9))


def test_a_formula_that_was_copied_is_the_same_tree() -> None:
    first, second = (
        parse("E35-$F$33*X35", CellIndex(36, 5)),
        parse("E36-$F$33*X36", CellIndex(37, 5)),
    )
    assert first == second
    assert parse("E35-F33*X35", CellIndex(36, 5)) != parse("E36-F33*X36", CellIndex(37, 5))


def test_references() -> None:
    assert parse("'Sheet ''2'''!$B3", CellIndex(1, 1)) == Reference("Sheet '2'", 2, 2, False, True)
    assert parse("Daten!A1:$C$2", CellIndex(1, 1)) == Area(
        Reference("Daten", 0, 0, False, False), Reference("", 2, 3, True, True)
    )
    assert parse("eta*2", CellIndex(9, 9), {"eta": "Sheet1!$F$33"}) == Call(
        "*", (Reference("Sheet1", 33, 6, True, True), Constant(2.0))
    )


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("A1+", "ends too early"),
        ("(A1", "not closed"),
        ("A1)", "not expected"),
        ("A1:5", "does not end in a cell"),
        ("nobody*2", "'nobody' is not defined"),
        ("#REF!+1", "#REF!"),
        ("A1 ~ B1", "not understood"),
        ("(" * 100 + "A1" + ")" * 100, "nested"),
        ("-" * 100 + "A1", "nested"),
    ],
)
def test_what_is_no_formula_says_why(formula: str, says: str) -> None:
    with pytest.raises(FormulaError, match=says):
        parse(formula, CellIndex(1, 1))


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("VLOOKUP(A1,B1:C3,2)", "VLOOKUP"),
        ("EXP(1,2)", "EXP has 2 arguments"),
        ("SUMPRODUCT(A1:B1,A1:C1)", "do not fit"),
        ("MMULT(A1:B1,A1:B1)", "do not fit"),
        ("SUM(A1:XFD1048576)", "10,000"),
        ("A1:A4561*A1:AAA1", "10,000 numbers"),
        ("MMULT(A1:A9999,A1:Z1)", "100,000 products"),
    ],
)
def test_what_is_not_understood_says_what(formula: str, says: str) -> None:
    with pytest.raises(FormulaError, match=says):
        to_expression(
            parse(formula, CellIndex(1, 1)), CellIndex(1, 1), lambda sheet, place: Variable("x")
        )


def test_array_formulas_give_each_cell_its_part() -> None:
    cells = {CellIndex(1, n): Cell(number) for n, number in enumerate(NUMBERS, start=1)}
    product = "MMULT(TRANSPOSE(A1:B1),C1:D1)"
    cells |= {
        CellIndex(3 + row, 1 + column): Cell(None, product, CellIndex(3, 1))
        for row in (0, 1)
        for column in (0, 1)
    }
    evaluator = Evaluator(Formulas(Book(Path("it.xlsx"), {"S": Sheet("S", cells)})))
    found = [
        [evaluator.value("S", CellIndex(3 + row, 1 + column)) for column in (0, 1)]
        for row in (0, 1)
    ]
    a, b, c, d = NUMBERS[:4]
    assert found == [[pytest.approx(a * c), a * d], [b * c, b * d]]


def test_texts_and_overflows_are_no_numbers() -> None:
    cells = {
        CellIndex(1, 1): Cell("a text"),
        CellIndex(1, 2): Cell(None, "A1*2"),
        CellIndex(1, 3): Cell(None, "EXP(1000)"),
        CellIndex(1, 4): Cell(None, "C1*2"),
        CellIndex(1, 5): Cell(None, "E1+1"),
    }
    evaluator = Evaluator(Formulas(Book(Path("it.xlsx"), {"S": Sheet("S", cells)})))
    assert all(math.isnan(evaluator.value("S", CellIndex(1, column))) for column in range(1, 6))


def test_numbers_in_braces_are_an_array() -> None:
    at = CellIndex(5, 5)
    tree = parse("MMULT({1,-2;3,4},A1:B2)", at)
    cells = {
        place: Variable(str(place)) for place in (CellIndex(r, c) for r in (1, 2) for c in (1, 2))
    }
    corner = to_expression(tree, at, lambda _, place: cells[place], (1, 0))
    wanted = Variable("wanted", corner)
    points = {cells[CellIndex(1, 1)]: 10.0, cells[CellIndex(2, 1)]: 1.0}
    assert Tape([wanted]).run(points)[wanted] == 3 * 10 + 4
    for wrong in ("{1,2;3}", "{A1}", "{1,2"):
        with pytest.raises(FormulaError, match="the braces"):
            parse(wrong, at)


def test_a_lambda_computes_its_formula_of_its_arguments() -> None:
    names = {
        "s": "_xlfn.LAMBDA(_xlpm.x,1/(1+EXP(-_xlpm.x)))",
        "both": "LAMBDA(a,b,s(a)*b)",
        "round": "LAMBDA(x,round(x))",
    }
    at = CellIndex(5, 5)
    assert parse("s(A1+1)", at, names) == parse("1/(1+EXP(-(A1+1)))", at)
    assert parse("BOTH(A1,s(B1))", at, names) == parse("1/(1+EXP(-A1))*(1/(1+EXP(-B1)))", at)
    assert parse("LET(f,LAMBDA(x,x^2),f(A1)+f(f(2)))", at) == parse("A1^2+(2^2)^2", at)
    assert parse("LAMBDA(x,LAMBDA(y,x-y))(A1)(B1)", at) == parse("A1-B1", at)
    with pytest.raises(FormulaError, match="a LAMBDA takes 1 arguments"):
        parse("s(A1,B1)", at, names)


def test_names_that_double_are_not_filled_in_without_end() -> None:
    names = {f"n{k}": f"LAMBDA(x,n{k + 1}(n{k + 1}(x))+x)" for k in range(40)}
    names["n40"] = "LAMBDA(x,x+x)"
    with pytest.raises(FormulaError, match="more than 1,000 parts"):
        parse("n0(A1)", CellIndex(5, 5), names)
