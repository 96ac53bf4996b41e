"""What records are joined by: said, counted, demanded, and never guessed."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.boxes import Convention
from evalwidget.data import RunData
from evalwidget.images import ImageFolders
from evalwidget.records import AnswerRow, BoxRowsBuilder, PhraseRow, QuestionRow, Records, Reference
from evalwidget.specimens import SpecimenIndex, merged_specimens

Write = Callable[..., Path]


def cat(name: str | None = None, **content: Any) -> dict[str, Any]:
    named = {} if name is None else {"image": name}
    return named | {"width": 10, "height": 10, "phrase": "cat", "box": [0, 0, 5, 5]} | content


def dataset(*images: tuple[int, str]) -> dict[str, Any]:
    return {
        "images": [{"id": identity, "file_name": name, "width": 10, "height": 10} for identity, name in images],
        "annotations": [
            {"id": identity, "image_id": identity, "category_id": 1, "bbox": [0, 0, 5, 5]} for identity, _ in images
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }


def results(*ids: Any) -> list[dict[str, Any]]:
    return [{"image_id": identity, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 1} for identity in ids]


def found_by(run: ew.Run, step: int = 1) -> dict[str, int]:
    return run._data.predictions(step).joined


def matched(run: ew.Run) -> list[str]:
    table = run.matches()
    return table.loc[table["status"] == "matched", "specimen"].tolist()


@pytest.mark.parametrize(
    ("name", "specimen", "method"),
    [
        ("one/a.jpg", "one/a.jpg", "path"),
        ("/data/one/a.jpg", "one/a.jpg", "path"),
        ("b.jpg", "b.jpg", "name"),
        ("elsewhere/b.jpg", "b.jpg", "name"),
        ("b", "b.jpg", "stem"),
        ("elsewhere/b", "b.jpg", "stem"),
        ("bare.jpg", "bare", "stem"),
        ("my own", "my own", "id"),
    ],
)
def test_it_is_said_what_a_name_was_found_by(write_run: Write, name: str, specimen: str, method: str) -> None:
    truth = [cat("one/a.jpg"), cat("two/a.jpg"), cat("two/b.jpg"), cat("bare"), cat("c.jpg", specimen="my own")]
    run = ew.open_run(write_run(truth, {1: [cat(name)]}))
    assert matched(run) == [specimen]
    assert found_by(run) == {method: 1}


def test_counts_by_method_and_the_first_names_that_did_not_join(write_run: Write) -> None:
    truth = [cat(f"{place}.jpg") for place in range(5)]
    found = [cat(name) for name in ("0.jpg", "1.jpg", "2", "x.jpg", "y.jpg", "z.jpg", "w.jpg")]
    run = ew.open_run(write_run(truth, {1: found, 2: truth, 3: truth})).load()
    assert "joined: 2 by file name, 1 by stem (step 1); 5 by file name (step 2, 3)" in repr(run)
    assert "4 records found no specimen or question: x.jpg, y.jpg, z.jpg, … (run.join_report())" in repr(run)
    report = run.join_report()
    assert list(report.columns) == ["step", "name", "where", "predictions", "why"]
    assert report["why"].unique().tolist() == ["no specimen of this id, path, file name or stem"]


def test_an_image_of_another_folder_is_joined_by_name_and_that_is_said(write_run: Write) -> None:
    run = ew.open_run(write_run([cat("two/b.jpg"), cat("c.jpg")], {1: [cat("elsewhere/b.jpg"), cat("three/c.jpg")]}))
    assert matched(run) == ["b.jpg", "c.jpg"]
    assert run.notes == [
        "step 1: 1 images were found by their file name in another folder ('elsewhere/b.jpg' taken for 'two/b.jpg')"
    ]


@pytest.mark.parametrize(
    ("join", "names", "matches"),
    [
        ("id", ["own", "a.jpg", "b"], ["own"]),
        ("path", ["own", "in/a.jpg", "/x/in/a.jpg", "a.jpg", "b"], ["own"]),
        ("name", ["a.jpg", "other/b.jpg", "own"], ["own", "b.jpg"]),
        ("stem", ["a.png", "b", "own"], ["own", "b.jpg"]),
    ],
)
def test_a_method_can_be_demanded(write_run: Write, join: str, names: list[str], matches: list[str]) -> None:
    truth = [cat("in/a.jpg", specimen="own"), cat("b.jpg")]
    found = [{"image": name, "phrase": "cat", "boxes": []} for name in names]
    for settings_, argument in (({"join": join}, None), ({}, join)):
        run = ew.open_run(write_run(truth, {1: found}, settings_), join=argument)
        scores = run.scores()
        assert scores.loc[scores["status"] != "missing", "specimen"].tolist() == matches
        assert set(found_by(run)) == {join}


def test_an_unknown_method_is_refused(write_run: Write) -> None:
    with pytest.raises(ew.UnknownNameError, match="join 'luck': expected one of id, path, name, stem, order"):
        ew.open_run(write_run([cat("a.jpg")], {1: []}), join="luck")
    with pytest.raises(ew.UnknownNameError, match="join \\[\\]: expected one of"):
        ew.Run.from_frames(None, pd.DataFrame({"step": [1]}), join=[])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a", "three/a"])
def test_a_stem_that_several_files_have_is_an_error(write_run: Write, name: str) -> None:
    run = ew.open_run(write_run([cat("a.jpg"), cat("a.png")], {1: [cat(name)]}))
    with pytest.raises(ew.JoinError, match=rf"'{name}' may be any of 2 specimens \(a.jpg, a.png\).* join="):
        run.load()


def test_two_images_of_one_name_are_one_where_the_caller_says_so(write_run: Write) -> None:
    found = [cat("run1/a.jpg"), cat("run2/b.jpg", phrase="dog"), cat("run1/b.jpg")]
    folder = write_run([cat("a.jpg"), cat("b.jpg")], {1: found})
    with pytest.raises(ew.JoinError, match="or pass join='name' if they are one image"):
        ew.open_run(folder).load()
    assert matched(ew.open_run(folder, join="name")) == ["a.jpg", "b.jpg"]


def test_an_id_that_is_another_file_s_name_is_noted_and_can_be_overruled(write_run: Write) -> None:
    """Ultralytics writes the stem as image id where it is a number."""
    folder = write_run(dataset((1, "2.jpg"), (2, "1.jpg")), {1: results(1, 2), 2: results(2)})
    run = ew.open_run(folder).load()
    assert run.notes[0] == (
        "step 1: 2 ids are the file names of other specimens ('1' is the id of '2.jpg' and may mean '1.jpg'): "
        "taken as ids; join='stem' takes them as file names"
    )
    assert run.scores(2).query("status == 'ok'")["specimen"].tolist() == ["1.jpg"]
    assert ew.open_run(folder, join="stem").scores(2).query("status == 'ok'")["specimen"].tolist() == ["2.jpg"]


def test_ids_that_may_be_file_names_beside_ids_that_must_be_are_an_error(write_run: Write) -> None:
    folder = write_run(dataset((1, "2.jpg"), (2, "000007.jpg")), {1: results(2, 7)})
    expected = r"'2' is the id of '000007.jpg' and the file name of '2.jpg', and other records, such as '7', are found"
    with pytest.raises(ew.JoinError, match=expected):
        ew.open_run(folder).load()
    assert matched(ew.open_run(folder, join="stem")) == ["2.jpg", "000007.jpg"]
    assert ew.open_run(folder, join="id").join_report()["name"].tolist() == ["7"]


def test_a_number_finds_the_file_that_is_called_so_with_zeros_before_it(write_run: Write) -> None:
    run = ew.open_run(write_run(dataset((7000, "000000000139.jpg")), {1: results(139)}))
    assert matched(run) == ["000000000139.jpg"]
    assert found_by(run) == {"stem": 1}


def test_names_that_find_nothing_are_not_taken_by_order_unasked(write_run: Write) -> None:
    truth = [cat("a.jpg"), cat("b.jpg")]
    folder = write_run(truth, {1: [cat("sample_0"), cat("sample_1")], 2: [cat("sample_0")]})
    run = ew.open_run(folder).load()
    assert matched(run) == []
    assert run.notes == [
        "step 1: none of 2 records (sample_0, sample_1) found a specimen (a.jpg, b.jpg); the ground truth has as many "
        "records: join='order' takes them one by one",
        "step 2: none of 1 records (sample_0) found a specimen (a.jpg, b.jpg)",
    ]
    assert run.join_report(1)["why"].str.endswith("join='order' takes the records one by one").all()
    ordered = ew.open_run(folder, join="order")
    assert matched(ew.open_run(write_run(truth, {1: [cat("x"), cat("y")]}), join="order")) == ["a.jpg", "b.jpg"]
    assert ordered.scores(1)["status"].tolist() == ["ok", "ok"]
    with pytest.raises(
        ew.JoinError, match=r"step-000002.jsonl:1: 1 records to take one by one, the ground truth has 2"
    ):
        ordered.load()


def test_records_of_one_image_are_taken_one_by_one(write_run: Write) -> None:
    truth = [cat("a.jpg"), cat("a.jpg", phrase="dog", box=[5, 5, 9, 9]), cat("b.jpg")]
    found = [{"image": f"{place}", "boxes": [{"box": line["box"]}]} for place, line in enumerate(truth)]
    run = ew.open_run(write_run(truth, {1: found}), join="order")
    assert run.matches()[["specimen", "phrase", "status"]].values.tolist() == [
        ["a.jpg", "cat", "matched"],
        ["a.jpg", "dog", "matched"],
        ["b.jpg", "cat", "matched"],
    ]


@pytest.mark.parametrize(
    "record",
    [
        {"image": "1", "phrase": "Cat", "boxes": []},
        {"image": "1", "boxes": [{"label": "the dog", "box": [0, 0, 1, 1]}, {"box": [0, 0, 2, 2]}]},
        {"image": "1", "boxes": [{"label": "own words", "box": [0, 0, 1, 1]}]},
    ],
)
def test_records_in_one_order_may_say_the_same_in_other_words(write_run: Write, record: dict[str, Any]) -> None:
    truth = [cat("a.jpg"), cat("b.jpg", phrase="cat" if "phrase" in record else "dog")]
    ew.open_run(write_run(truth, {1: [cat("0"), record]}), join="order").load()


@pytest.mark.parametrize(
    ("record", "ours"),
    [
        ({"image": "1", "phrase": "bird", "boxes": []}, "bird"),
        ({"image": "1", "boxes": [{"label": "cat", "box": [0, 0, 1, 1]}]}, "cat"),
    ],
)
def test_a_phrase_of_another_record_shows_that_the_order_is_not_the_same(
    write_run: Write, record: dict[str, Any], ours: str
) -> None:
    run = ew.open_run(write_run([cat("a.jpg"), cat("b.jpg", phrase="dog")], {1: [cat("0"), record]}), join="order")
    expected = rf":2: joined by order, but it is about '{ours}', and record 2 of the ground truth \(b.jpg\) about 'dog'"
    with pytest.raises(ew.JoinError, match=expected):
        run.load()


def test_questions_in_order_are_checked_by_their_words(write_run: Write) -> None:
    truth = [
        {"image": "a.jpg", "question": "Who?", "answer": "me"},
        {"image": "a.jpg", "question": "Where is it?", "answer": "here"},
    ]
    found = [
        {"image": "0", "question": "user: who?\nAnswer in one word.", "answer": "me"},
        {"image": "1", "answer": "there"},
    ]
    run = ew.open_run(write_run(truth, {1: found}), join="order")
    assert run.matches()[["phrase", "prediction"]].values.tolist() == [["Who?", "me"], ["Where is it?", "there"]]
    swapped = ew.open_run(write_run(truth, {1: found[::-1]}), join="order")
    with pytest.raises(ew.JoinError, match=r"about 'user: who.*record 2 of the ground truth \(a.jpg\) about 'Where is"):
        swapped.load()


def test_rows_of_questions_are_taken_by_the_order_of_questions() -> None:
    truth = pd.DataFrame({"specimen": ["b", "a", "b"], "question": ["p", "q", "r"], "answer": ["1", "2", "3"]})
    found = pd.DataFrame({"specimen": ["0", "1", "2"], "answer": ["1", "2", "3"], "step": 1})
    run = ew.Run.from_frames(truth, found, join="order")
    assert run.summary()["exact_match"].tolist() == [1]


def run_of(truth: Records | None, *steps: Records, **settings_: Any) -> RunData:
    return RunData(
        name="r",
        task=None,
        steps_per_epoch=None,
        ground_truth=truth,
        readers={step: lambda found=found: found for step, found in enumerate(steps)},
        images=ImageFolders([]),
        ground_truth_format="none" if truth is None else "test",
        **settings_,
    )


def questions(*names: str | None) -> Records:
    references = [Reference(f"t:{place}", image=name) for place, name in enumerate(names)]
    rows = [QuestionRow(place, f"t:{place}", None, f"question {place}", ("yes",)) for place in range(len(names))]
    return Records(references, questions=rows)


def answers(count: int, *, names: dict[int, str] | None = None) -> Records:
    references = [Reference(f"p:{place}", image=(names or {}).get(place)) for place in range(count)]
    return Records(
        references, answers=[AnswerRow(place, f"p:{place}", None, None, str(place)) for place in range(count)]
    )


def test_records_without_names_are_taken_one_by_one() -> None:
    data = run_of(questions("a.jpg", "b.jpg", "a.jpg"), answers(3))
    found = data.predictions(0)
    assert found.joined == {"order": 3}
    assert found.notes == ["step 0: 3 records name no image: taken one by one with those of the ground truth"]
    assert [found.answers.text[row] for row in (0, 1, 2)] == ["0", "2", "1"]  # a.jpg's two questions come first
    with pytest.raises(
        ew.JoinError, match="p:0: 2 records to take one by one, the ground truth has 3 with 3 questions"
    ):
        run_of(questions("a.jpg", "b.jpg", "a.jpg"), answers(2)).predictions(0)
    assert run_of(questions("a.jpg"), Records()).predictions(0).joined == {}


def test_a_name_among_nameless_records_must_stand_in_its_place() -> None:
    truth = questions("a.jpg", "b.jpg")
    assert run_of(truth, answers(2, names={1: "b.jpg"})).predictions(0).joined == {"order": 2}
    with pytest.raises(ew.JoinError, match=r"p:1: 'a.jpg' stands where 'b.jpg' does in the ground truth"):
        run_of(truth, answers(2, names={1: "a.jpg"})).predictions(0)
    demanded = run_of(truth, answers(2, names={1: "a.jpg"}), join="name").predictions(0)
    assert [lost.name for lost in demanded.unjoined] == ["(no name)"]


def test_ground_truth_without_names_is_called_by_its_place() -> None:
    data = run_of(questions(None, None), answers(2))
    assert data.specimens.identifiers == ["record 1", "record 2"]
    assert data.predictions(0).answers.text == ["0", "1"]


def test_without_ground_truth_and_names_steps_are_in_the_order_of_the_first() -> None:
    data = run_of(None, answers(2), answers(2))
    assert data.specimens.identifiers == ["record 1", "record 2"]
    assert data.predictions(1).answers.text == ["0", "1"]
    with pytest.raises(ew.JoinError, match="p:0: 3 records to take one by one, step 0 has 2 with 2 questions"):
        run_of(None, answers(2), answers(3)).predictions(1)


def test_without_ground_truth_steps_may_be_joined_by_stem(write_run: Write) -> None:
    folder = write_run(
        None, {1: [cat("base/a.jpg"), cat("base/b.jpg")], 2: [cat("trained/b.png"), cat("trained/a.png")]}
    )
    run = ew.open_run(folder)
    assert len(run.specimens) == 4
    assert run.notes[-1].endswith("and each has 2: join='order' takes them one by one")
    by_stem = ew.open_run(folder, join="stem").load()
    assert by_stem.specimens == ["a.jpg", "b.jpg"]
    assert by_stem.scores()["status"].tolist() == ["no_ground_truth"] * 4


def attempts(file: Path) -> list[dict[str, Any]]:
    """The rows of a checkpoint's log as plain lines."""
    with file.open(newline="", encoding="utf-8") as rows:
        return [
            {
                "image": row["image_path"],
                "phrase": row["phrase"],
                "boxes": [box] if (box := json.loads(row["parsed_bbox"] or "null")) else [],
            }
            for row in csv.DictReader(rows)
        ]


