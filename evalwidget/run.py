"""``Run``, the public face of one run: scores as DataFrames, and the widget."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalwidget.arguments import check_whole
from evalwidget.data import RunData
from evalwidget.dataframes import (
    change_tables,
    coco_scores,
    diagnosis_tables,
    error_tables,
    learning_tables,
    mask_tables,
    reading_tables,
    slice_tables,
)
from evalwidget.dataframes import scores as tables
from evalwidget.dataframes.best_step import BestStep, best_step, every_pair
from evalwidget.description import facts_as_html, facts_as_text, run_facts, run_notes
from evalwidget.diagnosis.diagnosis import Diagnosis
from evalwidget.dynamics.step_choice import Resampling
from evalwidget.dynamics.step_pairs import StepPair, pair_of_steps
from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.folder import open_frames, open_source, settings_of
from evalwidget.metrics.diagnosis_settings import diagnosis_settings
from evalwidget.metrics.metric import Metric
from evalwidget.saving import save_run
from evalwidget.scoring.error_analysis import ErrorAnalysis
from evalwidget.scoring.evaluation import Evaluation, Settings
from evalwidget.scoring.named_scores import named_score
from evalwidget.widget.filters import checked_filter
from evalwidget.widget.protocol import SORTS

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
        self._analysis = ErrorAnalysis(self._evaluation)
        self._diagnosis = Diagnosis(self._evaluation)

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
        min_pixels: float | None = None,
        max_pixels: float | None = None,
        columns: Mapping[str, str] | None = None,
        join: str | None = None,
    ) -> "Run":
        """A run of DataFrames.

        ``ground_truth``: ``specimen``, then ``phrase, x1, y1, x2, y2`` (a row per box) or ``question, answer`` (a row
        per question; ``answer`` a text or a list of texts); optional ``item, image, width, height, caption``. A row
        with neither phrase nor corners says that the specimen holds nothing. None: nothing is scored.

        ``predictions``: the same with ``step`` and optional ``score``; ``item``, ``phrase`` or ``question`` may be left
        out where a specimen has one. A specimen without a row at a step was not evaluated there (``missing``); a row
        with neither phrase nor corners says that nothing was predicted. Raw model text goes in a column ``output``,
        with ``output_format`` naming the family of models whose text it is. ``resized_width`` and ``resized_height``
        are the size of the image as the model saw it, where its boxes are counted in that one's pixels; ``min_pixels``
        and ``max_pixels`` as in ``open_run``.

        ``images``: a folder, several, or a mapping from specimen to path, bytes or PIL image. ``columns`` renames
        columns of both frames: ``{"question": "q"}`` reads ``q`` as ``question``. ``coordinates`` and ``join`` are
        those of ``open_run``; by order, specimens are taken in their order of first mention.

        Raises ``FormatError`` naming the row of a value that cannot be used.
        """
        settings = settings_of(
            name=name,
            task=task,
            steps_per_epoch=steps_per_epoch,
            coordinates=coordinates,
            output_format=output_format,
            min_pixels=min_pixels,
            max_pixels=max_pixels,
            columns=columns,
            join=join,
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
        self._data.load(self._data.steps)
        return self

    def save(self, path: str | Path, *, copy_images: bool = False) -> Path:
        """Write the run to a folder of Parquet tables, which opens as the same run, faster than its JSON; returns
        ``path``.

        Every step is read. Images in folders stay where they are, named from the new folder on, unless ``copy_images``;
        images given as a mapping, or held by the data, are always copied. Metrics of your own are not saved. Needs
        pyarrow (``pip install 'evalwidget[tables]'``). Raises ``EvalWidgetError`` where something lies at ``path``
        already.
        """
        save_run(self._data, path, copy_images=copy_images)
        return Path(path)

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
        could not be used), ``parse_failure_rate`` (their share, 0 to 1, of the step's predictions: boxes, and texts of
        which nothing could be read; or recorded answers. NA where there are none); then for boxes ``true_positives,
        false_positives, false_negatives, precision, recall, f1`` over all boxes of the step and ``mean_iou`` of its
        matches; for phrase grounding then the mean over the step's phrases of ``recall_at_1, recall_at_5,
        recall_at_10`` (any-box protocol) and ``accuracy_at_50``; for text the mean over the step's answers of
        ``exact_match, token_f1, bleu, vqa_accuracy, anls, rouge_l, relaxed_accuracy, string_similarity``: all 0 to 1
        but sentence ``bleu``, 0 to 100. Specimens that are missing or without known ground truth enter none of these.
        Last, ``missing``: specimens not evaluated at the step.

        ``metrics``: further ones by name, such as "corpus_bleu" or "grec_accuracy", or metrics of your own; their
        columns come after the others. ``docs/metrics.md`` describes each. Raises ``UnknownNameError``.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return tables.summary(self._evaluation, self._loaded(steps), settings, metrics)

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
        return tables.scores(self._evaluation, self._loaded(steps), settings, metrics)

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
        specimen and label), NA where nothing was scored; ``iou``; ``score`` (of an answer its confidence);
        ``ground_truth`` and ``prediction``: places among the specimen's boxes, or reference (several joined by " | ")
        and generated answer, with the question as ``phrase``; ``parse_state``; for boxes ``outside_image`` (NA where
        the data give no size), ``no_area``, both sides' corners in pixels (``ground_truth_x1`` … ``prediction_y2``) and
        ``error_type`` (see ``error_types``; NA where the box is in no error, such as a missed one that a Cls or Loc
        error is about); for text the scores of ``summary``; and those of ``metrics`` that score a single answer or
        matched box.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return tables.matches(self._analysis, self._loaded(steps), settings, metrics)

    def phrases(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """A row per step, specimen and phrase, of a run with boxes.

        ``step, specimen, phrase``; ``status``: ``predicted``; ``missing_phrase`` (in the ground truth, not predicted);
        ``invented_phrase`` (predicted, not in the specimen's ground truth); ``no_target`` (a phrase that is
        known not to be in the specimen; ``phrase`` is NA where the specimen is known to hold nothing); ``boxes`` and
        ``predictions``: how many; then the figures described in
        ``docs/metrics.md``, NA where one is not defined: ``iou`` and ``merged_iou`` of the first prediction,
        ``recall_at_1, recall_at_5, recall_at_10``, the same ``merged_``, ``accuracy_at_50, accuracy_at_50_giou``,
        ``grec_f1, grec_accuracy``, the same of ``grec_giou``, ``target_accuracy, no_target_accuracy``. Specimens that
        are missing or without known ground truth have no rows. Phrases are the same where they differ in case, white
        space, punctuation and articles alone. Raises ``EvalWidgetError`` for a run of questions.
        """
        if self._data.has_text:
            raise EvalWidgetError(f"phrases: the run's task is {self.task!r}; it has questions, not phrases")
        return tables.phrases(self._evaluation, self._loaded(steps), Settings(iou_threshold, confidence_threshold))

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
        return coco_scores.coco_summary(self._evaluation, self._loaded(steps))

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
        return coco_scores.classes(self._evaluation, self._loaded(steps), settings)

    def curves(self, steps: int | Sequence[int] | None = None, *, iou_threshold: float = 0.5) -> pd.DataFrame:
        """A row per step, class or phrase with ground truth at the step, and each of COCO's 101 points of recall.

        ``step, phrase``; ``recall``: 0 to 1 by hundredths; ``precision``: interpolated, the highest at this recall or
        a higher one, 0 where the recall is never reached; ``score``: the confidence at which the recall is first
        reached, that of the best prediction for recall 0, NA where it is never reached or the prediction has no score.
        The mean of a class's precisions is its AP at ``iou_threshold``. What takes part is as in ``coco_summary``.
        Raises ``EvalWidgetError`` for a run of texts.
        """
        return coco_scores.curves(self._evaluation, self._loaded(steps), Settings(iou_threshold))

    def join_report(self, steps: int | Sequence[int] | None = None) -> pd.DataFrame:
        """A row per record of predictions whose image or question the run does not have: ``step, name, where,
        predictions``, and ``why``: what no specimen has, and what to do where that can be said. They are never scored.
        ``print(run)`` says what the others were joined by."""
        return reading_tables.join_report(self._data, self._loaded(steps))

    def conventions(self, steps: int | Sequence[int] | None = None) -> pd.DataFrame:
        """A row per step, side and convention that boxes were read in.

        ``step``; ``side``: "ground truth" or "predictions"; ``coordinates`` and ``box_order``: what was taken; ``why``:
        stated, said by the format, told by the largest number, as the ground truth, as the model family writes them;
        ``mean_iou``: of a sample of ground truth boxes, each with its nearest prediction whatever the labels, NA where
        there is too little to compare; ``better`` and ``better_mean_iou``: the convention that would bring the side
        clearly nearer to the other one, NA where none would. Raises ``EvalWidgetError`` for a run of texts.
        """
        if self._data.has_text:
            raise EvalWidgetError(f"conventions: the run's task is {self.task!r}; it has no boxes")
        return reading_tables.conventions(self._data, self._loaded(steps))

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
        return error_tables.error_types(self._analysis, self._loaded(steps), settings, background_threshold)

    def confusion(
        self,
        step: int | Sequence[int] | None,
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
        prediction, count``, also of several steps (None: all). Raises ``EvalWidgetError`` for a run without boxes, and,
        if not ``tidy``, for several steps or thousands of phrases.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return error_tables.confusion(self._analysis, self._loaded(step), settings, tidy=tidy)

    def diagnose(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
        objects: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        **thresholds: float,
    ) -> pd.DataFrame:
        """A row per step, specimen and failure mode that it shows; none for a specimen that shows none, is missing or
        has no known ground truth.

        ``step, specimen``; ``mode``, a key of the interpretation guide: for boxes ``loose_box, missed_detection,
        false_positive, inconsistent_localization``, and ``format_error`` for predictions that cannot be used; for
        answers ``hallucination, incomplete_answer, format_error, ambiguity``; ``severity``, 0 to 1: the share of the
        specimen's boxes concerned, or the mean over its answers of how badly each fails; ``evidence`` in words, of
        three boxes at most; ``item`` and ``phrase`` (the question): those concerned, joined by "; "; ``ground_truth``
        and ``prediction``: lists of their places, as in ``matches``, or of the references (several joined by " | ") and
        the answers. A box is in one mode only: a loose box claims its object, so neither counts as missed or as a false
        positive. How an answer handles ambiguity its confidence tells where it carries one, else its wording; the
        evidence says which.

        ``objects``: names of the objects that are known, or names with lists of synonyms: an answer that names one
        which no reference, question, caption or box of the specimen speaks of hallucinates, as CHAIR counts it. If
        None, they are the labels of the run's boxes, for specimens that have some. ``thresholds``: any other field of
        ``metrics.diagnosis_settings.DiagnosisSettings``, where each is described. Definitions and their limits:
        ``metrics.box_failures`` and ``metrics.text_failures``. Raises ``UnknownNameError`` about another name,
        ``EvalWidgetError`` about a value that cannot be.
        """
        settings, chosen = Settings(iou_threshold, confidence_threshold), diagnosis_settings(thresholds, objects)
        return diagnosis_tables.diagnose(self._diagnosis, self._loaded(steps), settings, chosen)

    def failure_modes(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
        objects: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        **thresholds: float,
    ) -> pd.DataFrame:
        """A row per step and failure mode of the run's task, whether or not it occurs.

        ``step, mode``; ``specimens`` that show it; ``share``, 0 to 1, of those judged at the step (NA where none is);
        ``severity``: its mean over the specimens that show it; ``most_hit``: the three phrases or classes with most
        boxes in the mode, or types of question with most answers, each with how many of its own; ``advice``: the
        interpretation guide's.

        For boxes then, of ``inconsistent_localization`` alone, how localization differs from image to image. The score
        of a box of the ground truth is the IoU of its match, 0 where it is missed, that of a specimen their mean:
        ``score_std, score_q1, score_median, score_q3`` over specimens; ``explained_by``: which of phrase, box size and
        number of objects explains most of the boxes' variance, with its worst and its best value; ``explained``: the
        share it explains, 0 to 1 (epsilon squared, which is eta squared less what as many groups explain by chance).

        The other arguments and what is raised are as in ``diagnose``.
        """
        settings, chosen = Settings(iou_threshold, confidence_threshold), diagnosis_settings(thresholds, objects)
        return diagnosis_tables.failure_modes(self._diagnosis, self._loaded(steps), settings, chosen)

    def good_criteria(
        self,
        steps: int | Sequence[int] | None = None,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
        objects: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        **thresholds: float,
    ) -> pd.DataFrame:
        """A row per step and specimen that shows no failure mode: ``step, specimen``, and whether it meets each of the
        interpretation guide's criteria of good predictions; NA where that cannot be judged.

        Boxes: ``tight`` (every match has an IoU of ``tight_iou`` at least; NA without matches); ``everything_found``
        (NA where there was nothing to find); ``few_false_positives`` (there are none); ``even_quality`` (best and worst
        IoU differ by ``even_range`` at most; NA with fewer than two matches).

        Answers: ``same_meaning`` (right as ``metrics.text_failures`` has it; an answer that is not may mean the same in
        words that are not known, so that is NA); ``factual`` (right, and nothing said that references, question,
        captions and boxes do not speak of, unless known objects tell; else NA); ``concise, well_formed`` (no format
        error); ``handles_ambiguity`` (its confidence fits, or it hedges or says what enough people say where the
        references disagree; NA where neither was put to the test).

        The arguments and what is raised are as in ``diagnose``.
        """
        settings, chosen = Settings(iou_threshold, confidence_threshold), diagnosis_settings(thresholds, objects)
        return diagnosis_tables.good(self._diagnosis, self._loaded(steps), settings, chosen)

    def calibration(self, steps: int | Sequence[int] | None = None, bins: int = 10) -> pd.DataFrame:
        """A row per step and bin of confidence, of a run whose answers carry one.

        ``step``; ``low, high``: the bin, ``high`` included; ``answers`` in it; their mean ``confidence`` and their
        ``accuracy``: the share that is right, as ``metrics.text_failures`` has it; both NA in an empty bin. The
        expected calibration error of each step, the mean distance between the two over its answers (Guo et al. 2017),
        is in ``attrs["expected_calibration_error"]`` by step. Answers without confidence or reference are left out.
        Raises ``EvalWidgetError`` where no answer carries a confidence, and for a run of boxes.
        """
        chosen = diagnosis_settings({})
        return diagnosis_tables.calibration(self._diagnosis, self._loaded(steps), Settings(), chosen, bins)

    def suspect_labels(
        self,
        last: int = 3,
        agreement: float = 0.7,
        *,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.5,
        **thresholds: float,
    ) -> pd.DataFrame:
        """Ground truth to look at again: what the ``last`` checkpoints say alike against it, a row each.

        ``specimen, item, phrase``; ``kind``: ``missing_box`` (a prediction where nothing is annotated; ``phrase`` is
        its own), ``wrong_label`` (on an object of another label that none of the steps finds), ``box_off`` (IoU with an
        object of its label below ``iou_threshold``, and none of the steps finds it), ``answer``; ``steps``;
        ``agreement``: the lowest IoU of the last step's prediction with those of the others, ``agreement`` at least, or
        1 for answers, which are the same after normalisation, none of them right or a refusal; ``evidence`` in words.
        A prediction counts from ``confidence_threshold`` on, one without a score always. Boxes that agree best come
        first.

        A model that learned a mistake makes it at every late step too: these are suspicions. Raises
        ``EvalWidgetError`` where the run has fewer than two steps, or ``last`` is below 2.
        """
        check_whole("last", last, 2)
        settings, chosen = Settings(iou_threshold, confidence_threshold), diagnosis_settings(thresholds)
        steps = self._loaded(self._data.steps[-last:])
        return diagnosis_tables.suspect_labels(self._diagnosis, steps, settings, agreement, chosen)

    def mask_summary(self, steps: int | Sequence[int] | None = None) -> pd.DataFrame:
        """COCO's twelve figures of masks, a row per step: ``step, AP, AP_50, AP_75, AP_small, AP_medium, AP_large,
        AR_1, AR_10, AR_100, AR_small, AR_medium, AR_large``, each 0 to 1 (NA where COCO gives -1); last, ``invalid``:
        predictions left out because they have no mask that can be used.

        Masks are the ``segmentation`` of COCO ground truth and results: polygons or RLE, compressed or not. They are
        decoded and scored by pycocotools (``pip install 'evalwidget[masks]'``), so the figures are ``COCOeval``'s for
        "segm". A step whose predictions have no masks is NA. Raises ``EvalWidgetError`` without pycocotools or an
        image's size, ``FormatError`` for a ground truth box without a mask that can be used.
        """
        return mask_tables.mask_summary(self._evaluation, self._loaded(steps))

    def changes(
        self,
        a: int,
        b: int,
        *,
        metric: str | None = None,
        moved_by: float = 0.05,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """A row per specimen: what changed from step ``a`` to step ``b``, the biggest loss first, NA last.

        ``specimen``; ``before, after``: the score ``metric`` (f1 or token_f1 if None; any of ``scores``' columns or of
        the task's metrics); ``change``: after - before, NA unless both are there. Of equal changes those with more new
        errors come first, and those to which nothing happened last.

        Boxes: how many were ``found`` (missed at ``a``, matched at ``b``), ``missed`` (the reverse) and ``moved``
        (matched at both, their IoU changed by ``moved_by`` or more); how many predictions are ``extra`` at ``b`` that
        were not at ``a``, ``gone`` (extra at ``a`` and no longer), ``relabelled`` (the same place, IoU .5 or more, with
        another label) and ``duplicated`` (new, over a ground truth box of their label that is matched already);
        ``iou_change``: the mean over the boxes matched at both; ``invalid_before, invalid_after``. NA where the
        specimen is not scored at both.

        Text, of the answers recorded at both: ``words_lost, words_added``; of these ``reference_words_lost`` and
        ``reference_words_found``, which stand in a reference; ``format_changed``; ``answers_changed``: how many;
        ``question, reference, answer_before, answer_after`` of a specimen with one. Scores are means over the answers
        that are scored at both.

        Last, ``evaluated``: "both", "only_before", "only_after" or "neither"; ``why``: what happened in words, NA where
        nothing did. ``docs/comparing-steps.md`` has definitions and limits. Raises ``UnknownNameError``.
        """
        return change_tables.changes(self._pair(a, b), Settings(iou_threshold, confidence_threshold), metric, moved_by)

    def change_events(
        self,
        a: int,
        b: int,
        *,
        metric: str | None = None,
        threshold: float | None = None,
        moved_by: float = 0.05,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """A row per box to which something happened from step ``a`` to step ``b``, or question whose answer changed, in
        the order of the specimens.

        Boxes: ``specimen, item, phrase``; ``event``: one of those that ``changes`` counts; ``iou_before, iou_after``:
        with the ground truth box, where it is missed of the nearest prediction of its label that matches nothing (NA:
        there is none); ``phrase_before, phrase_after`` and ``score_before, score_after`` of the predictions;
        ``status_before, status_after``: of the ground truth box, else of the prediction; ``ground_truth,
        prediction_before, prediction_after``: places among the specimen's boxes; and the corners of all three in pixels
        (``ground_truth_x1`` … ``prediction_after_y2``). NA where there is no such box.

        Text: ``specimen, item``; ``phrase``: the question; ``reference`` (several joined by " | "); ``answer_before,
        answer_after``; the words and ``format_changed`` as in ``changes``; ``before, after``: the score ``metric``, and
        ``right_before, right_after``: whether it reaches ``threshold`` (the middle of what it can be if None).

        Raises ``UnknownNameError``, and ``EvalWidgetError`` where ``metric`` or ``threshold`` is given for boxes.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return change_tables.change_events(self._pair(a, b), settings, metric, threshold, moved_by)

    def paired_test(
        self,
        a: int,
        b: int,
        metric: str | None = None,
        threshold: float | None = None,
        *,
        samples: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """One row: whether step ``b`` is better than step ``a`` on the specimens that both evaluated.

        ``before, after``: the steps; ``metric, threshold``: from where on a specimen is right (the main score and the
        middle of what it can be if None); ``specimens`` with a score at both, of which ``wins`` (better at ``b``),
        ``losses, ties``; ``both_right, only_before_right, only_after_right, both_wrong``; ``mean_before, mean_after``:
        the score of the step, as in ``summary``, over what both evaluated; ``difference``: after - before, with a
        ``confidence`` interval ``difference_low, difference_high`` of the paired bootstrap over specimens (``samples``
        draws, ``seed``); ``p_value``: McNemar's exact test, two-sided, of the specimens right on one side alone, NA
        without a specimen; ``only_before, only_after``: evaluated on one side, in none of the others; and
        ``different_ground_truth``: left out likewise, 0 within one run.

        Raises ``UnknownNameError``, and ``EvalWidgetError`` about a count, which is no mean.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        how = Resampling(samples, confidence, seed)
        return change_tables.paired_test(self._pair(a, b), settings, metric, threshold, how)

    def learning(
        self,
        metric: str | None = None,
        threshold: float | None = None,
        *,
        per: str = "specimen",
        steps: Sequence[int] | None = None,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """What was learned and what was forgotten: a row per specimen; with ``per="item"`` per ground truth box or
        question.

        A specimen is right at a step where its ``metric`` (f1 or token_f1 if None) reaches ``threshold`` (the middle of
        the metric's bounds if None); an answer likewise; a box where a prediction is matched with it at the thresholds
        given, and it takes neither metric nor threshold. Where a specimen is missing, or its score not defined, it is
        not evaluated, which is never wrong: consecutive steps of a specimen are those with no evaluated one between
        them.

        ``specimen`` (and ``item, phrase``); ``learned_at``: the first step at which it was right; ``forgetting_events``
        (Toneva et al. 2019): how often right was followed by wrong, and ``forgotten_at``: at which steps, a tuple;
        ``never_learned``; ``always_right``; ``mean`` and ``variability`` (Swayamdipta et al. 2020): mean and population
        standard deviation of the score over steps, for a box of its match's IoU, 0 where it is missed; ``churn``: the
        share of consecutive steps between which right turned wrong or wrong right; ``right_since``: the first step of
        the stretch of being right that lasts to the end, NA where it was wrong last; ``state``: ``not_evaluated,
        never_learned, always_right, learned`` (right where last evaluated) or ``forgotten`` (right once, wrong where
        last evaluated); ``evaluated``: at how many steps. NA where it was evaluated nowhere, ``churn`` also where only
        once. Steps go through in ascending order.

        Raises ``UnknownNameError``, and ``EvalWidgetError`` about a metric without bounds and no threshold.
        """
        return learning_tables.learning(
            self._evaluation,
            self._ascending(steps),
            Settings(iou_threshold, confidence_threshold),
            metric,
            threshold,
            per=per,
        )

    def churn(
        self,
        metric: str | None = None,
        threshold: float | None = None,
        *,
        steps: Sequence[int] | None = None,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """What turned over between consecutive steps, also where the mean stands still: a row per step but the first.

        ``step, previous_step``; ``specimens``: evaluated at both, that is, with a score of ``metric`` at both;
        ``mean_before, mean_after``: the mean of the scores of these specimens, each counting once (``summary`` is over
        all boxes or answers); ``gained``: wrong before and right after; ``lost``: right before and wrong after;
        ``churn``: the share of ``specimens`` that did either; ``predictions_changed``: the share of specimens with
        another prediction after than before, of the ``recorded``, the specimens with a recorded prediction at both
        steps, scored or not. A text has changed if it differs in any character; boxes if there are other boxes or
        labels, whatever their order and scores, of those that reach ``confidence_threshold``. ``metric`` and
        ``threshold`` say what is right, as in ``learning``. Shares are NA where there is no specimen.

        Raises ``UnknownNameError``, and ``EvalWidgetError`` about a metric without bounds and no threshold.
        """
        settings = Settings(iou_threshold, confidence_threshold)
        return learning_tables.churn(self._evaluation, self._ascending(steps), settings, metric, threshold)

    def best_step(
        self,
        metric: str | None = None,
        *,
        steps: Sequence[int] | None = None,
        samples: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
        iou_thresholds: Sequence[float] = (0.5, 0.75),
        confidence_thresholds: Sequence[float] = (0.0, 0.25, 0.5),
    ) -> BestStep:
        """The step with the best score, the steps that cannot be told apart from it, and whether the choice survives
        elsewhere. Printing it says so; ``BestStep`` describes its tables.

        ``metric`` is one of ``scores``' columns that is a mean or a ratio (f1 or token_f1 if None); the score of a step
        is ``summary``'s. Intervals are percentile bootstrap intervals that hold the share ``confidence`` of ``samples``
        draws of specimens, each with all its boxes or answers; the same ``seed`` gives the same draws. A step cannot be
        told apart from the best where the interval of their difference, over the specimens evaluated at both, holds 0.
        For boxes the choice is then tried at every pair of ``iou_thresholds`` and ``confidence_thresholds``, for texts
        by the run's other metrics.

        Raises ``UnknownNameError``, and ``EvalWidgetError`` where no step has the score, or about a count.
        """
        chosen = self._ascending(steps)
        how = Resampling(samples, confidence, seed)
        elsewhere = every_pair(iou_thresholds, confidence_thresholds)
        settings = Settings(iou_threshold, confidence_threshold)
        return best_step(self._evaluation, chosen, settings, metric, how, elsewhere)

    def slices(
        self,
        by: str | Mapping[str, Any] | pd.Series | pd.DataFrame,
        metric: str | None = None,
        steps: Sequence[int] | None = None,
        *,
        tidy: bool = False,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """Scores by slice and step: a row per slice, the one that fell most first.

        ``by``: "phrase" (or class, or question text); "box_size" (COCO's: "small" below 32 x 32 square pixels of
        ground truth area, "large" from 96 x 96 on); "objects" (ground truth boxes of a specimen: "0", "1", "2", "3-5",
        "6+"); "question_type" (of English questions: "yes/no", "how many", "what colour", "what", "which", "where",
        "who", "when", "why", "how", "other"); "prompt_length" (words of the phrase or question: "1", "2-3", "4-6",
        "7+"); or values of your own: a mapping or Series from specimen to value, or a DataFrame with ``specimen``,
        ``item`` or not, and one more column. Numbers are not binned; a categorical keeps its order.

        ``metric``: specimens, sliced by "objects" or values of your own, have any of ``scores``' columns that is a mean
        or a ratio (f1 or token_f1 if None); questions any metric of answers (token_f1 if None); ground truth boxes,
        sliced by "box_size" or by item, recall (if None), mean_iou and metrics of matched boxes, and by "phrase" and
        "prompt_length" also precision, f1 and metrics of phrases. A slice's score is ``summary``'s over what is in it.

        ``slice``; ``items``: how many boxes, questions or specimens it has that can be scored; a column for each step,
        named by the step as a number; ``best_step``, of equals the earliest; ``fall``: how much worse the last of the
        steps is than the best. NA where nothing of the slice was scored, never 0; ``slice`` is NA for what no value is
        given for. ``tidy``: a row per step and slice, ``step, slice, items, value``, with ``items`` scored at the step.

        Raises ``UnknownNameError`` also about specimens and items that the run does not have, ``EvalWidgetError`` about
        a slicing that the task, or a score that the slices have not.
        """
        chosen = self._ascending(steps)
        settings = Settings(iou_threshold, confidence_threshold)
        return slice_tables.slices(self._evaluation, chosen, settings, by, metric, tidy=tidy)

    def compare(
        self,
        step: int | None = None,
        specimen: str | None = None,
        *,
        height: int = 560,
        score: str | None = None,
        sort_by: str = "order",
        sort_reversed: bool = False,
        filter: Mapping[str, str] | None = None,  # noqa: A002 - it filters the list
        compare_step: int | None = None,
        other: "Run | None" = None,
        other_step: int | None = None,
    ) -> "EvalWidget":
        """The widget: ground truth beside prediction, with the slider over the recorded steps.

        Starts at ``step`` (the last one if None) and ``specimen`` (the first of the list if None). ``height`` is in CSS
        pixels. ``score`` names the score in the list and the chart, any of ``scores``' columns or of the task's metrics
        (f1 or token_f1 if None). ``sort_by`` is what the list is sorted by: "order" (the run's), "identifier", "score",
        with the worst at the step first, "change", with what lost most since ``compare_step`` or
        the step before first, "learned_at", the
        step that a specimen was right at for the first time, or "forgetting", how often it was right and then wrong;
        ``sort_reversed`` turns it round.

        ``filter`` narrows the list to specimens that meet all of: ``text``, which their identifier, caption, phrases,
        question, references or an answer at any step hold, whatever its case; ``label``, a phrase or class of a ground
        truth box; ``learning``: "learned", "forgotten", "never_learned", "always_right" or "not_evaluated", by the
        score as in ``learning``; ``mode``: a failure mode that they show at the step in sight, by its key as in
        ``diagnose``, or "none". ``filter={"mode": "missed_detection", "label": "dog"}``, for one.

        ``compare_step`` is a second step to see beside the one in sight. ``other`` is another run over the same
        specimens, found by their identifiers: its ``other_step`` (its last if None) is seen beside instead. Raises
        ``UnknownNameError``; ``EvalWidgetError`` about another run whose specimens or items are not the same.
        """
        if step is not None:
            self._chosen(step)
        if specimen is not None:
            self._data.row(specimen)
        if score is not None:
            named_score(self._evaluation, score)
        if sort_by not in SORTS:
            raise UnknownNameError(
                f"sort_by: expected one of {', '.join(SORTS)}, got {sort_by!r}; score= names the score"
            )
        wanted = checked_filter(self._data, filter or {})
        if compare_step is not None:
            if other is not None:
                raise EvalWidgetError("compare_step: with other=, other_step= is the step to compare with")
            self._chosen(compare_step)
        if other is not None:
            compare_step = self._step_beside(other, other_step)
        elif other_step is not None:
            raise EvalWidgetError(
                "other_step: expected other=, the run that has the step; compare_step= is of this run"
            )
        # imported late, so that scores need no front end
        from evalwidget.widget.eval_widget import EvalWidget

        return EvalWidget(
            self._evaluation,
            step=step,
            specimen=specimen,
            height=height,
            score=score,
            sort_by=sort_by,
            sort_reversed=sort_reversed,
            filter=wanted,
            diagnosis=self._diagnosis,
            compare_step=compare_step,
            other=None if other is None else other._evaluation,
        )

    def __repr__(self) -> str:
        return facts_as_text(f"Run {self.name!r}", run_facts(self._data))

    def _repr_html_(self) -> str:
        return facts_as_html(f"Run {self.name}", run_facts(self._data))

    def _at_step(self, step: int | None) -> tuple[ErrorAnalysis, int]:
        """The run's analysis and a step of it, the last one if None, read."""
        if step is None and not self.steps:
            raise UnknownNameError(f"run {self.name!r}: no step is recorded")
        (chosen,) = self._loaded(self.steps[-1] if step is None else step)
        return self._analysis, chosen

    def _pair(self, a: int, b: int) -> StepPair:
        """Two steps side by side, read."""
        before, after = self._loaded([a, b])
        return pair_of_steps(self._analysis, before, after)

    def _ascending(self, steps: Sequence[int] | None) -> list[int]:
        """The steps asked for, each once, in the order of training, read."""
        return self._loaded(sorted(set(self._chosen(steps))))

    def _step_beside(self, other: "Run", step: int | None) -> int | None:
        """The step of ``other`` to show beside this run's: ``step``, or its last."""
        if other._data.has_text != self._data.has_text:
            raise EvalWidgetError(
                f"other: expected a run of the task {self.task!r}, got {other.name!r}: {other.task!r}"
            )
        if self._data.rows.keys().isdisjoint(other._data.rows):
            here, there = self.specimens[:1], other.specimens[:1]
            raise EvalWidgetError(
                f"other: expected a run over the same specimens; {other.name!r} has none of this run's, "
                f"which are such as {here}, its own such as {there}"
            )
        steps = other._chosen(step)
        return steps[-1] if steps else None

    def _loaded(self, steps: int | Sequence[int] | None) -> list[int]:
        """The steps asked for, read."""
        chosen = self._chosen(steps)
        self._data.load(chosen)
        return chosen

    def _chosen(self, steps: int | Sequence[int] | None) -> list[int]:
        if steps is None:
            return self._data.steps
        wanted = list(steps) if isinstance(steps, Iterable) and not isinstance(steps, str) else [steps]
        return [self._data.recorded_step(step) for step in wanted]


def open_run(
    path: str | Path | None = None,
    *,
    ground_truth: Any = None,
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
    min_pixels: float | None = None,
    max_pixels: float | None = None,
    ground_truth_format: str | None = None,
    prediction_format: str | None = None,
    columns: Mapping[str, str] | None = None,
    join: str | None = None,
    split: str | None = None,
    class_names: Sequence[str] | Mapping[Any, str] | str | Path | None = None,
    prediction_first_class: int | None = None,
) -> Run:
    """Open a run: a run folder, a training run's output folder, or files named one by one.

    A folder that holds a folder for each checkpoint (``checkpoint-500``) opens with the file of predictions that each
    holds; where there are several, ``predictions`` names it from the checkpoint's folder on, with ``*`` for what varies
    (``"infer_result/*.jsonl"``). ``ground_truth`` may lie elsewhere.

    Without a folder ``predictions`` is ``{step: file, folder, DataFrame or arrays by image}``, a list of files or a
    folder of files whose names carry the step (``step-000500``, ``checkpoint-500``, ``iter_500``). Files that belong
    together go in a list, and a DataFrame or a Hugging Face dataset may stand for a file; images that it holds are
    shown. ``images`` is one folder or several, or a mapping from specimen to path, bytes or PIL image.

    The other arguments overrule ``run.json`` and what the data tell. ``task``: one of ``phrase grounding, object
    detection, visual question answering, free text``. ``coordinates``: ``pixels, fraction, 0-100, 0-999, 0-1000,
    0-1024, resized``; ``box_order``: ``xyxy, xywh, cxcywh, yxyx``; both also for predictions alone. ``min_pixels`` and
    ``max_pixels``: the limits of the model's image processor, from which the size of ``resized`` images follows where
    no record states it. ``ground_truth_format``, ``prediction_format`` and ``output_format`` (the family of models
    whose raw text is read): keys of ``docs/formats.md``. ``columns`` renames fields of rows: ``{"question": "q"}``
    reads ``q`` as ``question``. ``join``, one of ``id, path, name, stem, order``: what predictions are to find their
    specimens by. ``split``: the part of a data set that holds several ("val", "testA"). ``class_names`` names the
    classes that files number: a list (from 0), a mapping by number, or a file (names by line, or YAML with ``names``).
    ``prediction_first_class`` (0 or 1): the number from which predictions count the ground truth's classes.

    Ground truth is read now, the predictions of a step when they are asked for; without ground truth, all now. Raises
    ``EvalWidgetError`` (``FormatError`` with file and line) about whatever cannot be used.
    """
    settings = settings_of(
        name=name,
        task=task,
        steps_per_epoch=steps_per_epoch,
        coordinates=coordinates,
        box_order=box_order,
        prediction_coordinates=prediction_coordinates,
        prediction_box_order=prediction_box_order,
        output_format=output_format,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        ground_truth_format=ground_truth_format,
        prediction_format=prediction_format,
        columns=columns,
        join=join,
        split=split,
        class_names=class_names,
        prediction_first_class=prediction_first_class,
    )
    return Run(open_source(path, ground_truth, predictions, settings, images))
