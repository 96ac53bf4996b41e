"""VLMEvalKit's tables, written from its specification."""

import base64
import io

import pandas as pd
import pytest
from PIL import Image
from text_runs import answers, opened, references

import evalwidget as ew


def encoded(size: tuple[int, int]) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def table(*rows: dict[str, object]) -> str:
    return pd.DataFrame(rows).to_csv(index=False, sep="\t")


DATASET = [
    {"index": 241, "image": encoded((30, 20)), "question": "What?", "A": "a cat", "B": "a dog", "answer": "B"},
    {"index": 1000241, "image": "241", "question": "What again?", "A": "a dog", "B": "a cat", "answer": "A"},
    {"index": 252, "image": encoded((40, 20)), "question": "Is it?", "A": None, "B": None, "answer": "Yes"},
]
RESULTS = [
    {"index": row["index"], "question": row["question"], "answer": row["answer"], "prediction": row["answer"]}
    for row in DATASET
]


@pytest.mark.parametrize("suffix", [".tsv", ".xlsx", ".json"])
def test_results_beside_their_dataset(tmp_path, suffix):
    file = tmp_path / f"model_DS{suffix}"
    if suffix == ".xlsx":
        pytest.importorskip("openpyxl")
        pd.DataFrame(RESULTS).to_excel(file, index=False)
    else:
        file.write_text(
            table(*RESULTS) if suffix == ".tsv" else pd.DataFrame(RESULTS).to_json(orient="records"), "utf-8"
        )
    run = opened(tmp_path, {"DS.tsv": table(*DATASET)}, file)
    assert run.specimens == ["241", "252"]
    assert references(run) == [
        ("What?\nA. a cat\nB. a dog", ("B",)),
        ("What again?\nA. a dog\nB. a cat", ("A",)),
        ("Is it?", ("Yes",)),
    ]
    assert run.summary()[["exact_match", "missing"]].values.tolist() == [[1, 0]]
    assert [run._data.size(row) for row in range(2)] == [(30, 20), (40, 20)]


def test_an_image_larger_than_csv_s_usual_cell(tmp_path):
    noise = Image.effect_noise((500, 400), 100)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    row = DATASET[0] | {"image": base64.b64encode(buffer.getvalue()).decode()}
    assert len(row["image"]) > 131_072
    run = opened(tmp_path, {"DS.tsv": table(row)}, RESULTS[:1])
    assert run._data.size(0) == (500, 400)


@pytest.mark.parametrize("text", ["Failed to obtain answer via API.", "Failed to obtain answer. "])
def test_what_the_service_did_not_give_is_no_answer(tmp_path, text):
    found = [RESULTS[0] | {"prediction": text}, *RESULTS[1:]]
    run = opened(tmp_path, {"DS.tsv": table(*DATASET)}, found)
    assert answers(run)[0] == ("241", "241", None)
    assert run.matches().parse_state.tolist() == ["no_answer", "ok", "ok"]
    assert run.summary()[["exact_match", "invalid"]].values.tolist() == [[pytest.approx(2 / 3), 1]]


def test_results_stand_for_ground_truth(tmp_path):
    run = opened(tmp_path, {"model_DS.json": RESULTS}, RESULTS)
    assert run.specimens == ["241", "1000241", "252"]
    assert run.summary().exact_match.tolist() == [1.0]


def test_images_by_path(tmp_path):
    rows = [{"index": 1, "image_path": "['x/a.jpg', 'x/b.jpg']", "question": "q", "answer": "r"}]
    run = opened(tmp_path, {"DS.tsv": table(*rows)}, [{"index": 1, "prediction": "r"}])
    assert run.specimens == ["a.jpg"]
    assert run.summary().exact_match.tolist() == [1.0]


def test_a_table_with_an_index_and_images_by_name(tmp_path):
    rows = [{"index": 0, "image": "x/a.jpg", "question": "q", "answer": "r"}]
    run = opened(tmp_path, {"truth.tsv": table(*rows)}, [{"image": "a.jpg", "question": "q", "answer": "r"}])
    assert run.specimens == ["a.jpg"]
    assert run.summary().exact_match.tolist() == [1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": "7"}, "DS.tsv:3: image: expected base64, or the index of a row that has it, got '7'"),
        ({"image": "!" * 80}, "DS.tsv:3: image: expected base64, got '!!!"),
        ({"index": None}, "DS.tsv:3: expected 'index', found"),
    ],
)
def test_defects_are_errors_with_their_place(tmp_path, change, message):
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, {"DS.tsv": table(DATASET[0], DATASET[2] | change)}, [])
    assert message in str(caught.value)
