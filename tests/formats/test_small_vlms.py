"""Real answers of five small models to twenty questions of VQA v2 in five dated runs: cut off, repeated, echoing.

Each file holds five models by name, which is no format of ours: the test takes one apart as its author would."""

import json
from pathlib import Path
from typing import Any

import pytest
from text_runs import written

import evalwidget as ew

DATES = ["20250722_132055", "20250728_214839", "20250729_120628", "20250729_131258", "20250801_194855"]


def rows_of(real_data: Path, date: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of each model in a dated file."""
    file = real_data / "vqav2_smallvlms" / f"vqa2_results_coco_{date}.json"
    results = json.loads(file.read_text("utf-8"))["results"]
    return {name: found["question_results"] for name, found in results.items() if "question_results" in found}


@pytest.fixture
def models(real_data: Path) -> list[str]:
    found = [set(rows_of(real_data, date)) for date in DATES]
    return sorted(set.intersection(*found))


def test_each_model_opens_over_its_runs(tmp_path, real_data, models):
    assert models
    for model in models:
        steps, truth = {}, []
        for step, date in enumerate(DATES):
            rows = rows_of(real_data, date)[model]
            steps[step] = written(
                tmp_path / model / f"step-{step}.json",
                [{"question_id": row["question_id"], "answer": row["model_answer"]} for row in rows],
            )
            truth = truth or [
                {
                    "question_id": row["question_id"],
                    "image": row["image_filename"],
                    "question": row["question"],
                    "answer": row["ground_truth"],
                }
                for row in rows
            ]
        run = ew.open_run(ground_truth=written(tmp_path / model / "truth.json", truth), predictions=steps).load()
        assert run.steps == [0, 1, 2, 3, 4]
        assert len(run.scores()) == 5 * len(run.specimens)
        assert run.join_report().empty
        assert run.summary()["missing"].tolist() == [0] * 5
        perfect = [{"question_id": row["question_id"], "answer": row["answer"]} for row in truth]
        steps = {0: written(tmp_path / model / "perfect.json", perfect)}
        run = ew.open_run(ground_truth=tmp_path / model / "truth.json", predictions=steps)
        assert run.summary()[["exact_match", "token_f1"]].values.tolist() == [[1, 1]]
