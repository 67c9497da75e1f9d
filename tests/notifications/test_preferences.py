"""Choices and what becomes of messages: held, collected, let through, never lost."""

from datetime import datetime
from types import SimpleNamespace as Someone
from uuid import UUID

import pytest
from sqlalchemy import select, update

from tests.notifications.smtp import Sink
from tests.notifications.test_messages import CONTEXT, run_outbox
from wfweb.audit.models import AuditEvent
from wfweb.events.retry import retry_message
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.notifications import digests, notify, preferences, queries, relevance, send_mail, service
from wfweb.notifications.kinds import KINDS
from wfweb.notifications.models import Delivery
from wfweb.notifications.rules import GROUPS, Digest, Quiet, Wishes

EVENING = datetime.fromisoformat("2026-11-20T23:00+01:00")
MORNING = datetime.fromisoformat("2026-11-21T07:00+01:00")
NOON = datetime.fromisoformat("2026-11-20T12:00+01:00")
EIGHT = datetime.fromisoformat("2026-11-21T08:00+01:00")
NIGHT = Quiet("22:00", "07:00")
COLLECT = Wishes(channels={"approvals": {"in_app": "digest", "email": "digest"}})


@pytest.fixture
def ada(company: UUID) -> Someone:
    with transaction(company_id=company):
        user = User(email="ada@kestrel.example", name="Ada Approves", time_zone="Europe/Berlin")
        session().add(user)
        session().flush()
        return Someone(id=user.id, company_id=company, email=user.email)


def choose(user: Someone, wishes: Wishes, version: int = 0) -> None:
    with transaction(actor=Actor(kind="user", company_id=user.company_id, id=user.id, name="Ada")):
        preferences.save(wishes, version=version)


def tell(user: Someone, key: str, kind: str = "approval_assigned", **options: object) -> int:
    subject = options.pop("subject", ("approval_request", new_id()))
    with transaction(company_id=user.company_id):
        return notify(
            [user.id],
            kind,
            {**CONTEXT, "title": f"Order {key}"},
            subject=subject,
            key=key,
            **options,
        )


def states(company: UUID) -> dict[str, str]:
    with transaction(company_id=company):
        rows = session().scalars(select(Delivery).order_by(Delivery.id)).all()
        return {
            row.key.split(":")[1] if row.kind != "digest" else "digest": row.state for row in rows
        }


def unread(user: Someone) -> int:
    with transaction(company_id=user.company_id):
        return session().scalar(select(queries.unread_count(user.id))) or 0


