"""Whatever is done to a small valid run, opening and scoring it ends in a Run or in an EvalWidgetError."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from run_folders import write_folder

import evalwidget as ew
from evalwidget.widget.server import answer, run_info

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
    "join": "stem",
    "images": ["predictions"],
}
TRUTHS: dict[str, Any] = {"plain": PLAIN, "asked": ASKED, "vi": VI, "coco": COCO, "none": None}
FOUND: dict[str, Any] = {"plain": PLAIN, "asked": ASKED, "vi": VI, "coco": RESULTS, "none": PLAIN}

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, 10**400, -(10**400), 1e308, -1e308, float("nan"), float("inf"), 1e-320, 0, -1, 1.5]),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["", "a.jpg", "../b", "\x00", "\ud800", "cat", "2", "<b>"]),
    st.just([]),
    st.just({}),
    st.lists(st.none() | st.integers(-5, 5) | st.floats() | st.text(max_size=2), max_size=5),
    st.lists(st.lists(st.floats(-2, 2), max_size=4), max_size=4),
    st.dictionaries(
        st.sampled_from(["x", "y", "width", "height", "phrase", "box", "id", "whole"]),
        st.integers() | st.none(),
        max_size=4,
    ),
)
NAMES = sorted(
    {name for part in (PLAIN, ASKED, VI, [COCO], RESULTS) for record in part for name in record} | {"bbox", "answers"}
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [found for key in keys for found in places(value[key])]


def mutated(draw: Any, value: Any) -> Any:
    """A copy of a JSON value with a few things replaced, removed, renamed, repeated or added."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(0, 3))):
        found = places(value)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        deed = draw(st.sampled_from(["replace", "replace", "remove", "rename", "repeat", "add"]))
        if deed == "replace":
            container[key] = draw(STRANGE)
        elif deed == "remove":
            del container[key]
        elif isinstance(container, list):
            container.append(container[key] if deed == "repeat" else draw(STRANGE))
        elif deed == "rename":
            container[draw(st.sampled_from(NAMES))] = container.pop(key)
        else:
            container[draw(st.sampled_from(NAMES))] = draw(STRANGE)
    return value


def use(folder: Path, **settings: Any) -> None:
    """Do with a folder all that a user does, and let only EvalWidgetError pass."""
    try:
        run = ew.open_run(folder, **settings)
        assert repr(run)
        run.load()
        if not run._data.has_text:
            assert len(run.conventions())
        frames = [run.summary(), run.scores(), run.matches(), run.join_report()]
        assert len(frames[1]) == len(run.steps) * len(run.specimens)
        json.dumps(run_info(run._evaluation, run.notes), allow_nan=False)
        for row in range(len(run.specimens)):
            request = {"id": "1", "kind": "specimen", "specimen": None, "index": row, "all_steps": True, "image": True}
            reply, _ = answer(request, run._evaluation)
            json.dumps(reply, allow_nan=False)
            assert reply["kind"] == "specimen", reply["message"]
        assert repr(run)
        assert run._repr_html_()
    except ew.EvalWidgetError as error:
        message = str(error)
    else:
        message = "a run"
    assert message


FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


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
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.sampled_from([0, 1, 1, 2, 8, 10**9])))
        pieces = [
            b"",
            b"[",
            b"}",
            b'"',
            b",",
            b"\xff",
            b"\x00",
            b"\n",
            b"1e999",
            b"9" * 30,
            b"null",
            b"NaN",
            b"-",
            b"\\ud800",
        ]
        content[start:end] = data.draw(st.sampled_from(pieces) | st.binary(max_size=3))
    file.write_bytes(bytes(content))
    use(folder)
