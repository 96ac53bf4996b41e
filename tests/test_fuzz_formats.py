"""Whatever is done to the files of any format, nothing but a run, a parse state or an EvalWidgetError that names the
file comes of it.

Every example of docs/formats.md, and cut real files, with values, bytes or whole files changed. The suite tries a few
changes of each, always the same; ``EVALWIDGET_FUZZ_EXAMPLES=1000`` tries so many, and others each time.
"""

import io
import json
import os
import pickle
import pickletools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from documented_formats import SECTIONS, example_arrays, example_files, write_files
from fuzzing import FUZZ, mutated, mutated_bytes, outcome
from hypothesis import given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.cli import main

Files = Mapping[str, bytes]
ASKED = os.environ.get("EVALWIDGET_FUZZ_EXAMPLES")
TRIES = settings(FUZZ, max_examples=int(ASKED or 10), derandomize=ASKED is None, database=None)


@dataclass(frozen=True)
class Example:
    """The files of both sides, by their paths from where the run is opened on, and the settings to open them with."""

    truth: Files
    found: Files
    stated: Mapping[str, Any] = field(default_factory=dict)


def lines(*records: Any) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


PLAIN = lines(
    {"image": "a.jpg", "width": 100, "height": 80, "phrases": [{"phrase": "cat", "boxes": [[10, 10, 30, 30]]}]},
    {"image": "b.jpg", "width": 100, "height": 80, "questions": [{"question": "q", "answers": ["x"], "answer": "x"}]},
)
TEXT = lines({"image": "a.jpg", "output": '[{"bbox_2d": [10, 10, 300, 300], "label": "cat"}]'})


def documented(key: str) -> Example:
    """The examples of a format; a plain file in the place of a side that it does not have."""
    truth, found = (example_files(SECTIONS[key], side) for side in ("ground_truth", "predictions"))
    return Example(truth or {"truth.jsonl": PLAIN}, found or {"found.jsonl": TEXT}, {"output_format": "qwen3-vl"})


#: ``saved`` has no example, and ``arrays`` are no files: both have tests of their own below.
DOCUMENTED = {key: documented(key) for key in SECTIONS if key not in ("saved", "arrays")}


def cut_coco(truth: Path, results: Path) -> Example:
    """The first images of a COCO file that have annotations, and the first of their results."""
    whole, found = json.loads(truth.read_bytes()), json.loads(results.read_bytes())
    kept = list(dict.fromkeys(annotation["image_id"] for annotation in whole["annotations"]))[:2]
    held = [[row for row in rows if row["image_id"] in kept][:4] for rows in (whole["annotations"], found)]
    truth_cut = whole | {"images": [image for image in whole["images"] if image["id"] in kept], "annotations": held[0]}
    return Example({"instances.json": json.dumps(truth_cut).encode()}, {"results.json": json.dumps(held[1]).encode()})


def rows_of(file: Path, count: int = 2) -> bytes:
    """The first rows of a JSON list."""
    return json.dumps(json.loads(file.read_bytes())[:count]).encode()


def lines_of(file: Path, count: int = 4) -> bytes:
    return b"".join(file.read_bytes().splitlines(keepends=True)[:count])


def named(folder: Path, pattern: str, below: str) -> Files:
    """The first two files of a folder, put into another."""
    return {f"{below}/{file.name}": file.read_bytes() for file in sorted(folder.glob(pattern))[:2]}


def cvat(root: Path) -> Files:
    text = (root / "cvat_format" / "annotations.xml").read_text("utf-8")
    images = re.findall("<image.*?</image>", text, re.DOTALL)[:2]
    return {"annotations.xml": "".join([text[: text.index("<image")], *images, "</annotations>"]).encode()}


