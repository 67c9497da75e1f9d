"""Tidying of records: uploads that nobody used."""

from sqlalchemy import select

from wfweb.kernel.db import session, transaction
from wfweb.kernel.tenancy import Company
from wfweb.records import files

BATCH = 100


def tidy_uploads() -> None:
    """Remove uploads of every company that no record used within a day."""
    with transaction(system=True):
        companies = session().scalars(select(Company.id)).all()
    for company_id in companies:
        with transaction(company_id=company_id):
            files.discard_staged(BATCH)
