"""Colours of labels are stable and told apart."""

import re

import pytest

from evalwidget.widget.colours import label_colour


def test_colours_are_distinct() -> None:
    colours = [label_colour(place) for place in range(200)]
    assert len(set(colours)) == 200
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours)


@pytest.mark.parametrize(("place", "colour"), [(0, "#e6194b"), (11, "#c2185b"), (12, "#1bbb6b"), (80, "#55e7b5")])
def test_colours_are_stable(place: int, colour: str) -> None:
    assert label_colour(place) == colour


def test_neighbours_look_different() -> None:
    def channels(place: int) -> list[int]:
        colour = label_colour(place)
        return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]

    for place in range(100):
        apart = sum(abs(a - b) for a, b in zip(channels(place), channels(place + 1), strict=True))
        assert apart > 80, place
