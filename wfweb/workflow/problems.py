"""What can be wrong with a definition, always with the place named."""

from dataclasses import dataclass
from typing import Literal

from wfweb.kernel.errors import FieldError, ValidationFailed


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: ``path`` is an RFC 6901 pointer into the body.

    A ``warning`` is shown but does not stop a publication.
    """

    path: str
    message: str
    code: str = "definition"
    severity: Literal["error", "warning"] = "error"


class BrokenFile(Exception):  # noqa: N818 - read as a sentence where it is raised
    """A file that cannot be read; ``line`` where it is known, counted from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


def errors_only(problems: list[Problem]) -> list[Problem]:
    """Return the problems that stop a publication."""
    return [problem for problem in problems if problem.severity == "error"]


def refuse(problems: list[Problem], prefix: str = "") -> None:
    """Raise what stops a definition.

    :raises ValidationFailed: when at least one problem is an error.
    """
    wrong = errors_only(problems)
    if wrong:
        raise ValidationFailed(
            [FieldError(prefix + item.path, item.message, item.code) for item in wrong]
        )
