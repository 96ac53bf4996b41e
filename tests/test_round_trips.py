"""A run of any format, saved and opened, is the same run: the documented examples, the published data, and images
however they came."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from documented_formats import SECTIONS, example_arrays, example_files, write_files
from PIL import Image
from same_runs import assert_same, assert_same_images, saved

import evalwidget as ew

#: The format whose example of ground truth goes with the predictions of a format that has none of its own.
TRUTH_BESIDE = {
    "coco-caption-results": "coco-captions",
    "coco-results": "coco",
    "llava-answers": "question-rows",
    "minigpt4-answers": "minigpt4-refcoco",
    "mmdetection": "coco",
    "scores-first": "coco",
}
#: What an example leaves open.
OPTIONS: dict[str, dict[str, Any]] = {"scores-first": {"prediction_box_order": "xywh"}}


def example(key: str, side: str, folder: Path) -> Any:
    """One side of a format's example as ``open_run`` takes it: files and folders, or arrays; None where it has none."""
    section = SECTIONS[key]
    return example_arrays(section, side) or write_files(example_files(section, side), folder) or None


def some_predictions(run: ew.Run) -> pd.DataFrame:
    """An answer, or a box, for the first specimen of a run."""
    named = pd.DataFrame({"specimen": run.specimens[:1]})
    if run._data.has_text:
        return named.assign(item=run._data.ground_truth.questions.item[0], answer="x")
    phrase = run._data.labels.names[run._data.ground_truth.boxes.label[0]]
    return named.assign(phrase=phrase, x1=10.0, y1=10.0, x2=30.0, y2=30.0, score=0.5)


@pytest.mark.parametrize("key", sorted(set(SECTIONS) - {"saved"}))
def test_every_documented_example(key: str, tmp_path: Path) -> None:
    """Both sides of it; its ground truth beside other predictions where it has no more; its predictions alone."""
    truth = example(key, "ground_truth", tmp_path / "truth")
    truth = truth or example(TRUTH_BESIDE.get(key, key), "ground_truth", tmp_path / "truth")
    found = example(key, "predictions", tmp_path / "predictions")
    options = {"output_format": "qwen3-vl"} | OPTIONS.get(key, {})
    nothing = pd.DataFrame({"specimen": ["unknown"], "answer": ["x"]})
    runs = []
    if truth is not None:
        bare = ew.open_run(ground_truth=truth, predictions={1: nothing}, **options)
        steps = {1: some_predictions(bare)} if found is None else {1: found}
        runs.append(ew.open_run(ground_truth=truth, predictions=steps, **options))
    if found is not None:
        runs.append(ew.open_run(predictions={1: found, 2: found}, **options))
    assert runs
    for number, run in enumerate(runs):
        again = saved(run, tmp_path / f"saved {number}")
        assert_same(again, run)
        assert_same(saved(again, tmp_path / f"saved again {number}"), run)


