"""Sample files of lmms-eval, lm-eval, evalscope and LLaMA-Factory, written as the packages write them; none of the real
records there is of such a file."""

from typing import Any

import pytest
from text_runs import answers, opened, references, written

import evalwidget as ew

ROWS = [
    {"question_id": 11, "image_id": "a", "question": "Is it day?", "answers": ["yes"] * 10},
    {"question_id": 12, "image_id": "a", "question": "What colour?", "answers": ["red", "dark red"]},
    {"question_id": 13, "image_id": "b", "question": "How many?", "answers": ["2", "two"]},
]
PERFECT = ["yes", "red", "2"]


def lmms(number: int, found: Any, **extra: Any) -> dict[str, Any]:
    row = ROWS[number]
    return {
        "doc_id": number,
        "target": str(row["answers"]),
        "filtered_resps": found,
        "doc_hash": "x",
        "input": f"{row['question']}\nAnswer the question using a single word or phrase.",
        "exact_match": {"question_id": row["question_id"], "score": 1.0},
        **extra,
    }


def lm(number: int, answer: str, name: str = "none") -> dict[str, Any]:
    row = ROWS[number]
    return {
        "doc_id": number,
        "doc": {"question": row["question"]},
        "target": row["answers"][0],
        "arguments": {"gen_args_0": {"arg_0": f"Q: {row['question']}\nA:", "arg_1": {"until": ["\n"]}}},
        "resps": [[f" {answer} "]],
        "filtered_resps": [answer],
        "filter": name,
        "metrics": ["exact_match"],
        "exact_match": 1.0,
    }


def evalscope(number: int, answer: str | None) -> dict[str, Any]:
    asked = {"role": "user", "content": [{"type": "text", "text": ROWS[number]["question"]}]}
    choices = [] if answer is None else [{"message": {"role": "assistant", "content": answer}, "stop_reason": "stop"}]
    output = {"model": "m", "choices": choices, "error": "refused" if answer is None else None}
    return {"index": number, "model": "m", "model_output": output, "messages": [asked], "metadata": {}}


def review(number: int, answer: str) -> dict[str, Any]:
    said = evalscope(number, answer)["messages"] + [{"role": "assistant", "content": answer}]
    score = {"value": {"acc": 1.0}, "extracted_prediction": "extracted", "prediction": answer}
    target = ROWS[number]["answers"]
    return {"index": number, "target": target, "messages": said, "sample_score": {"score": score, "sample_id": number}}


