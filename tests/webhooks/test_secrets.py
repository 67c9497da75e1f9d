"""A new secret: the old one serves beside it for a day, so that no message is refused."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.webhooks.conftest import Post
from tests.webhooks.receiver import receiving
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.webhooks import rules, service, signing


def rotate(mail: Post, endpoint_id: UUID) -> None:
    with transaction(actor=mail.people.alma.actor):
        version = mail.to(endpoint_id).version
        service.update_endpoint(endpoint_id, version=version, new_secret=True)


@pytest.mark.parametrize("hours", [0, 23, 25])
def test_both_secrets_serve_for_a_day_the_new_one_alone_after(mail: Post, hours):
    begun = clock.now()
    with receiving(200) as receiver, clock.at(begun):
        endpoint_id = mail.endpoint(receiver.url)
        waiting = mail.write()
        old = mail.to(endpoint_id).secret
        rotate(mail, endpoint_id)
        new = mail.to(endpoint_id).secret
        assert new != old
        with clock.at(begun + timedelta(hours=hours)):
            assert mail.deliver(waiting) == 1
            ((headers, body),) = receiver.got
            assert signing.verify(new, headers, body, clock.now()) == f"msg_{waiting}"
            if timedelta(hours=hours) < rules.OLDER_SECRET_SERVES:
                assert signing.verify(old, headers, body, clock.now()) == f"msg_{waiting}"
            else:
                with pytest.raises(signing.BadSignature):
                    signing.verify(old, headers, body, clock.now())


def test_of_two_new_secrets_in_a_row_the_first_old_one_serves_no_more(mail: Post):
    with receiving(200) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        first = mail.to(endpoint_id).secret
        rotate(mail, endpoint_id)
        rotate(mail, endpoint_id)
        assert mail.deliver(mail.write()) == 1
    ((headers, body),) = receiver.got
    assert len(headers["webhook-signature"].split()) == 2
    with pytest.raises(signing.BadSignature):
        signing.verify(first, headers, body, clock.now())


def test_no_secret_is_written_into_the_audit_trail(mail: Post):
    endpoint_id = mail.endpoint("https://erp.example.com/hooks")
    old = mail.to(endpoint_id).secret
    rotate(mail, endpoint_id)
    with transaction(company_id=mail.people.alma.company_id):
        told = session().execute(text("select t::text from audit_events t")).scalars()
        written = " ".join(told)
    assert "a new secret" in written
    assert old not in written
    assert mail.to(endpoint_id).secret not in written
