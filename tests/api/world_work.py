"""A webhook with a message, and a task: what addresses of the API can name."""

from uuid import UUID

from tests.people import People
from tests.support.governance import work


def work_parameters(people: People, record_id: UUID) -> dict[str, str]:
    """Add them; return what addresses call them."""
    return work(people.alma.actor, record_id)
