"""Monthly partitions, made ahead; a default partition takes what has none (reliability P11)."""

from sqlalchemy import text

from wfweb.kernel.db import session, transaction

MONTHS_AHEAD = 3


def ensure_partitions() -> None:
    """Make this month's partition and the next ones; safe to run any number of times."""
    with transaction(system=True):
        session().execute(text("select audit_ensure_partitions(:ahead)"), {"ahead": MONTHS_AHEAD})
