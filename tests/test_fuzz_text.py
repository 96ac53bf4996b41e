"""Whatever is done to a valid file of a text format, opening and scoring it ends in a Run or in an EvalWidgetError."""

import json
from pathlib import Path
from typing import Any

import pytest
from fuzzing import FUZZ, STRANGE, places
from hypothesis import given, settings
from hypothesis import strategies as st
from text_runs import written

import evalwidget as ew

VQA_QUESTIONS = {
    "data_type": "mscoco",
    "data_subtype": "v",
    "questions": [{"question_id": 1, "image_id": 2, "question": "q"}],
}
VQA_ANNOTATIONS = {
    "annotations": [{"question_id": 1, "image_id": 2, "answers": [{"answer": "a"}], "multiple_choice_answer": "a"}]
}
ROW = {
    "id": 1,
    "image_id": 2,
    "image": {"path": "a.jpg"},
    "question_id": 3,
    "question": "q",
    "choices": ["a"],
    "answer": 0,
}
TURNS = [{"from": "human", "value": "<image>q"}, {"from": "gpt", "value": "a"}]
PARTS = [{"type": "image_url", "image_url": {"url": "a.jpg"}}, {"type": "text", "text": "q"}]
CELL = {
    "_type": "image-file",
    "path": "a.png",
    "width": 9,
    "boxes": {
        "ground_truth": {
            "box_data": [
                {"position": {"minX": 0, "minY": 0, "maxX": 1, "maxY": 1}, "class_id": 1, "scores": {"score": 1}},
                {"position": {"middle": [1, 2], "width": 1, "height": 1}, "domain": "pixel", "box_caption": "b"},
            ],
            "class_labels": {"1": "car"},
        }
    },
}
MESSAGES = [{"role": "user", "content": PARTS}, {"role": "assistant", "content": "a"}]
#: Files of one side by name; each may stand for ground truth and for predictions.
FILES: dict[str, dict[str, Any]] = {
    "vqa": {"q.json": VQA_QUESTIONS, "a.json": VQA_ANNOTATIONS},
    "rows": {"rows.json": [ROW, ROW | {"question_id": 4, "answers": "['a', 'b']", "A": "x", "direct_answers": ["a"]}]},
    "data": {"data.json": {"data": [ROW]}},
    "gqa": {"gqa.json": {"1": {"imageId": "n1", "question": "q", "answer": "a"}}},
    "mm-vet": {"mm.json": {"v1_0": {"imagename": "a.png", "question": "q", "answer": "a<AND>b<OR>c"}}},
    "mm-vet answers": {"mm.json": {"v1_0": "a"}},
    "llava": {"llava.json": [{"id": "1", "image": "a.jpg", "conversations": TURNS}]},
    "messages": {"messages.jsonl": [{"messages": MESSAGES, "images": ["a.jpg"]}, {"messages": MESSAGES[:1]}]},
    "llama": {
        "dataset_info.json": {"d": {"file_name": "d.json", "formatting": "sharegpt", "tags": {"role_tag": "from"}}},
        "d.json": [{"conversations": TURNS, "images": ["a.jpg"]}],
    },
    "alpaca": {"alpaca.json": [{"instruction": "q", "input": "", "output": "a", "images": ["a.jpg"]}]},
    "captions": {
        "captions.json": {"images": [{"id": 2, "file_name": "a.jpg"}], "annotations": [{"image_id": 2, "caption": "c"}]}
    },
    "caption results": {"results.json": [{"image_id": 2, "caption": "c"}]},
    "llava answers": {"answers.jsonl": [{"question_id": 3, "prompt": "q\nshort", "text": "a", "answer_id": "x"}]},
    "vlmevalkit": {"DS.json": [{"index": 1, "image": "A" * 80, "question": "q", "answer": "a", "prediction": "a"}]},
    "lmms-eval": {
        "s.jsonl": [{"doc_id": 0, "input": "q", "target": "['a']", "filtered_resps": [["a"]], "resps": ["a"]}]
    },
    "lm-eval": {
        "s.jsonl": [
            {
                "doc_id": 0,
                "doc": {},
                "arguments": {"g": {"arg_0": "q"}},
                "target": "a",
                "filtered_resps": ["a"],
                "filter": "f",
            }
        ]
    },
    "evalscope": {
        "p.jsonl": [{"index": 0, "messages": MESSAGES, "model_output": {"choices": [{"message": MESSAGES[1]}]}}]
    },
    "reviews": {
        "r.jsonl": [{"index": 0, "messages": MESSAGES, "target": ["a"], "sample_score": {"score": {"prediction": "a"}}}]
    },
    "llama-factory": {"g.jsonl": [{"prompt": "<p><p>q", "predict": "a", "label": "a"}]},
    "wandb": {"t.table.json": {"columns": ["id", "image", "question", "answer"], "data": [["1", CELL, "q", "a"]]}},
}
NAMES = sorted(
    {
        name
        for files in FILES.values()
        for value in files.values()
        for box, name in places(value)
        if isinstance(name, str)
    }
)


def mutated(draw: Any, value: Any) -> Any:
    """A copy of a JSON value with a few things replaced, removed, renamed, repeated or added."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(0, 3))):
        found = places(value)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        deed = draw(st.sampled_from(["replace", "replace", "remove", "repeat", "rename"]))
        if deed == "replace":
            container[key] = draw(STRANGE)
        elif deed == "remove":
            del container[key]
        elif isinstance(container, list):
            container.append(container[key])
        else:
            container[draw(st.sampled_from(NAMES))] = container[key]
    return value


@settings(FUZZ, max_examples=300)
@given(st.data())
def test_mutated_values(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    kinds = [data.draw(st.sampled_from(sorted(FILES))) for _ in range(2)]
    if data.draw(st.booleans()):
        kinds[1] = kinds[0]
    sides: list[list[Path]] = []
    for side, kind in enumerate(kinds):
        files = {name: mutated(data.draw, value) for name, value in FILES[kind].items()}
        sides.append([written(folder / str(side) / name, lines(name, value)) for name, value in files.items()])
    try:
        run = ew.open_run(ground_truth=sides[0], predictions={1: sides[1]}).load()
        assert len(run.scores()) == len(run.specimens)
        for frame in (run.summary(), run.matches(), run.join_report()):
            assert frame is not None
        assert repr(run)
    except ew.EvalWidgetError as error:
        message = str(error)
    else:
        message = "a run"
    assert message


def lines(name: str, value: Any) -> Any:
    """``value`` as it can be written under ``name``: what is no list is one malformed text."""
    return value if isinstance(value, list) or not name.endswith(".jsonl") else json.dumps(value)


#: What answers the files that hold ground truth alone, and what is answered by those that hold predictions alone.
ANSWERS = {key: [{"question_id": 3, "answer": "a"}] for key in ("vqa", "gqa", "captions", "mm-vet")}
ANSWERS["llama-factory"] = [{"image": "row 0", "answer": "a"}]
TRUTHS = {"mm-vet answers": "mm-vet", "caption results": "captions", "llava answers": "rows"}


@pytest.mark.parametrize("kind", FILES)
def test_they_are_valid_before(tmp_path: Path, kind: str) -> None:
    truth = FILES[TRUTHS.get(kind, kind)]
    found = {"answers.json": ANSWERS[kind]} if kind in ANSWERS else FILES[kind]
    sides = [
        [written(tmp_path / side / name, value) for name, value in files.items()]
        for side, files in (("truth", truth), ("found", found))
    ]
    assert ew.open_run(ground_truth=sides[0], predictions={1: sides[1]}).load().specimens
