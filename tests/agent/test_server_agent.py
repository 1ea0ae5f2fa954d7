"""`manage.py studio --agent`: an agent for `local`, which restarts do not disturb."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from django.core.management.base import CommandError

from runs.management import server_agent
from runs.management.agent_options import AgentOptions, note_stopped_agent
from runs.management.commands.studio import read_agent_options
from runs.models import ApiToken, TokenKind, now_ms
from runs.search.compute import Health, list_targets
from studio.sdk.client import Client
from tests.access.people import make_team
from tests.agent.cluster import Cluster
from tests.parts.compute_rows import ComputeScene
from tests.parts.owner_token import owner_token
from tests.parts.server import Server, copy_prepared_home, start
from tests.parts.waiting import becomes

WAITS = (
    "import os, pathlib, time\n"
    "folder = pathlib.Path({folder!r})\n"
    "folder.joinpath('pid').write_text(str(os.getpid()))\n"
    "while not folder.joinpath('go').exists(): time.sleep(0.05)\n"
    "print('STUDIO_HOME' in os.environ, os.environ['STUDIO_TOKEN'][:3])"
)


def serve(home: Path, port: int = 0) -> Server:
    return start(home, port=port, words=["--agent", "2"])


def agent_of(server: Server) -> list[psutil.Process]:
    found = []
    for one in psutil.Process(server.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "--compute=local" in one.cmdline():
                found.append(one)
    return found


def test_a_run_goes_on_while_the_server_restarts(tmp_path: Path) -> None:
    copy_prepared_home(tmp_path / "home")
    first = serve(tmp_path / "home")
    owner = Client(first.url, owner_token(first.home, {}), "default")
    cluster = Cluster(first, tmp_path, owner, "local", "")
    script = WAITS.format(folder=str(tmp_path))
    try:
        run = cluster.queue([sys.executable, "-c", script])
        pid = tmp_path / "pid"
        assert becomes(lambda: pid.exists() and bool(pid.read_text()))
        assert cluster.becomes(run, "Running")
        [local] = [t for t in owner.get("compute")["targets"] if t["name"] == "local"]
        [agent] = local["agents"]
        assert (agent["slots"], agent["host"]["server"]) == (2, True)
        assert first.stop() == 0
        assert psutil.pid_exists(int(pid.read_text()))
    finally:
        first.stop()
    second = serve(tmp_path / "home", urlsplit(first.url).port or 0)
    try:
        assert cluster.status(run) == "Running"
        (tmp_path / "go").touch()
        assert cluster.becomes(run, "Completed")
        assert cluster.log_of(run).splitlines()[-1] == "False rs_"
        assert becomes(lambda: len(agent_of(second)) == 1)
    finally:
        (tmp_path / "go").touch()
        second.stop()


def test_the_start_warns_louder_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    usual = server_agent.warn_of_agent("lab")
    assert "Every contributor" in usual
    assert "workspace lab" in usual
    assert "root" not in usual
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "THIS USER IS root" in server_agent.warn_of_agent("lab")


@pytest.mark.django_db
def test_it_serves_the_workspace_that_is_named(tmp_path: Path) -> None:
    team = make_team()
    options = AgentOptions(2, team.workspace.name)
    started = server_agent.create_server_agent(
        tmp_path, options, "http://127.0.0.1:1", now=now_ms()
    )
    assert "--slots=2" in started.command
    assert started.environment is not None
    assert started.environment["STUDIO_WORKSPACE"] == team.workspace.name
    [token] = ApiToken.objects.filter(kind=TokenKind.AGENT)
    assert (token.user, token.workspace) == (team.owner, team.workspace)


@pytest.mark.django_db
def test_a_workspace_without_an_owner_is_explained() -> None:
    with pytest.raises(CommandError, match="no workspace 'nowhere' with an owner"):
        AgentOptions(0, "nowhere").find_owner()


def test_a_workspace_alone_starts_no_agent() -> None:
    with pytest.raises(CommandError, match="needs --agent"):
        read_agent_options({"agent": None, "agent_workspace": "lab"})
    assert read_agent_options({"agent": None, "agent_workspace": None}) is None
    assert read_agent_options({"agent": 3, "agent_workspace": "lab"}) == AgentOptions(
        3, "lab"
    )


@pytest.mark.django_db
def test_without_it_the_next_start_shows_it_as_stopped(tmp_path: Path) -> None:
    team = make_team()
    scene = ComputeScene(team.workspace, team.contributor)
    options = AgentOptions(2, team.workspace.name)
    server_agent.create_server_agent(tmp_path, options, "http://[::1]:1", now=scene.now)
    token = ApiToken.objects.get(kind=TokenKind.AGENT)
    own, silent = token.target, scene.now - 60_000
    assert own is not None
    scene.agent(own, token=token, heard=silent)
    other = scene.agent(scene.target("gpu"), heard=silent)
    note_stopped_agent()
    health = {
        target.target.name: target.health
        for target in list_targets(team.workspace, now=scene.now)
    }
    assert health == {"local": Health.NO_AGENT, "gpu": Health.UNREACHABLE}
    assert other.is_ending is False
