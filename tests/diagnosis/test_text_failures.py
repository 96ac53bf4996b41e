"""Failure modes of answers: each planted alone and in pairs, the healthy counterpart of each, and real answers."""

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

import evalwidget as ew
from evalwidget.diagnosis.answer_diagnosis import TEXT_MODES, failures_of
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings, diagnosis_settings
from evalwidget.metrics.text_failures import AnswerContext, Judgement, judged
from evalwidget.scoring.evaluation import Settings

Write = Callable[..., Path]

H, GAP, F, A = TEXT_MODES
QUESTION = "What is on the table?"
REFERENCE = "a red cup, a small knife and a green plate"


def planted(modes: set[str]) -> str:
    """An answer that shows these modes and no others."""
    answer = "a red cup and a small knife" if GAP in modes else REFERENCE
    answer += ", with a tall candle and a yellow flower" if H in modes else ""
    answer = f"I think it is {answer}" if A in modes else answer
    return f"Assistant: {answer}" if F in modes else answer


# words in another's place are no gap, so what is missing must outweigh what is invented
BOTH_OF_WORDS = "a red cup and a tall candle"
MODE_SETS = [set(), *({mode} for mode in TEXT_MODES), *(set(pair) for pair in combinations(TEXT_MODES, 2))]


def modes_of(judgement: Judgement) -> set[str]:
    return {mode for mode, found in zip(TEXT_MODES, failures_of(judgement), strict=True) if found.severity}


def modes_in(answer: str | None, *references: str, question: str = "", **context: object) -> set[str]:
    held_against = AnswerContext(references, question, **context)  # type: ignore[arg-type]
    return modes_of(judged(answer, held_against, DiagnosisSettings()))


def vqa_run(
    answers: dict[str, list[str | None]], references: list, question: str = QUESTION, **columns: list
) -> ew.Run:
    """A step of answers by name of the specimen, each to one question; further columns of the predictions."""
    names = list(answers)
    truth = pd.DataFrame({"specimen": names, "question": question, "answer": references})
    found = pd.DataFrame({"step": 1, "specimen": names, "answer": list(answers.values()), **columns})
    return ew.Run.from_frames(truth, found)


def by_specimen(rows: pd.DataFrame) -> dict[str, set[str]]:
    return {str(name): set(of_one["mode"]) for name, of_one in rows.groupby("specimen", observed=True)}


def test_what_is_planted_is_found_and_nothing_else() -> None:
    answers = {"+".join(sorted(modes)) or "healthy": planted(modes) for modes in MODE_SETS}
    answers[f"{H}+{GAP}"] = BOTH_OF_WORDS
    run = vqa_run(answers, [REFERENCE] * len(answers))
    assert by_specimen(run.diagnose()) == {name: set(name.split("+")) for name in answers if name != "healthy"}
    (step,) = run._diagnosis.at([1], Settings())
    assert step.counts.tolist() == [0, 0, 0, 0, 4, 4, 4, 4]
    assert step.judged.all()


@pytest.mark.parametrize(
    ("question", "reference", "answer"),
    [
        ("How many dogs are there?", "3", "There are three dogs."),
        ("How many dogs are there?", "three", "3"),
        ("How many shrubs are in the yard?", "0", "There are no shrubs in the yard."),
        ("Is it raining?", "yes", "Yes, people carry umbrellas."),
        ("Is it raining?", "no", "It isn't raining."),
        ("Is it raining?", "yes", "It is raining."),
        ("What animals are these?", "horses", "a horse"),
        ("What is he doing?", "riding a bike", "The man rides his bicycle"),
        ("What is it?", "umbrella", "umbrela"),
        ("What colour is the wall?", "gray", "It's grey."),
        ("Where is the cat?", "on the couch", "The cat is lying on the sofa"),
        ("What colour is the eight?", "there is no eight", "There isn't any eight"),
        ("What is this?", "unknown", "I don't know"),
        ("What is it?", "a cup", "a cup, not a glass"),
        ("Is it red or blue?", "blue", "It is blue"),
        ("What is this?", "cannot be determined", "I am not sure"),
        ("", "A man rides a brown horse along the beach.", "a man riding a brown horse on the beach"),
    ],
)
def test_a_right_answer_in_other_words_is_healthy(question: str, reference: str, answer: str) -> None:
    assert modes_in(answer, reference, question=question) == set()


