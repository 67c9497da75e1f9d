"""Governance locks, their functions and triggers; permits."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import ROLE, append_only, system_policy, tenant_policy

revision = "0011_locks"
down_revision = "0010_alerts"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
SQL = Path(__file__).parent.parent / "sql"
SCRIPTS = ("basics", "changes", "causes", "verbs", "expiry", "answers", "guard")
FUNCTIONS = (
    "expire_old_locks(integer)",
    "unlock_from_alert_resolution(uuid, uuid, text)",
    "create_lock_from_alert(uuid, text[])",
    "get_blocked_actions_for_property(uuid)",
    "get_lock_summary(uuid)",
    "get_active_locks(uuid)",
    "is_action_blocked(uuid, text)",
)
# Only these columns of a lock may be changed without its functions.
OPEN_COLUMNS = "lock_notification_sent, unlock_notification_sent, updated_at"
INDEXES = {
    "record": ["record_id"],
    "alert": ["alert_id"],
    "status": ["status"],
    "locked_at": ["locked_at"],
    "record_status": ["record_id", "status"],
    "type": ["lock_type"],
    "severity": ["lock_severity"],
}


def upgrade() -> None:
    # A constant default is kept in the catalogue: no row is touched, the lock lasts an instant.
    no = sa.text("false")
    op.add_column(
        "records", sa.Column("has_active_alerts", sa.Boolean, nullable=False, server_default=no)
    )
    _types()
    _locks()
    _evaluations()
    _permits()
    for script in SCRIPTS:
        text = (SQL / f"locks_{script}.sql").read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def _company() -> "sa.Column[object]":
    key = sa.ForeignKey("companies.id", ondelete="CASCADE")
    return sa.Column("company_id", sa.Uuid, key, nullable=False)


def _texts(*names: str, nullable: bool = False) -> "list[sa.Column[object]]":
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _of(table: str, column: str, target: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id", column],
        [f"{target}.company_id", f"{target}.id"],
        name=f"fk_{table}_{column.removesuffix('_id')}",
        ondelete="CASCADE" if cascade else None,
    )


def _types() -> None:
    op.create_table(
        "lock_types",
        sa.Column("id", sa.Uuid, primary_key=True),
        _company(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
        *_texts("code", "name", "description"),
        *_texts("record_type_code", nullable=True),
        sa.Column("causes", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("fallback", sa.Boolean, nullable=False),
        sa.Column("blocked_actions", pg.ARRAY(sa.Text), nullable=False),
        *_texts("severity", nullable=True),
        sa.Column("expiry_days", sa.Integer),
        *_texts("on_expiry", "in_flight"),
        *_texts("release_workflow", nullable=True),
        sa.Column("ask_at_once", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        sa.CheckConstraint("severity in ('critical', 'warning')", name="severity"),
        sa.CheckConstraint("on_expiry in ('unlock', 'renew', 'accept')", name="on_expiry"),
        sa.CheckConstraint("in_flight in ('finish', 'stop')", name="in_flight"),
        sa.CheckConstraint("expiry_days between 1 and 3650", name="expiry_days"),
        sa.CheckConstraint("cardinality(blocked_actions) between 1 and 50", name="blocked_actions"),
        sa.UniqueConstraint("company_id", "code", name="uq_lock_types_company_id_code"),
    )
    op.create_index("ix_lock_types_company_id", "lock_types", ["company_id"])
    tenant_policy("lock_types")


def _locks() -> None:
    no = sa.text("false")
    op.create_table(
        "workflow_locks",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        _company(),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("alert_id", sa.Uuid, nullable=False),
        *_texts("lock_type", "lock_reason", "lock_severity"),
        sa.Column("locked_at", AT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("unlocked_at", AT),
        sa.Column("lock_duration_hours", sa.Numeric(14, 4)),
        sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'locked'")),
        sa.Column("locked_by", sa.Uuid),
        sa.Column("unlocked_by", sa.Uuid),
        *_texts("unlock_reason", nullable=True),
        sa.Column("blocked_actions", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("lock_notification_sent", sa.Boolean, nullable=False, server_default=no),
        sa.Column("unlock_notification_sent", sa.Boolean, nullable=False, server_default=no),
        sa.Column("updated_at", AT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.CheckConstraint("status in ('locked', 'unlocked', 'expired')", name="status"),
        sa.CheckConstraint("lock_severity in ('critical', 'warning')", name="lock_severity"),
        sa.CheckConstraint("lock_type ~ '^[a-z][a-z0-9_]{0,62}$'", name="lock_type"),
        sa.CheckConstraint("unlocked_at >= locked_at", name="unlocked_at"),
        sa.CheckConstraint("(status = 'locked') = (unlocked_at is null)", name="ended"),
        sa.CheckConstraint("cardinality(blocked_actions) between 1 and 50", name="blocked_actions"),
        _of("workflow_locks", "record_id", "records", cascade=True),
        _of("workflow_locks", "alert_id", "alerts", cascade=True),
        sa.ForeignKeyConstraint(
            ["company_id", "lock_type"],
            ["lock_types.company_id", "lock_types.code"],
            name="fk_workflow_locks_lock_type",
        ),
        _of("workflow_locks", "locked_by", "users"),
        _of("workflow_locks", "unlocked_by", "users"),
    )
    for name, columns in INDEXES.items():
        op.create_index(f"ix_workflow_locks_{name}", "workflow_locks", columns)
    op.execute("alter table workflow_locks set (fillfactor = 85)")
    tenant_policy("workflow_locks")
    op.execute(f"revoke insert, update, delete on workflow_locks from {ROLE}")
    op.execute(f"grant update ({OPEN_COLUMNS}) on workflow_locks to {ROLE}")


def _evaluations() -> None:
    op.create_table(
        "lock_evaluations",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _company(),
        sa.Column("lock_id", sa.Uuid, nullable=False),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("at", AT, nullable=False),
        *_texts("why", "outcome"),
        *_texts("metric", "operator", nullable=True),
        sa.Column("threshold", sa.Numeric),
        sa.Column("value", sa.Numeric),
        sa.Column("holds", sa.Boolean),
        sa.Column("by_id", sa.Uuid),
        *_texts("reason"),
        sa.Column("next_at", AT),
        sa.CheckConstraint(
            "why in ('created', 'release', 'override', 'accepted', 'renewed', 'expiry', 'metric')",
            name="why",
        ),
        sa.CheckConstraint(
            "outcome in ('locked', 'unlocked', 'expired', 'kept', 'asked')", name="outcome"
        ),
    )
    op.create_index("ix_lock_evaluations_lock", "lock_evaluations", ["lock_id", "id"])
    append_only("lock_evaluations")
    op.execute(f"revoke insert on lock_evaluations from {ROLE}")


def _permits() -> None:
    op.create_table(
        "action_permits",
        sa.Column("id", sa.Uuid, primary_key=True),
        _company(),
        sa.Column("record_id", sa.Uuid, nullable=False),
        *_texts("action", "arguments_digest", "status"),
        sa.Column("issued_to", sa.Uuid),
        sa.Column("issued_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("redeemed_at", AT),
        sa.Column("revoked_at", AT),
        sa.Column("revoked_by_lock_id", sa.Uuid),
        sa.CheckConstraint("status in ('issued', 'redeemed', 'revoked')", name="status"),
        sa.CheckConstraint("expires_at > issued_at", name="expires_at"),
        sa.CheckConstraint("(status = 'redeemed') = (redeemed_at is not null)", name="redeemed_at"),
        sa.CheckConstraint("(status = 'revoked') = (revoked_at is not null)", name="revoked_at"),
        _of("action_permits", "record_id", "records", cascade=True),
    )
    op.create_index("ix_action_permits_company_id", "action_permits", ["company_id"])
    op.create_index(
        "ix_action_permits_open",
        "action_permits",
        ["record_id"],
        postgresql_where=sa.text("status = 'issued'"),
    )
    op.create_index("ix_action_permits_expires_at", "action_permits", ["expires_at"])
    # Old ones are swept away for all companies at once.
    system_policy("action_permits")


def downgrade() -> None:
    for view in ("locks_dates", "locks_causes"):
        op.execute(f"drop view {view}")
    for function in (*FUNCTIONS, *_helpers()):
        # With the triggers that call it, also those on other features' tables.
        op.execute(f"drop function if exists {function} cascade")
    for table in ("action_permits", "lock_evaluations", "workflow_locks", "lock_types"):
        op.drop_table(table)
    op.drop_column("records", "has_active_alerts")


def _helpers() -> "list[str]":
    """Return the functions behind the seven, whose names all begin alike."""
    rows = op.get_bind().exec_driver_sql(
        "select oid::regprocedure::text from pg_proc"
        " where proname like 'locks\\_%%' and pronamespace = 'public'::regnamespace"
    )
    return list(rows.scalars())
