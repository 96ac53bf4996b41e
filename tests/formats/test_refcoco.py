"""RefCOCO and its kin: files written from lichengunc/refer's README and refer.py, and from gRefCOCO's."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from grounded_runs import figures, opened, written

import evalwidget as ew

INSTANCES = {
    "images": [
        {"id": 581857, "file_name": "COCO_train2014_000000581857.jpg", "width": 640, "height": 427},
        {"id": 7, "file_name": "COCO_train2014_000000000007.jpg", "width": 100, "height": 100},
    ],
    "annotations": [
        {"id": 1, "image_id": 581857, "category_id": 1, "bbox": [10, 20, 100, 200], "area": 20000, "iscrowd": 0},
        {"id": 2, "image_id": 581857, "category_id": 1, "bbox": [300, 20, 100, 200], "area": 20000, "iscrowd": 0},
        {"id": 3, "image_id": 7, "category_id": 1, "bbox": [0, 0, 50, 50], "area": 2500, "iscrowd": 0},
    ],
    "categories": [{"id": 1, "name": "person"}],
}
IMAGE, OTHER = INSTANCES["images"][0]["file_name"], INSTANCES["images"][1]["file_name"]


def reference(number: int, ann: Any, split: str, sentences: dict[int, str], image: int = 581857) -> dict[str, Any]:
    return {
        "ref_id": number,
        "ann_id": ann,
        "category_id": 1,
        "file_name": f"COCO_train2014_{image:012d}_{number}.jpg",
        "image_id": image,
        "sent_ids": list(sentences),
        "sentences": [
            {"raw": text.upper(), "sent": text, "sent_id": identity, "tokens": text.split()}
            for identity, text in sentences.items()
        ],
        "split": split,
    }


REFS = [
    reference(16, 1, "val", {0: "man on left", 1: "navy shirt"}),
    reference(17, 2, "val", {2: "woman", 3: "navy shirt"}),
    reference(18, 3, "testA", {4: "kid"}, 7),
]
#: ``protocol`` 0 to 2 are those of Python 2, in which the data sets are published.
PROTOCOLS = [0, 1, 2, pickle.HIGHEST_PROTOCOL]


def files(folder: Path, refs: Any = REFS, protocol: int = 2, name: str = "refs(unc).p") -> list[Path]:
    return [
        written(folder / "refcoco" / name, pickle.dumps(refs, protocol)),
        written(folder / "refcoco" / "instances.json", INSTANCES),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_refcoco_as_specified(tmp_path: Path, protocol: int) -> None:
    found = {
        IMAGE: {"man on left": [[10, 20, 110, 220]], "woman": [[300, 20, 400, 220]]},
        OTHER: {"kid": [[0, 0, 50, 50]]},
    }
    run = opened(files(tmp_path, protocol=protocol), tmp_path, found)
    assert run.specimens == [IMAGE, OTHER]
    assert len(run.notes) == 1
    assert run.notes[0].endswith("refs(unc).p: all splits were read (val 2, testA 1); name one as split=")
    phrases = run.phrases().set_index("phrase")
    assert phrases["accuracy_at_50"].dropna().to_dict() == {"man on left": 1, "woman": 1, "kid": 1}
    assert phrases.loc["navy shirt", "boxes"] == 2
    assert phrases.loc["navy shirt", "status"] == "missing_phrase"


def test_the_same_words_for_two_objects_are_two_items(tmp_path: Path) -> None:
    run = opened(files(tmp_path), tmp_path, {IMAGE: {"navy shirt": [[300, 20, 400, 220]]}}, split="val")
    matches = run.matches().query("phrase == 'navy shirt'")
    assert sorted(zip(matches["item"], matches["status"], strict=True)) == [("1", "missed"), ("3", "matched")]


def test_the_same_words_for_one_object_twice_are_one_box(tmp_path: Path) -> None:
    refs = [reference(16, 1, "val", {0: "man on left", 1: "man on left"})]
    run = opened(files(tmp_path, refs), tmp_path, {IMAGE: {"man on left": [[10, 20, 110, 220]]}})
    assert figures(run)["accuracy_at_50"] == 1
    assert figures(run)["f1"] == 1


def test_split_and_folder(tmp_path: Path) -> None:
    folder = files(tmp_path)[0].parent
    run = opened(folder, tmp_path, {OTHER: {"kid": [[0, 0, 50, 50]]}}, split="testA")
    assert run.specimens == [OTHER]
    assert figures(run)["accuracy_at_50"] == 1
    assert run.notes == []
    with pytest.raises(ew.EvalWidgetError, match=r"split 'test': expected one of val 2, testA 1"):
        opened(folder, tmp_path, {}, split="test")
    files(tmp_path, name="refs(google).p")
    with pytest.raises(ew.EvalWidgetError, match=r"refs\(google\).p, .*refs\(unc\).p; name the one"):
        opened(folder, tmp_path, {})


def test_grefcoco_with_several_targets_and_none_as_specified(tmp_path: Path) -> None:
    refs = [
        reference(1, [1, 2], "val", {0: "both people"}),
        reference(2, [-1], "val", {1: "the giraffe"}, 7),
    ]
    truth = [
        written(tmp_path / "grefs(unc).json", refs),
        written(tmp_path / "instances.json", INSTANCES),
    ]
    found = {IMAGE: {"both people": [[10, 20, 110, 220], [300, 20, 400, 220]]}, OTHER: {}}
    run = opened(truth, tmp_path, found)
    assert figures(run)["grec_accuracy"] == 1
    assert run.phrases()["no_target_accuracy"].dropna().tolist() == [1]
    run = opened(truth, tmp_path, found | {OTHER: {"the giraffe": [[0, 0, 1, 1]]}})
    assert run.phrases()["no_target_accuracy"].dropna().tolist() == [0]


def test_expressions_without_a_target_beside_others(tmp_path: Path) -> None:
    """GREC's no-target accuracy is of expressions, most of which share their image with others."""
    refs = [
        reference(1, [1], "val", {0: "man on left"}),
        reference(2, [-1], "val", {1: "the giraffe", 2: "a bus"}),
        reference(3, [-1], "val", {3: "a cat", 4: "a dog"}, 7),
    ]
    truth = [written(tmp_path / "grefs(unc).json", refs), written(tmp_path / "instances.json", INSTANCES)]
    man, other = [[10, 20, 110, 220]], [[0, 0, 5, 5]]
    found = {IMAGE: {"man on left": man, "The giraffe": other, "a tree": other}, OTHER: {"a dog": other}}
    phrases = opened(truth, tmp_path, found).phrases()
    told = phrases[["phrase", "status", "predictions", "grec_accuracy", "no_target_accuracy"]].astype(object)
    assert told.fillna("-").values.tolist() == [
        ["man on left", "predicted", 1, 1, "-"],
        ["the giraffe", "no_target", 1, 0, 0],
        ["a bus", "no_target", 0, 1, 1],
        ["a tree", "invented_phrase", 1, "-", "-"],
        ["a cat", "no_target", 0, 1, 1],
        ["a dog", "no_target", 1, 0, 0],
    ]


