"""Scenes of real handwritten digits: the data of the recorded demo runs.

The digits are the 8x8 scans of scikit-learn's ``load_digits`` (UCI, Optical Recognition of Handwritten Digits,
CC BY 4.0). Each is scaled up, inked in one of six colours and put on a sheet of plain, ruled, squared or dotted paper,
beside doodles that are no digits. A digit scan is used either for training or for validation, never for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
INKS: dict[str, tuple[int, int, int]] = {
    "red": (206, 38, 44),
    "orange": (238, 132, 16),
    "green": (34, 138, 66),
    "blue": (36, 92, 208),
    "purple": (132, 58, 168),
    "black": (38, 38, 42),
}
COLOURS = tuple(INKS)
SIZES = ((160, 128), (192, 144), (144, 144), (192, 160))  # width, height: multiples of the detector's stride
PAPERS = ((252, 250, 244), (245, 248, 252), (250, 246, 232), (243, 249, 243), (250, 244, 246))

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class DigitScans:
    """Scans [n, 8, 8] with ink from 0 to 1, and their labels [n]."""

    scans: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Mark:
    """One digit in a scene; the box is tight round the ink: x1, y1, x2, y2 in pixels."""

    digit: int
    colour: str
    box: Box

    @property
    def phrase(self) -> str:
        """The phrase that names the mark, such as ``a red three``."""
        return phrase_of(self.digit, self.colour)


@dataclass(frozen=True)
class Scene:
    """An RGB picture and its marks from left to right."""

    image: Image.Image
    marks: tuple[Mark, ...]

    @property
    def caption(self) -> str:
        """All marks from left to right: ``a red three, a blue seven and a green one``."""
        return join_phrases([mark.phrase for mark in self.marks])


@dataclass(frozen=True)
class Question:
    """A question on a scene; the first of its reference answers is the one that a model is trained to give."""

    item: str
    text: str
    answers: tuple[str, ...]


def phrase_of(digit: int, colour: str) -> str:
    """``a blue seven``, ``an orange two``."""
    return f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {DIGIT_WORDS[digit]}"


def join_phrases(phrases: list[str]) -> str:
    """``x``, ``x and y``, ``x, y and z``."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def split_digits(seed: int, validation_share: float = 0.3) -> tuple[DigitScans, DigitScans]:
    """Split the digit scans into training and validation; scans equal pixel by pixel count as one."""
    data = load_digits()
    scans, first = np.unique(data.images.astype(np.float32) / 16.0, axis=0, return_index=True)
    labels = data.target[first]
    order = np.random.default_rng(seed).permutation(len(scans))
    cut = round(len(scans) * validation_share)
    validation, training = order[:cut], order[cut:]
    return DigitScans(scans[training], labels[training]), DigitScans(scans[validation], labels[validation])


def ink_mask(scan: np.ndarray, height: int, degrees: float) -> Image.Image:
    """Scale a scan [8, 8] up to the height, turn it and sharpen it to a pen stroke; cropped to the ink."""
    padded = Image.fromarray(np.pad(np.round(scan * 255), 2).astype(np.uint8))
    side = round(height * 12 / 8)
    large = padded.resize((side, side), Image.Resampling.BICUBIC).rotate(degrees, Image.Resampling.BICUBIC)
    level = np.clip((np.asarray(large, np.float32) / 255 - 0.36) / 0.32, 0, 1)
    ink = level * level * (3 - 2 * level)
    rows, columns = np.nonzero(ink > 0.3)
    kept = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return Image.fromarray(np.round(kept * 255).astype(np.uint8))


