"""Formats on disk: a file a format or a family of them, and here the registry that recognises them by their content."""

from typing import Final

from evalwidget.errors import FormatError, UnknownNameError
from evalwidget.formats import (
    attempts,
    box_arrays,
    box_table,
    captions,
    coco,
    conversations,
    cvat,
    expression_results,
    expression_rows,
    flickr30k,
    frames,
    harness_samples,
    llava_answers,
    llava_boxes,
    mdetr,
    ms_swift,
    odvg,
    open_images,
    plain,
    question_rows,
    refcoco,
    saved,
    scores_first,
    vi,
    vi_export,
    vlmevalkit,
    voc,
    vqa,
    wandb_table,
    yolo,
)
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Source
from evalwidget.formats.model_text import read_remaining
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.refused import reason_not_to_read
from evalwidget.records import Records

__all__ = [
    "FORMATS",
    "Content",
    "Format",
    "GroundTruthFacts",
    "GroundTruthOptions",
    "PredictionOptions",
    "Source",
    "format_of_ground_truth",
    "format_of_predictions",
    "read_ground_truth",
    "read_predictions",
]

#: Asked in this order; the first that recognises the content reads it. Formats told by few marks come last.
FORMATS: Final[tuple[Format, ...]] = (
    *saved.FORMATS,
    *refcoco.FORMATS,
    *flickr30k.FORMATS,
    *vi_export.FORMATS,
    *mdetr.FORMATS,
    *captions.FORMATS,
    *odvg.FORMATS,
    *expression_rows.FORMATS,
    *expression_results.FORMATS,
    *ms_swift.FORMATS,
    *llava_boxes.FORMATS,
    *attempts.FORMATS,
    *coco.FORMATS,
    *voc.FORMATS,
    *cvat.FORMATS,
    *open_images.FORMATS,
    *box_table.FORMATS,
    *box_arrays.FORMATS,
    *yolo.FORMATS,
    *scores_first.FORMATS,
    *vi.FORMATS,
    *vqa.FORMATS,
    *harness_samples.FORMATS,
    *llava_answers.FORMATS,
    *vlmevalkit.FORMATS,
    *wandb_table.FORMATS,
    *conversations.FORMATS,
    *question_rows.FORMATS,
    *frames.FORMATS,
    *plain.FORMATS,
)


def read_ground_truth(
    content: Content, options: GroundTruthOptions, key: str | None = None
) -> tuple[Records, GroundTruthFacts]:
    """Read ground truth in the format of this key, or whatever known format ``content`` is in."""
    known = format_of_ground_truth(content, key)
    assert known.ground_truth is not None
    if options.split is not None and not known.has_splits:
        raise FormatError(content.shown, f"split {options.split!r}: {known.name} ground truth has no splits")
    return known.ground_truth(content, options)


def read_predictions(content: Content, options: PredictionOptions, key: str | None = None) -> Records:
    """Read the predictions of one step in the format of this key, or whatever known format ``content`` is in."""
    known = format_of_predictions(content, key)
    assert known.predictions is not None
    records = known.predictions(content, options)
    read_remaining(records, options)
    if records.is_unlabelled:
        records = records.without_labels()
    records.source, records.format = content.shown, known.name
    return records


def format_of_ground_truth(content: Content, key: str | None = None) -> Format:
    """The format that ``content`` is in. Raises ``FormatError`` where none reads ground truth from it, and
    ``UnknownNameError`` for a key that is not there."""
    return _chosen(content, [known for known in FORMATS if known.ground_truth], key, "ground_truth_format")


def format_of_predictions(content: Content, key: str | None = None) -> Format:
    """The format that ``content`` is in. Raises ``FormatError`` where none reads predictions from it, and
    ``UnknownNameError`` for a key that is not there."""
    return _chosen(content, [known for known in FORMATS if known.predictions], key, "prediction_format")


def _chosen(content: Content, formats: list[Format], key: str | None, setting: str) -> Format:
    if key is not None:
        named = next((known for known in formats if known.key == key), None)
        if named is None:
            raise UnknownNameError(f"{setting} {key!r}: expected one of {', '.join(known.key for known in formats)}")
        return named
    found = next((known for known in formats if known.recognises(content)), None)
    if found is None and (reason := reason_not_to_read(content)) is not None:
        raise FormatError(content.shown, reason)
    if found is None:
        what = "ground truth" if setting == "ground_truth_format" else "predictions"
        raise FormatError(
            content.shown,
            f"expected {what} in a format that docs/formats.md lists, found {_outline(content)}; "
            f"name one as {setting}=",
        )
    return found


def _outline(content: Content) -> str:
    if content.is_folder:
        return "a folder without files of one"
    if content.is_json_object:
        return f"JSON with keys {sorted(content.fields)[:5]}"
    if content.is_json_list or content.first:
        return f"rows with {sorted(map(str, content.first))[:8]}" if content.first else "a list without objects"
    if content.suffix == ".json":
        return f"JSON with {type(content.document).__name__}"
    return f"a file ending in {content.suffix or 'nothing'!r}"