class Command:
    """What a hostile pickle holds: a call that is made when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder / "was-run"),)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_runs_nothing(tmp_path: Path, protocol: int) -> None:
    refs = [REFS[0] | {"category_id": Command(tmp_path)}]
    with pytest.raises(
        ew.EvalWidgetError, match=r"refs\(unc\).p: expected plain lists and dicts, found \w+.mkdir; it was"
    ):
        opened(files(tmp_path, refs, protocol), tmp_path, {})
    assert not (tmp_path / "was-run").exists()


def nested() -> Any:
    part: Any = ["x"]
    for _ in range(60):
        part = [part, part]
    return [REFS[0] | {"sentences": part}]


def deep(levels: int) -> Any:
    part: Any = ["x"]
    for _ in range(levels):
        part = [part]
    return [REFS[0] | {"tokens": part}]


def in_itself() -> Any:
    refs: list[Any] = [REFS[0]]
    refs.append(refs)
    return refs


@pytest.mark.parametrize(
    ("refs", "message"),
    [
        (nested(), "parts that hold one another"),
        (in_itself(), "parts that hold one another"),
        (deep(60), "more than 50 lists and dicts in one another"),
        ([REFS[0] | {5: 1}], "a dict with names that are not text"),
        ([REFS[0] | {"split": "\ud800"}], "text that is not Unicode"),
        ({"ref_id": 1, "sentences": []}, "expected a list of referring expressions, got dict"),
        ([REFS[0], 3], r"\[1\]: expected an object, got a number"),
        ([REFS[0] | {"image_id": 1}], r"\[0\]: image_id: 1 is not in .*instances.json"),
        ([REFS[0] | {"ann_id": [9]}], r"\[0\]: ann_id: 9 is not in .*instances.json"),
        ([REFS[0] | {"ann_id": [[9]]}], r"\[0\]: ann_id: expected a number or text, got a list"),
        ([REFS[0] | {"ann_id": 10**400}], r"\[0\]: ann_id: the number is too large"),
        ([REFS[0] | {"sentences": [{"tokens": []}]}], r"\[0\].sentences\[0\]: expected 'sent'"),
        ([REFS[0], REFS[0]], r"\[1\].sentences\[0\]: the same item twice: 'man on left' with the identifier 0"),
        ([REFS[0] | {"sentences": None}], r"\[0\]: expected 'sentences'"),
    ],
)
def test_errors_name_file_and_place(tmp_path: Path, refs: Any, message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=rf"refs\(unc\).p: .*{message}"):
        opened(files(tmp_path, refs), tmp_path, {})


def test_a_pickle_that_is_cut_off(tmp_path: Path) -> None:
    truth = files(tmp_path)
    truth[0].write_bytes(truth[0].read_bytes()[:-20])
    with pytest.raises(ew.EvalWidgetError, match=r"refs\(unc\).p: not a pickle that can be read"):
        opened(truth, tmp_path, {})


MARKS = b"ref_id sentences"
#: Pickles that no writer makes, by what they ask for.
HOSTILE = {
    "memory for a memo of 4 billion": (b"\x80\x02]r\xff\xff\xff\xff0N.", "something else"),
    "a text of 4 GB": (b"\x80\x02X\xff\xff\xff\xffa", "not a pickle that can be read: EOFError: it is cut off"),
    "a frame of 8 EB": (
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f]",
        "(not a pickle that can be read|expected plain lists)",
    ),
    "8 EB of bytes to be filled": (b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.", "something else"),
    "a name of 60,000 tuples in one another": (
        b"\x80\x02})" + b"\x85" * 60_000 + b"Ns.",
        "names that are not text",
    ),
    "such a name among several": (b"\x80\x02}()" + b"\x85" * 60_000 + b"Nu.", "names that are not text"),
    "such a name of protocol 0": (b"()" + b"\x85" * 60_000 + b"Nd.", "names that are not text"),
    "30,000 lists in one another": (b"\x80\x02" + b"]" * 30_000 + b"a" * 29_999 + b".", "more than 50 lists"),
    "a class that is numbered": (b"\x80\x02\x82\x01.", "something else; it was not loaded"),
    "an instance": (b"(ios\nmkdir\n.", "os.mkdir; it was not loaded"),
    "nothing that was put": (b"\x80\x02h\x07.", "not a pickle that can be read: UnpicklingError: Memo"),
    "a number of ten thousand digits": (b"I" + b"9" * 10_000 + b"\n.", "not a pickle that can be read: ValueError"),
}


@pytest.mark.parametrize("asked", HOSTILE)
def test_a_pickle_that_asks_for_too_much(tmp_path: Path, asked: str) -> None:
    truth = files(tmp_path)
    content, message = HOSTILE[asked]
    truth[0].write_bytes(content + MARKS)
    with pytest.raises(ew.EvalWidgetError, match=rf"refs\(unc\).p: .*{message}"):
        opened(truth, tmp_path, {})


def test_numbers_of_a_memo_with_gaps(tmp_path: Path) -> None:
    """A memo may number its parts as it likes: no memory is set aside for the numbers that it leaves out."""
    truth = files(tmp_path)
    content = pickle.dumps(REFS, 2).replace(b"]q\x00", b"]r\xff\xff\xff\xff", 1)
    truth[0].write_bytes(content)
    assert opened(truth, tmp_path, {}).specimens == [IMAGE, OTHER]


def test_expressions_without_their_boxes(tmp_path: Path) -> None:
    with pytest.raises(ew.EvalWidgetError, match=r"refs\(unc\).p: expressions without boxes: give .*instances.json"):
        opened(files(tmp_path)[0], tmp_path, {})
