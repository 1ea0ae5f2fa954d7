"""Whole agents against a live server: real runners, real scripts, real signals."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from studio.core.job_files import read_end, read_runner_state
from tests.agent.cluster import Cluster
from tests.parts.clients import ROOT
from tests.parts.engines.sshd import memory_limit
from tests.parts.proxy import Proxy
from tests.parts.server import Server
from tests.parts.waiting import becomes, is_gone

OLD_CLOCK = """
import time
real = time.time
time.time = lambda: real() - 10 * 365 * 86400
"""


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster.create(server, tmp_path)
    yield cluster
    cluster.end()


def sleeper(marker: Path) -> list[str]:
    """A command that writes its process id and sleeps, ignoring SIGINT."""
    code = (
        "import os, pathlib, signal, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    return [sys.executable, "-c", code]


def wait_for_pid(cluster: Cluster, marker: Path) -> int:
    assert becomes(lambda: marker.exists() and bool(marker.read_text())), cluster.log
    return int(marker.read_text())


def test_an_agent_runs_what_is_queued_with_a_clean_environment(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Also if the clock of its machine is ten years behind."""
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(OLD_CLOCK)
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    cluster.owner.put("secrets/LIVE_KEY", {"value": "s3cr3t-value"})
    good = cluster.queue(
        [sys.executable, "-c", show],
        environmentVariables={"A": "1"},
        secrets=["LIVE_KEY"],
    )
    bad = cluster.queue([sys.executable, "-c", "raise ValueError('no data')"])
    agent = cluster.start_agent(
        *("--once", "--slots", "2", "--pass-env", "GIVEN"),
        variables={
            "GIVEN": "yes",
            "AWS_SECRET_ACCESS_KEY": "s",
            "PYTHONPATH": f"{tmp_path / 'clock'}:{ROOT}",
        },
    )
    assert agent.wait(120) == 0, cluster.log
    assert (cluster.status(good), cluster.status(bad)) == ("Completed", "Failed")
    assert "ValueError: no data" in cluster.run(bad)["error"]
    environment = json.loads(cluster.log_of(good).splitlines()[-1])
    assert environment["LIVE_KEY"] == "***"
    assert (environment["GIVEN"], environment["A"]) == ("yes", "1")
    assert environment["STUDIO_RUN_ID"] == good
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert cluster.agent_token not in environment.values()
    assert cluster.processes() == []


def test_runs_outlive_a_killed_agent_and_the_next_start_finds_them(
    cluster: Cluster, tmp_path: Path
) -> None:
    run = cluster.queue(sleeper(tmp_path / "pid"))
    first = cluster.start_agent()
    pid = wait_for_pid(cluster, tmp_path / "pid")
    first.kill()
    first.wait(120)
    waiting = cluster.queue([sys.executable, "-c", "print('second')"])
    second = cluster.start_agent("--once")
    assert becomes(lambda: "1 run of an earlier start found." in cluster.log)
    assert not is_gone(pid)
    # Its slot is in use, so the other run waits.
    assert cluster.status(waiting) == "Queued"
    cluster.owner.post(f"runs/{run}/cancel", {"kill": True})
    assert second.wait(120) == 0, cluster.log
    assert (cluster.status(run), cluster.status(waiting)) == ("Canceled", "Completed")
    assert is_gone(pid)


def test_a_killed_runner_gives_its_run_back_to_the_queue(
    cluster: Cluster, tmp_path: Path
) -> None:
    marker = tmp_path / "pid"
    # The second attempt ends by itself.
    code = (
        "import os, pathlib, subprocess, sys, time\n"
        f"marker = pathlib.Path({str(marker)!r})\n"
        "if marker.exists(): sys.exit()\n"
        # As below `sudo -i`: no variable and no session tell whose process it is.
        "bare = subprocess.Popen(['sleep', '600'], env={}, start_new_session=True)\n"
        "marker.with_name('bare').write_text(str(bare.pid))\n"
        "marker.write_text(str(os.getpid())); time.sleep(600)"
    )
    run = cluster.queue([sys.executable, "-c", code])
    agent = cluster.start_agent("--once")
    pid = wait_for_pid(cluster, marker)
    [folder] = [path.parent for path in cluster.home.rglob("runner.json")]
    state = read_runner_state(folder)
    assert state is not None
    # Only root can read it, and so can each run of an agent that is root.
    with contextlib.suppress(PermissionError):
        shown = Path(f"/proc/{agent.pid}/environ").read_bytes()
        assert b"STUDIO_TOKEN=" in shown
        assert cluster.agent_token.encode() not in shown
    os.kill(state.pid, signal.SIGKILL)
    assert agent.wait(120) == 0, cluster.log
    assert is_gone(pid)
    assert is_gone(int(marker.with_name("bare").read_text()))
    assert cluster.status(run) == "Completed"
    job = cluster.owner.get(f"runs/{run}/job")
    assert [one["outcome"] for one in job["attempts"]] == ["lost", "Completed"]


