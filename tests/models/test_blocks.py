"""Where tensors are on a sheet, compared with openpyxl's addresses."""

from openpyxl.utils.cell import rows_from_range

from gradsheet.models.blocks import Block, column, filters, matrix, row, tiles


def cells_of(reference: str) -> set[str]:
    """The addresses of a range, by openpyxl."""
    return {str(cell) for line in rows_from_range(reference) for cell in line}


def test_no_two_numbers_share_a_cell() -> None:
    blocks = [
        tiles("s", 4, 30, (3, 5, 4)),
        filters("s", 0, 2, (2, 3, 3, 2)),
        matrix("s", 1, 1, (4, 6)),
        column("s", 3, 3, 7),
        row("s", 3, 3, 7),
    ]
    for block in blocks:
        assert len(set(block.addresses())) == block.rows.size
        assert len(set(block.cells())) == block.rows.size


def test_ranges_hold_what_they_name() -> None:
    block = tiles("s", 4, 30, (3, 5, 4), step=9)
    for channel in range(3):
        part = Block("s", block.rows[channel], block.columns[channel])
        assert cells_of(block.whole(channel)) == set(part.addresses())
    assert set(block.addresses()) < cells_of(block.rectangle())
    assert cells_of(block.span((1, 1, 2), (1, 3, 3))) == cells_of("AG16:AH18")


def test_tiles_leave_a_row_for_labels() -> None:
    block = tiles("s", 4, 0, (2, 3, 3))
    assert block.rows[0, 0, 0] == 5
    assert block.rows[1, 0, 0] - block.rows[0, -1, 0] == 3  # an empty row and a label


def test_copies_of_a_block() -> None:
    block = tiles("two words", 0, 1, (2, 4, 6))
    assert block.reference((0, 0, 0)) == "'two words'!B2"
    assert block.moved(2, 1).cell((0, 0, 0)) == "C4"
    assert list(block.reshape((48,)).addresses()) == list(block.addresses())
    assert (block.bottom, block.right) == (11, 7)
