"""``Run``, the public face of one run: scores as DataFrames, and the widget."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalwidget import coco_scores, error_tables, mask_tables
from evalwidget import scores as tables
from evalwidget.data import RunData, shown_steps
from evalwidget.description import run_facts, run_notes
from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.evaluation import Evaluation, Settings
from evalwidget.folder import RunSettings, class_names_of, open_files, open_folder, open_frames
from evalwidget.metrics.metric import Metric

if TYPE_CHECKING:
    from evalwidget.widget.eval_widget import EvalWidget

__all__ = ["Run", "open_run"]


class Run:
    """One training run's evaluation: specimens, their ground truth, and predictions at several steps.

    Make one with ``open_run`` or ``Run.from_frames``.
    """

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._evaluation = Evaluation(data)

    @classmethod
    def from_frames(
        cls,
        ground_truth: pd.DataFrame | None,
        predictions: pd.DataFrame,
        images: str | Path | Sequence[str | Path] | Mapping[str, Any] | None = None,
        task: str | None = None,
        *,
        name: str | None = None,
        steps_per_epoch: float | None = None,
        coordinates: str | None = None,
        output_format: str | None = None,
    ) -> "Run":
        """A run of DataFrames.

        ``ground_truth``: ``specimen``, then ``phrase, x1, y1, x2, y2`` (a row per box) or ``question, answer`` (a row
        per question; ``answer`` a text or a list of texts); optional ``item, image, width, height, caption``. A row
        with neither phrase nor corners says that the specimen holds nothing. None: nothing is scored.

        ``predictions``: the same with ``step`` and optional ``score``; ``item``, ``phrase`` or ``question`` may be left
        out where a specimen has one. A specimen without a row at a step was not evaluated there (``missing``); a row
        with neither phrase nor corners says that nothing was predicted. Raw model text goes in a column ``output``,
        with ``output_format`` naming its grammar.

        ``images``: a folder, several, or a mapping from specimen to path, bytes or PIL image.

        Raises ``FormatError`` naming the row of a value that cannot be used.
        """
        settings = RunSettings(
            name=name,
            task=task,
            steps_per_epoch=steps_per_epoch,
            coordinates=coordinates,
            output_format=output_format,
        )
        return cls(open_frames(ground_truth, predictions, settings, images))

    @property
    def name(self) -> str:
        return self._data.name

    @property
    def task(self) -> str:
        """ "phrase grounding", "object detection", "visual question answering" or "free text"."""
        return self._data.task

    @property
    def steps(self) -> list[int]:
        """The recorded steps, ascending."""
        return list(self._data.steps)

    @property
    def specimens(self) -> list[str]:
        """Identifiers, in the order of the ground truth."""
        return list(self._data.specimens.identifiers)

    @property
    def notes(self) -> list[str]:
        """What was noticed while reading the steps read so far."""
        return run_notes(self._data)

    def load(self) -> "Run":
        """Read every step now; returns the run."""
        for step in self._data.steps:
            self._data.predictions(step)
        return self

    def summary(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
        metrics: Sequence[str | Metric] = (),
    ) -> pd.DataFrame:
        """A row per step.

        ``step, epoch, specimens``; ``predicted`` (specimens with a usable prediction), ``invalid`` (predictions that
        could not be used); then for boxes ``true_positives, false_positives, false_negatives, precision, recall, f1``
        over all boxes of the step and ``mean_iou`` of its matches; for phrase grounding then the mean over the
        step's phrases of ``recall_at_1, recall_at_5, recall_at_10`` (any-box protocol) and ``accuracy_at_50``; for
        text the mean over the step's answers of ``exact_match, token_f1, bleu, vqa_accuracy, anls, rouge_l,
        relaxed_accuracy, string_similarity``: all 0 to 1 but sentence ``bleu``, 0 to 100. Specimens that are missing
        or without known ground truth enter none of these. Last, ``missing``: specimens not evaluated at the step.

        ``metrics``: further ones by name, such as "corpus_bleu" or "grec_accuracy", or metrics of your own; their
        columns come after the others. ``docs/metrics.md`` describes each. Raises ``UnknownNameError``.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return tables.summary(self._evaluation, self._chosen(steps), settings, metrics)

    def scores(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
        metrics: Sequence[str | Metric] = (),
    ) -> pd.DataFrame:
        """A row per step and specimen.

        ``step, specimen``; ``status``: ``ok``; ``no_prediction`` (evaluated, nothing usable predicted: recall 0,
        answers score 0); ``no_ground_truth`` (known to be empty: predictions are false positives; not known: NA);
        ``missing`` (not evaluated at this step: NA); then the scores of ``summary`` for the specimen, for text the mean
        over its answers, for phrases over its phrases; those of ``metrics``, as in ``summary``; last, its ``invalid``
        predictions. NA also where a score is not defined, such as the precision
        of a specimen without predictions.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return tables.scores(self._evaluation, self._chosen(steps), settings, metrics)

    def matches(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
        metrics: Sequence[str | Metric] = (),
    ) -> pd.DataFrame:
        """A row per step, specimen and ground truth box (with the prediction it is matched with), prediction without
        one, or answer.

        ``step, specimen, item, phrase``; ``status``: ``matched``, ``missed``, ``extra``, ``invalid``, ``ignored``
        (crowd regions and predictions in them, predictions below the confidence threshold or beyond the 100 best of a
        specimen and label), NA where nothing was scored; ``iou, score``; ``ground_truth`` and ``prediction``: places
        among the specimen's boxes, or reference (several joined by " | ") and generated answer, with the question as
        ``phrase``; ``parse_state``; for boxes ``outside_image`` (NA where the data
        give no size), ``no_area``, both sides' corners in pixels (``ground_truth_x1`` … ``prediction_y2``) and
        ``error_type`` (see ``error_types``; NA where the box is in no error, such as a missed one that a Cls or Loc
        error is about); for text the scores of ``summary``; and those of ``metrics`` that score a single answer or
        matched box.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return tables.matches(self._evaluation, self._chosen(steps), settings, metrics)

    def phrases(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """A row per step, specimen and phrase, of a run with boxes.

        ``step, specimen, phrase``; ``status``: ``predicted``; ``missing_phrase`` (in the ground truth, not predicted);
        ``invented_phrase`` (predicted, not in the specimen's ground truth); ``no_target`` (the specimen is known to
        hold nothing; ``phrase`` is NA); ``boxes`` and ``predictions``: how many; then the figures described in
        ``docs/metrics.md``, NA where one is not defined: ``iou`` and ``merged_iou`` of the first prediction,
        ``recall_at_1, recall_at_5, recall_at_10``, the same ``merged_``, ``accuracy_at_50, accuracy_at_50_giou``,
        ``grec_f1, grec_accuracy``, the same of ``grec_giou``, ``target_accuracy, no_target_accuracy``. Specimens that
        are missing or without known ground truth have no rows. Phrases are the same where they differ in case, white
        space, punctuation and articles alone. Raises ``EvalWidgetError`` for a run of questions.
        """
        if self._data.has_text:
            raise EvalWidgetError(f"phrases: the run's task is {self.task!r}; it has questions, not phrases")
        return tables.phrases(self._evaluation, self._chosen(steps), Settings(iou_threshold, confidence_threshold))

    def add_metric(self, metric: Metric) -> "Run":
        """Have a metric of your own (``evalwidget.metrics.TextMetric`` or ``BoxMetric``) in every table from now on;
        returns the run. Raises ``EvalWidgetError`` about one that cannot score the run's items or has a name that is
        taken."""
        self._evaluation.add_metric(metric)
        return self

    def coco_summary(self, steps: int | Sequence[int] | None = None) -> pd.DataFrame:
        """A row per step: COCO's twelve figures, 0 to 1, equal to those of pycocotools; its -1 is NA.

        ``step``; average precision ``AP`` (mean over IoU .50:.05:.95), ``AP_50``, ``AP_75``, ``AP_small`` (area up to
        32 x 32 pixels), ``AP_medium``, ``AP_large`` (from 96 x 96); average recall ``AR_1``, ``AR_10``, ``AR_100``
        (with so many predictions of an image and class), ``AR_small``, ``AR_medium``, ``AR_large``. Means over the
        classes or phrases that have ground truth at the step; specimens that are missing or without known ground truth
        are left out. All confidences count, at most 100 predictions of an image and class; a ground truth box has the
        area that its source gives. Ties of score are in the order of image ids where all are numbers, as in
        pycocotools, else in the order of the specimens. Raises ``EvalWidgetError`` for a run of texts.
        """
        return coco_scores.coco_summary(self._evaluation, self._chosen(steps))

    def classes(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """A row per step and class or phrase of the ground truth, or of the step's predictions.

        ``step, phrase``; ``ground_truth``: boxes to find, crowd regions not counted; ``predictions``: usable ones from
        the confidence threshold on, also those that COCO ignores; then at the thresholds given ``true_positives,
        false_positives, false_negatives, precision, recall, f1, mean_iou``, NA where not defined; then COCO's twelve
        figures for the class, which depend on neither threshold: see ``coco_summary``. Specimens that are missing or
        without known ground truth enter nothing. Raises ``EvalWidgetError`` for a run of texts.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return coco_scores.classes(self._evaluation, self._chosen(steps), settings)

    def curves(self, steps: int | Sequence[int] | None = None, *, iou_threshold: float = 0.5) -> pd.DataFrame:
        """A row per step, class or phrase with ground truth at the step, and each of COCO's 101 points of recall.

        ``step, phrase``; ``recall``: 0 to 1 by hundredths; ``precision``: interpolated, the highest at this recall or
        a higher one, 0 where the recall is never reached; ``score``: the confidence at which the recall is first
        reached, that of the best prediction for recall 0, NA where it is never reached or the prediction has no score.
        The mean of a class's precisions is its AP at ``iou_threshold``. What takes part is as in ``coco_summary``.
        Raises ``EvalWidgetError`` for a run of texts.
        """
        return coco_scores.curves(self._evaluation, self._chosen(steps), Settings(iou_threshold))

    def join_report(self, steps: int | Sequence[int] | None = None) -> pd.DataFrame:
        """A row per record of predictions whose image or question the run does not have: ``step, name, where,
        predictions``. They are never scored."""
        return tables.join_report(self._data, self._chosen(steps))

    def error_types(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        background_threshold: float = 0.1,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """A row per step and error type of TIDE: ``step, error_type, count, delta_ap``.

        Every false positive is one of ``Cls`` (right place, wrong label), ``Loc`` (right label, IoU between the two
        thresholds), ``Both`` (wrong in both), ``Dupe`` (its box is matched already) and ``Bkg`` (no IoU above
        ``background_threshold``); ``Miss`` is a ground truth box that no prediction finds and no Cls or Loc error is
        about. ``FalsePos`` and ``FalseNeg`` are all false positives and all boxes not found. ``delta_ap``, 0 to 1, is
        what AP at ``iou_threshold`` would gain if the errors of the type were fixed; gains do not add up to 1 - AP. NA
        where a step has nothing to score, ``delta_ap`` also where the fix leaves no ground truth.

        Order, thresholds and fixes are tidecv's over COCO's matching, the counts equal to hotcoco's; labels without
        ground truth enter no mean, as in COCO. Raises ``EvalWidgetError`` for a run without boxes.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return error_tables.error_types(self._evaluation, self._chosen(steps), settings, background_threshold)

    def confusion(
        self,
        step: int,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.25,
        tidy: bool = False,
    ) -> pd.DataFrame:
        """The confusion matrix of one step: ground truth phrases or classes as rows, predicted ones as columns.

        Predictions are matched with the ground truth boxes of their specimen whatever the labels: of all pairs with an
        IoU of at least ``iou_threshold`` the one of highest IoU first (then of one label, then of higher score). The
        last column, ``background``, has the boxes that nothing is matched with, the last row the predictions; so a row
        sums to the ground truth boxes of its label and a column to the predictions of its own. Crowd regions do not
        count, nor do predictions that lie in one of their label. Unlike elsewhere, predictions count from a score of
        0.25 on, the custom of such matrices; Ultralytics' matrix is at IoU 0.45 and has predictions as rows.

        Int64, NA where the step has nothing to score. ``tidy``: a row per pair that occurs, ``step, ground_truth,
        prediction, count``. Raises ``EvalWidgetError`` for a run without boxes, and where there are thousands of
        phrases and not ``tidy``.
        """
        (chosen,) = self._chosen([step])
        settings = Settings(iou_threshold, confidence_threshold)
        return error_tables.confusion(self._evaluation, chosen, settings, tidy=tidy)

    def mask_summary(self, steps: int | Sequence[int] | None = None) -> pd.DataFrame:
        """COCO's twelve figures of masks, a row per step: ``step, AP, AP_50, AP_75, AP_small, AP_medium, AP_large,
        AR_1, AR_10, AR_100, AR_small, AR_medium, AR_large``, each 0 to 1 (NA where COCO gives -1); last, ``invalid``:
        predictions left out because they have no mask that can be used.

        Masks are the ``segmentation`` of COCO ground truth and results: polygons or RLE, compressed or not. They are
        decoded and scored by pycocotools (``pip install 'evalwidget[masks]'``), so the figures are ``COCOeval``'s for
        "segm". A step whose predictions have no masks is NA. Raises ``EvalWidgetError`` without pycocotools or an
        image's size, ``FormatError`` for a ground truth box without a mask that can be used.
        """
        return mask_tables.mask_summary(self._evaluation, self._chosen(steps))

    def compare(
        self,
        step: int | None = None,
        specimen: str | None = None,
        *,
        height: int = 560,
        score: str | None = None,
    ) -> "EvalWidget":
        """The widget: ground truth beside prediction, with the slider over the recorded steps.

        Starts at ``step`` (the last one if None) and ``specimen`` (the first one if None). ``height`` is in CSS pixels.
        ``score`` names the score in the list, any of ``scores``' columns or of the task's metrics (f1 or token_f1 if
        None). Raises ``UnknownNameError``.
        """
        if step is not None:
            self._chosen(step)
        if specimen is not None:
            self._data.row(specimen)
        evaluation = self._evaluation if score is None else self._evaluation.with_main_score(score)
        # imported late, so that scores need no front end
        from evalwidget.widget.eval_widget import EvalWidget

        return EvalWidget(evaluation, step=step, specimen=specimen, height=height)

    def __repr__(self) -> str:
        return "\n".join([f"Run {self.name!r}"] + [f"  {name}: {text}" for name, text in run_facts(self._data)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for name, text in run_facts(self._data)
        )
        return f"<table><caption>Run {html.escape(self.name)}</caption><tbody>{rows}</tbody></table>"

    def _chosen(self, steps: int | Sequence[int] | None) -> list[int]:
        if steps is None:
            return self._data.steps
        wanted = [steps] if isinstance(steps, (int, np.integer)) else list(steps)
        for step in wanted:
            if step not in self._data.steps:
                raise UnknownNameError(f"step {step!r} is not recorded; the run has {shown_steps(self._data.steps)}")
        return [int(step) for step in wanted]


def open_run(
    path: str | Path | None = None,
    *,
    ground_truth: str | Path | Sequence[str | Path] | pd.DataFrame | Mapping[str, Any] | None = None,
    predictions: Mapping[int, Any] | Sequence[str | Path] | str | Path | None = None,
    images: str | Path | Sequence[str | Path] | Mapping[str, Any] | None = None,
    name: str | None = None,
    task: str | None = None,
    steps_per_epoch: float | None = None,
    coordinates: str | None = None,
    box_order: str | None = None,
    prediction_coordinates: str | None = None,
    prediction_box_order: str | None = None,
    output_format: str | None = None,
    ground_truth_format: str | None = None,
    prediction_format: str | None = None,
    class_names: Sequence[str] | Mapping[Any, str] | str | Path | None = None,
    prediction_first_class: int | None = None,
) -> Run:
    """Open a run: a run folder, or ``ground_truth`` and ``predictions`` files named one by one.

    ``predictions`` is ``{step: file, folder, DataFrame or arrays by image}``, a list of files or a folder of files
    whose names carry the step (``step-000500``, ``checkpoint-500``, ``iter_500``). ``images`` is one folder or
    several, or a mapping from specimen to path, bytes or PIL image. The other arguments overrule ``run.json`` and what
    the data tell; ``coordinates`` is one of ``pixels, fraction, 0-100, 0-999, 0-1000, 0-1024``, ``box_order`` one of
    ``xyxy, xywh, cxcywh, yxyx``, and ``ground_truth_format`` and ``prediction_format`` are keys of
    ``docs/formats.md``. ``class_names`` names the classes that files number: a list (from 0), a mapping by number, or
    a file (names by line, or YAML with ``names``); ``prediction_first_class`` (0 or 1) is the number from which
    predictions count the ground truth's classes.

    Ground truth is read now, the predictions of a step when they are asked for; without ground truth, all now. Raises
    ``EvalWidgetError`` (``FormatError`` with file and line) about whatever cannot be used.
    """
    settings = RunSettings(
        name=name,
        task=task,
        steps_per_epoch=steps_per_epoch,
        coordinates=coordinates,
        box_order=box_order,
        prediction_coordinates=prediction_coordinates,
        prediction_box_order=prediction_box_order,
        output_format=output_format,
        ground_truth_format=ground_truth_format,
        prediction_format=prediction_format,
        class_names=None if class_names is None else class_names_of(class_names),
        prediction_first_class=prediction_first_class,
    )
    if path is not None:
        if ground_truth is not None or predictions is not None:
            raise EvalWidgetError("expected a run folder, or ground_truth= and predictions=, got both")
        return Run(open_folder(Path(path), settings, images))
    return Run(open_files(ground_truth, predictions, settings, images))
