"""Raw model text on its way into a run: which family printed it, what was asked, and what could not be read."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evalwidget as ew

Write = Callable[..., Path]

CATS = [
    {"image": "a.jpg", "width": 1000, "height": 1000, "phrases": [{"phrase": "a cat", "boxes": [[0, 0, 500, 500]]}]},
    {"image": "b.jpg", "width": 1000, "height": 1000, "phrases": [{"phrase": "a cat", "boxes": [[0, 0, 500, 500]]}]},
]
ASKED = [
    {"image": "a.jpg", "question": "How many?", "answer": "two"},
    {"image": "b.jpg", "question": "How many?", "answer": "three"},
]


def printed(*texts: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"image": f"{name}.jpg", "output": text, **fields} for name, text in zip("abc", texts, strict=False)]


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("paligemma", "<loc0000><loc0000><loc0512><loc0512> a cat"),
        ("florence-2", "a cat<loc_0><loc_0><loc_500><loc_500>"),
        ("kosmos-2", "<phrase>a cat</phrase><object><patch_index_0000><patch_index_0527></object>"),
        ("qwen-vl", "<ref>a cat</ref><box>(0,0),(500,500)</box>"),
        ("qwen2-vl", "<|object_ref_start|>a cat<|object_ref_end|><|box_start|>(0,0),(500,500)<|box_end|>"),
        ("deepseek-vl2", "<|ref|>a cat<|/ref|><|det|>[[0, 0, 500, 500]]<|/det|>"),
        ("internvl", "<ref>a cat</ref><box>[[0, 0, 500, 500]]</box>"),
        ("minigpt-v2", "<p>a cat</p> {<0><0><50><50>}"),
        ("gemini", '[{"box_2d": [0, 0, 500, 500], "label": "a cat"}]'),
        ("moondream", '{"objects": [{"x_min": 0, "y_min": 0, "x_max": 0.5, "y_max": 0.5}]}'),
        ("vi", '{"phrase_grounding": {"groundings": [{"phrase": "a cat", "grounding": [[0, 0, 512, 512]]}]}}'),
    ],
)
def test_texts_tell_their_family_together(write_run: Write, family: str, text: str) -> None:
    run = ew.open_run(write_run(CATS, {1: printed("I see none.", text)})).load()
    assert run.matches().query("status == 'matched'").specimen.tolist() == ["b.jpg"]
    assert run.notes == [
        f"model text read as {family} prints it, which its own marks tell; output_format= states it",
    ]
    assert run.summary()[["invalid", "parse_failure_rate"]].values.tolist() == [[1, 0.5]]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (['[{"bbox_2d": [1, 2, 3, 4]}]'], r"bbox_2d may be of qwen2.5-vl \(pixels .* or qwen3-vl .*\(one of cogvlm, "),
        (["[1, 2, 3, 4]"], r"\[x1, y1, x2, y2\] may be of cogvlm, ferret"),
        (["(1,2),(3,4)"], r"\(x1,y1\),\(x2,y2\) may be of qwen-vl \(999ths\) or qwen2-vl"),
        (["I see none."], r"raw model text needs a grammar; pass output_format="),
        (["<loc0001>", "<loc_1>"], r"the texts bear marks of florence-2 and of paligemma"),
    ],
)
def test_texts_that_several_families_may_have_printed(write_run: Write, texts: list[str], message: str) -> None:
    run = ew.open_run(write_run(CATS, {1: printed(*texts)}))
    with pytest.raises(ew.FormatError, match=rf"predictions/step-000001.jsonl:1: .*{message}"):
        run.summary()


def test_what_was_asked_names_a_box_before_the_prose_around_it(write_run: Write) -> None:
    found = printed("It is at [[000,000,500,500]].", phrase="a cat")
    assert ew.open_run(write_run(CATS, {1: found}), output_format="cogvlm").summary().recall_at_1.tolist() == [1.0]
    found = printed("There is a dog[[000,000,500,500]].")
    run = ew.open_run(write_run(CATS, {1: found}), output_format="cogvlm")
    assert run.matches().query("status == 'extra'").phrase.tolist() == ["There is a dog"]


def test_repaired_boxes_are_scored_and_said(write_run: Write) -> None:
    text = "[{'bbox_2d': [0, 0, 500, 500], 'label': 'a cat'}, {'bbox_2d': [0, 0"
    run = ew.open_run(write_run(CATS, {1: printed(text)}), output_format="qwen3-vl")
    found = run.matches(1).dropna(subset=["prediction"])
    assert found[["status", "parse_state"]].values.tolist() == [["matched", "repaired"], ["invalid", "truncated"]]
    assert "1 predictions read from repaired text, 1 invalid predictions" in repr(run)


def test_one_object_with_repeated_keys_is_one_prediction_that_cannot_be_read(write_run: Write, real_data: Path) -> None:
    lines = (real_data / "vlm_raw_outputs" / "real_outputs.jsonl").read_text("utf-8").splitlines()
    text = next(r["text"] for r in map(json.loads, lines) if r["source"].endswith("/issues/1720"))
    run = ew.open_run(write_run(CATS, {1: printed(text)}), output_format="qwen3-vl")
    invalid = run.matches().query("status == 'invalid'")
    assert invalid.parse_state.tolist() == ["duplicate_keys"]
    assert run._data.predictions(1).outputs == {0: text}
    assert run.summary().parse_failure_rate.tolist() == [1.0]


def test_points_are_boxes_without_area(write_run: Write) -> None:
    run = ew.open_run(write_run(CATS, {1: printed('<point x="25" y="25" alt="a cat">a cat</point>')})).load()
    found = run.matches().query("status == 'extra'")
    assert found[["prediction_x1", "prediction_x2", "no_area"]].values.tolist() == [[250, 250, True]]
    assert run.notes[1] == "points are kept as boxes without area, which overlap no box"


def test_plain_json_is_in_the_run_s_convention(write_run: Write) -> None:
    text = '[{"box": [0, 0, 50, 50], "label": "a cat"}]'
    settings = {"output_format": "json", "prediction_coordinates": "0-100", "prediction_box_order": "xywh"}
    assert ew.open_run(write_run(CATS, {1: printed(text)}, settings)).summary().mean_iou.tolist() == [1.0]
    settings = {"output_format": "json"}
    text = "{'box': [0, 0, 500, 500], 'label': 'a cat'}"
    assert ew.open_run(write_run(CATS, {1: printed(text)}, settings)).summary().mean_iou.tolist() == [1.0]


def test_a_confidence_in_the_text_is_the_score(write_run: Write) -> None:
    text = '[{"box_2d": [0, 0, 500, 500], "label": "a cat", "confidence": 0.25}]'
    run = ew.open_run(write_run(CATS, {1: printed(text)}))
    assert run.matches().score.dropna().tolist() == [0.25]


@pytest.mark.parametrize(
    ("output_format", "text", "answer"),
    [
        (None, "two", "two"),
        (None, "<think>one and one</think>\n\ntwo<|im_end|>", "two"),
        (None, "<think>one</think><answer> two </answer>", "two"),
        (None, "Assistant: two", "Assistant: two"),
        ("qwen2.5-vl", "two<|endoftext|>", "two"),
        ("qwen3-vl", "It is [1, 2]</s>", "It is [1, 2]"),
        ("json", '{"answer": "two"}', "two"),
        ("vi", '{"vqa": {"answer": "two"}}', "two"),
    ],
)
def test_text_of_a_question_is_the_answer(write_run: Write, output_format: str | None, text: str, answer: str) -> None:
    run = ew.open_run(write_run(ASKED, {1: printed(text)}), output_format=output_format)
    assert run.matches().prediction.dropna().tolist() == [answer]
    assert run.summary().parse_failure_rate.tolist() == [0.0]


def test_answers_tell_the_family_that_has_a_place_for_them(write_run: Write) -> None:
    run = ew.open_run(write_run(ASKED, {1: printed('{"vqa": {"answer": "two"}}', "three")})).load()
    assert run.matches().parse_state.tolist() == ["ok", "unparsable"]
    assert run.summary().parse_failure_rate.tolist() == [0.5]
    assert "read as vi prints it" in run.notes[0]
    boxes = ew.open_run(write_run(ASKED, {1: printed('[{"box_2d": [1, 2, 3, 4]}]', "three")})).load()
    assert boxes.notes == []


def test_thinking_that_never_ends_is_no_answer(write_run: Write) -> None:
    run = ew.open_run(write_run(ASKED, {1: printed("<think>one and one and", "three")}))
    assert run.matches().parse_state.tolist() == ["truncated", "ok"]
    assert run.summary()[["invalid", "parse_failure_rate"]].values.tolist() == [[1, 0.5]]


def test_a_family_that_is_not_there(write_run: Write) -> None:
    run = ew.open_run(write_run(ASKED, {1: printed("two")}), output_format="klingon")
    with pytest.raises(ew.UnknownNameError, match="output format 'klingon': expected one of cogvlm"):
        run.load()


def test_text_without_ground_truth_where_the_task_is_stated(write_run: Write) -> None:
    run = ew.open_run(write_run(None, {1: printed("two")}), task="vqa")
    assert run.matches().prediction.tolist() == ["two"]


def test_the_share_of_what_could_not_be_read(write_run: Write) -> None:
    first = printed('[{"bbox_2d": [0, 0, 500, 500]}, {"bbox_2d": [1]}, {"bbox_2d": [1, 2, 3, 4]}]', "oh")
    run = ew.open_run(write_run(CATS, {1: first, 2: printed("[]")}), output_format="qwen3-vl")
    summary = run.summary()
    assert list(summary.columns)[3:6] == ["predicted", "invalid", "parse_failure_rate"]
    assert summary.invalid.tolist() == [2, 0]
    assert summary.parse_failure_rate.iloc[0] == 0.5
    assert pd.isna(summary.parse_failure_rate.iloc[1])


@pytest.mark.parametrize("name", ["base", "trained"])
def test_real_answers_of_a_fine_tuned_model_tell_their_family(write_run: Write, real_data: Path, name: str) -> None:
    with (real_data / "qwen3vl_refcoco" / f"{name}_attempts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    truth = [{"image": f"{row}.jpg", "width": 100, "height": 100, "phrases": []} for row in range(len(rows))]
    found = [{"image": f"{row}.jpg", "output": entry["raw_response"]} for row, entry in enumerate(rows)]
    run = ew.open_run(write_run(truth, {1: found}))
    assert run.summary()[["invalid", "parse_failure_rate"]].values.tolist() == [[0, 0.0]]
    assert "read as moondream prints it" in run.notes[0]


def test_real_answers_of_small_models_are_kept_as_they_are(write_run: Write, real_data: Path) -> None:
    """Leaked prompts ("Assistant:"), loops and refusals are the answer."""
    asked, found = [], []
    for file in sorted((real_data / "vqav2_smallvlms").glob("*.json")):
        for model, result in json.loads(file.read_text("utf-8"))["results"].items():
            for row in result["question_results"]:
                name = f"{file.stem}-{model}-{row['question_id']}.jpg"
                asked.append({"image": name, "question": row["question"], "answer": row["ground_truth"]})
                found.append({"image": name, "output": row["model_answer"]})
    run = ew.open_run(write_run(asked, {1: found}))
    assert len(found) > 100
    assert run.matches().prediction.tolist() == [row["output"].strip() for row in found]
    assert any(row["output"].startswith("Assistant:") for row in found)
    assert run.summary().parse_failure_rate.tolist() == [0.0]
