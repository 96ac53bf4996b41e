"""Datature Vi's export folder, written from vi-sdk 0.1.0b7's loaders."""

from pathlib import Path
from typing import Any

import pytest
from grounded_runs import figures, opened, written

import evalwidget as ew


def record(name: str, phrase: str) -> dict[str, Any]:
    grounded = [{"phrase": phrase, "startTokenIndex": 0, "endTokenIndex": 1, "bounds": [[0.125, 0.25, 0.5, 0.75]]}]
    return {
        "id": name,
        "asset": {"type": "Image", "filename": name, "height": 480, "width": 640},
        "contents": {"type": "PhraseGrounding", "caption": phrase, "groundedPhrases": grounded},
    }


PIXELS = [[80.0, 120.0, 320.0, 360.0]]


def test_an_export_with_one_file_an_image_as_specified(tmp_path: Path) -> None:
    root = tmp_path / "birds"
    written(root / "metadata.json", {"name": "birds", "organizationId": "o", "exportDir": "e", "createdAt": 1})
    # sorted by name, the annotations are in another order than the images
    written(root / "dump" / "annotations" / "0.json", record("b.jpg", "a crow"))
    written(root / "dump" / "annotations" / "1.jsonl", [record("a.jpg", "a tit")])
    for name in ("a.jpg", "b.jpg"):
        written(root / "dump" / "images" / name, b"")
    run = opened(root, tmp_path, {"a.jpg": {"a tit": PIXELS}, "b.jpg": {"a crow": PIXELS}}, images=root)
    assert run.specimens == ["b.jpg", "a.jpg"]
    assert figures(run)["accuracy_at_50"] == figures(run)["mean_iou"] == 1
    assert run.notes == []
    assert Path(str(run._data.found_image(1))) == (root / "dump" / "images" / "a.jpg").resolve()


def test_splits(tmp_path: Path) -> None:
    root = tmp_path / "birds"
    written(root / "training" / "annotations" / "all.jsonl", [record("a.jpg", "a tit")])
    written(root / "validation" / "annotations" / "all.json", [record("a.jpg", "a crow")])
    run = opened(root, tmp_path, {"a.jpg": {"a crow": PIXELS}}, split="validation")
    assert run.specimens == ["a.jpg"]
    assert figures(run)["accuracy_at_50"] == 1
    run = opened(root, tmp_path, {"validation/images/a.jpg": {"a crow": PIXELS}})
    assert run.specimens == ["training/images/a.jpg", "validation/images/a.jpg"]
    assert run.notes == [f"{root.as_posix()}: all splits were read (training, validation); name one as split="]
    with pytest.raises(ew.EvalWidgetError, match=r"birds: split 'dump': expected one of training, validation"):
        opened(root, tmp_path, {}, split="dump")


def test_errors_name_file_and_field(tmp_path: Path) -> None:
    root = tmp_path / "birds"
    written(root / "dump" / "annotations" / "0.json", record("b.jpg", "a crow"))
    broken = record("a.jpg", "a tit")
    broken["contents"]["groundedPhrases"][0]["bounds"] = [[1, 2]]
    written(root / "dump" / "annotations" / "1.json", broken)
    with pytest.raises(
        ew.EvalWidgetError, match=r"annotations/1.json: groundedPhrases\[0\].bounds\[0\]: expected 4 numbers"
    ):
        opened(root, tmp_path, {})
