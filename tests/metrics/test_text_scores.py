"""Exact match and token F1 equal SQuAD's, BLEU equals sacrebleu's."""

import re
import string
from collections import Counter

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from evalwidget.metrics.text import exact_match, normalised_answer, sentence_bleu, token_f1


def squad_normalised(text: str) -> str:
    """``normalize_answer`` of SQuAD's evaluate-v1.1.py, as it stands there."""
    lowered = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", lowered).split())


def squad_f1(prediction: str, truth: str) -> float:
    """``compute_f1`` of SQuAD 2.0's evaluate-v2.0.py, as it stands there."""
    found, wanted = squad_normalised(prediction).split(), squad_normalised(truth).split()
    same = sum((Counter(found) & Counter(wanted)).values())
    if not found or not wanted:
        return float(found == wanted)
    if same == 0:
        return 0.0
    precision, recall = same / len(found), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


words = st.lists(
    st.sampled_from(["a", "The", "red", "car,", "car", "RED", "an", "don't", "3.5", "…", "É", "ﬁ", "\u00a0x", "."]),
    max_size=7,
)
answers = st.one_of(words.map(" ".join), st.text(max_size=15))


@settings(deadline=None)
@given(answers, st.lists(answers, max_size=4))
def test_scores_equal_the_reference_implementations(answer: str, references: list[str]) -> None:
    assert normalised_answer(answer) == squad_normalised(answer)
    matches = [squad_normalised(answer) == squad_normalised(reference) for reference in references]
    assert exact_match(answer, references) == max(matches, default=0)
    expected = max((squad_f1(answer, reference) for reference in references), default=0.0)
    assert token_f1(answer, references) == pytest.approx(expected, abs=1e-12)
    if references:
        assert sentence_bleu(answer, references) == sacrebleu.sentence_bleu(answer, references).score


@pytest.mark.parametrize(
    ("answer", "reference", "f1"),
    [
        ("A red car.", "the red car", 1.0),
        ("red", "red car", 2 / 3),
        ("car car", "car", 2 / 3),
        ("blue", "red car", 0.0),
        ("", "red", 0.0),
        ("the", "a", 1.0),
    ],
)
def test_token_f1_by_hand(answer: str, reference: str, f1: float) -> None:
    assert token_f1(answer, [reference]) == pytest.approx(f1)


def test_short_answers_have_full_bleu() -> None:
    assert sentence_bleu("red car", ["red car"]) == pytest.approx(100)
