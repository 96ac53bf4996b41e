"""Writes grounding_official.json: what MDETR's and gRefCOCO's evaluators give for seeded phrases, one by one.

    python tests/references/grounding_official.py path/to/mdetr path/to/gRefCOCO

Checkouts of ashkamath/mdetr at ea09acc and henghuiding/gRefCOCO at 41a8f00; needs torch. Their evaluators run as they
stand; what they import beside (data sets, tables, tokenisers) is replaced by empty modules.
"""

import contextlib
import io
import json
import random
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

SOURCES = (
    "ashkamath/mdetr ea09acc datasets/flickr_eval.py (any, merged), datasets/refexp.py (giou)",
    "henghuiding/gRefCOCO 41a8f00 mdetr/datasets/refexp.py (grec_giou; grec with box_iou in the place of giou)",
)
KEPT_FROM = 0.7


def loaded(file: Path, mdetr: Path) -> Any:
    """The names of ``file``, whose own imports from MDETR are what it needs of them."""
    boxes = ModuleType("util.box_ops")
    code = (mdetr / "util" / "box_ops.py").read_text("utf-8").replace("from torchvision.ops.boxes import box_area", "")
    boxes.box_area = lambda corners: (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    exec(code, boxes.__dict__)
    dist = ModuleType("util.dist")
    dist.is_main_process = lambda: True
    stubs = {
        "util": ModuleType("util"),
        "util.box_ops": boxes,
        "util.dist": dist,
        "prettytable": SimpleNamespace(PrettyTable=None),
        "transformers": SimpleNamespace(RobertaTokenizerFast=None),
        "stub": ModuleType("stub"),
        "stub.coco": SimpleNamespace(ModulatedDetection=object, make_coco_transforms=None),
    }
    stubs["util"].dist = dist
    sys.modules.update(stubs)
    names: dict[str, Any] = {"__name__": "stub.module", "__package__": "stub"}
    exec(compile(file.read_text("utf-8"), str(file), "exec"), names)

    def plain_iou(boxes_a: torch.Tensor, boxes_b: torch.Tensor) -> torch.Tensor:
        return boxes.box_iou(boxes_a, boxes_b)[0]

    return SimpleNamespace(**names | {"globals": names, "plain_iou": plain_iou})


def phrase(source: random.Random) -> dict[str, Any]:
    """A phrase with one to four boxes, and one to twelve predictions of it, many of them near a box."""

    def box() -> list[int]:
        x, y = source.randint(0, 60), source.randint(0, 60)
        return [x, y, x + source.randint(5, 40), y + source.randint(5, 40)]

    def near(corners: list[int]) -> list[int]:
        moved = [value + source.choice((0, 0, 1, -1, 3, -3, 6)) for value in corners]
        return moved if moved[0] < moved[2] and moved[1] < moved[3] else corners

    truth = [box() for _ in range(source.choice((1, 1, 2, 3, 4)))]
    count = source.choice((len(truth), len(truth), len(truth) + 1, 1, 5, 12))
    predictions = [near(source.choice(truth)) if source.random() < 0.6 else box() for _ in range(count)]
    if source.random() < 0.4:
        predictions = [near(corners) for corners in truth]
    # not .7 itself, which is less than .7 as the float32 that the evaluators see
    possible = range(71, 100) if source.random() < 0.7 else [*range(1, 70), *range(71, 100)]
    scores = source.sample(possible, len(predictions))
    return {"truth": truth, "predictions": predictions, "scores": [score / 100 for score in scores]}


def recalls(module: Any, case: dict[str, Any], merge: bool) -> list[float]:
    evaluator = object.__new__(module.Flickr30kEntitiesRecallEvaluator)
    boxes = module._merge_boxes(case["truth"]) if merge else case["truth"]
    evaluator.topk, evaluator.iou_thresh = (1, 5, 10), 0.5
    evaluator.imgid2boxes = {"0": {"1": boxes}}
    evaluator.imgid2sentences = {"0": [[{"phrase_id": "1", "phrase_type": ["other"]}]]}
    evaluator.all_ids = ["0_0"]
    order = sorted(range(len(case["scores"])), key=lambda row: -case["scores"][row])
    ranked = [case["predictions"][row] for row in order]
    report = evaluator.evaluate([{"image_id": 0, "sentence_id": 0, "boxes": [ranked]}])
    return [report[k]["all"] for k in (1, 5, 10)]


def annotations(images: dict[int, dict[str, Any]]) -> Any:
    """What the evaluators ask of a COCO file: an image is an expression."""

    def of(image: int) -> list[dict[str, Any]]:
        boxes = images[image]["truth"] or [[0, 0, 0, 0]]
        category = 1 if images[image]["truth"] else -1
        return [{"bbox": [x, y, x2 - x, y2 - y], "category_id": category} for x, y, x2, y2 in boxes]

    return SimpleNamespace(
        imgs=images,
        getAnnIds=lambda imgIds: [(imgIds, place) for place in range(len(of(imgIds)))],  # noqa: N803
        loadImgs=lambda image: [{"dataset_name": "refcoco"}],
        loadAnns=lambda ids: [of(image)[place] for image, place in ([ids] if isinstance(ids, tuple) else ids)],
    )


def evaluated(evaluator: Any, images: dict[int, dict[str, Any]]) -> Any:
    evaluator.predictions = {
        image: {"scores": torch.tensor(case["scores"]), "boxes": torch.tensor(case["predictions"]).float()}
        for image, case in images.items()
    }
    with contextlib.redirect_stdout(io.StringIO()):
        return evaluator.summarize()


def is_correct(module: Any, case: dict[str, Any]) -> float:
    """Whether F1 is 1, told from a run with a hit and a rightly empty answer beside, which the ratios need."""
    hit = {"truth": [[0, 0, 9, 9]], "predictions": [[0, 0, 9, 9]], "scores": [0.9]}
    images = {0: case, 1: hit, 2: {"truth": [], "predictions": [[0, 0, 9, 9]], "scores": [0.1]}}
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator = module.RefExpEvaluator(annotations(images), ("bbox",), thresh_score=KEPT_FROM)
    return float(round(evaluated(evaluator, images)["F1_score"] * 3) - 2)


def main(mdetr: Path, grefcoco: Path) -> None:
    flickr = loaded(mdetr / "datasets" / "flickr_eval.py", mdetr)
    referring = loaded(mdetr / "datasets" / "refexp.py", mdetr)
    grec = loaded(grefcoco / "mdetr" / "datasets" / "refexp.py", mdetr)
    giou = grec.globals["generalized_box_iou"]
    source = random.Random(7)
    cases = [phrase(source) for _ in range(400)]
    for case in cases:
        case["any"], case["merged"] = recalls(flickr, case, False), recalls(flickr, case, True)
        if len(case["truth"]) == 1:
            evaluator = referring.RefExpEvaluator(annotations({0: case}), ("bbox",), k=(1,))
            case["giou"] = evaluated(evaluator, {0: case})["refcoco"][0]
        case["grec_giou"] = is_correct(grec, case)
        grec.globals["generalized_box_iou"] = grec.plain_iou
        case["grec"] = is_correct(grec, case)
        grec.globals["generalized_box_iou"] = giou
    written = {"sources": SOURCES, "kept_from": KEPT_FROM, "cases": cases}
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(written, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
