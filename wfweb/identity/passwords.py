"""Password hashes: argon2id, the same work whether or not there is a hash to compare with."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wfweb.kernel.settings import get_settings

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 200
"""Argon2 reads any length; a limit keeps a megabyte from being hashed for free."""

# The most used passwords that are long enough for the rule above.
_COMMON = frozenset(
    {
        "1234567890",
        "0123456789",
        "password12",
        "password123",
        "password1234",
        "passwordpassword",
        "qwertyuiop",
        "qwerty12345",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "0987654321",
        "1111111111",
        "0000000000",
        "administrator",
        "letmein1234",
        "iloveyou123",
        "welcome1234",
        "welcome123",
        "abcdefghij",
        "abcd1234567",
        "changeme123",
    }
)
FEWEST_CHARACTERS = 4
"""How many different ones a password needs: `aaaaaaaaaa` has one."""
SHORTEST_NAME_PART = 4


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    if get_settings().environment == "test":
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    # The OWASP set: 19 MiB, two passes, one lane; about 55 ms on two cores.
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Return the hash that stands in for an account which does not exist."""
    return _hasher().hash("nobody signs in with this")


def hash_password(password: str) -> str:
    """Return an argon2id hash with its parameters and a fresh salt."""
    return _hasher().hash(password)


def matches(hashed: str | None, password: str) -> bool:
    """Tell whether a password fits; as slow for no hash as for a wrong password."""
    try:
        _hasher().verify(hashed or _nobody(), password[: MAXIMUM_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def is_outdated(hashed: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(hashed)


def problem(password: str, *, email: str = "", name: str = "") -> str | None:
    """Return what is wrong with a new password, or None.

    Length is what counts (ASVS 6.2): no rules on character classes.
    """
    if len(password) < MINIMUM_LENGTH:
        return f"Use at least {MINIMUM_LENGTH} characters"
    if len(password) > MAXIMUM_LENGTH:
        return f"Use at most {MAXIMUM_LENGTH} characters"
    lowered = password.lower()
    if lowered in _COMMON or len(set(lowered)) < FEWEST_CHARACTERS:
        return "Choose a password that is harder to guess"
    personal = {email.lower(), email.lower().partition("@")[0], name.lower()} - {""}
    if any(len(part) >= SHORTEST_NAME_PART and part in lowered for part in personal):
        return "Choose a password without your name or e-mail address"
    return None