SAMPLES = {
    "lmms-eval, bare": [lmms(n, text) for n, text in enumerate(PERFECT)],
    "lmms-eval, one list": [lmms(n, [text]) for n, text in enumerate(PERFECT)],
    "lmms-eval, nested": [lmms(n, [[text]], resps=[[f"{text}!"]]) for n, text in enumerate(PERFECT)],
    "lm-eval": [lm(n, text) for n, text in enumerate(PERFECT)],
    "evalscope predictions": [evalscope(n, text) for n, text in enumerate(PERFECT)],
    "evalscope reviews": [review(n, text) for n, text in enumerate(PERFECT)],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_of_the_dataset_s_rows_as_specified(tmp_path, name):
    for given in (SAMPLES[name], SAMPLES[name][::-1], SAMPLES[name][1:]):
        run = opened(tmp_path, {"val.json": {"data": ROWS}}, given, ".jsonl")
        assert len(answers(run)) == len(given)
        assert run.summary(metrics=["exact_match"]).exact_match.tolist() == [1.0]
        assert run.join_report().empty


@pytest.mark.parametrize("name", [name for name in SAMPLES if "predictions" not in name])
def test_samples_stand_for_ground_truth_as_specified(tmp_path, name):
    suffix = {"truth.jsonl": SAMPLES[name][1:]}
    run = opened(tmp_path, suffix, SAMPLES[name], ".jsonl")
    assert run.specimens == ["row 1", "row 2"]
    assert run.summary().exact_match.tolist() == [1.0]
    assert len(run.join_report()) == 1


def test_the_target_of_lmms_eval_is_the_text_of_a_list(tmp_path):
    run = opened(tmp_path, {"truth.jsonl": SAMPLES["lmms-eval, bare"]}, SAMPLES["lmms-eval, nested"], ".jsonl")
    assert [refs for _, refs in references(run)] == [("yes",) * 10, ("red", "dark red"), ("2", "two")]


def test_another_dataset_s_rows_are_an_error(tmp_path):
    """The rows may be as many, and of other questions."""
    with pytest.raises(
        ew.EvalWidgetError, match=r"predictions.jsonl:1: row 0 of the dataset asks 'Is it day.*'How many"
    ):
        opened(tmp_path, {"val.json": {"data": ROWS[::-1]}}, SAMPLES["lmms-eval, bare"], ".jsonl")


def test_a_row_that_the_dataset_does_not_have_is_listed(tmp_path):
    run = opened(tmp_path, {"val.json": {"data": ROWS[:2]}}, SAMPLES["lmms-eval, bare"], ".jsonl")
    assert run.summary().exact_match.tolist() == [1.0]
    assert "row 2 of the dataset" in str(run.join_report().iloc[0].tolist())


def test_one_of_several_filters_is_read_and_the_others_are_named(tmp_path):
    given = [
        line
        for n, text in enumerate(PERFECT)
        for line in (lm(n, text, "strict-match"), lm(n, "[invalid]", "flexible-extract"))
    ]
    run = opened(tmp_path, {"val.json": {"data": ROWS}}, given, ".jsonl")
    assert run.summary().exact_match.tolist() == [1.0]
    assert any("the filter 'strict-match' left, not 'flexible-extract'" in note for note in run.notes)


def test_a_file_that_a_second_evaluation_was_appended_to_is_an_error(tmp_path):
    with pytest.raises(ew.EvalWidgetError, match=r"predictions.jsonl:4: the same item twice"):
        opened(tmp_path, {"val.json": {"data": ROWS}}, SAMPLES["lm-eval"] + SAMPLES["lm-eval"], ".jsonl")


def test_the_first_of_several_answers_is_read_and_said(tmp_path):
    given = [lmms(0, ["yes", "no"]), lmms(1, [["red", "blue"]])]
    run = opened(tmp_path, {"val.json": {"data": ROWS}}, given, ".jsonl")
    assert run.summary().exact_match.tolist() == [1.0]
    assert sum("several answers to one question; read is the first" in note for note in run.notes) == 1


def test_an_answer_that_is_not_there_has_a_state(tmp_path):
    run = opened(
        tmp_path, {"val.json": {"data": ROWS}}, [evalscope(0, None), lmms(1, []) and evalscope(1, "red")], ".jsonl"
    )
    assert run.matches().parse_state.tolist()[:1] == ["no_answer"]
    assert run.summary()[["exact_match", "invalid"]].values.tolist() == [[0.5, 1]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (lmms(0, [[-1.5, False], [-2.0, True]]), "filtered_resps: expected generated text, got [[-1.5, False]"),
        (lmms(0, "yes", doc_id="first"), "doc_id: expected the number of a dataset's row, got 'first'"),
        (lmms(0, "yes", doc_id=None), "doc_id: expected the number of a dataset's row, got None"),
        (evalscope(0, "x") | {"messages": [7]}, "messages[0]: expected an object, got a number"),
        (evalscope(0, "x") | {"model_output": {"choices": [7]}}, "model_output.choices[0]: expected an object"),
    ],
)
def test_defects_are_errors_with_their_place(tmp_path, line, message):
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, {"val.json": {"data": ROWS}}, [line], ".jsonl")
    assert f"predictions.jsonl:1: {message}" in str(caught.value)


def test_llama_factory_s_predictions_stand_for_ground_truth_as_specified(tmp_path):
    prompt = "<|im_start|>user\n<|vision_start|>" + "<|image_pad|>" * 300 + "<|vision_end|>Is it day?<|im_end|>\n"
    lines = [{"prompt": prompt, "predict": "yes", "label": "no"}]
    run = opened(tmp_path, {"truth.jsonl": lines}, [{"image": "row 0", "answer": "no"}])
    assert references(run) == [
        ("<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>Is it day?<|im_end|>", ("no",))
    ]
    assert run.summary().exact_match.tolist() == [1.0]


def test_llama_factory_s_predictions_are_of_the_dataset_s_records_in_order_as_specified(tmp_path):
    turns = [{"role": "user", "content": "<image>Is it day?"}, {"role": "assistant", "content": "yes"}]
    other = [{"role": "user", "content": "<image>What colour?"}, {"role": "assistant", "content": "red"}]
    truth = [{"messages": turns, "images": ["a.jpg"]}, {"messages": other, "images": ["a.jpg"]}]
    found = [
        {"prompt": f"user\n<|image_pad|><|image_pad|>{asked}<|im_end|>", "predict": said, "label": said}
        for asked, said in (("Is it day?", "yes"), ("What colour?", "red"))
    ]
    run = opened(tmp_path, {"truth.json": truth}, found, ".jsonl")
    assert answers(run) == [("a.jpg", "0", "yes"), ("a.jpg", "1", "red")]
    assert run.summary().exact_match.tolist() == [1.0]
    with pytest.raises(ew.EvalWidgetError, match=r"predictions.jsonl:1"):
        opened(tmp_path, {"truth.json": truth}, found[::-1], ".jsonl")


def test_two_steps_without_ground_truth(tmp_path):
    for step in (1, 2):
        written(tmp_path / f"{step}.jsonl", SAMPLES["lmms-eval, bare"])
    run = ew.open_run(predictions=[tmp_path / "1.jsonl", tmp_path / "2.jsonl"]).load()
    assert len(run.specimens) == 3
    assert run.join_report().empty
