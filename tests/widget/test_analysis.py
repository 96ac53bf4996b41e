"""What the list and the analysis ask: trends, learning, search, phrases, failure modes and findings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import traitlets
from asking import ask
from numpy.typing import NDArray

import evalwidget as ew
from evalwidget.guide import MODES
from evalwidget.metrics import TextMetric
from evalwidget.widget import messages
from evalwidget.widget.eval_widget import EvalWidget
from evalwidget.widget.protocol import HEALTHY, LEARNING_STATES
from evalwidget.widget.server import answer, run_info

Write = Callable[..., Path]
STEPS = [10, 20, 30]
#: Answers of each specimen at the steps; img4 is not evaluated at step 20, img5 at none.
ANSWERS: dict[str, list[str | None]] = {
    "img1": ["cat", "dog", "cat"],
    "img2": ["no idea", "Straße", "a bird"],
    "img3": ["dog", "dog", "dog"],
    "img4": ["horse", None, "dog"],
    "img5": [None, None, None],
}


@pytest.fixture
def asked() -> ew.Run:
    """Questions of which the answer is a dog: img1 learned and forgotten, img2 never, img3 always, img4 learned."""
    names = list(ANSWERS)
    truth = pd.DataFrame({"specimen": names, "question": "Which ANIMAL is it?", "answer": "dog"})
    rows = [
        {"step": step, "specimen": name, "answer": text}
        for name, texts in ANSWERS.items()
        for step, text in zip(STEPS, texts, strict=True)
        if text is not None
    ]
    return ew.Run.from_frames(truth, pd.DataFrame(rows))


def boxes(shift: dict[str, int], **more: Any) -> pd.DataFrame:
    """A box of 40 x 40 a specimen, moved by some pixels to the right."""
    names = list(shift)
    by = np.array(list(shift.values()))
    frame = pd.DataFrame({"specimen": names, "phrase": ["cat", "cat", "dog"][: len(names)], "x1": by, "y1": 0})
    return frame.assign(x2=frame["x1"] + 40, y2=40, width=400, height=100, **more)


@pytest.fixture
def boxed() -> ew.Run:
    """Two cats and a dog: all found at step 2; at step 1 img1 is found, img2 is missed and something else predicted
    there, img3 is not evaluated."""
    truth = boxes({"img1": 0, "img2": 0, "img3": 0})
    at_1 = boxes({"img1": 0, "img2": 200}, step=1)
    return ew.Run.from_frames(truth, pd.concat([at_1, truth.assign(step=2)]))


def rows_found(run: ew.Run, text: str, label: str | None = None) -> list[str]:
    _, buffers = ask(run, "search", text=text, label=label)
    return [run.specimens[row] for row in buffers["rows"].tolist()]


def test_trends_are_the_scores_of_the_tables(asked: ew.Run) -> None:
    rows = [2, 0, 4]
    reply, buffers = ask(asked, "trends", score="token_f1", rows=rows, steps=STEPS)
    assert reply["steps"] == STEPS
    scores = asked.scores().pivot(index="specimen", columns="step", values="token_f1")
    expected = scores.loc[[asked.specimens[row] for row in rows], STEPS].to_numpy(np.float32, na_value=np.nan)
    np.testing.assert_array_equal(buffers["trends"].reshape(3, 3), expected)
    assert np.isnan(expected).sum() == 3
    assert ask(asked, "trends", score="token_f1", rows=[], steps=STEPS)[1]["trends"].size == 0


def test_what_takes_long_is_given_in_parts(asked: ew.Run, boxed: ew.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOMENT_S", -1.0)
    reply, buffers = ask(asked, "trends", score="token_f1", rows=[0, 1], steps=[20, 30])
    assert (reply["steps"], buffers["trends"].tolist()) == ([20], [1, 0])
    assert ask(asked, "learning", score="token_f1")[0] == {"id": "tab1-7", "kind": "learning", "read": 1, "buffers": []}
    # the answers of step 10, and what belongs to no step
    assert ask(asked, "search", text="dog", label=None)[0]["read"] == 1
    assert rows_found(asked, "horse") == ["img4"]
    assert rows_found(asked, "straße") == []
    assert ask(boxed, "mode_counts", steps=[2, 1])[0]["steps"] == [2]
    assert ask(boxed, "findings", index=0, steps=[2, 1])[0]["steps"] == [2]


def test_learning_is_that_of_the_table(asked: ew.Run) -> None:
    reply, buffers = ask(asked, "learning", score="token_f1")
    assert reply["read"] == 3
    table = asked.learning("token_f1").set_index("specimen").loc[asked.specimens]
    assert [LEARNING_STATES[code] for code in buffers["learning"]] == table["state"].tolist()
    assert table["state"].tolist() == ["forgotten", "never_learned", "always_right", "learned", "not_evaluated"]
    steps = [None if np.isnan(place) else STEPS[int(place)] for place in buffers["learned_at"]]
    assert steps == [None if pd.isna(step) else step for step in table["learned_at"]] == [20, None, 10, 30, None]
    assert buffers["forgetting"].tolist() == pytest.approx([1, 0, 0, 0, np.nan], nan_ok=True)


def test_learning_by_a_score_without_bounds_says_what_is_the_matter(asked: ew.Run) -> None:
    def words(answers: list[str], references: list[list[str]]) -> NDArray[np.float64]:
        return np.array([float(len(text.split())) for text in answers])

    asked.add_metric(TextMetric("words", words))
    reply, _ = ask(asked, "learning", score="words")
    assert (reply["kind"], "metric 'words' has no bounds" in reply["message"]) == ("error", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IMG2", ["img2"]),
        ("animal", list(ANSWERS)),
        ("dog", list(ANSWERS)),
        ("CAT", ["img1"]),
        ("strasse", ["img2"]),
        ("idea", ["img2"]),
        ("a bird", ["img2"]),
        ("a  bird", []),
        (".*", []),
        ("<script>", []),
        ("", list(ANSWERS)),
    ],
)
def test_text_is_found_whatever_its_case_and_nothing_in_it_is_special(
    asked: ew.Run, text: str, expected: list[str]
) -> None:
    assert rows_found(asked, text) == expected


def test_captions_and_phrases_are_found_also_those_of_what_is_absent(write_run: Write) -> None:
    truth = [
        {"image": "a.jpg", "caption": "Zwei Hunde", "phrases": [{"phrase": "the left dog", "boxes": [[0, 0, 9, 9]]}]},
        {"image": "b.jpg", "phrases": [{"phrase": "a unicorn", "boxes": []}]},
    ]
    run = ew.open_run(write_run(truth, {1: truth}))
    assert rows_found(run, "hunde") == ["a.jpg"]
    assert rows_found(run, "LEFT") == ["a.jpg"]
    assert rows_found(run, "unicorn") == ["b.jpg"]
    assert rows_found(run, "jpg", "the left dog") == ["a.jpg"]
    reply, _ = ask(run, "search", text="", label="a unicorn")
    assert reply["message"] == "label 'a unicorn': no specimen has a ground truth box of this phrase or class"


def test_no_step_is_read_to_find_text_where_there_are_no_answers(write_run: Write) -> None:
    record = {"image": "a.jpg", "phrase": "cat", "box": [0, 0, 5, 5]}
    run = ew.open_run(write_run([record], {1: [record], 2: [record]}))
    assert rows_found(run, "cat") == ["a.jpg"]
    assert not any(run._data.is_loaded(step) for step in run.steps)


def test_phrases_with_the_number_of_their_specimens(boxed: ew.Run) -> None:
    reply, _ = ask(boxed, "labels", text="")
    assert (reply["labels"], reply["total"]) == (
        [{"text": "cat", "specimens": 2}, {"text": "dog", "specimens": 1}],
        2,
    )
    assert ask(boxed, "labels", text="DO")[0]["labels"] == [{"text": "dog", "specimens": 1}]
    assert ask(boxed, "labels", text="horse")[0]["total"] == 0
    assert rows_found(boxed, "", "cat") == ["img1", "img2"]
    assert rows_found(boxed, "img2", "cat") == ["img2"]


def test_of_many_phrases_the_most_frequent_are_listed() -> None:
    names = [f"thing {place}" for place in range(60)]
    truth = pd.DataFrame({"specimen": [f"{i}" for i in range(60)] + ["x"], "phrase": [*names, "thing 59"]})
    truth = truth.assign(x1=0, y1=0, x2=5, y2=5, width=9, height=9)
    run = ew.Run.from_frames(truth, truth.assign(step=1))
    reply, _ = ask(run, "labels", text="")
    assert (len(reply["labels"]), reply["total"]) == (50, 60)
    assert reply["labels"][0] == {"text": "thing 59", "specimens": 2}


def test_failure_modes_of_every_specimen_and_of_every_step(boxed: ew.Run) -> None:
    keys = [mode["key"] for mode in run_info(boxed._evaluation, [])["modes"]]
    assert keys == [mode.key for mode in MODES if mode.of == "boxes" or mode.key == "format_error"]
    table = boxed.diagnose()
    for step in boxed.steps:
        _, buffers = ask(boxed, "modes", step=step)
        at_step = table[table["step"] == step]
        for row, name in enumerate(boxed.specimens):
            found = {key for bit, key in enumerate(keys) if buffers["modes"][row] >> bit & 1}
            assert found == set(at_step.loc[at_step["specimen"] == name, "mode"]), (step, name)
        assert buffers["judged"].tolist() == ([1, 1, 0] if step == 1 else [1, 1, 1])
        reply, _ = ask(boxed, "mode_counts", steps=[step])
        counts = [int((at_step["mode"] == key).sum()) for key in keys]
        assert (reply["counts"], reply["judged"]) == ([counts], [2 if step == 1 else 3])
    assert ask(boxed, "mode_counts", steps=[1])[0]["counts"][0][keys.index("missed_detection")] == 1


def test_findings_of_a_specimen_at_all_steps(boxed: ew.Run) -> None:
    reply, _ = ask(boxed, "findings", index=1, steps=[2, 1])
    assert reply["steps"] == [2, 1]
    healthy, failing = reply["findings"]
    assert (healthy["judged"], healthy["findings"]) == (True, [])
    criteria = boxed.good_criteria(2).set_index("specimen").loc["img2"].drop("step")
    met = criteria[criteria.fillna(False).astype(bool)].index.to_list()
    assert healthy["good"] == met == ["tight", "everything_found", "few_false_positives"]
    assert failing["good"] == []
    table = boxed.diagnose(1)
    expected = table[table["specimen"] == "img2"]
    assert [one["mode"] for one in failing["findings"]] == ["missed_detection", "false_positive"]
    for one, (_, row) in zip(failing["findings"], expected.iterrows(), strict=True):
        assert (one["mode"], one["evidence"], one["severity"]) == (row["mode"], row["evidence"], row["severity"])
        assert (one["ground_truth"], one["prediction"]) == (row["ground_truth"], row["prediction"])
    absent = ask(boxed, "findings", index=2, steps=[1])[0]["findings"]
    assert absent == [{"judged": False, "findings": [], "good": []}]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"kind": "trends", "score": "f1", "rows": [9], "steps": [1]}, "specimen row 9: the run has 3 specimens"),
        ({"kind": "trends", "score": "f1", "rows": [0], "steps": [7]}, "step 7 is not recorded; the run has 1, 2"),
        ({"kind": "trends", "score": "cats", "rows": [0], "steps": [1]}, "metric 'cats': run '"),
        ({"kind": "learning", "score": "cats"}, "metric 'cats': run '"),
        ({"kind": "search", "text": None, "label": None}, "request: text: expected a name, got None"),
        ({"kind": "search", "text": "", "label": "horse"}, "label 'horse': no specimen has a ground truth box"),
        ({"kind": "search", "text": "", "label": ["cat"]}, "label ['cat']: no specimen has a ground truth box"),
        ({"kind": "labels", "text": 7}, "request: text: expected a name, got 7"),
        ({"kind": "modes", "step": 7}, "step 7 is not recorded; the run has 1, 2"),
        ({"kind": "mode_counts", "steps": 1}, "request: steps: expected a list of whole numbers, got 1"),
        ({"kind": "findings", "index": 3, "steps": [1]}, "specimen row 3: the run has 3 specimens"),
        ({"kind": "findings", "index": 0, "steps": [7]}, "step 7 is not recorded; the run has 1, 2"),
    ],
)
def test_a_request_that_cannot_be_answered_gets_an_error_reply(
    boxed: ew.Run, request_: dict[str, Any], message: str
) -> None:
    reply, sent = answer({"id": "x"} | request_, boxed._evaluation, diagnosis=boxed._diagnosis)
    assert (reply["id"], reply["kind"], sent) == ("x", "error", [])
    assert message in reply["message"]


FILTERS_REFUSED = [
    ("cats", "filter: expected a dict with keys among text, label, learning, mode, got 'cats'"),
    ({"phrase": "cat"}, "filter 'phrase': expected one of text, label, learning, mode"),
    ({"text": 7}, "filter: text: expected text, got 7"),
    ({"label": "horse"}, "filter: label 'horse': no ground truth box is of this phrase or class"),
    ({"learning": "lost"}, "filter: learning 'lost': expected one of not_evaluated, never_learned"),
    ({"mode": "hallucination"}, "filter: mode 'hallucination': expected one of loose_box, .*, format_error, none"),
]


@pytest.mark.parametrize(("wanted", "message"), FILTERS_REFUSED)
def test_a_filter_that_cannot_be_is_refused(boxed: ew.Run, wanted: Any, message: str) -> None:
    with pytest.raises(ew.UnknownNameError, match=message):
        boxed.compare(filter=wanted)
    widget = boxed.compare()
    error = message if isinstance(wanted, dict) else "dict"
    with pytest.raises(traitlets.TraitError, match=error):
        widget.filter = wanted
    assert widget.filter == {}
    widget.close()


def test_a_filter_can_be_given_set_and_observed(boxed: ew.Run) -> None:
    widget = boxed.compare(filter={"text": "img", "label": "", "mode": HEALTHY})
    assert isinstance(widget, EvalWidget)
    assert (widget.filter, widget.specimen) == ({"text": "img", "mode": "none"}, None)
    seen: list[dict[str, str]] = []
    widget.observe(lambda change: seen.append(change["new"]), "filter")
    widget.filter = {"learning": "forgotten", "label": "cat"}
    widget.filter = {}
    assert seen == [{"learning": "forgotten", "label": "cat"}, {}]
    widget.close()
