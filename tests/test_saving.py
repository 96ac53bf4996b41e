"""A saved run opens as the same run: every table, every state, every note."""

import io
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from PIL import Image
from run_folders import write_lines
from same_runs import assert_same, saved

import evalwidget as ew

Write = Callable[..., Path]


@pytest.mark.parametrize("name", ["grounding", "vqa"])
def test_demo_runs(name: str, tmp_path: Path) -> None:
    run = ew.demo_run(name)
    again = saved(run, tmp_path / "saved")
    assert_same(again, run)
    assert "images missing" not in repr(again)


def test_coco_with_crowds_and_masks(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "coco100"
    run = ew.open_run(
        ground_truth=folder / "instances_val2014_100.json",
        predictions={
            1: folder / "instances_val2014_fakesegm100_results.json",
            2: folder / "instances_val2014_fakebbox100_results.json",
        },
    )
    again = saved(run, tmp_path / "saved")
    assert_same(again, run)
    assert_frame_equal(again.mask_summary(1), run.mask_summary(1))
    assert "(COCO)" in repr(again)


def test_invalid_predictions_raw_text_and_unknown_specimens_are_kept(write_run: Write, tmp_path: Path) -> None:
    truth = [
        {
            "image": "a.jpg",
            "width": 100,
            "height": 50,
            "caption": "a cat",
            "phrases": [{"phrase": "cat", "boxes": [[1, 2, 30, 40]]}, {"phrase": "dog", "boxes": []}],
        },
        {"image": "b.jpg"},
    ]
    found = [
        {"image": "a.jpg", "phrase": "cat", "output": '[{"bbox_2d": [1, 2, 3], "label": "cat"}]'},
        {"image": "b.jpg", "phrases": []},
        {"image": "z.jpg", "phrases": [{"phrase": "cat", "boxes": [[1, 2, 3, 4]]}]},
    ]
    run = ew.open_run(write_run(truth, {1: found, 5: []}, {"output_format": "qwen3-vl", "steps_per_epoch": 2}))
    again = saved(run, tmp_path / "saved")
    assert_same(again, run)
    for one in (run, again):
        assert one.matches()["parse_state"].dropna().tolist() == ["wrong_number_of_coordinates"]
    assert again._data.predictions(1).boxes.defects == run._data.predictions(1).boxes.defects


def test_a_run_without_ground_truth(write_run: Write, tmp_path: Path) -> None:
    lines = [{"image": "a.jpg", "question": "how many?", "answer": "2"}]
    run = ew.open_run(write_run(None, {1: lines}))
    again = saved(run, tmp_path / "saved")
    assert_same(again, run)


def test_a_run_of_frames_with_images_takes_them_along(tmp_path: Path) -> None:
    picture = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    images: dict[str, Any] = {"a.png": picture, "../b.jpg": buffer.getvalue()}
    frame = pd.DataFrame({"specimen": ["a.png", "../b.jpg"], "question": "q", "answer": "x"})
    run = ew.Run.from_frames(frame, frame.assign(step=1), images=images)
    again = saved(run, tmp_path / "saved")
    assert_same(again, run)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "saved/images/a.png")), np.asarray(picture))
    assert (tmp_path / "saved/images/b.jpg").read_bytes() == buffer.getvalue()
    assert "images missing" not in repr(again)


def test_images_are_copied_on_demand(tmp_path: Path) -> None:
    run = ew.demo_run("grounding")
    run.save(tmp_path / "saved", copy_images=True)
    demo = files("evalwidget") / "demo" / "grounding" / "images"
    name = run.specimens[0]
    assert (tmp_path / "saved/images" / name).read_bytes() == (demo / name).read_bytes()
    assert json.loads((tmp_path / "saved/run.json").read_text())["images"] == ["images"]