def paper(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """An empty sheet: plain, ruled, squared or dotted."""
    ground = PAPERS[rng.integers(len(PAPERS))]
    line = tuple(channel - 18 for channel in ground)
    sheet = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(sheet)
    kind, pitch = rng.integers(4), int(rng.integers(12, 19))
    offset = int(rng.integers(2, pitch))
    across, down = range(offset, size[0], pitch), range(offset, size[1], pitch)
    if kind in (1, 2):
        for y in down:
            draw.line([(0, y), (size[0], y)], fill=line)
    if kind == 2:
        for x in across:
            draw.line([(x, 0), (x, size[1])], fill=line)
    if kind == 3:
        draw.point([(x + dx, y + dy) for x in across for y in down for dx in (0, 1) for dy in (0, 1)], fill=line)
    return sheet


def doodle_mask(size: int, rng: np.random.Generator) -> Image.Image:
    """A square mask with a shape that is no digit: cross, triangle, wave, square or star."""
    big = size * 4
    mask = Image.new("L", (big, big), 0)
    draw = ImageDraw.Draw(mask)
    edge, width = big * 0.12, max(big // 9, 1)
    low, high, middle = edge, big - edge, big / 2
    strokes = {
        0: [[(low, low), (high, high)], [(low, high), (high, low)]],
        1: [[(middle, low), (high, high), (low, high), (middle, low)]],
        2: [[(low, middle), (big * 0.33, low * 2), (big * 0.66, high - low), (high, middle)]],
        3: [[(low, low), (high, low), (high, high), (low, high), (low, low)]],
        4: [[(middle, low), (middle, high)], [(low, middle), (high, middle)], [(low, low), (high, high)]],
    }
    for stroke in strokes[int(rng.integers(len(strokes)))]:
        draw.line(stroke, fill=255, width=width, joint="curve")
    return mask.resize((size, size), Image.Resampling.LANCZOS)


def free_place(
    size: tuple[int, int], piece: tuple[int, int], taken: list[Box], rng: np.random.Generator, slack: float
) -> tuple[int, int] | None:
    """The top left corner of a place that keeps ``slack`` pixels from what is taken (negative: overlap), if found."""
    room = size[0] - piece[0] - 4, size[1] - piece[1] - 4
    for _ in range(40):
        x, y = int(rng.integers(4, max(room[0], 5))), int(rng.integers(4, max(room[1], 5)))
        if all(
            x + piece[0] + slack <= box[0]
            or box[2] + slack <= x
            or y + piece[1] + slack <= box[1]
            or box[3] + slack <= y
            for box in taken
        ):
            return x, y
    return None


def compose(digits: DigitScans, rng: np.random.Generator, size: tuple[int, int]) -> Scene:
    """Put two to five digits and up to two doodles on a sheet of the size given."""
    sheet = paper(size, rng)
    taken: list[Box] = []
    marks: list[Mark] = []
    for _ in range(int(rng.integers(2, 6))):
        pick = int(rng.integers(len(digits.labels)))
        mask = ink_mask(digits.scans[pick], int(rng.integers(26, 57)), float(rng.uniform(-12, 12)))
        place = free_place(size, mask.size, taken, rng, slack=float(rng.choice([3.0, 3.0, 3.0, -5.0])))
        if place is None:
            continue
        colour = COLOURS[rng.integers(len(COLOURS))]
        sheet.paste(INKS[colour], place, mask)
        box = (float(place[0]), float(place[1]), float(place[0] + mask.width), float(place[1] + mask.height))
        taken.append(box)
        marks.append(Mark(int(digits.labels[pick]), colour, box))
    for _ in range(int(rng.integers(0, 3))):
        side = int(rng.integers(12, 25))
        place = free_place(size, (side, side), taken, rng, slack=3.0)
        if place is not None:
            sheet.paste(INKS[COLOURS[rng.integers(len(COLOURS))]], place, doodle_mask(side, rng))
            taken.append((place[0], place[1], place[0] + side, place[1] + side))
    return Scene(sheet, tuple(sorted(marks, key=lambda mark: mark.box[0] + mark.box[2])))


def compose_many(digits: DigitScans, count: int, seed: int) -> list[Scene]:
    """``count`` scenes; the sizes take turns, so that each size has about as many scenes as any other."""
    rng = np.random.default_rng(seed)
    return [compose(digits, rng, SIZES[i % len(SIZES)]) for i in range(count)]


def colour_question(scene: Scene, rng: np.random.Generator) -> Question:
    """Ask for the colour of a digit that occurs once; one time in five of a digit that does not occur."""
    digits = [mark.digit for mark in scene.marks]
    single = [mark for mark in scene.marks if digits.count(mark.digit) == 1]
    if not single or rng.random() < 0.2:
        word = DIGIT_WORDS[rng.choice([digit for digit in range(10) if digit not in digits])]
        return Question("colour", f"What colour is the {word}?", (f"there is no {word}",))
    mark = single[rng.integers(len(single))]
    return Question("colour", f"What colour is the {DIGIT_WORDS[mark.digit]}?", (mark.colour,))


def presence_question(scene: Scene, rng: np.random.Generator) -> Question:
    """Ask for a mark that is there, or for one that is not but shares its digit or its colour with one that is."""
    here = {(mark.digit, mark.colour) for mark in scene.marks}
    mark = scene.marks[rng.integers(len(scene.marks))]
    digit, colour = mark.digit, mark.colour
    if rng.random() < 0.5:
        near = [(digit, other) for other in COLOURS] + [(other, colour) for other in range(10)]
        absent = [pair for pair in near if pair not in here]
        digit, colour = absent[rng.integers(len(absent))]
    answer = "yes" if (digit, colour) in here else "no"
    return Question("presence", f"Is there {phrase_of(digit, colour)}?", (answer,))


def list_question(scene: Scene) -> Question:
    """Ask for all digits from left to right."""
    words = join_phrases([DIGIT_WORDS[mark.digit] for mark in scene.marks])
    return Question("list", "Which digits are there, from left to right?", (words,))


def sum_question(scene: Scene) -> Question:
    """Ask for the sum of all digits."""
    return Question("sum", "What is the sum of the digits?", (str(sum(mark.digit for mark in scene.marks)),))


def ask(scene: Scene, rng: np.random.Generator, index: int) -> list[Question]:
    """Four questions in a fixed order: count, colour, presence, and by turns the list or the sum of the digits."""
    count = len(scene.marks)
    return [
        Question("count", "How many digits are there?", (str(count), DIGIT_WORDS[count])),
        colour_question(scene, rng),
        presence_question(scene, rng),
        list_question(scene) if index % 2 == 0 else sum_question(scene),
    ]
