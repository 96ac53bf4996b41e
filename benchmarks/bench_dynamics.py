"""What is asked across checkpoints, beside the scoring that it follows, on W1 and W4.

    python benchmarks/bench_dynamics.py [--steps 20] [--specimens 5000] [--rounds 5]

Prints a table in Markdown for boxes and one for texts. Every round takes a run that has scored nothing, times
``scores()`` of all steps, then each analysis in turn. Times hold the DataFrames; tables are loaded before.
``best_step`` tries two IoU and three confidence thresholds; it is shown for one IoU threshold too. "all of these" is
the sum of the rows that say what is asked of a whole run: ``TOGETHER``.
Seconds are of the processor, all threads together: other work on the machine counts for little. Compare ratios, not
seconds.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable

from bench_text import clear_caches
from workloads import many_checkpoints, run_data
from workloads_text import W4, text_run, text_workload

import evalwidget as ew

Calls = dict[str, Callable[[ew.Run], object]]

#: The whole analysis of a run.
TOGETHER = ("learning()", "churn()", "best_step()", "changes() of two steps", "failure_modes()", 'slices("phrase")')

OF_BOTH: Calls = {
    "learning()": lambda run: run.learning(),
    'learning(per="item")': lambda run: run.learning(per="item"),
    "churn()": lambda run: run.churn(),
    "best_step()": lambda run: run.best_step(),
    "changes() of two steps": lambda run: run.changes(run.steps[0], run.steps[-1]),
    "failure_modes()": lambda run: run.failure_modes(),
    "good_criteria()": lambda run: run.good_criteria(),
    "diagnose() of one step": lambda run: run.diagnose(run.steps[-1]),
    "diagnose()": lambda run: run.diagnose(),
    "suspect_labels()": lambda run: run.suspect_labels(),
    'slices("phrase")': lambda run: run.slices("phrase"),
}
OF_BOXES: Calls = OF_BOTH | {
    "best_step(iou_thresholds=[0.5])": lambda run: run.best_step(iou_thresholds=[0.5]),
    'slices("phrase", "f1")': lambda run: run.slices("phrase", "f1"),
    'slices("box_size")': lambda run: run.slices("box_size"),
    'slices("objects")': lambda run: run.slices("objects"),
    "coco_summary(), which scores too": lambda run: run.coco_summary(),
}
OF_TEXTS: Calls = OF_BOTH | {
    'slices("prompt_length")': lambda run: run.slices("prompt_length"),
}


def seconds(call: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    call()
    return time.process_time() - start


def one_round(run: ew.Run, calls: Calls) -> dict[str, float]:
    """Seconds of the scoring and of each call."""
    clear_caches()
    taken = {"scores()": seconds(run.scores)}
    taken |= {name: seconds(lambda call=call: call(run)) for name, call in calls.items()}
    return taken | {"all of these": sum(taken[name] for name in TOGETHER)}


def show(title: str, new_run: Callable[[], ew.Run], calls: Calls, rounds: int) -> None:
    each = [one_round(new_run(), calls) for _ in range(rounds)]
    print(f"{title}; medians of {rounds} rounds\n\n| | s | of the scoring |\n|---|---|---|")
    scoring = statistics.median(taken["scores()"] for taken in each)
    for name in each[0]:
        median = statistics.median(taken[name] for taken in each)
        print(f"| {name} | {median:.3f} | {median / scoring:.2f} |")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--specimens", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    boxes = many_checkpoints(asked.steps, asked.specimens)
    data = run_data(boxes)
    show(str(boxes), lambda: ew.Run(data), OF_BOXES, asked.rounds)
    texts = text_run(text_workload(asked.steps, asked.specimens, W4[2]))
    title = f"W4: {asked.steps} x {asked.specimens:,} answers x 10 references"
    show(title, lambda: ew.Run(texts._data), OF_TEXTS, asked.rounds)


if __name__ == "__main__":
    main()
