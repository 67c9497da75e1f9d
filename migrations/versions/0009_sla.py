"""Service levels: definitions, clocks, their ledger and crossings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import append_only, system_policy, tenant_policy

revision = "0009_sla"
down_revision = "0008_calendars"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
STATUSES = "status in ('active', 'paused', 'met', 'breached', 'cancelled')"
LEVELS = "level in ('GREEN', 'YELLOW', 'ORANGE', 'RED', 'BREACHED')"
OPEN = sa.text("completed_at is null")


def _id() -> sa.Column:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _company() -> sa.Column:
    key = sa.ForeignKey("companies.id", ondelete="CASCADE")
    return sa.Column("company_id", sa.Uuid, key, nullable=False)


def _need(name: str, kind: sa.types.TypeEngine | type = sa.Text) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def _to(name: str, target: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(target), nullable=nullable)


def upgrade() -> None:
    _definitions()
    _clocks()
    _clock_indexes()
    _ledger()
    tenant_policy("sla_definitions")
    append_only("sla_definition_versions")
    # One sweep looks for clocks that are due in all companies at once.
    system_policy("sla_clocks")
    append_only("sla_segments")
    append_only("sla_crossings")


def _definitions() -> None:
    op.create_table(
        "sla_definitions",
        _id(),
        _company(),
        _need("code"),
        _need("name"),
        _need("description"),
        _need("active", sa.Boolean),
        _need("subject_type"),
        sa.Column("record_type_code", sa.Text),
        sa.Column("live_version_id", sa.Uuid),
        _need("current_version", sa.Integer),
        _need("version", sa.Integer),
        _need("created_at", AT),
        sa.Column("created_by_id", sa.Uuid),
        _need("updated_at", AT),
        sa.UniqueConstraint("company_id", "code", name="uq_sla_definitions_code"),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
    )
    op.create_table(
        "sla_definition_versions",
        _id(),
        _company(),
        _to("definition_id", "sla_definitions.id"),
        _need("number", sa.Integer),
        _need("body", pg.JSONB),
        _need("digest"),
        _need("comment"),
        _need("published_at", AT),
        sa.Column("published_by_id", sa.Uuid),
        sa.UniqueConstraint("definition_id", "number", name="uq_sla_definition_versions_number"),
    )
    op.create_foreign_key(
        "fk_sla_definitions_live",
        "sla_definitions",
        "sla_definition_versions",
        ["live_version_id"],
        ["id"],
    )


def _clocks() -> None:
    op.create_table(
        "sla_clocks",
        _id(),
        _company(),
        _to("definition_id", "sla_definitions.id"),
        _to("version_id", "sla_definition_versions.id"),
        *(_need(name) for name in ("definition_code", "metric", "subject_type")),
        _need("subject_id", sa.Uuid),
        _to("record_id", "records.id", nullable=True),
        _need("title"),
        sa.Column("url", sa.Text),
        *(_need(name) for name in ("status", "level")),
        _need("target_seconds", sa.BigInteger),
        _need("started_at", AT),
        *(sa.Column(name, AT) for name in ("due_at", "completed_at", "breached_at")),
        _need("segment_started_at", AT),
        _need("segment_seq", sa.Integer),
        *(_need(name, sa.BigInteger) for name in ("elapsed_seconds", "wall_seconds")),
        *(sa.Column(name, AT) for name in ("next_check_at", "paused_at")),
        sa.Column("pause_reason", sa.Text),
        _need("paused_by_hand", sa.Boolean),
        _to("owner_id", "users.id", nullable=True),
        sa.Column("team", sa.Text),
        sa.Column("calendar_version_id", sa.Uuid),
        sa.Column("time_zone", sa.Text),
        _need("round", sa.Integer),
        sa.Column("end_reason", sa.Text),
        sa.Column("receipt", pg.JSONB),
        _need("version", sa.Integer),
        sa.CheckConstraint(STATUSES, name="status"),
        sa.CheckConstraint(LEVELS, name="level"),
        sa.CheckConstraint("target_seconds > 0", name="target"),
        sa.CheckConstraint("elapsed_seconds >= 0 and wall_seconds >= 0", name="seconds"),
        sa.CheckConstraint("(level = 'BREACHED') = (breached_at is not null)", name="breached_at"),
        sa.CheckConstraint("completed_at is null or next_check_at is null", name="next_check_at"),
        sa.CheckConstraint(
            "completed_at is not null or (paused_at is not null) = (status = 'paused')",
            name="paused_at",
        ),
        # Each crossing rewrites the row in place: room on the page keeps its indexes small.
        postgresql_with={"fillfactor": 80},
    )


def _clock_indexes() -> None:
    def index(name: str, *columns: str, where: sa.TextClause | None = None, **more: bool) -> None:
        op.create_index(name, "sla_clocks", list(columns), postgresql_where=where, **more)

    index("uq_sla_clocks_open", "definition_id", "subject_id", where=OPEN, unique=True)
    index("ix_sla_clocks_next_check", "next_check_at", where=sa.text("next_check_at is not null"))
    index("ix_sla_clocks_subject", "subject_id")
    index("ix_sla_clocks_record", "record_id")
    index("ix_sla_clocks_version", "version_id", where=OPEN)
    index("ix_sla_clocks_board", "company_id", "level", "due_at", "id", where=OPEN)
    index("ix_sla_clocks_owner", "company_id", "owner_id", where=OPEN)
    index(
        "ix_sla_clocks_completed",
        "company_id",
        "completed_at",
        where=sa.text("completed_at is not null"),
    )


def _ledger() -> None:
    op.create_table(
        "sla_segments",
        _id(),
        _need("company_id", sa.Uuid),
        _to("clock_id", "sla_clocks.id"),
        _need("round", sa.Integer),
        _need("seq", sa.Integer),
        _need("kind"),
        sa.Column("reason", sa.Text),
        sa.Column("owner_id", sa.Uuid),
        _need("started_at", AT),
        _need("ended_at", AT),
        _need("business_seconds", sa.BigInteger),
        sa.UniqueConstraint("clock_id", "round", "seq", name="uq_sla_segments_seq"),
        sa.CheckConstraint("kind in ('run', 'pause')", name="kind"),
        sa.CheckConstraint("ended_at >= started_at", name="times"),
        sa.CheckConstraint("business_seconds >= 0", name="seconds"),
    )
    op.create_table(
        "sla_crossings",
        _id(),
        _need("company_id", sa.Uuid),
        _to("clock_id", "sla_clocks.id"),
        _need("round", sa.Integer),
        _need("level"),
        _need("at", AT),
        _need("noticed_at", AT),
        _need("overtaken", sa.Boolean),
        sa.UniqueConstraint("clock_id", "round", "level", name="uq_sla_crossings_once"),
        sa.CheckConstraint(LEVELS, name="level"),
    )


def downgrade() -> None:
    op.drop_table("sla_crossings")
    op.drop_table("sla_segments")
    op.drop_table("sla_clocks")
    op.drop_constraint("fk_sla_definitions_live", "sla_definitions")
    op.drop_table("sla_definition_versions")
    op.drop_table("sla_definitions")
