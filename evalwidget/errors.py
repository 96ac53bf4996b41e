"""What evalwidget raises about a user's input.

::

    EvalWidgetError            anything wrong with what was given; catch this one
    ├── FormatError            a file or a frame does not hold what its format asks for
    ├── JoinError              predictions name an image that several specimens answer to
    └── UnknownNameError       a step, specimen, format or option that is not there
"""

from evalwidget.readable_text import readable

__all__ = ["EvalWidgetError", "FormatError", "JoinError", "UnknownNameError"]


class EvalWidgetError(Exception):
    """Something about the input is wrong; the message says where, what was expected, what was found, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(readable(message))


class FormatError(EvalWidgetError):
    """The content of ``where`` (a file, with line or field, or a frame) is not what its format asks for."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class JoinError(EvalWidgetError):
    """Nobody can say which specimen, question or phrase predictions are about: a name that several answer to, or
    records to be taken one by one that are more or fewer than the ground truth's, or of something else."""


class UnknownNameError(EvalWidgetError):
    """A step, specimen, format or option that is not there."""
