"""A company with the property pack: its people, properties, figures, alerts and locks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.people import Person, person_of, sign_in
from wfweb.alerts import metrics
from wfweb.identity.queries import user_by_email
from wfweb.identity.service.companies import create_company
from wfweb.kernel.db import transaction
from wfweb.kernel.ids import new_id
from wfweb.locks import queries as locks
from wfweb.locks.rows import LockRow
from wfweb.packs import demo, install, read_pack
from wfweb.records import service as records


@dataclass
class Estate:
    """The company; ``people`` are found by first name, properties by the key they were given."""

    company: UUID
    _people: dict[str, Person] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Person:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._people:
            with transaction(company_id=self.company):
                user = user_by_email(f"{name}@kestrel.example")
                if user is None:
                    raise AttributeError(name)
                self._people[name] = person_of(user)
        return self._people[name]

    def property(self, name: str = "Alder Street 14") -> tuple[UUID, str]:
        """Add a property; return its id and key."""
        with transaction(actor=self.dana.actor):
            made = records.create_record(
                "property",
                {
                    "name": name,
                    "city": "Leiden",
                    "portfolio": "harbour",
                    "kind": "retail",
                    "value": {"amount": "4800000.00", "currency": "EUR"},
                },
            )
            return made.id, made.key

    def measure(self, key: str, metric: str, *values: str) -> None:
        """Take readings in, one after the other."""
        for value in values:
            with transaction(actor=self.dana.actor):
                metrics.ingest([{"record": key, "metric": metric, "value": value}], source="test")

    def locked(self, name: str = "Alder Street 14", value: str = "1.08") -> tuple[str, LockRow]:
        """Add a property whose coverage fell; return its key and its lock."""
        record_id, key = self.property(name)
        self.measure(key, "dscr", value)
        return key, self.locks_of(record_id)[0]

    def locks_of(self, record_id: UUID) -> list[LockRow]:
        """Return the locks that stand on a property."""
        with transaction(company_id=self.company):
            return locks.of_record(record_id)


def make_estate() -> Estate:
    """Make the company with its pack and people, without records."""
    company, pack = new_id(), read_pack("property_governance")
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
        install(pack)
        demo.add_people(pack)
    return Estate(company)


@pytest.fixture
def portfolio(rollback: None) -> Estate:
    """The company with the property pack, in the test's transaction."""
    return make_estate()


@pytest.fixture
def portfolio_client(app: Flask, portfolio: Estate) -> Callable[[str], FlaskClient]:
    """A function that returns a page client signed in as one of the company's people."""
    return lambda name: sign_in(app.test_client(), getattr(portfolio, name))
