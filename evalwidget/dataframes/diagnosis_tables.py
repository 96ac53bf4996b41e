"""Failure modes with their evidence, good criteria, calibration and suspect labels as DataFrames."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.arguments import check_number, check_whole
from evalwidget.data import RunData
from evalwidget.diagnosis.answer_diagnosis import TEXT_MODES
from evalwidget.diagnosis.diagnosis import FAILURES_OF_BOXES, Diagnosis, StepDiagnosis
from evalwidget.diagnosis.findings import Findings
from evalwidget.diagnosis.good_criteria import MET, NOT_JUDGEABLE, good_criteria
from evalwidget.diagnosis.suspect_labels import SUSPICIONS, suspect_answers, suspect_boxes
from evalwidget.dynamics.slices import Slicing, slicing_of
from evalwidget.errors import EvalWidgetError
from evalwidget.garbage import collection_paused
from evalwidget.guide import GOOD_BOXES, GOOD_TEXT, MODES, mode_place
from evalwidget.metrics.calibration import calibration_bins
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.spread import explained_share
from evalwidget.scoring.evaluation import INVALID, Settings

__all__ = ["calibration", "diagnose", "failure_modes", "good", "suspect_labels"]

#: The phrases or question types that a table names.
_MOST_HIT: Final = 3
#: What localization may hang on.
_SLICINGS: Final = ("phrase", "box_size", "objects")
_KEYS: Final = [mode.key for mode in MODES]
_OF_BOXES: Final = [
    *(place for place, mode in enumerate(MODES) if mode.of == "boxes"),
    mode_place("format_error"),
]
_OF_TEXT: Final = [mode_place(key) for key in TEXT_MODES]
_UNEVEN: Final = mode_place("inconsistent_localization")


def diagnose(
    diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings
) -> pd.DataFrame:
    """A row per step, specimen and failure mode present: see ``Run.diagnose``."""
    data = diagnosis.evaluation.data
    diagnosis.at(steps, settings, thresholds)
    with collection_paused():
        by_step = [diagnosis.findings(step, settings, thresholds) for step in steps]

    def column(of: Callable[[Findings], NDArray]) -> NDArray:
        return np.concatenate([of(found) for found in by_step]) if by_step else np.empty(0, np.int64)

    def joined(of: Callable[[Findings], list[str]]) -> Iterator[str]:
        return chain.from_iterable(map(of, by_step))

    return pd.DataFrame(
        {
            "step": np.repeat(np.array(steps, np.int64), [len(found) for found in by_step]),
            "specimen": pd.Categorical.from_codes(column(lambda found: found.specimen), data.specimens.identifiers),
            "mode": pd.Categorical.from_codes(column(lambda found: found.mode), _KEYS),
            "severity": column(lambda found: found.severity).astype(np.float64),
            "evidence": _texts(joined(lambda found: found.evidence)),
            "item": _texts(joined(lambda found: found.item)),
            "phrase": _texts(joined(lambda found: found.phrase)),
            "ground_truth": pd.Series(_ground_truth(data, by_step), dtype=object),
            "prediction": pd.Series(_predictions(data, steps, by_step), dtype=object),
        }
    )


def _ground_truth(data: RunData, by_step: Sequence[Findings]) -> list[list[Any]]:
    """Places of boxes, or references."""
    if not data.has_text:
        return [places for found in by_step for places in found.ground_truth]
    questions = data.ground_truth.questions
    return [
        [" | ".join(questions.references[first + place]) for place in places]
        for found in by_step
        for first, places in zip(questions.offsets[found.specimen].tolist(), found.ground_truth, strict=True)
    ]


def _predictions(data: RunData, steps: Sequence[int], by_step: Sequence[Findings]) -> list[list[Any]]:
    """Places of boxes, or answers."""
    if not data.has_text:
        return [places for found in by_step for places in found.prediction]
    offsets = data.ground_truth.questions.offsets
    return [
        [data.predictions(step).answers.text[first + place] for place in places]
        for step, found in zip(steps, by_step, strict=True)
        for first, places in zip(offsets[found.specimen].tolist(), found.prediction, strict=True)
    ]


def failure_modes(
    diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings
) -> pd.DataFrame:
    """A row per step and failure mode: see ``Run.failure_modes``."""
    data = diagnosis.evaluation.data
    modes = _OF_TEXT if data.has_text else _OF_BOXES
    slicings = _slicings(data)
    rows: list[dict[str, Any]] = []
    for step, found in zip(steps, diagnosis.at(steps, settings, thresholds), strict=True):
        if data.has_text:
            hit = _hit_answers(found, slicings.get("question_type"))
        else:
            hit = _hit_boxes(diagnosis, step, settings, found)
        judged = int(found.judged.sum())
        for mode in modes:
            severity = found.severity[:, mode]
            shown = severity[severity > 0]
            rows.append(
                {
                    "step": step,
                    "mode": mode,
                    "specimens": int(found.counts[mode]) if judged else None,
                    "share": found.counts[mode] / judged if judged else np.nan,
                    "severity": float(shown.mean()) if len(shown) else np.nan,
                    "most_hit": hit(mode),
                    "advice": MODES[mode].advice,
                    **(_spread(diagnosis, step, settings, slicings) if mode == _UNEVEN else {}),
                }
            )
    columns = ["step", "mode", "specimens", "share", "severity", "most_hit", "advice"]
    if not data.has_text:
        columns += ["score_std", "score_q1", "score_median", "score_q3", "explained_by", "explained"]
    frame = pd.DataFrame(rows, columns=columns).astype({"step": np.int64, "specimens": "Int64"})
    frame["mode"] = pd.Categorical.from_codes(frame["mode"].astype(np.int64), _KEYS)
    for name in columns:
        if name in ("most_hit", "advice", "explained_by"):
            frame[name] = frame[name].astype("string")
        elif name not in ("step", "mode", "specimens"):
            frame[name] = frame[name].astype("float64")
    return frame


def good(diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings) -> pd.DataFrame:
    """A row per step and specimen without failure mode: see ``Run.good_criteria``."""
    data = diagnosis.evaluation.data
    diagnosis.at(steps, settings, thresholds)
    parts = [good_criteria(diagnosis, step, settings, thresholds) for step in steps]
    criteria = GOOD_TEXT if data.has_text else GOOD_BOXES
    rows = np.concatenate([rows for rows, _ in parts]) if parts else np.empty(0, np.int64)
    met = np.concatenate([of_step for _, of_step in parts]) if parts else np.empty((0, len(criteria)), np.int8)
    columns: dict[str, Any] = {
        "step": np.repeat(np.array(steps, np.int64), [len(rows) for rows, _ in parts]),
        "specimen": pd.Categorical.from_codes(rows, data.specimens.identifiers),
    }
    for place, criterion in enumerate(criteria):
        columns[criterion.key] = pd.arrays.BooleanArray(met[:, place] == MET, met[:, place] == NOT_JUDGEABLE)
    return pd.DataFrame(columns)


def calibration(
    diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings, bins: int
) -> pd.DataFrame:
    """A row per step and bin of confidence: see ``Run.calibration``."""
    data = diagnosis.evaluation.data
    if not data.has_text:
        raise EvalWidgetError(f"calibration: expected a run of questions, got {data.task}")
    check_whole("bins", bins, 1)
    parts = []
    errors: dict[int, float] = {}
    has_any = False
    for step, found in zip(steps, diagnosis.at(steps, settings, thresholds), strict=True):
        assert found.answers is not None
        score = data.predictions(step).answers.score
        rows = found.answers.judged & ~np.isnan(score)
        has_any = has_any or bool(rows.any())
        of_step = calibration_bins(score[rows], found.answers.right[rows], bins)
        errors[step] = of_step.error
        parts.append(
            pd.DataFrame(
                {
                    "step": step,
                    "low": of_step.edges[:-1],
                    "high": of_step.edges[1:],
                    "answers": pd.array(of_step.count, dtype="Int64"),
                    "confidence": of_step.confidence,
                    "accuracy": of_step.accuracy,
                }
            )
        )
    if not has_any:
        raise EvalWidgetError(
            "calibration: no answer with known references carries a confidence; give answers a score, confidence or "
            "logprobs (docs/run-folder.md)"
        )
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs["expected_calibration_error"] = errors
    return frame


def suspect_labels(
    diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, agreement: float, thresholds: DiagnosisSettings
) -> pd.DataFrame:
    """A row per suspicion: see ``Run.suspect_labels``."""
    check_number("agreement", agreement, 0, 1, above=True)
    if len(steps) < 2:
        raise EvalWidgetError(f"suspect labels: expected two steps or more to agree, the run has {len(steps)}")
    if diagnosis.evaluation.data.has_text:
        found = suspect_answers(diagnosis, steps, settings, thresholds)
    else:
        found = suspect_boxes(diagnosis, steps, settings, agreement, thresholds)
    identifiers = diagnosis.evaluation.data.specimens.identifiers
    return pd.DataFrame(
        {
            "specimen": pd.Categorical.from_codes([row.specimen for row in found], identifiers),
            "item": _texts(row.item for row in found),
            "phrase": _texts(row.phrase for row in found),
            "kind": pd.Categorical([row.kind for row in found], categories=list(SUSPICIONS)),
            "steps": pd.Series([list(steps) for _ in found], dtype=object),
            "agreement": np.array([row.agreement for row in found], np.float64),
            "evidence": _texts(row.evidence for row in found),
        }
    )


def _hit_boxes(
    diagnosis: Diagnosis, step: int, settings: Settings, found: StepDiagnosis
) -> Callable[[int], str | None]:
    """The phrases or classes that a mode hits most, each with how many of its boxes: of the ground truth, or of the
    predictions where the mode is theirs."""
    data, failures = diagnosis.evaluation.data, found.boxes
    assert failures is not None
    outcomes, boxes = diagnosis.evaluation.boxes(step, settings), data.predictions(step).boxes
    truth = data.ground_truth.boxes
    sought = truth.label[outcomes.sought]
    given = boxes.label[outcomes.counted | (outcomes.outcome == INVALID)]
    of_mode = {mode: failure for failure, mode in FAILURES_OF_BOXES.items()}

    def hit(mode: int) -> str | None:
        if mode in of_mode:
            failing = np.flatnonzero(failures.failure == of_mode[mode])
            is_of_truth = MODES[mode].key != "false_positive"
            label = truth.label[failures.target[failing]] if is_of_truth else boxes.label[failing]
        elif MODES[mode].key == "missed_detection":
            label, is_of_truth = truth.label[failures.missed], True
        else:
            label, is_of_truth = boxes.label[outcomes.outcome == INVALID], False
        return _most_hit(label, sought if is_of_truth else given, data.labels.names)

    return hit


def _slicings(data: RunData) -> dict[str, Slicing]:
    """What failures may hang on: of answers the type of their question, where questions have words."""
    if not data.has_text:
        return {by: slicing_of(data, by) for by in _SLICINGS}
    has_words = any(data.ground_truth.questions.question)
    return {"question_type": slicing_of(data, "question_type")} if has_words else {}


def _hit_answers(found: StepDiagnosis, slicing: Slicing | None) -> Callable[[int], str | None]:
    """The types of question that a mode hits most, each with how many of its answers."""
    failures = found.answers
    assert failures is not None
    if slicing is None:
        return lambda mode: None
    names = [str(name) for name in slicing.names]

    def hit(mode: int) -> str | None:
        failing = failures.severity[:, TEXT_MODES.index(_KEYS[mode])] > 0
        return _most_hit(slicing.code[failing], slicing.code[failures.judged], names)

    return hit


def _most_hit(failing: NDArray[np.integer], all_: NDArray[np.integer], names: Sequence[str]) -> str | None:
    """The names of the codes that fail most often, then those of which the larger share fails; None where none does."""
    failing, all_ = failing[failing >= 0], all_[all_ >= 0]
    if not len(failing):
        return None
    count = np.bincount(failing, minlength=len(names))
    whole = np.maximum(np.bincount(all_, minlength=len(names)), 1)
    order = np.lexsort((-count / whole, -count))[:_MOST_HIT]
    return ", ".join(f"{names[code]} ({count[code]:,} of {whole[code]:,})" for code in order.tolist() if count[code])


def _spread(diagnosis: Diagnosis, step: int, settings: Settings, slicings: Mapping[str, Slicing]) -> dict[str, Any]:
    """How localization differs from image to image, and what explains it best."""
    evaluation = diagnosis.evaluation
    data, outcomes = evaluation.data, evaluation.boxes(step, settings)
    truth = data.ground_truth.boxes
    sought = outcomes.sought
    specimen, iou = truth.specimen[sought], np.nan_to_num(outcomes.truth_iou[sought])
    if not len(iou):
        return {}
    count = np.bincount(specimen, minlength=len(data.specimens))
    mean = np.bincount(specimen, iou, minlength=len(count))[count > 0] / count[count > 0]
    q1, median, q3 = np.quantile(mean, (0.25, 0.5, 0.75)).tolist()
    best: tuple[float, str | None] = (0.0, None)
    for by, slicing in slicings.items():
        code = slicing.code[truth.specimen[sought]] if slicing.level == "specimen" else slicing.code[sought]
        share = explained_share(iou, code)
        if share > best[0]:
            best = share, f"{by}: {_ends(iou, code, [str(name) for name in slicing.names])}"
    return {
        "score_std": float(mean.std()),
        "score_q1": q1,
        "score_median": median,
        "score_q3": q3,
        "explained_by": best[1],
        "explained": best[0],
    }


def _ends(values: NDArray[np.float64], code: NDArray[np.integer], names: Sequence[str]) -> str:
    """The slices of the lowest and the highest mean."""
    there, place = np.unique(code, return_inverse=True)
    mean = np.bincount(place, values) / np.bincount(place)
    low, high = int(mean.argmin()), int(mean.argmax())
    return f"{names[there[low]]} {mean[low]:.2f}, {names[there[high]]} {mean[high]:.2f}"


def _texts(values: Iterable[str]) -> Any:
    return pd.array([value or None for value in values], dtype="string")
