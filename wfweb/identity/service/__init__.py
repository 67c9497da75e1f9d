"""The verbs of identity. They change rows and emit; doors open the transaction."""

from wfweb.identity.service.companies import create_company
from wfweb.identity.service.passwords import (
    account_for_reset,
    account_of_reset,
    change_password,
    request_password_reset,
    reset_password,
    send_password_link,
    set_password,
    start_reset,
)
from wfweb.identity.service.people import (
    create_user,
    deactivate_user,
    reactivate_user,
    set_roles,
    update_profile,
    update_user,
)
from wfweb.identity.service.roles import create_role, update_role
from wfweb.identity.service.sign_in import (
    close_attempt,
    close_confirmation,
    open_attempt,
    revoke_session,
    revoke_sessions,
    sign_out,
    unlock_user,
)
from wfweb.identity.service.tokens import create_token, revoke_token, revoke_tokens

__all__ = [
    "account_for_reset",
    "account_of_reset",
    "change_password",
    "close_attempt",
    "close_confirmation",
    "create_company",
    "create_role",
    "create_token",
    "create_user",
    "deactivate_user",
    "open_attempt",
    "reactivate_user",
    "request_password_reset",
    "reset_password",
    "revoke_session",
    "revoke_sessions",
    "revoke_token",
    "revoke_tokens",
    "send_password_link",
    "set_password",
    "set_roles",
    "sign_out",
    "start_reset",
    "unlock_user",
    "update_profile",
    "update_role",
    "update_user",
]
