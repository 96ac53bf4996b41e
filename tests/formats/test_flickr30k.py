"""Flickr30k Entities: a folder written from the README and the code of BryanPlummer/flickr30k_entities."""

from pathlib import Path

import pytest
from grounded_runs import figures, opened, written

import evalwidget as ew

SENTENCES = """[/EN#1/people Two young guys] with [/EN#2/bodyparts shaggy hair] look at [/EN#3/bodyparts their hands] .
[/EN#1/people Two young guys] stand in [/EN#4/scene the yard] while [/EN#0/notvisual it] rains .
[/EN#5/people/other A man] in [/EN#6/clothing a shirt] , another in [/EN#7/clothing a shirt] .
"""


def thing(chains: list[int], box: tuple[int, ...] | None, kind: str = "nobndbox") -> str:
    names = "".join(f"<name>{chain}</name>" for chain in chains)
    edges = zip(("xmin", "ymin", "xmax", "ymax"), box or (), strict=False)
    bounds = "".join(f"<{edge}>{value}</{edge}>" for edge, value in edges)
    return f"<object>{names}{f'<bndbox>{bounds}</bndbox>' if box else f'<{kind}>1</{kind}>'}</object>"


THINGS = [
    thing([1, 5], (11, 21, 111, 221)),
    thing([1], (201, 21, 301, 221)),
    thing([2], (11, 21, 111, 61)),
    thing([3], None),
    thing([4], None, "scene"),
    thing([6], (21, 101, 91, 181)),
    thing([7], (221, 101, 291, 181)),
]
#: Pixels counted from 0.
FOUND = {
    "Two young guys": [[10, 20, 110, 220], [200, 20, 300, 220]],
    "shaggy hair": [[10, 20, 110, 60]],
    "A man": [[10, 20, 110, 220]],
    "a shirt": [[20, 100, 90, 180], [220, 100, 290, 180]],
}


def xml(things: list[str], name: str = "1000092795") -> str:
    size = "<size><width>333</width><height>500</height><depth>3</depth></size>"
    return f"<annotation><filename>{name}.jpg</filename>{size}{''.join(things)}</annotation>"


def dataset(folder: Path, sentences: str = SENTENCES, annotation: str | None = None) -> Path:
    root = folder / "flickr30k"
    written(root / "Sentences" / "1000092795.txt", sentences)
    written(root / "Annotations" / "1000092795.xml", annotation or xml(THINGS))
    written(root / "Sentences" / "36979.txt", "[/EN#9/people A child] .\n")
    written(root / "Annotations" / "36979.xml", xml([thing([9], (1, 1, 51, 51))], "36979"))
    written(root / "test.txt", "36979\n")
    return root


def test_flickr30k_as_specified(tmp_path: Path) -> None:
    run = opened(dataset(tmp_path), tmp_path, {"1000092795.jpg": FOUND, "36979.jpg": {"A child": [[0, 0, 50, 50]]}})
    assert run.specimens == ["1000092795.jpg", "36979.jpg"]
    scores = figures(run)
    assert [scores[name] for name in ("recall_at_1", "accuracy_at_50", "grec_accuracy", "f1", "mean_iou")] == [1] * 5
    phrases = run.phrases().set_index("phrase")
    assert phrases["boxes"].to_dict() == {"Two young guys": 2, "shaggy hair": 1, "A man": 1, "a shirt": 2, "A child": 1}
    # any-box and merged-box protocol differ where one of two boxes was found
    assert phrases.loc["Two young guys", ["recall_at_1", "merged_recall_at_1"]].tolist() == [1, 0]
    assert len(run.notes) == 1
    assert "flickr30k: 2 phrases name scenes and the like, without a box" in run.notes[0]
    captions = run._data.specimens.captions[0].split("\n")
    assert captions[0] == "Two young guys with shaggy hair look at their hands ."
    assert len(captions) == 3


def test_split_lists(tmp_path: Path) -> None:
    root = dataset(tmp_path)
    found = {"36979.jpg": {"A child": [[0, 0, 50, 50]]}}
    for truth, split in (([root, root / "test.txt"], None), (root, "test")):
        run = opened(truth, tmp_path, found, split=split)
        assert run.specimens == ["36979.jpg"]
        assert figures(run)["accuracy_at_50"] == 1
    with pytest.raises(ew.EvalWidgetError, match=r"split 'val': expected a list of image ids, val.txt"):
        opened(root, tmp_path, found, split="val")
    written(root / "val.txt", "36979\n\n5\n")
    with pytest.raises(ew.EvalWidgetError, match=r"val.txt:3: image 5 has no file in Sentences"):
        opened(root, tmp_path, found, split="val")


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><annotation>&c;</annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotation>&b;</annotation>'


@pytest.mark.parametrize(
    ("sentences", "annotation", "message"),
    [
        (
            "[/EN#1 A man\n",
            None,
            r"Sentences/1000092795.txt:1: expected \[/EN#chain/type words\], found '\[/EN#1 A man'",
        ),
        ("a\n[/EN#x/people A man]\n", None, r"Sentences/1000092795.txt:2: expected \[/EN#"),
        (SENTENCES, "<annotation>", r"Annotations/1000092795.xml:1: malformed XML: no element found"),
        (SENTENCES, BOMB, r"Annotations/1000092795.xml: XML with entities of its own is not read"),
        (SENTENCES, OUTSIDE, r"Annotations/1000092795.xml: XML with entities of its own is not read"),
        (SENTENCES, "<annotation/>", r"1000092795.xml: size/width: expected a number, got None"),
        (SENTENCES, xml([thing([1], (1, 2, 3))]), r"object\[0\]: bndbox/ymax: expected a number, got None"),
        (SENTENCES, xml([thing([1], (9, 2, 3, 4))]), r"object\[0\]: bndbox: expected width and height of 0 or more"),
    ],
)
def test_errors_name_file_and_place(tmp_path: Path, sentences: str, annotation: str | None, message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=message):
        opened(dataset(tmp_path, sentences, annotation), tmp_path, {})
