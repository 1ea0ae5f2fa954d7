"""Interruptions of every sort: is what a script logged there, all of it, once?

Scripts log through a proxy to a real server. By chance, from a seed that is printed, a
script is killed or stopped for a while, the network is cut, silent or refused, or the
server is killed and started again. At the end a last process delivers what is left.
"""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from studio.sdk.client import Client
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.proxy import Proxy
from tests.parts.server import Server, start

#: The number of scripts that log to one run, one after another.
POINTS = 2000
SCRIPTS_OF_RUN = 20
SCRIPTS_PER_RUN = 3
LOG = "logs/user_log.txt"
KINDS = ("kill", "kill", "stop", "cut", "cut", "deaf", "refuse", "restart")


class Script:
    """A script's process, and how far it said that it had come."""

    def __init__(self, run_id: str, first: int, pause: float, env: Mapping[str, str]):
        self.run_id, self.first, self.logged = run_id, first, first
        words = [run_id, str(first), str(POINTS), str(pause)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.delivery.script", *words],
            env=dict(env),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n") and line.strip().isdigit():
                self.logged = int(line)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def finish(self) -> None:
        self.process.wait(180)
        self._listener.join(60)


@dataclass
class Stage:
    """A server behind a proxy, the scripts that log to it, and what came of it."""

    home: Path
    server: Server
    proxy: Proxy
    chance: random.Random
    env: dict[str, str]
    server_env: Mapping[str, str]
    running: list[Script] = field(default_factory=list)
    ended: list[Script] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)

    @classmethod
    def build(cls, folder: Path, seed: int, env: Mapping[str, str]) -> Stage:
        server = start(folder / "home", env=env)
        parts = urlsplit(server.url)
        proxy = Proxy(parts.hostname or "", parts.port or 0)
        scripts = {
            **quiet_environment(),
            **server.environment,
            "STUDIO_URL": f"http://127.0.0.1:{proxy.port}",
            "STUDIO_SPOOL": str(folder / "spool"),
            "STUDIO_DRAIN_SECONDS": "3",
        }
        chance = random.Random(seed)
        return cls(folder / "home", server, proxy, chance, scripts, env)

    def client(self) -> Client:
        """Past the proxy."""
        return Client(self.server.url, self.server.token, "default")

    def begin(self, after: Script | None) -> None:
        """A script in a new run, or in the run of the one that ended."""
        if after is None or after.first + POINTS >= POINTS * SCRIPTS_OF_RUN:
            run = self.client().post("runs", {"experiment": "interrupted"})
            run_id, first = run["id"], 0
        else:
            run_id, first = after.run_id, after.first + POINTS
        pause = self.chance.uniform(0, 0.05)
        self.running.append(Script(run_id, first, pause, self.env))

    def interrupt(self) -> None:
        """One thing goes wrong, and passes; others follow scripts that ended."""
        time.sleep(self.chance.uniform(0, 0.4))
        kind = self.chance.choice(KINDS)
        self.happened[kind] += 1
        acts: dict[str, Callable[[], None]] = {
            "kill": self._kill,
            "stop": self._stop,
            "cut": self.proxy.cut,
            "deaf": self._deaf,
            "refuse": self._refuse,
            "restart": self._restart,
        }
        acts[kind]()
        for script in self.running.copy():
            if script.has_ended:
                self._settle(script)
                self.begin(script)

    def _kill(self) -> None:
        self.chance.choice(self.running).process.kill()

    def _stop(self) -> None:
        script = self.chance.choice(self.running)
        script.process.send_signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.05, 0.5))
        script.process.send_signal(signal.SIGCONT)

    def _deaf(self) -> None:
        self.proxy.deaf = True
        time.sleep(self.chance.uniform(0.05, 0.5))
        self.proxy.deaf = False
        # What was swallowed would be missing in the middle of a stream.
        self.proxy.cut()

    def _refuse(self) -> None:
        self.proxy.close()
        time.sleep(self.chance.uniform(0.05, 0.5))
        self.proxy.reopen()

    def _restart(self) -> None:
        self.server.kill()
        self.server = start(self.home, env=self.server_env)
        parts = urlsplit(self.server.url)
        self.proxy.target = (parts.hostname or "", parts.port or 0)

    def _settle(self, script: Script) -> None:
        script.finish()
        self.running.remove(script)
        self.ended.append(script)

    def end(self) -> list[str]:
        """Let all end, deliver what is left; the sentences of what is wrong then."""
        for script in self.running.copy():
            self._settle(script)
        left = len(list((self.home.parent / "spool").glob("[0-9a-f]*")))
        self.happened["spools left for sync"] = left
        said = self._sync()
        wrong = [] if said is None else [said]
        client = self.client()
        for run_id in dict.fromkeys(script.run_id for script in self.ended):
            scripts = [one for one in self.ended if one.run_id == run_id]
            wrong += [f"{run_id}: {line}" for line in look(client, run_id, scripts)]
        return wrong

    def _sync(self) -> str | None:
        done = subprocess.run(
            [sys.executable, "-m", "studio.cli", "sync"],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode == 0:
            return None
        return f"studio sync ended with {done.returncode}: {done.stdout}{done.stderr}"

    def stop(self) -> None:
        for script in self.running:
            script.process.kill()
        self.proxy.close()
        self.server.stop()


def look(client: Client, run_id: str, scripts: list[Script]) -> Iterator[str]:
    """What a run lacks, or has twice, of what its scripts logged."""
    history = client.get(f"runs/{run_id}/metrics/loss", limit=100_000)
    steps = zip(history["steps"], history["values"], strict=True)
    points = Counter((step, value == step / 7) for step, value in steps)
    log = io.BytesIO()
    client.download(f"runs/{run_id}/files/{LOG}", log)
    lines = Counter(log.getvalue().decode().splitlines())
    for script in scripts:
        for step in range(script.first, script.first + POINTS):
            least = 1 if step < script.logged else 0
            if not least <= (count := points.pop((step, True), 0)) <= 1:
                yield f"step {step} is there {count} times"
            if step % 10 != 9:
                continue
            if not least <= (count := lines.pop(f"line {step}", 0)) <= 1:
                yield f"line {step} is there {count} times"
    yield from (f"{point} was not logged" for point in points)
    yield from (f"{line!r} was not printed" for line in lines)


@dataclass(frozen=True)
class Outcome:
    happened: Counter[str]
    points: int
    wrong: tuple[str, ...]


def interrupted(
    folder: Path,
    seed: int,
    rounds: int,
    env: Mapping[str, str] | None = None,
    say: Callable[[str], None] | None = None,
) -> Outcome:
    """Interrupt this number of scripts, then compare what was logged and stored."""
    stage = Stage.build(folder, seed, env or {})
    try:
        for _ in range(SCRIPTS_PER_RUN):
            stage.begin(None)
        for number in range(rounds):
            stage.interrupt()
            if say is not None and number % 50 == 49:
                say(f"{number + 1} interruptions, {len(stage.ended)} scripts ended")
        wrong = stage.end()
    finally:
        stage.stop()
    points = sum(script.logged - script.first for script in stage.ended)
    return Outcome(stage.happened, points, tuple(wrong))
