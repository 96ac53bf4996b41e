"""ms-swift's grounding data and infer results, written from its Custom-dataset.md and inference code."""

import io
from pathlib import Path
from typing import Any

import pytest
from grounded_runs import figures, opened, written
from PIL import Image

import evalwidget as ew


def row(
    user: str, assistant: str, ref: list[str], bbox: list[list[float]], image: Any = "/x/a.jpg", **more: Any
) -> Any:
    turns = [("system", "You are <bbox> helpful."), ("user", user), ("assistant", assistant)]
    return {
        "messages": [{"role": role, "content": text} for role, text in turns],
        "images": [image],
        "objects": {"ref": ref, "bbox": bbox} | more,
    }


DOG, WOMAN = [331.5, 761.4, 853.5, 1594.8], [676.5, 685.8, 1099.5, 1427.4]
SHEEP = [[90.9, 160.8, 135, 212.8], [360.9, 480.8, 495, 532.8]]
DESCRIBED = row(
    "<image>Describe the image.",
    "<ref-object><bbox> and <ref-object><bbox> are playing on the beach",
    ["a dog", "a woman"],
    [DOG, WOMAN],
)
ASKED = row(
    "<image>Find the <ref-object> in the image", "<bbox><bbox>", ["sheep"], SHEEP, {"bytes": None, "path": "/x/b.jpg"}
)


def test_data_sets_as_specified(tmp_path: Path) -> None:
    truth = written(tmp_path / "truth.jsonl", [DESCRIBED, ASKED])
    run = opened(truth, tmp_path, {"a.jpg": {"a dog": [DOG], "a woman": [WOMAN]}, "b.jpg": {"sheep": SHEEP}})
    assert run.specimens == ["a.jpg", "b.jpg"]
    assert run.task == "phrase grounding"
    scores = figures(run)
    assert [scores[name] for name in ("accuracy_at_50", "recall_at_1", "grec_accuracy", "f1", "mean_iou")] == [1] * 5


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        # two phrases, three boxes: each belongs to the phrase before it
        (
            row(
                "<ref-object>?",
                "<bbox><bbox> <ref-object> <bbox>",
                ["a", "b"],
                [[0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 3, 3]],
            ),
            {"a": 2, "b": 1},
        ),
        # what is at the box: the phrase comes after it
        (row("<image>What is at <bbox>?", "<ref-object>", ["a"], [[0, 0, 1, 1]]), {"a": 1}),
        # no phrase: the words of the user
        (row("<image>Find the red car", "<bbox>", [], [[0, 0, 1, 1]]), {"Find the red car": 1}),
        (row("Find a", "<bbox><bbox>", ["a"], [[0, 0, 1, 1], [0, 0, 2, 2]]), {"a": 2}),
        # no placeholders: one for one, or all of the one phrase
        (row("a and b?", "here", ["a", "b"], [[0, 0, 1, 1], [0, 0, 2, 2]]), {"a": 1, "b": 1}),
        (row("a?", "here", ["a"], [[0, 0, 1, 1], [0, 0, 2, 2]]), {"a": 2}),
    ],
)
def test_which_boxes_are_a_phrase_s(tmp_path: Path, record: Any, expected: dict[str, int]) -> None:
    run = opened(written(tmp_path / "truth.jsonl", [record]), tmp_path, {"a.jpg": {}})
    assert run.phrases().set_index("phrase")["boxes"].to_dict() == expected


def test_a_phrase_without_boxes(tmp_path: Path) -> None:
    truth = written(tmp_path / "truth.jsonl", [row("Find <ref-object>", "There is none.", ["a giraffe"], [])])
    run = opened(truth, tmp_path, {"a.jpg": {}})
    assert run.phrases()["status"].tolist() == ["no_target"]
    assert run.phrases()["grec_accuracy"].tolist() == [1]


