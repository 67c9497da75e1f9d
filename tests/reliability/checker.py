"""What has to be true afterwards, asked of the database as its owner and of the mail server."""

from collections import Counter
from collections.abc import Sequence

from tests.reliability.clients import Decision
from tests.reliability.installation import House, eventually
from tests.reliability.sink import Sink

WAITING = (
    "select count(*) from outbox_messages where state in ('pending', 'claimed') and company_id = %s"
)
STORED = (
    "select d.id, d.request_id::text as request, u.email as who, d.decision"
    " from approval_decisions d join users u on u.id = d.user_id where d.company_id = %s"
)


def outbox_drains(house: House, company: str, seconds: float) -> None:
    """Everything that was to follow has followed, and nothing was given up."""
    eventually(lambda: house.value(WAITING, company) == 0, seconds, "outbox drained")
    states = house.rows(
        "select kind, state, last_error from outbox_messages"
        " where company_id = %s and state <> 'done'",
        company,
    )
    assert states == []


def decisions_once(house: House, company: str, decided: Sequence[Decision]) -> None:
    """Acknowledged: exactly once, as sent. Refused: not at all. Nothing else is there."""
    stored = Counter(
        (row["request"], row["who"], row["decision"]) for row in house.rows(STORED, company)
    )
    assert [what for what, count in stored.items() if count > 1] == [], "doubled"
    wanted = {(one.request, one.who, one.decision) for one in decided if one.acknowledged}
    assert wanted - set(stored) == set(), "lost"
    assert set(stored) - wanted == set(), "stored though refused"
    ids = {str(row["id"]) for row in house.rows(STORED, company)}
    answered = {one.answers[-1][1]["decision_id"] for one in decided if one.acknowledged}
    assert answered == ids, "the answer names another decision"


def requests_end_as_decided(house: House, decided: Sequence[Decision]) -> None:
    """Request, instance, record, history and audit tell the same story, once."""
    rows = house.rows(
        "select q.id::text as id, q.status, i.state, i.status as instance, r.state as record,"
        " (select count(*) from workflow_history h where h.instance_id = i.id"
        "   and h.from_state = 'asked') as ends,"
        " (select count(*) from audit_events a where a.request_id = q.id"
        "   and a.name in ('approval.approved', 'approval.rejected')) as told,"
        " (select count(*) from audit_events a where a.request_id = q.id"
        "   and a.name = 'approval.decided') as audited,"
        " (select count(*) from approval_decisions d where d.request_id = q.id) as decisions,"
        " (select count(*) from approval_assignments s where s.request_id = q.id"
        "   and s.status = 'pending') as open_seats"
        " from approval_requests q join workflow_instances i on i.id = q.instance_id"
        " join records r on r.id = q.record_id where q.id = any(%s::uuid[])",
        [one.request for one in decided],
    )
    said: dict[str, set[str]] = {}
    for one in decided:
        if one.acknowledged:
            said.setdefault(one.request, set()).add(one.decision)
    for row in rows:
        end = "rejected" if "reject" in said[row["id"]] else "approved"
        assert (row["status"], row["state"]) == (end, end), row
        assert row["instance"] == "completed", row
        assert (row["ends"], row["told"], row["open_seats"]) == (1, 1, 0), row
        assert row["audited"] == row["decisions"], row
    assert len(rows) == len({one.request for one in decided})


def mail_once(house: House, sink: Sink, company: str, repeats: int) -> None:
    """Every delivery is one mail (one Message-ID), sent again at most once a wound."""
    rows = house.rows(
        "select id::text as id, key, state from deliveries where company_id = %s", company
    )
    assert {row["state"] for row in rows} <= {"sent", "skipped"}, Counter(r["state"] for r in rows)
    keys = Counter(row["key"] for row in rows)
    assert [key for key, count in keys.items() if count > 1] == []
    arrived = {found.strip("<>").split("@")[0]: count for found, count in sink.ids.items()}
    mine = {row["id"] for row in rows}
    sent = {row["id"] for row in rows if row["state"] == "sent"}
    assert sent - set(arrived) == set(), "said to be sent, never arrived"
    again = sum(count - 1 for found, count in arrived.items() if found in mine)
    assert again <= repeats, f"{again} mails repeated after {repeats} wounds"


def told_of_outcome(house: House, company: str) -> None:
    """The requester of every ended request has exactly one mail and one notice about it."""
    rows = house.rows(
        "select q.key, (select count(*) from deliveries d where d.subject_id = q.id"
        "   and d.user_id = q.requester_id) as mails,"
        " (select count(*) from notifications n where n.subject_id = q.id"
        "   and n.user_id = q.requester_id) as notices"
        " from approval_requests q where q.company_id = %s"
        " and q.status in ('approved', 'rejected')",
        company,
    )
    assert [row for row in rows if (row["mails"], row["notices"]) != (1, 1)] == []


def timers_once(house: House, company: str, overdue: Sequence[str]) -> None:
    """Due moments of requests nobody decided fired once; those of decided ones are disarmed."""
    late = (
        "select count(*) from timers where company_id = %s and state = 'armed' and due_at <= now()"
    )
    eventually(lambda: house.value(late, company) == 0, 15, "timers fired")
    rows = house.rows(
        "select q.id::text as id, count(*) filter (where t.state = 'fired') as fired,"
        " count(*) filter (where t.state <> 'fired') as others,"
        " (select count(*) from audit_events a where a.request_id = q.id"
        "   and a.name = 'approval.reminded') as reminders"
        " from approval_requests q join approval_levels l on l.request_id = q.id"
        " join timers t on t.subject_id = l.id where q.id = any(%s::uuid[]) group by q.id",
        list(overdue),
    )
    assert len(rows) == len(overdue)
    for row in rows:
        assert row["others"] == 0, row
        assert row["fired"] == row["reminders"] >= 1, row
    armed = (
        "select count(*) from timers t join approval_levels l on l.id = t.subject_id"
        " where t.company_id = %s and t.state = 'armed' and l.status <> 'open'"
    )
    assert house.value(armed, company) == 0
