"""Tables of boxes: CSV of four corners and of width and height, as annotation tools export them, and OpenImages'."""

from pathlib import Path

import pandas as pd
import pytest
from reading import boxes, content, predictions, scored, truth, write

import evalwidget as ew
from evalwidget.formats import format_of_ground_truth, format_of_predictions

HEADERS = {
    "filename,xmin,ymin,xmax,ymax,class": "a.jpg,10,20,30,60,cat",
    "filename,x,y,width,height,class": "a.jpg,10,20,20,40,cat",
    "filename,width,height,class,xmin,ymin,xmax,ymax": "a.jpg,100,80,cat,10,20,30,60",
    "image,x1,y1,x2,y2,label": "a.jpg,10,20,30,60,cat",
    "image_path,x_min,y_min,x_max,y_max,class_name": "d/a.jpg,10,20,30,60,cat",
    "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height": (
        "cat,10,20,20,40,a.jpg,100,80"
    ),
    "image_id,x_center,y_center,w,h,x,y,width,height,category": "a.jpg,0,0,0,0,10,20,20,40,cat",
    "FileName, XMin, YMin, XMax, YMax, Class": "a.jpg,10.0,20,30,60,cat",
    "file_name,cx,cy,w,h,label": "a.jpg,20,40,20,40,cat",
}


@pytest.mark.parametrize("header", HEADERS)
def test_columns_as_tools_call_them(tmp_path: Path, header: str) -> None:
    path = write(tmp_path, {"t.csv": f"{header}\n{HEADERS[header]}\n"}) / "t.csv"
    assert format_of_ground_truth(content(path)).key == "box-table"
    records, facts = truth(path)
    assert boxes(records) == {"a": [("cat", 10, 20, 30, 60)]}
    assert facts.convention.scale == "pixels"
    assert (records.references[0].width == 100) == ("100" in HEADERS[header])


def test_a_table_without_a_header(tmp_path: Path) -> None:
    text = "d/a.jpg,10,20,30,60,cat\nb.png,,,,,\nd/a.jpg,1,2,3,4,dog\n"
    records, _ = truth(write(tmp_path, {"t.csv": text}) / "t.csv")
    assert boxes(records) == {"a": [("cat", 10, 20, 30, 60), ("dog", 1, 2, 3, 4)], "b": []}
    assert [reference.where for reference in records.references] == ["t.csv:1", "t.csv:2"]
    for doubtful in ("d/a.jpg,10,20,30,60,7\n", "name,10,20,30,60,cat\n", "d/a.jpg,10,20,30,cat,60\n"):
        with pytest.raises(ew.FormatError, match="in a format that docs/formats"):
            truth(write(tmp_path, {"u.csv": doubtful}) / "u.csv")


def test_fractions_centres_and_rows_that_hold_nothing(tmp_path: Path) -> None:
    text = "filename,x,y,width,height,class\na.jpg,0.2,0.4,0.2,0.4,cat\nb.jpg,,,,,\n"
    path = write(tmp_path, {"t.csv": text}) / "t.csv"
    records, facts = truth(path, order="cxcywh")
    assert str(facts.convention) == "fraction, cxcywh"
    assert boxes(records) == {"a": [("cat", 0.1, 0.2, 0.3, 0.6)], "b": []}


def test_predictions(tmp_path: Path) -> None:
    text = "filename,xmin,ymin,xmax,ymax,class,confidence\na.jpg,1,2,3,4,0,0.5\na.jpg,1,2,x,4,1,\nb.jpg,,,,,,\n"
    path = write(tmp_path, {"p.csv": text}) / "p.csv"
    assert format_of_predictions(content(path)).key == "box-table"
    records = predictions(path, categories={"1": "cat", "2": "dog"})
    assert scored(records) == [("a", "cat", 0.5, 0), ("a", "dog", None, ew.boxes.PARSE_STATES.index("not_a_number"))]
    assert len(records.references) == 2
    assert records.names_all
    assert "classes are counted from 0" in records.notes[0]


