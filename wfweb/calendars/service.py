"""Changing calendars: drafts, publishing, the default, deleting.

A published version never changes. Deadlines that run keep the version they were computed with,
so publishing moves nothing by itself.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from wfweb.calendars import queries, rules, telling, usage
from wfweb.calendars.errors import InUse
from wfweb.calendars.importing import with_holidays
from wfweb.calendars.models import BusinessCalendar, CalendarVersion
from wfweb.calendars.policy import require_edit
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed

LONGEST_NAME = 120
LONGEST_TEXT = 1000
EARLIEST, LATEST = date(1970, 1, 1), date(2299, 12, 31)
_CODE = re.compile(r"[a-z][a-z0-9_]{1,49}")

refuse_as(
    "uq_business_calendars_code",
    lambda: ValidationFailed.at("/code", "There is a calendar with this code", "taken"),
)
refuse_as(
    "uq_business_calendars_default",
    lambda: Conflict("Somebody else chose a default calendar just now. Reload the page"),
)


def save_calendar(
    code: str,
    body: Mapping[str, Any],
    *,
    name: str | None = None,
    description: str | None = None,
    expected_version: int | None = None,
    create: bool = False,
) -> BusinessCalendar:
    """Write the draft of a calendar; makes the calendar when its code is new.

    :param expected_version: the calendar's version that was edited.
    :param create: refuse a code that is taken.
    :raises CalendarProblem: naming every wrong place of the body.
    :raises ValidationFailed: for a code or name that is not one.
    :raises Conflict: when the calendar has another version by now.
    :raises Forbidden: without ``calendars.edit``.
    """
    require_edit()
    _check_words(code, name, description)
    rules.compile_calendar(body)
    kept = _find_or_none(code)
    if kept is None:
        kept = BusinessCalendar(code=code, name=name or code.replace("_", " ").capitalize())
        session().add(kept)
    elif create:
        raise ValidationFailed.at("/code", "There is a calendar with this code", "taken")
    else:
        _refuse_stale(kept, expected_version)
        kept.version += 1
    before = kept.draft
    kept.name = name or kept.name
    kept.description = kept.description or "" if description is None else description
    kept.draft = dict(body)
    session().flush()
    telling.changed(kept, "drafted", before=before, after=kept.draft)
    return kept


def import_holidays(
    code: str,
    country: str,
    subdivision: str | None,
    years: Iterable[int],
    *,
    expected_version: int | None = None,
) -> BusinessCalendar:
    """Add the public holidays of a country and years to the draft; what is there stays as it is.

    Without a draft, one is begun from what is in force.

    :raises UnanswerableQuestion: for a country, a part of it or years that are not known.
    :raises Conflict: when the calendar has another version by now.
    """
    require_edit()
    kept = queries.find_calendar(code, lock=True)
    body = with_holidays(queries.latest_body(kept), country, subdivision, years)
    return save_calendar(code, body, expected_version=expected_version)


def discard_draft(code: str, *, expected_version: int | None = None) -> BusinessCalendar:
    """Drop the draft; what is published stays.

    :raises NotFound: without a draft.
    :raises Conflict: when the calendar has another version by now.
    """
    require_edit()
    kept = _locked(code, expected_version)
    if kept.draft is None or not kept.current_number:
        raise NotFound(f"“{kept.name}” has no draft beside what is published")
    before, kept.draft = kept.draft, None
    session().flush()
    telling.changed(kept, "draft dropped", before=before)
    return kept


def publish(
    code: str,
    *,
    effective_from: date | None = None,
    comment: str = "",
    expected_version: int | None = None,
) -> CalendarVersion:
    """Make the draft the rule for the days from ``effective_from`` on (today when left out).

    :param effective_from: a day in the calendar's own time zone.
    :raises NotFound: without a draft.
    :raises CalendarProblem: for a draft without working time in the year after that day.
    :raises ValidationFailed: for a day out of reach or a comment that is too long.
    :raises Conflict: when the calendar has another version by now.
    :raises Forbidden: without ``calendars.edit``.
    """
    require_edit()
    kept = _locked(code, expected_version)
    if kept.draft is None:
        raise NotFound(f"There is no draft of “{kept.name}” to publish")
    if len(comment) > LONGEST_TEXT:
        raise ValidationFailed.at("/comment", f"Write at most {LONGEST_TEXT} characters", "long")
    start = effective_from or clock.today(str(kept.draft["tz"]))
    if not EARLIEST <= start <= LATEST:
        message = f"Choose a day from {EARLIEST} to {LATEST}"
        raise ValidationFailed.at("/effective_from", message, "out_of_reach")
    calendar = rules.compile_calendar(kept.draft, on=start)
    version = CalendarVersion(
        calendar_id=kept.id,
        number=kept.current_number + 1,
        effective_from=start,
        body=kept.draft,
        digest=calendar.digest,
        comment=comment.strip(),
    )
    session().add(version)
    before = queries.latest_body(kept, draft=False)
    kept.current_number, kept.draft = version.number, None
    session().flush()
    telling.published(kept, version, before)
    return version


def set_default(code: str | None) -> BusinessCalendar | None:
    """Choose the calendar that counts where none is named; None: day and night again.

    What runs keeps its calendar.

    :raises NotFound: for a calendar without a published version.
    :raises Forbidden: without ``calendars.edit``.
    """
    require_edit()
    company_id = current_actor().company_id
    before = session().scalar(
        select(BusinessCalendar)
        .where(BusinessCalendar.company_id == company_id, BusinessCalendar.is_default)
        .with_for_update()
    )
    chosen = _locked(code, None) if code is not None else None
    if chosen is not None and not chosen.current_number:
        raise NotFound(f"Publish “{chosen.name}” first")
    if before is not None and before is not chosen:
        before.is_default = False
        session().flush()
        telling.changed(
            before, "no longer the default", before={"default": True}, after={"default": False}
        )
    if chosen is not None and before is not chosen:
        chosen.is_default = True
        session().flush()
        telling.changed(chosen, "the default", before={"default": False}, after={"default": True})
    return chosen


def delete_calendar(code: str, *, expected_version: int | None = None) -> None:
    """Take a calendar out of use; its versions stay for the receipts that name them.

    :raises InUse: while something counts with it, saying what.
    :raises Conflict: when the calendar has another version by now.
    :raises Forbidden: without ``calendars.edit``.
    """
    require_edit()
    kept = _locked(code, expected_version)
    users = usage.users_of(code)
    if kept.is_default:
        users.insert(0, usage.Use("default of the company", 1))
    if users:
        listed = ", ".join(f"{use.what} ({use.count})" for use in users)
        detail = f"“{kept.name}” is used by: {listed}. Give them another calendar first."
        raise InUse(detail, users=[{"what": use.what, "count": use.count} for use in users])
    if kept.current_number:
        kept.deleted_at, kept.draft = clock.now(), None
    else:
        session().delete(kept)
    session().flush()
    telling.deleted(kept)


def _check_words(code: str, name: str | None, description: str | None) -> None:
    if not _CODE.fullmatch(code):
        message = "Use 2 to 50 small letters, digits and _, a letter first"
        raise ValidationFailed.at("/code", message, "code")
    if name is not None and len(name) > LONGEST_NAME:
        raise ValidationFailed.at("/name", f"Write at most {LONGEST_NAME} characters", "long")
    if description is not None and len(description) > LONGEST_TEXT:
        message = f"Write at most {LONGEST_TEXT} characters"
        raise ValidationFailed.at("/description", message, "long")


def _find_or_none(code: str) -> BusinessCalendar | None:
    try:
        return queries.find_calendar(code, lock=True)
    except NotFound:
        return None


def _locked(code: str, expected: int | None) -> BusinessCalendar:
    kept = queries.find_calendar(code, lock=True)
    _refuse_stale(kept, expected)
    kept.version += 1
    return kept


def _refuse_stale(kept: BusinessCalendar, expected: int | None) -> None:
    if expected is not None and expected != kept.version:
        raise Conflict(
            f"Somebody else changed “{kept.name}” since you opened it",
            current_version=kept.version,
            your_version=expected,
        )
