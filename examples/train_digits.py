"""Train two small models on handwritten digits and record what they predict at several steps.

    python examples/train_digits.py --out runs [--task grounding|vqa|both] [--seed 0]

writes ``runs/grounding`` (a detector that names what it boxes: "a red three") and ``runs/vqa`` (a decoder that spells
answers to questions about the same kind of scenes), two run folders that evalwidget opens. One step is one batch.
Everything recorded is what a model gave: step 0 is the untrained model.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from digit_models import STRIDE, Answerer, Detector, detect, detector_loss, evidence, region_features, to_tensor
from digit_scenes import COLOURS, DIGIT_WORDS, SIZES, Question, Scene, ask, compose_many, phrase_of, split_digits
from PIL import Image
from run_records import Record, answer_scores, grounding_scores, write_header, write_step
from torch import Tensor, nn


@dataclass(frozen=True)
class Settings:
    """How much is composed, trained and recorded.

    The steps are those at which the model is evaluated and its predictions are recorded; the last ends the training.
    Each training scene is asked about ``question_rounds`` times, with other questions every time.
    """

    training_scenes: int = 1600
    validation_scenes: int = 40
    detector_batch: int = 16
    detector_steps: tuple[int, ...] = (0, 25, 50, 100, 150, 250, 500)
    detector_rate: float = 4e-3
    question_rounds: int = 4
    answerer_batch: int = 64
    answerer_steps: tuple[int, ...] = (0, 25, 50, 100, 200, 300, 400, 800)
    answerer_rate: float = 3e-3
    least_score: float = 0.3
    most_boxes: int = 20


@dataclass(frozen=True)
class Specimen:
    """A validation scene as the run folder has it: the models see the pixels of the saved image."""

    name: str
    scene: Scene
    pixels: np.ndarray
    questions: list[Question]


def fix_seed(seed: int) -> None:
    """Make a re-run on the same machine give the same numbers."""
    torch.manual_seed(seed)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)


def save_specimens(folder: Path, scenes: list[Scene], seed: int) -> list[Specimen]:
    """Save the scenes as small palette PNG files and read them back."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    specimens = []
    for i, scene in enumerate(scenes):
        path = folder / "images" / f"sheet-{i + 1:02d}.png"
        scene.image.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
        with Image.open(path) as saved:
            pixels = np.asarray(saved.convert("RGB"))
        specimens.append(Specimen(path.name, scene, pixels, ask(scene, rng, i)))
    return specimens


