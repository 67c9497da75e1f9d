"""Who can end a lock: the committee its kind names, those asked now, and who may override."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.approvals.wording import approver_text
from wfweb.identity import queries as people
from wfweb.identity.models import User
from wfweb.kernel.db import session
from wfweb.locks.policy import OVERRIDE
from wfweb.locks.rows import LockRow
from wfweb.workflow.compiled import Definition
from wfweb.workflow.loading import definition_of
from wfweb.workflow.models import WorkflowDefinition, WorkflowInstance
from wfweb.workflow.schemas import Approver

NAMED = 5
LIVE = ("pending", "escalated")


@dataclass(frozen=True, slots=True)
class Release:
    """The ways out of one lock.

    ``committee`` names who decides by the rule of its kind; ``request_key`` is the question that
    waits now, if one does, and ``waiting`` who has still to answer it; ``override`` names people
    who may end it with a reason. ``can_ask`` tells whether a committee could be asked now.
    """

    workflow: str | None = None
    committee: Sequence[str] = ()
    request_key: str | None = None
    waiting: Sequence[str] = ()
    override: Sequence[str] = field(default=())

    @property
    def can_ask(self) -> bool:
        """Whether there is a committee that is not asked yet."""
        return self.workflow is not None and self.request_key is None

    @property
    def sentence(self) -> str:
        """Who can release it, in one sentence for people."""
        if self.request_key and self.waiting:
            names = ", ".join(self.waiting)
            return f"{self.request_key} asks for its release; {names} decides."
        if self.request_key:
            others = f"; {', '.join(self.override)} can override it" if self.override else ""
            return f"{self.request_key} asks for its release, and nobody is left to decide{others}."
        if self.committee:
            return f"Committee approval required: {', '.join(self.committee)}."
        if self.override:
            return f"{', '.join(self.override)} can override it with a reason."
        return "Nobody can override it now; it ends when its time is over."

    @property
    def names(self) -> list[str]:
        """Everybody who can end it."""
        return list(dict.fromkeys([*self.waiting, *self.committee, *self.override]))


def who_can_release(locks: Sequence[LockRow]) -> dict[UUID, Release]:
    """Return the ways out of locks, a few statements for all of them."""
    overriders = [one.name for one in people.users_with_permission(OVERRIDE, limit=NAMED)]
    committees = _committees({one.release_workflow for one in locks if one.release_workflow})
    asked = _asked([one for one in locks if one.is_active and one.release_workflow])
    found: dict[UUID, Release] = {}
    for lock in locks:
        if not lock.is_active:
            found[lock.id] = Release()
            continue
        key, waiting = asked.get(lock.id, (None, ()))
        code = lock.release_workflow
        found[lock.id] = Release(code, committees.get(code or "", ()), key, waiting, overriders)
    return found


def _committees(codes: set[str]) -> dict[str, list[str]]:
    """Return whom the live versions of workflows ask, in words; none for one that is not there."""
    if not codes:
        return {}
    query = select(WorkflowDefinition.code, WorkflowDefinition.live_version_id).where(
        WorkflowDefinition.code.in_(codes), WorkflowDefinition.live_version_id.is_not(None)
    )
    # Compiled versions are kept by the engine, so only their ids are read again.
    asked = {
        code: _approvers(definition_of(live))
        for code, live in session().execute(query)
        if live is not None
    }
    roles = people.roles_by_code([one.role for who in asked.values() for one in who if one.role])
    words = {
        code: [roles[a.role].name if a.role in roles else approver_text(vars(a)) for a in who]
        for code, who in asked.items()
    }
    return {code: list(dict.fromkeys(names)) for code, names in words.items()}


def _approvers(definition: Definition) -> list[Approver]:
    approvals = [state.approval for state in definition.states.values() if state.approval]
    levels = [level for approval in approvals for level in approval.levels]
    return [approver for level in levels for approver in level.approvers]


def _asked(locks: Sequence[LockRow]) -> dict[UUID, tuple[str, list[str]]]:
    """Return lock -> the key of the release that waits and who has to answer it."""
    if not locks:
        return {}
    context = WorkflowInstance.context
    about, named = context["alert_id"].astext, context["lock_id"].astext
    query = (
        select(about, named, WorkflowInstance.started_at, ApprovalRequest.key, User.name)
        .join(ApprovalRequest, ApprovalRequest.instance_id == WorkflowInstance.id)
        .outerjoin(
            ApprovalAssignment,
            (ApprovalAssignment.request_id == ApprovalRequest.id)
            & (ApprovalAssignment.status == "pending"),
        )
        .outerjoin(User, User.id == ApprovalAssignment.user_id)
        .where(
            WorkflowInstance.record_id.in_({lock.record_id for lock in locks}),
            WorkflowInstance.definition_code.in_({lock.release_workflow for lock in locks}),
            WorkflowInstance.status == "active",
            ApprovalRequest.status.in_(LIVE),
            about.in_({str(lock.alert_id) for lock in locks}),
        )
        .order_by(ApprovalRequest.created_at, User.name)
    )
    found: dict[UUID, tuple[str, list[str]]] = {}
    for alert, asked_lock, since, key, name in session().execute(query):
        for lock in locks:
            if alert != str(lock.alert_id) or not asked_about(lock, asked_lock, since):
                continue
            first, names = found.setdefault(lock.id, (key, []))
            if name and first == key:
                names.append(name)
    return found


def asked_about(lock: LockRow, asked_lock: str | None, since: datetime) -> bool:
    """Tell whether a question is about a lock: that one, or one that stood when it was asked.

    :param asked_lock: the id of the lock the question was asked for; none means every one.
    :param since: when it was asked. Nobody decides about what came later.
    """
    return asked_lock is None or str(lock.id) == asked_lock or lock.locked_at <= since
