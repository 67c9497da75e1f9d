"""The property pack installs by its files alone; its rules, locks and committees work together."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from wfweb.alerts import metrics
from wfweb.alerts.models import Alert, AlertRule
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.identity import access
from wfweb.identity.queries import user_by_email
from wfweb.identity.service.companies import create_company
from wfweb.kernel.actor import Actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Locked
from wfweb.kernel.ids import new_id
from wfweb.locks import queries as locks
from wfweb.locks import service as lock_service
from wfweb.packs import demo, install, read_pack
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.workflow import service as workflow
from wfweb.workflow.models import WorkflowInstance

pytestmark = pytest.mark.usefixtures("rollback")
PACK = read_pack("property_governance")


@pytest.fixture
def estate() -> UUID:
    """A company with the property pack and its people, without records."""
    company = new_id()
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
        install(PACK)
        demo.add_people(PACK)
    return company


def actor(company: UUID, name: str) -> Actor:
    with transaction(company_id=company):
        user = user_by_email(f"{name}@kestrel.example")
        assert user is not None
    return access.actor_for(user.id)


def new_property(company: UUID) -> tuple[UUID, str]:
    with transaction(actor=actor(company, "dana")):
        made = records.create_record(
            "property",
            {
                "name": "Alder Street 14",
                "city": "Leiden",
                "portfolio": "harbour",
                "kind": "retail",
                "value": {"amount": "4800000.00", "currency": "EUR"},
            },
        )
        return made.id, made.key


def measure(company: UUID, key: str, metric: str, value: str) -> None:
    with transaction(actor=actor(company, "dana")):
        metrics.ingest([{"record": key, "metric": metric, "value": value}], source="test")


def lock_types_on(company: UUID, record_id: UUID) -> dict[str, list[str]]:
    with transaction(company_id=company):
        return {one.lock_type: list(one.blocked_actions) for one in locks.of_record(record_id)}


def test_it_installs_and_the_second_time_changes_nothing():
    company = new_id()
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
        first = install(PACK)
    assert (first.record_types, first.workflows, first.roles) == (4, 5, 4)
    assert (first.metrics, first.lock_types, first.alert_rules) == (4, 3, 7)
    with transaction(company_id=company, system=True):
        second = install(PACK)
    assert (second.record_types, second.workflows, second.metrics) == (0, 0, 0)
    assert (second.lock_types, second.alert_rules) == (0, 0)


@pytest.mark.parametrize(
    ("metric", "value", "lock", "blocked"),
    [
        ("dscr", "1.249", "refinance_block", ["refinance"]),
        ("occupancy", "84.9", "sale_hold", ["sell"]),
        ("ltv", "75.1", "disposition_block", ["sell", "dispose"]),
    ],
)
def test_each_cause_leads_to_its_kind_of_lock(
    estate: UUID, metric: str, value: str, lock: str, blocked: list[str]
):
    record_id, key = new_property(estate)
    measure(estate, key, metric, value)
    assert lock_types_on(estate, record_id) == {lock: blocked}


@pytest.mark.parametrize(
    ("metric", "value"), [("dscr", "1.25"), ("occupancy", "85"), ("ltv", "75")]
)
def test_a_figure_at_its_limit_locks_nothing(estate: UUID, metric: str, value: str):
    record_id, key = new_property(estate)
    measure(estate, key, metric, value)
    assert lock_types_on(estate, record_id) == {}


def test_two_causes_make_two_locks_and_each_blocks_its_own(estate: UUID):
    record_id, key = new_property(estate)
    measure(estate, key, "dscr", "1.1")
    measure(estate, key, "occupancy", "70")
    assert set(lock_types_on(estate, record_id)) == {"refinance_block", "sale_hold"}
    with transaction(actor=actor(estate, "dana")), pytest.raises(Locked):
        workflow.start("refinance", record_id)
    with transaction(actor=actor(estate, "dana")), pytest.raises(Locked):
        workflow.start("sell", record_id)
    with transaction(actor=actor(estate, "dana")):
        assert workflow.start("dispose", record_id).state == "dispose_prepared"


def test_a_committee_releases_by_majority_and_refinancing_goes_on(estate: UUID):
    record_id, key = new_property(estate)
    measure(estate, key, "dscr", "1.08")
    with transaction(actor=actor(estate, "dana")):
        lock = locks.of_record(record_id)[0]
        lock_service.ask_for_release(lock.id)
    with transaction(company_id=estate):
        request = session().scalars(select(ApprovalRequest)).one()
        request_id, digest = request.id, request.digest
        assert request.title == "Unlock Alder Street 14"
    for name in ("cleo", "hugo"):
        with transaction(actor=actor(estate, name)):
            approvals.decide(request_id, "approve", digest=digest)
        assert "refinance_block" in lock_types_on(estate, record_id), "two of five are no majority"
    with transaction(actor=actor(estate, "priya")):
        approvals.decide(request_id, "approve", digest=digest)
    assert lock_types_on(estate, record_id) == {}
    with transaction(actor=actor(estate, "dana")):
        started = workflow.start("refinance", record_id)
        assert workflow.fire(started.id, "refinance").state == "refinance_with_committee"


def test_a_rejected_release_keeps_the_lock(estate: UUID):
    record_id, key = new_property(estate)
    measure(estate, key, "dscr", "1.08")
    with transaction(actor=actor(estate, "dana")):
        lock_service.ask_for_release(locks.of_record(record_id)[0].id)
    for name in ("cleo", "hugo", "priya"):
        with transaction(company_id=estate):
            request = session().scalars(select(ApprovalRequest)).one()
            request_id, digest, status = request.id, request.digest, request.status
        if status == "pending":
            with transaction(actor=actor(estate, name)):
                approvals.decide(
                    request_id, "reject", digest=digest, reason_code="cause", comment="It stands."
                )
    with transaction(company_id=estate):
        state = select(WorkflowInstance.state).where(WorkflowInstance.record_id == record_id)
        assert session().scalars(state).all() == ["stays_locked"]
    assert "refinance_block" in lock_types_on(estate, record_id)


def test_a_figure_that_hovers_raises_one_alert(estate: UUID):
    _record_id, key = new_property(estate)
    for value in ("1.24", "1.26", "1.24", "1.29", "1.20"):
        measure(estate, key, "dscr", value)
    with transaction(company_id=estate):
        of_rule = select(Alert).join(AlertRule, AlertRule.id == Alert.rule_id)
        found = session().scalars(of_rule.where(AlertRule.code == "dscr_below_minimum")).all()
        assert len(found) == 1
        assert found[0].is_open
        assert Decimal(found[0].context["value"]) == Decimal("1.20")
    measure(estate, key, "dscr", "1.30")
    with transaction(company_id=estate):
        assert session().get_one(Alert, found[0].id, populate_existing=True).status == "resolved"
        assert session().scalars(select(Record.key)).one() == key
