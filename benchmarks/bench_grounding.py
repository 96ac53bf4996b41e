"""Phrase figures of W3 beside plain loops over the protocols that they follow.

    python benchmarks/bench_grounding.py [--steps 20] [--images 10000] [--rounds 5] [--sample 500]

Prints a table in Markdown. The loops are written from the protocols, a phrase at a time with numpy, as the evaluators
of Flickr30k Entities (MDETR's ``datasets/flickr_eval.py``) and RefCOCO go through theirs. They get the boxes of each
phrase in a list, predictions best first; evalwidget finds and ranks them in its time. Every figure of every phrase that
a loop is timed on must be equal first, else the script stops. The loops take the phrases of a part of the images
(``--sample``) at all checkpoints, and their time is scaled up to all images; ours is for all.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from workloads import BoxTable, Workload, grounded_phrases, run_data

from evalwidget.data import RunData
from evalwidget.metrics.grounding import RECALL_RANKS
from evalwidget.scoring.phrase_scores import PHRASE_STATUSES, PhraseScoring

Box = list[float]


@dataclass(frozen=True)
class Phrase:
    """Corners of one phrase's boxes and of its predictions, best first."""

    truth: list[Box]
    ranked: list[Box]


def iou_matrix(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU ``(n, m)`` of corners ``(n, 4)`` and ``(m, 4)``."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    shared = (high - low).clip(min=0).prod(axis=2)
    areas = [(corners[:, 2:] - corners[:, :2]).prod(axis=1) for corners in (boxes, others)]
    return shared / (areas[0][:, None] + areas[1] - shared)


def recalls(truth: list[Box], ranked: list[Box]) -> list[float]:
    """Recall@k of one phrase: whether any of the first k predictions reaches IoU .5 with any of the boxes."""
    if not ranked:
        return [0.0] * len(RECALL_RANKS)
    ious = iou_matrix(np.asarray(ranked), np.asarray(truth))
    return [float(ious[:most].max() >= 0.5) for most in RECALL_RANKS]


def any_box(phrases: list[Phrase]) -> list[list[float]]:
    return [recalls(phrase.truth, phrase.ranked) for phrase in phrases]


def merged_box(phrases: list[Phrase]) -> list[list[float]]:
    """The boxes of a phrase made one that encloses them all."""
    found = []
    for phrase in phrases:
        corners = np.asarray(phrase.truth)
        around = [*corners[:, :2].min(axis=0).tolist(), *corners[:, 2:].max(axis=0).tolist()]
        found.append(recalls([around], phrase.ranked))
    return found


def accuracy(phrases: list[Phrase]) -> list[list[float]]:
    """Acc@.5 of phrases with one box: the best prediction's IoU with it."""
    found = []
    for phrase in phrases:
        if len(phrase.truth) > 1:
            found.append([np.nan])
        elif not phrase.ranked:
            found.append([0.0])
        else:
            iou = iou_matrix(np.asarray(phrase.ranked[:1]), np.asarray(phrase.truth))
            found.append([float(iou[0, 0] >= 0.5)])
    return found


#: Name to the loop and the columns of evalwidget's that it gives.
LOOPS: dict[str, tuple[Callable[[list[Phrase]], list[list[float]]], list[str]]] = {
    "Recall@1, 5, 10, any box": (any_box, [f"recall_at_{most}" for most in RECALL_RANKS]),
    "Recall@1, 5, 10, merged boxes": (merged_box, [f"merged_recall_at_{most}" for most in RECALL_RANKS]),
    "Acc@.5": (accuracy, ["accuracy_at_50"]),
}


def corners_by_phrase(table: BoxTable, images: set[int]) -> dict[tuple[int, int], list[Box]]:
    """Corners of each image and phrase, the best scored first."""
    order = np.argsort(-np.nan_to_num(table.score), kind="stable")
    corners = np.concatenate([table.box[:, :2], table.box[:, :2] + table.box[:, 2:]], axis=1)
    found: dict[tuple[int, int], list[Box]] = {}
    columns = (column[order].tolist() for column in (table.image, table.label, corners))
    for image, label, box in zip(*columns, strict=True):
        if image in images:
            found.setdefault((image, label), []).append(box)
    return found


def sampled(workload: Workload, images: set[int]) -> list[Phrase]:
    """The phrases of these images at all checkpoints, in the order of images and labels."""
    truth = corners_by_phrase(workload.truth, images)
    phrases = []
    for table in workload.checkpoints:
        ranked = corners_by_phrase(table, images)
        phrases += [Phrase(truth[key], ranked.get(key, [])) for key in sorted(truth)]
    return phrases


def our_figures(data: RunData) -> dict[str, NDArray[np.float64]]:
    """All phrase figures of the run, by checkpoint, image and label."""
    scoring = PhraseScoring(data)
    steps = scoring.phrases(data.steps, 0.5, 0.0)
    return {name: np.concatenate([step.columns[name] for step in steps]) for name in steps[0].columns}


def check_equal(data: RunData, phrases: list[Phrase], images: set[int]) -> None:
    """Raises ``AssertionError`` where a loop's figure of any phrase is not ours."""
    steps = PhraseScoring(data).phrases(data.steps, 0.5, 0.0)
    for name, (loop, columns) in LOOPS.items():
        theirs = np.array(loop(phrases))
        for place, column in enumerate(columns):
            ours = []
            for step in steps:
                chosen = np.isin(step.specimen, list(images)) & (
                    step.status != PHRASE_STATUSES.index("invented_phrase")
                )
                ours.append(step.columns[column][chosen])
            np.testing.assert_array_equal(np.concatenate(ours), theirs[:, place], err_msg=f"{name}: {column}")


def seconds(call: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=500)
    asked = parser.parse_args()
    workload = grounded_phrases(asked.steps, asked.images)
    data = run_data(workload, "grounding")
    images = set(np.linspace(0, asked.images - 1, min(asked.sample, asked.images)).astype(int).tolist())
    phrases = sampled(workload, images)
    scale = asked.images / len(images)
    check_equal(data, phrases, images)
    print(
        f"{workload}; {len(phrases):,} phrases equal to the loops, whose times are over these and scaled by {scale:g}; "
        f"medians of {asked.rounds} rounds\n"
    )
    print("| | s | times evalwidget's |\n|---|---|---|")
    calls: dict[str, Callable[[], object]] = {"evalwidget, all phrase figures": lambda: our_figures(data)}
    calls |= {f"loop, {name}": lambda loop=loop: loop(phrases) for name, (loop, _) in LOOPS.items()}
    rounds = [{name: seconds(call) for name, call in calls.items()} for _ in range(asked.rounds)]
    taken = {name: statistics.median(each[name] for each in rounds) for name in calls}
    ours, *loops = taken
    for name in loops:
        taken[name] *= scale
    taken["all loops"] = sum(taken[name] for name in loops)
    for name, each in taken.items():
        print(f"| {name} | {each:.2f} | {each / taken[ours]:.0f} |")


if __name__ == "__main__":
    main()
