"""Requests and replies: every kind, every buffer, and what is said about a request that cannot be answered."""

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking import ask, check
from numpy.typing import NDArray
from PIL import Image

import evalwidget as ew
from evalwidget.metrics import BoxMetric
from evalwidget.widget import messages, protocol
from evalwidget.widget.protocol import OUTCOMES, STATUSES
from evalwidget.widget.server import answer, run_info

Write = Callable[..., Path]
FRACTIONS = [
    *("f1", "precision", "recall", "mean_iou"),
    *("recall_at_1", "recall_at_5", "recall_at_10", "accuracy_at_50"),
]


def phrase(name: str, *boxes: list[float], **more: Any) -> dict[str, Any]:
    return {"phrase": name, "boxes": list(boxes)} | more


@pytest.fixture
def folder(write_run: Write) -> Path:
    """Grounding at steps 10, 20, 30: a.png with its image, b.png without, c.png of unknown size and ground truth."""
    size = {"width": 64, "height": 48}
    truth = [
        {"image": "b.png", "phrases": [phrase("bird", [0, 0, 9, 9])]} | size,
        {
            "image": "a.png",
            "caption": "a cat",
            "phrases": [phrase("cat", [0, 0, 10, 10], [20, 20, 40, 40]), phrase("dog")],
        }
        | size,
        {"image": "c.png"},
    ]
    at_10 = [
        {
            "image": "a.png",
            "phrases": [phrase("dog", [5, 5, 9, 9]), phrase("cat", [0, 0, 10, 9], [1, 2, 3], scores=[0.5, 0.25])],
        },
        {"image": "c.png", "phrases": [phrase("cat", [0, 0, 30, 20.5])]},
    ]
    at_20 = [{"image": "a.png", "phrases": []}, {"image": "b.png", "phrases": [phrase("bird", [0, 0, 9, 9])]}]
    path = write_run(truth, {10: at_10, 20: at_20, 30: []}, {"steps_per_epoch": 10})
    (path / "images").mkdir()
    Image.new("RGB", (64, 48)).save(path / "images" / "a.png")
    return path


@pytest.fixture
def run(folder: Path) -> ew.Run:
    return ew.open_run(folder)


def ask_specimen(run: ew.Run, specimen: str | None, **fields: Any) -> tuple[Any, dict[str, NDArray[Any]]]:
    defaults = {"specimen": specimen, "index": None, "step": None, "all_steps": True, "image": False}
    reply, buffers = ask(run, "specimen", **(defaults | fields))
    if reply["kind"] != "error":
        n, s, m = len(buffers["truth_label"]), len(reply["steps"]), int(buffers["offsets"][-1])
        lengths = {
            "truth_corners": n * 4,
            "truth_label": n,
            "truth_crowd": n,
            "truth_outcome": s * n,
            "truth_iou": s * n,
            "truth_match": s * n,
            "offsets": s + 1,
            "corners": m * 4,
            "label": m,
            "score": m,
            "outcome": m,
            "iou": m,
        }
        assert {name: len(part) for name, part in buffers.items() if name != "image"} == lengths
        for name in ("statuses", "invalid", "outputs"):
            assert len(reply[name]) == s
        assert {*buffers["truth_label"], *buffers["label"]} == set(range(len(reply["labels"])))
    return reply, buffers


def test_what_the_front_end_knows_first(run: ew.Run) -> None:
    info = run_info(run._evaluation, run.notes)
    check(info, protocol.RunInfo, "RunInfo")
    assert info == {
        "name": run.name,
        "task": "phrase grounding",
        "steps": [10, 20, 30],
        "epochs": [1, 2, 3],
        "specimens": 3,
        "scores": [
            *({"name": name, "direction": "higher", "bounds": (0, 1)} for name in FRACTIONS),
            {"name": "true_positives", "direction": "higher", "bounds": None},
            {"name": "false_positives", "direction": "lower", "bounds": None},
            {"name": "false_negatives", "direction": "lower", "bounds": None},
        ],
        "modes": info["modes"],
        "good": info["good"],
        "notes": [],
        "other": None,
    }
    json.dumps(info, allow_nan=False)


