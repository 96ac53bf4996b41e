"""What a run's specimens, ground truth boxes and answers went through over its steps: learned, forgotten, never."""

from collections.abc import Sequence

import numpy as np

from evalwidget.metrics.learning import LEARNING_STATES, Learning, learning_over_steps
from evalwidget.scoring.correctness import NOT_EVALUATED, RIGHT, WRONG, Correctness
from evalwidget.scoring.evaluation import MATCHED, MISSED, Evaluation, Settings
from evalwidget.scoring.named_scores import score_of_answers, score_of_specimens

__all__ = [
    "LEARNING_STATES",
    "Learning",
    "learning_of_answers",
    "learning_of_boxes",
    "learning_of_specimens",
]


def learning_of_specimens(
    evaluation: Evaluation, settings: Settings, correctness: Correctness, steps: Sequence[int]
) -> Learning:
    """Of each specimen ``(s,)`` over ``steps``, ascending: right where its score reaches the threshold."""
    evaluation.take(steps, settings)
    name = correctness.score.name
    values = [score_of_specimens(evaluation, step, settings, name) for step in steps]
    found = np.array(values).reshape(len(steps), len(evaluation.data.specimens))
    return learning_over_steps(correctness.of(found), found)


def learning_of_boxes(evaluation: Evaluation, settings: Settings, steps: Sequence[int]) -> Learning:
    """Of each ground truth box ``(n,)`` over ``steps``, ascending: right where a prediction is matched with it. Its
    score is the IoU of the match, 0 where it is missed; crowd regions are never evaluated."""
    outcomes = evaluation.match(steps, settings)
    shape = len(steps), len(evaluation.data.ground_truth.boxes)
    outcome = np.array([of_step.truth_outcome for of_step in outcomes], np.uint8).reshape(shape)
    iou = np.array([of_step.truth_iou for of_step in outcomes]).reshape(shape)
    right = np.full(shape, NOT_EVALUATED, np.int8)
    right[outcome == MATCHED] = RIGHT
    right[outcome == MISSED] = WRONG
    return learning_over_steps(right, np.where(outcome == MISSED, 0, iou))


def learning_of_answers(
    evaluation: Evaluation, settings: Settings, correctness: Correctness, steps: Sequence[int]
) -> Learning:
    """Of each answer ``(q,)`` over ``steps``, ascending: right where its score reaches the threshold."""
    evaluation.take(steps, settings)
    values = [score_of_answers(evaluation, step, correctness.score.name) for step in steps]
    found = np.array(values).reshape(len(steps), len(evaluation.data.ground_truth.questions))
    return learning_over_steps(correctness.of(found), found)
