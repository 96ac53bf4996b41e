"""The contract between Python and the front end, as types; ``js/src/protocol.ts`` mirrors it.

Small lasting state that a user may read or set travels as traits of ``EvalWidget`` (``step``, ``specimen``, ``score``,
``sort_by``, ``sort_reversed``, ``compare_step`` and ``_hidden_overlays``, both ways; ``_run`` and ``_overlays`` towards
the browser). Everything bulky is
asked for by a request on the data channel and answered by one reply, or by an ``ErrorReply``, with the id of the
request. Ids start with a random prefix of the view that asked, because every browser tab on a kernel hears every reply.

Binary parts of a reply travel as buffers; ``buffers`` in the reply names them, in order, and ``BUFFERS`` says what
each holds.
"""

from typing import Final, Literal, TypedDict

from evalwidget.dynamics.learning import LEARNING_STATES
from evalwidget.scoring.evaluation import OUTCOMES, STATUSES

__all__ = [
    "BUFFERS",
    "DRAWING_ARGUMENTS",
    "DRAWING_COMMANDS",
    "DRAWING_NUMBERS",
    "DRAWING_STYLES",
    "FILTERS",
    "HEALTHY",
    "LEARNING_STATES",
    "OUTCOMES",
    "OVERLAY_PANELS",
    "SORTS",
    "STATUSES",
    "Answer",
    "DrawingPaint",
    "DrawingSpan",
    "ErrorReply",
    "FailureMode",
    "Finding",
    "FindingsReply",
    "FindingsRequest",
    "GoodCriterion",
    "Image",
    "Invalid",
    "Label",
    "LabelCount",
    "LabelsReply",
    "LabelsRequest",
    "LearningReply",
    "LearningRequest",
    "ModeCountsReply",
    "ModeCountsRequest",
    "ModesReply",
    "ModesRequest",
    "NamesReply",
    "NamesRequest",
    "OtherRun",
    "OverlayInfo",
    "OverlaysInfo",
    "OverlaysReply",
    "OverlaysRequest",
    "Question",
    "RanksReply",
    "RanksRequest",
    "RunInfo",
    "Score",
    "ScoresReply",
    "ScoresRequest",
    "SearchReply",
    "SearchRequest",
    "SpecimenReply",
    "SpecimenRequest",
    "StepFindings",
    "SummaryReply",
    "SummaryRequest",
    "TrendsReply",
    "TrendsRequest",
]

#: What the list of specimens may be sorted by: the order of the run, the identifier, the score in sight, its change
#: from another step, the step it was learned at, how often it was forgotten.
SORTS: Final = ("order", "identifier", "score", "change", "learned_at", "forgetting")

#: What the list may be narrowed by, the keys of the trait ``filter``: text that a specimen holds, a phrase or class of
#: its ground truth, one of ``LEARNING_STATES``, and a failure mode it shows at the step in sight, or "none".
FILTERS: Final = ("text", "label", "learning", "mode")
#: ``mode`` of the specimens that are judged and show no failure mode.
HEALTHY: Final = "none"

#: What an overlay is drawn over.
OVERLAY_PANELS: Final = ("prediction", "truth", "both")

#: What can be drawn, by ipycanvas's own names; a recorded command begins with its place here.
DRAWING_COMMANDS: Final = (
    *("fillRect", "strokeRect", "clearRect", "fillRects", "strokeRects", "fillStyledRects", "strokeStyledRects"),
    *("fillCircle", "strokeCircle", "fillCircles", "strokeCircles", "fillStyledCircles", "strokeStyledCircles"),
    *("fillArc", "strokeArc", "fillArcs", "strokeArcs", "fillStyledArcs", "strokeStyledArcs"),
    *("fillPolygon", "strokePolygon", "fillPolygons", "strokePolygons", "fillStyledPolygons", "strokeStyledPolygons"),
    *("strokeLine", "strokeLines", "strokeLineSegments", "strokeStyledLineSegments"),
    *("beginPath", "closePath", "moveTo", "lineTo", "rect", "arc", "ellipse", "arcTo"),
    *("quadraticCurveTo", "bezierCurveTo", "stroke", "fill", "strokePath", "fillPath", "clip"),
    *("fillText", "strokeText", "drawImage", "putImageData", "set", "setLineDash"),
    *("save", "restore", "translate", "rotate", "scale", "transform", "setTransform", "resetTransform", "clear"),
)
#: What the command "set" sets, by its first argument.
DRAWING_STYLES: Final = (
    *("fillStyle", "strokeStyle", "globalAlpha", "font", "textAlign", "textBaseline", "direction"),
    *("globalCompositeOperation", "lineWidth", "lineCap", "lineJoin", "miterLimit", "lineDashOffset"),
    *("shadowOffsetX", "shadowOffsetY", "shadowBlur", "shadowColor", "filter", "imageSmoothingEnabled"),
)
#: What an argument of a command is: itself, or the place of what it refers to.
DRAWING_ARGUMENTS: Final = ("number", "text", "array", "image", "paint")
#: Element types of the arrays that commands refer to.
DRAWING_NUMBERS: Final = ("u8", "i32", "f32", "f64")