def test_two_real_checkpoints_whose_names_differ_join_by_order(write_run: Write, real_data: Path) -> None:
    base, trained = (attempts(real_data / "qwen3vl_refcoco" / f"{name}_attempts.csv") for name in ("base", "trained"))
    folder = write_run(None, {0: base, 1: trained}, {"coordinates": "fraction"})
    apart = ew.open_run(folder)
    assert len(apart.specimens) == 200
    assert "join='order'" in apart.notes[-1]
    run = ew.open_run(folder, join="order").load()
    assert run.specimens == [row["image"] for row in base]
    assert [found_by(run, step) for step in run.steps] == [{"order": 100}] * 2
    assert set(run.scores()["status"]) == {"no_ground_truth"}
    assert run.join_report().empty
    shifted = ew.open_run(write_run(None, {0: base, 1: trained[1:] + trained[:1]}), join="order")
    with pytest.raises(ew.JoinError, match=r":1: joined by order, but it is about 'white cow next to the brown one'"):
        shifted.load()


@pytest.mark.parametrize(
    ("truth", "found", "joined"),
    [
        ("fce_small/gt_ignore_test.json", "fce_small/dt_ignore_test.json", {"id": 1}),
        ("fce_small/gt_dataset.json", "fce_small/dt_dataset.json", {"id": 3}),
        ("hotcoco_edge/gt.json", "hotcoco_edge/dt.json", {"id": 3}),
        ("hotcoco_edge/zero_gt.json", "hotcoco_edge/zero_dt.json", {"id": 2}),
        (
            "objdet_formats/data/database/gts/coco_format_v2/instances_v2.json",
            "objdet_formats/data/database/dets/coco_format/coco_dets.json",
            {"name": 98},
        ),
    ],
)
def test_what_real_files_join_by(real_data: Path, truth: str, found: str, joined: dict[str, int]) -> None:
    """Ids may be text in one file and numbers in the other, or count something else altogether."""
    run = ew.open_run(ground_truth=real_data / truth, predictions={1: real_data / found})
    assert found_by(run) == joined
    assert run.join_report().empty
    assert run.notes == []


