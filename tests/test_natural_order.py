"""Names in the order that people give them."""

import numpy as np
import pytest

from evalwidget.natural_order import natural_ranks


@pytest.mark.parametrize(
    "ordered",
    [
        ["img1", "img2", "img10"],
        ["2.png", "10.png", "a.png"],
        ["a", "B", "c"],
        ["a1b2", "a1b10", "a2b1"],
        ["x", "x01", "x1", "x2"],
        ["7", "9" * 5000, "1" + "0" * 5000],
        ["", "0", "über", "٣"],
    ],
)
def test_numbers_compare_as_numbers_and_letters_without_their_case(ordered: list[str]) -> None:
    count = len(ordered)
    for turn in range(count):
        names = [*ordered[turn:], *ordered[:turn]]
        assert natural_ranks(names).tolist() == [*range(turn, count), *range(turn)]


def test_names_that_differ_in_case_alone_have_ranks_of_their_own() -> None:
    assert natural_ranks(["b", "a", "A", "B"]).tolist() == [3, 1, 0, 2]
    assert natural_ranks([]).dtype == np.uint32
