"""Random `kill -9` of agent, runner, script and server while runs go through slots.

A machine can be lost, too: its agent and all that it runs end at once, and an agent on
another machine gets the runs when their leases have run out.

Every run must end as Completed, no run may be executed twice at the same time, and no
process may be left. A run whose script or runner is killed is started again.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from studio.core.job_files import is_runner_alive, read_runner_state
from tests.agent.cluster import Cluster
from tests.parts.server import start
from tests.parts.waiting import becomes

KINDS = ("agent", "runner", "script", "server")
FINAL = ("Completed", "Failed", "Canceled")
#: A run that is lost three times in a row is Failed, by the server's rule.
MAX_LOSSES = 2
WAIT_SECONDS = 180.0
#: Locks a file of its run, so that a second execution at the same time is seen.
SCRIPT = """
import fcntl, os, pathlib, sys, time
folder = pathlib.Path({folder!r})
run = os.environ["STUDIO_RUN_ID"]
lock = open(folder / f"{{run}}.lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    (folder / f"{{run}}.twice").touch()
for step in range({steps}):
    print("step", step, flush=True)
    time.sleep(0.1)
with (folder / "ends").open("a") as ends:
    ends.write(run + "\\n")
"""


@dataclass
class Outcome:
    """What was killed, and what was wrong after it."""

    killed: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    wrong: list[str] = field(default_factory=list)


class AgentCampaign:
    """One cluster, its queued runs, and the killing."""

    def __init__(self, cluster: Cluster, seed: int, *, slots: int = 3) -> None:
        self.cluster, self.slots = cluster, slots
        self.chance = random.Random(seed)
        self.marks = cluster.folder / "marks"
        self.marks.mkdir(exist_ok=True)
        self.losses: Counter[str] = Counter()
        self.outcome = Outcome()
        self.agent: subprocess.Popen[str] | None = None

    def run(self, runs: int, kills: int, machines: int = 0) -> Outcome:
        """Queue the runs, kill while they go through the slots, and check the ends."""
        ids = [self.queue_one() for _ in range(runs)]
        self.start_agent()
        for kind in self.choose_kinds(kills, machines):
            self.wait_a_little()
            getattr(self, f"kill_{kind}")()
        done = becomes(lambda: not self.unfinished(ids), WAIT_SECONDS)
        self.check(ids, done=done)
        return self.outcome

    def queue_one(self) -> str:
        code = SCRIPT.format(folder=str(self.marks), steps=self.chance.randint(2, 12))
        words = [sys.executable, "-c", code]
        return self.cluster.queue(words, max_attempts=50)

    def choose_kinds(self, kills: int, machines: int) -> list[str]:
        """Each kind about as often as the others, in random order."""
        kinds = [KINDS[number % len(KINDS)] for number in range(kills)]
        kinds += ["machine"] * machines
        self.chance.shuffle(kinds)
        return kinds

    def start_agent(self) -> None:
        name = f"machine-{self.cluster.machine}"
        self.agent = self.cluster.start_agent(f"--slots={self.slots}", name=name)

    def wait_a_little(self) -> None:
        # A random moment, not one that is waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert self.agent is not None
            self.agent.wait(self.chance.uniform(0.05, 1.2))

    def kill_agent(self) -> None:
        assert self.agent is not None
        self.agent.kill()
        self.agent.wait(10)
        self.outcome.killed["agent"] += 1
        self.start_agent()

    def kill_runner(self) -> None:
        folder = self.choose_folder()
        state = read_runner_state(folder) if folder else None
        if folder is None or state is None:
            return
        run = folder.name.rpartition("-")[0]
        if self.losses[run] >= MAX_LOSSES:
            return
        self.losses[run] += 1
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(state.pid).kill()
            self.outcome.killed["runner"] += 1

    def kill_script(self) -> None:
        folder = self.choose_folder()
        state = read_runner_state(folder) if folder else None
        if state is None or not state.group:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(state.group).kill()
            self.outcome.killed["script"] += 1

    def kill_machine(self) -> None:
        """Everything on it ends at once; another machine has an agent already."""
        runs = [folder.name.rpartition("-")[0] for folder in self.running_folders()]
        if any(self.losses[run] >= MAX_LOSSES for run in runs):
            return
        self.losses.update(runs)
        assert self.agent is not None
        self.agent.kill()
        self.agent.wait(10)
        for process in self.cluster.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.outcome.killed["machine"] += 1
        self.cluster.machine += 1
        self.start_agent()

    def kill_server(self) -> None:
        server = self.cluster.server
        server.kill()
        self.outcome.killed["server"] += 1
        self.wait_a_little()
        again = start(server.home, port=urlsplit(server.url).port or 0)
        server.process = again.process

    def choose_folder(self) -> Path | None:
        """The folder of a job that runs now."""
        alive = self.running_folders()
        return self.chance.choice(alive) if alive else None

    def running_folders(self) -> list[Path]:
        found = self.cluster.home.rglob("runner.json")
        return sorted(one.parent for one in found if is_runner_alive(one.parent))

    def unfinished(self, ids: list[str]) -> list[str]:
        return [run for run in ids if self.cluster.status(run) not in FINAL]

    def check(self, ids: list[str], *, done: bool) -> None:
        wrong = self.outcome.wrong
        if not done:
            left = {run: self.cluster.status(run) for run in self.unfinished(ids)}
            wrong.append(f"not ended: {left}; {self.cluster.log[-2000:]}")
            return
        for run in ids:
            status = self.cluster.status(run)
            attempts = self.cluster.owner.get(f"runs/{run}/job")["attempts"]
            self.outcome.attempts += len(attempts)
            if status != "Completed":
                wrong.append(f"{run} is {status}: {self.cluster.run(run)['error']}")
            if any(not one["outcome"] for one in attempts):
                wrong.append(f"{run} has an attempt without an end")
        wrong += [f"{path.stem} ran twice" for path in self.marks.glob("*.twice")]
        ended = set((self.marks / "ends").read_text().split())
        wrong += [f"{run} never came to its end" for run in set(ids) - ended]
        is_empty: Callable[[], bool] = lambda: not self.cluster.processes()  # noqa: E731
        if not becomes(is_empty, 30):
            wrong.append(f"processes are left: {self.cluster.processes()}")
