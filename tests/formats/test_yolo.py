"""YOLO labels, in the layouts of Ultralytics and Darknet, as specified in their documentation."""

from pathlib import Path

import pytest
from reading import boxes, content, predictions, scored, truth, write

import evalwidget as ew
from evalwidget.formats import format_of_ground_truth, format_of_predictions

CAT = ("cat", 10.0, 20.0, 30.0, 60.0)
DOG = ("dog", 50.0, 20.0, 70.0, 60.0)
LABELS = {"a": "0 0.2 0.4 0.2 0.4\n1 0.6 0.4 0.2 0.4\n", "b": ""}
SIZES = {"a": (100.0, 100.0), "b": (100.0, 100.0)}


def in_folder(folder: str, suffix: str = ".txt") -> dict[str, str]:
    return {f"{folder}/{name}{suffix}": text if suffix == ".txt" else "" for name, text in LABELS.items()}


LAYOUTS = {
    "names beside labels": ({**in_folder("d"), "d/classes.txt": "cat\ndog\n"}, "d"),
    "images beside labels": ({**in_folder("d"), **in_folder("d", ".jpg"), "d/x.names": "cat\ndog\n"}, "d"),
    "labels and images": (
        {**in_folder("d/labels"), **in_folder("d/images", ".png"), "d/classes.txt": "cat\ndog\n"},
        "d",
    ),
    "splits": (
        {**in_folder("d/labels/val"), "d/labels/train/c.txt": "1 .5 .5 .1 .1", "d/classes.txt": "cat\ndog"},
        "d",
    ),
    "yaml with a list of names": (
        {
            **in_folder("d/labels/val"),
            "d/data.yaml": "path: /x/d\ntrain: images/train\nval: images/val\nnames: [cat, dog]",
        },
        "d/data.yaml",
    ),
    "yaml with names by number": (
        {
            **in_folder("d/labels/test"),
            **in_folder("d/images/test", ".JPG"),
            "d/my.yml": "path: ../datasets/d\ntest: images/test\nnames:\n  0: cat\n  1: dog\n",
        },
        "d",
    ),
    "yaml that goes up": (
        {
            **in_folder("d/valid/labels"),
            **in_folder("d/valid/images", ".jpg"),
            "d/data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']",
        },
        "d/data.yaml",
    ),
    "yaml with lists of folders": (
        {
            "d/one/labels/a.txt": LABELS["a"],
            "d/two/labels/b.txt": "",
            "d/data.yaml": "val: [one/images, two/images]\nnames: [cat, dog]",
        },
        "d",
    ),
    "yaml with a list of images": (
        {
            **in_folder("d/labels/v"),
            "d/val.txt": "./images/v/a.jpg\n./images/v/b.jpg\n\n",
            "d/data.yaml": "val: val.txt\nnames: [cat, dog]",
        },
        "d",
    ),
    "darknet": (
        {
            **in_folder("d/obj_valid_data"),
            "d/obj_train_data/c.txt": "1 .5 .5 .1 .1",
            "d/obj.data": "classes = 2\ntrain = d/train.txt\nvalid = d/valid.txt # here\nnames = data/obj.names\n",
            "d/obj.names": "cat\ndog\n",
            "d/train.txt": "data/obj_train_data/c.jpg\n",
            "d/valid.txt": "data/obj_valid_data/a.jpg\ndata/obj_valid_data/b.jpg\n",
        },
        "d/obj.data",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_as_specified(tmp_path: Path, layout: str) -> None:
    files, path = LAYOUTS[layout]
    place = write(tmp_path, files) / path
    assert format_of_ground_truth(content(place)).key == "yolo"
    records, facts = truth(place)
    assert boxes(records, SIZES) == {"a": [CAT, DOG], "b": []}
    assert facts.categories == {"0": "cat", "1": "dog"}
    assert all(reference.annotated for reference in records.references)


def test_names_from_a_file_given_with_the_folder(tmp_path: Path) -> None:
    root = write(
        tmp_path, {**in_folder("labels"), "data.yaml": "val: nowhere\nnames: [cat, dog]", "n.names": "cat\ndog"}
    )
    for file in ("data.yaml", "n.names"):
        records, _ = truth(root / "labels", root / file)
        assert boxes(records, SIZES) == {"a": [CAT, DOG], "b": []}
    records, _ = truth(root / "labels", class_names={"0": "cat", "1": "dog"})
    assert boxes(records, SIZES) == {"a": [CAT, DOG], "b": []}


def test_what_is_read_of_several_splits_is_said(tmp_path: Path) -> None:
    records, _ = truth(write(tmp_path, LAYOUTS["darknet"][0]) / "d")
    assert records.notes == ["d/obj.data: 'valid' is read, of valid, train"]
    records, _ = truth(write(tmp_path / "x", LAYOUTS["splits"][0]) / "d")
    assert records.notes == ["d: 'val' is read, of val, train"]


def test_images_without_labels_hold_nothing_and_are_counted(tmp_path: Path) -> None:
    root = write(
        tmp_path, {**in_folder("labels"), **in_folder("images", ".jpg"), "images/c.jpg": "", "classes.txt": "x\ny"}
    )
    records, facts = truth(root)
    assert boxes(records)["c"] == []
    assert records.notes == [f"{root.name}: 1 images without a label file were taken to hold nothing, as YOLO does"]
    assert [folder.path for folder in facts.images] == [root]


def test_outlines_and_keypoints(tmp_path: Path) -> None:
    lines = "0 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6\n1 0.5 0.2 0.7 0.2 0.6 0.6\n"
    records, _ = truth(write(tmp_path / "outlines", {"a.txt": lines, "classes.txt": "cat\ndog"}))
    assert boxes(records, SIZES) == {"a": [CAT, DOG]}
    pose = {
        "data.yaml": "val: images\nkpt_shape: [2, 2]\nnames: [cat]",
        "labels/a.txt": "0 0.2 0.4 0.2 0.4 0.9 0.9 0.1 0.1\n",
    }
    records, _ = truth(write(tmp_path / "pose", pose))
    assert boxes(records, SIZES) == {"a": [CAT]}


def test_a_stem_that_is_like_a_list_s_name(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {"test_01.txt": "0 .5 .5 .1 .1", "train.txt": "images/a.jpg", "readme.txt": "hello", "classes.txt": "1\n2"},
    )
    records, _ = truth(root)
    assert boxes(records) == {"test_01": [("1", 0.45, 0.45, 0.55, 0.55)]}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "0 0.5 0.5 0.1",
            r"a.txt:2: expected 5 numbers \(class x y width height\), or a class and 3 or more points, got 4",
        ),
        ("0 0.5 0.5 0.1 wide", r"a.txt:2: expected 5 numbers .*, got 'wide'"),
        ("0 0.5 0.5 0.1 0.1 0.9", r"a.txt:2: expected 5 numbers .*, got 6"),
        ("0 0.5 0.5 -0.1 0.1", r"a.txt:2: expected width and height of 0 or more"),
        ("0 0.5 0.5 nan 0.1", r"a.txt:2: expected 4 numbers, got nan"),
        ("0.5 0.5 0.5 0.1 0.1", r"a.txt:2: class: expected a whole number, got 0.5"),
        ("nan 0.5 0.5 0.1 0.1", r"a.txt:2: class: expected a whole number, got nan"),
        ("7 0.5 0.5 0.1 0.1", r"a.txt:2: class 7 is not among the 2 class names"),
        ("0 0.2 0.4 0.2 0.4", r"a.txt:2: the same item twice: the line stands at .*a.txt:1 already; remove one"),
    ],
)
def test_ground_truth_that_is_wrong(tmp_path: Path, line: str, problem: str) -> None:
    root = write(tmp_path, {"labels/a.txt": f"0 0.2 0.4 0.2 0.4\n{line}\n", "classes.txt": "cat\ndog"})
    with pytest.raises(ew.FormatError, match=problem):
        truth(root)


