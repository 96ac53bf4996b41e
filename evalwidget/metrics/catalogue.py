"""The metrics there are, by name, and which of them a run's tables have without being asked."""

from collections.abc import Sequence
from typing import Final

from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.metrics import bleu, parsing, text, vqa
from evalwidget.metrics.metric import BoxMetric, Metric, PhraseMetric, StepMetric, TextMetric

__all__ = ["EXACT_MATCH", "chosen_metrics", "default_metrics", "known_metrics"]

_FRACTION: Final = (0.0, 1.0)

EXACT_MATCH: Final = TextMetric("exact_match", text.exact_match, bounds=_FRACTION)


def _is_consensus(references: tuple[str, ...]) -> bool:
    return len(references) >= vqa.FEWEST_REFERENCES


def _is_numeric(references: tuple[str, ...]) -> bool:
    return any(parsing.parsed_number(reference) is not None for reference in references)


def _is_yes_or_no(references: tuple[str, ...]) -> bool:
    said = [parsing.yes_or_no(reference) for reference in references]
    return said.count("yes") != said.count("no")


def _corpus_bleu(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> dict[str, float]:
    return {"corpus_bleu": bleu.corpus_bleu(answers, references)}


_OF_TEXT: Final[tuple[Metric, ...]] = (
    EXACT_MATCH,
    TextMetric("token_f1", text.token_f1, bounds=_FRACTION),
    TextMetric("bleu", bleu.sentence_bleu, bounds=(0.0, 100.0)),
    TextMetric("vqa_accuracy", vqa.vqa_accuracy, applies=_is_consensus, bounds=_FRACTION),
    TextMetric("anls", text.anls, bounds=_FRACTION),
    TextMetric("rouge_l", text.rouge_l, bounds=_FRACTION),
    TextMetric("relaxed_accuracy", text.relaxed_accuracy, bounds=_FRACTION),
    TextMetric("string_similarity", text.string_similarity, bounds=_FRACTION),
)
_OF_TEXT_IF_ASKED: Final[tuple[Metric, ...]] = (
    TextMetric("numeric_accuracy", parsing.numeric_accuracy, applies=_is_numeric, bounds=_FRACTION),
    TextMetric("yes_no_accuracy", parsing.yes_no_accuracy, applies=_is_yes_or_no, bounds=_FRACTION),
    TextMetric("abstained", parsing.abstained, "lower", bounds=_FRACTION),
    StepMetric("pope", parsing.pope, parsing.POPE_FIGURES),
    StepMetric("corpus_bleu", _corpus_bleu, ("corpus_bleu",)),
)
_OF_PHRASES: Final[tuple[Metric, ...]] = tuple(
    PhraseMetric(name) for name in ("recall_at_1", "recall_at_5", "recall_at_10", "accuracy_at_50")
)
_OF_PHRASES_IF_ASKED: Final[tuple[Metric, ...]] = tuple(
    PhraseMetric(name)
    for name in (
        "merged_recall_at_1",
        "merged_recall_at_5",
        "merged_recall_at_10",
        "accuracy_at_50_giou",
        "grec_f1",
        "grec_accuracy",
        "grec_giou_f1",
        "grec_giou_accuracy",
        "no_target_accuracy",
        "target_accuracy",
    )
)
_DEFAULT: Final = {
    "visual question answering": _OF_TEXT,
    "free text": _OF_TEXT,
    "phrase grounding": _OF_PHRASES,
    "object detection": (),
}
_IF_ASKED: Final = {
    "visual question answering": _OF_TEXT_IF_ASKED,
    "free text": _OF_TEXT_IF_ASKED,
    "phrase grounding": _OF_PHRASES_IF_ASKED,
    "object detection": (),
}


#: What the tables call their other columns.
_COLUMNS: Final = frozenset(
    f"{side}_{corner}" for side in ("ground_truth", "prediction") for corner in ("x1", "y1", "x2", "y2")
) | {
    *("step", "epoch", "specimen", "specimens", "predicted", "missing", "invalid", "status", "item", "phrase"),
    *("true_positives", "false_positives", "false_negatives", "precision", "recall", "f1", "mean_iou"),
    *("iou", "score", "ground_truth", "prediction", "parse_state", "outside_image", "no_area"),
}


def default_metrics(task: str) -> tuple[Metric, ...]:
    """The metrics that tables of a run of this task have without being asked."""
    return _DEFAULT[task]


def known_metrics(task: str) -> dict[str, Metric]:
    """All metrics of a task by name."""
    return {metric.name: metric for metric in (*_DEFAULT[task], *_IF_ASKED[task])}


def chosen_metrics(task: str, asked: Sequence[str | Metric]) -> tuple[Metric, ...]:
    """The metrics meant by names and metric objects, each once. Raises ``UnknownNameError`` about a name that the task
    has not, ``EvalWidgetError`` about a metric that cannot score the task's items or two metrics of one name."""
    known = known_metrics(task)
    if isinstance(asked, str) or not isinstance(asked, Sequence):
        raise EvalWidgetError(f"metrics: expected a list of names and metrics, got {asked!r}")
    chosen: dict[str, Metric] = {}
    for wanted in asked:
        if isinstance(wanted, str):
            if wanted not in known:
                names = ", ".join(known) or "none of its own, so give metrics"
                raise UnknownNameError(f"metric {wanted!r}: the task {task!r} has {names}")
            metric = known[wanted]
        elif isinstance(wanted, (TextMetric, BoxMetric, PhraseMetric, StepMetric)):
            metric = wanted
            _check_task(metric, task)
        else:
            raise EvalWidgetError(f"metrics: expected a name or a metric, got {wanted!r}")
        if metric.name in _COLUMNS:
            raise EvalWidgetError(f"metric {metric.name}: the tables have a column of this name; give yours another")
        if chosen.setdefault(metric.name, metric) != metric or known.get(metric.name, metric) != metric:
            raise EvalWidgetError(f"metric {metric.name}: there is another of this name; give yours one of its own")
    return tuple(chosen.values())


def _check_task(metric: Metric, task: str) -> None:
    is_text = task in ("visual question answering", "free text")
    if isinstance(metric, (TextMetric, StepMetric)) != is_text:
        scored = "answers" if isinstance(metric, (TextMetric, StepMetric)) else "boxes"
        raise EvalWidgetError(f"metric {metric.name}: it scores {scored}, and the run's task is {task!r}")
