"""Text scores equal SQuAD's, sacrebleu's, rouge_score's, anls', rapidfuzz' and pix2struct's."""

import json
import re
import string
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anls as reference_anls
import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz
from references.texts import question_answers
from rouge_score import rouge_scorer

from evalwidget.metrics import bleu, text

ROUGE = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
RECORDED = json.loads((Path(__file__).parents[1] / "references" / "answers_official.json").read_text("utf-8"))


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


def squad_exact(answer: str, references: tuple[str, ...]) -> float:
    return float(squad_normalised(answer) in map(squad_normalised, references))


Reference = Callable[[str, tuple[str, ...]], float]
REFERENCES: dict[str, tuple[Any, Reference]] = {
    "exact_match": (text.exact_match, squad_exact),
    "token_f1": (text.token_f1, lambda answer, refs: max(squad_f1(answer, ref) for ref in refs)),
    "sentence_bleu": (bleu.sentence_bleu, lambda answer, refs: sacrebleu.sentence_bleu(answer, list(refs)).score),
    "anls": (text.anls, lambda answer, refs: reference_anls.anls_score(answer, list(refs))),
    "rouge_l": (text.rouge_l, lambda answer, refs: ROUGE.score_multi(list(refs), answer)["rougeL"].fmeasure),
    "string_similarity": (
        text.string_similarity,
        lambda answer, refs: max(
            fuzz.ratio(" ".join(answer.lower().split()), " ".join(ref.lower().split())) / 100 for ref in refs
        ),
    ),
}
CASES = question_answers(11, 3000)


@pytest.mark.parametrize("name", REFERENCES)
def test_scores_equal_the_references(name: str) -> None:
    ours, reference = REFERENCES[name]
    found = ours([answer for answer, _ in CASES], [refs for _, refs in CASES])
    expected = [reference(answer, refs) for answer, refs in CASES]
    assert len(set(expected)) > 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    if name == "sentence_bleu":
        assert found.tolist() == expected


def expands(letter: str) -> bool:
    """A letter that is several in upper case, which the package anls counts in the length."""
    return len(letter.upper()) > 1 or len(letter.lower().upper()) > len(letter.lower())


words = st.lists(
    st.sampled_from(["a", "The", "red", "car,", "car", "RED", "an", "don't", "3.5", "…", "É", "&amp;", "\u00a0x", "."]),
    max_size=7,
)
letters = st.text(st.characters(exclude_categories=["Cs"]).filter(lambda letter: not expands(letter)), max_size=15)
answers = st.one_of(words.map(" ".join), letters)


@settings(deadline=None)
@given(st.lists(st.tuples(answers, st.lists(answers, min_size=1, max_size=4).map(tuple)), max_size=5))
def test_scores_equal_the_references_on_any_text(pairs: list[tuple[str, tuple[str, ...]]]) -> None:
    for ours, reference in REFERENCES.values():
        found = ours([answer for answer, _ in pairs], [refs for _, refs in pairs])
        np.testing.assert_allclose(found, [reference(*pair) for pair in pairs], rtol=0, atol=1e-12)


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
    assert text.token_f1([answer], [(reference,)]) == pytest.approx([f1])


@pytest.mark.parametrize("name", REFERENCES)
def test_without_references_a_score_is_0_and_without_answers_there_is_none(name: str) -> None:
    ours = REFERENCES[name][0]
    assert ours(["x", "y"], [(), ("y",)])[0] == 0
    assert ours([], []).shape == (0,)


def test_anls_at_half_the_length_is_0() -> None:
    assert text.anls(["ab", "abc"], [("ax",), ("abx",)]).tolist() == [0, pytest.approx(2 / 3)]


def test_anls_counts_letters_where_the_reference_counts_those_in_upper_case() -> None:
    assert text.anls(["ßab"], [("ßac",)]) == pytest.approx([1 - 1 / 3])
    assert reference_anls.anls_score("ßab", ["ßac"]) == pytest.approx(1 - 1 / 4)


def test_sentence_and_corpus_bleu_differ_for_short_answers() -> None:
    short = (["red car", "blue"], [("red car",), ("blue",)])
    assert bleu.sentence_bleu(*short) == pytest.approx([100, 100])
    assert bleu.corpus_bleu(*short) == 0


@pytest.mark.parametrize("references", [1, 2, 10])
def test_corpus_bleu_equals_sacrebleu(references: int) -> None:
    answers, given_references = zip(*question_answers(12, 400, references), strict=True)
    expected = sacrebleu.corpus_bleu(list(answers), [list(column) for column in zip(*given_references, strict=True)])
    assert 0 < expected.score < 100
    assert bleu.corpus_bleu(answers, given_references) == expected.score


def test_corpus_bleu_of_nothing_is_nan() -> None:
    assert np.isnan(bleu.corpus_bleu([], []))


def test_relaxed_accuracy_equals_pix2struct() -> None:
    cases = RECORDED["relaxed"]
    found = text.relaxed_accuracy([answer for answer, _, _ in cases], [(target,) for _, target, _ in cases])
    wrong = [case for case, score in zip(cases, found, strict=True) if score != case[2]]
    assert wrong == []
    assert len(cases) > 1000
    assert 50 < sum(right for *_, right in cases) < len(cases) / 2


@pytest.mark.parametrize(
    ("answer", "reference", "right"),
    [("105", "100", 1), ("106", "100", 0), ("5%", "0.05", 1), ("5", "5%", 0), ("0.0", "0", 0), ("Blue", "blue", 1)],
)
def test_relaxed_accuracy_by_hand(answer: str, reference: str, right: float) -> None:
    assert text.relaxed_accuracy([answer], [("none", reference)]).tolist() == [right]
