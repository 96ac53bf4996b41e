"""VQA accuracy equals the official script's, recorded in tests/references/vqa_official.json."""

import json
from pathlib import Path

import numpy as np
import pytest

from evalwidget.metrics.vqa import FEWEST_REFERENCES, vqa_accuracy, vqa_normalised

RECORDED = json.loads((Path(__file__).parents[1] / "references" / "vqa_official.json").read_text("utf-8"))


def test_normalisation_equals_the_official_one() -> None:
    wrong = [case for case in RECORDED["normalised"] if vqa_normalised(case[0]) != case[1]]
    assert wrong == []
    assert sum(text != normalised for text, normalised in RECORDED["normalised"]) > 900


@pytest.mark.parametrize("ten", [True, False])
def test_accuracy_equals_the_official_one(ten: bool) -> None:
    cases = [case for case in RECORDED["accuracy"] if (len(case[1]) == 10) == ten]
    found = vqa_accuracy([case[0] for case in cases], [tuple(case[1]) for case in cases])
    expected = [case[2] if len(case[1]) >= FEWEST_REFERENCES else np.nan for case in cases]
    assert len(cases) > 400
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_the_ladder() -> None:
    other = tuple("bcdefghijk")
    ladder = [vqa_accuracy(["a"], [("a",) * agree + other[agree:]])[0] for agree in range(11)]
    assert ladder == pytest.approx([0, 0.3, 0.6, 0.9, *[1] * 7])
    of_five = [vqa_accuracy(["a"], [("a",) * agree + other[agree:5]])[0] for agree in range(6)]
    assert of_five == pytest.approx([0, 4 / 15, 8 / 15, 0.8, 1, 1])


def test_ten_references_alike_are_not_normalised() -> None:
    assert vqa_accuracy(["Yes", "yes", "yes\n"], [("yes",) * 10] * 3).tolist() == [0, 1, 1]
    assert vqa_accuracy(["Yes"], [("yes",) * 9 + ("no",)]).tolist() == [1]


def test_fewer_than_four_references_give_no_score() -> None:
    assert np.isnan(vqa_accuracy(["yes"] * 3, [("yes",) * count for count in (1, 2, 3)])).all()


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("1,000", "1000"),
        ("left/right", "left right"),
        ("left / right", "left right"),
        ("t-shirt, red", "t shirt red"),
        ("1,000 t-shirts", "1000 tshirts"),
        ("3.", "3"),
        ("3.5", "3.5"),
        ("a.b", "ab"),
        ("The Two dogs dont", "2 dogs don't"),
        ("im", "im"),
        ("somebody'd", "somebodyd"),
        ("." * 34 + "x", "..x"),
    ],
)
def test_quirks(text: str, normalised: str) -> None:
    assert vqa_normalised(text) == normalised
