"""Good values of every variable, and the error for a bad one."""

import stat
import sys
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from studio.settings import environment
from studio.settings.mail_server import (
    MailServer,
    parse_email_from,
    parse_email_url,
)
from tests.parts.manage import manage

READERS: dict[str, Callable[[environment.Variables], object]] = {
    "STUDIO_HOME": lambda v: environment.prepare_home(v.home),
    "STUDIO_ORIGIN": lambda v: environment.parse_origin(v.origin),
    "STUDIO_ALLOWED_HOSTS": lambda v: environment.parse_allowed_hosts(
        v.allowed_hosts, ""
    ),
    "STUDIO_SECRET_KEY": lambda v: v.secret_key,
    "DATABASE_URL": lambda v: environment.database_settings(
        v.database_url, Path("home")
    ),
    "EMAIL_URL": lambda v: parse_email_url(v.email_url),
    "EMAIL_FROM": lambda v: parse_email_from(v.email_from, v.email_url),
    **{
        name: attrgetter(name.removeprefix("STUDIO_").lower())
        for name in (
            "STUDIO_INSECURE_HTTP",
            "STUDIO_PORT",
            "STUDIO_PROCESSES",
            "STUDIO_MAX_UPLOAD",
            "STUDIO_MAX_BODY",
            "STUDIO_BACKUP_PATH",
            "STUDIO_BACKUP_HOURS",
            "STUDIO_BACKUP_KEEP",
            "STUDIO_TASK_DAYS",
            "STUDIO_HEADER_SECONDS",
            "STUDIO_MIN_RATE",
            "STUDIO_RATE_SECONDS",
            "STUDIO_IDLE_SECONDS",
            "STUDIO_CALLER_REQUESTS",
            "STUDIO_QUEUE_SECONDS",
            "STUDIO_EVENT_DAYS",
            "STUDIO_HOOK_PRIVATE_ADDRESSES",
            "STUDIO_METRICS_TOKEN",
            "STUDIO_LOG_FORMAT",
            "STUDIO_LOG_REQUESTS",
        )
    },
}


