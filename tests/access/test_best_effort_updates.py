"""Best-effort updates while another connection locks the database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client

from runs.actions.account.accounts import add_member, ensure_user
from runs.actions.actor import SERVER
from runs.models import ApiToken, BrowserSession, Role, User, now_ms
from tests.access.people import bearer, browser_of, space, token_of

pytestmark = pytest.mark.usefixtures("committed")

#: Far less than the five seconds for which a writer waits for its turn.
AT_ONCE = 2.0


@contextmanager
def locked() -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        other: Any = sqlite3.connect(settings["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        other = psycopg.connect(**connection.get_connection_params())
        for table in ("runs_user", "runs_apitoken", "runs_browsersession"):
            other.execute(f"SELECT 1 FROM {table} FOR UPDATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@pytest.fixture
def member() -> User:
    user = ensure_user("ada", actor=SERVER, now=now_ms())
    for name in ("lab", "annex"):
        add_member(space(name), user, Role.OWNER, actor=SERVER, now=now_ms())
    return user


def visit(client: Client, address: str) -> float:
    """Seconds until the page was there."""
    start = time.monotonic()
    assert client.get(address).status_code == 200
    return time.monotonic() - start


def test_a_locked_database_does_not_delay_readers_with_tokens(member: User) -> None:
    token, secret = token_of(member, space())
    client = Client(headers=bearer(secret))
    address = "/api/v1/workspaces/lab/runs"
    with locked():
        assert visit(client, address) < AT_ONCE
    assert ApiToken.objects.get(pk=token.pk).last_used is None
    visit(client, address)
    assert ApiToken.objects.get(pk=token.pk).last_used is not None


def test_a_locked_database_neither_delays_nor_rejects_a_page_request(
    member: User,
) -> None:
    client = browser_of(member)
    visit(client, "/w/lab/runs/")
    BrowserSession.objects.update(last_seen="2026-01-01T00:00Z")
    with locked():
        assert visit(client, "/w/annex/runs/") < AT_ONCE
    member.refresh_from_db()
    assert member.last_workspace == space("lab")
    visit(client, "/w/annex/runs/")
    member.refresh_from_db()
    assert member.last_workspace == space("annex")


def patience() -> str:
    """How long a write waits."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout" if sqlite else "SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def test_writes_wait_for_a_locked_database_as_long_as_before(member: User) -> None:
    before = patience()
    visit(browser_of(member), "/w/lab/runs/")
    with locked():
        visit(browser_of(None), "/sign-in/")
    assert patience() == before


def test_later_writes_of_a_transaction_wait_as_long_as_before(member: User) -> None:
    before = patience()
    token, secret = token_of(member, space())
    with transaction.atomic():
        visit(Client(headers=bearer(secret)), "/api/v1/workspaces/lab/runs")
        assert ApiToken.objects.get(pk=token.pk).last_used is not None
        assert patience() == before
