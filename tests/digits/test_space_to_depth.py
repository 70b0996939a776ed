"""The layout in blocks."""

import torch

from gradsheet.digits.space_to_depth import to_blocks


def test_blocks_hold_four_neighbors() -> None:
    pixels = torch.arange(16.0).view(4, 4, 1)
    expected = [[[0, 1, 4, 5], [2, 3, 6, 7]], [[8, 9, 12, 13], [10, 11, 14, 15]]]
    assert to_blocks(pixels).tolist() == expected
    two = torch.stack([pixels, pixels + 100], dim=-1).squeeze(2)
    assert to_blocks(two)[0, 0].tolist() == [0, 100, 1, 101, 4, 104, 5, 105]
