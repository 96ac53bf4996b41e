"""CVAT's XML as specified; its published file of images is read in ``test_detection_formats_agree``."""

from pathlib import Path

import pytest
from reading import boxes, content, truth, write

import evalwidget as ew
from evalwidget.formats import format_of_ground_truth

BOX = '<box label="cat" occluded="0" xtl="10.5" ytl="20" xbr="30" ybr="40"/>'


def cvat(*parts: str) -> str:
    return f"<?xml version='1.0' encoding='utf-8'?>\n<annotations><version>1.1</version>{''.join(parts)}</annotations>"


def image(*shapes: str, name: str = "deep/a.jpg") -> str:
    return f'<image id="3" name="{name}" width="100" height="80">{"".join(shapes)}</image>'


def file(root: Path, *parts: str) -> Path:
    return write(root, {"a.xml": cvat(*parts)}) / "a.xml"


def test_shapes_of_images(tmp_path: Path) -> None:
    shapes = (
        BOX,
        '<polygon label="dog" points="1.00,2.00;5.50,3.00;4.00,9.00"/>',
        '<mask label="cow" rle="1, 2" left="3" top="4" width="10" height="20"/>',
        '<ellipse label="ball" cx="50" cy="40" rx="10" ry="5"/>',
        '<points label="eye" points="1,2"/><polyline label="road" points="1,2;3,4"/><tag label="day"/>',
    )
    path = file(tmp_path, image(*shapes), image(name="b.jpg"))
    assert format_of_ground_truth(content(path)).key == "cvat"
    records, _ = truth(path)
    assert boxes(records) == {
        "a": [("ball", 40, 35, 60, 45), ("cat", 10.5, 20, 30, 40), ("cow", 3, 4, 13, 24), ("dog", 1, 2, 5.5, 9)],
        "b": [],
    }
    assert records.notes == ["a.xml: shapes without a box were left out: 1 points, 1 polyline, 1 tag"]
    assert records.references[0].image == "deep/a.jpg"


def test_turned_shapes_are_enclosed(tmp_path: Path) -> None:
    shapes = (
        '<box label="cat" xtl="40" ytl="30" xbr="60" ybr="40" rotation="90"/>',
        '<ellipse label="ball" cx="50" cy="40" rx="10" ry="5" rotation="90"/>',
        '<box label="dog" xtl="40" ytl="30" xbr="60" ybr="40" rotation="180.00"/>',
    )
    assert boxes(truth(file(tmp_path, image(*shapes)))[0])["a"] == [
        ("ball", 45, 30, 55, 50),
        ("cat", 45, 25, 55, 45),
        ("dog", 40, 30, 60, 40),
    ]


def test_tracks_of_a_video(tmp_path: Path) -> None:
    meta = "<meta><task><original_size><width>200</width><height>100</height></original_size></task></meta>"
    track = (
        '<track id="{}" label="cat"><box frame="0" outside="0" xtl="1" ytl="2" xbr="3" ybr="4"/>'
        '<box frame="12" outside="{}" xtl="1" ytl="2" xbr="3" ybr="4"/></track>'
    )
    path = file(tmp_path, meta, track.format(0, 0), track.format(1, 1))
    records, _ = truth(path)
    assert boxes(records) == {"frame_000000": [("cat", 1, 2, 3, 4)] * 2, "frame_000012": [("cat", 1, 2, 3, 4)]}
    assert records.references[0].width == 200
    for name in ("frame_000012.PNG", "12"):
        write(tmp_path, {"p.csv": f"image,x1,y1,x2,y2,label\n{name},1,2,3,4,cat\n"})
        run = ew.open_run(ground_truth=path, predictions={1: tmp_path / "p.csv"})
        if name != "12":
            assert run.summary()["true_positives"].tolist() == [1]
    write(tmp_path, {"p.json": '[{"image_id": 12, "category_id": 0, "bbox": [1, 2, 2, 2], "score": 1}]'})
    run = ew.open_run(ground_truth=path, predictions={1: tmp_path / "p.json"}, class_names=["cat"])
    assert run.summary()[["true_positives", "false_negatives"]].values.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (
            image('<box label="cat" xtl="1" ytl="2" xbr="3"/>'),
            r"a.xml: image\[0\].box\[0\]: expected 'ybr', found \['label'",
        ),
        (
            image('<box label="cat" xtl="1" ytl="2" xbr="3" ybr="x"/>'),
            r"a.xml: image\[0\].box\[0\]: ybr: expected a number",
        ),
        (
            image('<box label="cat" xtl="9" ytl="2" xbr="3" ybr="4"/>'),
            r"a.xml: image\[0\].box\[0\]: expected width and",
        ),
        (image('<box xtl="1" ytl="2" xbr="3" ybr="4"/>'), r"a.xml: image\[0\].box\[0\]: expected 'label', found"),
        (
            image('<polygon label="c" points="1;2"/>'),
            r"a.xml: image\[0\].polygon\[0\]: points: expected x,y;x,y;…, got '1;2'",
        ),
        ('<image id="1"/>', r"a.xml: image\[0\]: expected 'name', found \['id'\]"),
        ('<track label="c"><box xtl="1"/></track>', r"a.xml: track\[0\].box\[0\]: expected 'frame', found \['xtl'\]"),
        (
            '<track label="c"><box frame="-1"/></track>',
            r"a.xml: track\[0\].box\[0\]: frame: expected a whole number of 0",
        ),
    ],
)
def test_errors_name_file_and_place(tmp_path: Path, part: str, problem: str) -> None:
    with pytest.raises(ew.FormatError, match=problem):
        truth(file(tmp_path, part))
