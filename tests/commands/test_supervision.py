"""What dies is started again, and nothing outlives the supervisor."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from runs.management.supervisor import ChildProcess, StopRequest, Supervisor
from tests.parts.server import Server, copy_prepared_home, running, start
from tests.parts.waiting import becomes


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("supervised")) as started:
        yield started


def tree(server: Server, word: str) -> list[psutil.Process]:
    """The processes below the supervisor whose command has this word."""
    below = psutil.Process(server.process.pid).children(recursive=True)
    return [process for process in below if alive(process) and word in cmdline(process)]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def serving(server: Server) -> list[psutil.Process]:
    """The forks of the web server's main process."""
    main = tree(server, "runs.management.web")
    pids = {process.pid for process in main}
    return [process for process in main if process.ppid() in pids]


def test_a_killed_web_process_is_restarted(studio: Server) -> None:
    before = serving(studio)
    assert len(before) >= 2
    before[0].kill()
    assert becomes(lambda: not alive(before[0]))
    assert becomes(lambda: len(serving(studio)) == len(before))
    # A connection that the dead one had accepted is broken.
    assert becomes(lambda: answers(studio.url))
    assert before[0].pid not in {process.pid for process in serving(studio)}


def test_a_killed_web_server_is_restarted_at_the_same_address(studio: Server) -> None:
    main = psutil.Process(serving(studio)[0].ppid())
    forks = main.children()
    main.kill()
    assert becomes(lambda: not any(alive(process) for process in forks))
    assert becomes(lambda: answers(studio.url))


def test_a_killed_worker_is_restarted(studio: Server) -> None:
    assert becomes(lambda: len(tree(studio, "worker")) == 1)
    [worker] = tree(studio, "worker")
    worker.kill()
    assert becomes(
        lambda: (
            [process.pid for process in tree(studio, "worker")] != [worker.pid]
            and len(tree(studio, "worker")) == 1
        )
    )


def test_all_processes_end_with_a_killed_supervisor_and_a_restart_works(
    tmp_path: Path,
) -> None:
    copy_prepared_home(tmp_path)
    first = start(tmp_path)
    assert becomes(lambda: len(tree(first, "worker")) == 1)
    below = psutil.Process(first.process.pid).children(recursive=True)
    first.process.kill()
    first.process.wait(10)
    assert becomes(lambda: not any(alive(process) for process in below), 5)
    second = start(tmp_path, port=urlsplit(first.url).port or 0)
    assert second.stop() == 0
    assert (second.url, second.token) == (first.url, first.token)


def sleeper(name: str = "sleeper", seconds: float = 60) -> ChildProcess:
    code = f"import time; time.sleep({seconds})"
    return ChildProcess(name, [sys.executable, "-c", code])


def test_a_child_that_keeps_dying_is_restarted_with_growing_delays() -> None:
    child = sleeper()
    child.started = 100.0
    waits = [child.note_death(101.0) for _ in range(10)]
    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(waits) == 30.0


def test_a_child_that_ran_long_is_restarted_immediately() -> None:
    child = sleeper()
    child.started = 100.0
    assert child.note_death(200.0) == 0.0


def test_the_supervisor_kills_children_that_ignore_sigterm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runs.management.supervisor.STOP_SECONDS", 0.3)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(1, flush=True); time.sleep(60)"
    )
    child = ChildProcess("deaf", [sys.executable, "-c", deaf])
    child.process = subprocess.Popen(child.command, stdout=subprocess.PIPE)
    assert child.process.stdout is not None
    child.process.stdout.readline()
    Supervisor([child], print).stop_children()
    assert child.process.returncode == -9
    child.process.stdout.close()


def test_a_child_that_ends_for_good_is_not_restarted() -> None:
    lines: list[str] = []
    command = [sys.executable, "-c", "raise SystemExit(4)"]
    child = ChildProcess("agent", command, final_codes=frozenset({4}))
    supervisor = Supervisor([child], lines.append)
    supervisor.start()
    assert becomes(lambda: not child.is_alive())
    for now in (1000.0, 2000.0):
        supervisor.tick(now)
    assert lines == ["The agent ended, and is not restarted."]
    assert not child.is_alive()


def test_a_stop_request_ends_a_wait_and_stays() -> None:
    request = StopRequest()
    assert not request.wait(0.01)
    # Also from the handler of a signal, in the middle of a wait.
    before = signal.signal(signal.SIGALRM, lambda *_signal: request.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert request.wait(30)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert request.is_set()
    assert request.wait(30)
