"""Whatever is done to small valid files of detectors, opening and scoring them ends in a run or an EvalWidgetError."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import write

import evalwidget as ew

VOC = (
    "<annotation><filename>a.jpg</filename><size><width>100</width><height>80</height></size><object><name>cat</name>"
    "<difficult>0</difficult><bndbox><xmin>10</xmin><ymin>10</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object>"
    "</annotation>"
)
CVAT = (
    '<annotations><version>1.1</version><image id="0" name="a.jpg" width="100" height="80"><box label="cat" xtl="10" '
    'ytl="10" xbr="30" ybr="30" rotation="5"/><polygon label="dog" points="1,2;3,4;5,1"/></image><track id="0" '
    'label="cat"><box frame="3" outside="0" xtl="1" ytl="2" xbr="3" ybr="4"/></track></annotations>'
)
OPEN_IMAGES = (
    'ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf,Score\na,/m/1,"0,1",0.3,0.1,0.3,0,0.5\nb,dog,0,1,0,1,1,\n'
)
TRUTHS: dict[str, dict[str, str]] = {
    "voc": {"t/Annotations/a.xml": VOC, "t/ImageSets/Main/val.txt": "a\n"},
    "cvat": {"t.xml": CVAT},
    "yolo": {
        "t/data.yaml": "path: ..\nval: images/val\ntrain: [x]\nnames: {0: cat, 1: dog}\n",
        "t/labels/val/a.txt": "0 0.2 0.25 0.2 0.25\n1 0.1 0.1 0.3 0.3 0.1 0.3\n",
        "t/images/val/b.jpg": "",
    },
    "darknet": {
        "t/obj.data": "valid = data/valid.txt\nnames = obj.names\n",
        "t/obj.names": "cat\ndog\n",
        "t/valid.txt": "data/obj/a.jpg\n",
        "t/obj/a.txt": "0 0.2 0.25 0.2 0.25\n",
    },
    "table": {"t.csv": "filename,xmin,ymin,xmax,ymax,class\na.jpg,10,10,30,30,cat\nb.jpg,,,,,\n"},
    "bare": {"t.csv": "a.jpg,10,10,30,30,cat\n"},
    "open images": {"t.csv": OPEN_IMAGES},
}
FOUND: dict[str, dict[str, str]] = {
    "labels": {
        "p/a.txt": "0 0.2 0.25 0.2 0.25 0.9\n1 0.2 0.25 0.2 0.25 0.9 3\n0 0.1 0.1 0.3 0.3 0.1 0.3 0.5\n",
        "p/b.txt": "",
    },
    "scores first": {"p/a.txt": "cat 0.9 50 50 20 20\n1 0.9 10 10 30 30\n"},
    "table": {"p.csv": "filename,x,y,width,height,class,score\na.jpg,10,10,20,20,0,0.5\n"},
    "open images": {"p.csv": OPEN_IMAGES},
    "mmdetection": {"p/a.json": '{"labels": [0, 1], "scores": [0.5, 1], "bboxes": [[1, 2, 3, 4], [10, 10, 30, 30]]}'},
    "ultralytics": {
        "p.json": '[{"image_id": "a", "file_name": "a.jpg", "category_id": 0, "bbox": [10, 10, 20, 20], "score": 0.5},'
        ' {"image_id": 3, "category_id": 2, "bbox": [1, 2, 3, 4]}]'
    },
}
PIECES = [
    *(
        "",
        " ",
        "\n",
        ",",
        '"',
        ";",
        "<",
        ">",
        "</",
        "&x;",
        "/",
        "..",
        "-",
        "[",
        "}",
        ":",
        "- ",
        "&a ",
        "*a",
        "0",
        "1",
        "-1",
    ),
    *("9" * 30, "1e999", "nan", "inf", "a.jpg", "0.5", "null", "\x00", "\ud800", "frame", "é", "true", "!!python/x"),
]
FUZZ = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def mutated(data: st.DataObject, files: Mapping[str, str]) -> dict[str, str]:
    """The files with a few pieces of one put in the place of others, or with one gone."""
    changed = dict(files)
    path = data.draw(st.sampled_from(sorted(changed)))
    text = changed[path]
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.sampled_from([0, 1, 2, 5, 10**6])))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    changed[path] = text
    if data.draw(st.integers(0, 15)) == 0:
        del changed[path]
    return changed


@settings(FUZZ)
@given(st.data())
def test_mutated_files(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    truth = data.draw(st.sampled_from(sorted(TRUTHS)))
    found = data.draw(st.sampled_from(sorted(FOUND)))
    root = tmp_path_factory.mktemp("fuzz")
    for path, text in {**mutated(data, TRUTHS[truth]), **mutated(data, FOUND[found])}.items():
        write(root, {path: ""})
        (root / path).write_bytes(text.encode("utf-8", "surrogatepass"))
    stated = data.draw(
        st.sampled_from(
            [{}, {"class_names": ["cat", "dog"]}, {"prediction_first_class": 1}, {"prediction_box_order": "xyxy"}]
        )
    )
    place = "t" if any(path.startswith("t/") for path in TRUTHS[truth]) else next(iter(TRUTHS[truth]))
    step = "p" if any(path.startswith("p/") for path in FOUND[found]) else next(iter(FOUND[found]))
    message = use(root / place, root / step, stated)
    assert "Traceback" not in message


def use(truth: Path, found: Path, stated: dict[str, object]) -> str:
    """Open, read and score; only EvalWidgetError may pass."""
    try:
        run = ew.open_run(ground_truth=truth, predictions={1: found}, **stated)  # type: ignore[arg-type]
        run.load()
        assert len(run.scores()) == len(run.specimens)
        run.matches()
        return repr(run) + repr(run.summary())
    except ew.EvalWidgetError as error:
        return str(error)
