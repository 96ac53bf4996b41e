"""Times a run of COCO files from disk to COCO's figures, beside hotcoco: reading, matching and all.

Every round opens the files anew. Figures must agree with hotcoco's to 1e-9 before anything is timed.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def main() -> None:
    for workload in (many_predictions(), many_checkpoints()):
        with tempfile.TemporaryDirectory() as folder:
            show(workload, Path(folder))


if __name__ == "__main__":
    main()
