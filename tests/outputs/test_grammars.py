"""Text that models print, read by the grammar of their family."""

import ast
import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.boxes import PARSE_STATES
from evalwidget.outputs import FAMILIES, ParsedOutput, parse_output

BOX = '[{"bbox_2d": [100, 200, 300, 1000], "label": "cat"}]'
VALUES = (0.1, 0.2, 0.3, 1.0)


def boxes(text: str, family: str = "qwen3-vl") -> list[tuple[str | None, Any]]:
    parsed = parse_output(family, text)
    assert parsed.state == "ok", parsed.message
    return [(box.label, box.values) for box in parsed.boxes]


@pytest.mark.parametrize(
    "text",
    [
        BOX,
        BOX[1:-1],
        f"```json\n{BOX}\n```",
        f"```\n{BOX}\n```",
        f"```JSON{BOX}```",
        f"```json\n{BOX}",
        f"Here it is: {BOX} I hope this helps [1].",
        f"<think>perhaps [1, 2] or {{}}</think>\n{BOX}",
        f"<think>perhaps</think><answer>{BOX}</answer>",
        f"<answer>\n```json\n{BOX}\n```\n</answer> {{}}",
        f"  \n{BOX}<|im_end|>",
    ],
)
def test_thousandths_of_qwen(text: str) -> None:
    assert boxes(text) == [("cat", VALUES)]


@pytest.mark.parametrize(
    "text",
    [
        '{"x_min": 0.1, "y_min": 0.2, "x_max": 0.3, "y_max": 1.0}',
        '{"y_max": 1.0, "x_max": 0.3, "y_min": 0.2, "x_min": 0.1}',
        '[{"y_max": 1, "x_min": 0.1, "x_max": 0.3, "y_min": 0.2}]',
        '```json\n{\n  "x_min": 0.1,\n  "y_min": 0.2,\n  "x_max": 0.3,\n  "y_max": 1.0\n}\n```',
    ],
)
def test_fractions_in_any_order_of_keys(text: str) -> None:
    assert boxes(text) == [(None, VALUES)]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (BOX[:20], "truncated"),
        (BOX[:-8], "truncated"),
        (f"```json\n{BOX[:-2]}", "truncated"),
        ('{"x_min": 0.1, "y_m', "truncated"),
        ("[", "truncated"),
        ("I see no cat.", "unparsable"),
        ("", "unparsable"),
        ("<think>[1, 2]", "truncated"),
        ("[the cat]", "unparsable"),
        ("[" * 100_000, "unparsable"),
        ('{"bbox_2d": [1, 2, 3, 4], "bbox_2d": [5, 6, 7, 8]}', "duplicate_keys"),
    ],
)
@pytest.mark.parametrize("family", ["qwen3-vl", "vi"])
def test_text_that_is_malformed_as_a_whole(text: str, state: str, family: str) -> None:
    parsed = parse_output(family, text)
    assert (parsed.state, parsed.boxes, parsed.answer) == (state, [], None)
    assert parsed.message


@pytest.mark.parametrize(
    ("text", "state", "message"),
    [
        (
            '[{"bbox_2d": [1, 2, 3], "label": "cat"}]',
            "wrong_number_of_coordinates",
            "[0].bbox_2d: expected 4 numbers, got 3",
        ),
        ('{"bbox_2d": 7}', "wrong_number_of_coordinates", "bbox_2d: expected 4 numbers, got 7"),
        (
            '{"bbox_2d": [1, [2, 3], 4, 5]}',
            "wrong_number_of_coordinates",
            "bbox_2d: expected 4 numbers, got a list among them",
        ),
        ('{"bbox_2d": [1, 2, NaN, 4]}', "not_a_number", "bbox_2d: expected 4 numbers, got nan"),
        ('{"bbox_2d": [1, 2, null, 4]}', "not_a_number", "bbox_2d: expected 4 numbers, got None"),
        ('{"bbox_2d": [1, 2, 1001, 4]}', "out_of_range", "expected numbers from 0 to 1000"),
        ('{"bbox_2d": [-1, 2, 3, 4]}', "out_of_range", "expected numbers from 0 to 1000"),
        ('{"bbox_2d": [0, 50, 55, ' + "9" * 300 + "]}", "out_of_range", "expected numbers up to 1e+15"),
        ('{"bbox_2d": [5, 2, 3, 4]}', "negative_size", "expected width and height of 0 or more"),
        ('{"x_min": 0.1, "y_min": 0.2, "x_max": 0.3}', "wrong_number_of_coordinates", "expected 4 numbers, got 3"),
        ('{"x_min": 0.1, "y_min": 0.2, "x_max": 0.3, "y_max": 1.2}', "out_of_range", "expected numbers from 0 to 1"),
        ('{"label": "cat"}', "no_box", "expected bbox_2d or x_min"),
        ('[{"bbox_2d": [1, 2, 3, ' + "9" * 5000 + "]}]", "out_of_range", "expected numbers up to 1e+15"),
    ],
)
def test_a_box_that_is_malformed(text: str, state: str, message: str) -> None:
    parsed = parse_output("qwen3-vl", text)
    assert parsed.state == "ok"
    assert parsed.boxes[0].state == state
    assert parsed.boxes[0].values is None
    assert message in parsed.boxes[0].message


