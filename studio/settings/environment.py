"""The environment variables; a bad value stops the start with one sentence.

`Variables` declares every variable with its type, limits and default. The help page
docs/user/settings.md explains them. Nothing else is read from the environment.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import dj_database_url
import msgspec
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import get_random_string
from msgspec import Meta

MIN_SECRET_KEY = 50
MIN_METRICS_TOKEN = 16
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class Bytes(int):
    """A number of bytes, written with an optional unit: `1048576`, `512M`, `50G`."""

    @classmethod
    def parse(cls, text: str) -> Bytes:
        found = re.fullmatch(r"([0-9]{1,15})([KMGT]?)", text.upper())
        if not found or int(found[1]) == 0:
            raise ValueError
        return cls(int(found[1]) * _UNITS[found[2]])


Seconds = Annotated[int, Meta(ge=1, le=3600)]


#: Named as other Django projects name them.
_COMMON_NAMES = ("database_url", "email_url", "email_from")


def _variable_name(field: str) -> str:
    name = field.upper()
    return name if field in _COMMON_NAMES else f"STUDIO_{name}"


def _default_processes() -> int:
    """At least two, so that one can restart."""
    return max(2, min(4, os.cpu_count() or 2))


class Variables(msgspec.Struct, frozen=True, kw_only=True, rename=_variable_name):
    """The variables that are set, and the defaults of the others."""

    home: str = "~/.studio"
    origin: str = ""
    allowed_hosts: str = ""
    insecure_http: Literal["0", "1"] = "0"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    processes: Annotated[int, Meta(ge=1, le=64)] = msgspec.field(
        default_factory=_default_processes
    )
    secret_key: Annotated[str, Meta(min_length=MIN_SECRET_KEY)] = ""
    max_upload: Bytes = Bytes(50 * 1024**3)
    max_body: Bytes = Bytes(32 * 1024**2)
    backup_path: Path | None = None
    backup_hours: Annotated[int, Meta(ge=1, le=8760)] = 24
    backup_keep: Annotated[int, Meta(ge=1, le=10_000)] = 7
    task_days: Annotated[int, Meta(ge=1, le=10_000)] = 90
    header_seconds: Seconds = 10
    min_rate: Bytes = Bytes(1024)
    rate_seconds: Seconds = 30
    idle_seconds: Seconds = 75
    caller_requests: Annotated[int, Meta(ge=1, le=16)] = 4
    queue_seconds: Seconds = 30
    event_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    hook_private_addresses: Literal["0", "1"] = "0"
    metrics_token: Annotated[str, Meta(min_length=MIN_METRICS_TOKEN)] = ""
    log_format: Literal["text", "json"] = "text"
    log_requests: Literal["0", "1"] = "0"
    database_url: str = ""
    email_url: str = ""
    email_from: str = ""


_FIELDS = {
    field.encode_name: msgspec.inspect.type_info(field.type)
    for field in msgspec.structs.fields(Variables)
}
VARIABLES = tuple(_FIELDS)


def read_variables() -> Variables:
    """Read the environment; an empty variable counts as unset.

    Raises ImproperlyConfigured with a sentence that names the variable.
    """
    texts = {name: os.environ.get(name, "").strip() for name in VARIABLES}
    values = {
        name: _read_whole_number(name, text) for name, text in texts.items() if text
    }
    try:
        return msgspec.convert(values, Variables, dec_hook=_convert_value)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("$.")[2].rstrip("`")
        raise ImproperlyConfigured(_variable_error(name, texts[name])) from error


def _read_whole_number(name: str, text: str) -> str | int:
    """The whole number, in plain digits, of a variable that is one."""
    # msgspec's own conversion of texts would also accept `1e2` and `2.0`.
    is_number = isinstance(_FIELDS[name], msgspec.inspect.IntType)
    is_plain = re.fullmatch(r"[0-9]{1,9}", text)
    return int(text) if is_number and is_plain else text


def _convert_value(kind: type, value: Any) -> Any:
    """Convert what msgspec does not know; its error then names the variable."""
    if kind is Bytes:
        return Bytes.parse(value)
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError
    return path


def _variable_error(name: str, value: str) -> str:
    kind = _FIELDS[name]
    if isinstance(kind, msgspec.inspect.IntType):
        allowed = f"a whole number from {kind.ge} to {kind.le}"
    elif isinstance(kind, msgspec.inspect.LiteralType):
        allowed = " or ".join(sorted(map(str, kind.values), reverse=True))
    elif isinstance(kind, msgspec.inspect.CustomType):
        allowed = "a number of bytes, such as 1048576, 512M or 50G"
    elif isinstance(kind, msgspec.inspect.UnionType):
        allowed = "an absolute path"
    else:
        # The value is a secret.
        assert isinstance(kind, msgspec.inspect.StrType)
        return f"{name} must have at least {kind.min_length} characters"
    return f"{name} must be {allowed}, not {value!r}"


def prepare_home(value: str) -> Path:
    """`STUDIO_HOME`: the one folder of all state, private to its owner."""
    path = Path(value).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"STUDIO_HOME: the folder {path} cannot be created: {error.strerror}"
        ) from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"STUDIO_HOME: the folder {path} is not writable")
    return path


def read_or_create_secret_key(value: str, folder: Path) -> str:
    """`STUDIO_SECRET_KEY`, or the key that the first start stored in the folder."""
    if value:
        return value
    path = folder / "secret_key"
    try:
        if not path.exists():
            _write_new_file(path, get_random_string(64))
        kept = path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"STUDIO_HOME: the file {path} cannot be used: {error.strerror}"
        ) from error
    if len(kept) < MIN_SECRET_KEY:
        raise ImproperlyConfigured(
            f"STUDIO_HOME: the file {path} holds no key. Restore it from a backup, or "
            "delete it: the next start then creates a new key and ends all sessions"
        )
    return kept


def _write_new_file(path: Path, text: str) -> None:
    """Write a new file completely or not at all; the first of two processes wins."""
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


def parse_origin(value: str) -> str:
    """`STUDIO_ORIGIN`: the address that people type, without a trailing slash."""
    value = value.rstrip("/")
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


def parse_allowed_hosts(value: str, address: str) -> list[str]:
    """`STUDIO_ALLOWED_HOSTS`, plus loopback and the host of the origin."""
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    for name in names:
        # A star would let any web page's script reach the server (DNS rebinding).
        if not _HOST.fullmatch(name):
            raise ImproperlyConfigured(
                "STUDIO_ALLOWED_HOSTS must list host names without ports, separated "
                f"by commas; {name!r} is not a host name"
            )
    host = urlsplit(address).hostname or ""
    own = [f"[{host}]" if ":" in host else host] if host else []
    return list(dict.fromkeys([*LOOPBACK, *own, *names]))


def database_settings(url: str, folder: Path) -> dict[str, Any]:
    """`DATABASE_URL`: `postgres://…`; SQLite in the home folder when unset."""
    return postgres_settings(url) if url else sqlite_settings(folder / "studio.sqlite3")


def postgres_settings(url: str) -> dict[str, Any]:
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
    return _postgres_settings(dict(found))


def _postgres_settings(found: dict[str, Any]) -> dict[str, Any]:
    options = dict(found.get("OPTIONS") or {})
    # Acknowledged data is on the disk, whatever the cluster's default is. Waiting for a
    # lock takes no longer than on SQLite.
    own = "-c synchronous_commit=on -c lock_timeout=5s"
    # Compiling a query takes longer than most lists. Indexes are in memory or on solid
    # state, where the default expects a disk and sorts whole ranges instead.
    own = f"{own} -c jit=off -c random_page_cost=1.1"
    options["options"] = f"{own} {options.get('options', '')}".strip()
    options.setdefault("connect_timeout", 5)
    return {**found, "OPTIONS": options}


def sqlite_settings(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # A thread keeps its connection: opening one costs more than most queries.
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
