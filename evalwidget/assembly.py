"""Records of a source put together, specimen by specimen, into the tables of a run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES, corners_and_size
from evalwidget.errors import FormatError
from evalwidget.labels import Labels, folded
from evalwidget.metrics.text import normalised_answer
from evalwidget.records import AnswerRow, BoxRows, QuestionRow, Records, Reference
from evalwidget.specimens import Specimens, joining_name
from evalwidget.tables import Answers, Boxes, Defect, Questions, offsets_of

__all__ = [
    "NO_LABEL",
    "answers_table",
    "boxes_table",
    "check_items",
    "comparable_parts",
    "images_and_questions",
    "labelled_boxes",
    "phrased_boxes",
    "questions_table",
]

#: The label of predictions without one, where their specimen has several phrases.
NO_LABEL = "(no label)"


def boxes_table(
    parts: Sequence[BoxRows],
    owner: NDArray[np.int64],
    place: Callable[[str], int],
    sizes: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    specimens: int,
) -> Boxes:
    """One table of all ``parts``, whose references belong to specimens ``owner`` (-1: to none, left out).

    ``place`` numbers a label's name; ``sizes`` gives image sizes ``(n, 2)`` of specimens ``(n,)``.
    """
    has_masks = any(part.masks is not None for part in parts)
    columns: list[list[NDArray]] = []
    defects: dict[int, Defect] = {}
    count = 0
    for part in parts:
        specimen = owner[part.owner]
        kept = np.flatnonzero(specimen >= 0)
        keep = slice(None) if len(kept) == len(specimen) else kept
        specimen = specimen[keep]
        places = np.array([*(place(name) for name in part.label_names), -1], np.int32)
        scale = sizes(specimen) if part.convention.is_relative else np.broadcast_to(1.0, (len(kept), 2))
        corners, size = corners_and_size(part.values[keep], part.convention, scale)
        given = part.area[keep]
        area = np.where(np.isnan(given), size[:, 0] * size[:, 1], given)
        label, score, crowd = places[part.label[keep]], part.score[keep], part.crowd[keep]
        found = [specimen, corners, size, area, label, score, crowd, part.state[keep], part.item[keep]]
        if has_masks:
            masks = [None] * len(part.owner) if part.masks is None else part.masks
            found.append(np.fromiter(masks, np.object_, len(masks))[keep])
        columns.append(found)
        if part.defects:
            moved = {int(old): count + new for new, old in enumerate(kept)}
            defects |= {moved[old]: defect for old, defect in part.defects.items() if old in moved}
        count += len(kept)
    if not count:
        return Boxes.empty(specimens)
    joined = columns[0] if len(columns) == 1 else [np.concatenate(column) for column in zip(*columns, strict=True)]
    if (np.diff(joined[0]) < 0).any():
        order = np.argsort(joined[0], kind="stable")
        joined = [column[order] for column in joined]
        moved = {int(old): new for new, old in enumerate(order)} if defects else {}
        defects = {moved[old]: defect for old, defect in defects.items()}
    specimen, corners, size, area, label, score, crowd, state, item, *given_masks = joined
    return Boxes(
        offsets_of(specimen, specimens),
        corners,
        size,
        area,
        label,
        score,
        crowd,
        state,
        item,
        defects,
        given_masks[0] if given_masks else None,
    )


def comparable_parts(
    parts: Sequence[BoxRows],
    owner: NDArray[np.int64],
    references: Sequence[Reference],
    truth_is_relative: bool | None,
    has_size: Callable[[int], bool],
) -> list[BoxRows]:
    """``parts`` with the boxes invalid that cannot be put beside their ground truth: one side counts in pixels, the
    other in parts of an image, and the image's size is not known. ``truth_is_relative`` is None without ground truth.
    """
    if truth_is_relative is None:
        return list(parts)
    found = []
    for part in parts:
        if part.convention.is_relative == truth_is_relative:
            found.append(part)
            continue
        specimens = np.unique(owner[part.owner])
        sizeless = np.array([row for row in specimens.tolist() if row >= 0 and not has_size(row)], np.int64)
        lost = np.flatnonzero(np.isin(owner[part.owner], sizeless) & np.isfinite(part.values).all(axis=1))
        values, state = part.values.copy(), part.state.copy()
        values[lost], state[lost] = np.nan, PARSE_STATES.index("size_unknown")
        ours, theirs = ("parts of the image", "pixels") if not truth_is_relative else ("pixels", "parts of the image")
        problem = f"boxes in {ours}, ground truth in {theirs}: expected the image, or its width and height"
        defects = {
            int(row): Defect(f"{references[part.owner[row]].where}: {problem}", repr(part.values[row].tolist()))
            for row in lost
        }
        found.append(replace(part, values=values, state=state, defects=part.defects | defects))
    return found


def labelled_boxes(boxes: Boxes, truth: Boxes, labels: Labels) -> Boxes:
    """``boxes`` with a label where they have none: that of the item they name, else the one phrase of their specimen;
    where it has several, ``NO_LABEL``."""
    bare = np.flatnonzero(boxes.label < 0)
    if not len(bare):
        return boxes
    label = boxes.label.copy()
    for row in bare:
        own = slice(*truth.offsets[boxes.specimen[row] : boxes.specimen[row] + 2])
        named = truth.label[own][truth.item[own] == boxes.item[row]] if boxes.item[row] is not None else ()
        asked = np.unique(named if len(named) else truth.label[own])
        label[row] = asked[0] if len(asked) == 1 else labels.place(NO_LABEL)
    return replace(boxes, label=label)


def phrased_boxes(boxes: Boxes, truth: Boxes, labels: Labels) -> Boxes:
    """``boxes`` with a phrase of their specimen's ground truth where theirs is not one of these and differs from
    exactly one of them in case, punctuation, articles and white space alone."""
    count = len(labels)
    own = np.unique(truth.specimen * count + truth.label)
    strange = np.flatnonzero(~np.isin(boxes.specimen * count + boxes.label, own) & (boxes.label >= 0))
    if not len(strange):
        return boxes
    places: dict[str, int] = {}
    alike = np.array([places.setdefault(normalised_answer(name), len(places)) for name in labels.names], np.int64)
    meant, first, times = np.unique(
        own // count * len(places) + alike[own % count], return_index=True, return_counts=True
    )
    wanted = boxes.specimen[strange] * len(places) + alike[boxes.label[strange]]
    found = np.minimum(np.searchsorted(meant, wanted), max(len(meant) - 1, 0))
    # a phrase of articles and punctuation alone has nothing to be told by
    sure = np.isin(wanted, meant[times == 1]) & (alike[boxes.label[strange]] != places.get("", -1))
    label = boxes.label.copy()
    label[strange[sure]] = (own % count)[first[found[sure]]]
    return replace(boxes, label=label)


def check_items(records: Records, owner: NDArray[np.int64], boxes: Boxes, labels: Labels, specimens: Specimens) -> None:
    """Raise ``FormatError`` where ground truth holds an item twice: a phrase twice in one caption, or a box that
    stands twice, label, corners and all, without an id to tell the two apart."""
    seen: dict[tuple[int, str, str], str] = {}
    for phrase in records.phrases:
        key = (int(owner[phrase.owner]), records.references[phrase.owner].caption, phrase.item)
        if key in seen:
            raise FormatError(
                phrase.where,
                f"the same item twice: {phrase.item!r} stands at {seen[key]} already; "
                "put its boxes together, or give each an 'item' of its own",
            )
        seen[key] = phrase.where
    # a COCO annotation has an id of its own, so only the others can stand twice
    names = [str(item) for item in boxes.item.tolist()]
    if len(set(names)) == len(names):
        return
    _, item = np.unique(np.array(names), return_inverse=True)
    keys = np.column_stack([boxes.specimen, boxes.label, item, boxes.corners])
    _, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        row = first[np.argmax(counts > 1)]
        raise FormatError(
            f"ground truth of {specimens.identifiers[boxes.specimen[row]]}",
            f"the same item twice: {labels.names[boxes.label[row]]!r} at {boxes.corners[row].tolist()}; "
            "remove one, or give each an 'item' of its own",
        )


def questions_table(rows: Sequence[QuestionRow], owner: NDArray[np.int64], specimens: Specimens) -> Questions:
    """Questions by specimen, in their order. Raises ``FormatError`` where one stands twice without an item to tell the
    two apart."""
    if not rows:
        return Questions.empty(len(specimens))
    specimen = owner[[row.owner for row in rows]]
    order = np.argsort(specimen, kind="stable")
    ordered = [rows[place] for place in order]
    offsets = offsets_of(specimen, len(specimens))
    items: list[str] = []
    seen: set[tuple[int, str, str]] = set()
    for place, (row, owning) in enumerate(zip(ordered, specimen[order].tolist(), strict=True)):
        item = row.item if row.item is not None else str(place - offsets[owning])
        identity = (owning, "item", item) if row.item is not None else (owning, "question", folded(row.question))
        if identity in seen or (owning, "item", item) in seen:
            raise FormatError(
                row.where,
                f"the same item twice: {specimens.identifiers[owning]} has {row.question or item!r} already; "
                "remove one, or give each an 'item' of its own",
            )
        seen |= {identity, (owning, "item", item)}
        items.append(item)
    return Questions(offsets, items, [row.question for row in ordered], [row.references for row in ordered])


def answers_table(
    rows: Sequence[AnswerRow],
    owner: NDArray[np.int64],
    questions: Questions,
    specimens: Specimens,
    meant: Mapping[int, int],
) -> tuple[Answers, list[AnswerRow]]:
    """Answers by question, and those to questions that the run does not have. ``meant`` has the question of a record
    whose place tells it. Raises ``FormatError`` where a question is answered twice, or an answer could belong to
    several questions."""
    answers = Answers.empty(len(questions))
    unasked: list[AnswerRow] = []
    specimen_of, offsets = owner.tolist(), questions.offsets.tolist()
    for answer in rows:
        specimen = specimen_of[answer.owner]
        if specimen < 0:
            continue
        row = meant.get(answer.owner)
        if row is None:
            asked = range(offsets[specimen], offsets[specimen + 1])
            row = _question_of(answer, asked, questions, specimens.identifiers[specimen])
        if row is None:
            unasked.append(answer)
            continue
        if answers.recorded[row]:
            raise FormatError(
                answer.where,
                f"the same item twice: {specimens.identifiers[specimen]} has an answer to "
                f"{questions.question[row] or questions.item[row]!r} already; keep one",
            )
        answers.recorded[row] = True
        answers.text[row] = answer.text
        answers.state[row] = PARSE_STATES.index(answer.state)
        if answer.score is not None:
            answers.score[row] = answer.score
        if answer.defect is not None:
            answers.defects[row] = answer.defect
    return answers, unasked


def images_and_questions(steps: Sequence[Records], join: str | None = None) -> Records:
    """Ground truth of a run that has none: the images, and the questions, that its predictions name. ``join`` is the
    method, of ``specimens.METHODS``, by which a later step's records are the same images as an earlier one's."""
    merged = Records()
    asked: set[tuple[str, str | None, str]] = set()
    places: dict[str, int] = {}
    if join == "order" or any(reference.is_nameless for records in steps for reference in records.references):
        steps = steps[:1]
    for records in steps:
        owner = []
        for reference in records.references:
            name = joining_name(reference, join)
            if name is None or name not in places:
                owner.append(merged.add_reference(replace(reference, annotated=False)))
                if name is not None:
                    places[name] = owner[-1]
            else:
                owner.append(places[name])
        for answer in records.answers:
            reference = records.references[answer.owner]
            name = str(answer.owner) if reference.is_nameless else joining_name(reference, join) or reference.shown
            key = (name, answer.item, answer.question or "")
            if key not in asked:
                asked.add(key)
                row = QuestionRow(owner[answer.owner], answer.where, answer.item, answer.question or "", ())
                merged.questions.append(row)
        merged.images = records.images | merged.images
    return merged


def _question_of(answer: AnswerRow, rows: range, questions: Questions, specimen: str) -> int | None:
    """The question answered, among those of its specimen: named by its item, by its words, or the only one."""
    if answer.item is not None:
        return next((row for row in rows if questions.item[row] == answer.item), None)
    if answer.question is not None:
        same = list(_asking(answer.question, rows, questions))
        if len(same) > 1:
            raise FormatError(
                answer.where,
                f"{specimen} is asked {answer.question!r} more than once; name the 'item'",
            )
        if same:
            return same[0]
    if len(rows) == 1:
        return rows[0]
    if answer.question is None and len(rows) > 1:
        raise FormatError(
            answer.where,
            f"{specimen} has {len(rows)} questions; name the 'item' or the 'question'",
        )
    return None


def _asking(question: str, rows: range, questions: Questions) -> Iterator[int]:
    wanted = folded(question)
    return (row for row in rows if folded(questions.question[row]) == wanted)
