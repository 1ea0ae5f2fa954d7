"""The first owner, and the token of the server's machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from runs.actions.account.tokens import revoke_token
from runs.actions.actor import SERVER
from runs.management.home import client_file, read_client
from runs.management.operator_access import (
    find_or_create_first_owner,
    operating_system_user_name,
    sign_in_url,
    write_client_token,
)
from runs.models import ApiToken, Member, Role, User, Workspace
from studio.core.names import check_user_name
from tests.parts.clients import ROOT, quiet_environment

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:8000"


def test_the_first_owner_is_named_after_the_system_user(now: int) -> None:
    user = find_or_create_first_owner(now=now)
    assert user.username == operating_system_user_name()
    assert not user.has_usable_password()
    assert Member.objects.get(user=user).role == Role.OWNER
    assert Workspace.objects.get().experiments.get().number == 0


def test_a_sign_in_link_is_that_of_the_page(owner: User, now: int) -> None:
    link = sign_in_url("http://host", owner, now=now)
    secret = link.rstrip("/").rpartition("/")[2]
    assert link == f"http://host{reverse('sign-in-link', args=[secret])}"


def test_the_process_that_starts_the_server_does_not_import_its_pages() -> None:
    code = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "studio.settings.base"
import django
django.setup()
import runs.management.commands.studio
print([name for name in ("runs.pages", "runs.api", "numpy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=quiet_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_an_existing_owner_is_kept(owner: User, now: int) -> None:
    assert find_or_create_first_owner(now=now) == owner
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["Ada Lovelace", "DOMAIN\\ada", "", "   ", "é" * 400])
def test_every_system_user_name_becomes_a_valid_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: name)
    found = operating_system_user_name()
    assert check_user_name(found) == found


def test_restarts_keep_the_token_and_update_the_address(
    tmp_path: Path, owner: User, now: int
) -> None:
    write_client_token(tmp_path, owner, URL, now=now)
    first = read_client(tmp_path)
    write_client_token(tmp_path, owner, "https://studio.example.org", now=now)
    second = read_client(tmp_path)
    assert second["token"] == first["token"]
    assert second["url"] == "https://studio.example.org"
    assert ApiToken.objects.get().role_cap == Role.CONTRIBUTOR


def test_a_start_replaces_a_revoked_or_lost_token(
    tmp_path: Path, owner: User, now: int
) -> None:
    write_client_token(tmp_path, owner, URL, now=now)
    revoke_token(ApiToken.objects.get(), actor=SERVER, now=now)
    write_client_token(tmp_path, owner, URL, now=now)
    client_file(tmp_path).unlink()
    write_client_token(tmp_path, owner, URL, now=now)
    assert ApiToken.objects.count() == 3
    assert ApiToken.objects.filter(revoked__isnull=True).count() == 1
