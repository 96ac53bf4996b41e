"""Metrics that need a model or a service: semantic similarity, BERTScore, a judge. Nothing of it is loaded until used.

Each is computed once for each distinct pair of texts of a run, and vectors once for each distinct text.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.metric import TextMetric

__all__ = ["JUDGE_PROMPT", "bert_score", "judge", "semantic", "sentence_transformer"]

#: What ``judge`` asks, unless told otherwise.
JUDGE_PROMPT: Final = (
    "Grade an answer to a question about an image. You see the question, the reference answers and the answer, not the "
    "image.\nQuestion: {question}\nReference answers: {references}\nAnswer: {answer}\n"
    "How right is the answer, from 0 (wrong) to 1 (says the same as a reference)? Reply with the number alone."
)
_GRADE: Final = re.compile(r"(?<![\w.,-])(?:0|1|[01]?\.\d+|[01]\.)(?![\w,]|\.\d)")

Embed = Callable[[Sequence[str]], Any]


def semantic(embed: Embed, name: str = "semantic") -> TextMetric:
    """Semantic similarity: the cosine, -1 to 1, between the vectors of answer and reference; the best over the
    references.

    ``embed`` turns ``n`` texts into vectors ``(n, d)`` of any length, such as ``sentence_transformer(…)``; it is called
    with distinct texts that it has not seen. The cosine with a vector of zeros is 0. Source: Reimers and Gurevych 2019
    use the cosine so; sentence-transformers' ``cos_sim`` is the same.
    """
    vectors: dict[str, NDArray[np.float64]] = {}

    def best_cosine(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
        asked = dict.fromkeys([*answers, *(text for texts in references for text in texts)])
        new = [text for text in asked if text not in vectors]
        if new:
            vectors.update(zip(new, _unit_vectors(name, embed(new), len(new)), strict=True))
        return np.array(
            [
                max(float(vectors[answer] @ vectors[reference]) for reference in texts)
                for answer, texts in zip(answers, references, strict=True)
            ],
            np.float64,
        )

    return TextMetric(name, best_cosine)


def _unit_vectors(name: str, found: Any, count: int) -> NDArray[np.float64]:
    try:
        vectors = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        raise EvalWidgetError(f"metric {name}: embed: expected vectors ({count}, d), got {found!r:.80}") from None
    if vectors.ndim != 2 or len(vectors) != count:
        raise EvalWidgetError(f"metric {name}: embed: expected vectors ({count}, d), got the shape {vectors.shape}")
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return unit


def sentence_transformer(model: str, *, batch_size: int = 64, device: str | None = None) -> Embed:
    """A function from texts to vectors for ``semantic``: a sentence-transformers model, by path or name.

    The model is loaded at the first call. A path needs no network; a name is looked up on the Hugging Face hub by
    sentence-transformers unless ``HF_HUB_OFFLINE=1``. Needs ``pip install evalwidget[semantic]``; without it, raises
    ``EvalWidgetError`` when called.
    """
    loaded: list[Any] = []

    def embed(texts: Sequence[str]) -> Any:
        if not loaded:
            try:
                from sentence_transformers import SentenceTransformer
            except ImportError as error:
                raise _missing_extra("semantic", error) from error
            loaded.append(SentenceTransformer(model, device=device))
        return loaded[0].encode(list(texts), batch_size=batch_size, show_progress_bar=False)

    return embed


def bert_score(
    model: str, layer: int, *, name: str = "bert_score", batch_size: int = 64, device: str | None = None
) -> TextMetric:
    """BERTScore's F1: words of answer and reference paired greedily by the cosine of their vectors in context; the best
    over the references. At most 1, and in practice far above 0 for any two texts: no baseline rescaling.

    ``model`` is a path to a Hugging Face model (or a name, looked up on the hub unless ``HF_HUB_OFFLINE=1``), ``layer``
    the number of hidden layers used: the reference's "num_layers". No inverse document frequencies. The score of a
    blank text is 0.

    Source: Zhang et al. 2020, the package bert-score 0.3, which is called. Figures of its default models
    (roberta-large, layer 17) are not tested here. Needs ``pip install evalwidget[bertscore]``; without it, raises
    ``EvalWidgetError`` when scored.
    """
    loaded: list[Any] = []

    def best_f1(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
        if not loaded:
            loaded.append(_bert_scorer(model, layer, batch_size, device))
        best = np.zeros(len(answers))
        pairs = [
            (row, answer, reference)
            for row, (answer, texts) in enumerate(zip(answers, references, strict=True))
            for reference in texts
            if answer.strip() and reference.strip()
        ]
        distinct = list(dict.fromkeys((answer, reference) for _, answer, reference in pairs))
        if distinct:
            f1 = loaded[0].score([pair[0] for pair in distinct], [pair[1] for pair in distinct])[2]
            of_pair = dict(zip(distinct, f1.tolist(), strict=True))
            for row, answer, reference in pairs:
                best[row] = max(best[row], of_pair[answer, reference])
        return best

    return TextMetric(name, best_f1)


def _bert_scorer(model: str, layer: int, batch_size: int, device: str | None) -> Any:
    try:
        from bert_score import BERTScorer
    except ImportError as error:
        raise _missing_extra("bertscore", error) from error
    return BERTScorer(model_type=model, num_layers=layer, batch_size=batch_size, device=device)


def _missing_extra(extra: str, error: ImportError) -> EvalWidgetError:
    return EvalWidgetError(f"{error}: pip install 'evalwidget[{extra}]'")


def judge(ask: Callable[[list[str]], Sequence[str]], *, prompt: str = JUDGE_PROMPT, name: str = "judge") -> TextMetric:
    """A language model's grade of each answer, 0 to 1.

    ``ask`` turns ``n`` prompts into ``n`` replies; it is yours, and so are the model, its cost and what is sent to it.
    ``prompt`` may hold ``{question}``, ``{references}`` (joined by " | ") and ``{answer}``. The grade is the first
    number from 0 to 1 in the reply; a reply without one is NA, not 0. Grades depend on the model and prompt and are no
    figures of a benchmark: MM-Vet and LLaVA's reviews have prompts and scales of their own.
    """

    def grades(
        answers: Sequence[str], references: Sequence[tuple[str, ...]], questions: Sequence[str]
    ) -> NDArray[np.float64]:
        prompts = [
            _filled(prompt, {"question": question, "references": " | ".join(texts), "answer": answer})
            for answer, texts, question in zip(answers, references, questions, strict=True)
        ]
        replies = list(ask(prompts))
        if len(replies) != len(prompts):
            raise EvalWidgetError(f"metric {name}: expected {len(prompts)} replies, got {len(replies)}")
        found = [_GRADE.search(str(reply)) for reply in replies]
        return np.array([np.nan if grade is None else float(grade.group()) for grade in found], np.float64)

    return TextMetric(name, grades, sees_question=True)


def _filled(prompt: str, fields: dict[str, str]) -> str:
    """``prompt`` with its fields filled in one go, so that braces in an answer stay what they are."""
    return re.sub(r"\{(question|references|answer)\}", lambda field: fields[field.group(1)], prompt)