def value_of(name: str) -> object:
    return READERS[name](environment.read_variables())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STUDIO_ORIGIN", "studio.example.org"),
        ("STUDIO_ORIGIN", "ftp://studio.example.org"),
        ("STUDIO_ORIGIN", "https://studio.example.org/path"),
        ("STUDIO_ORIGIN", "https://user@studio.example.org"),
        ("STUDIO_ORIGIN", "https://studio.example.org:port"),
        ("STUDIO_ORIGIN", "https://"),
        ("STUDIO_ALLOWED_HOSTS", "*"),
        ("STUDIO_ALLOWED_HOSTS", "studio.example.org:8000"),
        ("STUDIO_ALLOWED_HOSTS", "https://studio.example.org"),
        ("STUDIO_INSECURE_HTTP", "yes"),
        ("STUDIO_PORT", "eighty"),
        ("STUDIO_PORT", "65536"),
        ("STUDIO_PORT", "-1"),
        ("STUDIO_PROCESSES", "0"),
        ("STUDIO_PROCESSES", "1.5"),
        ("STUDIO_PROCESSES", "2.0"),
        ("STUDIO_PROCESSES", "1e1"),
        ("STUDIO_PORT", "9" * 30),
        ("STUDIO_SECRET_KEY", "short"),
        ("STUDIO_MAX_UPLOAD", "much"),
        ("STUDIO_MAX_UPLOAD", "0"),
        ("STUDIO_MAX_BODY", "-5M"),
        ("STUDIO_HEADER_SECONDS", "0"),
        ("STUDIO_HEADER_SECONDS", "1.5"),
        ("STUDIO_MIN_RATE", "0"),
        ("STUDIO_CALLER_REQUESTS", "17"),
        ("STUDIO_BACKUP_PATH", "relative/path"),
        ("STUDIO_BACKUP_HOURS", "0"),
        ("STUDIO_BACKUP_KEEP", "many"),
        ("DATABASE_URL", "mysql://localhost/studio"),
        ("DATABASE_URL", "postgres://localhost"),
        ("DATABASE_URL", "postgres://localhost:port/studio"),
        ("STUDIO_HOME", "/dev/null/studio"),
        ("STUDIO_EVENT_DAYS", "0"),
        ("STUDIO_HOOK_PRIVATE_ADDRESSES", "yes"),
        ("STUDIO_METRICS_TOKEN", "short"),
        ("STUDIO_LOG_FORMAT", "xml"),
        ("STUDIO_LOG_REQUESTS", "yes"),
        ("EMAIL_URL", "mail.example.org"),
        ("EMAIL_URL", "imap://mail.example.org"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://mail.example.org:port"),
        ("EMAIL_URL", "smtp://mail.example.org?ssl=1"),
        ("EMAIL_URL", "smtp://me:pass@mail.example.org?tls=no"),
        ("EMAIL_FROM", "studio"),
    ],
)
def test_an_error_names_the_variable_with_the_bad_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        value_of(name)


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("STUDIO_ORIGIN", "https://Studio.example.org/", "https://studio.example.org"),
        ("STUDIO_ORIGIN", "http://[::1]:8000", "http://[::1]:8000"),
        ("STUDIO_INSECURE_HTTP", "1", "1"),
        ("STUDIO_INSECURE_HTTP", "", "0"),
        ("STUDIO_PORT", "0", 0),
        ("STUDIO_PORT", "", 8000),
        ("STUDIO_PROCESSES", "3", 3),
        ("STUDIO_MAX_UPLOAD", "50G", 50 * 1024**3),
        ("STUDIO_MAX_BODY", "1000", 1000),
        ("STUDIO_HEADER_SECONDS", "", 10),
        ("STUDIO_HEADER_SECONDS", "60", 60),
        ("STUDIO_MIN_RATE", "2K", 2048),
        ("STUDIO_CALLER_REQUESTS", "16", 16),
        ("STUDIO_BACKUP_PATH", "", None),
        ("STUDIO_BACKUP_PATH", "/backups", Path("/backups")),
        ("STUDIO_BACKUP_HOURS", "6", 6),
        ("STUDIO_BACKUP_KEEP", "", 7),
        ("STUDIO_EVENT_DAYS", "30", 30),
        ("STUDIO_HOOK_PRIVATE_ADDRESSES", "1", "1"),
        ("EMAIL_URL", "", None),
        (
            "EMAIL_URL",
            "smtp://me%40x:p%2Fw@mail.example.org",
            MailServer("mail.example.org", 587, "me@x", "p/w", starts_tls=True),
        ),
        (
            "EMAIL_URL",
            "smtps://mail.example.org",
            MailServer("mail.example.org", 465, uses_tls=True),
        ),
        (
            "EMAIL_URL",
            "smtp://mail.example.org:25?tls=no",
            MailServer("mail.example.org", 25),
        ),
        ("EMAIL_URL", "smtp://localhost:2525", MailServer("localhost", 2525)),
        ("EMAIL_FROM", "Run Studio <a@b.example>", "Run Studio <a@b.example>"),
        ("STUDIO_TASK_DAYS", "365", 365),
    ],
)
def test_a_valid_value_is_read(
    name: str, value: str, meaning: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert value_of(name) == meaning


def test_every_variable_has_a_test_case() -> None:
    assert sorted(READERS) == sorted(environment.VARIABLES)


def test_allowed_hosts_include_loopback_and_the_origin() -> None:
    given = "one.example, .two.example"
    hosts = environment.parse_allowed_hosts(given, "https://three.example:444")
    assert set(hosts) >= {"localhost", "127.0.0.1", "[::1]", "three.example"}
    assert hosts[-2:] == ["one.example", ".two.example"]


def test_a_database_url_can_name_a_socket() -> None:
    found = environment.postgres_settings("postgres://me@/studio?host=%2Frun%2Fpg")
    place = found["HOST"] or found["OPTIONS"].get("host")
    assert (found["NAME"], found["USER"], place) == ("studio", "me", "/run/pg")
    options = found["OPTIONS"]["options"]
    assert all(one in options for one in ("synchronous_commit=on", "jit=off"))


def test_postgresql_without_its_driver_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL.*\.\[postgres\]"):
        environment.postgres_settings("postgres://me@db.example.org/studio")


def test_the_secret_key_is_created_once(tmp_path: Path) -> None:
    key = environment.read_or_create_secret_key("", tmp_path)
    assert len(key) >= environment.MIN_SECRET_KEY
    assert environment.read_or_create_secret_key("", tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_invalid_value_stops_the_start_without_a_traceback(tmp_path: Path) -> None:
    done = manage(tmp_path, "studio", env={"STUDIO_PORT": "eighty"})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "STUDIO_PORT must be a whole number" in done.stderr


def test_djangos_deployment_checks_pass_behind_https(tmp_path: Path) -> None:
    env = {"STUDIO_ORIGIN": "https://studio.example.org"}
    done = manage(tmp_path, "check", "--deploy", "--fail-level=WARNING", env=env)
    assert done.returncode == 0, done.stderr


def test_a_truncated_secret_key_is_refused(tmp_path: Path) -> None:
    for content in ("", environment.read_or_create_secret_key("", tmp_path)[:40]):
        (tmp_path / "secret_key").write_text(content)
        with pytest.raises(ImproperlyConfigured, match="holds no key"):
            environment.read_or_create_secret_key("", tmp_path)


def test_the_error_of_a_mail_server_keeps_its_password() -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        parse_email_url("smtp://me:geheim@mail.example.org:port")
    assert "geheim" not in str(raised.value)


def test_a_mail_server_needs_a_sender() -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_FROM"):
        parse_email_from("", "smtp://localhost")