@pytest.mark.parametrize("rows", [[0, 1], [2, 0], [1], []])
def test_names_of_rows_in_the_order_asked_for(run: ew.Run, rows: list[int]) -> None:
    reply, buffers = ask(run, "names", rows=rows)
    assert (reply["names"], buffers) == ([["b.png", "a.png", "c.png"][row] for row in rows], {})


def test_ranks_of_identifiers(run: ew.Run) -> None:
    reply, buffers = ask(run, "ranks")
    assert reply["buffers"] == ["ranks"]
    assert buffers["ranks"].tolist() == [1, 0, 2]


def test_scores(run: ew.Run) -> None:
    reply, buffers = ask(run, "scores", step=10, score="f1")
    assert reply["notes"] == ["step 10: 1 specimens not evaluated, 1 invalid predictions"]
    assert (reply["step"], reply["buffers"]) == (10, ["scores", "statuses"])
    # a.png: 1 of 2 found and 1 extra, so F1 is 2 / 4
    assert buffers["scores"].tolist() == pytest.approx([np.nan, 0.5, np.nan], nan_ok=True)
    assert [STATUSES[code] for code in buffers["statuses"]] == ["missing", "ok", "no_ground_truth"]
    assert [STATUSES[code] for code in buffers["statuses"]] == run.scores(10)["status"].tolist()


