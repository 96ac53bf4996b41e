"""Write a run folder and measure it: standard library only, so that any training loop can take it over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Box = list[float]


def write_lines(path: Path, records: list[Record]) -> None:
    """Write one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(record, separators=(", ", ": ")) + "\n" for record in records)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_lines(path: Path) -> list[Record]:
    """Read one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_header(folder: Path, name: str, task: str, steps_per_epoch: int, truth: list[Record]) -> None:
    """Write ``run.json`` and ``ground_truth.jsonl``."""
    folder.mkdir(parents=True, exist_ok=True)
    header = {"name": name, "task": task, "steps_per_epoch": steps_per_epoch}
    (folder / "run.json").write_text(json.dumps(header, indent=2) + "\n", encoding="utf-8", newline="\n")
    write_lines(folder / "ground_truth.jsonl", truth)


def write_step(folder: Path, step: int, predictions: list[Record]) -> None:
    """Write the predictions of one checkpoint, one line a specimen."""
    write_lines(folder / "predictions" / f"step-{step:06d}.jsonl", predictions)


def read_steps(folder: Path) -> dict[int, list[Record]]:
    """The predictions of every recorded step, in order."""
    files = sorted((folder / "predictions").glob("step-*.jsonl"))
    return {int(path.stem.removeprefix("step-")): read_lines(path) for path in files}


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def count_hits(truth: Record, prediction: Record, least_iou: float = 0.5) -> int:
    """Predicted boxes of one specimen that match a box of the same phrase, best score first, each box once."""
    wanted = {entry["phrase"]: list(entry["boxes"]) for entry in truth["phrases"]}
    hits = 0
    for entry in prediction["phrases"]:
        free = wanted.get(entry["phrase"], [])
        for _, box in sorted(zip(entry["scores"], entry["boxes"], strict=True), reverse=True):
            best = max(free, key=lambda other: iou(box, other), default=None)
            if best is not None and iou(box, best) >= least_iou:
                free.remove(best)
                hits += 1
    return hits


def count_boxes(records: list[Record]) -> int:
    """All boxes of all phrases."""
    return sum(len(entry["boxes"]) for record in records for entry in record["phrases"])


def grounding_scores(truth: list[Record], predictions: list[Record]) -> dict[str, float]:
    """Precision, recall and F1 at IoU 0.5 over all boxes of all specimens, and the number of predicted boxes."""
    by_image = {record["image"]: record for record in truth}
    hits = sum(count_hits(by_image[record["image"]], record) for record in predictions)
    predicted, wanted = count_boxes(predictions), count_boxes(truth)
    precision = hits / predicted if predicted else 0.0
    recall = hits / wanted if wanted else 0.0
    both = precision + recall
    return {
        "boxes": predicted,
        "precision": precision,
        "recall": recall,
        "F1": 2 * precision * recall / both if both else 0.0,
    }


def answer_scores(truth: list[Record], predictions: list[Record]) -> dict[str, float]:
    """The share of answers that equal a reference, case and outer blanks apart: overall and by item."""
    by_image = {record["image"]: record for record in predictions}
    right: dict[str, list[bool]] = {"exact": []}
    for record in truth:
        answers = {entry["item"]: entry["answer"].strip().lower() for entry in by_image[record["image"]]["questions"]}
        for question in record["questions"]:
            hit = answers[question["item"]] in [answer.lower() for answer in question["answers"]]
            right["exact"].append(hit)
            right.setdefault(question["item"], []).append(hit)
    return {name: sum(hits) / len(hits) for name, hits in right.items()}
