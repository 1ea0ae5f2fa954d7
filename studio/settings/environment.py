"""What each environment variable means; a bad value stops the start with a sentence.

`VARIABLES` is the whole list, explained in docs/user/settings.md. Nothing else is read.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import get_random_string

VARIABLES = (
    "STUDIO_HOME",
    "STUDIO_ORIGIN",
    "STUDIO_ALLOWED_HOSTS",
    "STUDIO_INSECURE_HTTP",
    "STUDIO_PORT",
    "STUDIO_PROCESSES",
    "STUDIO_SECRET_KEY",
    "STUDIO_MAX_UPLOAD",
    "STUDIO_MAX_BODY",
    "STUDIO_BACKUP_PATH",
    "STUDIO_BACKUP_HOURS",
    "STUDIO_BACKUP_KEEP",
    "STUDIO_HEADER_SECONDS",
    "STUDIO_MIN_RATE",
    "STUDIO_RATE_SECONDS",
    "STUDIO_IDLE_SECONDS",
    "STUDIO_CALLER_REQUESTS",
    "STUDIO_QUEUE_SECONDS",
    "DATABASE_URL",
)

MIN_SECRET_KEY = 50
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


def read(name: str) -> str:
    if name not in VARIABLES:
        raise LookupError(f"{name} is not in VARIABLES")
    return os.environ.get(name, "").strip()


def home() -> Path:
    """`STUDIO_HOME`: the one folder of all state, made for its owner only."""
    path = Path(read("STUDIO_HOME") or "~/.studio").expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"STUDIO_HOME: the folder {path} cannot be made: {error.strerror}"
        ) from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"STUDIO_HOME: the folder {path} is not writable")
    return path


def secret_key(folder: Path) -> str:
    """`STUDIO_SECRET_KEY`, or the one that the first start put into the folder."""
    given = read("STUDIO_SECRET_KEY")
    if given and len(given) < MIN_SECRET_KEY:
        raise ImproperlyConfigured(
            f"STUDIO_SECRET_KEY must have at least {MIN_SECRET_KEY} characters"
        )
    if given:
        return given
    path = folder / "secret_key"
    try:
        if not path.exists():
            _write_once(path, get_random_string(64))
        kept = path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"STUDIO_HOME: the file {path} cannot be used: {error.strerror}"
        ) from error
    if len(kept) < MIN_SECRET_KEY:
        raise ImproperlyConfigured(
            f"STUDIO_HOME: the file {path} holds no key. Restore it from a backup, or "
            "remove it; a start without it makes a new one and ends all sessions"
        )
    return kept


def _write_once(path: Path, text: str) -> None:
    """Two processes may come here at once: one file wins, and is never half-written."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()


def origin() -> str:
    """`STUDIO_ORIGIN`: the address that people type, without a trailing slash."""
    value = read("STUDIO_ORIGIN").rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        bad = parts.scheme not in ("http", "https") or not parts.hostname
        bad = bad or parts.port == 0 or "@" in parts.netloc
    except ValueError:
        bad = True
    if bad or value != f"{parts.scheme}://{parts.netloc}":
        raise ImproperlyConfigured(
            "STUDIO_ORIGIN must be an address without a path, such as "
            f"https://studio.example.org, not {value!r}"
        )
    return value.lower()


def allowed_hosts(address: str) -> list[str]:
    """`STUDIO_ALLOWED_HOSTS`, with commas, beside loopback and the origin's host."""
    given = [name.strip() for name in read("STUDIO_ALLOWED_HOSTS").split(",")]
    names = [name.lower() for name in given if name]
    for name in names:
        # A star would let any web page's script reach the server (DNS rebinding).
        if not _HOST.fullmatch(name):
            raise ImproperlyConfigured(
                "STUDIO_ALLOWED_HOSTS must list host names without ports, separated "
                f"by commas; {name!r} is none"
            )
    host = urlsplit(address).hostname or ""
    own = [f"[{host}]" if ":" in host else host] if host else []
    return list(dict.fromkeys([*LOOPBACK, *own, *names]))


def named_hosts() -> bool:
    """Whether the operator said by which names the server is reached."""
    return bool(read("STUDIO_ALLOWED_HOSTS"))