def centre_distance(truth: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hypot(*((truth[:, :2] + truth[:, 2:] - found[:, :2] - found[:, 2:]) / 2).T)


@pytest.fixture
def measured(run: ew.Run) -> ew.Run:
    """The run with a metric of its own, of which less is better."""
    return run.add_metric(BoxMetric("centre_distance", centre_distance, "lower"))


def test_every_score_offered_equals_those_of_the_tables(measured: ew.Run) -> None:
    offered = run_info(measured._evaluation, [], "grec_f1")["scores"]
    assert {"name": "centre_distance", "direction": "lower", "bounds": None} in offered
    names = [score["name"] for score in offered]
    assert {*names} >= {"centre_distance", "grec_f1", "f1", "recall_at_5", "false_negatives"}
    summary = measured.summary(metrics=["grec_f1"])
    for name in names:
        for step in measured.steps:
            _, buffers = ask(measured, "scores", step=step, score=name)
            expected = measured.scores(step, metrics=["grec_f1"])[name].astype(float)
            np.testing.assert_array_equal(buffers["scores"], expected.to_numpy(np.float32), name)
        reply, _ = ask(measured, "summary", steps=measured.steps, score=name)
        assert reply["steps"] == measured.steps
        np.testing.assert_array_equal(np.array(reply["values"], float), summary[name].to_numpy(float, na_value=np.nan))


def test_a_summary_that_takes_long_is_given_in_parts(run: ew.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOMENT_S", -1.0)
    reply, _ = ask(run, "summary", steps=[20, 30], score="recall")
    assert (reply["steps"], reply["values"]) == ([20], [1 / 3])
    assert ask(run, "summary", steps=[], score="recall")[0]["values"] == []


def test_an_own_metric_that_is_infinite_or_raises(run: ew.Run) -> None:
    def broken(truth: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
        raise ZeroDivisionError("no boxes")

    run.add_metric(BoxMetric("endless", lambda truth, found: np.full(len(truth), np.inf)))
    run.add_metric(BoxMetric("broken", broken))
    assert ask(run, "summary", steps=[10], score="endless")[0]["values"] == [None]
    for kind, fields in (("scores", {"step": 10}), ("summary", {"steps": [10]})):
        reply, _ = ask(run, kind, score="broken", **fields)
        assert (reply["kind"], reply["message"]) == ("error", "ZeroDivisionError: no boxes")


def test_a_specimen_at_all_steps(run: ew.Run) -> None:
    reply, buffers = ask_specimen(run, "a.png", image=True)
    assert (reply["specimen"], reply["index"], reply["caption"], reply["annotated"]) == ("a.png", 1, "a cat", True)
    assert (reply["size"], reply["size_known"]) == ((64, 48), True)
    assert reply["steps"] == [10, 20, 30]
    assert reply["statuses"] == ["ok", "no_prediction", "missing"]
    assert (reply["outputs"], reply["questions"]) == ([None] * 3, [])
    assert (reply["image"]["state"], reply["image"]["mime"]) == ("ok", "image/png")
    assert Image.open(io.BytesIO(buffers["image"].tobytes())).size == (64, 48)
    assert buffers["truth_corners"].reshape(-1, 4).tolist() == [[0, 0, 10, 10], [20, 20, 40, 40]]
    assert [OUTCOMES[code] for code in buffers["truth_outcome"]] == [
        *("matched", "missed"),
        *("missed", "missed"),
        *("unscored", "unscored"),
    ]
    assert buffers["truth_iou"].tolist() == pytest.approx([0.9] + [np.nan] * 5, nan_ok=True)
    assert buffers["truth_match"].tolist() == [1, -1, -1, -1, -1, -1]
    assert buffers["offsets"].tolist() == [0, 3, 3, 3]
    assert [OUTCOMES[code] for code in buffers["outcome"]] == ["extra", "matched", "invalid"]
    assert buffers["score"].tolist() == pytest.approx([np.nan, 0.5, np.nan], nan_ok=True)
    assert buffers["iou"].tolist() == pytest.approx([np.nan, 0.9, np.nan], nan_ok=True)


def test_corners_of_an_invalid_prediction_are_nan_and_it_is_kept_raw(run: ew.Run) -> None:
    reply, buffers = ask_specimen(run, "a.png")
    corners = buffers["corners"].reshape(-1, 4)
    assert np.isnan(corners).all(axis=1).tolist() == [False, False, True]
    assert corners[1].tolist() == [0, 0, 10, 9]
    assert reply["invalid"] == [
        [
            {
                "state": "wrong_number_of_coordinates",
                "message": "predictions/step-000010.jsonl:1: phrases[1].boxes[1]: expected 4 numbers, got 3",
                "raw": "[1, 2, 3]",
            }
        ],
        [],
        [],
    ]


def test_labels_are_numbered_within_the_reply(run: ew.Run) -> None:
    reply, buffers = ask_specimen(run, "a.png")
    assert [label["text"] for label in reply["labels"]] == ["cat", "dog"]
    assert buffers["truth_label"].tolist() == [0, 0]
    assert buffers["label"].tolist() == [1, 0, 0]
    other, _ = ask_specimen(run, "b.png")
    assert [label["text"] for label in other["labels"]] == ["bird"]
    assert other["labels"][0]["colour"] not in [label["colour"] for label in reply["labels"]]


def test_a_label_has_one_colour_in_every_reply(run: ew.Run) -> None:
    at_a, _ = ask_specimen(run, "a.png")
    at_c, _ = ask_specimen(run, "c.png")
    assert at_c["labels"] == [label for label in at_a["labels"] if label["text"] == "cat"]


def test_a_specimen_of_unknown_size_and_ground_truth(run: ew.Run) -> None:
    reply, buffers = ask_specimen(run, "c.png")
    assert (reply["size"], reply["size_known"], reply["annotated"]) == ((30, 21), False, False)
    assert reply["statuses"] == ["no_ground_truth", "missing", "missing"]
    assert [OUTCOMES[code] for code in buffers["outcome"]] == ["unscored"]
    empty, _ = ask_specimen(run, "c.png", all_steps=False, step=30)
    assert (empty["steps"], empty["size"], empty["size_known"]) == ([10, 20, 30], (30, 21), False)


def test_a_specimen_of_unknown_size_with_nothing_but_invalid_boxes(write_run: Write) -> None:
    run = ew.open_run(
        write_run([{"image": "a.png", "phrases": []}], {1: [{"image": "a.png", "phrase": "cat", "box": [1]}]})
    )
    reply, _ = ask_specimen(run, "a.png")
    assert (reply["size"], reply["size_known"]) == ((1, 1), False)


def test_fractions_of_an_image_of_unknown_size_stay_fractions(write_run: Write) -> None:
    record = {"image": "a.png", "phrase": "cat", "box": [0.25, 0.5, 0.75, 1]}
    reply, buffers = ask_specimen(ew.open_run(write_run([record], {1: [record]})), "a.png")
    assert (reply["size"], reply["size_known"]) == ((1, 1), False)
    assert buffers["corners"].tolist() == [0.25, 0.5, 0.75, 1]


def test_a_specimen_by_its_row(run: ew.Run) -> None:
    assert ask_specimen(run, None, index=1)[0]["specimen"] == "a.png"
    assert ask_specimen(run, None, index=2.0)[0]["specimen"] == "c.png"
    assert ask_specimen(run, "b.png", index=1)[0]["specimen"] == "b.png"


@pytest.mark.parametrize(("asked", "state"), [(True, "missing"), (False, "not_asked")])
def test_an_image_that_is_not_there_or_not_asked_for(run: ew.Run, asked: bool, state: str) -> None:
    reply, buffers = ask_specimen(run, "b.png", image=asked)
    assert reply["image"]["state"] == state
    assert bool(reply["image"]["message"]) == asked
    assert len(buffers["image"]) == 0
    assert reply["size"] == (64, 48)


def test_an_image_that_cannot_be_read(folder: Path) -> None:
    (folder / "images" / "c.png").write_bytes(b"no image")
    reply, buffers = ask_specimen(ew.open_run(folder), "c.png", image=True)
    assert reply["image"] == {"state": "unreadable", "message": "not an image of a known format", "mime": ""}
    assert len(buffers["image"]) == 0


def test_the_size_comes_from_the_image_where_the_data_give_none(folder: Path) -> None:
    Image.new("L", (33, 44)).save(folder / "images" / "c.png")
    reply, _ = ask_specimen(ew.open_run(folder), "c.png")
    assert (reply["size"], reply["size_known"]) == ((33, 44), True)


def test_without_all_steps_nothing_is_read_but_the_step_asked_for(folder: Path) -> None:
    run = ew.open_run(folder)
    (folder / "predictions" / "step-000020.jsonl").write_text("{broken")
    assert ask_specimen(run, "a.png", all_steps=False)[0]["steps"] == []
    assert ask_specimen(run, "c.png", all_steps=False)[0]["size"] == (1, 1)
    assert ask_specimen(run, "a.png", all_steps=False, step=30)[0]["steps"] == [30]
    first, buffers = ask_specimen(run, "a.png", all_steps=False, step=10)
    assert first["steps"] == [10, 30]
    assert buffers["offsets"].tolist() == [0, 3, 3]
    reply, _ = ask_specimen(run, "a.png", all_steps=True)
    assert reply["kind"] == "error"
    assert reply["message"].startswith("predictions/step-000020.jsonl:1: malformed JSON")


def test_matches_are_places_among_the_predictions_of_their_step(run: ew.Run) -> None:
    matches = run.matches()
    for specimen in ("a.png", "b.png"):
        reply, buffers = ask_specimen(run, specimen)
        pairs = buffers["truth_match"].reshape(len(reply["steps"]), -1)
        for step, of_step, first in zip(reply["steps"], pairs, buffers["offsets"], strict=False):
            rows = matches[(matches.step == step) & (matches.specimen == specimen) & matches.ground_truth_x1.notna()]
            matched = (rows.status == "matched").to_numpy()
            if len(rows):
                assert ((of_step >= 0) == matched).all()
            found = buffers["corners"].reshape(-1, 4)[first + of_step[of_step >= 0]]
            corners = rows[matched][[f"prediction_{name}" for name in ("x1", "y1", "x2", "y2")]]
            np.testing.assert_array_equal(found, corners.to_numpy(np.float32))
    assert ask_specimen(run, "b.png")[1]["truth_match"].tolist() == [-1, 0, -1]


@pytest.fixture
def other(write_run: Write) -> ew.Run:
    """A run over a.png and d.png whose labels come in another order, with one that it alone predicts."""
    truth = [
        {"image": "a.png", "phrase": "cat", "box": [0, 0, 10, 10]},
        {"image": "d.png", "phrase": "dog", "box": [0, 0, 9, 9]},
    ]
    found = [{"image": "a.png", "phrases": [phrase("cat", [0, 0, 10, 8]), phrase("cow", [1, 1, 5, 5])]}]
    return ew.open_run(write_run(truth, {7: found}, {"name": "other"}))


def test_a_specimen_of_the_other_run_by_its_identifier_in_the_runs_colours(run: ew.Run, other: ew.Run) -> None:
    info = run_info(run._evaluation, [], other=other._data)
    check(info, protocol.RunInfo, "RunInfo")
    assert info["other"] == {"name": other.name, "steps": [7], "epochs": [None]}
    fields = {"of": "other", "specimen": "a.png", "index": None, "step": 7, "all_steps": True, "image": False}
    reply, buffers = ask(run, "specimen", other, **fields)
    assert (reply["specimen"], reply["index"], reply["steps"]) == ("a.png", 0, [7])
    assert buffers["truth_match"].tolist() == [0]
    own, _ = ask_specimen(run, "a.png")
    colours = {label["text"]: label["colour"] for label in own["labels"]}
    assert {label["text"]: label["colour"] for label in reply["labels"]}["cat"] == colours["cat"]
    alone, _ = ask_specimen(other, "a.png")
    assert [label["text"] for label in alone["labels"]] == ["cat", "cow"]
    assert reply["labels"] != alone["labels"]


def test_what_the_other_run_lacks(run: ew.Run, other: ew.Run) -> None:
    def message(beside: ew.Run | None, of: Any, specimen: str) -> str:
        reply, _ = ask(run, "specimen", beside, of=of, specimen=specimen, index=None, step=None, all_steps=True)
        return str(reply["message"])

    assert message(other, "other", "b.png") == f"the run {other.name!r} does not have this specimen"
    assert message(other, "other", "e.png") == "specimen 'e.png' is not in the run, which has a.png, d.png …"
    assert message(None, "other", "a.png") == "request: of: expected 'run', got 'other'"
    assert message(other, None, "a.png") == "request: of: expected 'run' or 'other', got None"


def test_answers(write_run: Write) -> None:
    truth = [
        {
            "image": "a.png",
            "questions": [
                {"item": "q1", "question": "How many?", "answers": ["two", "2"]},
                {"item": "q2", "question": "Where?", "answers": []},
            ],
        }
    ]
    at_1 = [{"image": "a.png", "questions": [{"item": "q1", "answer": "two cats"}, {"item": "q2", "answer": "there"}]}]
    at_2 = [{"image": "a.png", "item": "q1", "output": "no JSON"}]
    run = ew.open_run(write_run(truth, {1: at_1, 2: at_2}, {"output_format": "vi"}))
    scores = run_info(run._evaluation, [])["scores"]
    assert [score["name"] for score in scores][:3] == ["exact_match", "token_f1", "bleu"]
    assert [score["bounds"] for score in scores] == [(0, 1), (0, 1), (0, 100), *[(0, 1)] * 5]
    reply, buffers = ask_specimen(run, "a.png")
    assert buffers["truth_outcome"].size == 0
    assert reply["outputs"] == [None, "no JSON"]
    first, second = reply["questions"]
    assert (first["item"], first["question"], first["references"]) == ("q1", "How many?", ["two", "2"])
    scored, unreadable = first["answers"]
    assert (scored["state"], scored["text"], scored["raw"], scored["exact_match"]) == ("ok", "two cats", None, 0)
    assert scored["token_f1"] == pytest.approx(2 / 3)
    assert unreadable == {
        "state": "unparsable",
        "text": None,
        "raw": "no JSON",
        "exact_match": 0,
        "token_f1": 0,
        "bleu": 0,
    }
    there, absent = second["answers"]
    assert (there["text"], there["exact_match"], there["bleu"]) == ("there", None, None)
    assert absent is None


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"kind": "cats"}, "request 'cats': expected one of findings, labels, learning, mode_counts"),
        ({"kind": None}, "request None: expected one of"),
        ({"kind": ["names"]}, r"request ['names']: expected one of"),
        ({}, "request None: expected one of"),
        ({"kind": "names"}, "request: rows: expected a list of whole numbers, got None"),
        ({"kind": "names", "rows": 1}, "request: rows: expected a list of whole numbers, got 1"),
        ({"kind": "names", "rows": ["0"]}, "request: rows: expected a whole number, got '0'"),
        ({"kind": "names", "rows": [True]}, "request: rows: expected a whole number, got True"),
        ({"kind": "names", "rows": [0.5]}, "request: rows: expected a whole number, got 0.5"),
        ({"kind": "names", "rows": [float("nan")]}, ""),
        ({"kind": "names", "rows": [0, 3]}, "specimen row 3: the run has 3 specimens"),
        ({"kind": "names", "rows": [-1]}, "specimen row -1: the run has 3 specimens"),
        ({"kind": "scores", "score": "f1"}, "request: step: expected a whole number, got None"),
        ({"kind": "scores", "step": 7, "score": "f1"}, "step 7 is not recorded; the run has 10, 20, 30"),
        ({"kind": "scores", "step": 10}, "request: score: expected a name, got None"),
        (
            {"kind": "scores", "step": 10, "score": "cats"},
            "metric 'cats': run 'run1' (phrase grounding) has f1",
        ),
        (
            {"kind": "scores", "step": 10, "score": "anls"},
            "metric 'anls': run 'run1' (phrase grounding) has f1",
        ),
        ({"kind": "summary", "score": "f1"}, "request: steps: expected a list of whole numbers, got None"),
        ({"kind": "summary", "steps": [7], "score": "f1"}, "step 7 is not recorded; the run has 10, 20, 30"),
        ({"kind": "summary", "steps": [10], "score": ["f1"]}, "request: score: expected a name, got ['f1']"),
        ({"kind": "summary", "steps": [10], "score": "cats"}, "metric 'cats': run 'run1' (phrase grounding) has"),
        (
            {"kind": "specimen", "specimen": "d.png"},
            "specimen 'd.png' is not in the run, which has b.png, a.png, c.png",
        ),
        ({"kind": "specimen", "specimen": ["a.png"]}, "specimen ['a.png'] is not in the run"),
        ({"kind": "specimen", "specimen": 7}, "specimen 7 is not in the run"),
        ({"kind": "specimen", "specimen": None}, "request: index: expected a whole number, got None"),
        ({"kind": "specimen", "specimen": None, "index": 3}, "specimen row 3: the run has 3 specimens"),
        ({"kind": "specimen", "specimen": None, "index": -1}, "specimen row -1: the run has 3 specimens"),
        ({"kind": "specimen", "specimen": "a.png", "step": 7}, "step 7 is not recorded; the run has 10, 20, 30"),
        ({"kind": "specimen", "specimen": "a.png", "step": "10"}, "step '10' is not recorded"),
        ({"kind": "specimen", "specimen": "a.png", "step": [10]}, "step [10] is not recorded"),
    ],
)
def test_a_request_that_cannot_be_answered_gets_an_error_reply(
    run: ew.Run, request_: dict[str, Any], message: str
) -> None:
    reply, buffers = answer({"id": "x"} | request_, run._evaluation)
    assert (reply["id"], reply["kind"], buffers) == ("x", "error", [])
    assert message in reply["message"]
    assert reply["message"]


