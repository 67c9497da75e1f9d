"""What happens to people, roles, sessions and tokens; never with a secret inside."""

from dataclasses import dataclass
from typing import ClassVar

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(Event):
    """Somebody got an account."""

    name: ClassVar[str] = "identity.user_created"
    audit_type: ClassVar[str] = "CREATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged(Event):
    """Somebody's account was changed."""

    name: ClassVar[str] = "identity.user_changed"
    audit_type: ClassVar[str] = "UPDATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeactivated(Event):
    """Somebody may no longer sign in."""

    name: ClassVar[str] = "identity.user_deactivated"
    audit_type: ClassVar[str] = "STATE_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReactivated(Event):
    """Somebody may sign in again."""

    name: ClassVar[str] = "identity.user_reactivated"
    audit_type: ClassVar[str] = "STATE_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesChanged(Event):
    """Somebody's roles were changed."""

    name: ClassVar[str] = "identity.roles_changed"
    audit_type: ClassVar[str] = "UPDATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCreated(Event):
    """A role was made."""

    name: ClassVar[str] = "identity.role_created"
    audit_type: ClassVar[str] = "CREATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(Event):
    """A role allows something else, or is called something else."""

    name: ClassVar[str] = "identity.role_changed"
    audit_type: ClassVar[str] = "UPDATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """Somebody signed in."""

    name: ClassVar[str] = "identity.signed_in"
    audit_type: ClassVar[str] = "LOGIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Event):
    """Somebody tried to sign in to this account and could not."""

    name: ClassVar[str] = "identity.sign_in_failed"
    audit_type: ClassVar[str] = "LOGIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(Event):
    """A signed-in browser was signed out, by its owner or for a reason."""

    name: ClassVar[str] = "identity.session_revoked"
    audit_type: ClassVar[str] = "ACCESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """A password was changed, with the old one or by a mailed link."""

    name: ClassVar[str] = "identity.password_changed"
    audit_type: ClassVar[str] = "ACCESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(Event):
    """A link for a new password was asked for."""

    name: ClassVar[str] = "identity.password_reset_requested"
    audit_type: ClassVar[str] = "ACCESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(Event):
    """Somebody is reached, and signs in, at another address; the old one is told."""

    name: ClassVar[str] = "identity.email_changed"
    audit_type: ClassVar[str] = "UPDATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCreated(Event):
    """A script got access."""

    name: ClassVar[str] = "identity.token_created"
    audit_type: ClassVar[str] = "CREATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """A script lost access."""

    name: ClassVar[str] = "identity.token_revoked"
    audit_type: ClassVar[str] = "DELETED"