def body_of(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def test_without_choices_everything_comes_at_once(company: UUID, ada: Someone, sink: Sink):
    with clock.at(EVENING):
        tell(ada, "1")
        run_outbox(company)
    assert len(sink.mails) == 1


def test_a_mail_waits_for_the_end_of_quiet_hours(company: UUID, ada: Someone, sink: Sink):
    with clock.at(EVENING):
        choose(ada, Wishes(quiet=NIGHT))
        assert tell(ada, "1") == 1
        run_outbox(company)
        assert (sink.mails, unread(ada), states(company)) == ([], 1, {"1": "pending"})
    with clock.at(MORNING):
        run_outbox(company)
    assert (len(sink.mails), states(company)) == (1, {"1": "sent"})


def test_a_retry_that_falls_into_quiet_hours_waits_too(company: UUID, ada: Someone, sink: Sink):
    with clock.at(NOON):
        choose(ada, Wishes(quiet=NIGHT))
        tell(ada, "1")
    with clock.at(EVENING):
        run_outbox(company)
        run_outbox(company)
        assert sink.mails == []
    with clock.at(MORNING):
        run_outbox(company)
        run_outbox(company)
    assert len(sink.mails) == 1


def test_grave_messages_break_through_everything(company: UUID, ada: Someone, sink: Sink):
    off = {"alerts": {"in_app": "off", "email": "off"}}
    with clock.at(EVENING):
        choose(ada, Wishes(channels=off, quiet=NIGHT))
        tell(ada, "calm", "alert_raised")
        tell(ada, "grave", "alert_raised", urgent=True)
        run_outbox(company)
        assert (len(sink.mails), unread(ada), states(company)) == (1, 1, {"grave": "sent"})


@pytest.mark.parametrize("kind", ["password_reset", "password_changed", "address_changed"])
def test_mails_about_the_account_come_at_once(company: UUID, ada: Someone, sink: Sink, kind: str):
    with clock.at(EVENING):
        choose(ada, Wishes(quiet=NIGHT))
        tell(ada, "1", kind)
        with transaction(company_id=company):
            send_mail(ada.email, kind, {"name": "Ada"})
        run_outbox(company)
    assert len(sink.mails) == 2


def test_what_is_switched_off_is_not_told(company: UUID, ada: Someone):
    choose(ada, Wishes(channels={"tasks": {"in_app": "off", "email": "off"}}))
    assert tell(ada, "1", "task_waiting") == 0
    assert (unread(ada), states(company)) == (0, {})


def test_a_digest_carries_each_message_once(company: UUID, ada: Someone, sink: Sink):
    with clock.at(NOON):
        choose(ada, COLLECT)
        tell(ada, "1")
        tell(ada, "2", "approval_reminder")
        run_outbox(company)
        assert (digests.send_due(), sink.mails, unread(ada)) == (0, [], 0)
    with clock.at(EIGHT):
        assert digests.send_due() == 1
        assert digests.send_due() == 0
        run_outbox(company)
        run_outbox(company)
        assert unread(ada) == 2
    (mail,) = sink.mails
    assert mail["Subject"] == "2 messages: Rui asks you to approve €12.00"
    assert "Order 1" in body_of(mail)
    assert "Order 2" in body_of(mail)
    assert "http://localhost/requests/APR-1" in mail.get_body(("html",)).get_content()
    assert set(states(company).values()) == {"sent"}


def test_a_digest_leaves_out_what_is_over_by_then(
    company: UUID,
    ada: Someone,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
):
    over = new_id()
    monkeypatch.setitem(relevance, "approval_assignment", lambda seat, _user: seat != over)
    with clock.at(NOON):
        choose(ada, COLLECT)
        tell(ada, "over", subject=("approval_assignment", over))
        tell(ada, "open", subject=("approval_assignment", new_id()))
    with clock.at(EIGHT):
        digests.send_due()
        run_outbox(company)
    assert "Order over" not in body_of(sink.mails[0])
    assert states(company) == {"over": "skipped", "open": "sent", "digest": "sent"}


def test_a_digest_of_nothing_is_not_sent(
    company: UUID,
    ada: Someone,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(relevance, "approval_request", lambda _subject, _user: False)
    with clock.at(NOON):
        choose(ada, COLLECT)
        tell(ada, "1")
    with clock.at(EIGHT):
        digests.send_due()
        run_outbox(company)
    assert (sink.mails, states(company)) == ([], {"1": "skipped", "digest": "skipped"})


def test_a_refused_digest_fails_with_its_parts_and_can_be_sent_again(
    company: UUID,
    ada: Someone,
    sink: Sink,
):
    sink.answers = ["550 no such mailbox"]
    with clock.at(NOON):
        choose(ada, COLLECT)
        tell(ada, "1")
    with clock.at(EIGHT):
        digests.send_due()
        run_outbox(company)
        assert states(company) == {"1": "failed", "digest": "failed"}
        with transaction(company_id=company):
            failed = session().scalars(select(Delivery).where(Delivery.kind == "digest")).one()
            service.send_again(failed.id, retry_message)
        run_outbox(company)
    assert states(company) == {"1": "sent", "digest": "sent"}
    assert "Order 1" in body_of(sink.mails[0])


def test_new_choices_move_what_waits_and_drop_nothing(company: UUID, ada: Someone, sink: Sink):
    with clock.at(EVENING):
        choose(ada, Wishes(channels=COLLECT.channels, quiet=NIGHT))
        tell(ada, "collected")
        tell(ada, "held", "task_waiting")
        off = {"approvals": {"email": "off"}, "tasks": {"email": "digest"}}
        choose(ada, Wishes(channels=off, digest=Digest("hour")), version=1)
        run_outbox(company)
        assert (len(sink.mails), unread(ada)) == (1, 2)
        assert states(company) == {"collected": "sent", "held": "pending"}
    with clock.at(EIGHT):
        run_outbox(company)  # the old message for the mail that quiet hours held
        assert len(sink.mails) == 1
        assert digests.send_due() == 1
        run_outbox(company)
    assert states(company) == {"collected": "sent", "held": "sent", "digest": "sent"}
    assert len(sink.mails) == 2


def test_whoever_was_deactivated_gets_nothing_and_the_rows_say_why(
    company: UUID,
    ada: Someone,
    sink: Sink,
):
    with clock.at(EVENING):
        choose(ada, Wishes(channels=COLLECT.channels, quiet=NIGHT))
        tell(ada, "collected")
        tell(ada, "held", "task_waiting")
    with transaction(company_id=company):
        session().execute(update(User).where(User.id == ada.id).values(active=False))
    with clock.at(EIGHT):
        assert digests.send_due() == 0
        run_outbox(company)
    assert (sink.mails, set(states(company).values())) == ([], {"skipped"})
    with transaction(company_id=company):
        assert set(session().scalars(select(Delivery.error))) == {digests.GONE}


def test_choices_are_versioned_and_audited(company: UUID, ada: Someone):
    choose(ada, COLLECT)
    with pytest.raises(Conflict):
        choose(ada, Wishes(), version=0)
    with pytest.raises(ValidationFailed):
        choose(ada, Wishes(channels={"approvals": {"in_app": "off"}}), version=1)
    with transaction(company_id=company):
        names = session().scalars(select(AuditEvent.name)).all()
        assert preferences.wishes_of([ada.id])[ada.id].mode("approvals", "email") == "digest"
    assert names.count("notification_preferences.changed") == 1


def test_every_kind_belongs_to_a_group_or_breaks_through():
    outside = {kind.code for kind in KINDS.values() if kind.group not in GROUPS}
    assert outside == {"digest", "password_reset", "password_changed", "address_changed"}
    assert {kind.group for kind in KINDS.values()} >= set(GROUPS)
