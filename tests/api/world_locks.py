"""A lock, its kind and a permit, so that every address about them has an object."""

from uuid import UUID

from sqlalchemy import select

from tests.people import People
from wfweb.alerts.models import Alert
from wfweb.kernel.db import session, transaction
from wfweb.locks import permits, service, types
from wfweb.records.models import Record


def lock_parameters(people: People, record_id: UUID) -> dict[str, str]:
    """Lock a record for its alert; return what stands in addresses."""
    kind = {"code": "review_hold", "name": "Hold", "fallback": True, "blocked_actions": ["retire"]}
    with transaction(actor=people.alma.actor):
        record = session().get_one(Record, record_id)
        types.save_type({**kind, "record_type": record.type_code})
        permit = permits.issue(record, "refinance", "5f1c")
        alert = session().scalars(select(Alert.id).where(Alert.record_id == record_id)).one()
        session().flush()
        lock = service.lock_for_alert(alert)
        return {"lock_id": str(lock), "permit_id": str(permit.id)}