def yolo(root: Path) -> Files:
    folder = root / "yolo_format"
    files = {f"truth/{name}": (folder / name).read_bytes() for name in ("obj.data", "obj.names")}
    labels = named(folder / "obj_train_data", "*.txt", "truth/obj_train_data")
    listed = "".join(f"data/obj_train_data/{Path(name).stem}.jpg\n" for name in labels)
    return {**files, **labels, "truth/train.txt": listed.encode()}


def attempts(file: Path) -> bytes:
    """The first rows, whose cells may hold ends of lines."""
    return pd.read_csv(file, dtype=str, nrows=3).to_csv(index=False).encode()


def question(file: Path) -> Any:
    sample = json.loads(file.read_bytes())["sample_example"]["data"]
    return sample["metadata"] | {"image_id": 299207, "question": "q", "choices": sample["choices"]}


def texts(file: Path) -> bytes:
    return lines(*({"image": "a.jpg", "output": json.loads(line)["text"]} for line in lines_of(file).splitlines()))


#: What is made of the folder of real data, by name.
REAL: dict[str, Callable[[Path], Example]] = {
    "coco": lambda data: cut_coco(
        data / "coco100/instances_val2014_100.json", data / "coco100/instances_val2014_fakebbox100_results.json"
    ),
    "coco masks": lambda data: cut_coco(
        data / "coco100/instances_val2014_100.json", data / "coco100/instances_val2014_fakesegm100_results.json"
    ),
    "coco small": lambda data: cut_coco(data / "fce_small/gt_dataset.json", data / "fce_small/dt_dataset.json"),
    "coco edge": lambda data: Example(
        {"gt.json": (data / "hotcoco_edge/edge_gt.json").read_bytes()},
        {"dt.json": (data / "hotcoco_edge/edge_dt.json").read_bytes()},
    ),
    "captions": lambda data: Example(
        {"truth.jsonl": lines_of(data / "llava_coco80/caps_boxes_coco2014_val_80.jsonl", 2)},
        {"found.json": rows_of(data / "coco100/captions_val2014_fakecap_results.json")},
    ),
    "voc": lambda data: Example(
        named(data / "objdet_formats/data/database/gts/pascalvoc_format", "*.xml", "truth"),
        named(data / "objdet_formats/data/database/dets/abs_xywh", "*.txt", "found"),
        {"prediction_box_order": "xywh"},
    ),
    "yolo": lambda data: Example(
        yolo(data / "objdet_formats/data/database/gts"),
        named(data / "objdet_formats/data/database/dets/rel_xywh", "*.txt", "found"),
    ),
    "cvat": lambda data: Example(
        cvat(data / "objdet_formats/data/database/gts"),
        named(data / "objdet_formats/data/database/dets/abs_xyx2y2", "*.txt", "found"),
        {"prediction_box_order": "xyxy"},
    ),
    "open images": lambda data: Example(
        {"boxes.csv": lines_of(data / "objdet_formats/data/database/gts/openimages_format/all_bounding_boxes.csv")},
        named(data / "objdet_formats/data/database/dets/rel_xywh", "*.txt", "found"),
    ),
    "attempts": lambda data: Example(
        {"truth.jsonl": PLAIN}, {"found.csv": attempts(data / "qwen3vl_refcoco/trained_attempts.csv")}
    ),
    "conversations": lambda data: Example(
        {"truth.json": (data / "qwen_ft_demo/single_images.json").read_bytes()},
        {"found.json": (data / "qwen_ft_demo/single_images.json").read_bytes()},
    ),
    "messages": lambda data: Example(
        {"truth.json": rows_of(data / "llamafactory_demo/mllm_demo.json")},
        {"found.json": rows_of(data / "llamafactory_demo/mllm_demo.json")},
    ),
    "questions": lambda data: Example(
        {"truth.json": json.dumps([question(data / "bench_samples/a_okvqa.json")]).encode()},
        {"found.jsonl": lines({"question_id": "22jbM6gDxdaMaunuzgrsBB", "answer": "cigarette"})},
    ),
    "model text": lambda data: Example(
        {"truth.jsonl": PLAIN}, {"found.jsonl": texts(data / "vlm_raw_outputs/real_outputs.jsonl")}
    ),
}  # fmt: skip
STATED: dict[str, list[Any]] = {
    "output_format": ["vi", "qwen3-vl", "qwen2.5-vl"],
    "class_names": [["cat", "dog"], {"1": "cat"}],
    "prediction_box_order": ["xyxy", "cxcywh"],
    "prediction_coordinates": ["pixels", "fraction", "resized"],
    "prediction_first_class": [0, 1],
    "join": ["id", "name", "stem", "order"],
    "split": ["val", "train"],
    "steps_per_epoch": [4, 2.0**-53],
    "columns": [{"question": "q"}, {"image": "phrase"}],
    "task": ["object detection", "visual question answering"],
}


