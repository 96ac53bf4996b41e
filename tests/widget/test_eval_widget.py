"""The widget's traits and its channel, without a browser."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import traitlets

import evalwidget as ew
from evalwidget.widget.eval_widget import EvalWidget

Write = Callable[..., Path]


@pytest.fixture
def run(write_run: Write) -> ew.Run:
    truth = [{"image": name, "phrase": "cat", "box": [0, 0, 5, 5]} for name in ("a.jpg", "b.jpg")]
    return ew.open_run(write_run(truth, {10: truth, 20: truth}))


@pytest.fixture
def widget(run: ew.Run) -> Iterator[EvalWidget]:
    widget = run.compare()
    yield widget
    widget.close()


def test_it_starts_at_the_last_step_and_the_first_specimen(run: ew.Run, widget: EvalWidget) -> None:
    assert (widget.step, widget.specimen, widget._height) == (20, "a.jpg", 560)
    assert widget._run["steps"] == [10, 20]
    other = run.compare(10, "b.jpg", height=300)
    assert (other.step, other.specimen, other._height) == (10, "b.jpg", 300)
    other.close()


def test_step_and_specimen_can_be_set_to_what_the_run_has_only(widget: EvalWidget) -> None:
    widget.step, widget.specimen = 10, "b.jpg"
    with pytest.raises(traitlets.TraitError, match=r"step 15 is not recorded; the run has \[10, 20\]"):
        widget.step = 15
    with pytest.raises(traitlets.TraitError, match=r"specimen 'c.jpg' is not in the run"):
        widget.specimen = "c.jpg"
    assert (widget.step, widget.specimen) == (10, "b.jpg")


def test_score_and_sorting_can_be_set_to_what_the_list_offers_only(run: ew.Run, widget: EvalWidget) -> None:
    assert (widget.score, widget.sort_by, widget.sort_reversed) == ("f1", "order", False)
    widget.score, widget.sort_by, widget.sort_reversed = "false_positives", "score", True
    with pytest.raises(traitlets.TraitError, match="score 'cats' is not offered; the list has f1, precision, recall"):
        widget.score = "cats"
    with pytest.raises(traitlets.TraitError, match=r"expected any of \['order', 'identifier', 'score', 'change'"):
        widget.sort_by = "f1"
    assert (widget.score, widget.sort_by, widget.sort_reversed) == ("false_positives", "score", True)
    other = run.compare(score="recall", sort_by="identifier", sort_reversed=True)
    assert (other.score, other.sort_by, other.sort_reversed) == ("recall", "identifier", True)
    assert other.specimen is None  # until a view has sorted its list
    other.close()
    with pytest.raises(ew.UnknownNameError, match="sort_by: expected one of order, identifier, score, change"):
        run.compare(sort_by="f1")


def test_the_step_to_compare_with_is_one_of_the_run(run: ew.Run, widget: EvalWidget) -> None:
    assert widget.compare_step is None
    assert widget._run["other"] is None
    seen: list[Any] = []
    widget.observe(lambda change: seen.append(change["new"]), "compare_step")
    widget.compare_step = 10
    with pytest.raises(traitlets.TraitError, match=r"compare_step 15 is not recorded; the run .* has \[10, 20\]"):
        widget.compare_step = 15
    widget.compare_step = None
    assert seen == [10, None]
    beside = run.compare(compare_step=10)
    assert (beside.step, beside.compare_step) == (20, 10)
    beside.close()
    with pytest.raises(ew.UnknownNameError, match="step 15 is not recorded; the run has 10, 20"):
        run.compare(compare_step=15)
    with pytest.raises(ew.EvalWidgetError, match="other_step: expected other="):
        run.compare(other_step=10)


def test_another_run_is_compared_at_its_own_steps(run: ew.Run, write_run: Write) -> None:
    truth = [{"image": "b.jpg", "phrase": "cat", "box": [0, 0, 5, 5]}]
    other = ew.open_run(write_run(truth, {7: truth, 9: truth}, {"name": "other"}))
    widget = run.compare(other=other)
    assert (widget.step, widget.compare_step) == (20, 9)
    assert widget._run["other"] == {"name": other.name, "steps": [7, 9], "epochs": [None, None]}
    widget.compare_step = 7
    with pytest.raises(traitlets.TraitError, match=r"compare_step 20 is not recorded; the run 'other' has \[7, 9\]"):
        widget.compare_step = 20
    widget.close()
    at_first = run.compare(other=other, other_step=7)
    assert at_first.compare_step == 7
    at_first.close()
    with pytest.raises(ew.UnknownNameError, match="step 20 is not recorded; the run has 7, 9"):
        run.compare(other=other, other_step=20)
    with pytest.raises(ew.EvalWidgetError, match="with other=, other_step= is the step to compare with"):
        run.compare(other=other, compare_step=10)


def test_another_run_over_other_specimens_or_of_another_task_is_refused(run: ew.Run, write_run: Write) -> None:
    elsewhere = [{"image": "z.jpg", "phrase": "cat", "box": [0, 0, 5, 5]}]
    other = ew.open_run(write_run(elsewhere, {7: elsewhere}, {"name": "other"}))
    with pytest.raises(ew.EvalWidgetError, match=r"'other' has none of this run's, which are such as .*a\.jpg"):
        run.compare(other=other)
    asked = [{"image": "a.jpg", "question": "What?", "answer": "cat"}]
    texts = ew.open_run(write_run(asked, {7: asked}, {"name": "texts"}))
    with pytest.raises(ew.EvalWidgetError, match=r"other: expected a run of the task .*, got 'texts'"):
        run.compare(other=texts)


def test_a_run_refuses_a_widget_at_what_it_does_not_have(run: ew.Run) -> None:
    with pytest.raises(ew.UnknownNameError, match="step 15 is not recorded; the run has 10, 20"):
        run.compare(15)
    with pytest.raises(ew.UnknownNameError, match=r"specimen 'c.jpg' is not in the run"):
        run.compare(specimen="c.jpg")


def test_a_widget_that_was_refused_is_gone_without_a_word(run: ew.Run) -> None:
    with pytest.raises(traitlets.TraitError, match="step 15 is not recorded"):
        EvalWidget(run._evaluation, step=15)
    gc.collect()  # what is said while deleting would be a warning here, and so an error


def test_steps_are_not_read_to_make_a_widget(run: ew.Run, widget: EvalWidget) -> None:
    assert not any(run._data.is_loaded(step) for step in run.steps)


def test_the_channel_answers_requests(widget: EvalWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, list[bytes]]] = []
    channel = widget._data
    monkeypatch.setattr(channel, "send", lambda reply, buffers: sent.append((reply, buffers)))
    channel._handle_custom_msg({"id": "1", "kind": "names", "rows": [0, 1]}, [])
    channel._handle_custom_msg({"id": "2", "kind": "cats"}, [])
    assert sent[0] == ({"id": "1", "kind": "names", "names": ["a.jpg", "b.jpg"]}, [])
    assert sent[1][0]["kind"] == "error"


def test_closing_it_closes_its_channel(run: ew.Run) -> None:
    widget = run.compare()
    channel = widget._data
    widget.close()
    assert widget.comm is None
    assert channel.comm is None
    widget.close()


def test_a_request_that_was_sent_again_is_answered_once(widget: EvalWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict] = []
    channel = widget._channel
    monkeypatch.setattr(channel, "send", lambda reply, buffers: sent.append(reply))
    for request in (
        {"id": "view:0", "kind": "names", "rows": [0, 1]},
        {"id": "view:1", "kind": "names", "rows": [0]},
        {"id": "view:0", "kind": "names", "rows": [0, 1]},
        "not a request",
    ):
        channel._reply(channel, request, [])
    assert [reply["id"] for reply in sent] == ["view:0", "view:1", ""]
    assert [reply["kind"] for reply in sent] == ["names", "names", "error"]


def test_being_shown_in_the_sidebar_is_asked_for_until_a_page_answers(widget: EvalWidget) -> None:
    assert widget._sidebar_asked is False
    widget.show_in_sidebar()
    assert widget._sidebar_asked is True
    widget.set_state({"_sidebar_asked": False})
    assert widget._sidebar_asked is False
