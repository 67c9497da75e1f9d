"""People, roles, sessions, tokens, password resets and sign-in throttles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import ROLE, system_policy

revision = "0002_identity"
down_revision = "0001_kernel"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TEXTS = pg.ARRAY(sa.Text)


def upgrade() -> None:
    _users()
    _roles()
    _sessions()
    _tokens()
    _resets()
    _throttles()


def _users() -> None:
    op.create_table(
        "users",
        *_company_row(),
        *_stamps(),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("manager_id", sa.Uuid),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("theme", sa.Text, nullable=False),
        sa.Column("keys_enabled", sa.Boolean, nullable=False),
        sa.Column("quick_limit", sa.Numeric(38, 10)),
        sa.Column("last_sign_in_at", AT),
        sa.UniqueConstraint("company_id", "id", name="uq_users_company_id_id"),
        sa.ForeignKeyConstraint(
            ["company_id", "manager_id"], ["users.company_id", "users.id"], name="fk_users_manager"
        ),
        sa.CheckConstraint("kind in ('person', 'service')", name="kind"),
        sa.CheckConstraint("theme in ('auto', 'light', 'dark')", name="theme"),
        sa.CheckConstraint("manager_id <> id", name="not_own_manager"),
        sa.CheckConstraint("quick_limit >= 0", name="quick_limit"),
    )
    op.create_index("uq_users_email", "users", [sa.text("lower(email)")], unique=True)
    op.create_index("ix_users_company_id_name", "users", ["company_id", "name"])
    op.create_index("ix_users_manager_id", "users", ["manager_id"])
    _finish("users")


def _roles() -> None:
    op.create_table(
        "roles",
        *_company_row(),
        *_stamps(),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("permissions", TEXTS, nullable=False),
        sa.UniqueConstraint("company_id", "id", name="uq_roles_company_id_id"),
        sa.UniqueConstraint("company_id", "code", name="uq_roles_company_id_code"),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,49}$'", name="code"),
    )
    _finish("roles")
    op.create_table(
        "user_roles",
        _company(),
        sa.Column("user_id", sa.Uuid, primary_key=True),
        sa.Column("role_id", sa.Uuid, primary_key=True),
        _of_user("user_roles"),
        sa.ForeignKeyConstraint(
            ["company_id", "role_id"],
            ["roles.company_id", "roles.id"],
            name="fk_user_roles_role",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_user_roles_role_id", "user_roles", ["role_id"])
    _finish("user_roles")


def _sessions() -> None:
    op.create_table(
        "user_sessions",
        *_company_row(),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("confirmed_at", AT, nullable=False),
        sa.Column("last_seen_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("ip", sa.Text),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("revoked_at", AT),
        sa.Column("revoked_because", sa.Text),
        _of_user("user_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
    _finish("user_sessions")


def _tokens() -> None:
    op.create_table(
        "api_tokens",
        *_company_row(),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("last_used_at", AT),
        sa.Column("revoked_at", AT),
        _of_user("api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
        sa.CheckConstraint(
            "scopes <@ array['read', 'write', 'admin'] and cardinality(scopes) > 0", name="scopes"
        ),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"])
    _finish("api_tokens")


def _resets() -> None:
    op.create_table(
        "password_resets",
        *_company_row(),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT),
        _of_user("password_resets"),
        sa.UniqueConstraint("token_hash", name="uq_password_resets_token_hash"),
    )
    op.create_index("ix_password_resets_user_id", "password_resets", ["user_id"])
    _finish("password_resets")


def _throttles() -> None:
    # Of no company: an account that is tried need not exist.
    op.create_table(
        "sign_in_throttles",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("window_ends_at", AT, nullable=False),
    )
    op.create_index("ix_sign_in_throttles_window_ends_at", "sign_in_throttles", ["window_ends_at"])
    op.execute(f"grant select, insert, update, delete on sign_in_throttles to {ROLE}")


def _company() -> sa.Column[sa.Uuid]:
    return sa.Column(
        "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
    )


def _company_row() -> tuple[sa.Column[sa.Uuid], sa.Column[sa.Uuid]]:
    return sa.Column("id", sa.Uuid, primary_key=True), _company()


def _stamps() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
    )


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id", "user_id"],
        ["users.company_id", "users.id"],
        name=f"fk_{table}_user",
        ondelete="CASCADE",
    )


def _finish(table: str) -> None:
    """Index the company and let sign-in, which knows no company yet, look across them."""
    op.create_index(f"ix_{table}_company_id", table, ["company_id"])
    system_policy(table)


def downgrade() -> None:
    for table in (
        "sign_in_throttles",
        "password_resets",
        "api_tokens",
        "user_sessions",
        "user_roles",
        "roles",
        "users",
    ):
        op.drop_table(table)
