"""Colours of labels are stable and told apart."""

import re

import pytest

import evalwidget as ew
from evalwidget.widget.colours import label_colour
from evalwidget.widget.server import answer


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


def test_a_label_of_predictions_alone_keeps_its_colour_whatever_was_read_first(write_run) -> None:
    def said(phrase: str) -> dict:
        return {"image": "a.png", "boxes": [{"label": phrase, "box": [1, 1, 5, 5]}]}

    folder = write_run([said("cat")], {1: [said("dog")], 2: [said("cow")]})
    colours = []
    for first in (1, 2):
        run = ew.open_run(folder)
        run.scores(first)
        request = {"id": "1", "kind": "specimen", "index": 0, "step": 1, "all_steps": True, "image": False}
        reply, _ = answer(request, run._evaluation)
        colours.append({label["text"]: label["colour"] for label in reply["labels"]})
    assert colours[0] == colours[1]
    assert len(set(colours[0].values())) == 3
