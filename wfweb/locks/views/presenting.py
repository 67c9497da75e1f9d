"""How a lock reads: what it blocks, the number against its limit, who can end it, until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from wfweb.alerts.catalogue import metrics
from wfweb.alerts.models import Metric
from wfweb.kernel import clock
from wfweb.kernel.formats import number
from wfweb.locks import database
from wfweb.locks.database import Cause
from wfweb.locks.queries import Release, who_can_release
from wfweb.locks.rows import LockRow
from wfweb.locks.views.votes import Vote, votes

ENDS: Final = {
    "unlock": "Ends by itself",
    "renew": "Looked at again",
    "accept": "Has to be accepted",
}
AFTERWARDS: Final = {
    "unlock": "then it ends by itself",
    "renew": "then it stays if its cause still holds",
    "accept": "then somebody accepts the risk in words or it stays",
}
IN_FLIGHT: Final = {
    "finish": "What was begun before may be finished.",
    "stop": "What was begun before stops at its next step.",
}
STATUS: Final = {
    "locked": ("Locked", "warn"),
    "unlocked": ("Released", "ok"),
    "expired": ("Expired", "info"),
}
WHY: Final = {
    "created": "Locked",
    "release": "The committee decided",
    "override": "Ended by override",
    "accepted": "The risk was accepted",
    "renewed": "Renewed",
    "expiry": "Its time was over",
    "metric": "The cause was measured",
}
OUTCOMES: Final = {
    "locked": "Locked",
    "unlocked": "Released",
    "expired": "Expired",
    "kept": "Stays",
    "asked": "Somebody is asked",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A lock with everything a page says about it."""

    row: LockRow
    release: Release
    cause: Cause
    metric: Metric | None
    vote: Vote | None

    @property
    def blocks(self) -> str:
        """The blocked actions as words in a sentence."""
        return listed(self.row.actions)

    @property
    def ends_words(self) -> str:
        """What happens when the time is over, in front of the time that is left."""
        return ENDS[self.row.on_expiry]

    @property
    def left(self) -> str:
        """The time that is left, in days and hours; empty once it ended."""
        if self.row.expires_at is None:
            return ""
        seconds = int((self.row.expires_at - clock.now()).total_seconds())
        days, hours = divmod(max(0, seconds) // 3600, 24)
        words = f"{days} d {hours} h" if days else f"{hours} h {max(0, seconds) % 3600 // 60} min"
        return f"{words} left"

    @property
    def day(self) -> int:
        """Which day of its time it is, the first being 1."""
        return min(self.days, (clock.now() - self.row.locked_at).days + 1)

    @property
    def days(self) -> int:
        """How many days it lasts altogether."""
        span = (self.row.expires_at or clock.now()) - self.row.locked_at
        return max(1, round(span / timedelta(days=1)))

    @property
    def sentence(self) -> str:
        """Why it stands: the number that was measured and its limit."""
        if self.cause.value_then is None or self.cause.threshold is None:
            return self.row.reason
        side = "minimum" if self.cause.operator in {"<", "<="} else "most"
        limit = self.value(self.cause.threshold)
        return f"{self.what} was {self.value(self.cause.value_then)}; the {side} is {limit}."

    @property
    def today(self) -> str:
        """What the cause is now."""
        if self.cause.value_now is None:
            return "The cause cannot be measured now." if self.cause.holds is None else ""
        stands = "still holds" if self.cause.holds else "is gone"
        if self.cause.value_now == self.cause.value_then:
            return f"The cause {stands}."
        return f"Today it is {self.value(self.cause.value_now)}: the cause {stands}."

    @property
    def what(self) -> str:
        """What was measured."""
        if self.metric is not None:
            return self.metric.name
        return (self.cause.metric or "The value").replace("_", " ").capitalize()

    def value(self, given: Decimal | None) -> str:
        """Return a measured value for people."""
        if given is None:
            return ""
        places = self.metric.decimals if self.metric else 2
        unit = f" {self.metric.unit}" if self.metric and self.metric.unit else ""
        return f"{number(round(given, places).normalize())}{unit}"

    @property
    def who(self) -> str:
        """Who can end it, by committee."""
        return " and ".join(self.release.committee)


def listed(words: Sequence[str]) -> str:
    """Return words as ``Refinance, sell and dispose``."""
    lower = [
        word if place == 0 else word[:1].lower() + word[1:] for place, word in enumerate(words)
    ]
    return " and ".join([", ".join(lower[:-1]), lower[-1]] if len(lower) > 1 else lower)


def shown(
    rows: Sequence[LockRow],
    releases: Mapping[UUID, Release] | None = None,
    *,
    causes: bool = True,
) -> list[Shown]:
    """Return locks with what pages say about them.

    :param causes: whether the causes are looked at now, one statement a lock.
    """
    if not rows:
        return []
    found = releases or who_can_release(rows)
    measured = {one.code: one for one in metrics(inactive=True)}
    asked = votes({one.request_key for one in found.values() if one.request_key})
    shown_ones = []
    for row in rows:
        cause = database.cause(row.alert_id) if causes else Cause()
        release = found[row.id]
        vote = asked.get(release.request_key or "")
        shown_ones.append(Shown(row, release, cause, measured.get(cause.metric or ""), vote))
    return shown_ones
