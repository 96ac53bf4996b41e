"""Where a YOLO dataset keeps images, labels and class names: a folder of labels, Ultralytics' layout or Darknet's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.class_names import read_class_names
from evalwidget.formats.content import Content
from evalwidget.formats.file_tree import FileTree, without_suffix
from evalwidget.formats.json_source import Source, decoded_text
from evalwidget.formats.label_files import label_files
from evalwidget.formats.yaml_source import read_yaml
from evalwidget.images import IMAGE_SUFFIXES

__all__ = ["LabelledImage", "YoloDataset", "is_yolo_layout", "yolo_dataset"]

_YAML: Final = (".yaml", ".yml")
_NAME_FILES: Final = ("classes.txt", "obj.names", "_darknet.labels", "labels.txt", "classes.names")
_NAMES: Final = re.compile(rb"^names\s*:", re.MULTILINE)
#: What is evaluated of a dataset, by the first of these names that it has.
_SPLITS: Final = ("val", "valid", "validation", "test", "train")


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image by its path from the dataset's folder on, or by its name without extension where it is not there;
    ``labels`` is None where it has no label file."""

    image: str
    labels: Source | None
    where: str


@dataclass(slots=True)
class YoloDataset:
    """``names`` by class id, None where there are none; ``has_keypoints`` where points follow each box."""

    root: Source
    images: list[LabelledImage]
    names: dict[str, str] | None = None
    has_keypoints: bool = False
    notes: list[str] = field(default_factory=list)


def is_yolo_layout(content: Content) -> bool:
    """Whether names alone tell a YOLO dataset: its ``data.yaml`` or ``obj.data``, or a folder that has one or both of
    ``images`` and ``labels``."""
    if content.is_folder:
        names = {child.name for child in content.children}
        described = any(child.suffix == ".data" or _is_description(child) for child in content.children)
        return described or {"images", "labels"} <= names or ("labels" in names and _holds_labels(content))
    return any(part.suffix == ".data" or _is_description(part.source) for part in content.parts)


def yolo_dataset(content: Content) -> YoloDataset:
    """The dataset of a folder, a description (``data.yaml``, ``obj.data``), or a folder with a file of names.

    Raises ``FormatError`` where no label file or image is found.
    """
    folders = [part.source for part in content.parts if part.is_folder]
    files = [part.source for part in content.parts if not part.is_folder]
    root = folders[0] if folders else files[0].folder
    tree = FileTree(root)
    top = [file for path, file in tree.files.items() if "/" not in path]
    given = next((file for file in files if file.suffix == ".data" or _is_description(file)), None)
    description = given or next((file for file in top if _is_description(file) or file.suffix == ".data"), None)
    names, fields, notes = _names(tree, files, description), _fields(description), list[str]()
    has_keypoints = "kpt_shape" in fields
    splits = [split for split in _SPLITS if fields.get(split)] if not (folders and given) else []
    if splits:
        assert description is not None
        images = list(_split_images(tree, fields, splits[0], description))
        if len(splits) > 1:
            notes.append(f"{description.shown}: '{splits[0]}' is read, of {', '.join(splits)}")
    else:
        images = list(_all_labels(tree, notes))
    if not images:
        raise FormatError(content.shown, "expected label files such as labels/a.txt, found none")
    bare = sum(entry.labels is None for entry in images)
    if bare == len(images):
        raise FormatError(content.shown, f"expected label files such as labels/a.txt for {bare} images, found none")
    if bare:
        notes.append(f"{content.shown}: {bare} images without a label file were taken to hold nothing, as YOLO does")
    return YoloDataset(root, images, names, has_keypoints, notes)


def _is_description(file: Source) -> bool:
    return file.suffix in _YAML and _NAMES.search(file.start(262_144)) is not None


def _holds_labels(content: Content) -> bool:
    folder = next(child for child in content.children if child.name == "labels")
    return folder.is_folder and any(file.suffix == ".txt" for file in folder.files().values())


def _fields(description: Source | None) -> dict[str, Any]:
    if description is None:
        return {}
    if description.suffix in _YAML:
        return read_yaml(description)
    lines = [line.split("#")[0].partition("=") for line in decoded_text(description).splitlines()]
    return {name.strip(): value.strip() for name, sign, value in lines if sign}


