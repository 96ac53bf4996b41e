"""Text metrics of W4 against plain loops over the reference implementations.

    python benchmarks/bench_text.py [--official-vqa path/to/vqaEval.py] [--steps 20] [--questions 5000] [--rounds 5]

Prints a table in Markdown. Agreement comes first: every score must equal the reference's, else the script stops. The
references loop over the answers of all checkpoints to a part of the questions (``--sample``), and their time is scaled
up to all questions; ours is for all. VQA accuracy is compared with the official script where its path is given (it is
not on PyPI), else left out.
"""

import argparse
import re
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import anls as anls_package
import numpy as np
import sacrebleu
from rapidfuzz import fuzz
from rouge_score import rouge_scorer
from workloads_text import W4, text_run, text_workload

import evalwidget as ew
from evalwidget.answer_scores import AnswerScoring
from evalwidget.metrics.catalogue import known_metrics
from evalwidget.metrics.text import normalised_answer

Pair = tuple[str, tuple[str, ...]]
Loop = Callable[[list[Pair]], list[float]]


def squad_f1(answer: str, reference: str) -> float:
    found, wanted = normalised_squad(answer).split(), normalised_squad(reference).split()
    same = sum((Counter(found) & Counter(wanted)).values())
    if not found or not wanted:
        return float(found == wanted)
    return 2 * same / (len(found) + len(wanted))


def normalised_squad(text: str) -> str:
    """As SQuAD's script: no cache."""
    return normalised_answer.__wrapped__(text)


def relaxed(answer: str, target: str) -> bool:
    """As pix2struct's relaxed_correctness."""

    def number(text: str) -> float | None:
        try:
            return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
        except ValueError:
            return None

    found, wanted = number(answer), number(target)
    if found is not None and wanted:
        return abs(found - wanted) / abs(wanted) <= 0.05
    return answer.lower() == target.lower()


def official_vqa(path: str) -> Loop:
    """VQA's official script, its print statements made calls."""
    warnings.simplefilter("ignore")
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        code = re.sub(r"\bprint (\".*?\")", r"", file.read())
    names: dict = {}
    exec(compile(code, path, "exec"), names)

    def loop(pairs: list[Pair]) -> list[float]:
        truth = {
            place: {
                "answers": [{"answer": text, "answer_id": number} for number, text in enumerate(references)],
                "question_type": "-",
                "answer_type": "-",
            }
            for place, (_, references) in enumerate(pairs)
        }
        questions = SimpleNamespace(qa=truth, getQuesIds=lambda: list(truth))
        found = SimpleNamespace(qa={place: {"answer": answer} for place, (answer, _) in enumerate(pairs)})
        official = names["VQAEval"](questions, found, n=12)
        official.updateProgress = lambda progress: None
        official.evaluate()
        return [official.evalQA[place] / 100 for place in truth]

    return loop


def each(score: Callable[[str, tuple[str, ...]], float]) -> Loop:
    return lambda pairs: [score(answer, references) for answer, references in pairs]


def spaced(text: str) -> str:
    return " ".join(text.lower().split())


def reference_loops(vqa: str | None) -> dict[str, tuple[str, Loop]]:
    rouge = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    loops = {
        "exact_match": (
            "SQuAD's functions",
            each(lambda answer, refs: float(any(normalised_squad(answer) == normalised_squad(ref) for ref in refs))),
        ),
        "token_f1": ("SQuAD's functions", each(lambda answer, refs: max(squad_f1(answer, ref) for ref in refs))),
        "bleu": ("sacrebleu", each(lambda answer, refs: sacrebleu.sentence_bleu(answer, list(refs)).score)),
        "anls": ("anls", each(lambda answer, refs: anls_package.anls_score(answer, list(refs)))),
        "rouge_l": (
            "rouge_score",
            each(lambda answer, refs: rouge.score_multi(list(refs), answer)["rougeL"].fmeasure),
        ),
        "relaxed_accuracy": (
            "pix2struct's function",
            each(lambda answer, refs: float(max(relaxed(answer, ref) for ref in refs))),
        ),
        "string_similarity": (
            "rapidfuzz",
            each(lambda answer, refs: max(fuzz.ratio(spaced(answer), spaced(ref)) / 100 for ref in refs)),
        ),
    }
    if vqa:
        loops["vqa_accuracy"] = ("vqaEval.py", official_vqa(vqa))
    return loops


def clear_caches() -> None:
    """Forget what modules keep between runs, so that every round starts cold."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("evalwidget.metrics", "sacrebleu")):
            owners = [module, *(value for value in vars(module).values() if isinstance(value, type))]
            for owner in owners:
                for value in vars(owner).values():
                    if hasattr(value, "cache_clear"):
                        value.cache_clear()


def scored(run: ew.Run, names: list[str]) -> dict[str, np.ndarray]:
    scoring, known = AnswerScoring(run._data), known_metrics(run.task)
    scoring.take(run.steps)
    return {name: np.concatenate([scoring.values(step, known[name]) for step in run.steps]) for name in names}


def median_seconds(calls: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The median time of each call; they take turns."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, taken in zip(calls, seconds, strict=True):
            clear_caches()
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in seconds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official-vqa")
    parser.add_argument("--steps", type=int, default=W4[0])
    parser.add_argument("--questions", type=int, default=W4[1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=250)
    asked = parser.parse_args()
    workload = text_workload(asked.steps, asked.questions, W4[2])
    pairs = [pair for texts in workload.answers for pair in zip(texts, workload.references, strict=True)]
    questions = np.linspace(0, asked.questions - 1, min(asked.sample, asked.questions)).astype(int)
    rows = (np.arange(asked.steps)[:, None] * asked.questions + questions).ravel()
    sample = [pairs[row] for row in rows]
    scale = len(pairs) / len(sample)
    loops, run = reference_loops(asked.official_vqa), text_run(workload)
    names = list(loops)
    found = scored(run, names)
    for name, (_, loop) in loops.items():
        np.testing.assert_allclose(found[name][rows], loop(sample), rtol=0, atol=1e-9, err_msg=name)
    print(
        f"{asked.steps} checkpoints x {asked.questions:,} answers x 10 references; {len(set(pairs)):,} distinct pairs; "
        f"{len(sample):,} scores a metric equal to the reference; medians of {asked.rounds} rounds, "
        f"loops over {len(sample):,} answers, scaled to {len(pairs):,}\n"
    )
    print("| metric | reference | loop, s | evalwidget, s | times faster |\n|---|---|---|---|---|")
    total = 0.0
    for name, (reference, loop) in loops.items():
        slow, fast = median_seconds(
            [lambda loop=loop: loop(sample), lambda name=name: scored(run, [name])], asked.rounds
        )
        slow *= scale
        total += slow
        print(f"| {name} | {reference} | {slow:.2f} | {fast:.3f} | {slow / fast:.0f} |", flush=True)
    (fast,) = median_seconds([lambda: scored(run, names)], asked.rounds)
    print(f"| all of them | | {total:.2f} | {fast:.3f} | {total / fast:.0f} |")


if __name__ == "__main__":
    main()
