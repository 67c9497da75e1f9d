"""Drafts, versions, the default, deleting: what may be done to a calendar, and by whom."""

from datetime import UTC, date, datetime

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from tests.calendars.conftest import office, published
from tests.people import People
from wfweb.audit.models import AuditEvent
from wfweb.calendars import queries, rules, service, usage
from wfweb.calendars.errors import InUse
from wfweb.calendars.models import CalendarVersion
from wfweb.calendars.rules import CalendarProblem
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed

THURSDAY = datetime(2026, 12, 24, 16, 0, tzinfo=UTC)  # 17:00 in Berlin


def test_a_draft_counts_for_nobody_until_it_is_published(people: People):
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(), name="Office hours")
        assert queries.published_codes() == frozenset()
        with pytest.raises(NotFound):
            queries.current("office")
        version = service.publish("office")
        found = queries.current("office")
        assert (version.number, found.number, found.code) == (1, 1, "office")
        assert found.version_id == version.id
    # One hour of Thursday is left; Friday is a holiday.
    due = rules.add(found.calendar, THURSDAY, 2 * 3600)
    assert due == datetime(2026, 12, 28, 8, 0, tzinfo=UTC)


def test_without_a_default_calendar_day_and_night_count(people: People):
    with transaction(actor=people.rui.actor):
        found = queries.current()
    assert found is queries.ALWAYS
    assert found.version_id is None
    assert rules.add(found.calendar, THURSDAY, 3600) == datetime(2026, 12, 24, 17, tzinfo=UTC)


def test_the_default_is_one_calendar_at_most(people: People):
    published(people, "office")
    published(people, "plant")
    with transaction(actor=people.alma.actor):
        service.set_default("office")
        service.set_default("plant")
        assert queries.current().code == "plant"
        assert [c.code for c in queries.calendars() if c.is_default] == ["plant"]
        service.set_default(None)
        assert queries.current() is queries.ALWAYS


def test_a_draft_cannot_be_the_default(people: People):
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office())
        with pytest.raises(NotFound):
            service.set_default("office")


def test_what_was_pinned_stays_when_a_new_version_is_published(people: People):
    published(people)
    with transaction(actor=people.alma.actor):
        first = queries.current("office")
        service.save_calendar("office", office(weekly={"mon": [["09:00", "10:00"]]}))
        service.publish("office", comment="Short week")
        second = queries.current("office")
        again = queries.pinned(first.version_id)
    assert again.calendar is first.calendar
    assert (first.number, second.number) == (1, 2)
    assert first.digest != second.digest
    assert rules.add(again.calendar, THURSDAY, 3600) == datetime(2026, 12, 24, 17, tzinfo=UTC)


def test_a_version_counts_from_its_first_day_on(people: People):
    published(people, holidays=[])
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(weekly={"mon": [["08:00", "10:00"]]}, holidays=[]))
        service.publish("office", effective_from=date(2027, 1, 4))
        found = queries.current("office").calendar
    # Eight hours on the Friday before, none at the weekend, two on the first Monday.
    start = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)
    assert rules.between(found, start, datetime(2027, 1, 4, 23, tzinfo=UTC)) == 10 * 3600
    assert rules.add(found, start, 9 * 3600) == datetime(2027, 1, 4, 8, 0, tzinfo=UTC)


def test_a_later_version_replaces_what_was_announced_for_later_days(people: People):
    published(people)
    versions = []
    with transaction(actor=people.alma.actor):
        for day in (date(2031, 1, 1), date(2030, 1, 1), date(2020, 1, 1)):
            service.save_calendar("office", office())
            service.publish("office", effective_from=day)
            kept = queries.versions_of(queries.find_calendar("office"))
            versions.append([(d.effective_from, d.number) for d in queries.chain(kept[::-1])])
    assert versions == [
        [(None, 1), (date(2031, 1, 1), 2)],
        [(None, 1), (date(2030, 1, 1), 3)],
        [(None, 4)],
    ]


def test_it_counts_from_today_in_its_own_zone(people: People):
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(tz="Pacific/Auckland"))
        with clock.at(datetime(2026, 11, 20, 22, 0, tzinfo=UTC)):
            assert service.publish("office").effective_from == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"tz": "Mars/Olympus"}, "/tz"),
        ({"weekly": {}}, "/weekly"),
        ({"weekly": {"mon": [["08:00", "08:00"]]}}, "/weekly/mon/0"),
        ({"weekly": {"mon": [["08:00", "12:00"], ["11:00", "18:00"]]}}, "/weekly/mon/1"),
        ({"holidays": ["2026-02-30"]}, "/holidays/0"),
    ],
)
def test_a_wrong_calendar_is_refused_at_its_place(people: People, changes, pointer: str):
    with transaction(actor=people.alma.actor):
        with pytest.raises(CalendarProblem) as refused:
            service.save_calendar("office", office(**changes))
        assert refused.value.errors[0].pointer == pointer
        assert queries.calendars() == []


