"""How soon a cancel reaches a script: one of the SDK, and any of `studio run`."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import click

from studio.core.cancel_signals import HEARTBEAT_SECONDS
from tests.bench.commands import AS_JSON
from tests.bench.report import Report
from tests.parts.server import Server, start
from tests.runner.launched import Launched, Shell

#: Writes when it was interrupted, by the clock of the machine.
WAITS = """
import time
try:
    open("ready", "w").write("1")
    time.sleep(600)
except KeyboardInterrupt:
    open("interrupted", "w").write(str(time.time()))
"""
BARE = f"""
from studio.sdk import Experiment, Workspace
run = Experiment(Workspace.from_config(), "bare").start_logging(
    outputs=False, snapshot_directory=None)
open("run", "w").write(run.id)
{WAITS}
"""


@click.command("cancel")
@AS_JSON
@click.option("--rounds", default=5, show_default=True, help="Cancels of each kind.")
def cancel(rounds: int, as_json: bool) -> None:
    """Time a cancel, from the request until the script is interrupted.

    Ends with 1 when one takes more than five seconds.
    """
    report = Report("From a cancel to the script's interrupt")
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        server = start(Path(folder) / "home")
        try:
            seconds = _measure(server, Path(folder), rounds)
        finally:
            server.stop()
    for kind, taken in seconds.items():
        median = round(statistics.median(taken), 2)
        report.add(kind, median_s=median, max_s=round(max(taken), 2))
    report.show(as_json=as_json)
    sys.exit(1 if max(map(max, seconds.values())) > 5 else 0)


def _measure(server: Server, folder: Path, rounds: int) -> dict[str, list[float]]:
    return {
        kind: [
            _seconds_to_interrupt(
                server,
                folder / f"{kind}-{number}",
                kind,
                HEARTBEAT_SECONDS * number / rounds,
            )
            for number in range(rounds)
        ]
        for kind in ("sdk", "studio run")
    }


def _seconds_to_interrupt(
    server: Server, folder: Path, kind: str, pause: float
) -> float:
    folder.mkdir()
    shell = Shell(server, folder)
    if kind == "sdk":
        shell.write("script.py", BARE)
        started = shell.start_python("script.py")
        run_id = started.wait_for("run")
    else:
        started = shell.python(WAITS)
        run_id = started.run_id
    started.wait_for("ready")
    # At different moments between two heartbeats.
    time.sleep(pause)
    return _cancel(started, run_id)


def _cancel(started: Launched, run_id: str) -> float:
    before = time.time()
    started.client.post(f"runs/{run_id}/cancel", {})
    interrupted = float(started.wait_for("interrupted"))
    started.wait()
    return interrupted - before
