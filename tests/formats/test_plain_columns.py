"""Plain JSONL of the usual shapes holds the same decoded into columns as read line by line; the rest is left to the
latter."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats import Content, PredictionOptions, Source, json_source, plain
from evalwidget.formats.plain_columns import regular_ground_truth, regular_predictions
from evalwidget.records import Records

BOXES = {"image": "a/ä.jpg", "boxes": [{"label": "cat", "box": [1, 2, 3.5, 4], "score": 0.5}]}
PHRASES = {
    "image": "a.jpg",
    "phrases": [
        {"phrase": "a cat", "boxes": [[1, 2, 3.5, 4], [0, 0, 1, 1]], "scores": [0.5, 1]},
        {"phrase": "a dog", "boxes": [], "scores": []},
    ],
}
ONE_PHRASE = {"image": "a.jpg", "phrase": "a cat", "box": [1, 2, 3, 4], "score": 0.5}
ONE_LABEL = {"specimen": 7, "label": 3, "box": [1, 2, 3, 4]}
ONE_QUESTION = {"image": "a.jpg", "question": "What is it?", "answer": "a cat"}
NAMED_QUESTION = {"specimen": 7, "question": "", "item": 3, "answer": None}
SHAPES = [BOXES, PHRASES, ONE_PHRASE, ONE_LABEL, ONE_QUESTION, NAMED_QUESTION]
ORDERS = ("xyxy", "xywh", "cxcywh", "yxyx")


def held(records: Records) -> dict[str, Any]:
    """All that records hold, to compare; parts without boxes are nothing."""
    columns = ("owner", "label", "values", "score", "area", "crowd", "state", "item")
    parts = [rows for rows in records.boxes if len(rows.owner)]
    return {
        "references": repr(list(records.references)),
        "columns": [
            {name: (getattr(rows, name).dtype, repr(getattr(rows, name).tolist())) for name in columns}
            for rows in parts
        ],
        "others": [(rows.convention, rows.label_names, rows.defects, rows.masks) for rows in parts],
        "phrases": list(records.phrases),
        "records": (records.questions, records.answers, records.outputs, records.notes, records.names_all),
    }


def content(folder: Path, lines: Any) -> Content:
    file = folder / "file.jsonl"
    file.write_bytes(
        lines if isinstance(lines, bytes) else b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    )
    return Content([Source.at(file, folder)])


def check(found: Content, order: str = "xyxy") -> tuple[bool, bool]:
    """Whether predictions and ground truth are of the usual shape; fails where they are, and reading them line by line
    tells otherwise."""
    convention = Convention(order)
    usual = []
    for fast, by_line in (
        (
            lambda: regular_predictions(found, convention),
            lambda: plain._predictions_by_line(found, PredictionOptions(convention)),
        ),
        (lambda: regular_ground_truth(found, convention), lambda: plain._ground_truth_by_line(found, order)),
    ):
        records = fast()
        if records is not None:
            assert held(records) == held(by_line())
        usual.append(records is not None)
    return usual[0], usual[1]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("record", SHAPES)
def test_usual_lines_are_the_same_either_way(tmp_path: Path, record: dict[str, Any], order: str) -> None:
    box = [1, 2, 3, 4] if order != "yxyx" else [2, 1, 4, 3]
    record = json.loads(json.dumps(record).replace("[1, 2, 3, 4]", json.dumps(box)))
    assert check(content(tmp_path, [record] * 3), order) == (True, True)


@pytest.mark.parametrize(
    "lines",
    [
        [BOXES | {"boxes": []}, BOXES, BOXES | {"image": "b.jpg"}, BOXES],
        [BOXES | {"boxes": []}],
        [PHRASES | {"phrases": []}],
        [BOXES | {"width": 640, "height": 480.0, "caption": "a cat", "specimen": 7}],
        [{"specimen": "x", "boxes": BOXES["boxes"]}, BOXES, BOXES | {"image": None, "specimen": "x"}],
        [BOXES | {"resized_width": 640, "resized_height": 480}],
        [BOXES, {"image": "a.jpg", "boxes": [{"label": 7, "box": [0, 0, 1, 1]}, {"label": "7", "box": [0, 0, 1, 1]}]}],
        [
            BOXES,
            {"image": "a.jpg", "boxes": [{"label": "cat", "box": [0, 0, 1, 1], "item": 7, "area": 2, "crowd": True}]},
            BOXES,
        ],
        [PHRASES, PHRASES | {"phrases": [{"phrase": "a dog", "boxes": [[0, 0, 9, 9]], "item": "d"}]}, PHRASES],
        [PHRASES | {"phrases": [{"phrase": "a dog", "boxes": [[0, 0, 9, 9]] * 2, "score": 0.25}]}],
        [PHRASES | {"phrases": PHRASES["phrases"][::-1]}, PHRASES],
        [ONE_PHRASE, ONE_PHRASE | {"image": "b.jpg"}, ONE_PHRASE, ONE_PHRASE | {"item": 5}],
        [ONE_LABEL, ONE_LABEL | {"specimen": "7"}, ONE_LABEL | {"label": "3"}],
        [ONE_QUESTION, ONE_QUESTION | {"width": 640, "height": 480, "item": "q"}, ONE_QUESTION],
        "\n".join(["", json.dumps(BOXES), " \t", f"  {json.dumps(BOXES)}\r", "\r", json.dumps(BOXES)]).encode(),
        b"\xef\xbb\xbf" + json.dumps(BOXES, ensure_ascii=False).encode(),
    ],
)
def test_other_usual_lines_are_the_same_either_way(tmp_path: Path, lines: Any) -> None:
    assert check(content(tmp_path, lines)) == (True, True)


@pytest.mark.parametrize("answers", [["red", "dark red"], [], None])
def test_references_are_the_same_either_way(tmp_path: Path, answers: list[str] | None) -> None:
    lines = [ONE_QUESTION | {"answers": answers}, {"image": "b.jpg", "question": "?", "answers": answers}]
    assert check(content(tmp_path, lines)) == (False, True)


@pytest.mark.parametrize(
    "line",
    [
        {"image": "a.jpg"},
        BOXES | {"unknown": 1},
        BOXES | {"image": 7},
        BOXES | {"width": "wide"},
        BOXES | {"boxes": None},
        BOXES | {"phrase": "a cat"},
        BOXES | {"questions": []},
        ONE_PHRASE | {"output": "text"},
        *(ONE_QUESTION | change for change in ({"answer": 3}, {"question": None}, {"captions": []}, {"boxes": []})),
        ONE_PHRASE | {"label": "cat"},
        *({"image": "a.jpg", "boxes": [BOXES["boxes"][0] | change]} for change in ({"label": None}, {"score": None})),
        *({"image": "a.jpg", "boxes": [BOXES["boxes"][0] | {"box": box}]} for box in ([1, 2, 3], [3, 2, 1, 4], None)),
        {"image": "a.jpg", "boxes": [{"label": 10**400, "box": [1, 2, 3, 4]}]},
        {"image": "a.jpg", "boxes": [{"label": "cat", "box": [1, 2, 1e16, 4]}]},
        {"image": "a.jpg", "boxes": [{"label": "\ud800", "box": [1, 2, 3, 4]}]},
        {"image": "a.jpg", "boxes": [{"label": "cat", "box": [1, 2, 3, 4], "score": np.nan}]},
        {"image": "a.jpg", "phrases": [{"phrase": "cat", "boxes": [[1, 2, 3, 4]], "scores": []}]},
        b'{"image": "a.jpg", "boxes": []} {"image": "a.jpg", "boxes": []}',
        b'{"image": "a.jpg",\n"boxes": []}',
        b'{"image": "a.jpg", "boxes": []}{"image": "a.jpg", "boxes": []}\n{"image": "a.jpg", "boxes":\n[]}',
        b'\x0b{"image": "a.jpg", "boxes": []}',
        b'{"image": "\xe4.jpg", "boxes": []}',
        b'{"image": "\t.jpg", "boxes": []}',
        b"",
        b"\n",
    ],
)
def test_other_lines_are_left_to_be_read_one_by_one(tmp_path: Path, line: Any) -> None:
    usual = json.dumps(BOXES).encode() + b"\n"
    lines = line if isinstance(line, bytes) else json.dumps(line).encode()
    if lines.strip():
        assert check(content(tmp_path, usual + lines)) == (False, False)
    else:
        assert check(content(tmp_path, lines)) == (False, False)


numbers = st.one_of(st.integers(-3, 12), st.floats(0, 100), st.sampled_from([1e-320, -0.0, 1e15, 0.1 + 0.2, 2**53 - 1]))
anything = st.one_of(
    numbers,
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.sampled_from([10**400, -(2**70), 2**53, 7.0, "\ud800", "7", np.inf, np.nan, [], {}, [[1, 2]], [{"a": 1}]]),
)
changes = st.tuples(
    st.integers(0, 30),
    st.sampled_from(
        ["item", "area", "crowd", "score", "scores", "label", "phrase", "box", "width", "specimen", "image"]
    ),
    st.one_of(anything, st.sampled_from([DROPPED := object(), True, "x", 5])),
)


@st.composite
def text(draw: st.DrawFn) -> bytes:
    """Lines of one shape, sometimes with other values or fields, or with a piece of the text changed."""
    shape = draw(st.sampled_from(SHAPES))
    lines = []
    for image in draw(st.lists(st.sampled_from(["a.jpg", "b/ü.jpg", "c"]), max_size=8)):
        line = copy.deepcopy(shape)
        if "image" in line:
            line["image"] = image
        entries = [line, *line.get("boxes", []), *line.get("phrases", [])]
        for entry in entries:
            if "box" in entry:
                entry["box"] = draw(st.one_of(st.just([0, 0, 9, 9]), st.tuples(numbers, numbers, numbers, numbers)))
        for at, name, value in draw(st.lists(changes, max_size=1)):
            entry = entries[min(at // 8, len(entries) - 1)]
            if value is DROPPED:
                entry.pop(name, None)
            else:
                entry[name] = value
        lines.append(json.dumps(line, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass"))
    found = draw(st.sampled_from([b"\n", b"\r\n", b"\n\n"])).join(lines)
    if draw(st.integers(0, 3)) == 0:
        start = draw(st.integers(0, len(found)))
        other = draw(st.sampled_from([b"", b"\xff", b",", b"}", b"{", b"}\n{", b"\n", b"\x00", b" ", b'"', b"\x0b"]))
        found = found[:start] + other + found[start + draw(st.integers(0, 3)) :]
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text(), st.sampled_from(ORDERS[:2]), st.sampled_from([7, 100, 1 << 16]))
def test_any_lines_are_the_same_either_way(tmp_path: Path, lines: bytes, order: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_source, "_BLOCK", block)
        found = content(tmp_path, lines)
        try:
            convention = Convention(order)
            slow = held(plain._predictions_by_line(found, PredictionOptions(convention)))
        except FormatError:
            slow = None
        try:
            fast = regular_predictions(found, convention)
            truth = regular_ground_truth(found, convention)
        except FormatError:
            assert slow is None
            return
        assert fast is None or held(fast) == slow
        assert truth is None or held(truth) == held(plain._ground_truth_by_line(found, order))


def test_a_line_for_each_box_joins_as_lines_read_one_by_one(tmp_path: Path) -> None:
    truth = [{"image": f"val/{name}.jpg", "phrase": "a cat", "box": [0, 0, 9, 9]} for name in "abc"]
    found = [
        {"image": f"{folder}{name}.jpg", "phrase": words, "box": [0, 0, 9, 9]}
        for name, folder in (("a", ""), ("b", "val/"), ("d", ""), ("c", "other/"))
        for words in ("a cat", "a dog", "a cat")
    ]
    usual, odd = tmp_path / "usual.jsonl", tmp_path / "odd.jsonl"
    for file, change in ((usual, {}), (odd, {"unknown": 1})):
        file.write_text("\n".join(json.dumps(line | change) for line in found))
    content(tmp_path, truth)
    runs = [ew.open_run(ground_truth=tmp_path / "file.jsonl", predictions={1: file}).load() for file in (usual, odd)]
    one, other = (run._data.predictions(1) for run in runs)
    assert one.joined == other.joined == {"path": 3, "name": 6}
    assert one.notes == other.notes != []
    assert [(lost.name, lost.predictions) for lost in one.unjoined] == [("d.jpg", 1)] * 3
    assert [lost.where.replace("usual", "odd") for lost in one.unjoined] == [lost.where for lost in other.unjoined]
    assert runs[0].matches().equals(runs[1].matches())


def test_lines_longer_than_a_block_and_their_numbers(tmp_path: Path) -> None:
    line = BOXES | {"boxes": BOXES["boxes"] * 5000}
    assert check(content(tmp_path, [line, BOXES, line])) == (True, True)
    found = content(tmp_path, json.dumps(line).encode() + b"\n\n" + b'{"image": "a.jpg", "boxes": 7}')
    with pytest.raises(FormatError, match=r"^file.jsonl:3: boxes: expected a list, got a number"):
        plain._predictions(found, PredictionOptions())
