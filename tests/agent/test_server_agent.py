"""`manage.py studio --agent`: an agent for `local`, which restarts do not disturb."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from runs.management import server_agent
from studio.sdk.client import Client
from tests.agent.cluster import Cluster
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
    usual = server_agent.warn_of_agent()
    assert "Every contributor" in usual
    assert "root" not in usual
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "THIS USER IS root" in server_agent.warn_of_agent()
