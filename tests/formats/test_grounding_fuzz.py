"""Whatever is done to a small valid file of a grounding format, a run of it ends in a Run or in an EvalWidgetError."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from fuzzing import FUZZ, mutated, use
from grounded_runs import written
from hypothesis import given, settings
from hypothesis import strategies as st

import evalwidget as ew

OBJECTS = {"ref": ["a dog"], "bbox": [[10, 10, 30, 30]], "bbox_type": "real", "image_id": [0]}
MESSAGES = [{"role": "user", "content": "<image>Find <ref-object>"}, {"role": "assistant", "content": "<bbox>"}]
INSTANCES = {
    "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}],
    "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 10, 20, 20]}],
}
REFS = [
    {"ref_id": 1, "ann_id": [1], "image_id": 7, "split": "val", "sentences": [{"sent": "a dog", "sent_id": 1}]},
    {"ref_id": 2, "ann_id": [-1], "image_id": 7, "split": "val", "sentences": [{"sent": "a cat", "sent_id": 2}]},
]
#: Rows of one file by the name of the format.
ROWS: dict[str, Any] = {
    "odvg": [
        {
            "filename": "a.jpg",
            "height": 80,
            "width": 100,
            "detection": {"instances": [{"bbox": [1, 1, 2, 2], "label": 0, "category": "a dog"}]},
            "grounding": {
                "caption": "a dog",
                "regions": [
                    {"bbox": [[1, 1, 2, 2]], "phrase": "a dog"},
                    {"bbox": [1, 1, 2, 2], "tokens_positive": [[0, 5]]},
                ],
            },
        }
    ],
    "qwen-vl-refcoco": [{"image": "a.jpg", "sent": "a dog", "bbox": [10, 10, 30, 30], "height": 80, "width": 100}],
    "minigpt4-refcoco": [{"img_id": "a", "sents": "a dog", "bbox": [10, 10, 20, 20], "height": 80, "width": 100}],
    "lmms-refcoco": [{"question_id": "4", "file_name": "a.jpg", "answer": ["a dog"], "bbox": [10, 10, 20, 20]}],
    "internvl-results": [{"answer": "a", "gt_bbox": [10, 10, 30, 30], "hw": [80, 100]}],
    "ms-swift": [{"messages": MESSAGES, "images": ["/x/a.jpg"], "objects": OBJECTS}],
    "llava-boxes": [{"image": "a.jpg", "captions": ["a"], "instances": [{"category": "a dog", "bbox": [0, 0, 1, 1]}]}],
    "ms-swift-infer": [
        {
            "response": "[10, 10]",
            "labels": "<bbox>",
            "messages": MESSAGES,
            "images": [{"path": "/x/a.jpg"}],
            "objects": OBJECTS,
        }
    ],
    "attempts": [
        {
            "image_path": "a.jpg",
            "phrase": "a dog",
            "attempt": 1,
            "success": True,
            "parsed_bbox": "[0.1, 0.1, 0.2, 0.2]",
            "raw_response": "[]",
        }
    ],
    "minigpt4-answers": {"COCO_train2014_000000000007_1": ["[]"]},
    "mdetr": {
        "images": [{"id": 0, "file_name": "a.jpg", "width": 100, "height": 80, "caption": "a dog"}],
        "annotations": [{"id": 0, "image_id": 0, "bbox": [10, 10, 20, 20], "tokens_positive": [[2, 5]]}],
    },
}
PREDICTIONS = ("ms-swift-infer", "attempts", "minigpt4-answers", "internvl-results")
PLAIN = [{"image": "a.jpg", "width": 100, "height": 80, "phrases": [{"phrase": "a dog", "boxes": [[10, 10, 30, 30]]}]}]
VI = {
    "asset": {"filename": "a.jpg", "height": 80, "width": 100},
    "contents": {"caption": "a dog", "groundedPhrases": [{"phrase": "a dog", "bounds": [[0.1, 0.2, 0.5, 0.7]]}]},
}
SENTENCES = "[/EN#1/people A man] with [/EN#2/animals/other two dogs] in [/EN#0/notvisual it] .\n"
XML = (
    "<annotation><filename>36979.jpg</filename><size><width>100</width><height>80</height></size><object><name>1</name>"
    "<bndbox><xmin>11</xmin><ymin>11</ymin><xmax>31</xmax><ymax>31</ymax></bndbox></object><object><name>2</name>"
    "<scene>1</scene></object></annotation>"
)


@pytest.mark.parametrize("key", ROWS)
@settings(FUZZ, max_examples=60)
@given(data=st.data())
def test_mutated_values(tmp_path_factory: pytest.TempPathFactory, key: str, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    value = mutated(data.draw, ROWS[key])
    is_truth = key not in PREDICTIONS or (key == "internvl-results" and data.draw(st.booleans()))
    written(folder / ("ground_truth.json" if is_truth else "predictions/step-5.json"), value)
    written(folder / ("predictions/step-5.jsonl" if is_truth else "ground_truth.jsonl"), PLAIN)
    named = {"ground_truth_format" if is_truth else "prediction_format": data.draw(st.sampled_from([key, None]))}
    use(folder, output_format=data.draw(st.sampled_from(["qwen3-vl", "vi", None])), **named)


@pytest.mark.parametrize("suffix", [".p", ".json"])
@settings(FUZZ, max_examples=60)
@given(data=st.data())
def test_mutated_refcoco(tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    refs = mutated(data.draw, REFS)
    content: Any = refs
    if suffix == ".p":
        content = bytearray(pickle.dumps(refs, data.draw(st.sampled_from([0, 2, 4]))))
        for _ in range(data.draw(st.integers(0, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        content = bytes(content)
    written(folder / "ground_truth" / f"refs(unc){suffix}", content)
    written(folder / "ground_truth" / "instances.json", mutated(data.draw, INSTANCES))
    written(folder / "predictions" / "step-5.jsonl", PLAIN)
    use(folder, split=data.draw(st.sampled_from([None, "val"])), ground_truth_format="refcoco")


@settings(FUZZ, max_examples=60)
@given(data=st.data())
def test_mutated_folders(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    texts = {"Sentences/36979.txt": SENTENCES, "Annotations/36979.xml": XML, "test.txt": "36979\n"}
    texts |= {"dump/annotations/1.json": json.dumps(mutated(data.draw, VI))}
    kept = texts if data.draw(st.booleans()) else {name: texts[name] for name in list(texts)[3:]}
    for name, text in kept.items():
        content = bytearray(text.encode())
        for _ in range(data.draw(st.integers(0, 2)) if content else 0):
            start = data.draw(st.integers(0, len(content)))
            content[start : start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=3))
        written(folder / "ground_truth" / name, bytes(content))
    written(folder / "predictions" / "step-5.jsonl", PLAIN)
    use(folder, split=data.draw(st.sampled_from([None, "test", "dump"])))


@pytest.mark.parametrize("key", [key for key in ROWS if key not in PREDICTIONS])
def test_what_is_mutated_is_valid_to_begin_with(tmp_path: Path, key: str) -> None:
    written(tmp_path / "ground_truth.json", ROWS[key])
    written(tmp_path / "predictions" / "step-5.jsonl", PLAIN)
    assert len(ew.open_run(tmp_path).specimens) == 1
