"""What pages show of locks, read for many at once: cause, limits, who can release, the vote."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts.models import Alert, AlertRule, Metric
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.formats import number
from wfweb.locks.models import DEFAULT_DAYS, LockEvaluation, LockType, WorkflowLock
from wfweb.locks.views.votes import Vote, votes_about
from wfweb.records.models import Record

ENDS = {
    "unlock": "Ends by itself in",
    "renew": "Looked at again in",
    "accept": "Has to be accepted in",
}
STATUS_TAGS = {
    "locked": ("Locked", "warn"),
    "unlocked": ("Released", "ok"),
    "expired": ("Expired", "info"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A lock with everything a page says about it."""

    lock: WorkflowLock
    type: LockType | None
    record: Record
    alert: Alert | None
    rule_name: str
    metric: Metric | None
    evaluations: Sequence[LockEvaluation]
    people: Mapping[UUID, str] = field(default_factory=dict)
    vote: Vote | None = None

    @property
    def name(self) -> str:
        """How the kind of lock is called."""
        return self.type.name if self.type else self.lock.lock_type.replace("_", " ").capitalize()

    @property
    def blocks(self) -> str:
        """The blocked actions as words in a sentence."""
        return listed(self.lock.blocked_actions)

    @property
    def is_active(self) -> bool:
        """Whether it blocks now."""
        return self.lock.status == "locked"

    @property
    def days(self) -> int:
        """How many days it lasts, unless it is renewed."""
        return (self.type.expiry_days if self.type else None) or DEFAULT_DAYS

    @property
    def ends_at(self) -> datetime:
        """When it ends by itself or is looked at again."""
        kept = [one.next_at for one in self.evaluations if one.next_at is not None]
        return max([*kept, self.lock.locked_at + timedelta(days=self.days)])

    @property
    def ends_words(self) -> str:
        """What happens then, in front of the time that is left."""
        return ENDS[self.type.on_expiry if self.type else "unlock"]

    @property
    def left(self) -> str:
        """The time that is left, in days and hours."""
        seconds = max(0, int((self.ends_at - clock.now()).total_seconds()))
        days, hours = divmod(seconds // 3600, 24)
        return f"{days} d {hours} h left" if days else f"{hours} h left"

    @property
    def day(self) -> int:
        """Which day of its time it is, the first being 1."""
        return max(1, min(self.days, (clock.now() - self.lock.locked_at).days + 1))

    @property
    def cause(self) -> str:
        """Why it was set, with the number and its limit."""
        first = next((one for one in self.evaluations if one.threshold is not None), None)
        if first is None or first.value is None:
            return self.lock.lock_reason
        return f"{self._named(first.metric)} was {self._shown(first.value)}, {self._limit(first)}."

    @property
    def now(self) -> str:
        """What the cause measured when it was last looked at, if that was after it was set."""
        last = self.evaluations[-1] if self.evaluations else None
        if last is None or last.value is None or last.why == "created":
            return ""
        stands = "still holds" if last.holds else "is gone"
        return f"{self._named(last.metric)} was {self._shown(last.value)}: the cause {stands}."

    def words_of(self, one: LockEvaluation) -> str:
        """Return what was measured when the cause was looked at."""
        if one.value is None:
            return "The cause could not be measured"
        return f"{self._named(one.metric)} {self._shown(one.value)}, {self._limit(one)}"

    def who(self, user_id: UUID | None) -> str:
        """Return who did something to the lock."""
        return self.people.get(user_id, "wfweb") if user_id else "wfweb"

    def _named(self, code: str | None) -> str:
        if self.metric is not None and self.metric.code == code:
            return self.metric.name
        return (code or "The value").replace("_", " ").capitalize()

    def _shown(self, value: Any) -> str:
        unit = f" {self.metric.unit}" if self.metric and self.metric.unit else ""
        return f"{number(value.normalize())}{unit}"

    def _limit(self, one: LockEvaluation) -> str:
        words = "the minimum is" if one.operator in {"<", "<="} else "the most is"
        return f"{words} {self._shown(one.threshold)}" if one.threshold is not None else ""


def listed(actions: Iterable[str]) -> str:
    """Return actions as ``refinance, sell and dispose``."""
    words = [action.replace("_", " ") for action in actions]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def active_of(record_id: UUID) -> list[WorkflowLock]:
    """Return the active locks of a record, the gravest and oldest first."""
    query = select(WorkflowLock).where(
        WorkflowLock.company_id == current_actor().company_id,
        WorkflowLock.record_id == record_id,
        WorkflowLock.status == "locked",
    )
    order = (WorkflowLock.lock_severity, WorkflowLock.locked_at, WorkflowLock.id)
    return list(session().scalars(query.order_by(*order)))


def shown(locks: Sequence[WorkflowLock]) -> list[Shown]:
    """Return locks with what pages say about them; a fixed number of statements."""
    if not locks:
        return []
    types = _by_code(LockType, {one.lock_type for one in locks})
    records = _by_id(Record, {one.record_id for one in locks})
    alerts = _by_id(Alert, {one.alert_id for one in locks})
    rules = _by_id(AlertRule, {one.rule_id for one in alerts.values()})
    looked = _evaluations([one.id for one in locks])
    metrics = _by_code(Metric, {e.metric for rows in looked.values() for e in rows if e.metric})
    people = _names(locks, looked)
    votes = votes_about(locks, types)
    found = []
    for lock in locks:
        alert = alerts.get(lock.alert_id)
        rule = rules.get(alert.rule_id) if alert else None
        rows = looked.get(lock.id, [])
        code = next((one.metric for one in rows if one.metric), None)
        found.append(
            Shown(
                lock=lock,
                type=types.get(lock.lock_type),
                record=records[lock.record_id],
                alert=alert,
                rule_name=rule.name if rule else "",
                metric=metrics.get(code) if code else None,
                evaluations=rows,
                people=people,
                vote=votes.get(lock.id),
            )
        )
    return found


def _by_code(model: Any, codes: Collection[str]) -> dict[str, Any]:
    wanted = (model.company_id == current_actor().company_id) & model.code.in_(codes)
    return {one.code: one for one in session().scalars(select(model).where(wanted))}


def _by_id(model: Any, ids: Collection[UUID]) -> dict[UUID, Any]:
    wanted = (model.company_id == current_actor().company_id) & model.id.in_(ids)
    return {one.id: one for one in session().scalars(select(model).where(wanted))}


def _evaluations(ids: Sequence[UUID]) -> dict[UUID, list[LockEvaluation]]:
    query = select(LockEvaluation).where(LockEvaluation.lock_id.in_(ids))
    found: dict[UUID, list[LockEvaluation]] = defaultdict(list)
    for one in session().scalars(query.order_by(LockEvaluation.id)):
        found[one.lock_id].append(one)
    return found


def _names(
    locks: Sequence[WorkflowLock], looked: Mapping[UUID, Sequence[LockEvaluation]]
) -> dict[UUID, str]:
    ids = {one.locked_by for one in locks} | {one.unlocked_by for one in locks}
    ids |= {row.by_id for rows in looked.values() for row in rows}
    query = select(User.id, User.name).where(User.id.in_([one for one in ids if one]))
    return {row.id: row.name for row in session().execute(query)}