def test_a_malformed_box_leaves_the_others_as_they_are() -> None:
    parsed = parse_output("qwen3-vl", '[{"bbox_2d": [0, 0, 500, 500]}, {"bbox_2d": [1]}, {"bbox_2d": [0, 0, 1, 1]}, 7]')
    assert [box.state for box in parsed.boxes] == ["ok", "wrong_number_of_coordinates", "ok", "no_box"]


def test_no_boxes_is_an_answer_too() -> None:
    assert boxes("[]") == []
    assert boxes('{"phrase_grounding": {"sentence": "", "groundings": []}}', "vi") == []


def test_vi_groundings() -> None:
    text = json.dumps(
        {
            "phrase_grounding": {
                "sentence": "a cat and a dog",
                "groundings": [
                    {"phrase": "a cat", "grounding": [[0, 0, 512, 1024], [1, 2, 3]]},
                    {"phrase": "a dog", "grounding": [256, 0, 512, 512]},
                    {"phrase": "a bird", "grounding": []},
                    {"phrase": "a fish"},
                ],
            }
        }
    )
    parsed = parse_output("vi", f"<think>hm</think>{text}")
    assert [(box.label, box.values, box.state) for box in parsed.boxes] == [
        ("a cat", (0, 0, 0.5, 1), "ok"),
        ("a cat", None, "wrong_number_of_coordinates"),
        ("a dog", (0.25, 0, 0.5, 0.5), "ok"),
        (None, None, "no_box"),
    ]
    assert parsed.boxes[1].message == "groundings[0].grounding[1]: expected 4 numbers, got 3"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"vqa": {"answer": "two"}}', "two"),
        ('{"answer": "two"}', "two"),
        ('{"freeform": {"caption": "two"}}', "two"),
        ('<answer>{"vqa":{"answer":""}}</answer>', ""),
    ],
)
def test_vi_answers(text: str, answer: str) -> None:
    assert parse_output("vi", text) == ParsedOutput(answer=answer)


@pytest.mark.parametrize("text", ['{"vqa": {"answer": 2}}', '{"vqa": "two"}', "[1]", "{}"])
def test_json_that_is_no_vi_response(text: str) -> None:
    assert parse_output("vi", text).state == "unparsable"


def test_an_unknown_family() -> None:
    with pytest.raises(
        ew.UnknownNameError, match=r"output format 'gpt': expected one of cogvlm, .*qwen3-vl, shikra, vi"
    ):
        parse_output("gpt", "")


@pytest.mark.parametrize("name", ["base", "trained"])
def test_every_real_answer_of_a_model_before_and_after_training(real_data: Path, name: str) -> None:
    with (real_data / "qwen3vl_refcoco" / f"{name}_attempts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 100
    for row in rows:
        ((_, values),) = boxes(row["raw_response"])
        assert list(values) == ast.literal_eval(row["parsed_bbox"]), row["phrase"]


def test_every_real_text_has_a_state_in_every_family(real_data: Path) -> None:
    lines = (real_data / "vlm_raw_outputs" / "real_outputs.jsonl").read_text("utf-8").splitlines()
    for line in lines:
        for family in FAMILIES:
            parsed = parse_output(family, json.loads(line)["text"])
            assert parsed.state in PARSE_STATES
            assert all(box.state in PARSE_STATES for box in parsed.boxes)


pieces = st.sampled_from(
    [
        *'[]{},:"`\\',
        "```",
        "<think>",
        "</think>",
        "<answer>",
        "bbox_2d",
        '"bbox_2d":',
        "1",
        "-1e999",
        "9" * 400,
        "null",
        "NaN",
        "<loc0001>",
        "<loc_5>",
        "<phrase>",
        "<object>",
        "<patch_index_0033>",
        "</object>",
        "<ref>",
        "<box>",
        "</box>",
        "<|det|>",
        "<p>",
        "{<1><2>",
        '<point x="1"',
        "(1,2)",
        "[1,2,3,4",
        ";",
        "'",
    ]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(pieces | st.text(max_size=3), max_size=15).map("".join), st.sampled_from(sorted(FAMILIES)))
def test_no_text_raises(text: str, family: str) -> None:
    check(parse_output(family, text))


def check(parsed: ParsedOutput) -> None:
    """A state for everything, and a box in range for everything that can be used."""
    assert {parsed.state, *(box.state for box in parsed.boxes)} <= set(PARSE_STATES)
    assert parsed.state in ("ok", "repaired") or not parsed.boxes
    for box in parsed.boxes:
        assert (box.values is None) == (box.state not in ("ok", "repaired"))
        assert box.state == "ok" or box.message
        if box.values is not None:
            x1, y1, x2, y2 = box.values
            assert math.isfinite(x1 + y1 + x2 + y2)
            assert box.scale != "fraction" or (0 <= x1 <= x2 <= 1 and 0 <= y1 <= y2 <= 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(
                [
                    "bbox_2d",
                    "box",
                    "label",
                    "x_min",
                    "x",
                    "point",
                    "objects",
                    "groundings",
                    "grounding",
                    "vqa",
                    "answer",
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=500)
@given(json_values, st.sampled_from(sorted(FAMILIES)))
def test_no_json_raises(value: Any, family: str) -> None:
    check(parse_output(family, json.dumps(value)))
