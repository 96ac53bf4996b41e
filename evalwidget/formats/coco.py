"""COCO ground truth and results: into columns at once where a file is of the usual shape, else record by record."""

from typing import Final

from evalwidget.boxes import Convention
from evalwidget.formats.coco_ground_truth import regular_ground_truth
from evalwidget.formats.coco_records import categories_of, ground_truth_records, prediction_records
from evalwidget.formats.coco_results import regular_results
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Source
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import Records

__all__ = ["FORMATS"]

_XYWH: Final = Convention("xywh")
#: Results by the name that Ultralytics and Detectron2 give them in a folder of their own.
_FILES_IN_FOLDERS: Final = ("predictions.json", "coco_instances_results.json")


def _is_dataset(content: Content) -> bool:
    return {"images", "annotations"} <= content.keys


def _is_results(content: Content) -> bool:
    if content.is_folder:
        return _results_file(content) is not content.source
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
    source = _results_file(content)
    results = content if source is content.source else content.of(source)
    convention = options.overruled(_XYWH)
    # results that name their images by file are found by these, and only the other reader knows them
    by_id = isinstance(results.first.get("image_id"), int) and "file_name" not in results.first
    records = regular_results(source, options, convention) if by_id else None
    return prediction_records(results.document, source, options, convention) if records is None else records


def _results_file(content: Content) -> Source:
    """The file itself; of a folder that Ultralytics or Detectron2 wrote, the results in it."""
    return next((child for child in content.children if child.name in _FILES_IN_FOLDERS), content.source)


def _dataset_predictions(content: Content, options: PredictionOptions) -> Records:
    return prediction_records(content.fields, content.source, options, options.overruled(_XYWH))


FORMATS: Final = (
    Format("coco", "COCO", _is_dataset, _ground_truth, _dataset_predictions),
    Format("coco-results", "COCO results", _is_results, predictions=_results),
)
