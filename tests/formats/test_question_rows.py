"""Rows of questions: real records out of benchmarks, and the fields of others as they are specified."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from text_runs import answers, opened, references

import evalwidget as ew


def sample_of(real_data: Path, name: str) -> dict[str, Any]:
    """A real record, as the harness that published it wraps it."""
    return json.loads((real_data / "bench_samples" / f"{name}.json").read_text("utf-8"))["sample_example"]["data"]


def asked(sample: dict[str, Any]) -> str:
    return next(part["text"] for part in sample["input"][0]["content"] if "text" in part)


def test_vqav2_as_the_hub_has_it(tmp_path, real_data):
    row = sample_of(real_data, "vqav2")["metadata"] | {"image_id": 262148}
    hub = row | {
        "answers": [{"answer": a, "answer_confidence": "yes", "answer_id": n} for n, a in enumerate(row["answers"])]
    }
    by_field = row | {"answers": {"answer": row["answers"], "answer_id": list(range(10))}}
    for given in (row, hub, by_field):
        run = opened(tmp_path, {"rows.jsonl": [given]}, [{"question_id": 262148000, "answer": "at table"}])
        assert references(run) == [("Where is he looking?", tuple(row["answers"]))]
        assert run.summary().vqa_accuracy.tolist() == [pytest.approx(0.3)]


def test_a_okvqa_whose_answers_are_the_text_of_a_list(tmp_path, real_data):
    sample = sample_of(real_data, "a_okvqa")
    row = sample["metadata"] | {"image_id": 299207, "question": asked(sample), "choices": sample["choices"]}
    assert row["direct_answers"].startswith("['cigarette', ")
    run = opened(tmp_path, {"rows.json": [row]}, [{"question_id": row["question_id"], "answer": "cigarette"}])
    assert references(run)[0][1] == ("cigarette",) * 10
    assert run.summary()[["exact_match", "vqa_accuracy"]].values.tolist() == [[1, 1]]
    choice = {name: value for name, value in row.items() if name != "direct_answers"} | {"correct_choice_idx": 3}
    run = opened(tmp_path, {"rows.json": [choice]}, [{"question_id": row["question_id"], "answer": "cigarette"}])
    assert references(run)[0][1] == ("cigarette",)


@pytest.mark.parametrize("name", ["docvqa", "infovqa"])
def test_docvqa(tmp_path, real_data, name):
    sample = sample_of(real_data, name)
    expected = json.loads(sample["target"])
    item = sample["metadata"]["questionId"]
    row = sample["metadata"] | {"question": asked(sample), "answers": expected, "image": "documents/a_1.png"}
    run = opened(tmp_path, {"val.json": {"data": [row]}}, [{"questionId": int(item), "answer": expected[0]}])
    assert answers(run) == [("a_1.png", item, expected[0])]
    assert run.summary()[["exact_match", "anls"]].values.tolist() == [[1, 1]]


def test_chartqa(tmp_path, real_data):
    sample = sample_of(real_data, "chartqa")
    row = {"imgname": "41699051005347.png", "query": asked(sample), "label": sample["target"]}
    found = [{"image": "41699051005347.png", "prediction": str(int(sample["target"]) * 1.04)}]
    run = opened(tmp_path, {"test_human.json": [row]}, found)
    assert run.summary()[["exact_match", "relaxed_accuracy"]].values.tolist() == [[0, 1]]


def test_pope(tmp_path, real_data):
    sample = sample_of(real_data, "pope")
    row = {
        "question_id": int(sample["metadata"]["question_id"]),
        "image": "COCO_val2014_000000310196.jpg",
        "text": asked(sample).splitlines()[0],
        "label": sample["metadata"]["answer"].lower(),
    }
    run = opened(tmp_path, {"coco_pope_random.jsonl": [row]}, [{"question_id": 1, "answer": "Yes"}])
    assert references(run) == [("Is there a snowboard in the image?", ("yes",))]
    assert run.summary(metrics=["pope"])["pope_accuracy"].tolist() == [1.0]


def test_simple_vqa_in_another_script(tmp_path, real_data):
    sample = sample_of(real_data, "simple_vqa")
    row = sample["metadata"] | {"id": 0, "question": asked(sample), "answer": sample["target"]}
    run = opened(tmp_path, {"rows.jsonl": [row]}, [{"id": 0, "answer": sample["target"]}])
    assert run.summary().exact_match.tolist() == [1.0]


def test_textvqa_as_specified(tmp_path):
    rows = [
        {
            "question_id": 34602,
            "image_id": "003a",
            "question": "what brand?",
            "answers": ["dakota"] * 10,
            "set_name": "val",
        },
        {
            "question_id": 34603,
            "image_id": "003a",
            "question": "what number?",
            "answers": ["7"] * 10,
            "set_name": "val",
        },
    ]
    found = [{"question_id": 34603, "answer": "7"}, {"question_id": 34602, "answer": "dakota digital"}]
    run = opened(tmp_path, {"TextVQA_0.5.1_val.json": {"data": rows}}, found)
    assert run.specimens == ["003a"]
    assert answers(run) == [("003a", "34602", "dakota digital"), ("003a", "34603", "7")]


def test_llava_s_answers_to_textvqa_are_told_by_their_prompt_as_specified(tmp_path):
    """There ``question_id`` is the image's id, which both questions share."""
    rows = [
        {"question_id": 34602, "image_id": "003a", "question": "what brand?", "answers": ["dakota"] * 10},
        {"question_id": 34603, "image_id": "003a", "question": "what number?", "answers": ["7"] * 10},
    ]
    extra = "\nReference OCR token: DAKOTA\nAnswer the question using a single word or phrase."
    found = [
        {"question_id": "003a", "prompt": f"what number?{extra}", "text": "7", "answer_id": "x", "model_id": "m"},
        {"question_id": "003a", "prompt": f"what brand?{extra}", "text": "dakota", "answer_id": "y", "model_id": "m"},
        {"question_id": "0000", "prompt": f"what brand?{extra}", "text": "dakota", "answer_id": "z", "model_id": "m"},
    ]
    run = opened(tmp_path, {"val.json": {"data": rows}}, found, ".jsonl")
    assert answers(run) == [("003a", "34602", "dakota"), ("003a", "34603", "7")]
    assert run.summary().exact_match.tolist() == [1.0]
    assert len(run.join_report()) == 1
    by_question = [line | {"question_id": 34602, "text": "no"} for line in found[1:2]]
    run = opened(tmp_path, {"val.json": {"data": rows}}, by_question, ".jsonl")
    assert answers(run) == [("003a", "34602", "no")]