def changed(draw: Any, files: Files) -> Files:
    """The files with one of them changed: values in it, its bytes, its encoding, its name, or that it is there."""
    found = dict(files)
    name = draw(st.sampled_from(sorted(found)))
    deed = draw(st.sampled_from(["values", "values", "values", "bytes", "bytes", "encoding", "file", "nothing"]))
    if deed == "values":
        found[name] = changed_values(draw, name, found[name])
    elif deed == "bytes":
        found[name] = mutated_bytes(draw, found[name])
    elif deed == "encoding":
        text = found[name].decode()
        encoding = draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"]))
        found[name] = text.encode(encoding, "replace")
    elif deed == "file":
        changed_file(draw, found, name)
    return found


def changed_values(draw: Any, name: str, content: bytes) -> bytes:
    """The file with values in it changed, where it is JSON."""
    if name.endswith(".json"):
        return json.dumps(mutated(draw, json.loads(content))).encode()
    if not name.endswith(".jsonl"):
        return mutated_bytes(draw, content)
    value = mutated(draw, [json.loads(line) for line in content.splitlines()])
    return lines(*(value if isinstance(value, list) else [value]))


def changed_file(draw: Any, files: dict[str, bytes], name: str) -> None:
    deed = draw(st.sampled_from(["lost", "empty", "twice", "called otherwise"]))
    other = draw(st.sampled_from(["copy", "a.jpg", "step-7", "images", "é", "x.tar.gz", "\udcff"]))
    ending = draw(st.sampled_from(["", ".json", ".jsonl", ".csv", ".txt", ".xml", ".parquet", ".p", ".JSON"]))
    folder = name.rpartition("/")[0]
    if deed == "empty":
        files[name] = draw(st.sampled_from([b"", b"\n", b"\xef\xbb\xbf", b"null", b"[]", b"{}"]))
    elif deed == "lost":
        del files[name]
    else:
        content = files[name] if deed == "twice" else files.pop(name)
        files[f"{folder}/{other}{ending}" if folder else f"{other}{ending}"] = content


def opened_as(draw: Any, example: Example, folder: Path) -> tuple[list[Path], Callable[[], ew.Run]]:
    """The example's files written, and a way to open them: named one by one, or as a run folder."""
    stated = dict(example.stated)
    for name in draw(st.sets(st.sampled_from(sorted(STATED)), max_size=2)) if draw(st.booleans()) else ():
        stated[name] = draw(st.sampled_from(STATED[name]))
    if draw(st.booleans()):
        truth = write_files(example.truth, folder / "given")
        found = write_files(example.found, folder / "found")
        sides: dict[str, Any] = {"ground_truth": truth[0] if len(truth) == 1 else truth or None}
        sides["predictions"] = {5: found[0] if len(found) == 1 else found}
        return [*truth, *found], lambda: ew.open_run(**sides, **stated)
    root = folder / "run"
    root.mkdir()
    as_side(write_files(example.truth, folder / "given"), root, "ground_truth")
    (root / "predictions").mkdir()
    as_side(write_files(example.found, folder / "found"), root / "predictions", "step-5")
    (root / "run.json").write_text(json.dumps(stated))
    return [root, *root.iterdir()], lambda: ew.open_run(root)


