"""Pascal VOC: an XML file an image, alone or in a folder, or ImageNet's layout with ``Annotations`` and ``ImageSets``.

Read are ``filename``, ``size`` (``width, height``) and of each ``object`` its ``name``, ``bndbox`` (``xmin, ymin, xmax,
ymax``) and ``difficult``; parts of an object are not. Coordinates are kept as they are written: VOC's own files count
pixels from 1 and take the last one in, so that their boxes are one pixel further right and down, and one narrower, than
COCO's of the same object. An object that is ``difficult`` counts as a crowd region: neither found nor missed.

Source: the VOC development kit's documentation.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.class_numbers import numbers_as_names
from evalwidget.formats.content import Content
from evalwidget.formats.file_tree import FileTree, without_suffix
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Source, decoded_text
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.xml_source import read_xml
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_ROOT: Final = re.compile(rb"<annotation[\s>]")
#: The image sets of ImageNet's layout that are evaluated, by the first that is there.
_SETS: Final = ("val", "test", "default", "trainval", "train")
_SIDES: Final = ("xmin", "ymin", "xmax", "ymax")


def _is_voc(content: Content) -> bool:
    if not content.is_folder:
        return content.suffix == ".xml" and _is_annotation(content.source)
    inner = next((child for child in content.children if child.name == "Annotations" and child.is_folder), None)
    if inner is None:
        return _starts_with_annotation(content.children)
    # Flickr30k Entities has sentences beside such a folder, and chains of phrases in place of names
    return all(child.name != "Sentences" for child in content.children) and _holds_annotations(inner)


def _holds_annotations(folder: Source) -> bool:
    """Whether a folder, or the first folder in it, holds annotations."""
    children = folder.children()
    if _starts_with_annotation(children):
        return True
    inner = next((child for child in children if child.is_folder), None)
    return inner is not None and _starts_with_annotation(inner.children())


def _starts_with_annotation(children: Iterable[Source]) -> bool:
    first = next((child for child in children if child.suffix == ".xml"), None)
    return first is not None and _is_annotation(first)


def _is_annotation(source: Source) -> bool:
    return _ROOT.search(source.start(4096)) is not None


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    convention = Convention("xyxy", options.scale or "pixels")
    records = Records()
    builder = BoxRowsBuilder(convention, strict=True)
    images: tuple[Source, ...] = ()
    if content.is_folder:
        tree = FileTree(content.source)
        files = _evaluated(tree, records)
        images = tree.image_folders()
    else:
        files = {content.source.name: content.source}
    if not files:
        raise FormatError(content.shown, "expected XML files of annotations, found none")
    seen: dict[str, str] = {}
    difficult = 0
    for path, file in files.items():
        root = read_xml(file)
        if root.tag != "annotation":
            raise FormatError(file.shown, f"expected <annotation>, got <{root.tag:.60}>")
        image = _image(root, path)
        if image in seen:
            raise FormatError(file.shown, f"filename: {image!r:.60} is that of {seen[image]} too")
        seen[image] = file.shown
        width, height = _size(root, file)
        records.add_reference(Reference(file.shown, image=image, width=width, height=height))
        difficult += _add_objects(builder, len(records.references) - 1, root, file)
    if difficult:
        records.notes.append(f"{content.shown}: {difficult} difficult objects count as crowd regions")
    boxes = builder.rows()
    records.boxes.append(boxes)
    categories = numbers_as_names(boxes.label_names)
    return records, GroundTruthFacts("Pascal VOC", convention, categories, "object detection", images=images)


def _evaluated(tree: FileTree, records: Records) -> dict[str, Source]:
    """The annotations of a tree by their path from their folder on: those of its image set, where it has one."""
    below = "Annotations/" if any(path.startswith("Annotations/") for path in tree.files) else ""
    files = {path.removeprefix(below): file for path, file in tree.below(below).items() if file.suffix == ".xml"}
    sets = {without_suffix(path): file for path, file in tree.below("ImageSets/Main/").items()}
    chosen = next((name for name in _SETS if f"ImageSets/Main/{name}" in sets), None)
    if chosen is None:
        return files
    source = sets[f"ImageSets/Main/{chosen}"]
    names = {line.split()[0] for line in decoded_text(source).splitlines() if line.split()}
    found = {path: file for path, file in files.items() if without_suffix(path) in names}
    if len(found) < len(files):
        records.notes.append(
            f"{source.shown}: the {len(found)} images of this set are read, of {len(files)} annotated; "
            "give the folder Annotations for all"
        )
    return found


def _image(root: Any, path: str) -> str:
    """The image that an annotation names, in the folder that its file lies in; that of its file where it names none."""
    named = (root.findtext("filename") or "").strip().replace("\\", "/")
    folder, _, own = path.rpartition("/")
    name = named.rpartition("/")[2] or without_suffix(own)
    return f"{folder}/{name}" if folder else name


def _size(root: Any, file: Source) -> tuple[float | None, float | None]:
    """Width and height, None where they are not there; some tools write 0 for not known."""
    sides = [_number(root.findtext(f"size/{side}"), f"{file.shown}: size.{side}") for side in ("width", "height")]
    width, height = sides
    return (width, height) if width and height else (None, None)


def _add_objects(builder: BoxRowsBuilder, owner: int, root: Any, file: Source) -> int:
    """Add the objects of an image; the number of those that are difficult."""
    difficult = 0
    for place, entry in enumerate(root.findall("object")):
        where = f"{file.shown}: object[{place}]"
        name = (entry.findtext("name") or "").strip()
        if not name:
            raise FormatError(where, f"expected 'name', found {[part.tag for part in entry][:8]}")
        box = entry.find("bndbox")
        if box is None:
            raise FormatError(where, f"expected 'bndbox', found {[part.tag for part in entry][:8]}")
        values = [_number(box.findtext(side), f"{where}.bndbox.{side}") for side in _SIDES]
        absent = next((side for side, value in zip(_SIDES, values, strict=True) if value is None), None)
        if absent is not None:
            raise FormatError(f"{where}.bndbox", f"expected {absent!r}, found {[part.tag for part in box][:8]}")
        is_difficult = (entry.findtext("difficult") or "").strip() == "1"
        difficult += is_difficult
        builder.add(owner, name, values, f"{where}.bndbox", crowd=is_difficult)
    return difficult


def _number(text: str | None, where: str) -> float | None:
    if text is None or not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise FormatError(where, f"expected a number, got {text.strip()!r:.60}") from None


FORMATS: Final = (Format("voc", "Pascal VOC", _is_voc, _ground_truth),)