@pytest.mark.parametrize(
    ("question", "reference", "answer", "modes"),
    [
        ("What colour is the dress?", "gray", "The dress is white.", {H}),
        ("How many dogs are there?", "3", "two", {H}),
        ("Is it raining?", "no", "Yes, it is.", {H}),
        ("Is it raining?", "yes", "It's not raining.", {H}),
        ("Is the skier going up or down?", "up", "down", {H}),
        ("What is in the cake?", "flag", "There is no flag in the cake.", {H}),
        ("What colour is the eight?", "there is no eight", "The eight is red", {H}),
        ("What colour is it?", "yellow and orange", "yellow", {GAP}),
        ("What colour is it?", "yellow and orange", "yellow and red", {H}),
        ("Is it raining?", "yes", "umbrellas", {GAP}),
        ("How many kites have legs?", "3", "All kites have legs.", {GAP}),
        ("What is it?", "a cup", "", {GAP}),
        ("What is it?", "a cup", None, {GAP}),
        ("What is it?", "a cup", "a cup<|im_end|>", {F}),
        ("What is it?", "a cup", "User: What is it?\nAssistant: a cup", {F}),
        ("What is it?", "a cup", "a cup\n\nQuestion: Where is it?", {F}),
        ("What is it?", "a cup", "A cup.\n\nWhat colour is the cup? White.", {F}),
        ("What is it?", "a cup", "a cup a cup a cup a cup", {F}),
        ("What is it?", "a cup", "a cup !!!!!!!!!!!!!!!!!!!!!!!!!!!!", {F}),
        ("What is it?", "a cup", "('a cup', {'tokens': 3})", {F}),
        ("What is it?", "a cup", "```\na cup\n```", {F}),
        (
            "What is it?",
            "a cup",
            f"A cup. {'The cup stands on it and so the cup is what it is. ' * 2}It is a cup.",
            {F},
        ),
        ("What is it?", "a cup", "I cannot tell.", {A}),
        ("What is it?", "a cup", "It might be a cup", {A}),
        ("What is it?", "a cup", "Assistant: The image does not specify it.", {A, F}),
        ("What is it?", "cannot be determined", "a cup", {A}),
    ],
)
def test_an_answer_that_fails_does_so_in_its_mode_alone(
    question: str, reference: str, answer: str | None, modes: set[str]
) -> None:
    assert modes_in(answer, reference, question=question) == modes


def test_a_form_that_the_references_have_is_none_to_blame() -> None:
    assert modes_in("Answer: a cup", "Answer: a cup") == set()
    assert modes_in("What a cup is it? Who knows?", "What a cup is it? Who knows?") == set()
    assert modes_in("goes on and on and on and on and on", "goes on and on and on and on and on") == set()
    words = " ".join(f"{letter}{other}" for letter in "abcdef" for other in "vwxyz")
    assert F in modes_in(words, "a word")
    assert F not in modes_in(words, "a word or two")


def test_captions_and_boxes_speak_for_words() -> None:
    question = {"question": "What does the man have?"}
    assert modes_in("a tall hat", "boots", **question) == {H}
    assert modes_in("a tall hat", "boots", captions="A man in a tall hat", **question) == {GAP}
    assert modes_in("a tall hat", "boots", boxes=("hat", "tall man"), **question) == {GAP}


def test_known_objects_that_nothing_speaks_for_are_hallucinated() -> None:
    objects = diagnosis_settings({}, {"cat": ["kitten"], "traffic light": [], "dog": []}).objects
    known = {"objects": objects, "question": "What is it?"}
    assert modes_in("a cup beside two kittens", "cup", **known) == {H}
    assert modes_in("a cup beside two kittens", "cup", boxes=("cat",), **known) == set()
    assert modes_in("a cup beside two kittens", "cup", captions="a cat", **known) == set()
    assert modes_in("a cup beside traffic lights", "cup", **known) == {H}
    assert modes_in("a cup in traffic", "cup", **known) == set()
    assert modes_in("a cup. There are no dogs.", "cup", **known) == set()
    with pytest.raises(ew.EvalWidgetError, match="objects: expected a list of names"):
        diagnosis_settings({}, "cat")
    with pytest.raises(ew.EvalWidgetError, match="objects: 'cat': expected a name and a list of names, got 'kitten'"):
        diagnosis_settings({}, {"cat": "kitten"})


