"""Writes answers_official.json: POPE's figures and pix2struct's relaxed correctness of seeded answers.

    python tests/references/answers_official.py path/to/POPE/evaluate.py path/to/pix2struct/metrics.py

The files of AoiDragon/POPE at 08d957b and google-research/pix2struct at 945f27e, run as they stand; pix2struct's
imports of other packages are replaced by empty modules.
"""

import contextlib
import io
import itertools
import json
import random
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

# fmt: off
ANSWERS = [
    "Yes", "No", "yes", "no", "Yes, there is.", "No, there is not a dog.", "There is no dog",
    "It is not there", "NO", "No!", "Not at all", "maybe", "the", "There is a dog. No cat.", "No. Yes.",
    "I see none", "yes no", "no,", ", no", "", "nothing", "I do not know", "not, I think.so",
]
# fmt: on
# fmt: off
NUMBERS = [
    "0", "0.0", "1", "1.05", "1.0500001", "0.95", "1.06", "100", "105", "105.1", "95", "-5", "-5.2", "5",
    "5%", "5.1%", "0.05", "0.0525", "50%%", "%", "12 %", "1,200", "1200", "1e3", "1000", " 7", "7 ", "seven",
    "Seven", "SEVEN ", "nan", "NaN", "inf", "-inf", "infinity", "1_000", "blue", "Blue", "0%", "00", "yes",
    "½", "٣", "3", "",
]
# fmt: on


def pope_figures(script: str, answers: list[str], labels: list[str]) -> dict[str, float]:
    """What POPE's script prints."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("answers.jsonl", "labels.jsonl")]
        paths[0].write_text("\n".join(json.dumps({"answer": text}) for text in answers), "utf-8")
        paths[1].write_text("\n".join(json.dumps({"label": text}) for text in labels), "utf-8")
        code = script.replace("ans_file = ''", f"ans_file = {str(paths[0])!r}")
        code = code.replace("label_file = ''", f"label_file = {str(paths[1])!r}")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {})
    lines = (line.split(": ") for line in printed.getvalue().splitlines() if ": " in line)
    return {name: float(value) for name, value in lines}


def main(pope: Path, pix2struct: Path) -> None:
    source = random.Random(5)
    script = pope.read_text("utf-8")
    polls = []
    for _ in range(60):
        count = source.randint(8, 40)
        # a right and a wrong yes and no each, without which the script divides by 0
        answers = ["Yes", "Yes", "No", *source.choices(ANSWERS, k=count)]
        labels = ["yes", "no", "yes", *source.choices(("yes", "no"), k=count)]
        polls.append({"answers": answers, "labels": labels, "figures": pope_figures(script, answers, labels)})
    others = ("pycocoevalcap.tokenizer.ptbtokenizer", "pycocoevalcap.cider.cider", "editdistance")
    for name in ("pycocoevalcap", "pycocoevalcap.tokenizer", "pycocoevalcap.cider", *others):
        sys.modules[name] = SimpleNamespace(PTBTokenizer=None, Cider=None)
    names: dict = {}
    exec(pix2struct.read_text("utf-8"), names)
    relaxed = [
        [answer, target, bool(names["relaxed_correctness"](target, answer))]
        for answer, target in itertools.product(NUMBERS, NUMBERS)
    ]
    written = {
        "sources": ["AoiDragon/POPE 08d957b evaluate.py", "google-research/pix2struct 945f27e pix2struct/metrics.py"],
        "pope": polls,
        "relaxed": relaxed,
    }
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(written, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
