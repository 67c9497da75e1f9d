"""The database: models' base, the session of an act, and the only commit point.

``transaction()`` is opened by doors (views, API, jobs, timers, command line), once per
act (ARCHITECTURE rule 2). When it begins, one round trip tells row-level security which
company acts and reads the database's clock; when it ends, the journal is written and
everything is committed together or not at all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import structlog
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import DateTime, Engine, ForeignKey, MetaData, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    SessionTransaction,
    mapped_column,
    registry,
)

from wfweb.kernel import clock
from wfweb.kernel.actor import Actor, acting_as, current_actor, system_actor
from wfweb.kernel.errors import Refusal, ValidationFailed
from wfweb.kernel.ids import new_id

log = structlog.get_logger()

APPLICATION_ROLE = "wfweb_app"
RETRYABLE_STATES = frozenset({"40001", "40P01"})  # serialization failure, deadlock
ATTEMPTS = 3

T = TypeVar("T")


_METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_COLUMN_TYPES: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    list[dict[str, Any]]: JSONB,
}


class Base(DeclarativeBase):
    """Base of all models; every constraint and index has a predictable name."""

    registry = registry(metadata=_METADATA, type_annotation_map=_COLUMN_TYPES)


class Id:
    """Primary key: a UUIDv7 made in Python."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


def acting_company() -> UUID | None:
    """Return the company of the current actor; the default of every tenant row."""
    return current_actor().company_id


class Tenant:
    """A row of one company; row-level security refuses it to all others."""

    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), default=acting_company, index=True
    )


class Versioned:
    """Optimistic version: 1 at creation, one more at every committed change (REC-2)."""

    version: Mapped[int] = mapped_column(default=1)


class Stamps:
    """When a row was made, by whom, and when it was last changed."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


class WfwebSession(FlaskSession):
    """Flask-SQLAlchemy's session, except that tests may bind it to one connection."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the bound connection of a test, else the application's engine."""
        if self.bind is not None:
            return self.bind
        return super().get_bind(*args, **kwargs)


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={
        "class_": WfwebSession,
        "join_transaction_mode": "create_savepoint",
        # Rows read before a commit stay readable after it; a session lives for one request,
        # and the journal expires what it changed behind the ORM's back.
        "expire_on_commit": False,
    },
)

_system_scope: ContextVar[bool] = ContextVar("wfweb_system_scope", default=False)
_SCOPE = (
    "select set_config('app.company_id', %s, true), set_config('app.scope', %s, true),"
    " statement_timestamp()"
)
_constraints: dict[str, Callable[[str], Refusal]] = {}


def session() -> Session:
    """Return the session of the current application context."""
    return db.session()


def refuse_as(constraint: str, refusal: Callable[[], Refusal]) -> None:
    """Name the refusal that a violated constraint means; the second line behind the rules."""
    _constraints[constraint] = lambda _detail: refusal()


def refuse_with_detail(constraint: str, refusal: Callable[[str], Refusal]) -> None:
    """Like :func:`refuse_as`, for a trigger that says in its detail what it refused."""
    _constraints[constraint] = refusal


@event.listens_for(WfwebSession, "after_begin")
def _enter_scope(
    current: Session, transaction_: SessionTransaction, connection: Connection
) -> None:
    """Tell row-level security who acts, and read the database's clock, in one round trip."""
    if transaction_.nested:
        return
    company = current_actor().company_id
    scope = "system" if _system_scope.get() else "company"
    row = connection.exec_driver_sql(_SCOPE, (str(company or ""), scope)).one()
    clock.set_transaction_instant(row[2])
    current.info["scope"] = (company, scope)


@event.listens_for(WfwebSession, "after_transaction_end")
def _leave_scope(current: Session, transaction_: SessionTransaction) -> None:
    if transaction_.parent is None:
        clock.set_transaction_instant(None)
        current.info.pop("scope", None)
        current.info.pop("memo", None)


@event.listens_for(WfwebSession, "after_flush")
def _forget_read(current: Session, _flush: object) -> None:
    current.info.pop("memo", None)


def remembered(name: str, read: Callable[[], T]) -> T:
    """Return what is read once a transaction; anything that is written lets it be read anew."""
    memo: dict[str, T] = session().info.setdefault("memo", {})
    if name not in memo:
        memo[name] = read()
    return memo[name]


def _end_reading(current: Session) -> None:
    """Close the implicit transaction of earlier reads, so that the act begins afresh."""
    if current.new or current.dirty or current.deleted:
        message = "rows were changed outside transaction()"
        raise RuntimeError(message)
    if current.in_transaction():
        current.commit()