@pytest.mark.parametrize(
    ("files", "path", "problem"),
    [
        (
            {"d.yaml": "val: images/val\nnames: [a]"},
            "d.yaml",
            r"d.yaml: val: images/val was not found below .*; give the",
        ),
        ({"d.yaml": "val: 3\nnames: [a]"}, "d.yaml", "d.yaml: val: expected a folder or a list of images, got 3"),
        ({"d.yaml": "names: [a]"}, "d.yaml", r"expected label files such as labels/a.txt, found none"),
        (
            {"d.yaml": "val: i\nnames: [a]", "i/a.jpg": ""},
            "d.yaml",
            r"expected label files .* for 1 images, found none",
        ),
        ({"d.yaml": "val: /etc/\nnames: [a]", "a.txt": ""}, "d.yaml", r"d.yaml: val: /etc/ was not found below"),
    ],
)
def test_datasets_without_labels(tmp_path: Path, files: dict[str, str], path: str, problem: str) -> None:
    with pytest.raises(ew.FormatError, match=problem):
        truth(write(tmp_path / "set", files) / path)


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"outside/labels/a.txt": "0 .5 .5 .1 .1", "outside/pictures/a.jpg": ""})
    files = {"d.yaml": "val: ../outside/pictures\nnames: [a]", "labels/b.txt": "0 .5 .5 .1 .1"}
    with pytest.raises(ew.FormatError, match=r"was not found below set; give the folder of labels and this file"):
        truth(write(tmp_path / "set", files), key="yolo")


