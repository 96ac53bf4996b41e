"""Plain JSONL: every form a person may write, and what is said about one that cannot be used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evalwidget as ew

Write = Callable[..., Path]
CAT = {"image": "a.jpg", "width": 100, "height": 50, "phrases": [{"phrase": "cat", "boxes": [[1, 2, 30, 40]]}]}
CORNERS = [f"ground_truth_{corner}" for corner in ("x1", "y1", "x2", "y2")]
PREDICTED = [f"prediction_{corner}" for corner in ("x1", "y1", "x2", "y2")]


def boxes_of(run: ew.Run, columns: list[str] = CORNERS) -> list[list[float]]:
    return run.matches().dropna(subset=columns)[columns].to_numpy(float).tolist()


@pytest.mark.parametrize(
    "truth",
    [
        {"phrases": [{"phrase": "cat", "boxes": [[1, 2, 30, 40], [5, 6, 7, 8]]}]},
        {"phrases": [{"phrase": "cat", "box": [1, 2, 30, 40], "boxes": [[5, 6, 7, 8]]}]},
        {"phrase": "cat", "boxes": [[1, 2, 30, 40], [5, 6, 7, 8]]},
        {"phrase": "cat", "box": [1, 2, 30, 40], "boxes": [[5, 6, 7, 8]]},
        {"boxes": [{"label": "cat", "box": [1, 2, 30, 40]}, {"label": "cat", "box": [5, 6, 7, 8]}]},
    ],
)
def test_forms_of_boxes(write_run: Write, truth: dict[str, Any]) -> None:
    record = {"image": "a.jpg", "width": 100, "height": 50, "caption": "a cat"} | truth
    run = ew.open_run(write_run([record], {1: [record]}))
    assert boxes_of(run) == [[1, 2, 30, 40], [5, 6, 7, 8]]
    assert run.matches()["phrase"].tolist() == ["cat", "cat"]
    assert run.matches()["status"].tolist() == ["matched", "matched"]
    assert run.task == ("phrase grounding" if "phrase" in str(truth) else "object detection")


def test_one_box_of_a_class_is_a_record(write_run: Write) -> None:
    truth = [
        {"image": "a.jpg", "label": "cat", "box": [1, 2, 30, 40]},
        {"image": "a.jpg", "label": 7, "box": [5, 6, 7, 8]},
    ]
    run = ew.open_run(write_run(truth, {1: []}))
    assert run.specimens == ["a.jpg"]
    assert run.matches()["phrase"].tolist() == ["cat", "7"]


def test_scores_of_a_phrase_and_of_a_box(write_run: Write) -> None:
    found = [
        {
            "image": "a.jpg",
            "phrases": [
                {"phrase": "cat", "boxes": [[1, 2, 30, 40], [1, 2, 3, 4]], "scores": [0.75, None]},
                {"phrase": "dog", "boxes": [[1, 2, 3, 4]], "score": 0.5},
            ],
        },
        {"image": "a.jpg", "boxes": [{"label": "dog", "box": [5, 6, 7, 8], "score": 1}]},
    ]
    matches = ew.open_run(write_run([CAT], {1: found})).matches()
    assert matches["score"].fillna(-1).tolist() == [0.75, -1, 0.5, 1]
    assert matches["phrase"].tolist() == ["cat", "cat", "dog", "dog"]


def test_area_crowd_item_and_specimen(write_run: Write) -> None:
    truth = [
        {
            "specimen": "first",
            "image": "deep/a.jpg",
            "boxes": [
                {"label": "cat", "box": [0, 0, 10, 10], "item": "c1", "area": 70},
                {"label": "cat", "box": [0, 0, 10, 10], "item": "c2"},
                {"label": "cat", "box": [50, 50, 90, 90], "crowd": True},
            ],
        },
        {"specimen": 12, "boxes": []},
    ]
    found = [{"specimen": "first", "boxes": [{"label": "cat", "box": [52, 52, 60, 60]}]}]
    run = ew.open_run(write_run(truth, {1: found}))
    assert run.specimens == ["first", "12"]
    matches = run.matches()
    assert matches["item"].fillna("-").tolist() == ["c1", "c2", "-", "-"]
    assert matches["status"].tolist() == ["missed", "missed", "ignored", "ignored"]
    assert run.scores()["status"].tolist() == ["ok", "missing"]


@pytest.mark.parametrize(
    ("truth", "answer"),
    [
        ({"questions": [{"item": "q", "question": "How many?", "answers": ["1", "one"]}]}, {"item": "q"}),
        ({"questions": [{"question": "How many?", "answers": ["1", "one"]}]}, {"question": "how  MANY?"}),
        ({"question": "How many?", "answers": ["one", "1"]}, {}),
        ({"question": "How many?", "answer": "one"}, {}),
        ({"question": "How many?", "answers": "one"}, {"question": "something else"}),
        ({"question": "How many?", "answer": ["two", "one"]}, {"item": "0"}),
        ({"captions": ["one", "a cat"]}, {}),
        ({"caption": "one"}, {}),
    ],
)
def test_forms_of_questions(write_run: Write, truth: dict[str, Any], answer: dict[str, Any]) -> None:
    flat = {"image": "a.jpg", "answer": "one"} | answer
    nested = {"image": "a.jpg", "questions": [{"answer": "one"} | answer]}
    run = ew.open_run(write_run([{"image": "a.jpg"} | truth], {1: [flat], 2: [nested]}))
    assert run.summary()["exact_match"].tolist() == [1, 1]
    assert run.task == ("free text" if "caption" in str(truth) else "visual question answering")


@pytest.mark.parametrize("found", [{"caption": "a cat"}, {"answer": "a cat"}, {"questions": [{"answer": "a cat"}]}])
def test_a_caption_is_predicted_as_caption_or_answer(write_run: Write, found: dict[str, Any]) -> None:
    truth = [{"image": "a.jpg", "captions": ["The cat", "a dog"]}]
    run = ew.open_run(write_run(truth, {1: [{"image": "a.jpg"} | found]}))
    assert run.summary()["exact_match"].tolist() == [1]


def test_numbers_are_answers(write_run: Write) -> None:
    truth = [{"image": "a.jpg", "question": "How many?", "answers": [2]}]
    run = ew.open_run(write_run(truth, {1: [{"image": "a.jpg", "answer": 2}]}))
    assert run.summary()["exact_match"].tolist() == [1]


def test_a_caption_without_phrases_beside_boxes_is_no_question(write_run: Write) -> None:
    run = ew.open_run(write_run([CAT, {"image": "b.jpg", "caption": "nothing to see"}], {1: [CAT, {"image": "b.jpg"}]}))
    assert run.task == "phrase grounding"
    assert run.summary()["true_positives"].tolist() == [1]
    assert run.scores()["status"].tolist() == ["ok", "no_ground_truth"]


@pytest.mark.parametrize(
    ("settings", "predicted"),
    [
        ({"prediction_coordinates": "fraction"}, [0.01, 0.04, 0.3, 0.8]),
        ({"prediction_coordinates": "0-1000"}, [10, 40, 300, 800]),
        ({"prediction_coordinates": "0-1000", "prediction_box_order": "yxyx"}, [40, 10, 800, 300]),
        ({"prediction_box_order": "xywh"}, [1, 2, 29, 38]),
        ({"prediction_box_order": "cxcywh"}, [15.5, 21, 29, 38]),
        ({}, [1, 2, 30, 40]),
    ],
)
def test_conventions_of_predictions(write_run: Write, settings: dict[str, Any], predicted: list[float]) -> None:
    found = [{"image": "a.jpg", "phrase": "cat", "box": predicted}]
    run = ew.open_run(write_run([CAT], {1: found}, settings))
    assert boxes_of(run, PREDICTED) == [pytest.approx([1, 2, 30, 40])]
    assert boxes_of(ew.open_run(write_run([CAT], {1: found}), **settings), PREDICTED) == [pytest.approx([1, 2, 30, 40])]


@pytest.mark.parametrize("box", [[0.01, 0.04, 0.3, 0.8], [0, 0, 1, 1.0000001]])
def test_fractions_are_told_from_pixels(write_run: Write, box: list[float]) -> None:
    record = {"image": "a.jpg", "width": 100, "height": 50, "phrase": "cat", "box": box}
    run = ew.open_run(write_run([record], {1: [record]}))
    x1, y1, x2, y2 = box
    assert boxes_of(run) == [pytest.approx([x1 * 100, y1 * 50, x2 * 100, y2 * 50])]
    assert boxes_of(run, PREDICTED) == boxes_of(run)


def test_coordinates_stated_overrule_what_is_told_from_them(write_run: Write) -> None:
    record = {"image": "a.jpg", "width": 100, "height": 50, "phrase": "cat", "box": [0, 0, 1, 1]}
    assert boxes_of(ew.open_run(write_run([record], {1: []}, {"coordinates": "pixels"}))) == [[0, 0, 1, 1]]
    assert boxes_of(ew.open_run(write_run([record], {1: []}))) == [[0, 0, 100, 50]]


def test_raw_text_goes_through_its_grammar(write_run: Write) -> None:
    found = [
        {"image": "a.jpg", "phrase": "cat", "output": '```json\n[{"bbox_2d": [10, 40, 300, 800]}]\n```'},
        {"image": "b.jpg", "output": "no idea"},
    ]
    folder = write_run([CAT, CAT | {"image": "b.jpg"}], {1: found}, {"output_format": "qwen3-vl"})
    run = ew.open_run(folder)
    assert run.matches()["status"].tolist() == ["matched", "missed", "invalid"]
    assert run.matches()["parse_state"].tolist()[2] == "unparsable"
    assert run.scores()["status"].tolist() == ["ok", "no_prediction"]


def test_raw_text_without_a_grammar_says_so(write_run: Write) -> None:
    run = ew.open_run(write_run([CAT], {1: [{"image": "a.jpg", "output": "[]"}]}))
    with pytest.raises(
        ew.FormatError, match=r"predictions/step-000001.jsonl:1: .*output_format= \(one of cogvlm, .*, vi\)"
    ):
        run.summary()
    run = ew.open_run(write_run([CAT], {1: [{"image": "a.jpg", "output": "[]"}]}), output_format="klingon")
    with pytest.raises(ew.UnknownNameError, match="klingon"):
        run.summary()


@pytest.mark.parametrize(
    ("values", "state", "message"),
    [
        ([1, 2, 3], "wrong_number_of_coordinates", "expected 4 numbers, got 3"),
        ([1, 2, 3, 4, 5], "wrong_number_of_coordinates", "expected 4 numbers, got 5"),
        ("1 2 3 4", "wrong_number_of_coordinates", "expected 4 numbers, got '1 2 3 4'"),
        (None, "wrong_number_of_coordinates", "expected 4 numbers, got None"),
        ([1, 2, float("nan"), 4], "not_a_number", "expected 4 numbers, got nan"),
        ([1, 2, float("inf"), 4], "not_a_number", "expected 4 numbers, got inf"),
        ([1, 2, "3", 4], "not_a_number", "expected 4 numbers, got '3'"),
        ([1, 2, True, 4], "not_a_number", "expected 4 numbers, got True"),
        ([1, 2, 9**40, 4], "out_of_range", "expected numbers up to 1e+15, got "),
        ([30, 2, 1, 40], "negative_size", "expected width and height of 0 or more in xyxy, got [30, 2, 1, 40]"),
    ],
)
def test_a_defective_box_is_an_invalid_prediction_and_an_error_in_ground_truth(
    write_run: Write, values: Any, state: str, message: str
) -> None:
    phrases = [{"phrase": "cat", "boxes": [[1, 2, 30, 40], [5, 5, 6, 6], [7, 7, 8, 8], values]}]
    record = CAT | {"phrases": phrases}
    run = ew.open_run(write_run([CAT], {500: ["", "", "", record]}))
    summary = run.summary()
    assert summary[["true_positives", "false_positives", "invalid"]].values.tolist() == [[1, 2, 1]]
    last = run.matches().iloc[-1]
    assert (last["status"], last["parse_state"], last["phrase"]) == ("invalid", state, "cat")
    (defect,) = run._data.predictions(500).boxes.defects.values()
    assert defect.message.startswith(f"predictions/step-000500.jsonl:4: phrases[0].boxes[3]: {message}")
    assert defect.raw == repr(values)
    with pytest.raises(ew.FormatError) as caught:
        ew.open_run(write_run(["", record], {500: []}))
    assert str(caught.value).startswith(f"ground_truth.jsonl:2: phrases[0].boxes[3]: {message}")


def test_the_place_of_a_defect_in_a_flat_record(write_run: Write) -> None:
    found = [
        {"image": "a.jpg", "phrase": "cat", "boxes": [[1, 2, 3, 4], [1, 2, 3]]},
        {"image": "a.jpg", "label": "c", "box": [1]},
    ]
    run = ew.open_run(write_run([CAT], {500: found})).load()
    assert [defect.message for defect in run._data.predictions(500).boxes.defects.values()] == [
        "predictions/step-000500.jsonl:1: boxes[1]: expected 4 numbers, got 3",
        "predictions/step-000500.jsonl:2: box: expected 4 numbers, got 1",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"image": "a.jpg", ', r"ground_truth.jsonl:2: malformed JSON at column \d+"),
        ("[1, 2]", "ground_truth.jsonl:2: expected an object, got a list"),
        ("null", "ground_truth.jsonl:2: expected an object, got null"),
        ('{"boxes": []}', r"ground_truth.jsonl:2: expected 'image' or 'specimen', found \['boxes'\]"),
        ('{"image": 7}', "ground_truth.jsonl:2: image: expected text, got a number"),
        ('{"image": ""}', "ground_truth.jsonl:2: expected the name of an image, found an empty one"),
        ('{"image": "b.jpg", "phrases": {}}', "ground_truth.jsonl:2: phrases: expected a list, got an object"),
        (
            '{"image": "b.jpg", "phrases": ["cat"]}',
            r"ground_truth.jsonl:2: phrases\[0\]: expected an object, got 'cat'",
        ),
        ('{"image": "b.jpg", "phrases": [{}]}', r"ground_truth.jsonl:2: phrases\[0\]: expected 'phrase', found \[\]"),
        ('{"image": "b.jpg", "boxes": [{"box": [1,2,3,4]}]}', r"ground_truth.jsonl:2: boxes\[0\]: expected 'label'"),
        ('{"image": "b.jpg", "boxes": [{"label": "c"}]}', r"boxes\[0\]\.box: expected 4 numbers, got None"),
        ('{"image": "b.jpg", "question": 7}', "ground_truth.jsonl:2: question: expected text, got a number"),
        ('{"image": "b.jpg", "answers": [{}]}', "ground_truth.jsonl:2: answers: expected text or a list of texts"),
        ('{"image": "b.jpg", "width": 0, "height": 5}', "ground_truth.jsonl:2: expected width and height above 0"),
        ('{"image": "b.jpg", "width": "5", "height": 5}', "ground_truth.jsonl:2: width: expected a number, got text"),
        ('{"image": "b.jpg", "width": ' + "9" * 400 + "}", "ground_truth.jsonl:2: width: the number is too large"),
        (
            '{"image": "b.jpg", "width": ' + "9" * 5000 + "}",
            "ground_truth.jsonl:2: malformed JSON: a number of more digits",
        ),
        ("[" * 200000, "ground_truth.jsonl:2: malformed JSON: nested too deeply"),
        (
            '{"image": "a.jpg", "width": 99, "height": 50}',
            "expected 100 x 50 as in an earlier record of the image, got 99 x 50",
        ),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_place(write_run: Write, line: str, message: str) -> None:
    folder = write_run([CAT, line], {1: []})
    with pytest.raises(ew.FormatError, match=message) as caught:
        ew.open_run(folder)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"phrases": [{"phrase": "cat", "boxes": [[1, 2, 3, 4]], "scores": []}]}, "one for each box"),
        ({"phrases": [{"phrase": "cat", "boxes": [[1, 2, 3, 4]], "scores": 0.5}]}, "one for each box"),
        ({"phrases": [{"phrase": "cat", "boxes": [[1, 2, 3, 4]], "scores": [0.5, 0.6]}]}, "one for each box"),
        (
            {"phrases": [{"phrase": "cat", "boxes": [[1, 2, 3, 4]], "scores": ["high"]}]},
            r"scores\[0\]: expected a number",
        ),
        (
            {"phrases": [{"phrase": "cat", "boxes": [[1, 2, 3, 4]], "scores": [10**400]}]},
            r"scores\[0\]: expected a number",
        ),
        ({"boxes": [{"label": "cat", "box": [1, 2, 3, 4], "score": "high"}]}, "score: expected a number, got text"),
        ({"answer": ["a"]}, "answer: expected text"),
        ({"item": [1], "answer": "a"}, "item: expected text or a number, got a list"),
        ({"output": 7}, "output: expected text, got a number"),
    ],
)
def test_what_is_wrong_with_a_prediction_line(write_run: Write, record: dict[str, Any], message: str) -> None:
    run = ew.open_run(write_run([CAT], {1: [CAT, {"image": "a.jpg"} | record]}))
    with pytest.raises(ew.FormatError, match=f"^predictions/step-000001.jsonl:2: .*{message}"):
        run.load()


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ([CAT, CAT], "ground_truth.jsonl:2: phrases.0.: the same item twice: 'cat' stands at ground_truth.jsonl:1"),
        ([{"image": "a.jpg", "phrases": CAT["phrases"] * 2}], r"phrases\[1\]: the same item twice"),
        (
            [{"image": "a.jpg", "boxes": [{"label": "c", "box": [1, 2, 3, 4]}] * 2}],
            r"a.jpg: the same item twice: 'c' at \[1",
        ),
        (
            [{"image": "a.jpg", "question": "Why?", "answer": "so"}] * 2,
            "ground_truth.jsonl:2: the same item twice: .*Why",
        ),
        (
            [{"image": "a.jpg", "questions": [{"item": 1, "question": q, "answer": "a"} for q in ("Why?", "How?")]}],
            "the same item twice",
        ),
    ],
)
def test_the_same_item_twice_is_an_error(write_run: Write, truth: list[Any], message: str) -> None:
    folder = write_run(truth, {1: []})
    with pytest.raises(ew.FormatError, match=message):
        ew.open_run(folder)


def test_an_answer_twice_is_an_error(write_run: Write) -> None:
    run = ew.open_run(
        write_run(
            [{"image": "a.jpg", "question": "Why?", "answer": "so"}], {1: [{"image": "a.jpg", "answer": "x"}] * 2}
        )
    )
    with pytest.raises(
        ew.FormatError, match=r"step-000001.jsonl:2: the same item twice: a.jpg has an answer to 'Why\?'"
    ):
        run.load()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"answer": "x"}, "a.jpg has 2 questions; name the 'item' or the 'question'"),
        ({"question": "why?", "answer": "x"}, "a.jpg is asked 'why.' more than once; name the 'item'"),
    ],
)
def test_an_answer_to_several_questions_is_an_error(write_run: Write, answer: dict[str, Any], message: str) -> None:
    questions = [{"item": item, "question": "Why?", "answer": "so"} for item in (1, 2)]
    run = ew.open_run(write_run([{"image": "a.jpg", "questions": questions}], {1: [{"image": "a.jpg"} | answer]}))
    with pytest.raises(ew.FormatError, match=message):
        run.load()


def test_records_of_one_image_merge(write_run: Write) -> None:
    truth = [
        {"image": "a.jpg", "phrase": "cat", "boxes": [[1, 2, 3, 4]]},
        {"image": "b.jpg", "phrase": "cat", "boxes": [[1, 2, 3, 4]]},
        {"image": "./a.jpg", "width": 10, "height": 10, "caption": "a dog", "phrase": "dog", "boxes": [[5, 5, 6, 6]]},
        {"image": "a.jpg", "caption": "the cat again", "phrase": "cat", "boxes": [[7, 7, 8, 8]]},
    ]
    run = ew.open_run(write_run(truth, {1: []}))
    assert run.specimens == ["a.jpg", "b.jpg"]
    assert run.matches()["specimen"].tolist() == ["a.jpg"] * 3 + ["b.jpg"]
    assert run.matches()["phrase"].tolist() == ["cat", "dog", "cat", "cat"]


def test_phrases_that_differ_in_case_and_white_space_are_one_unless_the_ground_truth_has_both(write_run: Write) -> None:
    truth = [
        CAT,
        {"image": "b.jpg", "boxes": [{"label": "Dog", "box": [0, 0, 9, 9]}, {"label": "dog", "box": [0, 0, 9, 9]}]},
    ]
    found = [
        {"image": "a.jpg", "phrase": " CAT ", "box": [1, 2, 30, 40]},
        {"image": "b.jpg", "boxes": [{"label": "dog", "box": [0, 0, 9, 9]}, {"label": "DOG", "box": [0, 0, 9, 9]}]},
    ]
    matches = ew.open_run(write_run(truth, {1: found})).matches()
    assert matches[["phrase", "status"]].values.tolist() == [
        ["cat", "matched"],
        ["Dog", "missed"],
        ["dog", "matched"],
        ["DOG", "extra"],
    ]


def test_a_box_without_a_label_has_the_one_phrase_of_its_specimen(write_run: Write) -> None:
    two = {"image": "b.jpg", "phrases": [{"phrase": p, "boxes": [[0, 0, 9, 9]]} for p in ("cat", "dog")]}
    found = [{"image": image, "boxes": [{"box": [1, 2, 30, 40]}]} for image in ("a.jpg", "b.jpg")]
    matches = ew.open_run(write_run([CAT, two], {1: found})).matches()
    assert matches[["phrase", "status"]].values.tolist() == [
        ["cat", "matched"],
        ["cat", "missed"],
        ["dog", "missed"],
        ["(no label)", "extra"],
    ]


def test_a_list_in_json_is_read_as_lines_are(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text('[{"image": "a.jpg", "phrase": "cat", "box": [0, 0, 9, 9]}]')
    (tmp_path / "found.json").write_text('[{"image": "a.jpg", "phrase": "cat", "box": [0, 0, 9]}]')
    run = ew.open_run(ground_truth=tmp_path / "truth.json", predictions={1: tmp_path / "found.json"})
    assert run.summary()["invalid"].tolist() == [1]
    (defect,) = run._data.predictions(1).boxes.defects.values()
    assert defect.message.endswith("found.json: [0].box: expected 4 numbers, got 3")


def test_byte_order_mark_blank_lines_and_other_line_ends(tmp_path: Path) -> None:
    first = '{"image": "a.jpg", "phrase": "caf\u00e9\u2028", "box": [0, 0, 9, 9]}'
    lines = f'\ufeff\r\n{first}\r\n\r\n{{"image": "b.jpg"}}'.encode()
    (tmp_path / "truth.jsonl").write_bytes(lines)
    run = ew.open_run(ground_truth=tmp_path / "truth.jsonl", predictions={1: tmp_path / "truth.jsonl"})
    assert run.specimens == ["a.jpg", "b.jpg"]
    assert run.matches()["phrase"].tolist() == ["café\u2028"]


def test_text_in_another_encoding_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "truth.jsonl").write_bytes('{"image": "a.jpg"}\n{"image": "caf\xe9.jpg"}'.encode("latin-1"))
    with pytest.raises(ew.FormatError, match=r"truth.jsonl:2: expected UTF-8 text"):
        ew.open_run(ground_truth=tmp_path / "truth.jsonl", predictions={1: tmp_path / "truth.jsonl"})
