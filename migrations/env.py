"""How migrations run: as the owner, one at a time, without waiting long for locks."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from wfweb.kernel.db import Base
from wfweb.kernel.settings import get_settings

ADVISORY_LOCK = 7_719_001
TIMEOUTS = ("set lock_timeout = '5s'", "set statement_timeout = '10min'")


def configure(connection: Connection) -> None:
    """Run all steps, each in its own transaction; a second runner waits for the first."""
    import wfweb.models  # noqa: F401 - fills Base.metadata for autogenerate

    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
        include_object=lambda _o, name, kind, _r, _c: (
            not (kind == "table" and str(name).startswith("audit_events_"))
        ),
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Use the connection that was handed in, or open one as the owner."""
    given = context.config.attributes.get("connection")
    if given is not None:
        configure(given)
        return
    engine = create_engine(get_settings().owner_database_url)
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        for statement in TIMEOUTS:
            connection.execute(text(statement))
        connection.commit()
        configure(connection)
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
    engine.dispose()


run()
