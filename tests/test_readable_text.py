"""Names of files whose bytes are no UTF-8: what they hold is read, and whatever shows them can be written anywhere."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from run_folders import write_lines

import evalwidget as ew
from evalwidget.cli import main
from evalwidget.readable_text import file_name_of, readable
from evalwidget.widget.server import answer, run_info

CAFE = os.fsdecode(b"caf\xe9")
BOXES = [{"image": "a.jpg", "width": 9, "height": 9, "phrases": [{"phrase": "cat", "boxes": [[1, 1, 5, 5]]}]}]
FOUND = [{"image": "a.jpg", "phrases": [{"phrase": "cat", "boxes": [[1, 1, 5, 5]], "scores": [0.5]}]}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of such a name; skipped where file names are text."""
    try:
        (tmp_path / CAFE).mkdir()
    except (OSError, UnicodeError) as error:
        pytest.skip(f"no such names here: {error}")
    return tmp_path / CAFE


def shown(run: ew.Run) -> str:
    """All that a run shows, which must be text that UTF-8 can carry."""
    frames = [run.summary(), run.scores(), run.matches(), run.join_report()]
    replies = [json.dumps(run_info(run._evaluation, run.notes), ensure_ascii=False)]
    for row in range(len(run.specimens)):
        request = {"id": "1", "kind": "specimen", "index": row, "all_steps": True, "image": True}
        reply, _ = answer(request, run._evaluation)
        assert reply["kind"] == "specimen", reply
        replies.append(json.dumps(reply, ensure_ascii=False))
    text = "".join([*(frame.to_csv() for frame in frames), *replies, repr(run), run._repr_html_()])
    assert text.encode()
    return text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("café", "café"), (CAFE, "caf%E9"), ("\ud83d\udc00x", "��x"), ("a\udc7fb", "a�b"), ("\udcff\udc80", "%FF%80")],
)
def test_half_characters(text: str, expected: str) -> None:
    assert readable(text) == expected


def test_the_name_of_a_file_is_found_again() -> None:
    assert file_name_of(readable(CAFE)) == CAFE
    assert file_name_of("100%2F.jpg") == "100%2F.jpg"


def test_a_run_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_lines(folder / "ground_truth.jsonl", BOXES)
    write_lines(folder / "predictions" / f"{CAFE}-step-5.jsonl", FOUND)
    (folder / "images").mkdir()
    run = ew.open_run(folder).load()
    assert run.name == "caf%E9"
    assert "%E9" in shown(run)
    assert str(ew.inspect(folder)).encode()
    assert main(["inspect", str(folder)]) == 0
    assert main(["inspect", str(folder), "--json"]) == 0
    assert capsys.readouterr().out.encode()
    run.save(folder / "saved")
    assert shown(ew.open_run(folder / "saved").load())


def test_images(folder: Path) -> None:
    """Labels and images of such names belong together, and the image is shown."""
    for name, colour in ((CAFE, "red"), (os.fsdecode(b"caf\xe8"), "blue")):
        (folder / "truth").mkdir(exist_ok=True)
        Image.new("RGB", (20, 10), colour).save(folder / "truth" / f"{name}.png")
        (folder / "truth" / f"{name}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (folder / "found").mkdir()
    (folder / "found" / f"{CAFE}.txt").write_text("0 0.5 0.5 0.5 0.5 0.9\n")
    run = ew.open_run(ground_truth=folder / "truth", predictions={5: folder / "found"}, class_names=["cat"])
    assert run.specimens == ["caf%E8.png", "caf%E9.png"]
    assert run.load().matches()["status"].tolist() == ["missed", "matched"]
    assert "not found" not in shown(run)
    run.save(folder / "saved", copy_images=True)
    again = ew.open_run(folder / "saved").load()
    assert again.specimens == run.specimens
    assert "not found" not in shown(again)


def test_what_is_wrong_there_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_lines(folder / "ground_truth.jsonl", ["{"])
    write_lines(folder / "predictions" / f"{CAFE}.jsonl", FOUND)
    for call in (lambda: ew.open_run(folder), lambda: ew.open_run(predictions=folder / "predictions")):
        with pytest.raises(ew.EvalWidgetError, match=r"caf%E9.jsonl: no step in the file name") as caught:
            call()
        assert str(caught.value).encode()
    with pytest.raises(ew.EvalWidgetError, match=r"caf%E9/nowhere: no such folder"):
        ew.open_run(folder / "nowhere")
    assert main(["inspect", str(folder)]) == 2
    assert capsys.readouterr()
    assert str(ew.inspect(folder)).encode()


def test_frames(tmp_path: Path) -> None:
    rows = {"specimen": [CAFE], "phrase": ["\ud800"], "x1": [1], "y1": [1], "x2": [5], "y2": [5]}
    run = ew.Run.from_frames(
        pd.DataFrame(rows, dtype=object), pd.DataFrame(rows | {"step": [5]}, dtype=object), images={CAFE: b""}
    ).load()
    assert run.specimens == ["caf%E9"]
    assert "�" in shown(run)
    run.save(tmp_path / "saved")
