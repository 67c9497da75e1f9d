"""Who sees and does what with records, and how people and records are chosen in long lists."""

from dataclasses import replace

import pytest

from tests.people import People, Person
from tests.records.test_pages import keys, order_form, post, text_of
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden, NotFound, ValidationFailed
from wfweb.kernel.ports import ports
from wfweb.records import policy
from wfweb.records.models import Record, RecordType
from wfweb.records.queries import find_records, record_by_id, types_in_navigation
from wfweb.records.service import create_record, set_owner, update_record


def only(person: Person, *permissions: str, roles: tuple[str, ...] = ()):
    return replace(person.actor, permissions=frozenset(permissions), roles=frozenset(roles))


@pytest.fixture
def for_committee(order: Record, order_type: RecordType, people: People) -> Record:
    """Orders that only the committee sees and edits, and members create."""
    with transaction(actor=people.alma.actor):
        order_type.permissions = {"view": ["committee", "audit.view"], "edit": "committee"}
    return order


@pytest.mark.parametrize(
    ("permissions", "roles", "sees"),
    [
        (("records.view",), (), False),
        ((), ("committee",), True),
        (("audit.view",), (), True),
        (("records.edit",), ("approver",), False),
    ],
)
def test_a_type_says_who_sees_its_records(
    for_committee: Record,
    people: People,
    permissions: tuple[str, ...],
    roles: tuple[str, ...],
    sees: bool,
) -> None:
    with transaction(actor=only(people.otto, *permissions, roles=roles)):
        if sees:
            assert record_by_id(for_committee.id).key == "ORD-1001"
        else:
            with pytest.raises(NotFound):
                record_by_id(for_committee.id)


def test_owners_see_their_own_and_only_those_in_the_list(
    client_of, for_committee: Record, people: People
) -> None:
    with transaction(company_id=people.rui.company_id):
        create_record("order", dict(for_committee.data), owner_id=people.mia.id)
    assert keys(text_of(client_of(people.rui).get("/records/order"))) == ["ORD-1001"]
    assert client_of(people.rui).get("/records/order/ORD-1002").status_code == 404
    assert len(keys(text_of(client_of(people.cleo).get("/records/order")))) == 2


def test_editing_needs_what_the_type_says(for_committee: Record, people: People) -> None:
    with transaction(actor=people.rui.actor):
        with pytest.raises(Forbidden) as caught:
            update_record(for_committee.id, {"reason": "x"}, version=1)
        assert "committee" in caught.value.detail
    with transaction(actor=people.cleo.actor):
        update_record(for_committee.id, {"reason": "x"}, version=1)


def test_a_port_lets_deciders_see_a_record(
    for_committee: Record, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(actor=people.ada.actor), pytest.raises(NotFound):
        record_by_id(for_committee.id)
    monkeypatch.setattr(ports, "record_view_allowed", lambda _record_id: True)
    with transaction(actor=people.ada.actor):
        assert record_by_id(for_committee.id).key == "ORD-1001"


def test_a_record_that_cannot_be_seen_cannot_be_named(
    customer: Record, order: Record, people: People
) -> None:
    with transaction(actor=people.alma.actor):
        session().get_one(RecordType, customer.type_id).permissions = {"view": "committee"}
        secret = create_record("customer", {"name": "Secret"}, owner_id=people.cleo.id).id
    with transaction(actor=people.rui.actor):
        assert [one.key for one in find_records("customer")] == ["CUS-1001"], "his own"
        with pytest.raises(ValidationFailed) as caught:
            update_record(order.id, {"customer": str(secret)}, version=1)
        assert caught.value.errors[0].pointer == "/customer"


def test_navigation_shows_types_one_may_see_or_fill_in(
    order_type: RecordType, people: People
) -> None:
    with transaction(actor=people.rui.actor):
        assert [one.code for one in types_in_navigation()] == ["customer", "order"]
    with transaction(actor=only(people.rui)):
        assert types_in_navigation() == []
    with transaction(actor=people.eve.actor):
        assert types_in_navigation() == []


def test_an_inactive_type_takes_no_new_records(
    client_of, order_type: RecordType, people: People
) -> None:
    with transaction(actor=people.alma.actor):
        order_type.active = False
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed):
        create_record("order", {})


def test_a_record_is_given_to_an_active_colleague(order: Record, people: People) -> None:
    with transaction(actor=people.rui.actor):
        with pytest.raises(ValidationFailed):
            set_owner(order.id, people.eve.id, version=1)
        set_owner(order.id, people.mia.id, version=1)
        assert order.owner_id == people.mia.id


def test_the_system_may_do_everything(order_type: RecordType, people: People) -> None:
    with transaction(company_id=people.rui.company_id):
        assert all(policy.may(order_type, action) for action in policy.ACTIONS)


def test_long_lists_become_search_fields_that_show_names_not_ids(
    client_of, order: Record, people: People
) -> None:
    with transaction(actor=people.rui.actor):
        for number in range(60):
            create_record("customer", {"name": f"Customer {number}"})
        update_record(order.id, {"buyer": str(people.ada.id)}, version=1)
    client = client_of(people.rui)
    page = text_of(client.get("/records/order/ORD-1001/edit"))
    assert 'hx-get="/pickers/records/customer"' in page
    assert 'name="customer" value="CUS-1001"' in page
    assert '<select class="input" id="f-buyer"' in page, "six people are a list"
    options = text_of(client.get("/pickers/records/customer?customer=customer 17"))
    assert '<option value="CUS-1019">CUS-1019 Customer 17</option>' in options
    saved = post(
        client,
        "/records/order/ORD-1001/edit",
        order_form("cus-1019", version="2", buyer=str(people.ada.id)),
    )
    assert saved.status_code == 303
    assert "CUS-1019" in text_of(client.get("/records/order/ORD-1001"))
    wrong = post(client, "/records/order/ORD-1001/edit", order_form("Customer 17", version="3"))
    assert wrong.status_code == 422
    assert 'value="Customer 17"' in text_of(wrong)
    assert 'href="#f-customer"' in text_of(wrong)
