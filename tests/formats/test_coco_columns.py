"""COCO files hold the same decoded into columns as read record by record; what is unusual is left to the latter."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evalwidget.errors import FormatError
from evalwidget.formats import coco_records, json_columns
from evalwidget.formats.coco_ground_truth import regular_ground_truth
from evalwidget.formats.coco_results import regular_results
from evalwidget.formats.json_columns import RecordReader
from evalwidget.formats.json_source import Source, read_json
from evalwidget.formats.options import PredictionOptions
from evalwidget.records import Records

NAMES = {"1": "cat", "3": "dog"}
OPTIONS = PredictionOptions(categories=NAMES)
MASK = [[1, 1, 2.5, 2, 3, 1]]
RLE = {"size": [80, 100], "counts": "Z|\\9{"}
BOX = {"image_id": 7, "category_id": 1, "bbox": [1, 2, 3.5, 4], "score": 0.5}
ANNOTATION = {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 10, 20], "area": 150.5, "iscrowd": 0}
TRUTH = {
    "info": {"year": 2014},
    "images": [
        {"id": 7, "file_name": "val/ä.jpg", "width": 100, "height": 80},
        {"id": 9, "file_name": "b.jpg", "width": 100.0, "height": 80, "license": 1},
        {"id": 8, "file_name": "c.jpg"},
    ],
    "annotations": [
        ANNOTATION,
        ANNOTATION | {"id": 2, "image_id": 9, "category_id": 1, "iscrowd": 1, "segmentation": RLE},
        ANNOTATION | {"id": 5, "segmentation": MASK},
        {name: value for name, value in ANNOTATION.items() if name not in ("area", "iscrowd")} | {"id": 0},
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}],
}


def held(records: Records) -> dict[str, Any]:
    """All that records hold, to compare."""
    (rows,) = records.boxes
    masks = [json.loads(mask) if isinstance(mask, bytes) else mask for mask in rows.masks or ()]
    columns = ("owner", "label", "values", "score", "area", "crowd", "state", "item")
    return {
        "references": repr(list(records.references)),
        "columns": {name: (getattr(rows, name).dtype, repr(getattr(rows, name).tolist())) for name in columns},
        "others": (rows.convention, rows.label_names, rows.defects, repr(masks), rows.masks is None),
        "records": (records.notes, records.names_all, records.phrases, records.questions, records.answers),
    }


def written(folder: Path, content: Any) -> Source:
    file = folder / "file.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return Source.at(file, folder)


def results_both_ways(source: Source, categories: dict[str, str]) -> tuple[Records | None, Records]:
    options = PredictionOptions(categories=categories)
    return regular_results(source, options), coco_records.prediction_records(read_json(source), source, options)


def check_ground_truth(source: Source) -> bool:
    """Whether the file is of the usual shape; fails where it is, and reading it record by record tells otherwise."""
    found = regular_ground_truth(source)
    if found is not None:
        value = read_json(source)
        assert held(found[0]) == held(coco_records.ground_truth_records(value, source))
        assert found[1] == coco_records.categories_of(value, source)
    return found is not None


def check_results(source: Source) -> bool:
    found = regular_results(source, OPTIONS)
    if found is not None:
        assert held(found) == held(coco_records.prediction_records(read_json(source), source, OPTIONS))
    return found is not None


@pytest.mark.parametrize(("name", "count"), [("instances_val2014_fakebbox100_results.json", 734)])
def test_real_results_are_the_same_either_way(real_data: Path, name: str, count: int) -> None:
    truth = Source.at(real_data / "coco100" / "instances_val2014_100.json")
    fast, slow = results_both_ways(
        Source.at(real_data / "coco100" / name), coco_records.categories_of(read_json(truth), truth)
    )
    assert fast is not None
    assert len(fast.boxes[0].owner) == count
    assert held(fast) == held(slow)


@pytest.mark.parametrize(
    ("name", "is_usual"),
    [
        ("coco100/instances_val2014_100.json", True),
        ("fce_small/gt_dataset.json", True),
        ("fce_small/gt_ignore_test.json", False),
        ("hotcoco_edge/gt.json", True),
        ("hotcoco_edge/edge_gt.json", True),
        ("hotcoco_edge/zero_gt.json", True),
        ("hotcoco_edge/healthcheck_bad.json", False),
        ("hotcoco_edge/healthcheck_quality.json", True),
    ],
)
def test_real_ground_truth_is_the_same_either_way(real_data: Path, name: str, is_usual: bool) -> None:
    assert check_ground_truth(Source.at(real_data / name)) == is_usual


@pytest.mark.parametrize(
    "results",
    [
        [],
        [BOX],
        [BOX, BOX | {"image_id": 2, "category_id": 3}, BOX | {"score": 1}],
        [{name: BOX[name] for name in ("image_id", "category_id", "bbox")}],
        [BOX | {"category_id": 8}, BOX | {"category_id": 0}, BOX | {"category_id": 8}],
        [BOX | {"unknown": {"field": [1]}}, BOX | {"unknown": "ä"}],
        [BOX, BOX | {"segmentation": MASK}, BOX | {"segmentation": RLE}],
        [BOX | {"segmentation": nothing} for nothing in (None, [], {}, "", 0, False)],
        [BOX | {"segmentation": odd} for odd in ([[]], [None], "text", 7, True)],
        [BOX | {"image_id": image} for image in (10**12, -3, 7.0, 0, -3)],
        [BOX | {"image_id": -0.0, "category_id": 1e0}],
        [BOX] * 20,
    ],
)
def test_usual_results_are_the_same_either_way(tmp_path: Path, results: list[dict[str, Any]]) -> None:
    fast, slow = results_both_ways(written(tmp_path, results), NAMES)
    assert fast is not None
    assert held(fast) == held(slow)


@pytest.mark.parametrize(
    "content",
    [
        [BOX | change]
        for change in (
            {"image_id": "7"},
            {"image_id": 7.5},
            {"image_id": True},
            {"image_id": 10**30},
            {"image_id": 2**53},
            {"bbox": [1, 2, 3]},
            {"bbox": [1, 2, 3, 4, 5]},
            {"bbox": [1, 2, -3, 4]},
            {"bbox": [1, 2, 1e16, 4]},
            {"bbox": None},
            {"score": "high"},
            {"score": None},
            {"score": np.nan},
        )
    ]
    + [
        {},
        [{}],
        {"images": [], "annotations": []},
        b"",
        b"[",
        b"[]]",
        json.dumps([BOX]).encode("utf-8-sig"),
        json.dumps([BOX | {"unknown": "ä"}], ensure_ascii=False).encode("latin-1"),
    ],
)
def test_other_results_are_left_to_be_read_box_by_box(tmp_path: Path, content: Any) -> None:
    assert regular_results(written(tmp_path, content), OPTIONS) is None


def test_a_file_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    absent = Source.at(tmp_path / "absent.json")
    for read in (lambda: regular_results(absent, OPTIONS), lambda: regular_ground_truth(absent)):
        with pytest.raises(FormatError, match=r"absent.json: cannot be read: No such file"):
            read()


def test_usual_ground_truth_is_the_same_either_way(tmp_path: Path) -> None:
    assert check_ground_truth(written(tmp_path, TRUTH))
    assert check_ground_truth(written(tmp_path, TRUTH | {"annotations": []}))
    assert check_ground_truth(written(tmp_path, {"images": [], "annotations": []}))
    assert check_ground_truth(written(tmp_path, json.dumps(TRUTH, indent=1, ensure_ascii=False).encode()))
    twice = json.dumps({"annotations": []})[:-1] + "," + json.dumps(TRUTH)[1:]
    assert check_ground_truth(written(tmp_path, twice.encode()))


@pytest.mark.parametrize(
    "change",
    [
        {"annotations": [ANNOTATION | change]}
        for change in (
            {"id": "1"},
            {"id": None},
            {"image_id": 77},
            {"category_id": 2},
            {"bbox": None},
            {"bbox": [1, 2, -3, 4]},
            {"bbox": [1, 2, 1e16, 4]},
            {"area": None},
            {"area": "large"},
            {"iscrowd": True},
        )
    ]
    + [
        {"annotations": [ANNOTATION, ANNOTATION]},
        {"annotations": {}},
        {"images": [{"id": 1}, {"id": 1}]},
        {"images": [{"id": 1, "file_name": 7}]},
        {"images": None},
        {"categories": [{"id": 1}]},
    ],
)
def test_other_ground_truth_is_left_to_be_read_box_by_box(tmp_path: Path, change: dict[str, Any]) -> None:
    assert regular_ground_truth(written(tmp_path, TRUTH | change)) is None


numbers = st.one_of(
    st.integers(-3, 12),
    st.floats(0, 100),
    st.sampled_from([1e-320, -0.0, 1e15, 0.1 + 0.2, 2**53 - 1, 123456789012345680]),
)
anything = st.one_of(
    numbers,
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.sampled_from([10**400, -(2**70), "},{", "\ud800", "7", np.inf, np.nan, [], {}, [[1, 2]], {"a": [{"b": 1}, {}]}]),
)


def damaged(draw: st.DrawFn, record: dict[str, Any]) -> dict[str, Any]:
    """``record``, sometimes with another value somewhere, or without it, or with a field more."""
    record = copy.deepcopy(record)
    if "bbox" in record and draw(st.booleans()):
        record["segmentation"] = draw(st.sampled_from([None, [], MASK, RLE]))
    if draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from([*record, "other", "segmentation"]))
        value = draw(anything)
        if name == "bbox" and draw(st.booleans()):
            record["bbox"][draw(st.integers(0, 3))] = value
        elif name in record and draw(st.booleans()):
            del record[name]
        else:
            record[name] = value
    return record


@st.composite
def json_text(draw: st.DrawFn, value: Any) -> bytes:
    """``value`` as JSON of some layout, sometimes with a piece of it gone or changed."""
    indent, separators = draw(
        st.sampled_from([(None, (",", ":")), (None, (", ", ": ")), (1, (",", ": ")), (None, (" ,\n", ": "))])
    )
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=draw(st.booleans())).encode(
        "utf-8", "surrogatepass"
    )
    if draw(st.integers(0, 3)) == 0:
        start = draw(st.integers(0, len(text)))
        other = draw(st.sampled_from([b"", b"\xff", b",", b"}", b"]", b"[", b"},{", b"0", b"\x00", b" ", b'"']))
        text = text[:start] + other + text[start + draw(st.integers(0, 3)) :]
    return text


@st.composite
def results_text(draw: st.DrawFn) -> bytes:
    boxes = draw(
        st.lists(st.tuples(st.sampled_from([7, 9, 2, 2000000]), st.integers(0, 3), *[numbers] * 5), max_size=20)
    )
    records = [
        damaged(draw, {"image_id": image, "category_id": label, "bbox": box, "score": score})
        for image, label, *box, score in boxes
    ]
    return draw(json_text(records))


@st.composite
def truth_text(draw: st.DrawFn) -> bytes:
    boxes = draw(st.lists(st.tuples(st.sampled_from([7, 9, 2000000]), st.integers(0, 3), *[numbers] * 5), max_size=20))
    annotations = [
        damaged(draw, ANNOTATION | {"id": place, "image_id": image, "category_id": label, "bbox": box, "area": area})
        for place, (image, label, *box, area) in enumerate(boxes)
    ]
    images = [damaged(draw, {"id": image, "file_name": f"{image}.jpg", "width": 9}) for image in (7, 2000000, 9)]
    categories = [damaged(draw, {"id": label, "name": f"class {label}"}) for label in range(4)]
    return draw(json_text(damaged(draw, {"images": images, "annotations": annotations, "categories": categories})))


often = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@often
@given(results_text(), st.sampled_from([1, 7, 100, 1 << 17]))
def test_any_results_are_the_same_either_way(tmp_path: Path, text: bytes, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_columns, "_CHUNK", chunk)
        source = written(tmp_path, text)
        try:
            slow = held(coco_records.prediction_records(read_json(source), source, OPTIONS))
        except FormatError:
            slow = None
        fast = regular_results(source, OPTIONS)
        assert fast is None or held(fast) == slow


@often
@given(truth_text(), st.sampled_from([1, 7, 100, 1 << 17]))
def test_any_ground_truth_is_the_same_either_way(tmp_path: Path, text: bytes, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_columns, "_CHUNK", chunk)
        source = written(tmp_path, text)
        fast = regular_ground_truth(source)
        if fast is not None:
            value = read_json(source)
            assert held(fast[0]) == held(coco_records.ground_truth_records(value, source))
            assert fast[1] == coco_records.categories_of(value, source)


READER = RecordReader(required=("n",), optional=("m",), four="box", text="text")


@given(
    st.lists(
        st.fixed_dictionaries({"n": st.integers(0, 9), "box": st.just([1, 2, 3, 4]), "text": anything, "z": anything})
    ),
    st.integers(1, 60),
)
@example([{"n": 1, "box": [1, 2, 3, 4], "z": '"},{"'}] * 2, 5)
def test_a_list_cut_anywhere_is_never_another_list(records: list[dict[str, Any]], size: int) -> None:
    text = json.dumps(records).encode()
    whole = READER.columns([text])
    cut = READER.columns([text[start : start + size] for start in range(0, len(text), size)])
    if cut is not None:
        assert whole is not None
        assert cut.numbers["n"].tolist() == whole.numbers["n"].tolist() == [record["n"] for record in records]
        assert cut.four.shape == (len(records), 4)
        assert (cut.text or []) == (whole.text or [])


@pytest.mark.parametrize("text", ['[{"n": 1, "box": [1, 2, 3, 4]}, ]', '[{"n": 1, "box": [1, 2, 3, 4]},,{}]', "[] []"])
def test_a_list_cut_anywhere_is_no_list_if_it_was_none(text: str) -> None:
    for size in range(1, len(text) + 1):
        assert READER.columns([text[start : start + size].encode() for start in range(0, len(text), size)]) is None


def test_a_long_list_is_read_in_pieces() -> None:
    records = [{"n": place, "box": [place, 1, 2, 3], "m": place / 3} for place in range(70_000)]
    text = json.dumps(records).encode()
    found = READER.columns(json_columns.chunks_of_text(memoryview(text)))
    whole = READER.columns([text])
    assert found is not None
    assert whole is not None
    for columns in (found, whole):
        assert columns.numbers["n"].tolist() == list(range(70_000))
        assert columns.numbers["m"].tolist() == [place / 3 for place in range(70_000)]
        assert columns.four[:, 0].tolist() == list(range(70_000))
        assert columns.text is None
