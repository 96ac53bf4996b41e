"""What becomes of every box, from three sides: pycocotools, a plain loop, and a run's own ``matches()``.

Each gives ``{(image, side, place): (outcome, partner, iou)}``: ``side`` is "truth" or "prediction", ``place`` counts
the boxes of the image on that side in the order of the file, ``partner`` is the place of the box on the other side.
"""

import contextlib
import copy
import io
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import evalwidget as ew

Outcomes = dict[tuple[str, str, int], tuple[str, int | None, float | None]]
_MOST = 100


def coco_truth(
    sizes: Sequence[tuple[int, int]], boxes: Sequence[tuple[int, int, list[float], bool]], classes: int
) -> dict[str, Any]:
    """COCO ground truth of ``boxes`` (image, class, x y width height, crowd). Annotation ids start at 1: pycocotools
    takes id 0 for "not matched"."""
    return {
        "images": [
            {"id": i + 1, "file_name": f"{i + 1}.jpg", "width": w, "height": h} for i, (w, h) in enumerate(sizes)
        ],
        "annotations": [
            {
                "id": place + 1,
                "image_id": image + 1,
                "category_id": label + 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": int(crowd),
            }
            for place, (image, label, box, crowd) in enumerate(boxes)
        ],
        "categories": [{"id": label + 1, "name": f"class {label + 1}"} for label in range(classes)],
    }


def open_coco(folder: Path, truth: dict[str, Any], results: list[dict[str, Any]]) -> ew.Run:
    """The run of one step in two files written to ``folder``."""
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "results.json").write_text(json.dumps(results))
    return ew.open_run(ground_truth=folder / "truth.json", predictions={1: folder / "results.json"})


def evaluated(
    truth: dict[str, Any],
    results: list[dict[str, Any]],
    images: Sequence[int] | None = None,
    thresholds: Sequence[float] | None = None,
) -> COCOeval:
    """pycocotools' evaluation of boxes, before it is accumulated; of these image ids, at these IoU thresholds."""
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = COCO()
        annotated.dataset = copy.deepcopy(truth)
        annotated.createIndex()
        if results:
            found = annotated.loadRes(copy.deepcopy(results))
        else:  # loadRes raises IndexError for a checkpoint with no detections
            found = COCO()
            found.dataset = {**copy.deepcopy(truth), "annotations": []}
            found.createIndex()
        evaluation = COCOeval(annotated, found, "bbox")
        if images is not None:
            evaluation.params.imgIds = list(images)
        if thresholds is not None:
            evaluation.params.iouThrs = np.array(thresholds)
        evaluation.evaluate()
    return evaluation


def pycocotools_figures(evaluation: COCOeval) -> tuple[list[float], dict[int, list[float]]]:
    """The twelve figures, and those of each category id, with pycocotools' -1."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.accumulate()
        evaluation.summarize()
    # (threshold, recall point, category, area, most) and the same without recall point
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]

    def mean(values: Any) -> float:
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    by_category = {}
    for place, category in enumerate(evaluation.params.catIds):
        p, r = precision[:, :, place, :, 2], recall[:, place]
        average_precision = [mean(p[:, :, 0]), mean(p[0, :, 0]), mean(p[5, :, 0])]
        average_precision += [mean(p[:, :, area]) for area in (1, 2, 3)]
        average_recall = [mean(r[:, 0, most]) for most in (0, 1, 2)] + [mean(r[:, area, 2]) for area in (1, 2, 3)]
        by_category[category] = average_precision + average_recall
    return evaluation.stats.tolist(), by_category


def pycocotools_curves(evaluation: COCOeval) -> tuple[Any, Any, list[int]]:
    """Precision and score ``(101, categories)`` at the first threshold, and the category ids."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.accumulate()
    found = evaluation.eval
    return found["precision"][0, :, :, 0, 2], found["scores"][0, :, :, 0, 2], list(evaluation.params.catIds)