def _names(tree: FileTree, files: Iterable[Source], description: Source | None) -> dict[str, str] | None:
    """Class names from the description, from a file given beside the folder, or from one that lies in it."""
    if description is not None and description.suffix in _YAML:
        return read_class_names(description)
    if description is not None:
        named = _fields(description).get("names")
        found = tree.find(str(named)) if named else None
        if found is not None:
            return read_class_names(found)
    given = next((file for file in files if file.suffix in (".names", ".txt", ".json", *_YAML)), None)
    if given is not None:
        return read_class_names(given)
    likely = [file for file in tree.files.values() if file.name in _NAME_FILES or file.suffix == ".names"]
    likely = [file for file in likely if not label_files([file])]
    return read_class_names(min(likely, key=lambda file: file.shown.count("/"))) if likely else None


def _split_images(tree: FileTree, fields: dict[str, Any], split: str, description: Source) -> Iterable[LabelledImage]:
    """The images of a split: those in its folders, and those that its lists name."""
    stated = fields[split]
    where = f"{description.shown}: {split}"
    for entry in stated if isinstance(stated, list) else [stated]:
        if not isinstance(entry, str):
            raise FormatError(where, f"expected a folder or a list of images, got {entry!r:.60}")
        base = fields.get("path")
        path = f"{base}/{entry}" if isinstance(base, str) else entry
        listed = tree.find(path) if entry.endswith(".txt") else None
        folder = None if listed else tree.folder(path) or tree.folder(_swapped(path, "images", "labels"))
        if listed is not None:
            yield from _listed_images(tree, listed)
        elif folder is not None:
            yield from _folder_images(tree, folder)
        else:
            raise FormatError(
                where,
                f"{entry} was not found below {tree.root.shown}; give the folder of labels and this file together, "
                "as ground_truth=[folder, file]",
            )


def _listed_images(tree: FileTree, listed: Source) -> Iterable[LabelledImage]:
    for number, line in enumerate(decoded_text(listed).splitlines(), start=1):
        path = line.strip()
        if not path:
            continue
        image, where = tree.find(path), f"{listed.shown}:{number}"
        labels = [f"{without_suffix(name)}.txt" for name in (_swapped(path, "images", "labels"), path)]
        found = next((file for name in labels if (file := tree.find(name)) is not None), None)
        yield LabelledImage(path if image is None else _path_in(tree, image), found, where)


def _folder_images(tree: FileTree, folder: str) -> Iterable[LabelledImage]:
    """The images of a folder, and the labels beside them, or in the folder of labels that stands for it."""
    labels = _swapped(folder, "images", "labels")
    inside = tree.below(folder)
    found = dict.fromkeys(without_suffix(path) for path, file in inside.items() if file.suffix in IMAGE_SUFFIXES)
    own = label_files(tree.below(labels).values())
    of_labels = {_swapped(without_suffix(_path_in(tree, file)), "labels", "images"): file for file in own}
    for stem in dict.fromkeys([*found, *of_labels]):
        yield _labelled(tree, stem, of_labels.get(stem))


def _all_labels(tree: FileTree, notes: list[str]) -> Iterable[LabelledImage]:
    """Every label file of the tree, or of the first of the splits that it has; and the images beside them."""
    folders = {path.rpartition("/")[0] for path, file in tree.files.items() if file.suffix in (".txt", *IMAGE_SUFFIXES)}
    splits = [split for split in _SPLITS if any(split in folder.split("/") for folder in folders)]
    files = tree.files
    if splits:
        files = {path: file for path, file in files.items() if splits[0] in path.split("/")[:-1]}
        if len(splits) > 1:
            notes.append(f"{tree.root.shown}: '{splits[0]}' is read, of {', '.join(splits)}")
    of_labels = {
        _swapped(without_suffix(_path_in(tree, file)), "labels", "images"): file for file in label_files(files.values())
    }
    images = (without_suffix(path) for path, file in files.items() if file.suffix in IMAGE_SUFFIXES)
    for stem in dict.fromkeys([*of_labels, *images]):
        yield _labelled(tree, stem, of_labels.get(stem))


def _labelled(tree: FileTree, stem: str, labels: Source | None) -> LabelledImage:
    """The image of a path without extension; where it is not in the tree, it is named by what its labels are called."""
    image = tree.images.get(stem)
    if image is None and labels is not None:
        image = tree.images.get(without_suffix(_path_in(tree, labels)))
    where = labels.shown if labels is not None else f"{tree.root.shown}/{image}"
    return LabelledImage(image or stem.rpartition("/")[2], labels, where)


def _path_in(tree: FileTree, file: Source) -> str:
    shown = tree.root.shown
    return file.shown if shown in ("", ".") else file.shown.removeprefix(f"{shown}/")


def _swapped(path: str, old: str, new: str) -> str:
    """``path`` with its last part ``old`` called ``new``."""
    parts = path.split("/")
    for place in range(len(parts) - 1, -1, -1):
        if parts[place] == old:
            return "/".join([*parts[:place], new, *parts[place + 1 :]])
    return path