def test_nothing_is_overwritten_and_nothing_half_is_left(write_run: Write, tmp_path: Path) -> None:
    record = {"image": "a.jpg", "phrases": []}
    run = ew.open_run(write_run([record], {1: [record], 2: ["{"]}))
    (tmp_path / "there").mkdir()
    with pytest.raises(ew.FormatError, match="malformed JSON"):
        run.save(tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []
    (tmp_path / "there" / "file").write_text("")
    with pytest.raises(ew.EvalWidgetError, match="expected a folder that is new or empty"):
        run.save(tmp_path / "there")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run1", "there"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("records.json", b"{}", "expected what evalwidget saved, version 1"),
        ("records.json", b"7", "expected what evalwidget saved, version 1"),
        ("records.json", b'{"evalwidget": 1}', "not as evalwidget saved it"),
        ("references.parquet", b"PAR1", "references.parquet: not a Parquet file"),
        ("references.parquet", None, "a row names a record or label that is not there"),
    ],
)
def test_a_damaged_folder_is_told(tmp_path: Path, file: str, content: bytes | None, message: str) -> None:
    folder = ew.demo_run("grounding").save(tmp_path / "saved") / "ground_truth"
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(ew.FormatError, match=message):
        ew.open_run(tmp_path / "saved")


def test_an_image_that_is_gone_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"specimen": ["a"], "image": [Image.new("RGB", (3, 2))], "question": "q", "answer": "x"})
    folder = ew.Run.from_frames(frame, frame.assign(step=1)).save(tmp_path / "saved")
    (folder / "ground_truth/images/000000").unlink()
    with pytest.raises(ew.FormatError, match="ground_truth/images: no file '000000', which holds the image 'a'"):
        ew.open_run(folder)


@pytest.mark.parametrize("images", [7, {"a.jpg": 7}, [["a"]]])
def test_images_that_run_json_cannot_name(write_run: Write, images: Any) -> None:
    record = {"image": "a.jpg", "phrases": []}
    with pytest.raises(ew.FormatError, match=r"^run.json: images: expected a folder, a list of folders, or"):
        ew.open_run(write_run([record], {1: [record]}, {"images": images}))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
BOX = st.lists(st.floats(-10, 200) | st.none(), min_size=3, max_size=5)
LINE = st.fixed_dictionaries(
    {"image": st.sampled_from(["a.jpg", "b/a.jpg", "c.jpg", "unknown.jpg"])},
    optional={
        "boxes": st.lists(
            st.fixed_dictionaries({"label": TEXTS, "box": BOX}, optional={"score": st.floats(0, 1), "item": TEXTS}),
            max_size=3,
        )
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, max_size=4), st.lists(LINE, max_size=4))
def test_any_predictions(tmp_path_factory: pytest.TempPathFactory, first: list[Any], second: list[Any]) -> None:
    root = tmp_path_factory.mktemp("any")
    write_lines(
        root / "run/ground_truth.jsonl", [{"image": name, "boxes": []} for name in ("a.jpg", "b/a.jpg", "c.jpg")]
    )
    write_lines(root / "run/predictions/step-1.jsonl", first)
    write_lines(root / "run/predictions/step-2.jsonl", second)
    run = ew.open_run(root / "run")
    assert_same(saved(run, root / "saved"), run)


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ({"phrase": 1, "convention": {"rows": 1}}, "not as evalwidget saved it: TypeError"),
        ({"convention": {"order": "xyxy", "scale": "miles"}}, "not as evalwidget saved it: .*miles"),
        ({"categories": [1]}, "not as evalwidget saved it: AttributeError"),
        ({"task": "cooking"}, "task 'cooking': expected one of"),
    ],
)
def test_facts_that_were_changed(write_run: Write, tmp_path: Path, fact: dict[str, Any], message: str) -> None:
    row = {"image": "a.jpg", "width": 9, "height": 9, "phrase": "cat", "box": [1, 1, 5, 5]}
    folder = ew.open_run(write_run([row], {1: [row]})).save(tmp_path / "saved")
    file = folder / "ground_truth" / "records.json"
    about = json.loads(file.read_text("utf-8"))
    about["facts"] |= fact
    file.write_text(json.dumps(about), "utf-8")
    (folder / "run.json").unlink()
    with pytest.raises(ew.EvalWidgetError, match=message):
        ew.open_run(folder)