def test_predictions_as_ultralytics_saves_them(tmp_path: Path) -> None:
    """Labels with and without confidence and track, and outlines with a confidence, as specified."""
    root = write(
        tmp_path,
        {
            "labels/a.txt": "0 0.2 0.4 0.2 0.4\n1 0.2 0.4 0.2 0.4 0.9\n1 0.2 0.4 0.2 0.4 0.8 17\n",
            "labels/b.txt": "0 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6 0.7\n0 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6 0.7 12\n"
            "0 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6\n",
            "labels/c.txt": "",
            "args.yaml": "task: detect\nsave_txt: true\n",
        },
    )
    for folder in (root, root / "labels"):
        assert format_of_predictions(content(folder)).key == "yolo"
        records = predictions(folder, categories={"0": "cat", "1": "dog"})
        assert scored(records) == [
            ("a", "cat", None, 0),
            ("a", "dog", 0.9, 0),
            ("a", "dog", 0.8, 0),
            ("b", "cat", 0.7, 0),
            ("b", "cat", 0.7, 0),
            ("b", "cat", None, 0),
        ]
        assert boxes(records, {"b": (100.0, 100.0)})["b"] == [CAT] * 3
        assert [reference.image for reference in records.references] == ["a", "b", "c"]
        assert records.names_all


def test_a_defective_line_is_an_invalid_prediction(tmp_path: Path) -> None:
    lines = "0 0.5 0.5 0.1 0.1 0.9\n0 0.5 0.5 0.1\n1 0.5 0.5 x 0.1 0.9\ny 0.5 0.5 0.1 0.1 0.9\n0 .5 .5 -1 .1 .5\n"
    records = predictions(write(tmp_path, {"l/a.txt": lines}) / "l", key="yolo", categories={"0": "cat", "1": "dog"})
    states = ("ok", "wrong_number_of_coordinates", "not_a_number", "not_a_number", "negative_size")
    assert [(row[1], ew.boxes.PARSE_STATES[row[3]]) for row in scored(records)] == list(
        zip(("cat", "cat", "dog", None, "cat"), states, strict=True)
    )
    defects = records.boxes[0].defects
    assert defects[1].message.startswith("l/a.txt:2: expected 5 to 7 numbers (class x y width height confidence track)")
    assert defects[1].raw == "0 0.5 0.5 0.1"


def test_appended_lines_are_counted_and_kept(tmp_path: Path) -> None:
    line = "0 0.5 0.5 0.1 0.1 0.9\n"
    root = write(tmp_path, {"l/a.txt": line * 3, "l/b.txt": line * 2, "l/c.txt": line}) / "l"
    records = predictions(root, categories={"0": "cat"})
    assert len(scored(records)) == 6
    assert records.notes[0].startswith(
        "l: 3 lines in 2 files repeat another of their file exactly, and count each time"
    )