def test_fractions_and_several_images(tmp_path: Path) -> None:
    record = row(
        "<image><image>Find <ref-object>", "<bbox> <bbox>", ["a"], [[0, 0, 1, 1], [0, 0, 2, 2]], image_id=[1, 0]
    )
    record["images"].append("/x/c.jpg")
    run = opened(written(tmp_path / "truth.jsonl", [record]), tmp_path, {"a.jpg": {"a": [[0, 0, 2, 2]]}, "c.jpg": {}})
    assert run.phrases().set_index("specimen")["recall_at_1"].to_dict() == {"a.jpg": 1, "c.jpg": 0}
    parts = row("Find <ref-object>", "<bbox>", ["a"], [[0.1, 0.2, 0.3, 0.4]], bbox_type="norm1")
    found = written(tmp_path / "step-5.jsonl", [{"image": "a.jpg", "phrase": "a", "box": [0.1, 0.2, 0.3, 0.4]}])
    run = ew.open_run(ground_truth=written(tmp_path / "parts.jsonl", [parts]), predictions=[found])
    assert figures(run)["mean_iou"] == 1
    assert "ground truth fraction, xyxy" in repr(run)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (row("<ref-object>", "", ["a", "b"], [[1, 2, 3, 4]]), "objects.ref: 2, and 1 <ref-object> in the messages"),
        (row("<ref-object>", "<bbox><bbox>", ["a"], [[1, 2, 3, 4]]), "objects.bbox: 1, and 2 <bbox> in the messages"),
        (row("", "", ["a", "b"], [[1, 2, 3, 4]]), "objects: 2 phrases and 1 boxes, whose placeholders are not in"),
        (row("", "click(<bbox>)", [], [[615, 226]]), r"objects.bbox\[0\]: expected a box of 4 numbers, got a point"),
        (row("", "<bbox>", [], [[1, 2, 3, 4]], bbox_type="norm1000"), "objects.bbox_type: expected one of real, norm1"),
        (row("", "<bbox>", [], [[1, 2, 3, 4]], image_id=[3]), "objects.image_id: 3: the record has 1 images"),
        (
            row("", "<bbox>", [], [[1, 2, 3, 4]], image_id=[-1]),
            "objects.image_id: expected a number for each of 1 boxes",
        ),
        (row("", "<bbox>", [], [[1, 2, 3]]), r"objects.bbox\[0\]: expected 4 numbers, got 3"),
        (row("", "<bbox>", [], [[1, 2, 3, 4]], {"path": 3}), r"images\[0\]: expected a path, got 3"),
        (row("", "<bbox>", [None], [[1, 2, 3, 4]]), "objects.ref: expected a list of texts"),
        (DESCRIBED | {"messages": [3]}, r"messages\[0\]: expected an object, got a number"),
    ],
)
def test_errors_name_line_and_field(tmp_path: Path, record: Any, message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=f"truth.jsonl:2: {message}"):
        opened(written(tmp_path / "truth.jsonl", [DESCRIBED, record]), tmp_path, {})


def result(user: str, response: str, image: str | None = "/x/a.jpg", **more: Any) -> dict[str, Any]:
    return {
        "response": response,
        "labels": "<bbox>",
        "logprobs": None,
        "messages": [{"role": "user", "content": user}, {"role": "assistant", "content": response}],
        "images": [{"bytes": None, "path": image}] if image else [],
    } | more


FENCED = '```json\n[{"bbox_2d": [100, 200, 300, 600]}]\n```'
RESULTS = [
    result("<image>Find the <ref-object>", FENCED, objects={"ref": ["a dog"], "bbox": [[64, 96, 192, 288]]}),
    result("<image>Find the <ref-object>", "none", objects={"ref": ["a cat"], "bbox": [[0, 0, 5, 5]]}),
]


def test_infer_results_as_specified(tmp_path: Path) -> None:
    lines = [
        {"image": "a.jpg", "width": 640, "height": 480, "phrase": "a dog", "box": [64, 96, 192, 288]},
        {"image": "a.jpg", "phrase": "a cat", "box": [0, 0, 5, 5]},
    ]
    truth = written(tmp_path / "truth.jsonl", lines)
    found = written(tmp_path / "infer_result" / "step-500.jsonl", RESULTS)
    run = ew.open_run(ground_truth=truth, predictions=[found], output_format="qwen3-vl")
    phrases = run.phrases().set_index("phrase")
    assert phrases["accuracy_at_50"].to_dict() == {"a dog": 1, "a cat": 0}
    assert phrases.loc["a dog", "iou"] == pytest.approx(1)
    assert run.summary()["invalid"].tolist() == [1]


def test_an_infer_result_is_its_own_ground_truth(tmp_path: Path) -> None:
    lines = [RESULTS[0] | {"images": [{"path": "/x/a.jpg"}]}]
    lines[0]["objects"]["bbox_type"] = "real"
    file = written(tmp_path / "step-500.jsonl", lines)
    sized = written(tmp_path / "sizes.jsonl", lines)
    run = ew.open_run(
        ground_truth=sized,
        predictions=[file],
        output_format="qwen3-vl",
        images={"/x/a.jpg": b"", "a.jpg": _png(640, 480)},
    )
    assert figures(run)["mean_iou"] == pytest.approx(1)


def _png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height)).save(file, "PNG")
    return file.getvalue()


def test_a_file_that_was_appended_to(tmp_path: Path) -> None:
    found = written(tmp_path / "step-500.jsonl", [*RESULTS, RESULTS[0]])
    with pytest.raises(
        ew.EvalWidgetError,
        match=r"step-500.jsonl:3: the same item twice: /x/a.jpg with this prompt stands at .*:1 already; a",
    ):
        ew.open_run(predictions=[found], output_format="qwen3-vl").load()


def test_answers_to_questions(tmp_path: Path) -> None:
    truth = written(tmp_path / "truth.jsonl", [{"image": "a.jpg", "question": "How many?", "answer": "two"}])
    found = written(tmp_path / "step-5.jsonl", [result("<image>How many?", "Two.")])
    run = ew.open_run(ground_truth=truth, predictions=[found])
    assert run.summary()["exact_match"].tolist() == [1]


def test_errors_of_infer_results(tmp_path: Path) -> None:
    found = written(tmp_path / "step-5.jsonl", [RESULTS[0], {"messages": []}])
    with pytest.raises(ew.EvalWidgetError, match=r"step-5.jsonl:2: expected 'response', found"):
        ew.open_run(predictions=[found], output_format="qwen3-vl")
