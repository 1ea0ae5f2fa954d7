"""Follows the rules for runners, and lets the contract test choose how it ends.

`FOLDER/code/behavior` says what it does once it has the lock and has read its job.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from studio.core.job_files import (
    NOTED_STOPS_VARIABLE,
    JobEnd,
    lock_runner,
    take_job,
    wait_for_stop_request,
    write_end,
    write_runner_state,
)

SCRIPT = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = "import os, time; os.setsid(); open('daemon','w').write(str(os.getpid()))"
if sys.argv[1] in ("daemon", "bare"):
    variables = {} if sys.argv[1] == "bare" else None
    words = [sys.executable, "-c", inner + "; time.sleep(600)"]
    subprocess.Popen(words, env=variables)
    while not os.path.exists("daemon") or not open("daemon").read(): time.sleep(0.01)
open("script", "w").write(str(os.getpid()))
if sys.argv[1] == "hungry": blob = bytearray(400_000_000)
time.sleep(600)
"""


def main() -> None:
    folder = Path(sys.argv[1])
    lock = lock_runner(folder)
    if lock is None or not (folder / "job.json").exists():
        return
    job = take_job(folder)
    write_runner_state(folder, None)
    (folder / "environment").write_text("\n".join(sorted(os.environ)))
    behavior = (folder / "code" / "behavior").read_text()
    if behavior == "quick":
        (folder / "secrets").write_text(",".join(job.secrets))
        write_end(folder, JobEnd("Completed", is_delivered=True))
        return
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, behavior],
        cwd=folder / "code",
        start_new_session=True,
    )
    write_runner_state(folder, script.pid)
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    (folder / "ready").touch()
    while not stopped:
        time.sleep(0.05)
    if behavior == "deaf":
        time.sleep(600)
    script.kill()
    script.wait()
    is_noted = NOTED_STOPS_VARIABLE in os.environ
    stop = wait_for_stop_request(folder) if is_noted else {}
    write_end(folder, JobEnd(stop.get("status", "Canceled"), is_delivered=True))


if __name__ == "__main__":
    main()
