"""Where in a run a widget is: what its traits ``step`` and ``specimen`` may be."""

from collections.abc import Container, Iterable

import traitlets

__all__ = ["known_specimen", "recorded_step"]


def recorded_step(step: int | None, steps: Iterable[int]) -> int | None:
    """``step``, None or one of ``steps``. Raises ``TraitError``."""
    if step is not None and step not in steps:
        raise traitlets.TraitError(f"step {step!r} is not recorded; the run has {sorted(steps)}")
    return step


def known_specimen(specimen: str | None, specimens: Container[str]) -> str | None:
    """``specimen``, None or one of ``specimens``. Raises ``TraitError``."""
    if specimen is not None and specimen not in specimens:
        raise traitlets.TraitError(f"specimen {specimen!r} is not in the run")
    return specimen