#: Element type of each named buffer. n: ground truth boxes of the specimen; s: steps in the reply; m: predictions of
#: all those steps, one step after another. Corners are x1 y1 x2 y2 in pixels of the original image.
BUFFERS: Final = {
    "image": "u8",  # the encoded image, empty where there is none or it was not asked for
    "truth_corners": "f32",  # (n, 4)
    "truth_label": "u32",  # (n,) places in SpecimenReply.labels
    "truth_crowd": "u8",  # (n,) 1 for a crowd region
    "truth_outcome": "u8",  # (s, n) places in OUTCOMES
    "truth_iou": "f32",  # (s, n) IoU with the matching prediction, NaN where there is none
    "truth_match": "i32",  # (s, n) place of the matching prediction among those of the step, -1 where there is none
    "offsets": "u32",  # (s + 1,) predictions of step i are rows offsets[i]:offsets[i + 1]
    "corners": "f32",  # (m, 4), NaN for an invalid prediction
    "label": "u32",  # (m,) places in SpecimenReply.labels
    "score": "f32",  # (m,) confidence, NaN where the model gave none
    "outcome": "u8",  # (m,) places in OUTCOMES
    "iou": "f32",  # (m,) IoU with the matched ground truth box, NaN where there is none
    "scores": "f32",  # (specimens,) ScoresReply: the score at the step, NaN where there is none
    "statuses": "u8",  # (specimens,) ScoresReply: places in STATUSES
    "ranks": "u32",  # (specimens,) RanksReply: place of each specimen in the order of identifiers
    "trends": "f32",  # (rows asked for, steps in the reply) TrendsReply: the score, NaN where there is none
    "learned_at": "f32",  # (specimens,) LearningReply: place of the step, NaN where it was never right
    "forgetting": "f32",  # (specimens,) LearningReply: forgetting events, NaN where it was not evaluated
    "learning": "u8",  # (specimens,) LearningReply: places in LEARNING_STATES
    "modes": "u32",  # (specimens,) ModesReply: bit i is set for RunInfo.modes[i]
    "judged": "u8",  # (specimens,) ModesReply: 1 for a specimen that was judged, with or without a failure mode
    "rows": "u32",  # (found,) SearchReply: rows of the specimens found, ascending
    # OverlaysReply: each command is its place in DRAWING_COMMANDS, how many arguments it has, and for each of them what
    # it is (a place in DRAWING_ARGUMENTS) and the number itself or the place of what it refers to
    "drawing_commands": "f64",
    "drawing_parts": "u32",  # (arrays, 3) OverlaysReply: place in DRAWING_NUMBERS, first byte, number of elements
    "drawing_arrays": "u8",  # OverlaysReply: the arrays, each from a multiple of 8 on
    "drawing_images": "u8",  # OverlaysReply: the images as files, one after another
    "drawing_image_offsets": "u32",  # (images + 1,) OverlaysReply: image i is drawing_images[offsets[i]:offsets[i + 1]]
}


class Score(TypedDict):
    """A score that each specimen has: its name, which way is better, and the least and the most it can be (None: not
    known)."""

    name: str
    direction: Literal["higher", "lower"]
    bounds: tuple[float, float] | None


class FailureMode(TypedDict):
    """A way in which predictions fail, and the advice to give: see ``evalwidget.guide``."""

    key: str
    name: str
    meaning: str
    definition: str
    advice: str
    of: Literal["boxes", "text"]


class GoodCriterion(TypedDict):
    """What makes a prediction good."""

    key: str
    name: str
    meaning: str


class OtherRun(TypedDict):
    """A second run over the same specimens, of which ``compare_step`` is then a step."""

    name: str
    steps: list[int]
    epochs: list[float | None]


class RunInfo(TypedDict):
    """The trait ``_run``: what the front end knows before it asks anything. ``other``: the run it is compared with."""

    name: str
    task: str
    steps: list[int]
    epochs: list[float | None]
    specimens: int
    scores: list[Score]
    modes: list[FailureMode]
    good: list[GoodCriterion]
    notes: list[str]
    other: OtherRun | None


