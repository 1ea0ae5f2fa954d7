"""The agent's part of a Slurm job, without a cluster: why the job ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from studio.agent.executors.slurm.submission import Submission
from studio.core.compute_kinds import SLURM_WRAPPER
from studio.core.job_files import (
    JobEnd,
    JobFile,
    read_end,
    read_stop_request,
    write_job,
)
from tests.agent.conftest import RUNNER
from tests.parts.clients import ROOT
from tests.parts.waiting import becomes

PREEMPTED = """#!/bin/sh
echo '{"jobs": [{"job_state": ["PREEMPTED", "COMPLETING"]}]}'
"""


def test_a_clock_that_is_an_hour_ahead_is_no_time_limit(tmp_path: Path) -> None:
    (tmp_path / "squeue").write_text(PREEMPTED)
    (tmp_path / "squeue").chmod(0o755)
    folder = tmp_path / "job"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "behavior").write_text("script")
    write_job(folder, JobFile("http://x", "default", "r", "e", {"script": "a"}, "rs_t"))
    submission = Submission.new(can_requeue=False)
    submission.write(folder)
    # The job has 30 minutes, and started now by the controller's clock.
    start = int(time.time()) - 3600
    variables = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_START_TIME": str(start),
        "SLURM_JOB_END_TIME": str(start + 1800),
    }
    words = [sys.executable, "-m", SLURM_WRAPPER, str(folder), submission.comment]
    job = subprocess.Popen([*words, *RUNNER], env={**os.environ, **variables})
    try:
        assert becomes((folder / "ready").exists)
        job.send_signal(signal.SIGTERM)
        assert job.wait(60) == 0
        reason = "Preempted: Slurm gave the node to another job."
        assert read_stop_request(folder) == {"reason": reason, "status": "Failed"}
        assert read_end(folder) == JobEnd("Failed", is_delivered=True)
    finally:
        job.kill()
