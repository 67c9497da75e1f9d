"""Kinds of locks: what causes lead to them, what they block, how they may end."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import select

from wfweb.events import emit
from wfweb.identity.policy import require
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, FieldError, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.locks.events import LockTypeSaved
from wfweb.locks.models import LockType
from wfweb.locks.policy import MANAGE
from wfweb.records.types import find_type
from wfweb.workflow import definitions

CODE: Final = r"^[a-z][a-z0-9_]{0,62}$"
PLAIN: Final = r"^[^\x00]*$"
CAUSE: Final = re.compile(r"^[a-z][a-z0-9_]{0,62}\*?$")
_CODE_SAID: Final = "Use small letters, digits and _, a letter first"
SAID: Final = {
    "code": _CODE_SAID,
    "name": "Give it a name of at most 120 characters",
    "description": "Use at most 2000 characters, none of them invisible",
    "record_type": _CODE_SAID,
    "causes": "Name at most 100 metrics",
    "blocked_actions": "Name at least one action and at most 50",
    "severity": "Use critical, warning or nothing",
    "expiry_days": "Use a whole number of days from 1 to 3650",
    "on_expiry": "Use unlock, renew or accept",
    "in_flight": "Use finish or stop",
    "release_workflow": _CODE_SAID,
}
"""What is said of a member whose value is wrong, for people who know no patterns."""


class LockTypeBody(BaseModel):
    """A kind of lock as a pack, the API or a page gives it; unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=CODE)
    name: str = Field(min_length=1, max_length=120, pattern=PLAIN)
    description: str = Field(default="", max_length=2000, pattern=PLAIN)
    record_type: str | None = Field(default=None, pattern=CODE)
    causes: list[str] = Field(default=[], max_length=100)
    fallback: bool = False
    blocked_actions: list[str] = Field(min_length=1, max_length=50)
    severity: str | None = Field(default=None, pattern="^(critical|warning)$")
    expiry_days: int | None = Field(default=None, ge=1, le=3650)
    on_expiry: str = Field(default="unlock", pattern="^(unlock|renew|accept)$")
    in_flight: str = Field(default="stop", pattern="^(finish|stop)$")
    release_workflow: str | None = Field(default=None, pattern=CODE)
    ask_at_once: bool = True
    active: bool = True

    @model_validator(mode="after")
    def _sensible(self) -> "LockTypeBody":
        for cause in self.causes:
            if not CAUSE.match(cause):
                message = f"“{cause[:60]}” is no metric code, nor the beginning of one and a *"
                raise ValueError(message)
        for action in self.blocked_actions:
            if not re.match(CODE, action):
                message = f"“{action[:60]}” is no code of an action"
                raise ValueError(message)
        if not self.causes and not self.fallback:
            message = "Name the metrics that lead to it, or make it the fallback"
            raise ValueError(message)
        if self.fallback and self.record_type is None:
            message = "A fallback names its type of records; else it would lock those of every pack"
            raise ValueError(message)
        return self


def save_type(given: Mapping[str, Any], *, version: int | None = None) -> LockType:
    """Make or change a kind of lock; locks that stand keep what they block.

    :param version: the version that was seen; without one the newest is changed, as packs do.
    :raises Forbidden: without the permission.
    :raises ValidationFailed: naming every wrong place; also for unknown types and workflows.
    :raises Conflict: when it was changed since ``version``.
    """
    require(MANAGE)
    body = read_type(given)
    _known(body)
    found = find(body.code, lock=True)
    if found is not None and version is not None and found.version != version:
        message = f"“{found.name}” was changed meanwhile"
        raise Conflict(message, current_version=found.version, your_version=version)
    values = body.model_dump()
    values["record_type_code"] = values.pop("record_type")
    if found is None:
        found = LockType(id=new_id(), version=1, **values)
        session().add(found)
    else:
        changed = {key: value for key, value in values.items() if getattr(found, key) != value}
        if not changed:
            return found
        found.version += 1
        for key, value in changed.items():
            setattr(found, key, value)
    emit(
        LockTypeSaved(
            target_type="lock_type",
            target_id=found.id,
            target_label=found.name,
            after=body.model_dump(mode="json"),
        )
    )
    return found


def read_type(given: Mapping[str, Any]) -> LockTypeBody:
    """Return a checked body.

    :raises ValidationFailed: naming every wrong place.
    """
    try:
        return LockTypeBody.model_validate(dict(given))
    except ValidationError as error:
        raise ValidationFailed(
            [
                FieldError("".join(f"/{part}" for part in one["loc"]), _said(one))
                for one in error.errors()
            ]
        ) from error


def _said(wrong: Any) -> str:
    if wrong["loc"] and wrong["type"] not in {"missing", "extra_forbidden"}:
        return SAID.get(wrong["loc"][0], str(wrong["msg"]))
    return str(wrong["msg"]).removeprefix("Value error, ")


def find(code: str, *, lock: bool = False) -> LockType | None:
    """Return a kind of lock of the company, or ``None``."""
    query = select(LockType).where(
        LockType.company_id == current_actor().company_id, LockType.code == code
    )
    return session().scalar(query.with_for_update() if lock else query)


def get(code: str) -> LockType:
    """Return a kind of lock of the company.

    :raises NotFound: when there is none of this code.
    """
    found = find(code)
    if found is None:
        raise NotFound
    return found


def _known(body: LockTypeBody) -> None:
    if body.record_type and find_type(body.record_type) is None:
        message = f"There is no record type “{body.record_type}”"
        raise ValidationFailed.at("/record_type", message, "unknown")
    if body.release_workflow is None:
        return
    try:
        definitions.find(body.release_workflow)
    except NotFound as missing:
        message = f"There is no workflow “{body.release_workflow}”"
        raise ValidationFailed.at("/release_workflow", message, "unknown") from missing
