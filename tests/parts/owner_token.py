"""A token of the owner's that may do all: that of `studio env` is a contributor's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.parts.clients import ROOT, quiet_environment

SCRIPT = """
import django; django.setup()
from runs.actions.actor import Actor
from runs.actions.clock import now_ms
from runs.actions.account.tokens import make_token
from runs.models import Member, Role
member = Member.objects.filter(workspace__name="default", role=Role.OWNER)[0]
act = {"actor": Actor(member.user), "now": now_ms(), "role_cap": Role.OWNER}
print(make_token(member.user, member.workspace, "tests", **act)[1])
"""


def owner_token(home: Path, env: Mapping[str, str]) -> str:
    settings = {
        "DJANGO_SETTINGS_MODULE": "studio.settings.base",
        "STUDIO_HOME": str(home),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**quiet_environment(), **env, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
