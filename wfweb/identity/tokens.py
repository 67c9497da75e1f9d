"""API tokens of a form that tells a mistyped one apart, and the digests that are stored."""

import secrets
import zlib

from wfweb.kernel.tokens import token_hash

API_PREFIX = "wfp_"
"""By this secret scanners recognise a leaked token."""
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 43  # more than 255 random bits
_CHECK_LENGTH = 6
_API_LENGTH = len(API_PREFIX) + _RANDOM_LENGTH + _CHECK_LENGTH


def digest(token: str) -> str:
    """Return what is stored of a token; what cannot be one of ours matches nothing."""
    return token_hash(token).hex() if token.isascii() else ""


def _check(body: str) -> str:
    """Return six characters that tell a mistyped or made-up token without the database."""
    number = zlib.crc32(body.encode("ascii"))
    characters = ""
    for _ in range(_CHECK_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        characters += _ALPHABET[index]
    return characters


def new_api_token() -> str:
    """Return a fresh API token: prefix, random part, checksum."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return f"{API_PREFIX}{body}{_check(body)}"


def is_well_formed(token: str) -> bool:
    """Tell whether a text can be an API token of ours."""
    if len(token) != _API_LENGTH or not token.isascii() or not token.startswith(API_PREFIX):
        return False
    body = token[len(API_PREFIX) : -_CHECK_LENGTH]
    return secrets.compare_digest(_check(body), token[-_CHECK_LENGTH:])


def hint(token: str) -> str:
    """Return the beginning of a token, by which its owner recognises it."""
    return token[: len(API_PREFIX) + 4]
