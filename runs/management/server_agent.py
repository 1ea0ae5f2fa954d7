"""`manage.py studio --agent`: an agent next to the server, for the target `local`.

It is a client like any other agent, with a token for that target alone. The server
itself never runs the code of a run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.db import transaction

from runs.actions.account import create_agent_token, revoke_token
from runs.actions.actor import SERVER
from runs.actions.compute import get_local_target
from runs.management.agent_options import TOKEN_NAME, AgentOptions
from runs.management.operator_access import DEFAULT_WORKSPACE
from runs.management.supervisor import ChildProcess
from runs.models import ApiToken, ComputeTarget, User, Workspace
from studio.agent import REFUSED, clean_environment

AGENT_NAME = "this-server"


def warn_of_agent(workspace: str) -> str:
    """What an operator must know before members' code runs on this machine."""
    text = (
        "Warning: --agent runs members' code on this machine. Every contributor of "
        f"the workspace {workspace} can run code as this user, and read the "
        "server's database, files and keys."
    )
    if os.geteuid() == 0:
        text += (
            "\nWARNING: THIS USER IS root. EVERY CONTRIBUTOR CAN DO ANYTHING ON THIS "
            "MACHINE. Start the server as a user without rights."
        )
    return text


def create_server_agent(
    folder: Path, options: AgentOptions, url: str, *, now: int
) -> ChildProcess:
    """The supervised process of the agent, with a new token."""
    workspace = Workspace.objects.get(name=options.workspace)
    target = get_local_target(workspace, now=now)
    secret = renew_agent_token(target, options.find_owner(), TOKEN_NAME, now=now)
    words = [f"--slots={options.slots}"] if options.slots else []
    return ChildProcess(
        "agent",
        [
            *agent_command(target.name, AGENT_NAME, "--on-stop=leave", *words),
            f"--parent={os.getpid()}",
        ],
        environment=agent_environment(folder, url, secret, options.workspace),
        # An owner removed it: until the next start there is none.
        final_codes=frozenset({REFUSED}),
    )


@transaction.atomic
def renew_agent_token(
    target: ComputeTarget, owner: User, name: str, *, now: int
) -> str:
    """A new token for an agent of the server's own; earlier ones are revoked."""
    for old in ApiToken.objects.filter(target=target, name=name, revoked__isnull=True):
        revoke_token(old, actor=SERVER, now=now)
    _token, secret = create_agent_token(owner, target, name, now=now)
    return secret


def agent_command(target: str, name: str, *words: str) -> list[str]:
    """`studio agent` in this Python, as an agent of the server."""
    own = [f"--compute={target}", f"--name={name}", "--server"]
    return [sys.executable, "-m", "studio.cli", "agent", *own, *words]


def agent_environment(
    folder: Path, url: str, token: str, workspace: str = DEFAULT_WORKSPACE
) -> Mapping[str, str]:
    """A clean environment: nothing of the server's own reaches the agent's jobs."""
    return {
        **clean_environment(os.environ),
        "PYTHONPATH": str(settings.BASE_DIR),
        "STUDIO_URL": url,
        "STUDIO_TOKEN": token,
        "STUDIO_WORKSPACE": workspace,
        "STUDIO_AGENT_HOME": str(folder / "agent"),
    }
