"""`manage.py member`: people are added while the server runs."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from runs.actions.account.links import find_sign_in_link
from runs.models import Member, Role, User, Workspace, now_ms
from tests.parts.manage import manage
from tests.parts.server import Server


def member(*words: str) -> None:
    call_command("member", *words)


def role_of(name: str, workspace: str = "default") -> Role:
    found = Member.objects.get(user__username=name, workspace__name=workspace)
    return Role(found.role)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.STUDIO_HOME = tmp_path


def test_a_new_member_is_a_contributor(owner: User) -> None:
    member("anna")
    assert role_of("anna") is Role.CONTRIBUTOR
    assert not User.objects.get(username="anna").has_usable_password()


def test_the_first_member_of_a_new_workspace_is_an_owner(owner: User) -> None:
    member("anna", "--workspace", "team-a")
    assert role_of("anna", "team-a") is Role.OWNER
    assert Workspace.objects.get(name="team-a").experiments.get().number == 0


def test_a_role_changes_only_if_one_is_given(owner: User) -> None:
    member("anna")
    member("anna", "--role", "reader")
    member("Anna")
    assert role_of("anna") is Role.READER


def test_the_link_signs_the_member_in(
    owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    member("anna")
    [secret] = re.findall(r"/sign-in/link/([\w-]+)/", capsys.readouterr().out)
    assert find_sign_in_link(secret, now=now_ms()).user.username == "anna"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["not a name"], "can contain only letters"),
        (["anna", "--workspace", "Team A"], "lowercase"),
        (["anna", "--role", "king"], "invalid choice"),
        (["ada", "--role", "reader"], "last owner"),
    ],
)
def test_invalid_arguments_are_refused_with_one_message(
    owner: User, words: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        member(*words)
    assert not User.objects.filter(username="anna").exists()


def test_a_member_can_be_added_while_the_server_runs(server: Server) -> None:
    done = manage(server.home, "member", "anna", "--role", "reader")
    assert done.returncode == 0, done.stderr
    [link] = re.findall(r"http://\S+", done.stdout)
    assert link.startswith(server.url)
    assert done.stderr == ""
    with urllib.request.urlopen(link, timeout=10) as page:
        assert "anna" in page.read().decode()


def test_without_a_server_the_command_asks_to_start_it(
    owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    member("anna")
    said = capsys.readouterr()
    assert "/sign-in/link/" in said.out
    assert "Start it with `python manage.py studio`" in said.err


def test_without_a_database_the_command_explains_what_to_do(tmp_path: Path) -> None:
    done = manage(tmp_path, "member", "anna")
    assert done.returncode == 1
    assert "manage.py studio" in done.stderr
    assert "Traceback" not in done.stderr
