"""Tables of attempts, as a fine-tuning notebook of Qwen3-VL wrote them."""

import ast
import csv
from pathlib import Path

import pandas as pd
import pytest
from grounded_runs import written

import evalwidget as ew


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("output_format", ["qwen3-vl", None])
@pytest.mark.parametrize("name", ["base", "trained"])
def test_real_attempts(real_data: Path, name: str, output_format: str | None) -> None:
    file = real_data / "qwen3vl_refcoco" / f"{name}_attempts.csv"
    rows = rows_of(file)
    run = ew.open_run(predictions={1: file}, output_format=output_format)
    assert run.specimens == [row["image_path"] for row in rows]
    assert run.summary()["predicted"].tolist() == [100]
    matches = run.matches()
    assert matches["phrase"].tolist() == [row["phrase"] for row in rows]
    corners = matches[[f"prediction_{corner}" for corner in ("x1", "y1", "x2", "y2")]].to_numpy(float)
    assert corners.tolist() == [ast.literal_eval(row["parsed_bbox"]) for row in rows]
    assert run._data.predictions(1).outputs[99] == rows[99]["raw_response"]


def test_two_real_checkpoints_with_ground_truth_of_one_name(real_data: Path, tmp_path: Path) -> None:
    """The steps call sample 7 by two names; here both are renamed, and the trained boxes stand for the truth."""
    folder = real_data / "qwen3vl_refcoco"
    steps = {
        step: pd.DataFrame(rows_of(folder / f"{name}_attempts.csv")).assign(
            image_path=lambda frame: [f"sample_{row}.jpg" for row in range(len(frame))]
        )
        for step, name in ((0, "base"), (1, "trained"))
    }
    lines = [
        {"image": row.image_path, "phrase": row.phrase, "box": ast.literal_eval(row.parsed_bbox)}
        for row in steps[1].itertuples()
    ]
    truth = written(tmp_path / "truth.jsonl", lines)
    run = ew.open_run(ground_truth=truth, predictions=steps, output_format="qwen3-vl")
    accuracy = run.summary()["accuracy_at_50"].tolist()
    assert accuracy[1] == 1
    assert 0.2 < accuracy[0] < 0.9
    changes = run.changes(1, 0)
    assert changes["missed"].sum() == changes["extra"].sum() == round(100 * (1 - accuracy[0]))
    assert changes.query("missed == 1")["why"].str.match(r"missed .* \(IoU 1\.00 → 0\.[0-4]").all()
    assert run.join_report().empty or not run.join_report()["predictions"].sum()


HEADER = "image_path,phrase,attempt,used_sampling,success,sanitized_bbox,parsed_bbox,raw_response\n"


def test_the_last_successful_attempt_counts(tmp_path: Path) -> None:
    table = HEADER + (
        'a.jpg,man,1,False,False,,,"dunno"\n'
        'a.jpg,man,2,True,True,,"[0.1, 0.1, 0.5, 0.5]",first\n'
        'a.jpg,man,3,True,False,,,"no"\n'
        'b.jpg,dog,1,False,False,,,"no"\n'
        'b.jpg,dog,2,True,False,,,"none"\n'
        'c.jpg,cat,1,True,True,,"[0.1, 0.1, 0.5]",out\n'
    )
    run = ew.open_run(predictions={1: written(tmp_path / "attempts.csv", table)}).load()
    assert run.specimens == ["a.jpg", "b.jpg", "c.jpg"]
    assert run.matches()["parse_state"].tolist() == ["ok", "unparsable", "wrong_number_of_coordinates"]
    assert run._data.predictions(1).outputs == {0: "first", 1: "none", 2: "out"}
    assert run.notes[1].endswith("attempts.csv: 3 attempts do not count: the phrase was asked for again")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",man,1,False,True,,,x", "expected 'image_path'"),
        ("a.jpg,,1,False,True,,,x", "expected 'phrase'"),
        ("a.jpg,man,1,False,maybe,,,x", "success: expected True or False, got 'maybe'"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, row: str, message: str) -> None:
    table = HEADER + "a.jpg,man,1,False,False,,,x\n" + row + "\n"
    with pytest.raises(ew.EvalWidgetError, match=f"attempts.csv:3: {message}"):
        ew.open_run(predictions={1: written(tmp_path / "attempts.csv", table)})