def test_lines_that_could_have_the_confidence_second_are_said(tmp_path: Path) -> None:
    root = write(tmp_path, {"l/a.txt": "0 0.5 0.5 0.4 0.4 0.5\n"}) / "l"
    assert predictions(root, categories={"0": "cat"}).notes == [
        "l: lines were read as class, box, confidence; if the confidence stands second, say "
        "prediction_format='scores-first'"
    ]
    write(root, {"b.txt": "0 0.5 0.5 0.4 0.4 0.95\n"})
    assert predictions(root, categories={"0": "cat"}).notes == []


def test_a_run_folder_of_folders(tmp_path: Path) -> None:
    files = {
        **in_folder("ground_truth/labels"),
        "ground_truth/classes.txt": "cat\ndog",
        "predictions/step-000500/a.txt": "0 0.2 0.4 0.2 0.4 0.9\n",
        "predictions/step-001000/labels/a.txt": "0 0.2 0.4 0.2 0.4 0.9\n1 0.6 0.4 0.2 0.4 0.8",
        "predictions/step-001000/labels/b.txt": "1 0.6 0.4 0.2 0.4 0.8",
    }
    run = ew.open_run(write(tmp_path / "run", files))
    assert run.summary()[["true_positives", "false_positives", "false_negatives"]].values.tolist() == [
        [1, 0, 1],
        [2, 1, 0],
    ]


def test_names_find_their_images_with_the_extension_on_either_side(tmp_path: Path) -> None:
    files = {
        "t/labels/000000000139.txt": "0 0.2 0.4 0.2 0.4",
        "t/labels/frame.01.txt": "0 0.2 0.4 0.2 0.4",
        "t/classes.txt": "cat",
        "p.json": '[{"image_id": 139, "category_id": 0, "bbox": [0.1, 0.2, 0.2, 0.4], "score": 1},'
        ' {"image_id": "frame.01", "category_id": 0, "bbox": [0.1, 0.2, 0.2, 0.4], "score": 1}]',
        "q.csv": "filename,xmin,ymin,xmax,ymax,class,score\n"
        "000000000139.jpg,.1,.2,.3,.6,cat,.9\nframe.01.jpg,.1,.2,.3,.6,cat,.9",
    }
    root = write(tmp_path, files)
    run = ew.open_run(ground_truth=root / "t", predictions={1: root / "p.json", 2: root / "q.csv"})
    assert run.load().specimens == ["000000000139", "frame.01"]
    assert len(run.join_report()) == 0
    assert run.summary()["true_positives"].tolist()[1] == 2


def test_a_label_file_has_to_be_text(tmp_path: Path) -> None:
    root = write(tmp_path, {"labels/a.txt": "", "classes.txt": "cat"})
    (root / "labels/a.txt").write_bytes(b"0 .5 .5 .1 .1\n0 \xff")
    with pytest.raises(ew.FormatError, match=r"labels/a.txt:2: expected UTF-8 text"):
        truth(root)


def test_a_folder_that_is_no_dataset(tmp_path: Path) -> None:
    root = write(tmp_path, {"notes/a.txt": "this is no label\n"})
    with pytest.raises(ew.FormatError, match=r"notes: expected ground truth in a format .*, found a folder"):
        truth(root / "notes")
    with pytest.raises(ew.FormatError, match="expected a folder of label files"):
        predictions(root / "notes/a.txt", key="yolo")


def test_a_folder_of_something_else_is_not_taken_for_predictions_of_nothing(tmp_path: Path) -> None:
    write(
        tmp_path / "data", {"obj.data": "names = obj.names\n", "obj.names": "cat\n", "train/a.txt": "0 .5 .5 .1 .1\n"}
    )
    message = r"data: expected label files \(.txt\) or a folder labels, found obj.data, obj.names, train"
    with pytest.raises(ew.FormatError, match=message):
        predictions(tmp_path / "data", key="yolo")


@pytest.mark.parametrize("folder", ["step-0", "step-0/labels"])
def test_an_empty_folder_says_that_nothing_was_predicted(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    found = predictions(tmp_path / "step-0", key="yolo")
    assert found.names_all
    assert list(found.references) == []
