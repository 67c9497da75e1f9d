"""Redaction before storing: personal data never reaches the trail in clear (AUD-3)."""

from collections.abc import Collection, Mapping
from typing import Any

MASK = "[redacted]"
PERSONAL_NAMES = frozenset(
    {
        "password",
        "password_hash",
        "secret",
        "token",
        "mobno",
        "mobile",
        "email",
        "phone",
        "phone_number",
        "ssn",
        "pan",
        "aadhar",
        "iban",
    }
)
LONGEST_TEXT = 4000


def redact(
    values: Mapping[str, Any] | None, extra_names: Collection[str] = ()
) -> dict[str, Any] | None:
    """Return values with personal ones masked at any depth; names compare without case.

    :param extra_names: further field names, as a record type configures them.
    """
    if values is None:
        return None
    names = PERSONAL_NAMES | {name.lower() for name in extra_names}
    return {key: _redacted(key, value, names) for key, value in values.items()}


def _redacted(key: object, value: Any, names: Collection[str]) -> Any:
    if str(key).lower() in names:
        return None if value is None else MASK
    if isinstance(value, Mapping):
        return {k: _redacted(k, v, names) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item, names) for item in value]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[:LONGEST_TEXT] + "…"
    return value
