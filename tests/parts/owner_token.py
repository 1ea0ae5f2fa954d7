"""Tokens of the owner's with another role: that of `studio env` is a contributor's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.parts.manage import run_script

SCRIPT = """
import django; django.setup()
from runs.actions.actor import Actor
from runs.models import now_ms
from runs.actions.account import create_token
from runs.models import Member, Role
member = Member.objects.filter(workspace__name="default", role=Role.OWNER)[0]
act = {"actor": Actor(member.user), "now": now_ms(), "role_cap": ROLE}
print(create_token(member.user, member.workspace, "tests", **act)[1])
"""


def owner_token(home: Path, env: Mapping[str, str], role: str = "OWNER") -> str:
    """A token with this maximum role."""
    script = SCRIPT.replace("ROLE", f"Role.{role}")
    done = run_script(home, script, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