def test_the_labels_of_boxes_are_the_objects_known(write_run: Write) -> None:
    def line(name: str, *labels: str, answer: str = "a cup", **also: str) -> dict:
        boxes = [{"phrase": label, "boxes": [[0, 0, 50, 50]]} for label in labels]
        return {"image": name, "phrases": boxes, "questions": [{"question": "What is it?", "answer": answer}]} | also

    # of a specimen without boxes nobody knows what is in it
    truth = [line("a", "cup"), line("b", "dog"), line("c", "cup", caption="A dog and a cup."), line("d")]
    found = [{key: one[key] for key in ("image", "questions")} for one in truth]
    for one in found:
        one["questions"] = [{"question": "What is it?", "answer": "a cup beside a dog"}]
    run = ew.open_run(write_run(truth, {1: found}))
    rows = run.diagnose()
    assert by_specimen(rows) == {"a": {H}}
    assert rows["evidence"][0].startswith('names "dog", which no reference or question or box speaks of')
    assert by_specimen(run.diagnose(objects=["cup"])) == {}


def test_objects_may_be_stated() -> None:
    truth = pd.DataFrame({"specimen": ["a", "b"], "question": "What is it?", "answer": "a cup"})
    found = truth.assign(step=1, answer="a cup beside a dog")
    run = ew.Run.from_frames(truth, found)
    assert by_specimen(run.diagnose()) == {}
    assert by_specimen(run.diagnose(objects=["dog"])) == {"a": {H}, "b": {H}}
    assert run.diagnose(objects=["dog"])["evidence"][0] == 'names "dog", which no reference or question speaks of'


OPINIONS = ("brown", "tan", "beige", "gold", "sand")


def test_certainty_where_references_disagree_is_ambiguity() -> None:
    colour = {"question": "What colour is it?"}
    assert modes_in("brown", *OPINIONS, **colour) == {A}
    assert modes_in("It might be brown", *OPINIONS, **colour) == set()
    assert modes_in("I am not sure", *OPINIONS, **colour) == set()
    assert modes_in("brown", *OPINIONS[:4], **colour) == set()
    assert modes_in("brown", "brown", "brown", "brown", *OPINIONS[1:], **colour) == set()
    captions = [f"a {opinion} dog lies on the sand" for opinion in OPINIONS]
    assert modes_in("a brown dog lies on the sand", *captions) == set()


def test_confidence_speaks_before_words() -> None:
    answers = {
        "sure": "cup",
        "wrong": "hat",
        "unsure": "cup",
        "doubtful": "hat",
        "hedged": "maybe a cup",
        "silent": "maybe a cup",
    }
    run = vqa_run(answers, ["cup"] * 6, score=[0.9, 0.9, 0.2, 0.2, 0.9, None])
    rows = run.diagnose()
    assert by_specimen(rows) == {"wrong": {H, A}, "unsure": {A}, "doubtful": {H}, "silent": {A}}
    said = rows[rows["mode"] == A].set_index("specimen")
    assert said["evidence"].to_dict() == {
        "wrong": "by its confidence: 0.90 sure, and wrong",
        "unsure": "by its confidence: 0.20 sure, and right",
        "silent": 'by its wording: hedges, where the reference is certain: "cup"',
    }
    assert said["severity"].tolist() == pytest.approx([0.9, 0.8, 0.5])
    contested = vqa_run({"a": "brown", "b": "brown"}, [list(OPINIONS)] * 2, score=[0.9, 0.5])
    assert contested.diagnose()["evidence"].tolist() == ["by its confidence: 0.90 sure, where the references disagree"]


