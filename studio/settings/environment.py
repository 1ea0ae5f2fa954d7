"""What each environment variable means; a bad value stops the start with a sentence."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def home() -> Path:
    """`STUDIO_HOME`: the one folder of all state."""
    path = Path(os.environ.get("STUDIO_HOME") or "~/.studio").expanduser()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def secret_key(folder: Path) -> str:
    """`STUDIO_SECRET_KEY`, or the one kept in the home folder, made at the first start."""
    given = os.environ.get("STUDIO_SECRET_KEY", "")
    if given:
        return given
    path = folder / "secret_key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def origin() -> str:
    """`STUDIO_ORIGIN`: the address that people type, without a trailing slash."""
    value = os.environ.get("STUDIO_ORIGIN", "").rstrip("/")
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise ImproperlyConfigured("STUDIO_ORIGIN must begin with http:// or https://")
    return value


def allowed_hosts(address: str) -> list[str]:
    """`STUDIO_ALLOWED_HOSTS`, comma-separated, beside loopback and the origin's host."""
    names = os.environ.get("STUDIO_ALLOWED_HOSTS", "")
    hosts = ["localhost", "127.0.0.1", "[::1]"]
    hosts += [name.strip() for name in names.split(",") if name.strip()]
    return hosts + ([urlsplit(address).hostname or ""] if address else [])


def database(folder: Path) -> dict[str, Any]:
    """`DATABASE_URL`: `postgres://…`; SQLite in the home folder when unset."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "studio.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                    "PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;"
                ),
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres://")
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(options.get("host", "") or parts.hostname or ""),
        "PORT": options.get("port", "") or parts.port or "",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