class OverlayInfo(TypedDict):
    """An overlay as the menu shows it."""

    name: str
    panel: Literal["prediction", "truth", "both"]


class OverlaysInfo(TypedDict):
    """The trait ``_overlays``: the first is drawn first. Drawings made for another ``version`` are to be asked for
    anew."""

    version: int
    overlays: list[OverlayInfo]


class NamesRequest(TypedDict):
    """Identifiers of the specimens at ``rows`` of the run."""

    id: str
    kind: Literal["names"]
    rows: list[int]


class NamesReply(TypedDict):
    id: str
    kind: Literal["names"]
    names: list[str]


class RanksRequest(TypedDict):
    """Where each specimen stands when the list is sorted by identifier."""

    id: str
    kind: Literal["ranks"]


class RanksReply(TypedDict):
    id: str
    kind: Literal["ranks"]
    buffers: list[str]


class ScoresRequest(TypedDict):
    """The score named ``score`` and the state of every specimen at one step."""

    id: str
    kind: Literal["scores"]
    step: int
    score: str


class ScoresReply(TypedDict):
    """``notes`` is what a reader should know of the step, such as predictions that found no specimen."""

    id: str
    kind: Literal["scores"]
    step: int
    notes: list[str]
    buffers: list[str]


class SummaryRequest(TypedDict):
    """The score named ``score`` of each of ``steps`` as a whole, as in ``Run.summary``."""

    id: str
    kind: Literal["summary"]
    score: str
    steps: list[int]


class SummaryReply(TypedDict):
    """``values`` (None: not defined) of the first of the steps asked for, as many as could be scored in a moment: the
    front end asks again for the others, and requests of other kinds are answered in between."""

    id: str
    kind: Literal["summary"]
    steps: list[int]
    values: list[float | None]


class TrendsRequest(TypedDict):
    """The score named ``score`` of the specimens at ``rows`` at each of ``steps``."""

    id: str
    kind: Literal["trends"]
    score: str
    rows: list[int]
    steps: list[int]


class TrendsReply(TypedDict):
    """The first of the steps asked for, as in ``SummaryReply``."""

    id: str
    kind: Literal["trends"]
    steps: list[int]
    buffers: list[str]


class ModesRequest(TypedDict):
    """The failure modes of every specimen at one step."""

    id: str
    kind: Literal["modes"]
    step: int


class ModesReply(TypedDict):
    id: str
    kind: Literal["modes"]
    step: int
    buffers: list[str]


class ModeCountsRequest(TypedDict):
    """How many specimens show each failure mode at each of ``steps``."""

    id: str
    kind: Literal["mode_counts"]
    steps: list[int]


class ModeCountsReply(TypedDict):
    """Of the first of the steps asked for, as in ``SummaryReply``: a count for each of ``RunInfo.modes``, and how many
    specimens were judged."""

    id: str
    kind: Literal["mode_counts"]
    steps: list[int]
    counts: list[list[int]]
    judged: list[int]


class FindingsRequest(TypedDict):
    """What is found in the specimen at row ``index`` at each of ``steps``."""

    id: str
    kind: Literal["findings"]
    index: int
    steps: list[int]


class Finding(TypedDict):
    """A failure mode (its key) of a specimen at a step, its severity from 0 to 1, and the evidence: in words, and as
    places among the specimen's boxes or questions on either side."""

    mode: str
    severity: float | None
    evidence: str
    ground_truth: list[int]
    prediction: list[int]


class StepFindings(TypedDict):
    """``judged`` is false where nothing can be said of the specimen; ``good`` are the keys of the criteria that one
    without a failure mode meets."""

    judged: bool
    findings: list[Finding]
    good: list[str]


class FindingsReply(TypedDict):
    """Of the first of the steps asked for, as in ``SummaryReply``."""

    id: str
    kind: Literal["findings"]
    steps: list[int]
    findings: list[StepFindings]


class LearningRequest(TypedDict):
    """When each specimen was learned and how often it was forgotten, right being what reaches the middle of what the
    score named ``score`` can be."""

    id: str
    kind: Literal["learning"]
    score: str


class LearningReply(TypedDict):
    """``read`` of the run's steps have been scored; there are buffers once all have, and the front end asks again until
    then."""

    id: str
    kind: Literal["learning"]
    read: int
    buffers: list[str]


class SearchRequest(TypedDict):
    """The specimens that hold ``text`` (empty: any) and a ground truth box of the phrase or class ``label`` (None:
    any)."""

    id: str
    kind: Literal["search"]
    text: str
    label: str | None


