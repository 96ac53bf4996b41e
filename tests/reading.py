"""Sources read for tests, and their boxes by image."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evalwidget.boxes import corners_and_size
from evalwidget.formats import (
    Content,
    GroundTruthFacts,
    GroundTruthOptions,
    PredictionOptions,
    Source,
    read_ground_truth,
    read_predictions,
)
from evalwidget.records import Records

Size = tuple[float, float]


def content(*paths: Path) -> Content:
    """What lies at ``paths``, shown from their folder on."""
    return Content([Source.at(path, paths[0].parent) for path in paths])


def truth(*paths: Path, key: str | None = None, **options: Any) -> tuple[Records, GroundTruthFacts]:
    return read_ground_truth(content(*paths), GroundTruthOptions(**options), key)


def predictions(*paths: Path, key: str | None = None, **options: Any) -> Records:
    return read_predictions(content(*paths), PredictionOptions(**options), key)


def boxes(records: Records, sizes: Mapping[str, Size] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Label and corners of every box by the name of its image without extension, sorted; images without boxes too.
    Fractions are turned to pixels where ``sizes`` are given."""
    found: dict[str, list[tuple[Any, ...]]] = {name(records, place): [] for place in range(len(records.references))}
    for part in records.boxes:
        size = np.array([(sizes or {}).get(name(records, owner), (1, 1)) for owner in part.owner], np.float64)
        corners, _ = corners_and_size(part.values, part.convention, size.reshape(-1, 2))
        for owner, label, box in zip(part.owner, part.label, corners.tolist(), strict=True):
            found[name(records, owner)].append((part.label_names[label], *(round(value, 6) for value in box)))
    return {image: sorted(rows) for image, rows in found.items()}


def scored(records: Records) -> list[tuple[Any, ...]]:
    """Image, label, score and parse state of every prediction."""
    return [
        (
            name(records, owner),
            part.label_names[label] if label >= 0 else None,
            None if np.isnan(score) else float(score),
            int(state),
        )
        for part in records.boxes
        for owner, label, score, state in zip(part.owner, part.label, part.score, part.state, strict=True)
    ]


def name(records: Records, place: int) -> str:
    reference = records.references[place]
    return Path(reference.shown).stem if reference.image else reference.shown


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write text files by their path below ``root``."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return root