def test_scienceqa_s_number_is_a_choice_as_specified(tmp_path):
    row = {"id": "s1", "question": "Which?", "choices": ["red", "blue"], "answer": 1}
    run = opened(tmp_path, {"rows.jsonl": [row]}, [{"id": "s1", "answer": "blue"}])
    assert references(run) == [("Which?", ("blue",))]
    assert run.summary().exact_match.tolist() == [1.0]
    with pytest.raises(
        ew.EvalWidgetError, match=r"rows.jsonl:1: answer: expected the place of one of 2 choices, got 2"
    ):
        opened(tmp_path, {"rows.jsonl": [row | {"answer": 2}]}, [])


def test_gqa_as_specified(tmp_path):
    truth = {
        "2013": {"imageId": "n161313", "question": "Is it overcast?", "answer": "no", "fullAnswer": "No, it is clear."}
    }
    run = opened(tmp_path, {"questions.json": truth}, [{"questionId": "2013", "prediction": "no"}])
    assert answers(run) == [("n161313", "2013", "no")]
    assert run.summary().exact_match.tolist() == [1.0]


def test_mm_vet_as_specified(tmp_path):
    """``<OR>`` is between alternatives, ``<AND>`` between parts of one."""
    truth = {
        "v1_0": {"imagename": "v1_0.png", "question": "What is x?", "answer": "x=-1<AND>x=-5", "capability": ["math"]},
        "v1_1": {"imagename": "v1_1.jpg", "question": "Which?", "answer": "blue<OR>navy <AND> white", "capability": []},
    }
    run = opened(tmp_path, {"mm-vet.json": truth}, {"v1_1": "navy and white", "v1_0": "x=-1"})
    assert references(run) == [("What is x?", ("x=-1 and x=-5",)), ("Which?", ("blue", "navy and white"))]
    assert run.scores().exact_match.tolist() == [0, 1]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".parquet", ""])
def test_tables(tmp_path, suffix):
    truth = pd.DataFrame(
        {"image": ["a.jpg", "b.jpg"], "question_id": [1, 2], "question": ["q", "r"], "answers": ["['x', 'y']", "['z']"]}
    )
    found = pd.DataFrame({"question_id": [1, 2], "answer": ["y", "z"]})
    if suffix:
        pytest.importorskip({".xlsx": "openpyxl", ".parquet": "pyarrow"}.get(suffix, "pandas"))
        for name, frame in (("truth", truth), ("500", found)):
            file = tmp_path / f"{name}{suffix}"
            {
                ".csv": lambda f, to: f.to_csv(to, index=False),
                ".tsv": lambda f, to: f.to_csv(to, index=False, sep="\t"),
                ".xlsx": lambda f, to: f.to_excel(to, index=False),
                ".parquet": lambda f, to: f.to_parquet(to),
            }[suffix](frame, file)
        run = ew.open_run(ground_truth=tmp_path / f"truth{suffix}", predictions={500: tmp_path / f"500{suffix}"})
    else:
        run = ew.open_run(ground_truth=truth, predictions={500: found})
    assert references(run) == [("q", ("x", "y")), ("r", ("z",))]
    assert run.summary().exact_match.tolist() == [1.0]


