"""Writes vqa_official.json: what VQA's official vqaEval.py (GT-Vision-Lab/VQA at a013f00) gives for seeded answers.

    python tests/references/vqa_official.py path/to/vqaEval.py

The official file is Python 2; its print statements are made calls, and it is run as it stands otherwise.
"""

import json
import random
import re
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

from texts import question_answers, text

COMMIT = "a013f00"


def main(source: Path) -> None:
    warnings.simplefilter("ignore")
    code = re.sub(r"\bprint (\".*?\")", r"print(\1)", source.read_text("utf-8"))
    names: dict = {}
    exec(compile(code, str(source), "exec"), names)
    cases = question_answers(1, 1200, 10) + question_answers(2, 500)
    truth = {
        place: {
            "answers": [{"answer": reference, "answer_id": number} for number, reference in enumerate(references)],
            "question_type": "-",
            "answer_type": "-",
        }
        for place, (_, references) in enumerate(cases)
    }
    questions = SimpleNamespace(qa=truth, getQuesIds=lambda: list(truth))
    found = SimpleNamespace(qa={place: {"answer": answer} for place, (answer, _) in enumerate(cases)})
    official = names["VQAEval"](questions, found, n=12)
    official.updateProgress = lambda progress: None
    official.evaluate()
    source_of_texts = random.Random(3)
    texts = sorted({text(source_of_texts) for _ in range(1500)} | {"a." * 40, *official.contractions})
    written = {
        "source": f"GT-Vision-Lab/VQA {COMMIT} PythonEvaluationTools/vqaEvaluation/vqaEval.py",
        "accuracy": [
            [answer, references, round(official.evalQA[place] / 100, 12)]
            for place, (answer, references) in enumerate(cases)
        ],
        "normalised": [[text, official.processDigitArticle(official.processPunctuation(text))] for text in texts],
    }
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(written, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
