"""COCO's twelve figures, scores and matches against named peers, side by side in one run.

Only the evaluation is timed: each side starts from what it has loaded, with nothing computed. Figures are compared with
pycocotools' or hotcoco's before anything is timed. Prints a table in Markdown; see README.md here.
"""

import argparse
import contextlib
import gc
import io
import os
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from workloads import Workload, crowded_images, many_checkpoints, many_predictions, peer_dataset, run_data

from evalwidget.data import RunData
from evalwidget.scoring.evaluation import Evaluation, Settings

#: pycocotools takes minutes for a run: it gets this many checkpoints, and its time is taken per checkpoint.
_SLOW_CHECKPOINTS = 1

Timed = Callable[[], Any]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing printed, not by compiled code either."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def our_figures(data: RunData) -> NDArray[np.float64]:
    """The twelve figures of each step, -1 as COCO has it."""
    return np.nan_to_num([figures.overall for figures in Evaluation(data).coco.figures(data.steps)], nan=-1.0)


def our_everything(data: RunData) -> None:
    """Figures, scores of every specimen, and what became of every box."""
    evaluation = Evaluation(data)
    evaluation.coco.figures(data.steps)
    evaluation.match(data.steps, Settings())
    for step in data.steps:
        evaluation.specimens(step, Settings())


def our_scores(data: RunData) -> None:
    """Scores of every specimen and matches, without COCO's figures."""
    evaluation = Evaluation(data)
    evaluation.match(data.steps, Settings())
    for step in data.steps:
        evaluation.specimens(step, Settings())


def evaluated_by(module: Any, truth: Any, found: Any) -> Any:
    """A peer's evaluation, down to its figures: ``COCOeval`` in all of them."""
    evaluation = (module.COCOeval if hasattr(module, "COCOeval") else module)(truth, found, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def contenders(workload: Workload, data: RunData, slow: bool) -> dict[str, tuple[Timed, int, int]]:
    """Name to what is timed, the number of checkpoints in it, and the rounds it is worth."""
    import hotcoco

    dataset = peer_dataset(workload)
    results = [peer_dataset(workload, table) for table in workload.checkpoints]
    with silence():
        truth = hotcoco.COCO(dataset)
        found = [truth.load_res(result) for result in results]
    steps = len(found)

    def hotcoco_figures() -> NDArray[np.float64]:
        return np.array([evaluated_by(hotcoco, truth, each).stats for each in found])

    def hotcoco_diagnosed() -> None:
        for each in found:
            evaluated_by(hotcoco, truth, each).image_diagnostics()

    timed: dict[str, tuple[Timed, int, int]] = {
        "evalwidget, figures": (lambda: our_figures(data), steps, 5),
        "evalwidget, figures + scores + matches": (lambda: our_everything(data), steps, 5),
        "evalwidget, scores + matches": (lambda: our_scores(data), steps, 5),
        "hotcoco, figures": (hotcoco_figures, steps, 5),
        "hotcoco, figures + per-image diagnostics": (hotcoco_diagnosed, steps, 5),
    }
    if slow:
        timed |= slow_contenders(dataset, results[:_SLOW_CHECKPOINTS])
    return timed


def slow_contenders(dataset: Any, results: list[Any]) -> dict[str, tuple[Timed, int, int]]:
    import faster_coco_eval
    from pycocotools import coco, cocoeval

    with silence():
        truth = coco.COCO()
        truth.dataset = dataset
        truth.createIndex()
        found = [truth.loadRes(result) for result in results]
        faster_truth = faster_coco_eval.COCO(dataset)
        faster_found = [faster_truth.loadRes(result) for result in results]

    def figures_of(evaluator: Any, truth: Any, found: list[Any]) -> Timed:
        return lambda: np.array([evaluated_by(evaluator, truth, each).stats[:12] for each in found])

    return {
        "faster-coco-eval, figures": (
            figures_of(faster_coco_eval.COCOeval_faster, faster_truth, faster_found),
            len(results),
            5,
        ),
        "pycocotools, figures": (figures_of(cocoeval.COCOeval, truth, found), len(results), 1),
    }


def check_equal(timed: dict[str, tuple[Timed, int, int]]) -> dict[str, float]:
    """The largest difference of any figure from ours, by peer. Raises where it is above 1e-9."""
    with silence():
        ours = timed["evalwidget, figures"][0]()
    differences = {}
    for name, (run, steps, _) in timed.items():
        if not name.startswith("evalwidget") and name.endswith(", figures"):
            with silence():
                figures = run()
            differences[name] = float(np.abs(figures - ours[:steps]).max())
            if differences[name] > 1e-9:
                raise AssertionError(f"{name} differs from evalwidget by {differences[name]:g}")
    return differences


def medians(timed: dict[str, tuple[Timed, int, int]]) -> dict[str, tuple[float, int]]:
    """Seconds, the median of each one's rounds, which take turns."""
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for place in range(max(rounds for *_, rounds in timed.values())):
        for name, (run, _, rounds) in timed.items():
            if place < rounds:
                gc.collect()
                with silence():
                    start = time.perf_counter()
                    run()
                    taken[name].append(time.perf_counter() - start)
    return {name: (statistics.median(seconds), len(seconds)) for name, seconds in taken.items()}


def peak_over_loaded(data: RunData) -> float:
    """Megabytes that figures, scores and matches hold at most, results included, over what is loaded."""
    tracemalloc.start()
    our_everything(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


def show(workload: Workload, slow: bool) -> None:
    data = run_data(workload)
    peak = peak_over_loaded(data)
    timed = contenders(workload, data, slow)
    differences = check_equal(timed)
    seconds = medians(timed)
    base, _ = seconds["evalwidget, figures + scores + matches"]
    steps = len(data.steps)
    print(f"\n### {workload}\n")
    print(
        "| | seconds per checkpoint | ratio to evalwidget's figures + scores + matches | rounds | largest difference |"
    )
    print("|---|---|---|---|---|")
    for name, (taken, rounds) in seconds.items():
        each = taken / timed[name][1]
        difference = f"{differences[name]:.1e}" if name in differences else ""
        print(f"| {name} | {each:.4f} | {each / (base / steps):.2f} | {rounds} | {difference} |")
    print(f"\nPeak of figures + scores + matches over the loaded run: {peak:.0f} MB.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=["w1", "w2", "crowds"], action="append")
    parser.add_argument("--fast", action="store_true", help="leave out pycocotools and faster-coco-eval")
    chosen = parser.parse_args()
    makers = {"w1": many_checkpoints, "w2": many_predictions, "crowds": crowded_images}
    packages = ("numpy", "hotcoco", "pycocotools", "faster-coco-eval")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    for name in chosen.workload or makers:
        show(makers[name](), not chosen.fast)


if __name__ == "__main__":
    main()