def endless_batches(groups: list[list[int]], size: int, seed: int) -> Iterator[list[int]]:
    """Shuffled batches for ever, epoch after epoch; no batch mixes two groups and none is smaller than the size."""
    rng = np.random.default_rng(seed)
    while True:
        epoch = []
        for group in groups:
            order = rng.permutation(group).tolist()
            epoch += [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
        for pick in rng.permutation(len(epoch)):
            yield epoch[pick]


def train(
    model: nn.Module,
    batches: Iterator[list[int]],
    loss_of: Callable[[list[int]], Tensor],
    record: Callable[[int], None],
    steps: tuple[int, ...],
    rate: float,
) -> list[float]:
    """Train until the last of the steps, call ``record`` at each of them, and return the loss of every step."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=max(steps[-1], 2), pct_start=0.15)
    losses: list[float] = []
    for step in range(steps[-1] + 1):  # step = batches done so far
        if step in steps:
            record(step)
        if step == steps[-1]:
            break
        model.train()
        loss = loss_of(next(batches))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses


# ------------------------------------------------------------------------------------------------ phrase grounding


def grounding_truth(specimen: Specimen) -> Record:
    """The boxes of every phrase, in the order of the caption."""
    phrases: dict[str, list[list[float]]] = {}
    for mark in specimen.scene.marks:
        phrases.setdefault(mark.phrase, []).append([round(side, 2) for side in mark.box])
    width, height = specimen.scene.image.size
    return {
        "image": specimen.name,
        "width": width,
        "height": height,
        "caption": specimen.scene.caption,
        "phrases": [{"phrase": phrase, "boxes": boxes} for phrase, boxes in phrases.items()],
    }


def grounding_prediction(model: Detector, specimen: Specimen, settings: Settings) -> Record:
    """The boxes that the detector gave, grouped by the phrase that it composed for each."""
    found = detect(model, specimen.pixels, settings.least_score, settings.most_boxes)
    phrases: dict[str, Record] = {}
    for box, score, digit, colour in zip(found.boxes, found.scores, found.digits, found.colours, strict=True):
        phrase = phrase_of(int(digit.argmax()), COLOURS[int(colour.argmax())])
        entry = phrases.setdefault(phrase, {"phrase": phrase, "boxes": [], "scores": []})
        entry["boxes"].append([round(side, 2) for side in box.tolist()])
        entry["scores"].append(round(score.item(), 4))
    return {"image": specimen.name, "phrases": list(phrases.values())}


def train_detector(
    scenes: list[Scene], settings: Settings, seed: int, record: Callable[[Detector, int], None]
) -> tuple[Detector, list[float]]:
    """Train the detector on the scenes; batches are of one image size each."""
    fix_seed(seed)
    model = Detector()
    by_size: dict[tuple[int, int], list[int]] = {}
    for i, scene in enumerate(scenes):
        by_size.setdefault(scene.image.size, []).append(i)
    pixels = [np.asarray(scene.image) for scene in scenes]

    def loss_of(batch: list[int]) -> Tensor:
        return detector_loss(model(to_tensor([pixels[i] for i in batch])), [scenes[i] for i in batch])

    batches = endless_batches(list(by_size.values()), settings.detector_batch, seed)
    losses = train(
        model, batches, loss_of, lambda step: record(model, step), settings.detector_steps, settings.detector_rate
    )
    return model, losses


def run_grounding(
    folder: Path, training: list[Scene], validation: list[Scene], settings: Settings, seed: int
) -> tuple[Detector, list[float]]:
    """Train the detector and write the phrase grounding run, and ``evidence.npy`` in its folder: the detector's
    evidence [steps, specimens, cells down, cells across] as uint8, 0 where an image has no more cells."""
    specimens = save_specimens(folder, validation, seed)
    truth = [grounding_truth(specimen) for specimen in specimens]
    per_epoch = len(training) // settings.detector_batch
    write_header(folder, "digits: phrase grounding", "phrase grounding", per_epoch, truth)
    cells = [max(sides) // STRIDE for sides in zip(*SIZES, strict=True)]
    maps = np.zeros((len(settings.detector_steps), len(specimens), cells[1], cells[0]), np.uint8)

    def record(model: Detector, step: int) -> None:
        for i, specimen in enumerate(specimens):
            seen = evidence(model, specimen.pixels)
            maps[settings.detector_steps.index(step), i, : seen.shape[0], : seen.shape[1]] = seen
        predictions = [grounding_prediction(model, specimen, settings) for specimen in specimens]
        write_step(folder, step, predictions)
        print_row(step, grounding_scores(truth, predictions))

    trained = train_detector(training, settings, seed, record)
    np.save(folder / "evidence.npy", maps)
    return trained


# ---------------------------------------------------------------------------------------- visual question answering


def answer_truth(specimen: Specimen) -> Record:
    """The questions of a specimen and their reference answers."""
    width, height = specimen.scene.image.size
    questions = [
        {"item": question.item, "question": question.text, "answers": list(question.answers)}
        for question in specimen.questions
    ]
    return {"image": specimen.name, "width": width, "height": height, "questions": questions}


def answer_predictions(model: Answerer, specimens: list[Specimen], regions: Tensor) -> list[Record]:
    """The text that the answerer spelt for each question, whatever it is; regions [specimens, REGIONS, REGION]."""
    owners = [i for i, specimen in enumerate(specimens) for _ in specimen.questions]
    texts = [question.text for specimen in specimens for question in specimen.questions]
    answers = iter(model.generate(regions[owners], texts))
    return [
        {
            "image": specimen.name,
            "questions": [{"item": question.item, "answer": next(answers)} for question in specimen.questions],
        }
        for specimen in specimens
    ]


def see(detector: Detector, images: list[np.ndarray], settings: Settings) -> Tensor:
    """The regions of every image [images, REGIONS, REGION], from the trained detector, which learns no further."""
    return torch.stack(
        [
            region_features(
                detect(detector, image, settings.least_score, settings.most_boxes), (image.shape[1], image.shape[0])
            )
            for image in images
        ]
    )


def vocabulary() -> list[str]:
    """Every word of the questions."""
    texts = (
        "how many digits are there",
        "what colour is the",
        "is there a an",
        "which digits are there from left to right",
        "what is the sum of the digits",
    )
    return sorted({word for text in texts for word in text.split()} | {*DIGIT_WORDS, *COLOURS})


def run_answers(
    folder: Path, detector: Detector, training: list[Scene], validation: list[Scene], settings: Settings, seed: int
) -> tuple[Answerer, list[float]]:
    """Train the answerer on top of the detector's regions and write the VQA run."""
    specimens = save_specimens(folder, validation, seed)
    truth = [answer_truth(specimen) for specimen in specimens]
    rng = np.random.default_rng(seed + 1)
    asked = [
        (i, question)
        for round_ in range(settings.question_rounds)
        for i, scene in enumerate(training)
        for question in ask(scene, rng, i + round_)
    ]
    per_epoch = len(asked) // settings.answerer_batch
    write_header(folder, "digits: question answering", "visual question answering", per_epoch, truth)
    fix_seed(seed)
    regions = see(detector, [np.asarray(scene.image) for scene in training], settings)
    validation_regions = see(detector, [specimen.pixels for specimen in specimens], settings)
    model = Answerer(vocabulary())

    def loss_of(batch: list[int]) -> Tensor:
        pairs = [asked[i] for i in batch]
        questions, answers = [pair[1].text for pair in pairs], [pair[1].answers[0] for pair in pairs]
        return model.loss(regions[[pair[0] for pair in pairs]], questions, answers)

    def record(step: int) -> None:
        predictions = answer_predictions(model, specimens, validation_regions)
        write_step(folder, step, predictions)
        print_row(step, answer_scores(truth, predictions))

    batches = endless_batches([list(range(len(asked)))], settings.answerer_batch, seed)
    losses = train(model, batches, loss_of, record, settings.answerer_steps, settings.answerer_rate)
    return model, losses


# ----------------------------------------------------------------------------------------------------- command line


def print_row(step: int, scores: dict[str, float]) -> None:
    """One line of the table; the first line is preceded by its heads."""
    if step == 0:
        print("step".rjust(6), *(name.rjust(9) for name in scores))
    cells = (str(value) if isinstance(value, int) else f"{value:.3f}" for value in scores.values())
    print(str(step).rjust(6), *(cell.rjust(9) for cell in cells), flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, train, record, and say how long it took."""
    parser = argparse.ArgumentParser(description="Train two small models on handwritten digits and record their runs.")
    parser.add_argument("--out", type=Path, required=True, help="the folder that receives grounding/ and vqa/")
    parser.add_argument("--task", choices=("grounding", "vqa", "both"), default="both")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    settings, seed, began = Settings(), chosen.seed, time.perf_counter()
    training_digits, validation_digits = split_digits(seed)
    training = compose_many(training_digits, settings.training_scenes, seed + 1)
    print(f"{len(training)} training scenes after {time.perf_counter() - began:.1f} s")
    if chosen.task == "vqa":
        detector, _ = train_detector(training, settings, seed, lambda model, step: None)
    else:
        scenes = compose_many(validation_digits, settings.validation_scenes, seed + 2)
        detector, _ = run_grounding(chosen.out / "grounding", training, scenes, settings, seed)
    print(f"detector trained after {time.perf_counter() - began:.1f} s")
    if chosen.task != "grounding":
        scenes = compose_many(validation_digits, settings.validation_scenes, seed + 3)
        run_answers(chosen.out / "vqa", detector, training, scenes, settings, seed)
    print(f"done after {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
