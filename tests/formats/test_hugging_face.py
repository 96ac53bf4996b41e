"""Datasets of the package ``datasets`` as ground truth, with the images that they hold."""

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image
from text_runs import answers, opened, references

import evalwidget as ew
from evalwidget.images import encoded_image


def png(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "PNG")
    return buffer.getvalue()


def sizes(run: ew.Run) -> list[Any]:
    return [run._data.size(row) for row in range(len(run.specimens))]


def shown(run: ew.Run) -> list[str]:
    return [encoded_image(run._data.found_image(row)).state for row in range(len(run.specimens))]


ROWS = {"question": ["colour?", "how many?"], "answers": [["red", "dark red"], ["2"]], "question_id": [5, 6]}
FOUND = [{"question_id": 5, "answer": "dark red"}, {"question_id": 6, "answer": "3"}]


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    return pytest.importorskip("datasets")


def with_images(datasets: Any, images: list[Any]) -> Any:
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "question": datasets.Value("string"),
            "answers": datasets.Sequence(datasets.Value("string")),
            "question_id": datasets.Value("int64"),
        }
    )
    return datasets.Dataset.from_dict({"image": images, **ROWS}, features=features)


def test_a_dataset_with_images(tmp_path, datasets):
    dataset = with_images(
        datasets, [{"bytes": png((30, 20)), "path": "a.png"}, {"bytes": png((7, 9)), "path": "b.png"}]
    )
    run = opened(tmp_path, dataset, FOUND)
    assert run.specimens == ["a.png", "b.png"]
    assert references(run) == [("colour?", ("red", "dark red")), ("how many?", ("2",))]
    assert sizes(run) == [(30, 20), (7, 9)]
    assert shown(run) == ["ok", "ok"]
    assert run.scores().exact_match.tolist() == [1, 0]
    assert list(tmp_path.rglob("*.png")) == []


def test_its_images_are_not_decoded_while_it_is_read(tmp_path, datasets):
    dataset = with_images(
        datasets, [{"bytes": b"not an image", "path": "a.png"}, {"bytes": png((7, 9)), "path": "b.png"}]
    )
    run = opened(tmp_path, dataset, FOUND)
    assert "images missing" not in repr(run)
    assert shown(run) == ["unreadable", "ok"]


def test_pil_images_without_a_name(tmp_path, datasets):
    dataset = with_images(datasets, [Image.new("RGB", (30, 20)), Image.new("L", (7, 9))])
    run = opened(tmp_path, dataset, FOUND)
    assert run.specimens == ["5", "6"]
    assert sizes(run) == [(30, 20), (7, 9)]


def test_images_that_are_not_to_be_decoded(tmp_path, datasets):
    dataset = with_images(datasets, [{"bytes": png((30, 20)), "path": None}, {"bytes": png((7, 9)), "path": None}])
    run = opened(tmp_path, dataset.cast_column("image", datasets.Image(decode=False)), FOUND)
    assert sizes(run) == [(30, 20), (7, 9)]


def test_a_dataset_that_gives_arrays(tmp_path, datasets):
    dataset = with_images(datasets, [{"bytes": png((30, 20)), "path": None}, {"bytes": png((7, 9)), "path": None}])
    run = opened(tmp_path, dataset.with_format("numpy"), FOUND)
    assert sizes(run) == [(30, 20), (7, 9)]
    assert references(run)[0] == ("colour?", ("red", "dark red"))


def test_images_of_files(tmp_path, datasets):
    (tmp_path / "pictures").mkdir()
    for name, size in (("a.png", (30, 20)), ("b.png", (7, 9))):
        (tmp_path / "pictures" / name).write_bytes(png(size))
    dataset = with_images(datasets, [str(tmp_path / "pictures" / name) for name in ("a.png", "b.png")])
    run = opened(tmp_path, dataset, FOUND)
    assert run.specimens == ["a.png", "b.png"]
    assert sizes(run) == [(30, 20), (7, 9)]


def test_a_column_of_several_images(tmp_path, datasets):
    features = datasets.Features({"images": datasets.Sequence(datasets.Image()), "question": datasets.Value("string")})
    held = [[{"bytes": png((30, 20)), "path": "a.png"}, {"bytes": png((1, 1)), "path": "c.png"}]]
    dataset = datasets.Dataset.from_dict({"images": held, "question": ["q"]}, features=features)
    run = opened(tmp_path, dataset, [{"image": "row 0", "answer": "x"}])
    assert sizes(run) == [(30, 20)]


def test_a_streamed_dataset(tmp_path, datasets):
    dataset = with_images(
        datasets, [{"bytes": png((30, 20)), "path": "a.png"}, {"bytes": png((7, 9)), "path": "b.png"}]
    )
    run = opened(tmp_path, dataset.to_iterable_dataset(), FOUND)
    assert sizes(run) == [(30, 20), (7, 9)]
    assert run.scores().exact_match.tolist() == [1, 0]


def test_predictions_in_a_dataset(tmp_path, datasets):
    found = datasets.Dataset.from_list(FOUND)
    truth = with_images(datasets, [Image.new("RGB", (30, 20)), Image.new("L", (7, 9))])
    run = ew.open_run(ground_truth=truth, predictions={500: found}).load()
    assert answers(run) == [("5", "5", "dark red"), ("6", "6", "3")]


def test_its_rows_are_what_harnesses_count(tmp_path, datasets):
    truth = with_images(datasets, [Image.new("RGB", (30, 20)), Image.new("L", (7, 9))])
    samples = [{"doc_id": 1, "input": "how many?", "target": "['2']", "filtered_resps": "2"}]
    run = opened(tmp_path, truth, samples, ".jsonl")
    assert answers(run) == [("6", "6", "2")]


