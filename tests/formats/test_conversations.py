"""Conversations to fine-tune on: two published files, and the other spellings as they are specified."""

import json

import pytest
from text_runs import answers, opened, references

import evalwidget as ew

LLAVA = [
    {
        "id": "1",
        "image": "coco/a.jpg",
        "conversations": [
            {"from": "system", "value": "Be short."},
            {"from": "human", "value": "<image>\nIs it day?"},
            {"from": "gpt", "value": "yes"},
            {"from": "human", "value": "And now?"},
            {"from": "gpt", "value": "night"},
            {"from": "human", "value": "And now?"},
            {"from": "gpt", "value": "dawn"},
        ],
    }
]


def test_the_published_demo_of_qwen(tmp_path, real_data):
    """The marker is last there, and two records are of one image."""
    file = real_data / "qwen_ft_demo" / "single_images.json"
    run = opened(tmp_path, file, json.loads(file.read_text("utf-8")), images=real_data / "qwen_ft_demo")
    assert run.task == "visual question answering"
    assert run.specimens == ["10095.png", "10149.png"]
    assert references(run) == [
        ("Is the value of Favorable 38 in 2015?", ("Yes",)),
        ("How many values are below 40 in Unfavorable graph?", ("6",)),
        ("In which year the value was 51?", ("2014",)),
    ]
    assert run.summary()[["exact_match", "missing"]].values.tolist() == [[1, 0]]
    assert run._data.size(0) is not None


def test_plain_lines_answer_the_published_demo(tmp_path, real_data):
    found = [
        {"image": "demo/images/10149.png", "answer": "2014"},
        {"image": "10095.png", "questions": [{"item": "1", "answer": "7"}]},
        {"image": "10095.png", "question": "Is the value of Favorable 38 in 2015?", "answer": "yes"},
    ]
    run = opened(tmp_path, real_data / "qwen_ft_demo" / "single_images.json", found, ".jsonl")
    assert run.summary(metrics=["exact_match"]).exact_match.tolist() == [pytest.approx(2 / 3)]


@pytest.mark.parametrize("with_info", [False, True])
def test_the_published_demo_of_llama_factory(tmp_path, real_data, with_info):
    folder = real_data / "llamafactory_demo"
    files = [folder / "dataset_info.json", folder / "mllm_demo.json"] if with_info else folder / "mllm_demo.json"
    run = opened(tmp_path, files, json.loads((folder / "mllm_demo.json").read_text("utf-8")))
    assert run.specimens == ["1.jpg", "2.jpg", "3.jpg"]
    asked = references(run)
    assert len(asked) == 12
    assert asked[:2] == [
        ("Who are they?", ("They're Kane and Gretzka from Bayern Munich.",)),
        ("What are they doing?", ("They are celebrating on the soccer field.",)),
    ]
    assert asked[2][0] == "他们是谁？"
    assert run.summary().exact_match.tolist() == [1.0]


def test_turns_are_questions_in_order(tmp_path):
    run = opened(tmp_path, {"train.json": LLAVA}, LLAVA)
    assert references(run) == [("Is it day?", ("yes",)), ("And now?", ("night",)), ("And now?", ("dawn",))]
    assert [item for _, item, _ in answers(run)] == ["0", "1", "2"]
    assert run.summary().exact_match.tolist() == [1.0]


def test_messages_with_parts_as_specified(tmp_path):
    parts = [
        {"type": "image_url", "image_url": {"url": "a.jpg"}},
        {"type": "text", "text": "What"},
        {"type": "text", "text": "is it?"},
    ]
    record = {
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": parts},
            {"role": "user", "content": "In one word."},
            {"role": "assistant", "content": [{"type": "text", "text": "cat"}]},
            {"role": "user", "content": "Sure?"},
        ]
    }
    run = opened(tmp_path, {"train.jsonl": [record]}, [{"image": "a.jpg", "item": "0", "answer": "cat"}], ".jsonl")
    assert run.specimens == ["a.jpg"]
    assert references(run) == [("What\nis it?\nIn one word.", ("cat",)), ("Sure?", ())]
    assert run.summary().exact_match.tolist() == [1.0]


