"""Two small models in plain torch: a dense detector that names what it boxes, and a decoder that spells out answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from digit_scenes import COLOURS, DIGIT_WORDS, Scene
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 8
REGIONS = 8  # the most regions of an image that the answerer sees
NAMES = len(DIGIT_WORDS) + len(COLOURS)
REGION = NAMES + 1 + 4 + 1  # the numbers that describe a region
LETTERS = " abcdefghijklmnopqrstuvwxyz0123456789,"
PAD, START, END = 0, 1, 2  # token 3 is the first letter
LONGEST = 48  # letters of an answer


# ---------------------------------------------------------------------------------------------------- the detector


@dataclass
class Detections:
    """What the detector kept of one image, best score first.

    boxes [n, 4] in pixels, scores [n], digits [n, 10] and colours [n, 6] as probabilities.
    """

    boxes: Tensor
    scores: Tensor
    digits: Tensor
    colours: Tensor


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Detector(nn.Module):
    """A fully convolutional detector: for every cell of stride 8, is a digit centred here, which, what ink, how large.

    Digit and ink have heads of their own, so that a phrase such as "a red three" is composed of two answers.
    """

    WIDTH = 64
    OUTPUTS = 1 + 10 + len(COLOURS) + 4

    def __init__(self) -> None:
        super().__init__()
        width = self.WIDTH
        self.layers = nn.Sequential(
            conv(3, 16, 2),
            conv(16, 32, 2),
            conv(32, width, 2),
            conv(width, width),
            conv(width, width),
            conv(width, width),
            nn.Conv2d(width, self.OUTPUTS, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images [b, 3, h, w] to the outputs of every cell, row by row [b, h/8 * w/8, OUTPUTS]."""
        return self.layers(images).flatten(2).transpose(1, 2)