@contextmanager
def transaction(
    *, company_id: UUID | None = None, actor: Actor | None = None, system: bool = False
) -> Iterator[Session]:
    """Open the transaction of one act, or join the one that is open.

    :param company_id: act as the system in this company.
    :param actor: act as this actor; without it and without ``company_id`` the current one.
    :param system: see the rows of every company in the few system tables.
    :raises Refusal: when a named constraint is violated that stands for one.
    :raises ValidationFailed: for a text with a zero byte, which PostgreSQL cannot hold.
    """
    acting = actor or (system_actor(company_id) if company_id else None)
    current = session()
    with acting_as(acting) if acting else nullcontext():
        if current.info.get("depth"):
            _check_same_scope(current)
            yield current
            return
        _end_reading(current)
        token = _system_scope.set(system)
        current.info["depth"] = 1
        try:
            current.begin()
            yield current
            finish(current)
        except (IntegrityError, DataError) as error:
            _undo(current)
            raise _refusal_for(error) from error
        except BaseException:
            _undo(current)
            raise
        finally:
            _forget(current)
            _system_scope.reset(token)
    current.info.pop("after_rollback", None)
    _run_hooks(current, "after_commit")


def _check_same_scope(current: Session) -> None:
    company = current.info.get("scope", (None,))[0]
    if current_actor().company_id != company and "scope" in current.info:
        message = "an act cannot change the company half-way"
        raise RuntimeError(message)


def finish(current: Session) -> None:
    """Write what is pending and commit: the one place that does (ARCHITECTURE rule 2)."""
    from wfweb.kernel.journal import journal

    while waiting := current.info.pop("before_commit", {}):
        for hook in waiting:
            hook()
    journal().flush()
    current.commit()
    if current.info.pop("wrote", False):
        current.info["acts"] = current.info.get("acts", 0) + 1


def _forget(current: Session) -> None:
    current.info.pop("depth", None)
    current.info.pop("journal", None)
    current.info.pop("before_commit", None)
    current.info.pop("wrote", None)


def forgettable() -> None:
    """Let the current act be lost with the database server, should that crash just now.

    For bookkeeping that is done over when it is missing: its commit does not wait for the disk.
    """
    session().execute(text("set local synchronous_commit = off"))


def before_commit(hook: Callable[[], None]) -> None:
    """Call ``hook`` once at the end of the act, inside it: what it refuses takes all back."""
    session().info.setdefault("before_commit", {})[hook] = None


def after_commit(hook: Callable[[], None]) -> None:
    """Call ``hook`` once when the act is committed; its failure is logged and loses nothing."""
    session().info.setdefault("after_commit", {})[hook] = None


def after_rollback(hook: Callable[[], None]) -> None:
    """Call ``hook`` once, in a transaction it opens itself, when the act is taken back."""
    session().info.setdefault("after_rollback", {})[hook] = None


def _undo(current: Session) -> None:
    """Take an act back, then do what has to be remembered all the same."""
    current.rollback()
    _forget(current)
    current.info.pop("after_commit", None)
    _run_hooks(current, "after_rollback")


def _run_hooks(current: Session, name: str) -> None:
    for hook in current.info.pop(name, {}):
        try:
            hook()
        except Exception:  # noqa: BLE001 - nudges and marks; the rows already hold the truth
            log.warning("hook_failed", when=name, hook=getattr(hook, "__name__", "hook"))


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's own errors, raised inside a pipeline, into SQLAlchemy's.

    So that a violated constraint becomes its refusal and a deadlock is repeated, whichever
    way a statement was sent.
    """
    try:
        yield
    except psycopg.Error as error:
        made = DBAPIError.instance("pipeline", (), error, psycopg.Error)
        raise made from error


def _refusal_for(error: DBAPIError) -> Exception:
    if isinstance(error, DataError) and "NUL" in str(error.orig):
        # No column holds it, so no verb needs to look for it in every text it takes.
        return ValidationFailed.at("", "A text holds a zero byte; take it out", "zero_byte")
    diagnosis = getattr(error.orig, "diag", None)
    make = _constraints.get(getattr(diagnosis, "constraint_name", None) or "")
    return make(str(getattr(diagnosis, "message_detail", "") or "")) if make else error


def attempt(act: Callable[[], T]) -> T:
    """Run a whole act (which opens its own transaction); repeat it after a deadlock.

    Once something of it is committed it is not repeated, for that part would be done twice.

    :raises DBAPIError: when the third try fails as well.
    """
    done = session().info.get("acts", 0)
    for left in reversed(range(ATTEMPTS)):
        try:
            return act()
        except DBAPIError as error:
            again = getattr(error.orig, "sqlstate", None) in RETRYABLE_STATES
            if not left or not again or session().info.get("acts", 0) != done:
                raise
            log.info("act_repeated", left=left)
    raise AssertionError


def connect_options(statement_timeout_seconds: float) -> str:
    """Return the server options of every connection; all times in milliseconds."""
    return " ".join(
        (
            f"-c statement_timeout={int(statement_timeout_seconds * 1000)}",
            "-c lock_timeout=5000",
            "-c idle_in_transaction_session_timeout=60000",
            "-c timezone=UTC",
        )
    )


def become_application_role(engine: Engine) -> None:
    """Let every new connection drop to the role that owns no table and bypasses nothing."""

    @event.listens_for(engine, "connect")
    def _set_role(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"set role {APPLICATION_ROLE}")
        connection.commit()


def scalar(statement: str, **values: object) -> Any:
    """Return the one value of a textual query; for checks and reports."""
    return session().execute(text(statement), values).scalar()
