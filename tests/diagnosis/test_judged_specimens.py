"""Diagnosis beside thirty specimens judged by eye from their pictures, written down before any diagnosis was run."""

import json
from collections import Counter
from pathlib import Path

import evalwidget as ew

JUDGED = json.loads((Path(__file__).parent / "judged_specimens.json").read_text("utf-8"))


def judged_runs(real_data: Path) -> dict[str, ew.Run]:
    folder = real_data / "objdet_formats/data/database"
    return {
        "grounding": ew.demo_run("grounding"),
        "vqa": ew.demo_run("vqa"),
        "objdet_formats": ew.open_run(
            ground_truth=folder / "gts/coco_format_v1/instances_default.json",
            predictions={1000: folder / "dets/coco_format/coco_dets.json"},
        ),
    }


def test_agreement_is_what_the_guide_reports(real_data: Path) -> None:
    runs = judged_runs(real_data)
    agreeing, found_alone, seen_alone = 0, Counter[str](), Counter[str]()
    for judged in JUDGED:
        table = runs[judged["run"]].diagnose(judged["step"])
        found = set(table.loc[table["specimen"] == judged["specimen"], "mode"].astype(str))
        seen = set(judged["modes"])
        agreeing += found == seen
        found_alone.update(found - seen)
        seen_alone.update(seen - found)
    assert (agreeing, len(JUDGED)) == (23, 30)
    assert found_alone == {}
    assert seen_alone == {"incomplete_answer": 4, "hallucination": 1, "inconsistent_localization": 1, "loose_box": 1}
