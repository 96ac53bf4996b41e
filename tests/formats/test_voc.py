"""Pascal VOC as specified by its development kit; its published files are read in ``test_detection_formats_agree``."""

from pathlib import Path

import pytest
from reading import boxes, content, truth, write

import evalwidget as ew
from evalwidget.formats import format_of_ground_truth


def annotation(image: str = "a.jpg", *objects: str, size: str = "100 80") -> str:
    width, height = size.split()
    sides = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation><folder>x</folder><filename>{image}</filename>{sides}{''.join(objects)}</annotation>"


def thing(name: str = "cat", box: str = "1 2 30 40", more: str = "") -> str:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), box.split(), strict=False)
    inner = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    return f"<object><name>{name}</name><bndbox>{inner}</bndbox>{more}</object>"


PART = "<part><name>head</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>6</xmax><ymax>6</ymax></bndbox></part>"


def test_numbers_stay_as_they_are_and_parts_are_no_objects(tmp_path: Path) -> None:
    root = write(tmp_path, {"v/a.xml": annotation("a.jpg", thing(more=PART)), "v/b.xml": annotation("b.jpg")})
    for path in (root / "v", root / "v/a.xml"):
        assert format_of_ground_truth(content(path)).key == "voc"
        records, facts = truth(path)
        assert boxes(records)["a"] == [("cat", 1, 2, 30, 40)]
        assert (records.references[0].width, records.references[0].height) == (100, 80)
        assert str(facts.convention) == "pixels, xyxy"
    assert boxes(truth(root / "v")[0])["b"] == []


def test_difficult_objects_are_crowd_regions(tmp_path: Path) -> None:
    difficult = thing(box="50 50 90 70", more="<difficult>1</difficult>")
    root = write(
        tmp_path,
        {
            "v/a.xml": annotation("a.jpg", thing(more="<difficult>0</difficult>"), difficult),
            "p.csv": "image,x1,y1,x2,y2,label,score\na.jpg,1,2,30,40,cat,.9\na.jpg,50,50,90,70,cat,.8\n",
        },
    )
    run = ew.open_run(ground_truth=root / "v", predictions={1: root / "p.csv"}).load()
    counts = run.summary()[["true_positives", "false_positives", "false_negatives"]]
    assert counts.values.tolist() == [[1, 0, 0]]
    assert run.notes == [f"{root}/v: 1 difficult objects count as crowd regions"]


def test_a_size_of_zero_is_not_known(tmp_path: Path) -> None:
    root = write(tmp_path, {"v/a.xml": annotation("a.jpg", thing(), size="0 0")})
    assert truth(root / "v")[0].references[0].width is None


def test_the_image_is_named_by_its_file_where_nothing_else_does(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {"v/n01/x_1.xml": annotation("x_1"), "v/n02/x_1.xml": annotation(""), "v/n02/y.1.xml": annotation("y.1")},
    )
    records, _ = truth(root / "v", key="voc")
    assert [reference.image for reference in records.references] == ["n01/x_1", "n02/x_1", "n02/y.1"]


def test_image_sets_choose(tmp_path: Path) -> None:
    files = {
        "v/Annotations/a.xml": annotation("a.jpg", thing()),
        "v/Annotations/b.xml": annotation("b.jpg", thing()),
        "v/ImageSets/Main/train.txt": "b\n",
        "v/ImageSets/Main/val.txt": "a\n",
        "v/ImageSets/Main/cat_val.txt": "a 1\n",
        "v/JPEGImages/a.jpg": "",
    }
    root = write(tmp_path, files)
    records, facts = truth(root / "v")
    assert list(boxes(records)) == ["a"]
    assert records.notes == [
        "v/ImageSets/Main/val.txt: the 1 images of this set are read, of 2 annotated; "
        "give the folder Annotations for all"
    ]
    assert [folder.path for folder in facts.images] == [root / "v/JPEGImages"]
    assert list(boxes(truth(root / "v/Annotations")[0])) == ["a", "b"]


def test_images_beside_the_annotations_are_found(tmp_path: Path, real_data: Path) -> None:
    source = real_data / "objdet_formats/data/database"
    root = write(tmp_path, {"v/p.txt": ""})
    for folder, name in (("gts/pascalvoc_format", "2007_000027.xml"), ("images", "2007_000027.jpg")):
        (root / "v" / name).write_bytes((source / folder / name).read_bytes())
    (root / "v/p.txt").unlink()
    write(root, {"p.json": '[{"image_id": "2007_000027", "category_id": 0, "bbox": [174, 101, 175, 250], "score": 1}]'})
    run = ew.open_run(ground_truth=root / "v", predictions={1: root / "p.json"}, class_names=["person"])
    assert "images missing" not in repr(run)
    assert run.summary()["true_positives"].tolist() == [1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            annotation("a.jpg", thing(box="1 2 30")),
            r"a.xml: object\[0\].bndbox: expected 'ymax', found \['xmin', 'ymin', ",
        ),
        (annotation("a.jpg", thing(box="1 2 30 x")), r"a.xml: object\[0\].bndbox.ymax: expected a number, got 'x'"),
        (
            annotation("a.jpg", thing(box="1 2 30 1")),
            r"a.xml: object\[0\].bndbox: expected width and height of 0 or more",
        ),
        (annotation("a.jpg", thing(box="1 2 30 nan")), r"a.xml: object\[0\].bndbox: expected 4 numbers, got nan"),
        (annotation("a.jpg", thing(name=" ")), r"a.xml: object\[0\]: expected 'name', found \['name', 'bndbox'\]"),
        (
            annotation("a.jpg", "<object><name>cat</name></object>"),
            r"a.xml: object\[0\]: expected 'bndbox', found \['name'\]",
        ),
        (annotation("a.jpg", size="wide 3"), r"a.xml: size.width: expected a number, got 'wide'"),
        (annotation("b.jpg"), r"b.xml: filename: 'b.jpg' is that of v/a.xml too"),
        ("<annotation>\n<object>", r"a.xml:2: malformed XML: no element found"),
        (
            '<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>',
            r"a.xml: XML with entities of its own is not read",
        ),
    ],
)
def test_errors_name_file_and_place(tmp_path: Path, text: str, problem: str) -> None:
    root = write(tmp_path, {"v/a.xml": text, "v/b.xml": annotation("b.jpg")})
    with pytest.raises(ew.FormatError, match=problem):
        truth(root / "v", key="voc")


def test_entities_of_files_are_not_followed(tmp_path: Path) -> None:
    root = write(tmp_path, {"secret.txt": "cat"})
    entity = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{root}/secret.txt">]>'
    write(root, {"v/a.xml": entity + annotation("a.jpg", thing(name="&x;"))})
    with pytest.raises(ew.FormatError, match=r"a.xml: XML with entities of its own is not read"):
        truth(root / "v")


def test_a_folder_of_flickr30k_is_none_of_voc_s(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"f/Annotations/1.xml": annotation("1.jpg", thing(name="222")), "f/Sentences/1.txt": "a cat"}
    )
    assert format_of_ground_truth(content(root / "f")).key == "flickr30k"