def test_a_data_url_is_shown(tmp_path):
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    content = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}},
        {"type": "text", "text": "q"},
    ]
    record = {"id": "x", "messages": [{"role": "user", "content": content}, {"role": "assistant", "content": "a"}]}
    run = opened(tmp_path, {"train.jsonl": [record]}, [record], ".jsonl")
    assert run.specimens == ["x"]
    assert run._data.size(0) == (1, 1)


def test_several_images_are_noted(tmp_path):
    record = {
        "messages": [{"role": "user", "content": "<image><image>Which?"}, {"role": "assistant", "content": "one"}],
        "images": ["a.jpg", "b.jpg"],
    }
    run = opened(tmp_path, {"train.json": [record]}, [record])
    assert run.specimens == ["a.jpg"]
    assert any("1 records have several images; the first of each is shown" in note for note in run.notes)


def test_llama_factory_s_columns_and_tags_as_specified(tmp_path):
    info = {
        "other": {"hf_hub_url": "a/b"},
        "mine": {
            "file_name": "data/mine.json",
            "formatting": "sharegpt",
            "columns": {"messages": "talk", "images": "pictures"},
            "tags": {"role_tag": "who", "content_tag": "said", "user_tag": "me", "assistant_tag": "it"},
        },
        "alpaca": {"file_name": "alpaca.json", "columns": {"prompt": "ask", "response": "reply", "images": "pictures"}},
    }
    mine = [{"talk": [{"who": "me", "said": "<image>q"}, {"who": "it", "said": "a"}], "pictures": ["a.jpg"]}]
    alpaca = [{"ask": "<image>q", "input": "more", "reply": "a", "pictures": ["a.jpg"]}]
    found = [{"image": "a.jpg", "answer": "a"}]
    run = opened(tmp_path, {"mine.json": mine, "dataset_info.json": info}, found)
    assert references(run) == [("q", ("a",))]
    assert run.summary().exact_match.tolist() == [1.0]
    run = opened(tmp_path, {"dataset_info.json": info, "alpaca.json": alpaca}, found)
    assert references(run) == [("q\nmore", ("a",))]
    with pytest.raises(ew.EvalWidgetError, match=r"dataset_info.json: expected a dataset with the file_name 'no.json'"):
        opened(tmp_path, {"dataset_info.json": info, "no.json": mine}, found)


def test_alpaca_as_specified(tmp_path):
    record = {"instruction": "<image>What is it?", "input": "", "output": "a cat", "images": ["a.jpg"]}
    run = opened(tmp_path, {"train.json": [record]}, [record])
    assert references(run) == [("What is it?", ("a cat",))]
    assert run.summary().exact_match.tolist() == [1.0]


def test_columns_rename_the_turns(tmp_path):
    record = {"picture": "a.jpg", "talk": LLAVA[0]["conversations"][1:3]}
    run = opened(tmp_path, {"train.json": [record]}, [record], columns={"image": "picture", "conversations": "talk"})
    assert references(run) == [("Is it day?", ("yes",))]
    assert run.summary().exact_match.tolist() == [1.0]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"image": "a", "conversations": ["hello"]}, "expected 'conversations' or 'messages'"),
        ({"image": "a", "conversations": [{"from": "human", "value": 7}]}, "conversations[0].value: expected text or"),
        (
            {"image": "a", "conversations": [{"from": 1, "value": "q"}]},
            "conversations[0]: from: expected text, got a n",
        ),
        ({"image": "a", "conversations": [{"from": "human", "value": "q"}, 7]}, "conversations[1]: expected an object"),
        ({"image": [[1]], "conversations": []}, "image: expected a path, bytes"),
        (LLAVA[0], "the same item twice: coco/a.jpg has this conversation at"),
    ],
)
def test_defects_are_errors_with_their_place(tmp_path, record, message):
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, {"train.jsonl": [*LLAVA, record]}, [])
    assert "train.jsonl:2: " in str(caught.value)
    assert message in str(caught.value)
