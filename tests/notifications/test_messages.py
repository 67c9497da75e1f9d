"""Telling people: once each, only whom it concerns, at least one mail, and nothing executed."""

from uuid import UUID

import pytest
from sqlalchemy import select

from tests.notifications.smtp import Sink
from wfweb.events import delivery
from wfweb.events.models import OutboxMessage
from wfweb.identity.models import User
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.notifications import jobs, notify, queries, relevance, rendering, send_mail, service
from wfweb.notifications.kinds import KINDS, Words
from wfweb.notifications.models import Delivery
from wfweb.wiring import handlers

CONTEXT = {
    "key": "APR-1", "title": "Order of cream", "amount": "€12.00", "requester": "Rui",
    "due": "today 12:00 CET", "company": "Kestrel Dairy", "url": "http://localhost/requests/APR-1",
    "path": "/requests/APR-1", "facts": [("Why you", "Finance decides above €10.00")],
    "notes": ["Opening a link decides nothing."],
}  # fmt: skip


@pytest.fixture
def ada(company: UUID) -> User:
    with transaction(company_id=company):
        user = User(email="ada@kestrel.example", name="Ada Approves")
        session().add(user)
        session().flush()
    return user


def tell(company: UUID, user: User, kind: str = "approval_assigned", **context: object) -> int:
    with transaction(company_id=company):
        return notify(
            [user.id], kind, {**CONTEXT, **context},
            subject=("approval_request", new_id()), key="APR-1/1/1", thread="APR-1",
        )  # fmt: skip


def run_outbox(company: UUID) -> None:
    with transaction(company_id=company):
        pending = select(OutboxMessage.id).where(OutboxMessage.state == "pending")
        ids = session().scalars(pending).all()
    delivery.deliver(ids, handlers())


def only_delivery(company: UUID) -> Delivery:
    with transaction(company_id=company):
        return session().scalars(select(Delivery)).one()


def test_a_person_gets_one_notice_and_one_mail(company: UUID, ada: User, sink: Sink):
    assert tell(company, ada) == 1
    assert tell(company, ada) == 0
    run_outbox(company)
    (mail,) = sink.mails
    assert mail["Subject"] == "Approve €12.00: Order of cream (today 12:00 CET) [APR-1]"
    assert mail["To"] == "ada@kestrel.example"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for part in (text, html):
        assert "Rui asks you to approve €12.00" in part
        assert "Finance decides above €10.00" in part
        assert "http://localhost/requests/APR-1" in part
    with transaction(company_id=company):
        assert session().scalar(select(queries.unread_count(ada.id))) == 1
    assert only_delivery(company).state == "sent"


def test_mails_of_a_thread_answer_the_same_root(company: UUID, ada: User, sink: Sink):
    tell(company, ada)
    tell(company, ada, kind="approval_reminder")
    run_outbox(company)
    assert len({mail["References"] for mail in sink.mails}) == 1
    assert len({mail["Message-ID"] for mail in sink.mails}) == 2


def test_a_second_try_keeps_the_message_id(company: UUID, ada: User, sink: Sink):
    tell(company, ada)
    sink.answers = ["451 come back later"]
    run_outbox(company)
    assert only_delivery(company).state == "pending"
    assert "451" in (only_delivery(company).error or "")
    payload = {"delivery_id": str(only_delivery(company).id)}
    with transaction(company_id=company):
        pass
    from wfweb.kernel.actor import acting_as, system_actor

    with acting_as(system_actor(company)):
        jobs.deliver_mail(payload)
        jobs.deliver_mail(payload)
    (mail,) = sink.mails
    assert str(only_delivery(company).id) in mail["Message-ID"]


def test_a_final_refusal_is_shown_and_can_be_tried_again(company: UUID, ada: User, sink: Sink):
    tell(company, ada)
    sink.answers = ["550 no such person"]
    run_outbox(company)
    found = only_delivery(company)
    assert found.state == "failed"
    from wfweb.events.retry import retry_message

    with transaction(company_id=company):
        service.send_again(found.id, retry_message)
    run_outbox(company)
    assert only_delivery(company).state == "sent"
    with pytest.raises(Conflict), transaction(company_id=company):
        service.send_again(found.id, retry_message)


def test_nobody_is_asked_about_what_no_longer_concerns_them(company, ada, sink, monkeypatch):
    monkeypatch.setitem(relevance, "approval_request", lambda _subject, _user: False)
    tell(company, ada)
    run_outbox(company)
    assert sink.mails == []
    assert only_delivery(company).state == "skipped"


def test_people_who_left_are_not_told(company: UUID, ada: User):
    with transaction(company_id=company):
        session().merge(ada).active = False
    assert tell(company, ada) == 0


def test_what_people_wrote_is_text_in_every_part(company: UUID, ada: User, sink: Sink):
    attack = "<img src=x onerror=alert(1)>\r\nBcc: eve@example.org {{amount}}"
    tell(company, ada, title=attack)
    run_outbox(company)
    (mail,) = sink.mails
    assert mail["Bcc"] is None
    html = mail.get_body(("html",)).get_content()
    assert "<img" not in html
    assert "&lt;img" in html
    assert "{{amount}}" in mail.get_body(("plain",)).get_content()


def test_a_secret_is_wiped_once_it_is_sent(company: UUID, sink: Sink):
    with transaction(company_id=company):
        send_mail("ada@kestrel.example", "password_reset", {"name": "Ada", "link": "http://x/#tok"})
    run_outbox(company)
    assert "http://x/#tok" in sink.mails[0].get_body(("plain",)).get_content()
    assert only_delivery(company).context == {}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_built_in_words_use_known_names_only(kind, company: UUID):
    rendering.check_words(kind, kind.words)
    with transaction(company_id=company):
        rendered = rendering.render(kind, kind.sample)
    assert rendered.subject
    assert "{{" not in rendered.subject + rendered.text + rendered.html


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("subject", "{{salary}}"),
        ("body", "{% for x in y %}"),
        ("heading", "{{ title.__class__ }}"),
        ("subject", "  "),
        ("body", "x" * 5001),
        ("button", "{{title"),
    ],
)
def test_words_that_could_do_more_than_name_are_refused(company: UUID, part: str, text: str):
    good = {"subject": "S", "heading": "H", "body": "B", "button": "Go"}
    words = Words(**{**good, part: text})
    with pytest.raises(ValidationFailed) as refused, transaction(company_id=company):
        service.save_words("approval_assigned", words, version=0)
    assert {error.pointer for error in refused.value.errors} == {f"/{part}"}


def test_own_words_are_used_and_two_editors_do_not_overwrite(company: UUID):
    words = Words("Please look: {{title}}", "H", "B", "Go")
    with transaction(company_id=company):
        service.save_words("approval_assigned", words, version=0)
        kind = KINDS["approval_assigned"]
        assert rendering.render(kind, kind.sample).subject == (
            "Please look: Order of 40 pallets of cream"
        )
    with pytest.raises(Conflict), transaction(company_id=company):
        service.save_words("approval_assigned", words, version=0)
