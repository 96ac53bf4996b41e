"""VQA v1 and v2, OK-VQA: written from the VQA API's specification, around the one real record of VQA v2."""

import json
from pathlib import Path
from typing import Any

import pytest
from text_runs import answers, opened, references, written

import evalwidget as ew

QUESTIONS = {
    "info": {},
    "task_type": "Open-Ended",
    "data_type": "mscoco",
    "license": {},
    "data_subtype": "val2014",
    "questions": [
        {"image_id": 458752, "question": "What is this photo taken looking through?", "question_id": 458752000},
        {"image_id": 262148, "question": "Where is he looking?", "question_id": 262148000},
        {"image_id": 262148, "question": "What are the people in the background doing?", "question_id": 262148001},
    ],
}


def annotation(question_id: int, image_id: int, given: list[str]) -> dict[str, Any]:
    listed = [{"answer": a, "answer_confidence": "yes", "answer_id": n} for n, a in enumerate(given, start=1)]
    return {
        "question_type": "none of the above",
        "multiple_choice_answer": max(given, key=given.count),
        "answers": listed,
        "image_id": image_id,
        "answer_type": "other",
        "question_id": question_id,
    }


def annotations(given: list[str]) -> dict[str, Any]:
    return {
        "info": {},
        "data_type": "mscoco",
        "data_subtype": "val2014",
        "annotations": [
            annotation(262148000, 262148, given),
            annotation(262148001, 262148, ["spectating"] * 10),
            annotation(458752000, 458752, ["net"] * 10),
        ],
    }


@pytest.fixture
def looking(real_data: Path) -> list[str]:
    """The ten real answers to a question of VQA v2."""
    sample = json.loads((real_data / "bench_samples" / "vqav2.json").read_text("utf-8"))
    return sample["sample_example"]["data"]["metadata"]["answers"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_real_record_keeps_its_ten_answers(tmp_path, looking, turned):
    files = {"questions.json": QUESTIONS, "annotations.json": annotations(looking)}
    files = dict(reversed(files.items())) if turned else files
    run = opened(tmp_path, files, [{"question_id": 262148000, "answer": "down"}])
    assert run.task == "visual question answering"
    assert run.specimens == ["COCO_val2014_000000262148.jpg", "COCO_val2014_000000458752.jpg"]
    assert ("Where is he looking?", tuple(looking)) in references(run)
    assert len(looking) == 10
    assert len(set(looking)) < 10


@pytest.mark.parametrize(
    ("answer", "score"),
    [("down", 1.0), ("at table", 0.3), ("table", 0.3), ("down.", 1.0), ("up", 0.0)],
)
def test_results_score_as_vqa_accuracy_does(tmp_path, looking, answer, score):
    files = {"questions.json": QUESTIONS, "annotations.json": annotations(looking)}
    run = opened(tmp_path, files, [{"question_id": 262148000, "answer": answer}])
    assert answers(run) == [("COCO_val2014_000000262148.jpg", "262148000", answer)]
    assert run.summary().vqa_accuracy.tolist() == [pytest.approx(score)]
    assert run.join_report().empty


@pytest.mark.parametrize(("agreeing", "score"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0)])
def test_the_ladder_of_agreeing_answers(tmp_path, agreeing, score):
    given = ["red"] * agreeing + [f"other {n}" for n in range(10 - agreeing)]
    run = opened(
        tmp_path,
        {"q.json": QUESTIONS, "a.json": annotations(given)},
        [{"question_id": 262148000, "answer": "red"}],
    )
    assert run.summary().vqa_accuracy.tolist() == [pytest.approx(score)]


def test_results_of_all_questions_are_perfect(tmp_path):
    given = annotations(["down"] * 10)
    found = [{"question_id": a["question_id"], "answer": a["multiple_choice_answer"]} for a in given["annotations"]]
    run = opened(tmp_path, {"q.json": QUESTIONS, "a.json": given}, found)
    assert run.summary()[["exact_match", "vqa_accuracy", "missing"]].values.tolist() == [[1, 1, 0]]


