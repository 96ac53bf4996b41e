"""Two runs over the same specimens, side by side."""

import pandas as pd

from evalwidget.dataframes import change_tables
from evalwidget.description import facts_as_html, facts_as_text
from evalwidget.dynamics.step_choice import Resampling
from evalwidget.dynamics.step_pairs import EVALUATED, StepPair, pair_of_runs
from evalwidget.run import Run
from evalwidget.scoring.evaluation import Settings

__all__ = ["RunComparison", "compare_runs"]


class RunComparison:
    """A step of one run (a) against a step of another (b): make one with ``compare_runs``.

    Specimens are the same where their identifiers are. What only one side has, or has other ground truth for, is
    listed, has a row in ``changes``, and enters no comparison.
    """

    def __init__(self, run_a: Run, run_b: Run, pair: StepPair) -> None:
        self._runs = run_a, run_b
        self._pair = pair

    @property
    def steps(self) -> tuple[int, int]:
        """The step of each run."""
        return self._pair.before.step, self._pair.after.step

    @property
    def only_in_a(self) -> list[str]:
        """The specimens that only the first run evaluated, whether or not the second has them."""
        return self._evaluated("only_before")

    @property
    def only_in_b(self) -> list[str]:
        """The specimens that only the second run evaluated, whether or not the first has them."""
        return self._evaluated("only_after")

    @property
    def different_ground_truth(self) -> list[str]:
        """The specimens that both evaluated against ground truth that differs: labels, corners (by more than
        .001 pixels), crowd regions, or the words of questions and references."""
        return self._evaluated("different_ground_truth")

    def changes(
        self,
        *,
        metric: str | None = None,
        moved_by: float = 0.05,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """As ``Run.changes``, from the first run to the second, of all specimens of either; ``evaluated`` is also
        "different_ground_truth"."""
        return change_tables.changes(self._pair, Settings(iou_threshold, confidence_threshold), metric, moved_by)

    def change_events(
        self,
        *,
        metric: str | None = None,
        threshold: float | None = None,
        moved_by: float = 0.05,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """As ``Run.change_events``; places and items of ground truth are those of the first run."""
        settings = Settings(iou_threshold, confidence_threshold)
        return change_tables.change_events(self._pair, settings, metric, threshold, moved_by)

    def paired_test(
        self,
        metric: str | None = None,
        threshold: float | None = None,
        *,
        samples: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
        iou_threshold: float = 0.5,
        confidence_threshold: float = 0.0,
    ) -> pd.DataFrame:
        """As ``Run.paired_test``: whether the second run is better, on the specimens that both evaluated against the
        same ground truth."""
        settings = Settings(iou_threshold, confidence_threshold)
        return change_tables.paired_test(self._pair, settings, metric, threshold, Resampling(samples, confidence, seed))

    def __repr__(self) -> str:
        return facts_as_text("Comparison", self._facts())

    def _repr_html_(self) -> str:
        return facts_as_html("Comparison", self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        facts = [
            (side, f"{run.name!r}, step {step}") for side, run, step in zip("ab", self._runs, self.steps, strict=True)
        ]
        facts.append(("compared", f"{int(self._pair.compared.sum()):,} specimens"))
        lists = (
            ("only in a", self.only_in_a),
            ("only in b", self.only_in_b),
            ("different ground truth", self.different_ground_truth),
        )
        for name, names in lists:
            if names:
                facts.append((name, f"{len(names):,}: {', '.join(names[:3])}{' …' * (len(names) > 3)}"))
        return facts

    def _evaluated(self, where: str) -> list[str]:
        chosen = self._pair.evaluated == EVALUATED.index(where)
        return [name for name, is_there in zip(self._pair.identifiers, chosen.tolist(), strict=True) if is_there]


def compare_runs(run_a: Run, run_b: Run, step_a: int | None = None, step_b: int | None = None) -> RunComparison:
    """Two runs over the same specimens side by side, each at a step (its last one if None), which are read now.

    Raises ``UnknownNameError`` about a step that is not recorded, ``EvalWidgetError`` where one run is of boxes and the
    other of questions, or they have no specimen in common.
    """
    before, after = run_a._at_step(step_a), run_b._at_step(step_b)
    return RunComparison(run_a, run_b, pair_of_runs(before, after))
