"""What counts as right, and the sums behind each score."""

import numpy as np
import pytest

import evalwidget as ew
from evalwidget.metrics import TextMetric
from evalwidget.metrics.counting import ratio
from evalwidget.scoring.correctness import NOT_EVALUATED, RIGHT, WRONG, correctness_of
from evalwidget.scoring.evaluation import Settings
from evalwidget.scoring.named_scores import named_scores, score_of_specimens, score_of_step, sums_of_specimens


@pytest.mark.parametrize("name", ["grounding", "vqa"])
def test_sums_give_the_scores(name: str) -> None:
    evaluation = ew.demo_run(name).load()._evaluation
    for step in evaluation.data.steps:
        for score in named_scores(evaluation):
            if score.bounds is None:
                continue
            part, whole = sums_of_specimens(evaluation, step, Settings(), score.name)
            of_specimens = score_of_specimens(evaluation, step, Settings(), score.name)
            np.testing.assert_allclose(ratio(part, whole), of_specimens, rtol=1e-12)
            of_step = score_of_step(evaluation, step, Settings(), score.name)
            np.testing.assert_allclose(part.sum() / whole.sum() if whole.sum() else np.nan, of_step, rtol=1e-12)


def test_a_count_has_no_sums_of_a_ratio() -> None:
    evaluation = ew.demo_run("grounding")._evaluation
    with pytest.raises(ew.EvalWidgetError, match="got a count"):
        sums_of_specimens(evaluation, evaluation.data.steps[0], Settings(), "false_positives")


def test_a_threshold_is_reached_from_either_side() -> None:
    run = ew.demo_run("vqa").add_metric(TextMetric("length", lambda answers, _: [len(a) for a in answers], "lower"))
    values = np.array([0.0, 0.5, 1.0, np.nan])
    assert correctness_of(run._evaluation).of(values).tolist() == [WRONG, RIGHT, RIGHT, NOT_EVALUATED]
    assert correctness_of(run._evaluation, "bleu").threshold == 50
    assert correctness_of(run._evaluation, "length", 0.5).of(values).tolist() == [RIGHT, RIGHT, WRONG, NOT_EVALUATED]


def test_what_cannot_be_a_threshold_is_told() -> None:
    evaluation = ew.demo_run("grounding")._evaluation
    with pytest.raises(ew.EvalWidgetError, match="metric 'false_positives' has no bounds"):
        correctness_of(evaluation, "false_positives")
    with pytest.raises(ew.EvalWidgetError, match="threshold: expected a finite number, got nan"):
        correctness_of(evaluation, threshold=float("nan"))
    with pytest.raises(ew.UnknownNameError):
        correctness_of(evaluation, "unheard_of")