OBJDET = "objdet_formats/data/database"
REAL: dict[str, tuple[str | None, dict[int, str], dict[str, Any]]] = {
    "boxes and masks": (
        "coco100/instances_val2014_100.json",
        {
            1: "coco100/instances_val2014_fakebbox100_results.json",
            2: "coco100/instances_val2014_fakesegm100_results.json",
        },
        {},
    ),
    "images beside": ("fce_small/gt_dataset.json", {1: "fce_small/dt_dataset.json"}, {"images": "fce_small"}),
    "ids as text": ("fce_small/gt_ignore_test.json", {1: "fce_small/dt_ignore_test.json"}, {}),
    "crowds": ("hotcoco_edge/edge_gt.json", {1: "hotcoco_edge/edge_dt.json"}, {}),
    "ids from 0": ("hotcoco_edge/zero_gt.json", {1: "hotcoco_edge/zero_dt.json"}, {}),
    "attempts": (
        None,
        {0: "qwen3vl_refcoco/base_attempts.csv", 1: "qwen3vl_refcoco/trained_attempts.csv"},
        {"output_format": "qwen3-vl", "join": "order"},
    ),
    "attempts, told apart": (
        None,
        {0: "qwen3vl_refcoco/base_attempts.csv", 1: "qwen3vl_refcoco/trained_attempts.csv"},
        {},
    ),
    "captions and boxes": (
        "llava_coco80/caps_boxes_coco2014_val_80.jsonl",
        {1: "llava_coco80/caps_boxes_coco2014_val_80.jsonl"},
        {"prediction_format": "plain"},
    ),
    "conversations": (
        "qwen_ft_demo/single_images.json",
        {1: "qwen_ft_demo/single_images.json"},
        {"images": "qwen_ft_demo"},
    ),
    "messages": ("llamafactory_demo/mllm_demo.json", {1: "llamafactory_demo/mllm_demo.json"}, {}),
    **{
        f"detection in {path}": (
            f"{OBJDET}/gts/{path}",
            {1: f"{OBJDET}/dets/coco_format/coco_dets.json", 2: f"{OBJDET}/dets/{texts}"},
            {"images": f"{OBJDET}/images", "prediction_first_class": 0},
        )
        for path, texts in (
            ("coco_format_v1/instances_default.json", "abs_xywh"),
            ("coco_format_v2/instances_v2.json", "abs_xyx2y2"),
            ("pascalvoc_format", "rel_xywh"),
            ("imagenet_format", "abs_xywh"),
            ("cvat_format/annotations.xml", "abs_xyx2y2"),
            ("openimages_format/all_bounding_boxes.csv", "abs_xyx2y2"),
            ("yolo_format", "rel_xywh"),
        )
    },
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("copy_images", [False, True])
def test_published_data(real_data: Path, tmp_path: Path, name: str, copy_images: bool) -> None:
    truth, found, options = REAL[name]
    options = {key: real_data / value if key == "images" else value for key, value in options.items()}
    run = ew.open_run(
        ground_truth=None if truth is None else real_data / truth,
        predictions={step: real_data / file for step, file in found.items()},
        **options,
    )
    again = saved(run, tmp_path / "saved", copy_images=copy_images)
    assert_same(again, run)
    assert_same_images(again, run)


def test_published_answers_of_a_small_model(real_data: Path, tmp_path: Path) -> None:
    truth, steps = [], {}
    for step, file in enumerate(sorted((real_data / "vqav2_smallvlms").glob("*.json"))[-3:]):
        results = json.loads(file.read_text("utf-8"))["results"]
        rows = next(found["question_results"] for found in results.values() if "question_results" in found)
        truth = [
            {"image": row["image_filename"], "question_id": row["question_id"], "question": row["question"],
             "answer": row["ground_truth"]}
            for row in rows
        ]  # fmt: skip
        steps[step] = tmp_path / f"step-{step}.json"
        lines = [{"question_id": row["question_id"], "answer": row["model_answer"]} for row in rows]
        steps[step].write_text(json.dumps(lines), "utf-8")
    (tmp_path / "truth.json").write_text(json.dumps(truth), "utf-8")
    run = ew.open_run(ground_truth=tmp_path / "truth.json", predictions=steps)
    assert_same(saved(run, tmp_path / "saved"), run)


@pytest.mark.parametrize("family", ["qwen2.5-vl", "qwen3-vl", "json"])
def test_raw_texts_of_published_reports(real_data: Path, tmp_path: Path, family: str) -> None:
    """All of them read by one grammar, so that most parse states occur."""
    texts = [
        json.loads(line)["text"]
        for line in (real_data / "vlm_raw_outputs/real_outputs.jsonl").read_text("utf-8").splitlines()
    ]
    with (real_data / "qwen3vl_refcoco/base_attempts.csv").open(newline="", encoding="utf-8") as file:
        texts += [row["raw_response"] for row in csv.DictReader(file)]
    names = [f"{place}.jpg" for place in range(len(texts))]
    truth = pd.DataFrame({"specimen": names, "phrase": "it", "x1": 1, "y1": 2, "x2": 30, "y2": 40})
    truth = truth.assign(width=640, height=480)
    found = pd.DataFrame({"specimen": names, "output": texts, "step": 5})
    run = ew.Run.from_frames(truth, found, output_format=family, max_pixels=1_003_520)
    again = saved(run, tmp_path / "saved")
    assert_same(again, run)
    assert again.matches()["parse_state"].nunique() > 3


def colour(number: int, size: tuple[int, int] = (9, 7)) -> Image.Image:
    """An image that is like no other one."""
    pixels = np.arange(size[0] * size[1] * 3, dtype=np.uint64).reshape(size[1], size[0], 3)
    return Image.fromarray(((pixels * 7 + number * 41) % 256).astype(np.uint8))


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned() -> bytes:
    """A photograph that lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return file_of(colour(99, (40, 20)), "JPEG", exif=exif)


#: Names that files may not have, that lead out of a folder, or that are another's where they are made to fit.
NAMES = [
    "a.png", "x/a.png", "y/a.png", "/x/b.png", "/z/b.png", "../c.png", "../../c.png", "d\\e.png", "d/f.png", "d",
    "g.jpg", "g.png", "ä ß 漢字 🙂.png", "two words.png", " .png", "?*:|<>\".png", "%2e%2e/h.png", "007",
    "https://example.org/i.png", "n" * 300 + ".png", "null\0.png", "new\nline.png", ".", "..", "~/k.png", ".hidden.png",
    "no extension", "CON", "A.png", "trailing/", "000003.png", "000004.png",
]  # fmt: skip

IMAGES: dict[str, Callable[[], Any]] = {
    "bytes": lambda: [file_of(colour(number)) for number in range(len(NAMES))],
    "PIL images": lambda: [colour(number) for number in range(len(NAMES))],
    "all the same": lambda: [file_of(colour(1))] * len(NAMES),
    "some missing": lambda: [None if number % 3 else file_of(colour(number)) for number in range(len(NAMES))],
    "some unreadable": lambda: [
        file_of(colour(number)) if number % 3 else b"not an image" for number in range(len(NAMES))
    ],
}


def questions(names: list[str], **columns: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    truth = pd.DataFrame({"specimen": names, "question": "q", "answer": "x", **columns})
    return truth, pd.DataFrame({"specimen": names, "answer": "x", "step": 1})


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("copy_images", [False, True])
def test_images_given_by_name(tmp_path: Path, kind: str, copy_images: bool) -> None:
    given = {name: image for name, image in zip(NAMES, IMAGES[kind](), strict=True) if image is not None}
    run = ew.Run.from_frames(*questions(NAMES), images=given)
    again = saved(run, tmp_path / "a" / "saved", copy_images=copy_images)
    assert_same(again, run)
    assert_same_images(again, run)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["saved"]
    assert_same_images(saved(again, tmp_path / "twice", copy_images=copy_images), run)


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("copy_images", [False, True])
def test_images_that_a_frame_holds(tmp_path: Path, kind: str, copy_images: bool) -> None:
    run = ew.Run.from_frames(*questions(NAMES, image=IMAGES[kind]()))
    again = saved(run, tmp_path / "saved", copy_images=copy_images)
    assert_same(again, run)
    assert_same_images(again, run)
    assert_same_images(saved(again, tmp_path / "twice", copy_images=copy_images), run)


@pytest.mark.parametrize("copy_images", [False, True])
def test_a_folder_comes_before_images_that_a_frame_holds(tmp_path: Path, copy_images: bool) -> None:
    (tmp_path / "images/x").mkdir(parents=True)
    colour(50).save(tmp_path / "images/a.png")
    colour(51).save(tmp_path / "images/x/c.png")
    names = ["a.png", "b.png", "x/c.png", "y/c.png"]
    cells = [{"path": name, "bytes": file_of(colour(number))} for number, name in enumerate(names)]
    run = ew.Run.from_frames(*questions(names, image=cells), images=tmp_path / "images")
    again = saved(run, tmp_path / "saved", copy_images=copy_images)
    assert_same(again, run)
    assert_same_images(again, run)


@pytest.mark.parametrize("copy_images", [False, True])
def test_images_of_predictions_without_ground_truth(tmp_path: Path, copy_images: bool) -> None:
    names = ["a", "b", "b", "c"]
    found = pd.DataFrame({"specimen": names, "image": [*map(colour, range(4))], "answer": "x", "step": [1, 1, 2, 2]})
    run = ew.Run.from_frames(None, found, task="vqa")
    assert run._data.size(2) == (9, 7)
    again = saved(run, tmp_path / "saved", copy_images=copy_images)
    assert_same(again, run)
    assert_same_images(again, run)


@pytest.mark.parametrize("copy_images", [False, True])
@pytest.mark.parametrize("decode", [True, False])
def test_images_of_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copy_images: bool, decode: bool) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    datasets = pytest.importorskip("datasets")
    files = [file_of(colour(1)), b"not an image", turned(), file_of(colour(2), "JPEG")]
    names = ["a.png", "a", "b.jpg", None]
    rows = {
        "image": [{"bytes": file, "path": name} for file, name in zip(files, names, strict=True)],
        "question": ["q"] * 4,
        "answers": [["x"]] * 4,
    }
    features = {
        "image": datasets.Image(decode=decode),
        "question": datasets.Value("string"),
        "answers": datasets.Sequence(datasets.Value("string")),
    }
    dataset = datasets.Dataset.from_dict(rows, features=datasets.Features(features))
    run = ew.open_run(ground_truth=dataset, predictions={1: pd.DataFrame({"specimen": ["a.png"], "answer": ["x"]})})
    again = saved(run, tmp_path / "saved", copy_images=copy_images)
    assert_same(again, run)
    assert_same_images(again, run)


@pytest.mark.parametrize("copy_images", [False, True])
@pytest.mark.parametrize("layout", ["yolo", "voc"])
def test_images_beside_their_annotations(tmp_path: Path, layout: str, copy_images: bool) -> None:
    """Of one name in two folders, or of one name but for the extension."""
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox>"
    folders, names = (("train", "val"), ("0.png", "é 1.png")) if layout == "yolo" else (("",), ("0.png", "é 1.png"))
    number = 0
    for folder in folders:
        for name in names:
            image = tmp_path / "data" / ("images" if layout == "yolo" else "JPEGImages") / folder / name
            image.parent.mkdir(parents=True, exist_ok=True)
            number += 1
            colour(number).save(image)
            kind, ending = ("labels", "txt") if layout == "yolo" else ("Annotations", "xml")
            label = (tmp_path / "data" / kind / folder / name).with_suffix(f".{ending}")
            label.parent.mkdir(parents=True, exist_ok=True)
            xml = f"<annotation><filename>{name}</filename><object><name>cat</name>{box}</object></annotation>"
            label.write_text("0 0.5 0.5 0.2 0.2\n" if layout == "yolo" else xml, "utf-8")
    if layout == "yolo":
        (tmp_path / "data/data.yaml").write_text("val: [images/train, images/val]\nnames: [cat]\n", "utf-8")
    run = ew.open_run(
        ground_truth=tmp_path / "data",
        predictions={1: pd.DataFrame({"specimen": ["unknown"], "phrase": "x", "x1": 1, "y1": 1, "x2": 2, "y2": 2})},
    )
    assert len(run.specimens) == number
    assert run._data.size(0) == (9, 7)
    again = saved(run, tmp_path / "elsewhere" / "saved", copy_images=copy_images)
    assert_same(again, run)
    assert_same_images(again, run)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"])
@pytest.mark.parametrize("copy_images", [False, True])
def test_pil_images_of_every_mode(tmp_path: Path, mode: str, copy_images: bool) -> None:
    grey = np.arange(63, dtype=np.uint16).reshape(7, 9) * 900
    image = Image.fromarray(grey) if mode == "I;16" else colour(3).convert("RGB").convert(mode)
    run = ew.Run.from_frames(*questions(["a", "b"], image=[None, image]), images={"a": image})
    again = saved(run, tmp_path / "saved", copy_images=copy_images)
    assert_same_images(again, run)


@pytest.mark.parametrize("copy_images", [False, True])
def test_pil_images_that_are_to_be_turned(tmp_path: Path, copy_images: bool) -> None:
    image = Image.open(io.BytesIO(turned()))
    run = ew.Run.from_frames(*questions(["a", "b"], image=[None, image]), images={"a": image})
    assert run._data.size(0) == run._data.size(1) == (20, 40)
    again = saved(run, tmp_path / "saved", copy_images=copy_images)
    assert_same_images(again, run)


def test_steps_that_count_their_classes_differently(tmp_path: Path) -> None:
    truth = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}],
        "annotations": [
            {"id": number, "image_id": 7, "category_id": number, "bbox": [10 * number, 10, 20, 20], "area": 400}
            for number in (1, 2)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    files = {"truth.json": truth} | {
        f"{first}.json": [
            {"image_id": 7, "category_id": first + place, "bbox": [10 + 10 * place, 10, 20, 20], "score": 0.9}
            for place in (0, 1)
        ]
        for first in (0, 1)
    }
    for name, value in files.items():
        (tmp_path / name).write_text(json.dumps(value), "utf-8")
    run = ew.open_run(
        ground_truth=tmp_path / "truth.json", predictions={1: tmp_path / "0.json", 2: tmp_path / "1.json"}
    ).load()
    assert any("counted" in note for note in run.notes)
    assert_same(saved(run, tmp_path / "saved").load(), run)