PARTS = st.lists(st.sampled_from(["a", "b", "1", "01", "a.jpg", "b.jpg", "1.jpg", "01.png"]), min_size=1, max_size=3)
NAME = PARTS.map("/".join)


@settings(deadline=None)
@given(st.lists(NAME, min_size=1, max_size=6, unique=True), NAME, st.sampled_from([None, "id", "path", "name", "stem"]))
def test_a_name_finds_a_specimen_of_that_name_or_none_or_says_that_it_cannot_tell(
    paths: list[str], name: str, join: str | None
) -> None:
    specimens, _ = merged_specimens([Reference("t", image=path) for path in paths])
    index = SpecimenIndex(specimens)
    for path in paths:
        if join != "id":
            try:
                assert index.find(Reference("p", image=path), join) is not None
            except ew.JoinError:
                assert join in ("name", "stem")
    for reference in (Reference("p", image=name), Reference("p", specimen=name), Reference("p", source_id=name)):
        try:
            found = index.find(reference, join)
        except ew.JoinError:
            continue
        if found is not None:
            row, method = found
            theirs, ours = paths[row].split("/")[-1], name.split("/")[-1]
            assert method in ("id", "path", "name", "stem")
            alike = {theirs, theirs.split(".")[0], theirs.split(".")[0].lstrip("0")}
            assert specimens.identifiers[row] == name or {ours, ours.split(".")[0]} & alike


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_records_in_order_give_what_names_give(data: st.DataObject) -> None:
    """Several records of one image, each with a phrase: the same boxes, whether found by name or by place."""
    images = data.draw(st.lists(st.sampled_from(["a.jpg", "b.jpg", "c.jpg"]), min_size=1, max_size=8))

    def records(*, named: bool, labelled: bool) -> Records:
        made, builder = Records(), BoxRowsBuilder(Convention(), strict=False)
        for place, image in enumerate(images):
            made.references.append(Reference(f"p:{place}", image=image if named else None))
            builder.add(place, f"phrase {place}" if labelled else None, [place, 0, place + 5, 5], f"p:{place}")
            if labelled:
                made.phrases.append(PhraseRow(place, f"p:{place}", f"phrase {place}", f"phrase {place}"))
        made.boxes.append(builder.rows())
        return made

    truth = records(named=True, labelled=True)
    run = run_of(truth, records(named=True, labelled=True), records(named=False, labelled=False))
    by_name, by_order = run.predictions(0).boxes, run.predictions(1).boxes
    assert by_order.label.tolist() == by_name.label.tolist()
    assert by_order.corners.tolist() == by_name.corners.tolist()
    assert by_order.specimen.tolist() == by_name.specimen.tolist()