def test_the_first_signal_drains_and_the_second_cancels(
    cluster: Cluster, tmp_path: Path
) -> None:
    running = cluster.queue(sleeper(tmp_path / "pid"), terminateAfterSeconds=0.2)
    agent = cluster.start_agent()
    pid = wait_for_pid(cluster, tmp_path / "pid")
    waiting = cluster.queue([sys.executable, "-c", "print('never')"])
    agent.send_signal(signal.SIGTERM)
    assert becomes(lambda: "Waiting for 1 run" in cluster.log)
    assert agent.poll() is None
    agent.send_signal(signal.SIGINT)
    assert agent.wait(120) == 0, cluster.log
    assert (cluster.status(running), cluster.status(waiting)) == ("Canceled", "Queued")
    [attempt] = cluster.owner.get(f"runs/{running}/job")["attempts"]
    assert attempt["message"].endswith("was stopped. Resubmit the run.")
    assert is_gone(pid)


def test_an_end_during_an_outage_is_delivered_later(
    cluster: Cluster, tmp_path: Path
) -> None:
    """The runner gives up, and the agent delivers the log and the status."""
    parts = urlsplit(cluster.server.url)
    proxy = Proxy(parts.hostname or "", parts.port or 0)
    code = (
        "import pathlib, time\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "(folder / 'started').touch()\n"
        "while not (folder / 'go').exists(): time.sleep(0.05)\n"
        "print('the last line')"
    )
    run = cluster.queue([sys.executable, "-c", code])
    agent = cluster.start_agent(
        *("--once", "--pass-env", "STUDIO_DRAIN_SECONDS"),
        variables={
            "STUDIO_DRAIN_SECONDS": "0.5",
            "STUDIO_URL": f"http://127.0.0.1:{proxy.port}",
        },
    )
    assert becomes((tmp_path / "started").exists), cluster.log
    proxy.close()
    (tmp_path / "go").touch()
    [folder] = cluster.home.rglob("runs/*/")
    assert becomes(lambda: read_end(folder) is not None)
    end = read_end(folder)
    assert end is not None
    assert (end.status, end.is_delivered) == ("Completed", False)
    assert cluster.status(run) != "Completed"
    proxy.reopen()
    assert agent.wait(120) == 0, cluster.log
    assert cluster.status(run) == "Completed"
    assert "the last line" in cluster.log_of(run)
    proxy.close()


def test_only_a_run_that_the_system_killed_for_memory_ends_with_that_reason(
    cluster: Cluster,
) -> None:
    """Anything can send SIGKILL; the system counts the processes that it killed."""
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with memory_limit(400) as line:
        hungry = cluster.queue([sys.executable, "-c", "x = b'x' * (700 << 20)"])
        agent = cluster.start_agent("--once", setup=line)
        assert agent.wait(120) == 0, cluster.log
        one = cluster.queue([sys.executable, "-c", killed])
        # As a shell, or a container's engine, says it.
        other = cluster.queue([sys.executable, "-c", "raise SystemExit(137)"])
        agent = cluster.start_agent("--once", setup=line)
        assert agent.wait(120) == 0, cluster.log
    error = cluster.run(hungry)["error"]
    assert error.startswith("OutOfMemory: the memory limit was reached. The ")
    assert re.search(r"peak was (39\d|400) MB of 400 MB\.", error)
    for run, words in ((one, "killed by SIGKILL"), (other, "exit code 137")):
        assert cluster.status(run) == "Failed"
        assert cluster.run(run)["error"].startswith("The command ")
        assert words in cluster.run(run)["error"]


def test_a_runner_that_the_system_killed_for_memory_is_no_lost_run(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Without its runner, the script is ended too."""
    begin = tmp_path / "begin"
    script = f"""
import pathlib, time
while not pathlib.Path({str(begin)!r}).exists(): time.sleep(0.1)
held = []
while True: held.append(bytearray(b"x" * (10 << 20))); time.sleep(0.05)
"""
    run = cluster.queue([sys.executable, "-c", script])
    with memory_limit(500) as line:
        agent = cluster.start_agent("--once", setup=line)
        assert cluster.becomes(run, "Running"), cluster.log
        [folder] = [path.parent for path in cluster.home.rglob("runner.json")]
        state = read_runner_state(folder)
        assert state is not None
        # The system kills this one first, though the script has more.
        Path(f"/proc/{state.pid}/oom_score_adj").write_text("1000")
        begin.touch()
        assert agent.wait(120) == 0, cluster.log
    assert cluster.status(run) == "Failed"
    assert cluster.run(run)["error"].startswith("OutOfMemory: the memory limit was")
    attempts = cluster.owner.get(f"runs/{run}/job")["attempts"]
    assert [one["outcome"] for one in attempts] == ["Failed"], attempts


def test_an_agent_needs_a_token_for_agents(cluster: Cluster) -> None:
    for token in (cluster.server.token, "rs_unknown"):
        cluster.agent_token = token
        assert cluster.start_agent("--once").wait(120) == 1
    assert cluster.log.count(f"studio target agent-token {cluster.target}") == 2
