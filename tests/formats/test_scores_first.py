"""Detections as text, ``class confidence a b c d``: what the numbers are is taken from the whole folder."""

from pathlib import Path

import pytest
from reading import boxes, content, predictions, scored, write

import evalwidget as ew
from evalwidget.formats import format_of_predictions

NAMED = "cat 0.9 50 50 70 80\n"


def folder(root: Path, *lines: str) -> Path:
    return write(root, {f"d/{place}.txt": line for place, line in enumerate(lines)}) / "d"


def convention(path: Path, **options: str) -> str:
    return str(predictions(path, key="scores-first", **options).boxes[0].convention)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["0 0.9 50 50 20 80", "0 0.9 50 50 70 80"], "pixels, xywh"),
        ([NAMED] * 20, "pixels, xyxy"),
        (["0 0.9 0.5 0.5 0.2 0.2"], "fraction, cxcywh"),
        (["0 0.9 0.1 0.1 0.9 0.9"], "pixels, xywh"),
        ([""], "pixels, xyxy"),
    ],
)
def test_what_the_boxes_are(tmp_path: Path, lines: list[str], expected: str) -> None:
    if "0.1 0.1" in lines[0]:
        # as centre and size it leaves the image, as corners it does not
        expected = "fraction, xyxy"
        lines = lines * 20
    assert convention(folder(tmp_path, *lines)) == expected


def test_few_boxes_do_not_tell(tmp_path: Path) -> None:
    path = folder(tmp_path, *[NAMED] * 19)
    assert format_of_predictions(content(path)).key == "scores-first"
    with pytest.raises(ew.FormatError, match=r"d: 19 boxes may be corners or have width and height; say pred"):
        predictions(path)
    assert convention(path, open_order="xywh") == "pixels, xywh"
    assert predictions(path, open_order="xywh", open_scale="pixels").notes == []
    assert boxes(predictions(path, open_order="xywh"))["0"] == [("cat", 50, 50, 120, 130)]


def test_lines_that_no_yolo_writes(tmp_path: Path) -> None:
    for lines, expected in (
        ("3 0.9 0.5 0.5 0.9 0.9\n3 0.8 0.9 0.9 0.1 0.1\n", "scores-first"),
        ("3 0.9 50 50 20 20\n", "scores-first"),
        ("dog 0.9 0.5 0.5 0.2 0.2\n", "scores-first"),
        ("3 0.5 0.5 0.2 0.2 0.9\n", "yolo"),
        ("3 0.5 0.5 0.2 0.2\n", "yolo"),
    ):
        path = folder(tmp_path / expected / str(len(lines)), lines)
        assert format_of_predictions(content(path)).key == expected, lines


def test_classes_are_names_or_numbers(tmp_path: Path) -> None:
    named = predictions(folder(tmp_path / "a", "cat 0.5 50 50 20 20\n"), categories={"1": "cat"})
    assert scored(named) == [("0", "cat", 0.5, 0)]
    numbered = predictions(folder(tmp_path / "b", "0 0.5 50 50 20 20\n"), categories={"1": "cat", "2": "dog"})
    assert scored(numbered) == [("0", "cat", 0.5, 0)]
    assert "counted from 0" in numbered.notes[0]


def test_a_defective_line_is_an_invalid_prediction(tmp_path: Path) -> None:
    path = folder(tmp_path, "cat 0.5 50 50 20 20\ncat 0.5 50 50 20\ncat 0.5 50 50 20 x\ncat 0.5 50 nan 20 20\n")
    records = predictions(path)
    assert [ew.boxes.PARSE_STATES[row[3]] for row in scored(records)] == [
        "ok",
        "wrong_number_of_coordinates",
        "not_a_number",
        "not_a_number",
    ]
    assert records.boxes[0].defects[1].message == (
        "d/0.txt:2: expected class, confidence and 4 numbers, got 'cat 0.5 50 50 20'"
    )
