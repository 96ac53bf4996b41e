"""Flickr30k Entities: captions with phrases, and the boxes of the things that they name.

A folder with ``Sentences/<id>.txt`` (a caption a line, its phrases marked ``[/EN#<chain>/<type> words]``) and
``Annotations/<id>.xml`` (``size``; an ``object`` has the chains it belongs to as ``name`` and a ``bndbox``, or
``nobndbox`` or ``scene``, which have none). A chain with several boxes makes a phrase with several; chain 0 is nothing
that can be seen, and no phrase. The images asked for are those of a list of ids given as a second file, or of
``<split>.txt`` in the folder, else all.

``bndbox`` counts pixels from 1; here they count from 0, as the data set's own code has it (subtracting 1 from all four
numbers). MDETR's copy of that code does not subtract.

Source: BryanPlummer/flickr30k_entities at 68b3d6f (README, flickr30k_entities_utils.py).
"""

import re
from typing import Final
from xml.etree.ElementTree import Element

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Source, decoded_text
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.phrases import PhraseBuilder
from evalwidget.formats.xml_source import read_xml
from evalwidget.records import Records, Reference

__all__ = ["FORMATS"]

_XYXY: Final = Convention("xyxy", "pixels")
_PHRASE: Final = re.compile(r"\[/EN#(\d+)((?:/[^\s/\]]+)*) ([^\[\]]*)\]")
_NOT_VISUAL: Final = "0"
_FOLDERS: Final = ("Sentences", "Annotations")
_EDGES: Final = ("xmin", "ymin", "xmax", "ymax")

#: A box by where it stands.
_Box = tuple[str, list[float]]


def _is_flickr30k(content: Content) -> bool:
    return any(_has_folders(part) for part in content.parts)


def _has_folders(part: Content) -> bool:
    return part.is_folder and set(_FOLDERS) <= {child.name for child in part.source.children() if child.is_folder}


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    root = next((part for part in content.parts if _has_folders(part)), None)
    if root is None:
        raise FormatError(content.shown, "expected a folder with Sentences and Annotations")
    sentences, annotations = (
        {file.stem: file for file in child.children()}
        for folder in _FOLDERS
        for child in root.source.children()
        if child.name == folder
    )
    records = Records()
    phrases = PhraseBuilder(records, _XYXY)
    boxless = 0
    for where, identity in _identities(content, root, options.split) or [(root.shown, name) for name in sentences]:
        if identity not in sentences or identity not in annotations:
            absent = "Sentences" if identity not in sentences else "Annotations"
            raise FormatError(where, f"image {identity} has no file in {absent}")
        boxless += _add_image(records, phrases, identity, sentences[identity], annotations[identity])
    phrases.done()
    if boxless:
        records.notes.append(
            f"{root.shown}: {boxless:,} phrases name scenes and the like, without a box; what is predicted for them "
            "counts as false positive"
        )
    return records, GroundTruthFacts("Flickr30k Entities", _XYXY)


def _identities(content: Content, root: Content, split: str | None) -> list[tuple[str, str]]:
    """Where each image id asked for stands, and the id; empty where all are."""
    lists = [part.source for part in content.parts if part is not root]
    if not lists and split is not None:
        lists = [child for child in root.source.children() if child.name == f"{split}.txt"]
        if not lists:
            raise FormatError(root.shown, f"split {split!r}: expected a list of image ids, {split}.txt")
    return [
        (f"{source.shown}:{number}", line.strip())
        for source in lists
        for number, line in enumerate(decoded_text(source).split("\n"), start=1)
        if line.strip()
    ]


def _add_image(records: Records, phrases: PhraseBuilder, identity: str, sentences: Source, annotations: Source) -> int:
    """Add an image's captions and phrases; returns how many phrases have no box."""
    root = read_xml(annotations)
    width, height = (_number(root, f"size/{side}", annotations.shown) for side in ("width", "height"))
    boxes = _boxes_by_chain(root, annotations.shown)
    added, boxless = set(), 0
    for number, line in enumerate(decoded_text(sentences).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{sentences.shown}:{number}"
        caption = _PHRASE.sub(r"\3", line).strip()
        if "[/EN#" in caption:
            place = caption.index("[/EN#")
            raise FormatError(where, f"expected [/EN#chain/type words], found {caption[place:]!r:.60}")
        records.add_reference(
            Reference(
                where,
                image=root.findtext("filename") or f"{identity}.jpg",
                source_id=identity,
                width=width,
                height=height,
                caption=caption,
            )
        )
        for chain, _, words in _PHRASE.findall(line):
            phrase = words.strip()
            if chain == _NOT_VISUAL or not phrase or (chain, phrase) in added:
                continue
            added.add((chain, phrase))
            if chain in boxes:
                phrases.add(len(records.references) - 1, phrase, boxes[chain], where, item=f"{chain}/{phrase}")
            else:
                boxless += 1
    return boxless


def _boxes_by_chain(root: Element, shown: str) -> dict[str, list[_Box]]:
    found: dict[str, list[_Box]] = {}
    for place, entry in enumerate(root.findall("object")):
        where = f"{shown}: object[{place}]"
        if entry.find("bndbox") is None:
            continue
        x1, y1, x2, y2 = (_number(entry, f"bndbox/{edge}", where) for edge in _EDGES)
        for name in entry.findall("name"):
            box = (f"{where}: bndbox", [x1 - 1, y1 - 1, x2 - 1, y2 - 1])
            found.setdefault((name.text or "").strip(), []).append(box)
    return found


def _number(entry: Element, path: str, where: str) -> float:
    text = entry.findtext(path)
    try:
        return float(text or "")
    except ValueError:
        raise FormatError(where, f"{path}: expected a number, got {text!r:.60}") from None


FORMATS: Final = (Format("flickr30k", "Flickr30k Entities", _is_flickr30k, _ground_truth, has_splits=True),)
