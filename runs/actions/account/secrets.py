"""How secrets are made and kept: shown once, stored as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

#: What scanners for leaked secrets can look for.
TOKEN_PREFIX = "rs_"  # noqa: S105 it is a mark, not a secret


def generate_secret(prefix: str = "") -> str:
    """32 random bytes as text that is safe in a URL and in a header."""
    return prefix + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """What is stored. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def to_datetime(now: int) -> datetime:
    """Milliseconds since the epoch as the time that account rows hold."""
    return datetime.fromtimestamp(now / 1000, UTC)
