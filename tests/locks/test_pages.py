"""Pages of locks: the banner with its reason, blocked steps, the ways out, the dashboard."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from tests.approvals.counting import statements
from tests.people import post
from tests.support.estate import Estate
from wfweb.audit.models import AuditEvent
from wfweb.kernel.db import session, transaction
from wfweb.locks.models import WorkflowLock

Client = Callable[[str], FlaskClient]
WHY = "The lender agreed to wait until spring."


def test_the_banner_says_what_why_who_and_until_when(portfolio: Estate, portfolio_client: Client):
    key, _lock = portfolio.locked()
    page = portfolio_client("dana").get(f"/records/property/{key}").text
    assert "Refinance is blocked" in page
    assert "Debt-service coverage was 1.08; the minimum is 1.25." in page
    assert "Investment committee can unlock it early" in page
    assert "Ends by itself" in page
    assert "day 1 of 90" in page
    assert "Ask the committee to unlock" in page


def test_the_banner_stands_on_the_form_of_the_record_too(
    portfolio: Estate, portfolio_client: Client
):
    key, _lock = portfolio.locked()
    assert (
        "Refinance is blocked" in portfolio_client("dana").get(f"/records/property/{key}/edit").text
    )


def test_a_record_without_locks_says_nothing_of_locks(portfolio: Estate, portfolio_client: Client):
    _record_id, key = portfolio.property()
    page = portfolio_client("dana").get(f"/records/property/{key}").text
    assert "blocked" not in page
    assert "Start Refinance" in page


def test_two_locks_are_both_listed_and_only_their_steps_are_blocked(
    portfolio: Estate, portfolio_client: Client
):
    record_id, key = portfolio.property()
    portfolio.measure(key, "dscr", "1.1")
    portfolio.measure(key, "occupancy", "70")
    page = portfolio_client("dana").get(f"/records/property/{key}").text
    assert "Refinance and sell are blocked" in page
    assert "Refinancing blocked" in page
    assert "Sale on hold" in page
    assert f"/locks/of/{record_id}/blocked/refinance" in page
    assert f"/locks/of/{record_id}/blocked/sell" in page
    assert "Start Dispose" in page


def test_the_banner_is_live_and_silent_while_nothing_changes(
    portfolio: Estate, portfolio_client: Client
):
    record_id, _key = portfolio.property()
    client, address = portfolio_client("dana"), f"/locks/of/{record_id}/banner"
    assert client.get(f"{address}?ver=none").status_code == 204
    portfolio.measure(_key, "dscr", "1.0")
    answer = client.get(f"{address}?ver=none")
    assert answer.status_code == 200
    assert "Refinance is blocked" in answer.text


def test_a_blocked_step_tells_its_reason_in_dialog_and_page(
    portfolio: Estate, portfolio_client: Client
):
    _key, lock = portfolio.locked()
    client = portfolio_client("dana")
    for address in ("", "/dialog"):
        page = client.get(f"/locks/of/{lock.record_id}/blocked/refinance{address}").text
        assert "You cannot refinance Alder Street 14 yet" in page
        assert "1.08" in page
        assert "1.25" in page
        assert "Investment committee" in page
        assert "Ask the committee to unlock" in page
    free = client.get(f"/locks/of/{lock.record_id}/blocked/dispose").text
    assert "No lock blocks this now" in free


def test_a_refused_start_shows_the_lock_and_is_audited(portfolio: Estate, portfolio_client: Client):
    key, lock = portfolio.locked()
    client = portfolio_client("dana")
    record = f"/records/property/{key}"
    answer = post(
        client, "/workflows/refinance/starts", {"record": str(lock.record_id)}, form=record
    )
    assert answer.status_code == 403
    assert "Refinancing blocked" in answer.text
    assert f"/locks/{lock.id}" in answer.text
    with transaction(company_id=portfolio.company):
        blocked = select(AuditEvent).where(AuditEvent.name == "lock.action_blocked")
        assert session().scalars(blocked).one().risk == "HIGH"


def test_asking_the_committee_leads_to_its_request(portfolio: Estate, portfolio_client: Client):
    key, lock = portfolio.locked()
    client = portfolio_client("dana")
    answer = post(client, f"/locks/{lock.id}/requests", {}, form=f"/records/property/{key}")
    assert answer.status_code == 303
    assert "/requests/" in answer.location
    banner = portfolio_client("cleo").get(f"/records/property/{key}").text
    assert "Investment committee is asked: 0 of 3 agreed" in banner
    assert "Decide about the release" in banner
    again = post(client, f"/locks/{lock.id}/requests", {}, form=f"/records/property/{key}")
    assert again.status_code == 409


def test_the_page_of_a_lock_shows_every_look_at_its_cause(
    portfolio: Estate, portfolio_client: Client
):
    key, lock = portfolio.locked()
    portfolio.measure(key, "dscr", "1.29")
    page = portfolio_client("dana").get(f"/locks/{lock.id}").text
    assert "What was looked at" in page
    assert "Today it is 1.29: the cause still holds." in page
    assert "Override it" not in page


def test_an_override_needs_the_permission_and_a_reason(portfolio: Estate, portfolio_client: Client):
    _key, lock = portfolio.locked()
    address = f"/locks/{lock.id}"
    refused = post(portfolio_client("dana"), f"{address}/override", {"reason": WHY}, form=address)
    assert refused.status_code == 403
    empty = post(portfolio_client("saskia"), f"{address}/override", {"reason": "no"}, form=address)
    assert empty.status_code == 422
    assert "Write why" in empty.text
    done = post(portfolio_client("saskia"), f"{address}/override", {"reason": WHY}, form=address)
    assert done.status_code == 303
    page = portfolio_client("dana").get(address).text
    assert "Released" in page
    assert WHY in page
    with transaction(company_id=portfolio.company):
        assert session().scalars(select(WorkflowLock.status)).all() == ["unlocked"]


def test_a_lock_can_be_renewed_in_words(portfolio: Estate, portfolio_client: Client):
    _key, lock = portfolio.locked()
    address = f"/locks/{lock.id}"
    done = post(portfolio_client("saskia"), f"{address}/renewal", {"reason": WHY}, form=address)
    assert done.status_code == 303
    assert "Renewed" in portfolio_client("saskia").get(address).text


def test_accepting_the_risk_waits_until_the_time_is_over(
    portfolio: Estate, portfolio_client: Client
):
    _key, lock = portfolio.locked()
    address = f"/locks/{lock.id}"
    page = portfolio_client("saskia").get(address).text
    assert "Accept the risk" not in page
    early = post(portfolio_client("saskia"), f"{address}/acceptance", {"reason": WHY}, form=address)
    assert early.status_code == 409


def test_the_dashboard_lists_locked_records_and_what_ended(
    portfolio: Estate, portfolio_client: Client
):
    key, lock = portfolio.locked()
    other, _lock = portfolio.locked("Quay West 2", "0.90")
    answer = portfolio_client("dana").get("/locks")
    assert answer.status_code == 200
    page = answer.text
    assert "2 records are locked by 2 locks." in page
    assert "Alder Street 14" in page
    assert "Quay West 2" in page
    assert key in page
    assert other in page
    assert "Quay West" not in portfolio_client("dana").get("/locks?q=Alder").text
    assert "No record is locked" in portfolio_client("dana").get("/locks?action=sell").text
    post(portfolio_client("saskia"), f"/locks/{lock.id}/override", {"reason": WHY}, form="/locks")
    ended = portfolio_client("dana").get("/locks?status=unlocked").text
    assert "Alder Street 14" in ended
    assert "Quay West" not in ended


def test_the_dashboard_narrows_by_chips_that_name_what_they_hold(
    portfolio: Estate, portfolio_client: Client
):
    portfolio.locked()
    dana = portfolio_client("dana")
    offered = dana.get("/locks").text
    assert '<option value="refinance">Refinance</option>' in offered
    assert '<option value="refinance_block">Refinancing blocked</option>' in offered
    narrowed = dana.get("/locks?action=refinance&q=Alder").text
    assert "Remove filter Blocks: Refinance" in narrowed
    assert "Remove filter Words: Alder" in narrowed
    assert 'href="/locks?status=locked&amp;q=Alder"' in narrowed, "the way without one filter"
    assert '<input type="hidden" name="q" value="Alder">' in narrowed, "the other form keeps it"


def test_the_history_stays_on_the_record(portfolio: Estate, portfolio_client: Client):
    key, lock = portfolio.locked()
    post(portfolio_client("saskia"), f"/locks/{lock.id}/override", {"reason": WHY}, form="/locks")
    page = portfolio_client("dana").get(f"/records/property/{key}").text
    assert "Lock history" in page
    assert WHY in page
    assert "is blocked" not in page


def test_twenty_locks_cost_as_many_statements_as_one(portfolio: Estate, portfolio_client: Client):
    portfolio.locked()
    dana = portfolio_client("dana")
    dana.get("/locks")
    with statements() as one:
        dana.get("/locks")
    for number in range(20):
        portfolio.locked(f"Quay West {number}", "1.2")
    with statements() as many:
        page = dana.get("/locks").text
    assert page.count("Refinancing blocked") == 22, "21 rows and the filter"
    assert len(many) <= len(one) + 1


def test_the_banner_stands_on_the_request_about_the_record(
    portfolio: Estate, portfolio_client: Client
):
    key, lock = portfolio.locked()
    dana = portfolio_client("dana")
    asked = post(dana, f"/locks/{lock.id}/requests", {}, form=f"/records/property/{key}")
    page = portfolio_client("cleo").get(asked.location).text
    assert "Refinance is blocked on" in page
    assert f"/locks/of/{lock.record_id}/banner?elsewhere=1" in page
    polled = portfolio_client("cleo").get(f"/locks/of/{lock.record_id}/banner?elsewhere=1&ver=old")
    assert "Refinance is blocked on" in polled.text
    assert "record-steps" not in polled.text