def as_side(given: list[Path], root: Path, name: str) -> None:
    """Move what was written to where a run folder has it: a file or a folder of this name."""
    if len(given) == 1:
        given[0].rename(root / (f"{name}{given[0].suffix}" if given[0].is_file() else name))
    elif given:
        given[0].parent.rename(root / name)


def check(places: list[Path], opened: Callable[[], ew.Run]) -> None:
    """Open the run and use it, and look at all that it was made of; an error must name a file or what was asked for."""
    message = outcome(opened)
    assert message == "a run" or NAMED.search(message) or any(place.name in message for place in places), message
    if places:
        assert main(["inspect", "--json", str(places[0])]) in (0, 1, 2)
        assert str(ew.inspect(places[-1])).encode()


#: What an error names that is not about one of the files given: a file below them, a frame, or an argument.
NAMED = re.compile(
    r"\.(json|jsonl|csv|tsv|txt|xml|yaml|names|data|p|parquet|xlsx)\b|^(ground truth|predictions|"
    + "|".join([*STATED, "coordinates", "box order", "min_pixels"])
    + ")"
)


@pytest.mark.parametrize("key", sorted(DOCUMENTED))
@settings(TRIES)
@given(data=st.data())
def test_documented_examples(tmp_path_factory: pytest.TempPathFactory, key: str, data: st.DataObject) -> None:
    whole = DOCUMENTED[key]
    example = Example(changed(data.draw, whole.truth), changed(data.draw, whole.found), whole.stated)
    check(*opened_as(data.draw, example, tmp_path_factory.mktemp("fuzz")))


@pytest.mark.parametrize("name", sorted(REAL))
@settings(TRIES)
@given(data=st.data())
def test_real_files(tmp_path_factory: pytest.TempPathFactory, real_data: Path, name: str, data: st.DataObject) -> None:
    whole = REAL[name](real_data)
    example = Example(changed(data.draw, whole.truth), changed(data.draw, whole.found), whole.stated)
    check(*opened_as(data.draw, example, tmp_path_factory.mktemp("fuzz")))


@pytest.mark.parametrize("name", sorted(REAL))
def test_real_files_are_valid_to_begin_with(tmp_path: Path, real_data: Path, name: str) -> None:
    whole = REAL[name](real_data)
    truth, found = write_files(whole.truth, tmp_path / "truth"), write_files(whole.found, tmp_path / "found")
    run = ew.open_run(ground_truth=truth[0], predictions={5: found[0]}, **whole.stated).load()
    assert len(run.specimens)


@settings(TRIES)
@given(data=st.data())
def test_arrays(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    arrays = example_arrays(SECTIONS["arrays"], "predictions")
    truth = write_files({"truth.jsonl": PLAIN}, tmp_path_factory.mktemp("fuzz"))[0]
    given: dict[str, Any] = {"ground_truth": data.draw(st.sampled_from([truth, arrays, None]))}
    given |= {"predictions": {5: mutated(data.draw, arrays)}}
    check([], lambda: ew.open_run(**given))


REFS = [
    {"ref_id": 1, "ann_id": 1, "image_id": 7, "split": "val", "sentences": [{"sent": "a cat", "sent_id": 1}]},
    {"ref_id": 2, "ann_id": [-1], "image_id": 7, "split": "val", "sentences": [{"sent": "a dog", "sent_id": 2}]},
]
#: Opcodes with what they ask for: memory, marks that are not there, classes, calls.
OPCODES = [
    *(b"(", b"0", b"1", b"2", b".", b"]", b"}", b")", b"\x85", b"\x87", b"a", b"e", b"s", b"u", b"d", b"l", b"t", b"N"),
    *(b"h\x00", b"q\x00", b"\x94", b"r\xff\xff\xff\xff", b"j\xff\xff\xff\x7f", b"p9\n", b"g0\n", b"X\xff\xff\xff\xff"),
    *(b"\x8d" + b"\xff" * 8, b"\x96" + b"\xff" * 7 + b"\x7f", b"\x95" + b"\xff" * 8, b"\x8b\xff\xff\xff\x7f"),
    *(b"cos\nsystem\n", b"ios\nsystem\n", b"\x93", b"R", b"b", b"\x81", b"\x82\x01", b"Px\n", b"Q", b"\x80\x05"),
    *(b"I" + b"9" * 5000 + b"\n", b"F1e999\n", b"Vx\\ud800\n", b"S'x'\n", b"\x8c\x02\xff\xff", b"\x8f", b"\x91"),
]


def changed_opcodes(draw: Any, content: bytes) -> bytes:
    """A pickle with a few of its opcodes left out, repeated, or replaced by others."""
    starts = [place for _, _, place in pickletools.genops(content)]
    parts = [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(parts)))
        parts[place : place + draw(st.integers(0, 3))] = draw(st.lists(st.sampled_from([*OPCODES, *parts]), max_size=3))
    return b"".join(parts)