def test_columns_of_other_names(tmp_path, datasets):
    dataset = datasets.Dataset.from_list([{"img": "a.jpg", "q": "colour?", "gold": "red"}])
    run = opened(
        tmp_path,
        dataset,
        [{"image": "a.jpg", "answer": "red"}],
        columns={"image": "img", "question": "q", "answer": "gold"},
    )
    assert run.summary().exact_match.tolist() == [1.0]


def test_messages_in_a_dataset(tmp_path, datasets):
    messages = [{"role": "user", "content": "<image>q"}, {"role": "assistant", "content": "a"}]
    dataset = datasets.Dataset.from_list([{"image": "a.jpg", "messages": messages}])
    run = opened(tmp_path, dataset, [{"image": "a.jpg", "answer": "a"}])
    assert references(run) == [("q", ("a",))]


def test_all_splits_at_once_are_an_error(datasets):
    splits = datasets.DatasetDict({"train": datasets.Dataset.from_dict(ROWS), "val": datasets.Dataset.from_dict(ROWS)})
    found = {500: pd.DataFrame(FOUND)}
    said = "'train', 'val': pass dataset\\['train'\\], or its name as split="
    for message, given in {
        f"^ground truth: expected one split of the dataset, got all of {said}": {"ground_truth": splits},
        f"^ground truth: .*, got split='test' of {said}": {"ground_truth": splits, "split": "test"},
        rf"^predictions\[500\]: .*, got all of {said}": {"predictions": {500: splits}},
        r"^predictions: expected data by step, got a dataset; pass predictions=\{500: dataset\}": {
            "predictions": splits
        },
    }.items():
        with pytest.raises(ew.EvalWidgetError, match=message):
            ew.open_run(**{"predictions": found} | given)
    for given in (splits, splits["val"]):
        with pytest.raises(ew.EvalWidgetError, match=r"expected the path of a folder, got Dataset.*pass data as"):
            ew.open_run(given)


def test_a_split_that_is_named(datasets):
    rows = {name: values[:1] for name, values in ROWS.items()}
    splits = datasets.DatasetDict({"train": datasets.Dataset.from_dict(ROWS), "val": datasets.Dataset.from_dict(rows)})
    for split, count in (("train", 2), ("val", 1)):
        run = ew.open_run(ground_truth=splits, predictions={500: pd.DataFrame(FOUND)}, split=split)
        assert len(run.specimens) == count
    found = datasets.DatasetDict({"val": datasets.Dataset.from_list(FOUND)})
    assert ew.open_run(ground_truth=splits, predictions={500: found}, split="val").load().steps == [500]
    with pytest.raises(ew.EvalWidgetError, match=r"split 'val': .* ground truth has no splits"):
        ew.open_run(ground_truth=splits["val"], predictions={500: pd.DataFrame(FOUND)}, split="val")


@pytest.mark.parametrize("kind", ["bytes", "mapping", "pil"])
@pytest.mark.parametrize("column", ["specimen", "question_id"])
def test_frames_hold_images_too(tmp_path, kind, column):
    images = {
        "bytes": [png((30, 20)), png((7, 9))],
        "mapping": [{"bytes": png((30, 20)), "path": None}, {"bytes": png((7, 9)), "path": None}],
        "pil": [Image.new("RGB", (30, 20)), Image.new("L", (7, 9))],
    }[kind]
    truth = pd.DataFrame({"image": images, "question": ROWS["question"], "answer": ROWS["answers"], column: ["5", "6"]})
    found = [{"specimen": "5", "answer": "red"}, {"specimen": "6", "answer": "2"}]
    run = opened(tmp_path, truth, found, ".jsonl")
    assert run.specimens == ["5", "6"]
    assert sizes(run) == [(30, 20), (7, 9)]
    assert shown(run) == ["ok", "ok"]
    assert run.summary().exact_match.tolist() == [1.0]


def test_parquet_holds_images_too(tmp_path):
    pytest.importorskip("pyarrow")
    images = [{"bytes": png((30, 20)), "path": "a.png"}, {"bytes": png((7, 9)), "path": "a.png"}]
    pd.DataFrame({"image": images, **ROWS}).to_parquet(tmp_path / "truth.parquet")
    run = opened(tmp_path, tmp_path / "truth.parquet", FOUND)
    assert run.specimens == ["a.png", "a.png (row 1)"], "one path of two images names neither"
    assert sizes(run) == [(30, 20), (7, 9)]
    assert run.scores().exact_match.tolist() == [1, 0]


def test_a_path_in_parquet_is_a_name_and_opens_nothing(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "secret.png").write_bytes(png((30, 20)))
    images = [{"bytes": None, "path": str(tmp_path / "secret.png")}, {"bytes": None, "path": "b.png"}]
    pd.DataFrame({"image": images, **ROWS}).to_parquet(tmp_path / "truth.parquet")
    run = opened(tmp_path, tmp_path / "truth.parquet", FOUND)
    assert run.specimens == ["secret.png", "b.png"]
    assert shown(run) == ["missing", "missing"]


def test_images_given_are_preferred(tmp_path):
    truth = pd.DataFrame({"image": [png((30, 20))], "question": ["q"], "answer": ["a"], "id": ["x"]})
    run = opened(tmp_path, truth, [{"id": "x", "answer": "a"}], images={"x": png((3, 4))})
    assert sizes(run) == [(3, 4)]


def test_what_is_no_image_is_an_error(tmp_path):
    truth = pd.DataFrame({"image": [object()], "question": ["q"], "answer": ["a"]})
    with pytest.raises(ew.EvalWidgetError, match=r"ground truth row 0: image: expected a path, bytes, a PIL image, or"):
        opened(tmp_path, truth, [])
