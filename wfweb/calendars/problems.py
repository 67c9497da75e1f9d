"""Why a calendar or a question about working time is refused. Pure: nothing is looked up here."""

from wfweb.kernel.errors import FieldError, ValidationFailed


class CalendarProblem(ValidationFailed):
    """The body of a calendar is wrong; ``errors`` names every place by its JSON pointer."""

    code = "calendar_problem"
    title = "The calendar has a problem"


class TooFar(ValidationFailed):
    """The answer lies more than 200 years away, or outside the years 1900 to 2399."""

    code = "too_far"
    title = "That is too far away"


class UnanswerableQuestion(ValidationFailed):
    """An end before its start, a negative duration, a pause that ends before it begins."""

    code = "unanswerable"
    title = "That cannot be computed"


def refused(pointer: str, message: str, code: str) -> UnanswerableQuestion:
    """A refusal of one argument."""
    return UnanswerableQuestion([FieldError(pointer, message, code)])


def too_far(message: str, pointer: str = "/seconds") -> TooFar:
    """A refusal of an answer that is out of reach."""
    return TooFar([FieldError(pointer, message, "too_far")])
