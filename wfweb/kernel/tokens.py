"""Secrets made for people and programs: random, and stored only as a hash."""

import hashlib
import hmac
import secrets


def new_token(prefix: str = "") -> str:
    """Return a fresh 256-bit token in URL-safe text, with a recognisable prefix."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is stored instead of a token; tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


def same(first: bytes, second: bytes) -> bool:
    """Compare without telling by time where two values differ."""
    return hmac.compare_digest(first, second)