def test_a_year_without_working_time_is_not_published(people: People):
    with transaction(actor=people.alma.actor):
        overrides = {"2020-01-06": [["08:00", "12:00"]]}
        service.save_calendar("once", office(weekly={}, overrides=overrides))
        with pytest.raises(CalendarProblem):
            service.publish("once")


def test_the_slower_of_two_editors_is_told(people: People):
    published(people)
    with transaction(actor=people.alma.actor):
        seen = queries.find_calendar("office").version
        service.save_calendar("office", office(), expected_version=seen)
        for act in (
            lambda: service.save_calendar("office", office(), expected_version=seen),
            lambda: service.publish("office", expected_version=seen),
            lambda: service.delete_calendar("office", expected_version=seen),
        ):
            with pytest.raises(Conflict) as refused:
                act()
            assert refused.value.current_version == seen + 1


def test_a_calendar_in_use_is_not_deleted(people: People, monkeypatch: pytest.MonkeyPatch):
    published(people)
    uses = {"office": 3}
    monkeypatch.setitem(usage._counters, "running clocks", lambda code: uses.get(code, 0))
    with transaction(actor=people.alma.actor):
        with pytest.raises(InUse) as refused:
            service.delete_calendar("office")
        assert refused.value.users == [{"what": "running clocks", "count": 3}]
        uses.clear()
        service.set_default("office")
        with pytest.raises(InUse):
            service.delete_calendar("office")
        service.set_default(None)
        service.delete_calendar("office")
        assert queries.calendars() == []


def test_a_deleted_calendar_still_answers_for_what_was_pinned(people: People):
    published(people)
    with transaction(actor=people.alma.actor):
        before = queries.current("office")
        service.delete_calendar("office")
        queries._kept.clear()
        assert queries.pinned(before.version_id).digest == before.digest
        service.save_calendar("office", office(tz="Asia/Tokyo"))
        service.publish("office")
        assert queries.current("office").calendar.tz == "Asia/Tokyo"
        assert queries.pinned(before.version_id).calendar.tz == "Europe/Berlin"


@pytest.mark.parametrize("statement", ["update {} set comment = 'x'", "delete from {}"])
def test_a_version_never_changes(people: People, statement: str):
    published(people)
    with pytest.raises(ProgrammingError) as refused, transaction(actor=people.alma.actor):
        session().execute(text(statement.format("calendar_versions")))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_only_some_may_change_calendars(people: People):
    published(people)
    with transaction(actor=people.rui.actor):
        for act in (
            lambda: service.save_calendar("own", office()),
            lambda: service.publish("office"),
            lambda: service.set_default("office"),
            lambda: service.discard_draft("office"),
            lambda: service.delete_calendar("office"),
        ):
            with pytest.raises(Forbidden) as refused:
                act()
            assert people.alma.name in refused.value.who_can


def test_another_company_sees_nothing_of_it(people: People):
    published(people)
    with transaction(actor=people.alma.actor):
        pinned = queries.current("office")
    with transaction(actor=people.eve.actor):
        assert queries.calendars() == []
        with pytest.raises(NotFound):
            queries.current("office")
        with pytest.raises(NotFound):
            queries.pinned(pinned.version_id)
        assert session().scalars(select(CalendarVersion)).all() == []


def test_every_act_is_in_the_audit(people: People):
    published(people)
    with transaction(actor=people.alma.actor):
        service.set_default("office")
        service.set_default(None)
        service.delete_calendar("office")
    with transaction(actor=people.alma.actor):
        names = session().scalars(
            select(AuditEvent.name)
            .where(AuditEvent.target_type == "business_calendar")
            .order_by(AuditEvent.id)
        )
        assert list(names) == [
            "calendar.changed",
            "calendar.published",
            "calendar.changed",
            "calendar.changed",
            "calendar.deleted",
        ]


def test_a_draft_can_be_dropped_when_something_is_published(people: People):
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office())
        with pytest.raises(NotFound):
            service.discard_draft("office")
        service.publish("office")
        service.save_calendar("office", office(tz="Asia/Tokyo"))
        assert service.discard_draft("office").draft is None
        assert queries.current("office").calendar.tz == "Europe/Berlin"


@pytest.mark.parametrize("code", ["", "Office", "1st", "a b", "x" * 51])
def test_a_code_that_is_none_is_refused(people: People, code: str):
    with transaction(actor=people.alma.actor), pytest.raises(ValidationFailed) as refused:
        service.save_calendar(code, office())
    assert refused.value.errors[0].pointer == "/code"