@settings(TRIES, max_examples=10 * TRIES.max_examples)
@given(data=st.data())
def test_pickles(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    protocol = data.draw(st.integers(0, pickle.HIGHEST_PROTOCOL))
    content = changed_opcodes(data.draw, pickle.dumps(mutated(data.draw, REFS), protocol))
    if data.draw(st.booleans()):
        content = mutated_bytes(data.draw, content)
    instances = example_files(SECTIONS["refcoco"], "ground_truth")["instances.json"]
    truth = write_files({"refs(unc).p": content, "instances.json": instances}, folder)
    found = write_files({"found.jsonl": TEXT}, folder)[0]
    message = outcome(
        lambda: ew.open_run(
            ground_truth=truth, predictions={5: found}, ground_truth_format="refcoco", output_format="qwen3-vl"
        )
    )
    assert message == "a run" or "refs(unc).p" in message or "instances.json" in message, message


def tables() -> dict[str, bytes]:
    """The example of a table as Parquet and as a sheet."""
    frame = pd.read_csv(io.BytesIO(example_files(SECTIONS["frame"], "ground_truth")["truth.csv"]))
    sheet = io.BytesIO()
    frame.to_excel(sheet, index=False)
    return {".parquet": frame.to_parquet(index=False), ".xlsx": sheet.getvalue()}


TABLES = tables()


@pytest.mark.parametrize("suffix", sorted(TABLES))
@settings(TRIES, max_examples=2 * TRIES.max_examples)
@given(data=st.data())
def test_tables(tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    names = [f"{side}{suffix}" for side in ("truth", "found")]
    changed_one = data.draw(st.sampled_from(names))
    truth, found = write_files(
        {name: mutated_bytes(data.draw, TABLES[suffix]) if name == changed_one else TABLES[suffix] for name in names},
        folder,
    )
    check([truth, found], lambda: ew.open_run(ground_truth=truth, predictions={5: found}))


@settings(TRIES, max_examples=3 * TRIES.max_examples)
@given(data=st.data())
def test_saved_runs(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    # in a run folder no file is shown by its whole path, which differs each time
    write_files({"run/ground_truth.jsonl": PLAIN, "run/predictions/step-5.jsonl": TEXT}, folder)
    ew.open_run(folder / "run", output_format="qwen3-vl").save(folder / "saved")
    saved = {file.relative_to(folder).as_posix(): file for file in (folder / "saved").rglob("*") if file.is_file()}
    name = data.draw(st.sampled_from(sorted(saved)))
    content = (
        changed(data.draw, {name: saved[name].read_bytes()})
        if name.endswith(".json")
        else {name: mutated_bytes(data.draw, saved[name].read_bytes())}
    )
    saved[name].unlink()
    write_files(content, folder)
    check([folder / "saved", *(folder / "saved").iterdir()], lambda: ew.open_run(folder / "saved"))