def test_a_folder_that_holds_both(tmp_path):
    folder = tmp_path / "vqa"
    written(folder / "v2_OpenEnded_mscoco_val2014_questions.json", QUESTIONS)
    written(folder / "v2_mscoco_val2014_annotations.json", annotations(["down"] * 10))
    written(folder / "other.json", {"a": 1})
    run = opened(tmp_path, folder, [{"question_id": 458752000, "answer": "net"}])
    assert len(references(run)) == 3
    assert run.summary().exact_match.tolist() == [1.0]


def test_annotations_alone_have_no_words_and_questions_alone_no_references(tmp_path):
    run = opened(tmp_path, {"a.json": annotations(["down"] * 10)}, [{"question_id": 458752000, "answer": "net"}])
    assert {question for question, _ in references(run)} == {""}
    assert run.summary(metrics=["exact_match"]).exact_match.tolist() == [1.0]
    run = opened(tmp_path, {"q.json": QUESTIONS}, [{"question_id": 458752000, "answer": "net"}])
    assert references(run)[0] == ("What is this photo taken looking through?", ())


def test_ok_vqa_scores_the_stem(tmp_path):
    """As specified: OK-VQA's ``answer`` is stemmed, ``raw_answer`` is what was written."""
    given = annotations(["down"] * 10)
    for entry in given["annotations"][0]["answers"]:
        entry |= {"raw_answer": "racing", "answer": "race"}
    run = opened(tmp_path, {"q.json": QUESTIONS, "a.json": given}, [{"question_id": 262148000, "answer": "race"}])
    assert run.summary().exact_match.tolist() == [1.0]


def test_images_are_named_by_id_where_the_files_do_not_say_of_what_they_are(tmp_path):
    bare = {"questions": QUESTIONS["questions"]}
    run = opened(tmp_path, {"q.json": bare}, [{"image_id": 458752, "answer": "net"}])
    assert run.specimens == ["458752", "262148"]
    assert answers(run) == [("458752", "458752000", "net")]


def test_an_answer_to_no_question_is_listed(tmp_path):
    run = opened(tmp_path, {"q.json": QUESTIONS}, [{"question_id": 7, "answer": "net"}])
    report = run.join_report()
    assert len(report) == 1
    assert "7" in str(report.iloc[0].tolist())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a[0].update(question_id=1), "a.json: annotations[0]: question_id 1 is not in"),
        (lambda a: a[1].update(question_id=262148000), "a.json: annotations[1]: the same item twice: question_id 26"),
        (lambda a: a[1].pop("question_id"), "a.json: annotations[1]: expected 'question_id', found"),
        (lambda a: a[0].update(answers={"a": 1}), "a.json: annotations[0]: answers: expected text or a list"),
        (lambda a: a[0]["answers"].append({}), "a.json: annotations[0]: answers[10]: expected text, got {}"),
    ],
)
def test_defects_are_errors_with_their_place(tmp_path, change, message):
    given = annotations(["down"] * 10)
    change(given["annotations"])
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, {"q.json": QUESTIONS, "a.json": given}, [])
    assert message in str(caught.value)


def test_two_files_of_questions(tmp_path):
    with pytest.raises(ew.EvalWidgetError, match=r"q2.json: questions twice: the other file is .*q.json"):
        opened(tmp_path, {"q.json": QUESTIONS, "q2.json": QUESTIONS}, [])


def test_one_question_id_in_several_images_is_told(tmp_path):
    """Only the ground truth's items can be shared: VQA's own ids cannot, those of other rows can."""
    rows = [{"image_id": n, "question_id": 1, "question": "q", "answers": ["a"]} for n in (5, 6)]
    with pytest.raises(ew.EvalWidgetError, match=r"question 1 may be of any of 2 specimens \(5, 6\).*join="):
        opened(tmp_path, {"rows.json": rows}, [{"question_id": 1, "answer": "a"}])
