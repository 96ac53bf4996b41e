"""Metrics that need a model or a service: semantic similarity, BERTScore, a judge. Nothing of it is loaded until used.

Each is computed once for each distinct pair of texts of a run, and vectors once for each distinct text.
"""

import re
from collections import defaultdict
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
_GRADE: Final = re.compile(r"(?<![\w.,-])(?:0?\.\d+|1\.0*|[01])(?![\w,]|\.\d)")

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
    model: str, layer: int, *, name: str = "bert_score", batch_size: int = 64, device: str = "cpu"
) -> TextMetric:
    """BERTScore's F1: tokens of answer and reference paired greedily by the cosine of their vectors in context; the
    best over the references. At most 1, and with most models far above 0 for any two texts: no baseline rescaling.

    ``model`` is a path to a Hugging Face model (or a name, looked up on the hub unless ``HF_HUB_OFFLINE=1``), ``layer``
    the number of hidden layers used: the reference's "num_layers". No inverse document frequencies; the two special
    tokens may be paired with and weigh nothing. The score of a blank text is 0.

    Source: Zhang et al. 2020. Tokens and vectors come from the package bert-score 0.3. Its own scorer pads a batch's
    texts to one length with tokens of cosine 0, so a token whose cosines are all negative counts 0 or less, depending
    on what else is in the batch; here, as in its batches of one, such a token counts what it is. Figures of its default
    models (roberta-large, layer 17) are not tested here. Needs ``pip install evalwidget[bertscore]``; without it,
    raises ``EvalWidgetError`` when scored.
    """
    loaded: list[Callable[[list[str]], list[_Tokens]]] = []

    def best_f1(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
        if not loaded:
            loaded.append(_token_vectors(model, layer, batch_size, device))
        texts = dict.fromkeys([*answers, *(text for texts in references for text in texts)])
        # texts of like length in one batch need the least padding
        asked = sorted((text for text in texts if text.strip()), key=len)
        vectors = dict(zip(asked, loaded[0](asked), strict=True))
        known: dict[tuple[str, str], float] = {}
        best = np.zeros(len(answers))
        for row, (answer, of_row) in enumerate(zip(answers, references, strict=True)):
            for reference in of_row:
                if answer in vectors and reference in vectors:
                    pair = (answer, reference)
                    if pair not in known:
                        known[pair] = _greedy_f1(vectors[answer], vectors[reference])
                    best[row] = max(best[row], known[pair])
        return best

    return TextMetric(name, best_f1)


#: Unit vectors (t, d) of a text's tokens, and the weight of each.
_Tokens = tuple[NDArray[np.float32], NDArray[np.float32]]


def _greedy_f1(answer: _Tokens, reference: _Tokens) -> float:
    cosines = answer[0] @ reference[0].T
    found, wanted = answer[1].sum(), reference[1].sum()
    if not found or not wanted:
        return 0.0
    precision = float(cosines.max(axis=1) @ answer[1]) / found
    recall = float(cosines.max(axis=0) @ reference[1]) / wanted
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def _token_vectors(model: str, layer: int, batch_size: int, device: str) -> Callable[[list[str]], list[_Tokens]]:
    """A function from texts to the vectors of their tokens."""
    try:
        from bert_score.utils import get_bert_embedding, get_model, get_tokenizer
    except ImportError as error:
        raise _missing_extra("bertscore", error) from error
    tokenizer, encoder = get_tokenizer(model), get_model(model, layer).to(device)
    weights = defaultdict(lambda: 1.0, {tokenizer.sep_token_id: 0.0, tokenizer.cls_token_id: 0.0})

    def vectors(texts: list[str]) -> list[_Tokens]:
        found: list[_Tokens] = []
        for first in range(0, len(texts), batch_size):
            batch = texts[first : first + batch_size]
            states, mask, weight = (
                part.cpu().numpy() for part in get_bert_embedding(batch, encoder, tokenizer, weights, device=device)
            )
            for row in range(len(batch)):
                there = mask[row].astype(np.bool_)
                own = states[row][there]
                found.append((own / np.linalg.norm(own, axis=1, keepdims=True), weight[row][there]))
        return found

    return vectors


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

    return TextMetric(name, grades, sees_question=True, bounds=(0.0, 1.0))


def _filled(prompt: str, fields: dict[str, str]) -> str:
    """``prompt`` with its fields filled in one go, so that braces in an answer stay what they are."""
    return re.sub(r"\{(question|references|answer)\}", lambda field: fields[field.group(1)], prompt)