def pycocotools_outcomes(truth: dict[str, Any], results: list[dict[str, Any]]) -> Outcomes:
    """Outcomes at IoU 0.5, area "all", at most 100 predictions."""
    names = {image["id"]: image["file_name"] for image in truth["images"]}
    truth_place = {a["id"]: _place(truth["annotations"], row) for row, a in enumerate(truth["annotations"])}
    place = {row + 1: _place(results, row) for row in range(len(results))}
    outcomes: Outcomes = {
        (names[result["image_id"]], "prediction", _place(results, row)): ("ignored", None, None)
        for row, result in enumerate(results)
    }
    evaluation = evaluated(truth, results)
    at = int(np.flatnonzero(evaluation.params.iouThrs == 0.5)[0])
    areas = len(evaluation.params.areaRng)
    for cell, of in enumerate(evaluation.evalImgs):
        if of is None or cell // len(evaluation.params.imgIds) % areas:
            continue
        image = names[of["image_id"]]
        ious = evaluation.ious[of["image_id"], of["category_id"]]
        # pycocotools holds IoUs in the order of the file, and ground truth in gtIds sorted by what is ignored
        columns = [a["id"] for a in truth["annotations"] if (a["image_id"], a["category_id"]) == _cell(of)]
        for row, identity in enumerate(of["gtIds"]):
            partner = int(of["gtMatches"][at, row])
            if of["gtIgnore"][row]:
                outcome: Any = ("ignored", None, None)
            elif partner:
                iou = ious[of["dtIds"].index(partner), columns.index(identity)]
                outcome = ("matched", place[partner], float(iou))
            else:
                outcome = ("missed", None, None)
            outcomes[image, "truth", truth_place[identity]] = outcome
        for row, identity in enumerate(of["dtIds"]):
            partner = int(of["dtMatches"][at, row])
            if of["dtIgnore"][at, row]:
                outcome = ("ignored", None, None)
            elif partner:
                outcome = ("matched", truth_place[partner], float(ious[row, columns.index(partner)]))
            else:
                outcome = ("extra", None, None)
            outcomes[image, "prediction", place[identity]] = outcome
    return outcomes


def loop_outcomes(
    truth: dict[str, Any], results: list[dict[str, Any]], threshold: float = 0.5, confidence: float = -math.inf
) -> Outcomes:
    """The same as a person would write it down from the rules: image by image, class by class, box by box."""
    names = {image["id"]: image["file_name"] for image in truth["images"]}
    outcomes: Outcomes = {}
    cells: dict[tuple[int, int], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for row, annotation in enumerate(truth["annotations"]):
        cells[_cell(annotation)][0].append(row)
        is_crowd = bool(annotation["iscrowd"])
        key = (names[annotation["image_id"]], "truth", _place(truth["annotations"], row))
        outcomes[key] = ("ignored" if is_crowd else "missed", None, None)
    for row, result in enumerate(results):
        cells[_cell(result)][1].append(row)
        outcomes[names[result["image_id"]], "prediction", _place(results, row)] = ("ignored", None, None)
    for (image, _), (truths, found) in cells.items():
        ranked = sorted(
            (row for row in found if results[row]["score"] >= confidence), key=lambda row: -results[row]["score"]
        )
        free = {row for row in truths if not truth["annotations"][row]["iscrowd"]}
        for row in ranked[:_MOST]:
            best, best_iou = None, threshold
            for candidate in truths:
                if candidate in free:
                    iou = box_iou(results[row]["bbox"], truth["annotations"][candidate]["bbox"], crowd=False)
                    if iou >= best_iou:
                        best, best_iou = candidate, iou
            name, place = names[image], _place(results, row)
            if best is not None:
                free.remove(best)
                truth_place = _place(truth["annotations"], best)
                outcomes[name, "prediction", place] = ("matched", truth_place, best_iou)
                outcomes[name, "truth", truth_place] = ("matched", place, best_iou)
                continue
            crowds = [truth["annotations"][c]["bbox"] for c in truths if truth["annotations"][c]["iscrowd"]]
            in_crowd = any(box_iou(results[row]["bbox"], crowd, crowd=True) >= threshold for crowd in crowds)
            outcomes[name, "prediction", place] = ("ignored" if in_crowd else "extra", None, None)
    return outcomes


def frame_outcomes(matches: pd.DataFrame) -> Outcomes:
    """Outcomes that ``Run.matches()`` of one step says."""
    outcomes: Outcomes = {}
    columns = [matches[name] for name in ("specimen", "status", "ground_truth", "prediction", "iou")]
    for specimen, status, truth, prediction, iou in zip(*columns, strict=True):
        is_matched = status == "matched"
        if not pd.isna(truth):
            key = (specimen, "truth", int(truth))
            assert key not in outcomes
            outcomes[key] = (status, int(prediction), float(iou)) if is_matched else (status, None, None)
        if not pd.isna(prediction):
            key = (specimen, "prediction", int(prediction))
            assert key not in outcomes
            outcomes[key] = (status, int(truth), float(iou)) if is_matched else (status, None, None)
    return outcomes


def box_iou(a: list[float], b: list[float], *, crowd: bool) -> float:
    """IoU of boxes x y width height; over the area of ``a`` alone where ``b`` is a crowd region."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] if crowd else a[2] * a[3] + b[2] * b[3] - shared)


def _cell(record: dict[str, Any]) -> tuple[int, int]:
    return record["image_id"], record["category_id"]


def _place(records: list[dict[str, Any]], row: int) -> int:
    """The place of a record among those of its image."""
    return sum(other["image_id"] == records[row]["image_id"] for other in records[:row])
