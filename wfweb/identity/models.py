"""Tables of identity: people, roles, sessions, tokens, resets and throttles.

Foreign keys carry the company, so that a manager or a role of another company cannot be
named even by a query that forgot to look.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned


def _of_user(table: str) -> ForeignKeyConstraint:
    """Return the foreign key by which a row belongs to a user of the same company."""
    return ForeignKeyConstraint(
        ["company_id", "user_id"],
        ["users.company_id", "users.id"],
        name=f"fk_{table}_user",
        ondelete="CASCADE",
    )


class User(Id, Tenant, Versioned, Stamps, Base):
    """A person or a service account of one company."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("company_id", "id", name="uq_users_company_id_id"),
        ForeignKeyConstraint(
            ["company_id", "manager_id"], ["users.company_id", "users.id"], name="fk_users_manager"
        ),
        Index("uq_users_email", text("lower(email)"), unique=True),
        Index("ix_users_company_id_name", "company_id", "name"),
        Index("ix_users_manager_id", "manager_id"),
        CheckConstraint("kind in ('person', 'service')", name="kind"),
        CheckConstraint("theme in ('auto', 'light', 'dark')", name="theme"),
        CheckConstraint("manager_id <> id", name="not_own_manager"),
        CheckConstraint("quick_limit >= 0", name="quick_limit"),
    )

    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(Text, default="person")
    password_hash: Mapped[str | None] = mapped_column(Text)
    manager_id: Mapped[UUID | None]
    active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str] = mapped_column(Text, default="en")
    time_zone: Mapped[str] = mapped_column(Text, default="UTC")
    theme: Mapped[str] = mapped_column(Text, default="auto")
    keys_enabled: Mapped[bool] = mapped_column(default=True)
    quick_limit: Mapped[Decimal | None] = mapped_column(Numeric(38, 10))
    last_sign_in_at: Mapped[datetime | None]


class Role(Id, Tenant, Versioned, Stamps, Base):
    """A named set of permissions, and a group that approvals can name."""

    __tablename__ = "roles"
    __table_args__ = (
        UniqueConstraint("company_id", "id", name="uq_roles_company_id_id"),
        UniqueConstraint("company_id", "code", name="uq_roles_company_id_code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,49}$'", name="code"),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)


class UserRole(Tenant, Base):
    """One person in one role."""

    __tablename__ = "user_roles"
    __table_args__ = (
        _of_user("user_roles"),
        ForeignKeyConstraint(
            ["company_id", "role_id"],
            ["roles.company_id", "roles.id"],
            name="fk_user_roles_role",
            ondelete="CASCADE",
        ),
        Index("ix_user_roles_role_id", "role_id"),
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role_id: Mapped[UUID] = mapped_column(primary_key=True)


class UserSession(Id, Tenant, Base):
    """One signed-in browser; the cookie holds a token of which only the digest is here."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        _of_user("user_sessions"),
        UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
        Index("ix_user_sessions_user_id", "user_id"),
    )

    user_id: Mapped[UUID]
    token_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str] = mapped_column(Text, default="")
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(Text)


class ApiToken(Id, Tenant, Base):
    """A personal access token; shown once, kept as a digest."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        _of_user("api_tokens"),
        UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
        Index("ix_api_tokens_user_id", "user_id"),
        CheckConstraint(
            "scopes <@ array['read', 'write', 'admin'] and cardinality(scopes) > 0", name="scopes"
        ),
    )

    user_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PasswordReset(Id, Tenant, Base):
    """One mail with which somebody may choose a new password, once."""

    __tablename__ = "password_resets"
    __table_args__ = (
        _of_user("password_resets"),
        UniqueConstraint("token_hash", name="uq_password_resets_token_hash"),
        Index("ix_password_resets_user_id", "user_id"),
    )

    user_id: Mapped[UUID]
    token_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """How often one account or one address was tried lately; accounts need not exist.

    Rows and not Valkey: a flushed cache must not hand out ten fresh guesses.
    """

    __tablename__ = "sign_in_throttles"
    __table_args__ = (Index("ix_sign_in_throttles_window_ends_at", "window_ends_at"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    window_ends_at: Mapped[datetime]