def test_frames_and_rows_of_json(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"filename": ["a.jpg"], "x": [10], "y": [20], "width": [20], "height": [40.0], "class": ["cat"]}
    )
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    frame.to_json(tmp_path / "t.json", orient="records")
    for source in (frame, tmp_path / "t.jsonl", tmp_path / "t.json"):
        found = frame.assign(score=0.5) if source is frame else source
        run = ew.open_run(ground_truth=source, predictions={1: found})
        assert run.summary()["true_positives"].tolist() == [1], source
        assert run.task == "object detection"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a.jpg,1,2,x,4,cat", "t.csv:3: expected 4 numbers, got 'x'"),
        ("a.jpg,1,2,,4,cat", "t.csv:3: expected 4 numbers, got ''"),
        ("a.jpg,1,2,0,4,cat", "t.csv:3: expected width and height of 0 or more in xyxy"),
        ("a.jpg,1,2,3,4,", "t.csv:3: class: expected a class, got nothing"),
        (",1,2,3,4,cat", "t.csv:3: filename: expected the name of an image, got nothing"),
        ("a.jpg,1,2,3,4,cat,more", "t.csv:3: expected 6 cells as in the header, got 7"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, row: str, problem: str) -> None:
    text = f"filename,xmin,ymin,xmax,ymax,class\nb.jpg,1,2,3,4,cat\n{row}\n"
    with pytest.raises(ew.FormatError, match=problem):
        truth(write(tmp_path, {"t.csv": text}) / "t.csv")


def test_a_score_that_is_none(tmp_path: Path) -> None:
    text = "filename,xmin,ymin,xmax,ymax,class,score\na.jpg,1,2,3,4,cat,high\n"
    with pytest.raises(ew.FormatError, match=r"p.csv:2: score: expected a number, got 'high'"):
        predictions(write(tmp_path, {"p.csv": text}) / "p.csv")


OPEN_IMAGES = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf\n"


def test_open_images_with_class_descriptions(tmp_path: Path) -> None:
    """As specified on OpenImages' download page: names of classes in a file of their own, with or without a header."""
    text = f'{OPEN_IMAGES}0001,xclick,/m/01yrx,1,"0,1",0.3,0.25,0.75,0,0,0\n0001,xclick,/m/0bt9lr,1,0,1,0,1,-1,0,1\n'
    for descriptions in ("/m/01yrx,Cat\n", 'LabelName,DisplayName\n/m/01yrx,"Cat"\n'):
        root = write(tmp_path, {"boxes.csv": text, "names.csv": descriptions})
        for paths in (("boxes.csv", "names.csv"), ("names.csv", "boxes.csv")):
            parts = [root / path for path in paths]
            assert format_of_ground_truth(content(*parts)).key == "open-images"
            records, facts = truth(*parts)
            assert boxes(records) == {"0001": [("/m/0bt9lr", 0, 0, 1, 1), ("Cat", 0.1, 0.25, 0.3, 0.75)]}
            assert records.boxes[0].crowd.tolist() == [False, True]
            assert facts.categories == {"/m/01yrx": "Cat"}
    found = "ImageID,LabelName,Score,XMin,XMax,YMin,YMax\n0001,/m/01yrx,0.5,0.1,0.3,0.25,0.75\n"
    run = ew.open_run(
        ground_truth=[root / "boxes.csv", root / "names.csv"],
        predictions={1: write(root, {"p.csv": found}) / "p.csv"},
    )
    assert run.summary()["true_positives"].tolist() == [1]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('a,,cat,,"0,1,2",1,0,1,,,', "t.csv:2: expected 4 numbers, got '0,1,2'"),
        ("a,,cat,,0.9,0.1,0,1,,,", "t.csv:2: expected width and height of 0 or more"),
        ("a,,,,0,1,0,1,,,", "t.csv:2: LabelName: expected a class, got nothing"),
        (",,cat,,0,1,0,1,,,", "t.csv:2: ImageID: expected the name of an image, got nothing"),
    ],
)
def test_open_images_errors_name_file_and_line(tmp_path: Path, row: str, problem: str) -> None:
    with pytest.raises(ew.FormatError, match=problem):
        truth(write(tmp_path, {"t.csv": f"{OPEN_IMAGES}{row}\n"}) / "t.csv")


def test_class_descriptions_that_are_none(tmp_path: Path) -> None:
    root = write(tmp_path, {"t.csv": f"{OPEN_IMAGES}a,,cat,,0,1,0,1,,,\n", "n.csv": "a,b\nc,d,e\n"})
    with pytest.raises(ew.FormatError, match=r"n.csv:2: expected a class and its name, got 3 cells"):
        truth(root / "t.csv", root / "n.csv")
