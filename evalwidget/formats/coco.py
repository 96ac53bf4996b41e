"""COCO ground truth and results: into columns at once where a file is of the usual shape, else record by record."""

from typing import Final

from evalwidget.boxes import Convention
from evalwidget.formats.coco_ground_truth import regular_ground_truth
from evalwidget.formats.coco_records import categories_of, ground_truth_records, prediction_records
from evalwidget.formats.coco_results import regular_results
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import Records

__all__ = ["FORMATS"]

_XYWH: Final = Convention("xywh")


def _is_dataset(content: Content) -> bool:
    return {"images", "annotations"} <= content.keys


def _is_results(content: Content) -> bool:
    if content.is_json_list:
        return {"image_id", "category_id"} <= content.first.keys() or content.document == []
    return False


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    found = regular_ground_truth(content.source)
    if found is None:
        value = content.fields
        found = ground_truth_records(value, content.source), categories_of(value, content.source)
    records, names = found
    return records, GroundTruthFacts("COCO", _XYWH, names, "object detection")


def _results(content: Content, options: PredictionOptions) -> Records:
    convention = options.overruled(_XYWH)
    records = regular_results(content.source, options.categories, convention)
    if records is None:
        return prediction_records(content.document, content.source, options.categories, convention)
    return records


def _dataset_predictions(content: Content, options: PredictionOptions) -> Records:
    return prediction_records(content.fields, content.source, options.categories, options.overruled(_XYWH))


FORMATS: Final = (
    Format("coco", "COCO", _is_dataset, _ground_truth, _dataset_predictions),
    Format("coco-results", "COCO results", _is_results, predictions=_results),
)