class SearchReply(TypedDict):
    """What was found in the answers of the first ``read`` of the run's steps, and in all that belongs to no step: the
    front end asks again while there are more."""

    id: str
    kind: Literal["search"]
    read: int
    buffers: list[str]


class LabelsRequest(TypedDict):
    """The phrases or classes of the ground truth that hold ``text``."""

    id: str
    kind: Literal["labels"]
    text: str


class LabelCount(TypedDict):
    """A phrase or class, and how many specimens have a box of it."""

    text: str
    specimens: int


class LabelsReply(TypedDict):
    """The most frequent of them, and how many there are in all."""

    id: str
    kind: Literal["labels"]
    labels: list[LabelCount]
    total: int


class SpecimenRequest(TypedDict):
    """All there is to show of one specimen, named by its identifier, or by its row where ``specimen`` is None.

    With ``all_steps`` false the reply may hold only the steps that are in memory already and ``step``, so that
    something can be painted before a large run has been read; the front end then asks again with ``all_steps`` true
    and ``image`` false.

    ``of`` says whose specimen: the run's, or the other run's, which has the same specimens by identifier; what it lacks
    is an error. Labels of the other run have the colours that they have in the run.
    """

    id: str
    kind: Literal["specimen"]
    of: Literal["run", "other"]
    specimen: str | None
    index: int | None
    step: int | None
    all_steps: bool
    image: bool


class OverlaysRequest(TypedDict):
    """What the overlays draw over the specimen at row ``index`` at each of ``steps``."""

    id: str
    kind: Literal["overlays"]
    index: int
    steps: list[int]


class DrawingSpan(TypedDict):
    """The commands of an overlay at one step: ``first`` up to ``last`` of the buffer ``drawing_commands``. There are
    none where it could not be drawn, and ``message`` says why."""

    overlay: str
    first: int
    last: int
    message: str


class DrawingPaint(TypedDict):
    """A gradient, with ``numbers`` as its method of the canvas takes them and its colour stops; or a pattern of an
    image, by its place among the reply's."""

    kind: Literal["linear", "radial", "pattern"]
    numbers: list[float]
    stops: list[tuple[float, str]]
    image: int | None
    repetition: str


class OverlaysReply(TypedDict):
    """Of the first of the steps asked for, as in ``SummaryReply``: the drawings of each step in the order of the
    overlays, and the texts, paints and types of images that their commands refer to by place."""

    id: str
    kind: Literal["overlays"]
    steps: list[int]
    drawings: list[list[DrawingSpan]]
    texts: list[str]
    paints: list[DrawingPaint]
    images: list[str]
    buffers: list[str]


class Image(TypedDict):
    """``message`` says what is wrong with an image that is not ``ok``; ``not_asked`` carries no bytes on purpose."""

    state: Literal["ok", "missing", "unreadable", "not_asked"]
    message: str
    mime: str


class Label(TypedDict):
    """A phrase or class, and the colour (``#rrggbb``) it has everywhere in the run."""

    text: str
    colour: str


class Invalid(TypedDict):
    """A prediction that could not be read: kept raw, counted, left out of matching."""

    state: str
    message: str
    raw: str


class Answer(TypedDict):
    """A generated answer at one step. ``text`` is None where nothing usable was predicted."""

    state: str
    text: str | None
    raw: str | None
    exact_match: float | None
    token_f1: float | None
    bleu: float | None


class Question(TypedDict):
    """A question, its reference answers, and an answer (None: not recorded) for each step of the reply."""

    item: str
    question: str
    references: list[str]
    answers: list[Answer | None]


class SpecimenReply(TypedDict):
    """``size`` is (width, height) in pixels of the original image; where ``size_known`` is false, [1, 1] for corners
    that are fractions, else the least whole size that holds all boxes of the reply. ``statuses``, ``invalid`` and
    ``outputs`` have an entry for each of ``steps``; an output is the model's raw text, kept where the data held one.
    ``annotated`` is false where nothing is known of the ground truth, as opposed to a specimen that is known to hold
    none."""

    id: str
    kind: Literal["specimen"]
    specimen: str
    index: int
    size: tuple[int, int]
    size_known: bool
    image: Image
    caption: str
    annotated: bool
    steps: list[int]
    statuses: list[str]
    invalid: list[list[Invalid]]
    outputs: list[str | None]
    labels: list[Label]
    questions: list[Question]
    buffers: list[str]


class ErrorReply(TypedDict):
    id: str
    kind: Literal["error"]
    message: str