@pytest.mark.parametrize("told", [True, False])
def test_ambiguity_told_by_confidence_in_pairs(told: bool) -> None:
    """A confidence that fits makes a healthy counterpart of each set without ambiguity; one between sure and unsure
    says nothing about either."""
    answers, scores = {}, []
    for modes in MODE_SETS:
        is_wrong = bool(modes & {H, GAP})
        answer = BOTH_OF_WORDS if modes == {H, GAP} else planted(modes - {A})
        # an answer that holds the reference is right, whatever it says beyond
        answer = answer.replace(f"{REFERENCE}, with ", "") if H in modes else answer
        fits, misfits = (0.1, 0.9) if is_wrong else (0.9, 0.1)
        answers["+".join(sorted(modes)) or "healthy"] = answer
        scores.append((misfits if A in modes else fits) if told else 0.5)
    rows = vqa_run(answers, [REFERENCE] * len(answers), score=scores).diagnose()
    wanted = {name: set(name.split("+")) - (set() if told else {A}) for name in answers if name != "healthy"}
    assert by_specimen(rows) == {name: modes for name, modes in wanted.items() if modes}
    assert rows.loc[rows["mode"] == A, "evidence"].str.startswith("by its confidence: ").all()


CONTESTED = {"": {A}, "Assistant: ": {A, F}, "It might be ": set(), "I am not sure, ": set()}


@pytest.mark.parametrize("words", CONTESTED)
@pytest.mark.parametrize("colour", ["brown", "purple"])
def test_answers_to_contested_questions_in_pairs(words: str, colour: str) -> None:
    found = modes_in(words + colour, *OPINIONS, question="What colour is it?")
    refuses = words.startswith("I am")
    assert found == CONTESTED[words] | ({H} if colour == "purple" and not refuses else set())


@pytest.mark.parametrize("modes", MODE_SETS, ids=lambda modes: "+".join(sorted(modes)) or "healthy")
def test_evidence_beside_the_references_in_pairs(modes: set[str]) -> None:
    """With captions or boxes that speak of what is said, it is no hallucination; the other modes stay. An object among
    those known is one where nothing speaks of it."""
    # what is invented would stand for what is missing
    if modes == {H, GAP}:
        return
    beyond = "a tall candle and a yellow flower"
    answer = planted(modes)
    assert modes_in(answer, REFERENCE, question=QUESTION) == modes
    assert modes_in(answer, REFERENCE, question=QUESTION, captions=f"There is {beyond}.") == modes - {H}
    spoken = ("tall candle", "yellow flower")
    assert modes_in(answer, REFERENCE, question=QUESTION, boxes=spoken) == modes - {H}
    objects = diagnosis_settings({}, {"cat": ["kitten"], "cup": []}).objects
    named = answer.replace(beyond, "a kitten")
    assert modes_in(named, REFERENCE, question=QUESTION, objects=objects) == modes
    assert modes_in(named, REFERENCE, question=QUESTION, objects=objects, boxes=("cat",)) == modes - {H}


def test_a_specimen_of_several_questions() -> None:
    truth = pd.DataFrame({"specimen": "a", "question": ["Who?", "What?", "Where?"], "answer": ["Ann", "a cup", None]})
    found = truth.assign(step=1, answer=["Bob", "Assistant: a cup", "here"])
    run = ew.Run.from_frames(truth, found)
    rows = run.diagnose().set_index("mode")
    assert rows["severity"].to_dict() == {H: 0.5, F: 0.5}
    assert rows.loc[H, "evidence"] == 'Who? says "bob", in no reference or question; the reference says "ann"'
    assert rows["phrase"].to_dict() == {H: "Who?", F: "What?"}
    assert rows["ground_truth"].to_dict() == {H: ["Ann"], F: ["a cup"]}
    assert rows["prediction"].to_dict() == {H: ["Bob"], F: ["Assistant: a cup"]}


def test_an_answer_that_cannot_be_read_is_a_format_error_alone() -> None:
    truth = pd.DataFrame({"specimen": ["a", "b"], "question": "Who?", "answer": "Ann"})
    outputs = ['{"vqa": {"answer": "Ann"}}', '{"vqa": ']
    found = pd.DataFrame({"step": 1, "specimen": ["a", "b"], "output": outputs})
    rows = ew.Run.from_frames(truth, found, output_format="vi").diagnose()
    assert by_specimen(rows) == {"b": {F}}
    assert rows["severity"].tolist() == [1]
    assert rows["evidence"][0].startswith("predictions row 1: ")


