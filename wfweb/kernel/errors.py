"""Typed refusals: why an act was not done, mapped once to page, fragment and problem+json.

A refusal is an answer, not an accident: it names the place, who could do it instead and
what to do next. ``kernel.problem`` turns it into a response; nothing else does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

Risk = Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field; ``pointer`` is an RFC 6901 pointer into the input."""

    pointer: str
    message: str
    code: str = "wrong"


def by_field(errors: Iterable[FieldError]) -> dict[str, str]:
    """Return the first message of each field, by the field's name."""
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(error.pointer.strip("/"), error.message)
    return found


class Refusal(Exception):  # noqa: N818 - a refusal is not an error of the program
    """An act that was refused and changed nothing."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "That was not done"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra: dict[str, Any] = extra


class BadRequest(Refusal):
    """The request could not be read."""

    status = 400
    code = "bad_request"
    title = "The request could not be read"


class SignInRequired(Refusal):
    """Nobody is signed in."""

    status = 401
    code = "sign_in_required"
    title = "Sign in first"


class Forbidden(Refusal):
    """The actor may not do this. Audited with its risk; ``who_can`` names who may."""

    status = 403
    code = "not_allowed"
    title = "You cannot do this"

    def __init__(
        self,
        detail: str = "",
        *,
        permission: str = "",
        risk: Risk = "LOW",
        who_can: Sequence[str] = (),
        code: str = "",
        **extra: Any,
    ) -> None:
        super().__init__(detail, who_can=list(who_can), **extra)
        self.permission = permission
        self.risk = risk
        self.who_can = list(who_can)
        if code:
            self.reason = code
            self.extra["reason"] = code


class Locked(Refusal):
    """A governance lock blocks the action; ``locks`` says which (DECISIONS 7: 403)."""

    status = 403
    code = "locked"
    title = "This is locked"

    def __init__(self, detail: str, *, locks: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(detail, locks=list(locks))


class NotFound(Refusal):
    """It does not exist, or the actor may not know that it does."""

    status = 404
    code = "not_found"
    title = "This does not exist or you may not see it"


class Conflict(Refusal):
    """Somebody else was faster (REC-2)."""

    status = 409
    code = "CONCURRENCY_ERROR"
    title = "It changed while you were working on it"

    def __init__(
        self,
        detail: str = "",
        *,
        current_version: int | None = None,
        your_version: int | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(
            detail, current_version=current_version, your_version=your_version, **extra
        )
        self.current_version = current_version
        self.your_version = your_version


class AlreadyDecided(Refusal):
    """The question was answered before, by whom and when."""

    status = 409
    code = "already_decided"
    title = "Nothing is left to decide here"

    def __init__(self, detail: str, *, by: str = "", at: datetime | None = None) -> None:
        super().__init__(detail, by=by, at=at.isoformat() if at else None)


class Stale(Refusal):
    """What was shown is no longer what is asked; carries the difference."""

    status = 409
    code = "stale"
    title = "It changed since you looked"

    def __init__(
        self, detail: str, *, difference: Sequence[Mapping[str, Any]], current_digest: str
    ) -> None:
        super().__init__(detail, difference=list(difference), current_digest=current_digest)
        self.difference = list(difference)
        self.current_digest = current_digest


class Gone(Refusal):
    """It existed and has ended."""

    status = 410
    code = "gone"
    title = "This has ended"


class PreconditionFailed(Refusal):
    """``If-Match`` names another version (RFC 9110 section 13.1.1)."""

    status = 412
    code = "precondition_failed"
    title = "It changed while you were working on it"

    def __init__(self, detail: str = "", *, current_version: int | None = None) -> None:
        super().__init__(detail, current_version=current_version)
        self.current_version = current_version


class TooLarge(Refusal):
    """More was sent than is taken."""

    status = 413
    code = "too_large"
    title = "That is too large"


class UnsupportedMedia(Refusal):
    """The body is of a type that is not read here."""

    status = 415
    code = "unsupported_media_type"
    title = "This type of content is not read here"


class ValidationFailed(Refusal):
    """Input that names its wrong places."""

    status = 422
    code = "validation_failed"
    title = "There is a problem"

    def __init__(self, errors: Sequence[FieldError], detail: str = "") -> None:
        self.errors = list(errors)
        super().__init__(
            detail or "; ".join(f"{e.pointer or '/'}: {e.message}" for e in self.errors[:5]),
            errors=[asdict(e) for e in self.errors],
        )

    @classmethod
    def at(cls, pointer: str, message: str, code: str = "wrong") -> "ValidationFailed":
        """Return a refusal with one wrong place."""
        return cls([FieldError(pointer, message, code)])


class PreconditionRequired(Refusal):
    """A version has to be named (RFC 6585 section 3)."""

    status = 428
    code = "precondition_required"
    title = "Name the version you saw"


class RateLimited(Refusal):
    """Too many tries; ``retry_after`` in seconds."""

    status = 429
    code = "rate_limited"
    title = "Too many tries"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """A part that is needed does not answer; nothing was changed."""

    status = 503
    code = "unavailable"
    title = "A part of wfweb does not answer"

    def __init__(self, detail: str = "", *, retry_after: int = 5) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after
