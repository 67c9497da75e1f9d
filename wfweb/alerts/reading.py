"""Reading what others measured: every item is judged, and every fault names its place."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from wfweb.alerts import subjects
from wfweb.alerts.subjects import Subject
from wfweb.kernel import clock
from wfweb.kernel.errors import FieldError

MOST_READINGS: Final = 10_000
AHEAD: Final = timedelta(minutes=5)
OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST: Final = Decimal(10) ** 28
SMALLEST_STEP: Final = Decimal("1e-10")
LONGEST: Final = 200
MEMBERS: Final = frozenset({"record", "metric", "value", "at", "ref"})
_NUMBER = re.compile(r"-?[0-9]{1,28}(\.[0-9]{1,28})?")
_UNFIT = re.compile("[\x00\ud800-\udfff]")


class Reading(NamedTuple):
    """One value of one metric of one record, ready to be stored."""

    place: int
    subject: Subject
    metric: str
    value: Decimal
    at: datetime
    ref: str | None


class _Fault(Exception):  # noqa: N818 - one wrong place, not an error of the program
    def __init__(self, member: str, message: str, code: str) -> None:
        super().__init__(message)
        self.member, self.message, self.code = member, message, code


def read_all(
    items: Sequence[Any], known_metrics: Collection[str]
) -> tuple[list[Reading], list[FieldError]]:
    """Return the readings that are good, in their order, and a fault for each of the others.

    Pointers begin with the item's place: ``/12/value``.
    """
    known = _records_of(items)
    now = clock.now()
    good: list[Reading] = []
    faults: list[FieldError] = []
    for place, item in enumerate(items):
        try:
            good.append(_read(place, item, known, known_metrics, now))
        except _Fault as fault:
            pointer = f"/{place}/{fault.member}" if fault.member else f"/{place}"
            faults.append(FieldError(pointer, fault.message, fault.code))
    return good, faults


@dataclass(frozen=True, slots=True)
class _Known:
    by_name: Mapping[str, Subject]
    archived: Collection[str]


def _records_of(items: Sequence[Any]) -> _Known:
    given = (item.get("record") for item in items if isinstance(item, Mapping))
    names: set[str] = {str(name) for name in given if _fits(name)}
    ids = {name: _as_id(name) for name in names}
    keys = {name for name, found in ids.items() if found is None}
    found, archived = subjects.find([one for one in ids.values() if one is not None], keys)
    by_id = {subject.id: subject for subject in found}
    by_name = {subject.key: subject for subject in found}
    for name, record_id in ids.items():
        if record_id in by_id:
            by_name[name] = by_id[record_id]
    return _Known(by_name, archived)


def _fits(name: Any) -> bool:
    if isinstance(name, UUID):
        return True
    return isinstance(name, str) and 0 < len(name) <= LONGEST and not _UNFIT.search(name)


def _as_id(name: str) -> UUID | None:
    if len(name) not in {32, 36}:  # without and with its dashes; keys are shorter
        return None
    try:
        return UUID(name)
    except ValueError:
        return None


def _read(place: int, item: Any, known: _Known, metrics: Collection[str], now: datetime) -> Reading:
    if not isinstance(item, Mapping):
        raise _Fault("", "Send an object with record, metric and value", "object")
    for member in item:
        if member not in MEMBERS:
            raise _Fault(str(member)[:40], "This member is not known", "unknown")
    name = item.get("record")
    subject = known.by_name.get(str(name)) if _fits(name) else None
    if subject is None:
        raise _Fault("record", f"There is no record {str(name)[:60]!r}", "unknown_record")
    if subject.key in known.archived:
        raise _Fault("record", f"{subject.key} is archived", "archived")
    metric = item.get("metric")
    if not isinstance(metric, str) or metric not in metrics:
        raise _Fault("metric", f"There is no metric {str(metric)[:60]!r}", "unknown_metric")
    value = _value(item.get("value"))
    return Reading(place, subject, metric, value, _moment(item.get("at"), now), _ref(item))


def _value(given: Any) -> Decimal:
    if isinstance(given, bool) or given is None:
        raise _Fault("value", "Send a number", "number")
    if isinstance(given, float):
        if not math.isfinite(given):
            raise _Fault("value", "NaN and infinity are not values", "number")
        found = Decimal(repr(given))
    elif isinstance(given, Decimal):
        if not given.is_finite():
            raise _Fault("value", "NaN and infinity are not values", "number")
        found = given
    elif isinstance(given, int):
        found = Decimal(given) if abs(given) < LARGEST else LARGEST
    elif isinstance(given, str) and _NUMBER.fullmatch(given):
        found = Decimal(given)
    else:
        raise _Fault("value", f"“{str(given)[:40]}” is not a number such as 1.25", "number")
    if abs(found) >= LARGEST:
        raise _Fault("value", "Numbers have at most 28 digits before the point", "too_large")
    return found.quantize(SMALLEST_STEP) if _is_fine(found) else found


def _is_fine(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent < -10  # noqa: PLR2004 - digits that are kept


def _moment(given: Any, now: datetime) -> datetime:
    """Return when it was measured; a little ahead of our clock counts as now.

    A reading of the future would make everything measured after it look old.
    """
    if given is None:
        return now
    found = given
    if isinstance(given, str):
        try:
            found = datetime.fromisoformat(given) if len(given) <= LONGEST else None
        except ValueError:
            found = None
    if not isinstance(found, datetime):
        raise _Fault("at", "Send a moment such as 2026-11-20T08:15:00Z", "moment")
    if found.tzinfo is None:
        raise _Fault("at", "Send the moment with its time zone, such as a Z at its end", "zone")
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        raise _Fault("at", "This moment is too far away", "moment") from None
    if found < OLDEST:
        raise _Fault("at", "Moments begin in 1970", "moment")
    if found > now + AHEAD:
        raise _Fault("at", "This moment is more than 5 minutes ahead of our clock", "future")
    return min(found, now)


def _ref(item: Mapping[str, Any]) -> str | None:
    ref = item.get("ref")
    if ref is None:
        return None
    if not isinstance(ref, str) or not _fits(ref):
        raise _Fault("ref", f"Send a text of at most {LONGEST} characters", "ref")
    return ref
