"""Numbers, yes and no, abstention; POPE's figures equal its script's, recorded in answers_official.json."""

import json
from pathlib import Path

import numpy as np
import pytest

from evalwidget.metrics.parsing import (
    POPE_FIGURES,
    abstained,
    abstains,
    numeric_accuracy,
    parsed_number,
    pope,
    pope_answer,
    yes_no_accuracy,
    yes_or_no,
)

RECORDED = json.loads((Path(__file__).parents[1] / "references" / "answers_official.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        ("There are three dogs.", 3),
        ("three (3)", 3),
        ("1,200 people", 1200),
        ("1,200,000.5", 1200000.5),
        ("-3.5", -3.5),
        ("−2", -2),
        ("It is 5.", 5),
        (".5", 0.5),
        ("12%", 12),
        ("2e3", 2000),
        ("$15", 15),
        ("none", 0),
        ("between 3 and 5", None),
        ("twenty-one", None),
        ("2D", None),
        ("v1.2.3", None),
        ("no idea", None),
        ("", None),
    ],
)
def test_numbers(text: str, number: float | None) -> None:
    assert parsed_number(text) == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes, there is no dog", "yes"),
        ("NO!", "no"),
        ("there is no dog", "no"),
        ("I think yes", "yes"),
        ("either yes or no", None),
        ("nothing", None),
        ("maybe", None),
        ("", None),
    ],
)
def test_yes_or_no(text: str, said: str | None) -> None:
    assert yes_or_no(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "I don't know",
        "I’m not sure.",
        "It cannot be determined from the image",
        "The image does not provide any information about it",
        "unanswerable",
        " ",
        "There is not enough information",
        "I can't tell",
    ],
)
def test_abstentions(text: str) -> None:
    assert abstains(text)


@pytest.mark.parametrize("text", ["no", "red", "I know", "clear", "It is clearly visible", "the sign says unknowable"])
def test_no_abstentions(text: str) -> None:
    assert not abstains(text)


def test_scores_of_what_answers_say() -> None:
    answers = ["three dogs", "4", "many", "3"]
    assert numeric_accuracy(answers, [("3",), ("3", "4"), ("3",), ("dogs",)])[:3].tolist() == [1, 1, 0]
    assert np.isnan(numeric_accuracy(["3"], [("dogs",)])).all()
    refs = [("yes", "no", "yes"), ("no",), ("yes",), ("yes", "no")]
    assert yes_no_accuracy(["Yes.", "yes", "dog", "yes"], refs)[:3].tolist() == [1, 0, 0]
    assert np.isnan(yes_no_accuracy(["yes"], [("yes", "no")])).all()
    assert abstained(["not sure", "red"], [("red",)] * 2).tolist() == [1, 0]


def test_pope_equals_its_script() -> None:
    assert len(RECORDED["pope"]) >= 50
    official = ("Accuracy", "Precision", "Recall", "F1 score", "Yes ratio")
    for poll in RECORDED["pope"]:
        found = pope(poll["answers"], [(label,) for label in poll["labels"]])
        assert [found[name] for name in POPE_FIGURES[:5]] == pytest.approx(
            [poll["figures"][name] for name in official], abs=1e-12
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [("NO", "yes"), ("No!", "yes"), ("Yes. No", "yes"), ("It is not", "no"), ("", "yes"), ("No, it", "no")],
)
def test_pope_s_reading(text: str, said: str) -> None:
    assert pope_answer(text) == said


def test_pope_leaves_out_other_questions_and_tells_unclear_answers() -> None:
    found = pope(["yes", "garbage", "red"], [("Yes",), ("no",), ("red",)])
    assert [found[name] for name in POPE_FIGURES] == pytest.approx([0.5, 0.5, 1, 2 / 3, 1, 0.5])
    assert all(np.isnan(value) for value in pope(["red"], [("red",)]).values())
