"""Datature Vi JSONL in every spelling of its SDK, documentation and API."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evalwidget as ew

Write = Callable[..., Path]
ASSET = {"type": "Image", "filename": "a.jpg", "height": 480, "width": 640, "filepath": None, "url": None}
CORNERS = [f"ground_truth_{corner}" for corner in ("x1", "y1", "x2", "y2")]
PREDICTED = [f"prediction_{corner}" for corner in ("x1", "y1", "x2", "y2")]
#: A box in fractions, and the same in pixels of 640 x 480.
FRACTIONS, PIXELS = [0.125, 0.25, 0.5, 0.75], [80.0, 120.0, 320.0, 360.0]


def grounding(**phrase: Any) -> dict[str, Any]:
    entry = {"phrase": "a red car", "startTokenIndex": 0, "endTokenIndex": 3} | phrase
    contents = {"type": "PhraseGrounding", "caption": "a red car", "groundedPhrases": [entry]}
    return {"id": "1", "asset": ASSET, "contents": contents, "category": None}


def corners(run: ew.Run, columns: list[str] = CORNERS) -> list[list[float]]:
    return run.matches().dropna(subset=columns)[columns].to_numpy(float).tolist()


def of(x1: float, y1: float, x2: float, y2: float) -> list[list[float]]:
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


@pytest.mark.parametrize("name", ["bounds", "bound", "bbox", "boxes"])
@pytest.mark.parametrize("box", [FRACTIONS, PIXELS])
def test_every_shape_of_bounds(write_run: Write, name: str, box: list[float]) -> None:
    x1, y1, x2, y2 = box
    shapes: list[Any] = [
        [box],
        box,
        of(*box),
        [of(*box)],
        {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1},
        [{"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1}],
    ]
    for shape in shapes:
        run = ew.open_run(write_run([grounding(**{name: shape})], {1: []}))
        assert corners(run) == [PIXELS], shape
        assert run.specimens == ["a.jpg"]


def test_several_boxes_and_none(write_run: Write) -> None:
    assert corners(ew.open_run(write_run([grounding(bounds=[FRACTIONS, [0, 0, 1, 1]])], {1: []}))) == [
        PIXELS,
        [0, 0, 640, 480],
    ]
    for nothing in ({}, {"bounds": []}, {"bounds": None}):
        run = ew.open_run(write_run([grounding(**nothing)], {1: [{"asset_id": "a.jpg", "result": {"groundings": []}}]}))
        assert run.scores()["status"].tolist() == ["no_ground_truth"]


@pytest.mark.parametrize(
    "record",
    [
        {
            "id": 1,
            "asset": ASSET,
            "contents": {"caption": "a car", "grounded_phrases": [{"phrase": "car", "bound": FRACTIONS}]},
        },
        {"asset": ASSET, "contents": {"caption": "a car", "groundings": [{"phrase": "car", "grounding": [FRACTIONS]}]}},
        {"id": "1", "asset": ASSET, "caption": "a car", "grounded_phrases": [{"phrase": "car", "bbox": FRACTIONS}]},
        {
            "asset": {"file_name": "a.jpg", "width": 640, "height": 480},
            "groundedPhrases": [{"phrase": "car", "bounds": [PIXELS]}],
        },
    ],
)
def test_snake_case_other_keys_and_contents_left_out(write_run: Write, record: dict[str, Any]) -> None:
    run = ew.open_run(write_run([record], {1: []}))
    assert corners(run) == [PIXELS]
    assert run.matches()["phrase"].tolist() == ["car"]
    assert run._data.ground_truth_format == "Vi JSONL"


@pytest.mark.parametrize(
    ("names", "identifier"),
    [
        ({"asset": {"filename": "deep/b.jpg"}}, "b.jpg"),
        ({"filename": "b.jpg"}, "b.jpg"),
        ({"asset_id": "b"}, "b"),
        ({"assetId": 12}, "12"),
        ({"id": 7, "asset_id": "b"}, "b"),
        ({"id": 7}, "7"),
        ({"id": "x7", "asset": {"filename": "b.jpg"}}, "b.jpg"),
    ],
)
def test_how_the_image_is_named(write_run: Write, names: dict[str, Any], identifier: str) -> None:
    record = names | {"contents": {"caption": "a car", "grounded_phrases": [{"phrase": "car", "bbox": PIXELS}]}}
    run = ew.open_run(write_run([record], {1: [names | {"result": {"groundings": []}}]}))
    assert run.specimens == [identifier]
    assert run.scores()["status"].tolist() == ["no_prediction"]


def test_a_phrase_that_a_caption_holds_twice_is_two_items(write_run: Write) -> None:
    record = grounding(bounds=[FRACTIONS])
    record["contents"]["groundedPhrases"] *= 2
    run = ew.open_run(write_run([record], {1: []}))
    assert run.matches()["item"].tolist() == ["a red car", "a red car (2)"]


def test_interactions_stand_in_their_order(write_run: Write) -> None:
    interactions = [
        {"order": 2, "question": "second?", "answer": "two"},
        {"order": 10, "question": "third?", "answer": "ten"},
        {"order": 1, "question": "first?", "answer": "one"},
    ]
    record = {"id": "1", "asset": ASSET, "contents": {"type": "Vqa", "interactions": interactions}}
    run = ew.open_run(
        write_run([record], {1: [{"asset_id": "a.jpg", "prompt": "second?", "result": {"answer": "two"}}]})
    )
    assert run.task == "visual question answering"
    assert run.matches()["phrase"].tolist() == ["first?", "second?", "third?"]
    assert run.matches()["item"].tolist() == ["1", "2", "10"]
    assert run.matches()["exact_match"].fillna(-1).tolist() == [-1, 1, -1]


@pytest.mark.parametrize(
    "contents",
    [
        {"question": "How many?", "answer": "two"},
        {"interactions": [{"order": 1, "question": "How many?", "answer": "two"}]},
    ],
)
def test_one_question(write_run: Write, contents: dict[str, Any]) -> None:
    for result in ({"answer": "two"}, {"vqa": {"answer": "two"}}, '{"vqa":{"answer":"two"}}'):
        truth = {"asset_id": "a", "contents": contents}
        run = ew.open_run(write_run([truth], {1: [{"asset_id": "a", "prompt": "anything", "result": result}]}))
        assert run.summary()["exact_match"].tolist() == [1]


def api(kind: str, whole: str = "w", asset: str = "a", **contents: Any) -> dict[str, Any]:
    return {"assetId": asset, "spec": {"aggregation": {"whole": {"id": whole}}, "contents": {"kind": kind} | contents}}


def test_api_annotations_are_put_together(write_run: Write) -> None:
    box, other = of(*PIXELS), of(1, 2, 3, 4)
    records = [
        api("PhraseGroundingBoundingBox", bound=box, target=[2, 5]),
        api("PhraseGroundingBoundingBox", asset="b", bound=other, target=[0, 3]),
        api("Caption", contents="a car and a dog"),
        api("PhraseGroundingBoundingBox", bound=other, target=[2, 5]),
        api("PhraseGroundingBoundingBox", bound=other, target=[12, 15]),
        api("Caption", asset="b", contents="cat"),
    ]
    run = ew.open_run(write_run(records, {1: []}))
    assert run.specimens == ["a", "b"]
    assert run.matches()[["specimen", "phrase"]].values.tolist() == [
        ["a", "car"],
        ["a", "car"],
        ["a", "dog"],
        ["b", "cat"],
    ]
    assert corners(run) == [PIXELS, [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (grounding(bounds=[[0.1, 0.2, 0.3]]), r"groundedPhrases\[0\]\.bounds\[0\]: expected 4 numbers, got 3"),
        (grounding(bounds=[[0.5, 0.2, 0.3, 0.4]]), "width and height of 0 or more"),
        (grounding(bounds="all of it"), "expected boxes, got 'all of it'"),
        (grounding(bounds={"x": 1, "y": 2}), "expected x, y, width and height, found"),
        (grounding(bounds={"x": 1, "y": 2, "width": "3", "height": 4}), "width: expected a number, got text"),
        (grounding(bounds=[["a", 0], [1, 0], [1, 1], [0, 1]]), "expected four corners"),
        (grounding(bounds=[[10**400, 0], [1, 0], [1, 1], [0, 1]]), "expected four corners"),
        (grounding(phrase=None), "expected 'phrase'"),
        (grounding(phrase=7), "phrase: expected text, got a number"),
        ({"contents": {"caption": "a"}}, "expected asset.filename, filename or asset_id, found"),
        ({"asset": "a.jpg", "contents": {}}, "asset: expected an object, got text"),
        ({"asset": ASSET, "contents": {"interactions": ["why"]}}, r"interactions\[0\]: expected an object, got 'why'"),
        ({"asset": ASSET, "contents": {"interactions": [{"order": "b"}, {"order": 1}]}}, "order: expected a number"),
        ({"asset": ASSET, "contents": {"question": "q", "answer": {"text": "a"}}}, "answer: expected text or a number"),
        ({"asset": ASSET, "contents": {"groundedPhrases": [7]}}, r"groundedPhrases\[0\]: expected an object, got 7"),
        (
            api("PhraseGroundingBoundingBox", bound=PIXELS, target=[0, 3]),
            "target: expected characters of the caption ''",
        ),
        (api("PhraseGroundingBoundingBox", bound=PIXELS), r"target: expected \[start, end\], got None"),
        ({"assetId": "a", "spec": {"aggregation": [1]}}, "aggregation: expected an object, got a list"),
        ({"assetId": "a", "spec": {"contents": "a"}}, "contents: expected an object, got text"),
    ],
)
def test_what_is_wrong_with_ground_truth(write_run: Write, record: dict[str, Any], message: str) -> None:
    folder = write_run([grounding() | {"asset": {"filename": "first.jpg"}}, record], {1: []})
    with pytest.raises(ew.FormatError, match=f"^ground_truth.jsonl:2: .*{message}"):
        ew.open_run(folder)


GROUNDINGS = {"sentence": "a red car", "groundings": [{"phrase": "a red car", "grounding": [[128, 256, 512, 768]]}]}
RAW = json.dumps({"phrase_grounding": GROUNDINGS})


@pytest.mark.parametrize(
    "response",
    [
        {"prompt": "find", "raw_output": RAW, "thinking": None, "result": GROUNDINGS},
        {"result": {"phrase_grounding": GROUNDINGS}},
        {"result": RAW},
        {"rawOutput": RAW},
        {"raw_output": f"```json\n{RAW}\n```"},
        {"raw_output": f"<think>a {{hard}} one</think>\nSo: {RAW} there."},
        {"raw_output": f"<think>[1, 2]</think><answer>```{RAW}```</answer>"},
        {"raw_output": f"<answer>{RAW}"},
        GROUNDINGS,
        {"phrase_grounding": GROUNDINGS},
        {"contents": GROUNDINGS},
    ],
)
def test_forms_of_predictions(write_run: Write, response: dict[str, Any]) -> None:
    run = ew.open_run(write_run([grounding(bounds=[FRACTIONS])], {1: [{"asset": {"filename": "a.jpg"}} | response]}))
    assert corners(run, PREDICTED) == [PIXELS]
    assert run.matches()["status"].tolist() == ["matched"]


@pytest.mark.parametrize(
    "response",
    [
        {"result": "I cannot see a car.", "raw_output": "I cannot see a car."},
        {"raw_output": "I cannot see a car."},
        {"raw_output": RAW[:-20]},
        {"result": {"something": "else"}},
        {"result": ["a"]},
    ],
)
def test_what_cannot_be_parsed_is_one_invalid_prediction_with_its_text(
    write_run: Write, response: dict[str, Any]
) -> None:
    run = ew.open_run(write_run([grounding(bounds=[FRACTIONS])], {1: [{"filename": "a.jpg"} | response]}))
    assert run.matches()["status"].tolist() == ["missed", "invalid"]
    assert run.summary()[["invalid", "false_positives", "predicted"]].values.tolist() == [[1, 0, 0]]
    (defect,) = run._data.predictions(1).boxes.defects.values()
    assert defect.raw == response.get("raw_output", repr(response.get("result")))
    assert run._data.predictions(1).outputs == {0: defect.raw}


def test_a_box_of_three_numbers_or_beyond_1024_is_invalid(write_run: Write) -> None:
    boxes = [[0, 0, 1024, 1024], [1, 2, 3], [0, 0, 1025, 10], [0, "a", 1, 1]]
    found = {"filename": "a.jpg", "result": {"groundings": [{"phrase": "a red car", "grounding": boxes}]}}
    run = ew.open_run(write_run([grounding(bounds=[[0, 0, 1, 1]])], {1: [found]}))
    assert run.matches()["parse_state"].tolist() == [
        *("ok", "wrong_number_of_coordinates", "out_of_range", "not_a_number")
    ]
    assert run.summary()[["true_positives", "false_positives", "invalid"]].values.tolist() == [[1, 0, 3]]


def test_a_caption_is_free_text(write_run: Write) -> None:
    truth = {"image": "a.jpg", "captions": ["a red car", "one car"]}
    found = [{"asset_id": "a.jpg", "raw_output": '{"freeform": {"caption": "A red car."}}'}]
    run = ew.open_run(write_run([truth], {1: found, 2: [{"asset_id": "a.jpg", "result": {"caption": "a dog"}}]}))
    assert run.task == "free text"
    assert run.summary()["exact_match"].tolist() == [1, 0]


def test_a_prediction_without_a_result_is_an_error(write_run: Write) -> None:
    run = ew.open_run(write_run([grounding()], {1: [{"asset": ASSET, "prompt": "find"}]}))
    with pytest.raises(ew.FormatError, match=r"step-000001.jsonl:1: expected 'result' or 'raw_output', found"):
        run.load()


def test_free_text_as_the_responses_spell_it(write_run: Write) -> None:
    truth = {"id": "1", "asset": ASSET, "contents": {"type": "Freeform", "caption": "a red car"}}
    found = {"filename": "a.jpg", "result": {"caption": "a red car"}}
    run = ew.open_run(write_run([truth], {1: [found]}))
    assert run.task == "free text"
    assert run.summary()["exact_match"].tolist() == [1]
    assert run._data.specimens.captions == [""]


def test_contents_that_say_nothing_known_are_told(write_run: Write) -> None:
    truth = {"id": "1", "asset": ASSET, "contents": {"type": "Freeform", "text": "a"}}
    message = r":1: contents: expected groundedPhrases, interactions or caption, found \['text', 'type'\]"
    with pytest.raises(ew.FormatError, match=message):
        ew.open_run(write_run([truth], {1: []}))


@pytest.mark.parametrize("contents", [{}, {"contents": None}, {"contents": {}}])
def test_an_asset_without_annotations_is_of_unknown_content(write_run: Write, contents: dict[str, Any]) -> None:
    bare = {"id": "2", "asset": ASSET | {"filename": "b.jpg"}, **contents}
    found = {"filename": "b.jpg", "result": {"groundings": [{"phrase": "x", "grounding": [[1, 2, 3, 4]]}]}}
    run = ew.open_run(write_run([grounding(bounds=[FRACTIONS]), bare], {1: [found]}))
    assert run.scores()["status"].tolist() == ["missing", "no_ground_truth"]
    assert run.scores()["false_positives"].isna().all()
