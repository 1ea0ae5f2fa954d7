"""Secrets of links and tokens: shown once, stored as SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

#: Lets scanners find leaked tokens.
TOKEN_PREFIX = "rs_"  # noqa: S105 it is a mark, not a secret


def generate_secret(prefix: str = "") -> str:
    """Return 32 random bytes as text that is safe in URLs and headers."""
    return prefix + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """Return the stored hash. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def to_datetime(now: int) -> datetime:
    """Convert milliseconds since the epoch to the datetime of account rows."""
    return datetime.fromtimestamp(now / 1000, UTC)
