"""Boxes on an ipycanvas canvas are the front end's, constant for constant and corner for corner."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from evalwidget.scoring.evaluation import OUTCOMES
from evalwidget.widget import box_drawing
from evalwidget.widget.box_drawing import (
    CHIP_HEIGHT,
    LINES,
    MOST_CHIPS,
    PAINT_ORDER,
    THIN_FROM,
    Chip,
    Rect,
    Scene,
    SideBoxes,
    chip_text,
    chips,
    place_chip,
    strokes,
    text_on,
    text_width,
)

PAINT = Path(__file__).resolve().parents[2] / "js" / "src" / "drawing" / "paint.ts"
PANEL = (200, 100)


@pytest.fixture(scope="module")
def source() -> str:
    return PAINT.read_text("utf-8")


def scene(outcomes: list[str], corners: list[list[float]], scores: list[float] | None = None, **shows: bool) -> Scene:
    count = len(outcomes)
    boxes = SideBoxes(
        np.array(corners, np.float32).reshape(-1, 4),
        np.arange(count, dtype=np.uint32) % 2,
        np.array([OUTCOMES.index(outcome) for outcome in outcomes], np.uint8),
        np.array(scores or [0.25] * count, np.float32),
    )
    labels = [{"text": "dog", "colour": "#ffee00"}, {"text": "cat", "colour": "#003366"}]
    return Scene(boxes, labels, 2.0, PANEL, **shows)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["MOST_CHIPS", "ALWAYS_CHIPS", "CHIP_HEIGHT", "CHIP_PADDING", "HALO_ALPHA", "THIN_FROM", "THINNER"]
)
def test_numbers_are_the_front_ends(source: str, name: str) -> None:
    (written,) = re.findall(rf"const {name} = ([-\d.]+);", source)
    assert float(written) == getattr(box_drawing, name)


def test_lines_are_the_front_ends(source: str) -> None:
    (written,) = re.findall(r"LINES: Record<Outcome, Line> = \{\n(.*?)\};", source, re.DOTALL)
    found = re.findall(r"(\w+): \{ width: ([\d.]+), dash: (\[.*?\]), alpha: ([\d.]+) \},", written)
    assert {
        outcome: (float(width), tuple(ast.literal_eval(dash)), float(alpha)) for outcome, width, dash, alpha in found
    } == LINES
    assert set(LINES) == set(OUTCOMES)
    (order,) = re.findall(r"PAINT_ORDER: Outcome\[\] = (\[.*?\]);", source)
    assert tuple(ast.literal_eval(order)) == PAINT_ORDER


def test_font_and_the_length_of_labels_are_the_front_ends(source: str) -> None:
    assert re.findall(r"const CHIP_FONT = '(.*?)';", source) == [box_drawing.CHIP_FONT]
    assert re.findall(r"text\.length > (\d+)", source) == [str(box_drawing._LONGEST_LABEL)]
    assert re.findall(r"luminance\(colour\) > ([\d.]+)", source) == ["0.179"]


def test_edges_lie_on_whole_pixels_in_groups_of_outcome_and_label() -> None:
    found = strokes(
        scene(
            ["missed", "matched", "matched", "invalid", "matched"],
            [[0, 0, 10.2, 10.3], [1, 1, 5, 5], [2, 2, 6, 6], [np.nan] * 4, [200, 0, 210, 5]],
        )
    )
    told = [(stroke.rects.tolist(), stroke.colour, stroke.halo, stroke.line, stroke.halo_width) for stroke in found]
    assert told == [
        ([[2, 2, 8, 8]], "#003366", "#ffffff", LINES["matched"], 4),
        ([[4, 4, 8, 8]], "#ffee00", "#000000", LINES["matched"], 4),
        ([[0, 0, 20, 21]], "#ffee00", "#000000", LINES["missed"], 4),
    ]


def test_very_many_boxes_have_thin_lines_and_no_texts() -> None:
    many = scene(["extra"] * THIN_FROM, [[0, 0, 10, 10]] * THIN_FROM)
    assert {(stroke.line.width, stroke.halo_width) for stroke in strokes(many)} == {(1.25, 3.25)}
    assert chips(many) == []
    assert len(chips(scene(["extra"] * MOST_CHIPS, [[0, 0, 10, 10]] * MOST_CHIPS))) > 0


def test_texts_say_label_outcome_and_score_as_chosen() -> None:
    one = ["extra"], [[0, 0, 10, 10]]
    assert chip_text(scene(*one), 0) == "dog · extra · 0.25"
    assert chip_text(scene(*one, show_scores=False), 0) == "dog · extra"
    assert chip_text(scene(*one, show_labels=False, show_scores=False), 0) == ""
    assert chip_text(scene(["matched"], one[1], [np.nan]), 0) == "dog"
    # JavaScript rounds what lies in the middle up
    assert [chip_text(scene(["matched"], one[1], [score]), 0) for score in (0.125, 0.375, 1.0)] == [
        "dog · 0.13",
        "dog · 0.38",
        "dog · 1.00",
    ]


def test_a_long_label_is_cut() -> None:
    long = scene(["matched"], [[0, 0, 10, 10]], [np.nan])
    long.labels[0]["text"] = "x" * 33
    assert chip_text(long, 0) == "x" * 31 + "…"
    (chip,) = chips(long)
    assert chip.rect.width <= PANEL[0]
    assert chip.text.endswith("…")


def test_texts_stay_in_the_panel_and_do_not_cover_one_another() -> None:
    assert place_chip(Rect(190, 2, 30, 40), 60, PANEL, []) == Rect(140, 2, 60, CHIP_HEIGHT)
    box = Rect(20, 40, 30, 20)
    first = place_chip(box, 60, PANEL, [])
    assert first == Rect(19, 24, 60, CHIP_HEIGHT)
    assert place_chip(box, 60, PANEL, [first]) == Rect(19, 40, 60, CHIP_HEIGHT)


def test_few_boxes_have_their_texts_also_where_these_have_no_room() -> None:
    found = chips(scene(["matched"] * 12, [[10, 10, 20, 20]] * 12))
    assert len(found) == 12
    assert all(0 <= chip.rect.y <= PANEL[1] - CHIP_HEIGHT for chip in found)
    crowded = chips(scene(["matched"] * 13, [[10, 10, 20, 20]] * 13))
    assert 0 < len(crowded) < 12
    assert not any(covers(a, b) for place, a in enumerate(crowded) for b in crowded[:place])


def covers(a: Chip, b: Chip) -> bool:
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.rect, b.rect
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah


def test_texts_are_black_on_light_and_white_on_dark() -> None:
    assert (text_on("#ffee00"), text_on("#003366")) == ("#000000", "#ffffff")


def test_width_of_a_text_grows_with_what_it_holds() -> None:
    assert text_width("") == 0
    assert text_width("ill") < text_width("dog") < text_width("DOG") < text_width("WWW") < text_width("日本語")
    assert text_width("é") == text_width("e\u0301") == text_width("e")
