"""`manage.py studio --demo`: a sweep in the queue, and an agent for it alone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from runs.actions.actor import SERVER, Actor
from runs.actions.compute import create_target, find_target, remove_agent
from runs.actions.files import save_uploaded_sources
from runs.actions.run import describe_run, rename_run, request_cancel
from runs.actions.sweeps import create_sweep
from runs.actions.views import ViewState, create_view, save_view, set_default_view
from runs.management.operator_access import DEFAULT_WORKSPACE
from runs.management.server_agent import (
    agent_command,
    agent_environment,
    renew_agent_token,
)
from runs.models import (
    Agent,
    ComputeTarget,
    Run,
    User,
    View,
    ViewDefault,
    Workspace,
    now_ms,
)
from studio.core.errors import NotFound
from studio.core.sweeps import check_plan
from studio.core.view_spec import ViewSpec
from studio.demo import SOURCES
from studio.sdk.snapshot_archive import list_sources, write_archive

EXPERIMENT, TARGET, VIEW = "digits-demo", "demo", "Digits sweep"
TOKEN = "agent of --demo"  # noqa: S105 - a name
SLOTS = 2
#: Rates from too small to far too large: the last ones fail.
SPACE = {"--lr": ["0.001", "0.01", "0.1", "30"], "--hidden": ["16", "64"]}
#: The agent cancels its runs when it is stopped; that takes a moment.
END_SECONDS = 15.0

DESCRIPTION = """\
A sweep over **learning rate** and **hidden units** of a small network that reads drawn
digits. Each child run waited in a queue until an agent on the server's machine took it.
The largest learning rate fails on purpose.
"""


@contextmanager
def run_training(
    home: Path, owner: User, url: str, print_line: Callable[[str], object]
) -> Iterator[None]:
    """Queue the sweep and run an agent for it during a block; stop it at the end.

    `print_line` gets a line if the training ends before that.
    """
    # A server that was killed left its sweep behind.
    cancel_sweeps(owner, now=now_ms())
    sweep, token = submit_sweep(owner, now=now_ms())
    folder = home / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    # What it prints is also on the runs' pages.
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen(
            agent_command(
                TARGET,
                TARGET,
                f"--slots={SLOTS}",
                "--once",
                "--on-stop=cancel",
                f"--tree={sweep.run_id}",
                f"--parent={os.getpid()}",
            ),
            env=agent_environment(folder, url, token),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    is_stopped = threading.Event()

    def wait() -> None:
        code = process.wait()
        if not is_stopped.is_set():
            remove_ended_agents()
            # This thread has one of its own.
            connection.close()
            print_line(end_message(code, folder))

    threading.Thread(target=wait, daemon=True).start()
    try:
        yield
    finally:
        is_stopped.set()
        cancel_sweeps(owner, now=now_ms())
        stop_agent(process)
        remove_ended_agents()


@transaction.atomic
def submit_sweep(owner: User, *, now: int) -> tuple[Run, str]:
    """Queue the sweep for a target of its own; its parent, and a token for an agent."""
    workspace = Workspace.objects.get(name=DEFAULT_WORKSPACE)
    actor = Actor(owner)
    target = find_or_create_target(workspace, actor, now=now)
    with tempfile.TemporaryFile() as archive:
        write_archive(list_sources(SOURCES), archive)
        archive.seek(0)
        snapshot = save_uploaded_sources(workspace, archive, now=now)
    sweep = create_sweep(
        workspace,
        experiment=EXPERIMENT,
        name="lr={lr} hidden={hidden}",
        definition={
            "script": "train.py",
            "target": TARGET,
            "environment": {
                "python": {
                    "userManagedDependencies": True,
                    "interpreterPath": sys.executable,
                }
            },
        },
        snapshot=snapshot,
        plan=check_plan(space=SPACE),
        target=TARGET,
        tags={"demo": None, "data": "digits"},
        actor=actor,
        now=now,
    )
    rename_run(sweep, VIEW, actor=actor, now=now)
    describe_run(sweep, DESCRIPTION, actor=actor, now=now)
    save_demo_view(workspace, sweep, actor, now=now)
    return sweep, renew_agent_token(target, owner, TOKEN, now=now)


def find_or_create_target(
    workspace: Workspace, actor: Actor, *, now: int
) -> ComputeTarget:
    try:
        return find_target(workspace, TARGET, now=now)
    except NotFound:
        return create_target(
            workspace,
            TARGET,
            description="For the sweep of --demo",
            actor=actor,
            now=now,
        )


def save_demo_view(workspace: Workspace, sweep: Run, actor: Actor, *, now: int) -> None:
    """Save a view of the sweep's child runs, with charts.

    The owner's list of all runs opens with it, if there are no other runs yet.
    """
    spec = ViewSpec.from_json(
        {
            "q": f"experiment:{EXPERIMENT}",
            "children": True,
            "columns": "name,status,metrics.accuracy,params.lr,params.hidden,"
            "created,duration",
            "charts": "line!metrics.accuracy,line!metrics.loss!log=y",
            "tree": sweep.run_id,
        }
    )
    who: dict[str, Any] = {"actor": actor, "now": now}
    found = View.objects.filter(
        workspace=workspace, name=VIEW, owner=actor.user, deleted__isnull=True
    ).first()
    if found is None:
        description = "The runs of `--demo`."
        view = create_view(
            workspace,
            VIEW,
            ViewState(spec),
            description=description,
            shared=True,
            **who,
        )
    else:
        view = save_view(found, ViewState(spec), seen_version=found.revision, **who)
    others = Run.objects.filter(workspace=workspace).exclude(
        experiment__name=EXPERIMENT
    )
    defaults = ViewDefault.objects.filter(workspace=workspace, experiment=None)
    if not others.exists() and not defaults.exists():
        set_default_view(workspace, None, view, user=actor.user, actor=actor, now=now)


def cancel_sweeps(owner: User, *, now: int) -> None:
    """Cancel what is left of sweeps of the demo: without its agent, nothing runs it."""
    sweeps = Run.objects.filter(
        workspace__name=DEFAULT_WORKSPACE,
        sweep__jobs__target__name=TARGET,
        sweep__jobs__ended__isnull=True,
    )
    for sweep in sweeps.distinct():
        request_cancel(sweep, actor=Actor(owner), now=now, children=True)


def end_message(code: int, folder: Path) -> str:
    if code:
        return f"The agent of --demo failed. See {folder / 'agent.log'}."
    return (
        "The sweep of --demo has finished. Its largest learning rate fails on purpose."
    )


def stop_agent(process: subprocess.Popen[bytes]) -> None:
    """Let the agent cancel its runs; the next start ends what a killed one leaves."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
            return


def remove_ended_agents() -> None:
    """Remove the demo's agent and its token: it serves only during the demo."""
    for agent in Agent.objects.filter(target__name=TARGET, removed__isnull=True):
        remove_agent(agent, actor=SERVER, now=now_ms())
