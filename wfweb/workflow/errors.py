"""Why the engine refuses."""

from typing import Any

from wfweb.kernel.errors import Conflict, Forbidden, NotFound, Refusal, ValidationFailed
from wfweb.workflow.rules import Blocked
from wfweb.workflow.schemas import SYSTEM_ROLE, ActionCall


class StepNotPossible(Refusal):
    """The instance is not in a state where this step exists, or its condition does not hold."""

    status = 409
    code = "step_not_possible"
    title = "This step is not possible now"


class AlreadyRunning(Conflict):
    """A second instance of the same definition for one record."""

    code = "already_running"
    title = "This is already running"


class ActionFailed(Refusal):
    """An action of a step could not be done, so the step was not done either."""

    status = 409
    code = "action_failed"
    title = "A step could not be finished"

    def __init__(self, call: ActionCall, cause: Exception) -> None:
        self.call = call
        reason = cause.detail if isinstance(cause, Refusal) else str(cause) or type(cause).__name__
        super().__init__(f"{call.action.replace('_', ' ').capitalize()}: {reason}"[:1000])


class StepTooLong(Refusal):
    """A step ran longer than it may (ENG-12); it was ended and nothing of it remains."""

    status = 503
    code = "step_too_long"
    title = "This step took too long and was stopped"


def refusal_of(blocked: Blocked, state_name: str) -> Refusal:
    """Turn what the rules say into the refusal a person gets."""
    if blocked.reason in {"role", "permission"}:
        needed = "" if blocked.needs == SYSTEM_ROLE else blocked.needs
        return Forbidden(
            f"{blocked.sentence}.",
            permission=needed if blocked.reason == "permission" else "",
            risk="MEDIUM",
            who_can=[needed] if needed and blocked.reason == "role" else [],
            code=f"step_{blocked.reason}",
        )
    if blocked.reason == "comment":
        return ValidationFailed.at("/comment", f"{blocked.sentence}.", "comment_required")
    if blocked.reason == "unknown":
        return NotFound(f"{blocked.sentence}.")
    extra: dict[str, Any] = {"reason": blocked.reason, "state": state_name}
    if blocked.explanation is not None:
        extra["explanation"] = blocked.explanation
    return StepNotPossible(f"{blocked.sentence}.", **extra)
