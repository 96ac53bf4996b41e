"""Whatever is done to a small valid run, opening and scoring it ends in a Run or in an EvalWidgetError."""

from typing import Any

import pytest
from fuzzing import FUZZ, mutated, mutated_bytes, use
from hypothesis import given, settings
from hypothesis import strategies as st
from run_folders import write_folder

PLAIN = [
    {
        "image": "deep/a.jpg",
        "width": 100,
        "height": 50,
        "caption": "a cat",
        "phrases": [{"phrase": "cat", "item": "c", "boxes": [[1, 2, 30, 40], [5, 5, 6, 6]], "scores": [0.5, None]}],
    },
    {
        "specimen": "b",
        "image": "b.jpg",
        "boxes": [{"label": "dog", "box": [1, 2, 3, 4], "score": 1, "area": 3, "crowd": False}],
    },
    {"image": "c.jpg", "phrase": "cat", "box": [0.5, 0.5, 1, 1]},
    {"image": "a.jpg", "resized_width": 112, "resized_height": 56, "output": "[{'box_2d': [1, 2, 3, 4]}, [5"},
]
ASKED = [
    {"image": "a.jpg", "questions": [{"item": "q1", "question": "How?", "answers": ["so", 2], "answer": "so"}]},
    {"image": "b.jpg", "question": "Why?", "answer": "because"},
    {"image": "c.jpg", "captions": ["a", "b"], "answer": "c", "output": '{"vqa": {"answer": "c"}}'},
]
VI = [
    {
        "id": "1",
        "asset": {"type": "Image", "filename": "a.jpg", "height": 480, "width": 640},
        "contents": {"caption": "a car", "groundedPhrases": [{"phrase": "car", "bounds": [[0.1, 0.2, 0.5, 0.7]]}]},
        "result": {"sentence": "a car", "groundings": [{"phrase": "car", "grounding": [[1, 2, 3, 4]]}]},
    },
    {
        "asset_id": 2,
        "contents": {"interactions": [{"order": 1, "question": "q", "answer": "a"}, {"order": 2, "question": "r"}]},
        "prompt": "q",
        "raw_output": '<answer>{"vqa": {"answer": "a"}}</answer>',
    },
    {
        "assetId": "c",
        "spec": {"aggregation": {"whole": {"id": "w"}}, "contents": {"kind": "Caption", "contents": "a dog"}},
        "result": "none",
    },
    {
        "assetId": "c",
        "spec": {
            "contents": {
                "kind": "PhraseGroundingBoundingBox",
                "target": [0, 1],
                "bound": [[0, 0], [1, 0], [1, 1], [0, 1]],
            }
        },
        "vqa": {"answer": "a"},
    },
]
COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 50}, {"id": "2", "file_name": "b.jpg"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 0, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0, "score": 0.5},
        {"id": 2, "image_id": 1, "category_id": 0, "bbox": [1, 2, 30, 40], "area": 12, "iscrowd": 1, "score": 1},
    ],
    "categories": [{"id": 0, "name": "cat"}],
}
RESULTS = COCO["annotations"]
SETTINGS = {
    "name": "n",
    "task": "vqa",
    "steps_per_epoch": 4,
    "coordinates": "pixels",
    "box_order": "xyxy",
    "prediction_coordinates": "0-1000",
    "prediction_box_order": "xywh",
    "output_format": "vi",
    "min_pixels": 3136,
    "max_pixels": 1003520,
    "join": "stem",
    "images": ["predictions"],
}
TRUTHS: dict[str, Any] = {"plain": PLAIN, "asked": ASKED, "vi": VI, "coco": COCO, "none": None}
FOUND: dict[str, Any] = {"plain": PLAIN, "asked": ASKED, "vi": VI, "coco": RESULTS, "none": PLAIN}


@settings(FUZZ, max_examples=250)
@given(st.data())
def test_mutated_values(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    truth = data.draw(st.sampled_from(sorted(TRUTHS)))
    found = truth if truth == "coco" else data.draw(st.sampled_from(sorted(set(FOUND) - {"coco"})))
    written = mutated(data.draw, TRUTHS[truth])
    if not isinstance(written, type(TRUTHS[truth])):
        return
    stated = mutated(
        data.draw, {name: SETTINGS[name] for name in data.draw(st.sets(st.sampled_from(sorted(SETTINGS)), max_size=3))}
    )
    folder = write_folder(
        tmp_path_factory.mktemp("fuzz") / "run",
        written,
        {5: FOUND[found], 10: mutated(data.draw, FOUND[found])},
        stated,
    )
    use(folder)


@settings(FUZZ, max_examples=250)
@given(st.data())
def test_mutated_bytes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(TRUTHS)))
    folder = write_folder(
        tmp_path_factory.mktemp("fuzz") / "run", TRUTHS[kind], {5: FOUND[kind]}, {"output_format": "vi"}
    )
    file = data.draw(st.sampled_from(sorted(file for file in folder.rglob("*") if file.is_file())))
    file.write_bytes(mutated_bytes(data.draw, file.read_bytes()))
    use(folder)
