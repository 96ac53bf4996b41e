"""The diagnosis of boxes against a plain one, prediction by prediction, on random runs."""

from collections import Counter
from typing import Any

import pytest
from plain_boxes import area, box_of, greedy, iou, random_run

import evalwidget as ew

Found = tuple[str, str, int | None, int | None]
CLAIMS = ("loose_box", "inconsistent_localization")


def plain_diagnosis(rows: list[dict[str, Any]], threshold: float) -> set[Found]:
    """(specimen, mode, place of the ground truth box, of the prediction) of every box of a step that fails, by the
    rows of ``matches()``."""
    specimens = list(dict.fromkeys(row["specimen"] for row in rows))
    matched = Counter(row["specimen"] for row in rows if row["status"] == "matched")
    claims: dict[tuple[str, int], tuple[str, int]] = {}
    for specimen in specimens:
        missed = [row for row in rows if row["specimen"] == specimen and row["status"] == "missed"]
        extra = [row for row in rows if row["specimen"] == specimen and row["status"] == "extra"]
        pairs = []
        for found in extra:
            for sought in missed:
                box, target = box_of(found, "prediction"), box_of(sought, "ground_truth")
                overlap = iou(box, target)
                if found["phrase"] == sought["phrase"] and 0.1 <= overlap < threshold:
                    common = overlap * (area(box) + area(target)) / (1 + overlap)
                    is_loose = common >= 0.9 * area(target) and area(box) >= 1.5 * area(target)
                    pairs.append((overlap, is_loose, found["prediction"], sought["ground_truth"]))
        pairs.sort(reverse=True)
        best = {pair[2]: pair for pair in reversed(pairs)}
        loose = greedy(pair for pair in pairs if pair[1] and best[pair[2]] == pair)
        for _, is_loose, prediction, place in greedy(loose + pairs):
            claims[specimen, prediction] = CLAIMS[0] if is_loose else CLAIMS[1], place
    claimed = Counter(specimen for specimen, _ in claims)
    failures: set[Found] = set()
    held = set()
    for row in rows:
        specimen, prediction = row["specimen"], row["prediction"]
        if row["status"] == "extra":
            mode, place = claims.get((specimen, prediction), ("false_positive", None))
            if mode == CLAIMS[1] and not matched[specimen]:
                accurate = sum(matched.values()) - matched[specimen]
                localised = accurate + sum(claimed.values()) - claimed[specimen]
                if 2 * accurate <= localised:
                    mode, place = "false_positive", None
            held.add((specimen, place))
            failures.add((specimen, mode, place, prediction))
    for row in rows:
        if row["status"] == "missed" and (row["specimen"], row["ground_truth"]) not in held:
            failures.add((row["specimen"], "missed_detection", row["ground_truth"], None))
    return failures


def told(table: Any) -> set[Found]:
    """The same of the table."""
    found: set[Found] = set()
    for row in table.to_dict("records"):
        sides = row["ground_truth"], row["prediction"]
        length = max(map(len, sides))
        columns = (side or [None] * length for side in sides)
        found |= {(row["specimen"], row["mode"], *places) for places in zip(*columns, strict=True)}
    return found


@pytest.mark.parametrize(("threshold", "confidence"), [(0.5, 0.0), (0.7, 0.0), (0.5, 0.3)])
def test_random_runs_equal_a_plain_diagnosis(threshold: float, confidence: float) -> None:
    at = {"iou_threshold": threshold, "confidence_threshold": confidence}
    modes: Counter[str] = Counter()
    for seed in range(12):
        run = random_run(seed)
        for step in run.steps:
            rows = run.matches(step, **at).to_dict("records")
            found = told(run.diagnose(step, **at))
            assert found == plain_diagnosis(rows, threshold), (seed, step)
            modes.update(mode for _, mode, _, _ in found)
    assert set(modes) == {"loose_box", "missed_detection", "false_positive", "inconsistent_localization"}
    assert min(modes.values()) >= 10


def test_shares_and_severities_are_those_of_the_plain_diagnosis() -> None:
    for seed in range(4):
        run: ew.Run = random_run(seed)
        rows = run.matches(1).to_dict("records")
        failures = plain_diagnosis(rows, 0.5)
        judged = {row["specimen"] for row in run.scores(1).to_dict("records") if row["status"] != "missing"}
        sought = Counter(row["specimen"] for row in rows if row["status"] in ("matched", "missed"))
        given = Counter(row["specimen"] for row in rows if row["status"] in ("matched", "extra"))
        for row in run.diagnose(1).to_dict("records"):
            count = sum(failure[:2] == (row["specimen"], row["mode"]) for failure in failures)
            whole = given if row["mode"] == "false_positive" else sought
            assert row["severity"] == pytest.approx(count / whole[row["specimen"]])
        for row in run.failure_modes(1).to_dict("records"):
            shown = {specimen for specimen, mode, _, _ in failures if mode == row["mode"]}
            assert (row["specimens"], row["share"]) == (len(shown), pytest.approx(len(shown) / len(judged)))
        healthy = judged - {failure[0] for failure in failures}
        assert set(run.good_criteria(1)["specimen"]) == healthy