def to_tensor(scene_images: list[np.ndarray]) -> Tensor:
    """RGB arrays [h, w, 3] of one size to a batch [b, 3, h, w] round zero."""
    return torch.from_numpy(np.stack(scene_images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def cell_centres(width: int, height: int) -> Tensor:
    """The centre x, y of every cell [cells, 2], row by row."""
    ys, xs = torch.meshgrid(torch.arange(height // STRIDE), torch.arange(width // STRIDE), indexing="ij")
    return (torch.stack([xs, ys], -1).reshape(-1, 2) + 0.5) * STRIDE


def split_outputs(outputs: Tensor, centres: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Head outputs [..., cells, OUTPUTS] to objectness logits, digit logits, colour logits and boxes in pixels."""
    objectness, digits, colours, reach = torch.split(outputs, [1, 10, len(COLOURS), 4], -1)
    reach = 2 * STRIDE * reach.clamp(-4, 3).exp()  # the distance of each side from the centre of the cell
    boxes = torch.cat([centres - reach[..., :2], centres + reach[..., 2:]], -1)
    return objectness.squeeze(-1), digits, colours, boxes


def assign(scene: Scene, centres: Tensor) -> Tensor:
    """The index of the mark that each cell answers for [cells], -1 for none: the cells round the centre of a mark."""
    boxes = torch.tensor([mark.box for mark in scene.marks])
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    away = (centres[:, None] - middle).abs()
    inside = (away <= (0.2 * size).clamp(min=STRIDE / 2)).all(-1)
    distance = away.sum(-1).masked_fill(~inside, float("inf"))
    nearest, mark = distance.min(1)
    return torch.where(nearest.isinf(), -1, mark)


def pair_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU of boxes [n, 4] and [n, 4], pair by pair; broadcasts."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    return shared / (areas - shared).clamp(min=1e-6)


def detector_loss(outputs: Tensor, scenes: list[Scene]) -> Tensor:
    """Focal loss for objectness, cross-entropy for digit and colour, IoU and log size distance for boxes."""
    centres = cell_centres(*scenes[0].image.size)
    objectness, digits, colours, boxes = split_outputs(outputs, centres)
    owner = torch.stack([assign(scene, centres) for scene in scenes])
    positive = owner >= 0
    owners = zip(positive.nonzero()[:, 0].tolist(), owner[positive].tolist(), strict=True)
    picked = [scenes[scene].marks[mark] for scene, mark in owners]
    wanted = torch.tensor([mark.box for mark in picked])
    probability = objectness.sigmoid()
    surprise = torch.where(positive, 1 - probability, probability)
    entropy = functional.binary_cross_entropy_with_logits(objectness, positive.float(), reduction="none")
    where = (surprise**2 * entropy).sum() / len(picked)
    which = functional.cross_entropy(digits[positive], torch.tensor([mark.digit for mark in picked]))
    ink = functional.cross_entropy(colours[positive], torch.tensor([COLOURS.index(mark.colour) for mark in picked]))
    extent = (1 - pair_iou(boxes[positive], wanted)).mean()
    offset = functional.smooth_l1_loss(boxes[positive] / STRIDE, wanted / STRIDE)
    return where + which + ink + extent + offset


def suppress(boxes: Tensor, scores: Tensor, limit: int, overlap: float = 0.5) -> Tensor:
    """Greedy non-maximum suppression: the indices kept, best score first, at most ``limit``."""
    order = scores.argsort(descending=True, stable=True)
    kept: list[int] = []
    while len(order) and len(kept) < limit:
        best, order = order[0], order[1:]
        kept.append(int(best))
        order = order[pair_iou(boxes[best], boxes[order]) <= overlap]
    return torch.tensor(kept, dtype=torch.long)


@torch.no_grad()
def detect(model: Detector, image: np.ndarray, least_score: float, limit: int) -> Detections:
    """Detect in one RGB image [h, w, 3]; the score is the objectness."""
    model.eval()
    height, width = image.shape[:2]
    objectness, digits, colours, boxes = split_outputs(model(to_tensor([image]))[0], cell_centres(width, height))
    boxes = torch.stack([boxes[:, i].clamp(0, (width, height)[i % 2]) for i in range(4)], 1)
    scores = objectness.sigmoid()
    kept = (scores >= least_score).nonzero()[:, 0]
    kept = kept[suppress(boxes[kept], scores[kept], limit)]
    return Detections(boxes[kept], scores[kept], digits[kept].softmax(-1), colours[kept].softmax(-1))


@torch.no_grad()
def evidence(model: Detector, image: np.ndarray) -> np.ndarray:
    """How sure the detector is, for every cell of one RGB image [h, w, 3], that the centre of a digit is near: its
    objectness [h/8, w/8] before any box is dropped, 0 to 1 in 256 levels (uint8)."""
    model.eval()
    height, width = image.shape[:2]
    objectness = model(to_tensor([image]))[0, :, 0].sigmoid().numpy()
    return np.round(255 * objectness).astype(np.uint8).reshape(height // STRIDE, width // STRIDE)


# ---------------------------------------------------------------------------------------------------- the answerer


def region_features(found: Detections, size: tuple[int, int]) -> Tensor:
    """The best regions of an image from left to right [REGIONS, REGION], zeros where there are fewer.

    A region is its digit and colour probabilities, its score, its box relative to the image, and a one.
    """
    n = min(len(found.scores), REGIONS)
    order = (found.boxes[:n, 0] + found.boxes[:n, 2]).argsort(stable=True)
    relative = found.boxes[order] / torch.tensor([*size, *size])
    parts = [found.digits[order], found.colours[order], found.scores[order, None], relative, torch.ones(n, 1)]
    regions = torch.zeros(REGIONS, REGION)
    regions[:n] = torch.cat(parts, 1)
    return regions


def encode_text(text: str) -> list[int]:
    """Letters to tokens."""
    return [LETTERS.index(letter) + 3 for letter in text]


def pad_tokens(rows: list[list[int]]) -> Tensor:
    """Token lists to one tensor [b, longest], padded on the right."""
    return nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)


class Answerer(nn.Module):
    """A transformer that reads regions and the words of a question and spells the answer letter by letter.

    Regions and questions share the embedding of the digit and colour words: a region is the sum of the words that the
    detector would name it by, weighted by their probabilities, and of its score and box.
    """

    WIDTH = 96

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        width = self.WIDTH
        self.words = {word: i + 1 for i, word in enumerate(words)}
        self.word = nn.Embedding(len(words) + 1, width, padding_idx=0)
        self.word_place = nn.Parameter(torch.randn(12, width) * 0.1)
        self.region = nn.Linear(REGION - NAMES, width)
        self.region_place = nn.Parameter(torch.randn(REGIONS, width) * 0.1)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(width), enable_nested_tensor=False)
        self.letter = nn.Embedding(len(LETTERS) + 3, width, padding_idx=PAD)
        self.letter_place = nn.Parameter(torch.randn(LONGEST + 1, width) * 0.1)
        speller = nn.TransformerDecoderLayer(width, 4, 2 * width, 0.0, batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(speller, 2, nn.LayerNorm(width))
        self.output = nn.Linear(width, len(LETTERS) + 3)
        self.look_for_alike()

    @torch.no_grad()
    def look_for_alike(self) -> None:
        """Start the keys of the encoder as its queries, so that a word of the question heeds regions named alike."""
        for layer in self.encoder.layers:
            weight = layer.self_attn.in_proj_weight
            weight[self.WIDTH : 2 * self.WIDTH] = weight[: self.WIDTH]

    def read(self, regions: Tensor, questions: list[str]) -> tuple[Tensor, Tensor]:
        """Regions [b, REGIONS, REGION] and questions to memory [b, m, width] and the mask of what to skip [b, m]."""
        split = [question.lower().replace("?", "").replace(",", "").split() for question in questions]
        words = pad_tokens([[self.words[word] for word in row] for row in split])
        names = self.word(torch.tensor([self.words[word] for word in (*DIGIT_WORDS, *COLOURS)]))
        seen = regions[..., :NAMES] @ names + self.region(regions[..., NAMES:]) + self.region_place
        asked = self.word(words) + self.word_place[: words.shape[1]]
        skip = torch.cat([regions[..., -1] == 0, words == 0], 1)
        return self.encoder(torch.cat([seen, asked], 1), src_key_padding_mask=skip), skip

    def spell(self, memory: Tensor, skip: Tensor, letters: Tensor) -> Tensor:
        """Logits of the next letter [b, t, tokens] at each place of the letters given [b, t]."""
        t = letters.shape[1]
        ahead = torch.ones(t, t, dtype=torch.bool).triu(1)
        text = self.letter(letters) + self.letter_place[:t]
        return self.output(self.decoder(text, memory, tgt_mask=ahead, memory_key_padding_mask=skip))

    def loss(self, regions: Tensor, questions: list[str], answers: list[str]) -> Tensor:
        """Cross-entropy of every letter of the answers and of their end."""
        rows = [encode_text(answer) for answer in answers]
        memory, skip = self.read(regions, questions)
        logits = self.spell(memory, skip, pad_tokens([[START, *row] for row in rows]))
        wanted = pad_tokens([[*row, END] for row in rows])
        return functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD)

    @torch.no_grad()
    def generate(self, regions: Tensor, questions: list[str]) -> list[str]:
        """Greedy decoding: the most probable letter again and again, until the end token or ``LONGEST`` letters."""
        self.eval()
        memory, skip = self.read(regions, questions)
        letters = torch.full((len(questions), 1), START)
        ended = torch.zeros(len(questions), dtype=torch.bool)
        while letters.shape[1] <= LONGEST and not ended.all():
            best = self.spell(memory, skip, letters)[:, -1].argmax(-1)
            best = torch.where(ended, torch.tensor(PAD), best)
            ended |= best == END
            letters = torch.cat([letters, best[:, None]], 1)
        return ["".join(LETTERS[token - 3] for token in row if token > END) for row in letters.tolist()]