@pytest.mark.parametrize("request_", [None, 7, "names", [], {"id": 7, "kind": "names"}])
def test_what_is_no_request_gets_an_error_reply_without_an_id(run: ew.Run, request_: Any) -> None:
    reply, buffers = answer(request_, run._evaluation)
    assert (reply["id"], reply["kind"], buffers) == ("", "error", [])


def test_text_of_the_data_passes_through_as_text(write_run: Write) -> None:
    script = "<script>alert(1)</script>"
    record = {"specimen": script, "image": "a.png", "phrase": script, "box": [0, 0, 5, 5], "caption": script}
    reply, _ = ask_specimen(ew.open_run(write_run([record], {1: [record]})), script)
    assert (reply["specimen"], reply["caption"], reply["labels"][0]["text"]) == (script, script, script)


def test_several_threads_get_the_same_replies(real_data: Path) -> None:
    base = real_data / "coco100"
    results = base / "instances_val2014_fakebbox100_results.json"

    def opened() -> ew.Run:
        return ew.open_run(ground_truth=base / "instances_val2014_100.json", predictions={1: results, 2: results})

    one, many = opened(), opened()
    names = one.specimens[:24]
    expected = [ask_specimen(one, name) for name in names]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: ask_specimen(many, name), names))
    for (reply, buffers), (other, others) in zip(expected, found, strict=True):
        assert reply == other
        assert {name: part.tobytes() for name, part in buffers.items()} == {
            name: part.tobytes() for name, part in others.items()
        }


def test_answers_in_a_run_of_boxes_have_no_scores(write_run: Write) -> None:
    """The task that the caller states need not be that of all records: what it does not score has no score."""
    row = {"image": "a.jpg", "width": 9, "height": 9, "question": "q", "answer": "yes"}
    run = ew.open_run(write_run([row], {1: [row]}), task="object detection").load()
    reply, _ = ask_specimen(run, None, index=0)
    (found,) = reply["questions"][0]["answers"]
    assert (found["text"], found["exact_match"], found["bleu"]) == ("yes", None, None)
