"""Times a run of COCO files from disk to COCO's figures, beside hotcoco: reading, matching and all. And a step of plain
JSONL from disk to its tables, beside a bare loop over ``json``.

Every round opens the files anew. Figures must agree with hotcoco's to 1e-9, and boxes with the bare loop's, before
anything is timed.
"""

import json
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from bench_boxes import evaluated_by, silence
from numpy.typing import NDArray
from workloads import Workload, many_checkpoints, many_predictions, peer_dataset

import evalwidget as ew

_ROUNDS = 5


def write_files(workload: Workload, folder: Path) -> tuple[Path, list[Path]]:
    """The workload as COCO ground truth and one file of results a checkpoint."""
    truth = folder / "ground_truth.json"
    truth.write_text(json.dumps(peer_dataset(workload)), "utf-8")
    files = [folder / f"step-{place:06d}.json" for place in range(len(workload.checkpoints))]
    for file, table in zip(files, workload.checkpoints, strict=True):
        file.write_text(json.dumps(peer_dataset(workload, table)), "utf-8")
    return truth, files


def our_figures(truth: Path, files: list[Path]) -> NDArray[np.float64]:
    run = ew.open_run(ground_truth=truth, predictions=files)
    return run.coco_summary().drop(columns="step").to_numpy(np.float64)


def hotcoco_figures(truth: Path, files: list[Path]) -> NDArray[np.float64]:
    import hotcoco

    with silence():
        dataset = hotcoco.COCO(str(truth))
        found = [dataset.load_res(str(file)) for file in files]
        return np.array([evaluated_by(hotcoco, dataset, each).stats for each in found])


def seconds(timed: Callable[[], object]) -> float:
    start = time.perf_counter()
    timed()
    return time.perf_counter() - start


def show(workload: Workload, folder: Path) -> None:
    truth, files = write_files(workload, folder)
    difference = np.abs(our_figures(truth, files) - hotcoco_figures(truth, files)).max()
    if not difference <= 1e-9:
        raise SystemExit(f"{workload}: figures differ by {difference:.1e}")
    rounds = [
        (seconds(lambda: our_figures(truth, files)), seconds(lambda: hotcoco_figures(truth, files)))
        for _ in range(_ROUNDS)
    ]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    print(f"\n### {workload}\n\n| from JSON files | seconds | ratio |\n|---|---|---|")
    print(f"| evalwidget | {ours:.2f} | 1.00 |\n| hotcoco | {theirs:.2f} | {ratio:.2f} |")


def plain_lines(workload: Workload, shape: str) -> Iterator[dict[str, Any]]:
    """W2's predictions as plain JSONL: a line an image with ``boxes`` or ``phrases``, or a line for ``each`` box."""
    (table,) = workload.checkpoints
    corners = np.concatenate([table.box[:, :2], table.box[:, :2] + table.box[:, 2:]], axis=1).round(2)
    columns = [column.tolist() for column in (table.label, corners, table.score)]
    ends = np.searchsorted(table.image, np.arange(workload.images + 1)).tolist()
    for place in range(workload.images):
        image = f"val/{place:012d}.jpg"
        rows = [
            (f"class {n}", box, score)
            for n, box, score in zip(*(c[slice(*ends[place : place + 2])] for c in columns), strict=True)
        ]
        if shape == "boxes":
            yield {"image": image, "boxes": [{"label": n, "box": box, "score": score} for n, box, score in rows]}
        elif shape == "phrases":
            phrases: dict[str, Any] = {}
            for name, box, score in rows:
                phrase = phrases.setdefault(name, {"phrase": name, "boxes": [], "scores": []})
                phrase["boxes"].append(box)
                phrase["scores"].append(score)
            yield {"image": image, "phrases": list(phrases.values())}
        else:
            yield from ({"image": image, "phrase": n, "box": box, "score": score} for n, box, score in rows)


def bare_columns(file: Path, shape: str) -> list[NDArray[Any]]:
    """Image, label, box and score of every box, by the least that does it: nothing is checked."""
    images, labels, boxes, scores = [], [], [], []
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if shape == "boxes":
                for entry in record["boxes"]:
                    images.append(record["image"])
                    labels.append(entry["label"])
                    boxes.append(entry["box"])
                    scores.append(entry["score"])
            elif shape == "phrases":
                for phrase in record["phrases"]:
                    for box, score in zip(phrase["boxes"], phrase["scores"], strict=True):
                        images.append(record["image"])
                        labels.append(phrase["phrase"])
                        boxes.append(box)
                        scores.append(score)
            else:
                images.append(record["image"])
                labels.append(record["phrase"])
                boxes.append(record["box"])
                scores.append(record["score"])
    return [np.array(column) for column in (images, labels, boxes, scores)]


def processor_seconds(timed: Callable[[], object]) -> float:
    start = time.process_time()
    timed()
    return time.process_time() - start


def show_plain(workload: Workload, folder: Path) -> None:
    columns = "| plain JSONL | evalwidget, s | bare loop, s | ratio | peak / arrays |"
    print(f"\n### {workload}\n\n{columns}\n|---|---|---|---|---|")
    truth = folder / "ground_truth.jsonl"
    with truth.open("w", encoding="utf-8") as file:
        for place in range(workload.images):
            record = {"image": f"val/{place:012d}.jpg", "width": 640, "height": 480, "boxes": []}
            file.write(json.dumps(record) + "\n")
    for shape in ("boxes", "phrases", "each"):
        found = folder / f"{shape}.jsonl"
        with found.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in plain_lines(workload, shape))
        show_shape(truth, found, shape)


def show_shape(truth: Path, found: Path, shape: str) -> None:
    def opened() -> ew.Run:
        return ew.open_run(ground_truth=truth, predictions={1: found})

    boxes = opened().load()._data.predictions(1).boxes
    if not np.array_equal(boxes.corners, bare_columns(found, shape)[2]):
        raise SystemExit(f"{shape}: boxes differ")
    rounds = []
    for _ in range(_ROUNDS):
        run = opened()
        rounds.append((processor_seconds(run.load), processor_seconds(lambda: bare_columns(found, shape))))
    run = opened()
    tracemalloc.start()
    run.load()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    arrays = sum(column.nbytes for column in vars(boxes).values() if isinstance(column, np.ndarray))
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    print(f"| {shape} | {ours:.2f} | {theirs:.2f} | {ratio:.2f} | {peak / arrays:.2f} |", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        show_plain(many_predictions(), Path(folder))
    for workload in (many_predictions(), many_checkpoints()):
        with tempfile.TemporaryDirectory() as folder:
            show(workload, Path(folder))


if __name__ == "__main__":
    main()