def test_who_has_no_reference_or_no_answer_is_not_judged() -> None:
    truth = pd.DataFrame({"specimen": ["a", "b", "c"], "question": "Who?", "answer": ["Ann", None, "Ann"]})
    found = pd.DataFrame({"step": 1, "specimen": ["a", "b"], "answer": [None, "Assistant: Bob"]})
    run = ew.Run.from_frames(truth, found)
    assert by_specimen(run.diagnose()) == {"a": {GAP}}
    assert run._diagnosis.at([1], Settings())[0].judged.tolist() == [True, False, False]


#: Judged by eye, and written down before the first run of the diagnosis: format errors, refusals, gaps; by place among
#: the twenty questions.
BY_EYE = {
    ("20250729_131258", "phi35_vision"): ({3}, {3}, {10}),
    ("20250729_131258", "llava_mlx"): ({0, 2, 3, 5, 10, 11, 16, 17}, set(), {13}),
    ("20250729_131258", "smolvlm_v2_instruct"): (set(range(20)), {0, 2, 11, 14}, set()),
    ("20250729_131258", "smolvlm_instruct"): (set(), set(), {12}),
    ("20250729_131258", "moondream2"): (set(), set(), set()),
    ("20250722_132055", "smolvlm_instruct"): (set(range(20)), {0, 2, 11}, {12}),
}


@pytest.mark.parametrize(("date", "model"), BY_EYE)
def test_real_answers_as_judged_by_eye(real_data: Path, date: str, model: str) -> None:
    file = real_data / "vqav2_smallvlms" / f"vqa2_results_coco_{date}.json"
    rows = json.loads(file.read_text("utf-8"))["results"][model]["question_results"]
    found = [modes_in(row["model_answer"], row["ground_truth"], question=row["question"]) for row in rows]
    places = [{place for place, modes in enumerate(found) if mode in modes} for mode in (F, A, GAP)]
    assert places == [*BY_EYE[date, model]]


def test_real_loops(real_data: Path) -> None:
    file = real_data / "vqav2_smallvlms" / "vqa2_results_coco_20250729_131258.json"
    results = json.loads(file.read_text("utf-8"))["results"]
    loops = {
        (model, place)
        for model, found in results.items()
        for place, row in enumerate(found["question_results"])
        if "loop"
        in judged(
            row["model_answer"], AnswerContext((row["ground_truth"],), row["question"]), DiagnosisSettings()
        ).format_error.evidence
    }
    assert loops == {("llava_mlx", 2), ("llava_mlx", 10)}


def test_captions_may_differ_as_much_as_the_references_do() -> None:
    captions = (
        "A man rides a brown horse on a beach.",
        "Someone on horseback at the sea.",
        "A horse and its rider by the water.",
    )
    assert modes_in("A rider and a brown horse beside the waves.", *captions) == set()
    assert modes_in("A rider and a brown horse beside the waves.", captions[0]) == {H}
    assert modes_in("Two zebras stand in a zoo.", *captions) == {H}
    assert modes_in("A horse.", *captions[:1]) == {GAP}


def test_real_captions_of_people(real_data: Path) -> None:
    """The first of an image's five captions against the other four and its boxes, and that of another image: of five
    captions alike one in five is the furthest from the others."""
    file = real_data / "llava_coco80" / "caps_boxes_coco2014_val_80.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    names = sorted({box["category"] for row in rows for box in row["instances"]})
    objects = diagnosis_settings({}, names).objects
    healthy, of_others = 0, 0
    for place, row in enumerate(rows):
        boxes = tuple(sorted({box["category"] for box in row["instances"]}))
        known = {"boxes": boxes, "objects": objects if boxes else ()}
        other = rows[place - 7]["captions"][0]
        healthy += not modes_in(row["captions"][0], *row["captions"][1:], **known)
        of_others += H in modes_in(other, *row["captions"][1:], **known)
    assert len(rows) == 80
    assert healthy >= 60
    assert of_others >= 70
