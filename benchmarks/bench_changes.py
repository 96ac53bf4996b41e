"""Changes between two steps of W1 beside the scoring of the run: seconds, medians of five rounds, in Markdown.

Scored is every step: matches, and the scores of every specimen. Each round has two steps whose changes nobody asked for
yet; the table is a DataFrame with a row for each of 5,000 specimens, and what happened to it in words.
"""

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

from workloads import many_checkpoints, run_data

import evalwidget as ew
from evalwidget.data import RunData
from evalwidget.scoring.evaluation import Evaluation, Settings

_ROUNDS = 5


def scored(data: RunData) -> None:
    evaluation = Evaluation(data)
    evaluation.match(data.steps, Settings())
    for step in data.steps:
        evaluation.specimens(step, Settings())


def median(run: Callable[[int], Any]) -> float:
    taken = []
    for place in range(_ROUNDS):
        gc.collect()
        start = time.perf_counter()
        run(place)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    workload = many_checkpoints()
    data = run_data(workload)
    run, other = ew.Run(data), ew.Run(data)
    run.scores()
    other.scores()
    ew.demo_run("grounding").changes(25, 50)  # what pandas imports at first use
    both = ew.compare_runs(run, other, 1, 20)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}\n\n### {workload}\n\n| | s |\n|---|---|")
    for name, timed in {
        "scoring, all steps": lambda place: scored(data),
        "`changes(a, b)`": lambda place: run.changes(1 + place, 20 - place),
        "`change_events(a, b)`": lambda place: run.change_events(1 + place, 20 - place),
        "`paired_test(a, b)`": lambda place: run.paired_test(1 + place, 20 - place),
        "`compare_runs(a, b)`": lambda place: ew.compare_runs(run, other, 1, 20),
        "its `changes()`": lambda place: both.changes(),
    }.items():
        print(f"| {name} | {median(timed):.2f} |")


if __name__ == "__main__":
    main()
