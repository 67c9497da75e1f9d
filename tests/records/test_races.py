"""Races with real threads: one version is saved once, one form makes one record."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from tests.conftest import make_company
from tests.people import make_people
from tests.records.conftest import CUSTOMER
from wfweb.kernel.db import attempt, db, transaction
from wfweb.kernel.errors import Conflict
from wfweb.records.models import Record
from wfweb.records.queries import record_by_key, versions_of
from wfweb.records.service import create_record, update_record
from wfweb.records.types import create_type

pytestmark = pytest.mark.committed
THREADS = 8


def test_of_many_who_save_the_same_version_one_wins(committed_app: Flask) -> None:
    people = make_people(make_company())
    with transaction(actor=people.alma.actor):
        create_type(CUSTOMER)
    with transaction(actor=people.rui.actor):
        record_id = create_record("customer", {"name": "Start"}).id
    gate = Barrier(THREADS)

    def save(number: int) -> str:
        with committed_app.app_context():
            gate.wait(10)
            try:
                with transaction(actor=people.rui.actor):
                    update_record(record_id, {"name": f"by {number}"}, version=1)
            except Conflict as refusal:
                return f"conflict with {refusal.current_version}"
            finally:
                db.session.remove()
            return "saved"

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(save, range(THREADS)))
    assert sorted(results) == ["conflict with 2"] * (THREADS - 1) + ["saved"]
    with transaction(actor=people.rui.actor):
        assert [one.version for one in versions_of(record_id)] == [2, 1]


def test_one_form_sent_many_times_at_once_makes_one_record(committed_app: Flask) -> None:
    people = make_people(make_company())
    with transaction(actor=people.alma.actor):
        create_type(CUSTOMER)
    gate = Barrier(THREADS)

    def send(_number: int) -> str:
        with committed_app.app_context():
            gate.wait(10)

            def act() -> str:
                with transaction(actor=people.rui.actor):
                    return create_record("customer", {"name": "Once"}, origin_key="form:1").key

            try:
                return attempt(act)
            except Conflict:
                return "conflict"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        keys = set(pool.map(send, range(THREADS)))
    assert keys <= {"CUS-1001", "conflict"}
    with transaction(actor=people.rui.actor):
        assert db.session.query(Record).count() == 1
        assert record_by_key("CUS-1001").data == {"name": "Once"}
        second = create_record("customer", {"name": "Next"})
        assert second.key == "CUS-1002", "keys have no gaps"
