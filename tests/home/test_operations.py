"""Operators see what was given up and can have it tried again; others can not."""

from sqlalchemy import update

from tests.people import People, post
from wfweb.events.models import OutboxMessage, Timer
from wfweb.events.outbox import enqueue
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id


def given_up(people: People) -> OutboxMessage:
    with transaction(company_id=people.otto.company_id):
        message_id = enqueue("mail.deliver", {})
    with transaction(company_id=people.otto.company_id):
        session().execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id)
            .values(state="dead", attempts=12, last_error="<b>550</b> no")
        )
        return session().get_one(OutboxMessage, message_id, populate_existing=True)


def test_a_message_given_up_is_shown_escaped_and_tried_again(people: People, client_of):
    message = given_up(people)
    otto = client_of(people.otto)
    seen = otto.get("/operations/messages").text
    assert "&lt;b&gt;550&lt;/b&gt; no" in seen
    answer = post(otto, f"/operations/messages/{message.id}/retry", {}, form="/operations/messages")
    assert answer.status_code == 303
    with transaction(company_id=people.otto.company_id):
        again = session().get_one(OutboxMessage, message.id, populate_existing=True)
        assert (again.state, again.attempts) == ("pending", 0)
    assert "Nothing was given up" in otto.get("/operations/messages").text


def test_a_moment_given_up_falls_due_again(people: People, client_of):
    with transaction(company_id=people.otto.company_id):
        timer = Timer(
            kind="test.due", subject_type="thing", subject_id=new_id(), due_at=clock.now(),
            state="dead", attempts=8, last_error="broken",
        )  # fmt: skip
        session().add(timer)
        session().flush()
    otto = client_of(people.otto)
    post(otto, f"/operations/timers/{timer.id}/retry", {}, form="/operations/messages")
    with transaction(company_id=people.otto.company_id):
        assert session().get_one(Timer, timer.id, populate_existing=True).state == "armed"


def test_only_operators_and_only_of_this_company(people: People, client_of):
    message = given_up(people)
    assert client_of(people.rui).get("/operations/messages").status_code == 403
    eve = client_of(people.eve)
    assert "550" not in eve.get("/operations/messages").text
    path = f"/operations/messages/{message.id}/retry"
    assert post(eve, path, {}, form="/operations/messages").status_code == 404


def test_readiness_says_what_it_looked_at(client_of):
    answer = client_of(None).get("/readyz")
    assert answer.status_code == 200
    assert answer.json["database"]["migration"] == answer.json["database"]["migration_needed"]
    assert client_of(None).get("/livez").json == {"status": "alive"}


def test_the_box_at_the_top_opens_keys_and_finds_words(people: People, client_of):
    from wfweb.records import service as records
    from wfweb.records import types

    with transaction(company_id=people.otto.company_id):
        types.create_type(
            {
                "code": "ticket",
                "key_prefix": "TKT",
                "name": "Ticket",
                "fields": [{"code": "subject", "label": "Subject", "type": "text"}],
                "title_template": "{subject}",
            }
        )
        records.create_record("ticket", {"subject": "Cold room 100 %"})
        records.create_record("ticket", {"subject": "Warm room"})
    rui = client_of(people.rui)
    found = rui.get("/search?q=TKT-1001")
    assert (found.status_code, found.headers["Location"]) == (303, "/records/ticket/TKT-1001")
    assert "Cold room" in rui.get("/search?q=100 %25").text
    assert "Warm room" not in rui.get("/search?q=100 %25").text
    assert "Nothing matches" in rui.get("/search?q=%00<script>").text
    assert "TKT-1001" not in client_of(people.eve).get("/search?q=room").text
