"""Boxes compared one by one, as plainly as can be: what tests hold vectorised results against."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

import evalwidget as ew


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (area(one) + area(other) - width * height)


def area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def box_of(row: Mapping, side: str) -> tuple[float, ...]:
    """The corners of a row of ``matches()`` on a side."""
    return tuple(float(row[f"{side}_{corner}"]) for corner in ("x1", "y1", "x2", "y2"))


def greedy(pairs: Iterable[tuple]) -> list[tuple]:
    """Of pairs (…, one, other) in this order those that are taken, each side once."""
    taken: list[tuple] = []
    for pair in pairs:
        if not any(pair[-2] == other[-2] or pair[-1] == other[-1] for other in taken):
            taken.append(pair)
    return taken


def boxes_run(truth: pd.DataFrame, found: pd.DataFrame) -> ew.Run:
    return ew.Run.from_frames(truth, found, task="object detection", coordinates="pixels")


def random_run(seed: int, specimens: int = 12, steps: int = 2) -> ew.Run:
    return boxes_run(*random_frames(seed, specimens, steps))


def random_frames(seed: int, specimens: int = 12, steps: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ground truth and predictions of a small run in which boxes are found, moved, enlarged, relabelled, doubled,
    invented and lost at random; some specimens are missing at a step, or known to be empty."""
    random = np.random.default_rng(seed)
    labels = ("cat", "dog")
    truth, found = [], []
    for name in (f"s{place}" for place in range(specimens)):
        objects = []
        for _ in range(int(random.integers(0, 5))):
            corner, side = random.uniform(0, 150, 2), random.uniform(20, 80, 2)
            objects.append((str(random.choice(labels)), np.array([*corner, *corner + side])))
        truth += [(name, label, *box) for label, box in objects] or [(name, None, *[np.nan] * 4)]
        for step in range(1, steps + 1):
            if random.random() < 0.1:
                continue
            given = []
            for label, box in objects:
                for _ in range(int(random.choice([0, 1, 1, 1, 2]))):
                    side = np.tile(box[2:] - box[:2], 2)
                    drift = random.choice([0.05, 0.2, 0.4]) * random.uniform(-1, 1, 4) * side
                    if random.random() < 0.25:
                        drift = random.uniform(0.1, 0.5, 4) * [-1, -1, 1, 1] * side
                    moved = box + drift
                    moved[2:] = np.maximum(moved[2:], moved[:2] + 1)
                    given.append((label if random.random() < 0.85 else str(random.choice(labels)), moved))
            if random.random() < 0.5:
                corner = random.uniform(0, 150, 2)
                given.append((str(random.choice(labels)), np.array([*corner, *corner + 30])))
            found += [(step, name, label, *box, random.random()) for label, box in given] or [
                (step, name, None, *[np.nan] * 5)
            ]
    columns = ["specimen", "phrase", "x1", "y1", "x2", "y2"]
    predictions = pd.DataFrame(found, columns=["step", *columns, "score"])
    return pd.DataFrame(truth, columns=columns), predictions
