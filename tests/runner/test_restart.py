"""The server restarts while a program runs: nothing is lost, and a cancel arrives."""

from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import urlsplit

from tests.parts.server import copy_prepared_home, start
from tests.parts.waiting import becomes
from tests.runner.job_folders import JobFolders
from tests.runner.launched import Shell

PLAIN = {"environment": {"python": {"userManagedDependencies": True}}}

COUNTS = """
import time
open("pid", "w").write("1")
n = 0
try:
    while True:
        print(n, flush=True)
        n += 1
        time.sleep(0.05)
except KeyboardInterrupt:
    open("printed", "w").write(str(n))
    raise
"""


def test_a_restart_of_the_server_loses_nothing(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "shell"
    folder.mkdir()
    copy_prepared_home(home)
    server = start(home)
    shell = Shell(server, folder)
    jobs = JobFolders(server, tmp_path / "jobs")
    try:
        job = jobs.create(PLAIN, COUNTS)
        job.start()
        started = shell.python(COUNTS)
        run_id = started.run_id
        assert becomes(
            lambda: bool(started.client.get(f"runs/{run_id}/files")["files"])
        )
        server.kill()
        lines = started.output.count("\n")
        job.wait_for("pid")
        assert becomes(lambda: started.output.count("\n") > lines + 10)
        server = start(home, port=urlsplit(server.url).port or 0)
        started.client.post(f"runs/{run_id}/cancel", {})
        assert started.wait() == 128 + signal.SIGINT
        assert started.run()["status"] == "Canceled"
        printed = int(started.wait_for("printed"))
        numbers = [line for line in started.log().split(b"\n") if line.isdigit()]
        assert numbers == [b"%d" % number for number in range(len(numbers))]
        # The interrupt can come between a print and its count.
        assert len(numbers) in (printed, printed + 1)
        job.client.post(f"runs/{job.run_id}/cancel", {})
        assert job.wait()["status"] == "Canceled"
        of_job = [line for line in job.log().splitlines() if line.isdigit()]
        assert of_job == [str(number) for number in range(len(of_job))]
    finally:
        for process in shell.started:
            process.kill()
        jobs.end()
        server.stop()