def insecure_http() -> bool:
    """`STUDIO_INSECURE_HTTP`: 1 allows plain http beyond this machine."""
    value = read("STUDIO_INSECURE_HTTP") or "0"
    if value not in ("0", "1"):
        raise ImproperlyConfigured(
            f"STUDIO_INSECURE_HTTP must be 1 or 0, not {value!r}"
        )
    return value == "1"


def port() -> int:
    """`STUDIO_PORT`: where the server listens, unless `--port` says otherwise."""
    return _whole_number("STUDIO_PORT", 8000, 0, 65535)


def processes() -> int:
    """`STUDIO_PROCESSES`: web processes; at least two, so that one may restart."""
    return _whole_number("STUDIO_PROCESSES", max(2, min(4, os.cpu_count() or 2)), 1, 64)


def seconds(name: str, default: int) -> int:
    """How long a client may take for something, or has to wait."""
    return _whole_number(name, default, 1, 3600)


def caller_requests() -> int:
    """`STUDIO_CALLER_REQUESTS`: of one caller at a time, in each web process."""
    return _whole_number("STUDIO_CALLER_REQUESTS", 4, 1, 16)


def _whole_number(name: str, default: int, least: int, most: int) -> int:
    value = read(name)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {least} to {most}, not {value!r}"
        )
    return int(value)


def backup_path() -> Path | None:
    """`STUDIO_BACKUP_PATH`: the folder of scheduled backups; none when unset."""
    value = read("STUDIO_BACKUP_PATH")
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ImproperlyConfigured(
            f"STUDIO_BACKUP_PATH must be an absolute path, not {value!r}"
        )
    return path


def backup_hours() -> int:
    """`STUDIO_BACKUP_HOURS`: between two scheduled backups."""
    return _whole_number("STUDIO_BACKUP_HOURS", 24, 1, 8760)


def backup_keep() -> int:
    """`STUDIO_BACKUP_KEEP`: how many scheduled backups stay."""
    return _whole_number("STUDIO_BACKUP_KEEP", 7, 1, 10_000)


def size(name: str, default: int) -> int:
    """Bytes, with an optional unit: `1048576`, `512M`, `50G`."""
    value = read(name).upper()
    if not value:
        return default
    found = re.fullmatch(r"([0-9]{1,15})([KMGT]?)", value)
    if not found or int(found[1]) == 0:
        raise ImproperlyConfigured(
            f"{name} must be a number of bytes, such as 1048576, 512M or 50G, "
            f"not {value!r}"
        )
    return int(found[1]) * _UNITS[found[2]]


def database(folder: Path) -> dict[str, Any]:
    """`DATABASE_URL`: `postgres://…`; SQLite in the home folder when unset."""
    url = read("DATABASE_URL")
    return postgres(url) if url else sqlite(folder / "studio.sqlite3")


def postgres(url: str) -> dict[str, Any]:
    """The settings of a database address; raises ImproperlyConfigured."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgres://; without it the database is "
            "SQLite in STUDIO_HOME"
        )
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise ImproperlyConfigured(
            "DATABASE_URL names a PostgreSQL database, and its driver is not "
            "installed. Run: pip install -e '.[postgres]'"
        ) from error
    try:
        found = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from error
    if not found.get("NAME"):
        raise ImproperlyConfigured("DATABASE_URL must name a database after the host")
    return _postgres(dict(found))


def _postgres(found: dict[str, Any]) -> dict[str, Any]:
    options = dict(found.get("OPTIONS") or {})
    # What is acknowledged is on the disk, whatever the cluster's default; and nobody
    # waits for a lock longer than on SQLite.
    own = "-c synchronous_commit=on -c lock_timeout=5s"
    options["options"] = f"{own} {options.get('options', '')}".strip()
    options.setdefault("connect_timeout", 5)
    return {**found, "OPTIONS": options}


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # A thread keeps its connection: opening one costs more than most questions.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                "PRAGMA journal_size_limit=67108864; "
                # Or REPLACE would change what triggers keep (`runs.models.immutable`).
                "PRAGMA recursive_triggers=ON; "
                # Per connection, and each thread has one: small; the map is shared.
                "PRAGMA cache_size=-16384; PRAGMA mmap_size=2147418112;"
            ),
        },
    }
