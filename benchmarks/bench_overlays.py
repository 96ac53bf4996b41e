"""Recording what overlays draw, in Markdown: milliseconds, and the ratio to what the widget asks Python for anyway.

    python benchmarks/bench_overlays.py [--boxes 2000] [--steps 20] [--rounds 9]

A specimen with as many boxes at every step, opened: its reply without the image, and beside it what an overlay draws at
all steps, in one call a step with arrays, in one call a box, and as a heat map of 640 x 480 pixels. Medians of the
rounds, which take turns. The first row is the reply that the drawings travel beside; compare ratios.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import evalwidget as ew
from evalwidget.widget.server import answer

WIDTH, HEIGHT = 640, 480


def boxes_of_steps(count: int, steps: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    first = random.uniform(0, HEIGHT - 50, (steps * count, 2))
    last = first + random.uniform(4, 50, (steps * count, 2))
    return pd.DataFrame({"specimen": "a", "phrase": "cat", "step": np.repeat(np.arange(steps), count)}).assign(
        x1=first[:, 0], y1=first[:, 1], x2=last[:, 0], y2=last[:, 1]
    )


def drawings(boxes: pd.DataFrame) -> dict[str, Callable[[Any, Any, int], None]]:
    corners = {step: part[["x1", "y1", "x2", "y2"]].to_numpy() for step, part in boxes.groupby("step")}
    colours = np.random.default_rng(1).integers(0, 255, (len(corners[0]), 3), np.uint8)
    shades = np.linspace(0, 255, WIDTH * HEIGHT * 4).reshape(HEIGHT, WIDTH, 4)

    def in_one_call(canvas: Any, specimen: str, step: int) -> None:
        x1, y1, x2, y2 = corners[step].T
        canvas.stroke_styled_rects(x1, y1, x2 - x1, y2 - y1, colours)

    def in_a_call_each(canvas: Any, specimen: str, step: int) -> None:
        for x1, y1, x2, y2 in corners[step].tolist():
            canvas.stroke_rect(x1, y1, x2 - x1, y2 - y1)

    def heat_map(canvas: Any, specimen: str, step: int) -> None:
        canvas.put_image_data(shades)

    return {
        "`stroke_styled_rects`, one call a step": in_one_call,
        "`stroke_rect`, one call a box": in_a_call_each,
        "`put_image_data`, a heat map a step": heat_map,
    }


def milliseconds(call: Callable[[], Any]) -> float:
    gc.collect()
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boxes", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()

    boxes = boxes_of_steps(options.boxes, options.steps)
    truth = boxes[boxes.step == 0].drop(columns="step").assign(width=WIDTH, height=HEIGHT)
    run = ew.Run.from_frames(truth, boxes)
    run.load()
    asked = {"id": "1", "kind": "specimen", "specimen": "a", "step": 0, "all_steps": True, "image": False}

    def record(widget: Any) -> None:
        lacking = run.steps  # asked for until all are there: what takes long comes in parts
        while lacking:
            request = {"id": "1", "kind": "overlays", "index": 0, "steps": lacking}
            reply, _ = answer(request, run._evaluation, overlays=widget.overlays)
            lacking = lacking[len(reply["steps"]) :]

    calls: dict[str, Callable[[], Any]] = {"the specimen's reply": lambda: answer(asked, run._evaluation)}
    for name, draw in drawings(boxes).items():
        widget = run.compare()
        widget.overlays.append(draw)
        calls[name] = lambda widget=widget: record(widget)  # type: ignore[misc]
    for call in calls.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(options.rounds):
        for name, call in calls.items():
            taken[name].append(milliseconds(call))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    reply = next(iter(medians.values()))
    print(f"### {options.boxes:,} boxes x {options.steps} steps\n\n| | ms | ratio |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median:.1f} | {median / reply:.2f} |")


if __name__ == "__main__":
    main()
