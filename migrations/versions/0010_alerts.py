"""Metrics, alert rules, alerts, silences, and the endpoints of incoming webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import append_only, system_policy, tenant_policy

revision = "0010_alerts"
down_revision = "0009_sla"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
VALUE = sa.Numeric(38, 10)
SEVERITIES = "severity in ('info', 'warning', 'critical', 'urgent')"
OPEN = "status in ('active', 'acknowledged', 'escalated')"
TABLES = (
    "metrics",
    "metric_subjects",
    "metric_readings",
    "metric_latest",
    "alert_rules",
    "alerts",
    "alert_states",
    "alert_silences",
    "alert_notes",
    "alert_tellings",
    "hook_endpoints",
    "hook_receipts",
)


def upgrade() -> None:
    _metrics()
    _readings()
    _rules()
    _alerts()
    _states()
    _around_alerts()
    _hooks()
    for table in ("metric_subjects", "metric_latest", "alert_states", "alerts"):
        # Rows that change with every reading: leave room for the next version on the same page.
        op.execute(f"alter table {table} set (fillfactor = 80)")
    for table in TABLES:
        if table == "alert_notes":
            append_only(table)
        elif table == "hook_endpoints":
            system_policy(table)
        else:
            tenant_policy(table)


def _company(*, key: bool = True) -> "sa.Column[object]":
    # Rows that are written by the ten thousand reach their company through their record.
    keys = [sa.ForeignKey("companies.id", ondelete="CASCADE")] if key else []
    return sa.Column("company_id", sa.Uuid, *keys, nullable=False)


def _row() -> "list[sa.Column[object]]":
    return [sa.Column("id", sa.Uuid, primary_key=True), _company()]


def _stamps() -> "list[sa.Column[object]]":
    return [
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
    ]


def _words(*names: str) -> "list[sa.Column[object]]":
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _of(table: str, column: str, target: str, *, cascade: bool = True) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id", column],
        [f"{target}.company_id", f"{target}.id"],
        name=f"fk_{table}_{column.removesuffix('_id')}",
        ondelete="CASCADE" if cascade else None,
    )


def _by_company(table: str) -> None:
    op.create_index(f"ix_{table}_company_id", table, ["company_id"])


def _metrics() -> None:
    op.create_table(
        "metrics",
        *_row(),
        *_stamps(),
        *_words("code", "name", "unit", "description"),
        sa.Column("decimals", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        sa.CheckConstraint("decimals between 0 and 10", name="decimals"),
        sa.UniqueConstraint("company_id", "code", name="uq_metrics_company_id_code"),
    )
    _by_company("metrics")


def _readings() -> None:
    op.create_table(
        "metric_subjects",
        sa.Column("record_id", sa.Uuid, primary_key=True),
        _company(key=False),
        sa.Column("last_ingested_at", AT, nullable=False),
        _of("metric_subjects", "record_id", "records"),
    )
    op.create_table(
        "metric_readings",
        sa.Column("id", sa.Uuid, primary_key=True),
        _company(key=False),
        sa.Column("record_id", sa.Uuid, nullable=False),
        *_words("metric"),
        sa.Column("value", VALUE, nullable=False),
        sa.Column("at", AT, nullable=False),
        *_words("source"),
        sa.Column("ref", sa.Text),
        sa.Column("ingested_at", AT, nullable=False),
        _of("metric_readings", "record_id", "records"),
    )
    op.create_index("ix_metric_readings_history", "metric_readings", ["record_id", "metric", "at"])
    op.create_index(
        "uq_metric_readings_ref",
        "metric_readings",
        ["company_id", "source", "ref"],
        unique=True,
        postgresql_where=sa.text("ref is not null"),
    )
    # Readings arrive in the order of time: a hundredth of a B-tree's size finds what is old.
    op.create_index(
        "ix_metric_readings_ingested_at",
        "metric_readings",
        ["ingested_at"],
        postgresql_using="brin",
    )
    op.create_table(
        "metric_latest",
        sa.Column("record_id", sa.Uuid, primary_key=True),
        sa.Column("metric", sa.Text, primary_key=True),
        _company(key=False),
        sa.Column("value", VALUE, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("reading_id", sa.Uuid, nullable=False),
        _of("metric_latest", "record_id", "records"),
    )
    op.create_index("ix_metric_latest_metric", "metric_latest", ["company_id", "metric"])


def _rules() -> None:
    op.create_table(
        "alert_rules",
        *_row(),
        *_stamps(),
        *_words("code", "name", "type", "severity"),
        sa.Column("record_type_code", sa.Text),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("metrics", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("event_name", sa.Text),
        sa.Column("next_run_at", AT),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("error_at", AT),
        sa.Column("last_triggered_at", AT),
        sa.Column("triggered_count", sa.Integer, nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        sa.CheckConstraint(
            "type in ('inventory', 'sla', 'threshold', 'schedule', 'event')", name="type"
        ),
        sa.CheckConstraint(SEVERITIES, name="severity"),
        sa.CheckConstraint("(error is null) = (error_at is null)", name="error"),
        sa.UniqueConstraint("company_id", "code", name="uq_alert_rules_company_id_code"),
        sa.UniqueConstraint("company_id", "id", name="uq_alert_rules_company_id_id"),
    )
    _by_company("alert_rules")
    op.create_index(
        "ix_alert_rules_next_run_at",
        "alert_rules",
        ["next_run_at"],
        postgresql_where=sa.text("active"),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        *_row(),
        *_words("key", "severity", "status", "title", "message", "resolution_notes"),
        sa.Column("rule_id", sa.Uuid, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("record_id", sa.Uuid),
        sa.Column("record_type_code", sa.Text),
        sa.Column("context", pg.JSONB, nullable=False),
        sa.Column("holds", sa.Boolean),
        sa.Column("raised_at", AT, nullable=False),
        sa.Column("last_seen_at", AT, nullable=False),
        sa.Column("occurrences", sa.Integer, nullable=False),
        sa.Column("told_at", AT),
        sa.Column("held_back", sa.Text),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("acknowledged_at", AT),
        sa.Column("acknowledged_by_id", sa.Uuid),
        sa.Column("resolved_at", AT),
        sa.Column("resolved_by_id", sa.Uuid),
        sa.Column("remind_at", AT),
        sa.Column("remind_every_minutes", sa.Integer),
        sa.Column("escalation_level", sa.Integer, nullable=False),
        sa.Column("next_escalation_at", AT),
        sa.Column("expires_at", AT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint(SEVERITIES, name="severity"),
        sa.CheckConstraint(
            "status in ('active', 'acknowledged', 'resolved', 'expired', 'escalated')",
            name="status",
        ),
        sa.CheckConstraint(f"({OPEN}) = (resolved_at is null)", name="resolved_at"),
        # An alert that nobody has to look at any more wakes nobody (I-30).
        sa.CheckConstraint(
            "status in ('active', 'escalated') or next_escalation_at is null", name="escalation"
        ),
        sa.CheckConstraint("occurrences >= 1 and escalation_level >= 0", name="numbers"),
        sa.CheckConstraint("held_back in ('cooldown', 'daily_cap', 'silenced')", name="held_back"),
        _of("alerts", "rule_id", "alert_rules", cascade=False),
        _of("alerts", "record_id", "records"),
        _of("alerts", "owner_id", "users", cascade=False),
        sa.UniqueConstraint("company_id", "id", name="uq_alerts_company_id_id"),
        sa.UniqueConstraint("company_id", "key", name="uq_alerts_company_id_key"),
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["rule_id", "subject_id"],
        unique=True,
        postgresql_where=sa.text(OPEN),
    )
    op.create_index("ix_alerts_newest", "alerts", ["company_id", "status", "raised_at", "id"])
    op.create_index("ix_alerts_record", "alerts", ["record_id", "id"])
    op.create_index(
        "ix_alerts_expires_at", "alerts", ["expires_at"], postgresql_where=sa.text(OPEN)
    )


def _states() -> None:
    op.create_table(
        "alert_states",
        sa.Column("rule_id", sa.Uuid, primary_key=True),
        sa.Column("subject_id", sa.Uuid, primary_key=True),
        _company(key=False),
        sa.Column("record_id", sa.Uuid),
        sa.Column("raised", sa.Boolean, nullable=False),
        sa.Column("alert_id", sa.Uuid),
        sa.Column("closed_by_hand_at", AT),
        sa.Column("last_told_at", AT),
        sa.Column("told_on", sa.Date),
        sa.Column("told_count", sa.Integer, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.CheckConstraint("told_count >= 0", name="told_count"),
        _of("alert_states", "rule_id", "alert_rules"),
        _of("alert_states", "record_id", "records"),
    )
    op.create_index("ix_alert_states_record", "alert_states", ["record_id"])


def _around_alerts() -> None:
    op.create_table(
        "alert_silences",
        *_row(),
        sa.Column("rule_id", sa.Uuid),
        sa.Column("record_id", sa.Uuid),
        sa.Column("until", AT, nullable=False),
        *_words("reason", "created_by_name"),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("ended_at", AT),
        sa.Column("ended_by_id", sa.Uuid),
        sa.CheckConstraint("rule_id is not null or record_id is not null", name="bound"),
        sa.CheckConstraint("until > created_at", name="until"),
        _of("alert_silences", "rule_id", "alert_rules"),
        _of("alert_silences", "record_id", "records"),
    )
    op.create_index(
        "ix_alert_silences_live",
        "alert_silences",
        ["company_id", "until"],
        postgresql_where=sa.text("ended_at is null"),
    )
    _by_company("alert_silences")
    op.create_table(
        "alert_notes",
        *_row(),
        sa.Column("alert_id", sa.Uuid, nullable=False),
        *_words("kind", "body", "by_name"),
        sa.Column("by_id", sa.Uuid),
        sa.Column("at", AT, nullable=False),
        _of("alert_notes", "alert_id", "alerts"),
    )
    op.create_index("ix_alert_notes_alert", "alert_notes", ["alert_id", "id"])
    _by_company("alert_notes")
    op.create_table(
        "alert_tellings",
        *_row(),
        sa.Column("alert_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        *_words("kind", "state"),
        sa.Column("grave", sa.Boolean, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("told_at", AT),
        sa.CheckConstraint("kind in ('raised', 'escalated', 'reminder')", name="kind"),
        sa.CheckConstraint("state in ('told', 'waiting', 'folded')", name="state"),
        _of("alert_tellings", "alert_id", "alerts"),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name="fk_alert_tellings_user",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_alert_tellings_alert", "alert_tellings", ["alert_id"])
    op.create_index("ix_alert_tellings_user", "alert_tellings", ["user_id", "at"])
    op.create_index(
        "ix_alert_tellings_waiting",
        "alert_tellings",
        ["user_id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    _by_company("alert_tellings")


def _hooks() -> None:
    op.create_table(
        "hook_endpoints",
        *_row(),
        *_stamps(),
        *_words("name", "purpose", "secret"),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("last_received_at", AT),
        sa.Column("received_count", sa.Integer, nullable=False),
        sa.Column("last_refusal", sa.Text),
        sa.CheckConstraint("purpose in ('metrics', 'event')", name="purpose"),
        sa.UniqueConstraint("company_id", "id", name="uq_hook_endpoints_company_id_id"),
        sa.UniqueConstraint("company_id", "name", name="uq_hook_endpoints_name"),
    )
    _by_company("hook_endpoints")
    op.create_table(
        "hook_receipts",
        *_row(),
        sa.Column("endpoint_id", sa.Uuid, nullable=False),
        *_words("message_id"),
        sa.Column("received_at", AT, nullable=False),
        sa.Column("sent_at", AT, nullable=False),
        sa.Column("answer", pg.JSONB, nullable=False),
        sa.UniqueConstraint("endpoint_id", "message_id", name="uq_hook_receipts_message"),
        _of("hook_receipts", "endpoint_id", "hook_endpoints"),
    )
    op.create_index("ix_hook_receipts_received_at", "hook_receipts", ["received_at"])
    _by_company("hook_receipts")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