def test_parquet_s_lists_and_images(tmp_path):
    pytest.importorskip("pyarrow")
    truth = pd.DataFrame(
        {
            "image": [{"bytes": b"x", "path": "a.png"}],
            "question": ["q"],
            "answers": [[{"answer": "x", "answer_id": 1}, {"answer": "y", "answer_id": 2}]],
        }
    )
    truth.to_parquet(tmp_path / "truth.parquet")
    run = opened(tmp_path, tmp_path / "truth.parquet", [{"image": "a.png", "answer": "y"}])
    assert run.specimens == ["a.png"]
    assert references(run) == [("q", ("x", "y"))]
    assert run.summary().exact_match.tolist() == [1.0]


def test_a_list_without_commas_is_an_error(tmp_path):
    """pandas writes numpy's arrays so, and a literal would melt its texts into one."""
    rows = "image,question,answers\na.jpg,q,\"['x' 'y']\"\n"
    with pytest.raises(ew.EvalWidgetError, match=r"rows.csv:2: answers: expected a list with commas"):
        opened(tmp_path, {"rows.csv": rows}, [])


def test_a_whole_number_in_a_column_with_gaps_is_the_same_id(tmp_path):
    truth = pd.DataFrame(
        {"image": ["a.jpg", "b.jpg"], "question_id": [1, None], "question": ["q", "r"], "answer": ["x", "y"]}
    )
    run = opened(tmp_path, truth, [{"question_id": "1", "answer": "x"}, {"image": "b.jpg", "answer": "y"}])
    assert run.summary().exact_match.tolist() == [1.0]


def test_rows_without_a_name_are_called_by_their_item_or_row(tmp_path):
    truth = pd.DataFrame({"question": ["q", "r"], "answer": ["x", "y"]})
    assert opened(tmp_path, truth, [{"image": "row 1", "answer": "y"}]).specimens == ["row 0", "row 1"]
    truth["id"] = ["first", "second"]
    run = opened(tmp_path, truth, [{"id": "second", "answer": "y"}])
    assert run.specimens == ["first", "second"]
    assert answers(run) == [("second", "second", "y")]


def test_captions_in_a_table_are_free_text(tmp_path):
    truth = pd.DataFrame({"image": ["a.jpg"], "caption": [["a cat", "one cat"]]})
    run = opened(tmp_path, truth, [{"image": "a.jpg", "caption": "one cat"}], ".jsonl")
    assert run.task == "free text"


@pytest.mark.parametrize("given", ["open_run", "from_frames", "run.json"])
def test_columns_rename(tmp_path, write_run, given):
    truth = pd.DataFrame({"img": ["a.jpg"], "q": ["colour?"], "gold": ["red"], "question": ["not this"]})
    found = pd.DataFrame({"img": ["a.jpg"], "q": ["colour?"], "said": ["red"], "at": [500]})
    columns = {"image": "img", "question": "q", "answer": "gold", "prediction": "said"}
    if given == "open_run":
        run = ew.open_run(ground_truth=truth, predictions={500: found}, columns=columns)
    elif given == "from_frames":
        run = ew.Run.from_frames(truth, found, columns=columns | {"step": "at"})
    else:
        folder = write_run(truth.to_dict("records"), {500: found.to_dict("records")}, {"columns": columns})
        run = ew.open_run(folder)
    assert references(run) == [("colour?", ("red",))]
    assert run.summary().exact_match.tolist() == [1.0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": "picture"}, "columns: no column 'picture'; found img, q, gold"),
        ({"image": 7}, "columns: expected the source's name by each of ours"),
        (["img"], "columns: expected the source's name by each of ours"),
    ],
)
def test_columns_that_are_not_there(tmp_path, columns, message):
    truth = pd.DataFrame({"img": ["a.jpg"], "q": ["colour?"], "gold": ["red"]})
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, truth, [{"image": "a.jpg", "answer": "red"}], columns=columns)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question_id": 1, "question": 7}, "rows.json: [0]: question: expected text"),
        ({"question_id": [1], "question": "q"}, "rows.json: [0]: question_id: expected an id, got [1]"),
        ({"question_id": 1, "question": "q", "answers": [["a"]]}, "rows.json: [0]: answers[0]: expected text"),
        ({"question_id": 1, "question": "q", "image": {"b": 1}}, "rows.json: [0]: image: expected a path, bytes"),
    ],
)
def test_defects_are_errors_with_their_place(tmp_path, row, message):
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, {"rows.json": [row]}, [])
    assert message in str(caught.value)


def test_predictions_without_an_answer_are_told(tmp_path):
    rows = [{"question_id": 1, "image_id": 3, "question": "q", "answers": ["a"]}]
    with pytest.raises(
        ew.EvalWidgetError, match=r"predictions.json: \[0\]: expected one of prediction, response, answer"
    ):
        opened(tmp_path, {"rows.json": rows}, [{"question_id": 1, "said": "a"}])
    run = opened(tmp_path, {"rows.json": rows}, [{"question_id": 1, "answer": None}])
    assert run.summary().exact_match.tolist() == [0.0]


def test_a_question_twice_is_an_error(tmp_path):
    rows = [{"question_id": 1, "image_id": 3, "question": "q", "answers": ["a"]}] * 2
    with pytest.raises(ew.EvalWidgetError, match=r"rows.json: \[1\]: the same item twice"):
        opened(tmp_path, {"rows.json": rows}, [])
