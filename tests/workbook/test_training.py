"""The training sheets."""

from pathlib import Path

from tests.workbook.books import book


def test_the_familiar_table(course: Path) -> None:
    sheet = book(course)["lr 0.5"]
    headers = [cell.value for cell in sheet[4] if cell.value]
    assert " ".join(map(str, headers)) == (
        "iteration t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1 a_o1 o2 a_o2 E1 E2 "
        "E_total ∂E/∂w1 ∂E/∂w2 ∂E/∂w3 ∂E/∂w4 ∂E/∂w5 ∂E/∂w6 ∂E/∂w7 ∂E/∂w8"
    )
    second = {
        str(header.value): cell.value for header, cell in zip(sheet[4], sheet[6], strict=True)
    }
    assert second["iteration"] == 1
    assert second["w5"] == "=Q5-$B$2*AF5"
    assert second["E1"] == "=0.5*(E6-V6)^2"
    assert second["∂E/∂w5"] == "=(V6-E6)*V6*(1-V6)*N6"
    assert all(str(second[header]).startswith("=") for header in list(second)[5:])
    notes = {str(cell.value): cell.comment.text for cell in sheet[4] if cell.comment}
    assert notes["a_h1"] == "activation of hidden unit 1: sigmoid"
    assert len(notes) == 31
