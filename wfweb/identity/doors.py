"""Acts of somebody who is not signed in yet: each counts the try first, then looks.

The slow password hash is computed between two short transactions, so that no row is locked
meanwhile, and as long for an account that does not exist (attack 95).
"""

from dataclasses import dataclass

from wfweb.identity import passwords, service, throttle
from wfweb.identity.principal import SignedInUser
from wfweb.identity.service.sign_in import Attempt, NewSession
from wfweb.kernel.actor import Actor, current_actor
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import RateLimited


@dataclass(frozen=True, slots=True)
class SignInOutcome:
    """What came of a try: a session, or how many seconds to wait (0 = try again now)."""

    session: NewSession | None
    wait_seconds: int = 0


def sign_in(email: str, password: str, source: str | None) -> SignInOutcome:
    """Try to sign in from an address; the caller sets the cookie."""
    with transaction(system=True):
        attempt = service.open_attempt(email, source)
    correct = passwords.matches(attempt.password_hash, password) and not attempt.wait_seconds
    if attempt.company_id is None:
        with transaction(system=True):
            throttle.write_as_much(throttle.account_key(email))
        return SignInOutcome(None, attempt.wait_seconds)
    with transaction(actor=_actor_of(attempt, known=correct)):
        begun = service.close_attempt(attempt, correct=correct, password=password)
    return SignInOutcome(begun, attempt.wait_seconds)


def _actor_of(attempt: Attempt, *, known: bool) -> Actor:
    """Return the person after a right password, else somebody in the account's company."""
    if known:
        return Actor(
            kind="user", id=attempt.user_id, name=attempt.name, company_id=attempt.company_id
        )
    return Actor(kind="anonymous", name="Somebody signed out", company_id=attempt.company_id)


def confirm_password(user: SignedInUser, password: str, source: str | None) -> bool:
    """Check the password of somebody signed in once more; right makes the session fresh.

    :raises RateLimited: after too many tries, counted together with signing in.
    """
    with transaction(actor=current_actor(), system=True):
        attempt = service.open_attempt(user.email, source)
    if attempt.wait_seconds:
        message = "Too many tries with this password. Nothing was changed."
        raise RateLimited(message, retry_after=attempt.wait_seconds)
    correct = passwords.matches(attempt.password_hash, password)
    with transaction():
        return service.close_confirmation(attempt, correct=correct)


def ask_for_reset(email: str, source: str | None) -> None:
    """Send a link to an account with this address, if there is one; tells nobody which."""
    with transaction(system=True):
        account = service.account_for_reset(email, source)
    if account is None:
        with transaction(system=True):
            throttle.write_as_much(throttle.reset_key(email))
        return
    actor = Actor(kind="anonymous", name="Somebody signed out", company_id=account.company_id)
    with transaction(actor=actor):
        service.request_password_reset(account)


def reset_password(token: str, password: str) -> None:
    """Use a mailed link.

    :raises Gone: when the link was used, has ended or never existed.
    :raises ValidationFailed: for a password that is too easy.
    """
    with transaction(system=True):
        account = service.account_of_reset(token)
    actor = Actor(
        kind="user",
        id=account.user_id,
        name=account.name,
        company_id=account.company_id,
        channel="mail_link",
    )
    with transaction(actor=actor):
        service.reset_password(token, password)
