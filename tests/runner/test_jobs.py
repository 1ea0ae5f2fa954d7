"""One attempt of a submitted run: `python -m studio.runner.job FOLDER`."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.errors import NotFound
from studio.core.job_files import NOTED_STOPS_VARIABLE, write_stop_reason
from studio.sdk.local_jobs import create_job_folder
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server
from tests.parts.waiting import becomes
from tests.runner.job_folders import JobFolders, is_running

USER_MANAGED = {"environment": {"python": {"userManagedDependencies": True}}}


def test_a_script_logs_to_its_run_and_leaves_outputs(jobs: JobFolders) -> None:
    job = jobs.create(
        {**USER_MANAGED, "arguments": ["--fruit", "a 'b'\nc"]},
        """
        import os, sys
        from azureml.core import Run
        run = Run.get_context(allow_offline=False)
        run.log("loss", 0.5)
        print("arguments", sys.argv[1:], flush=True)
        os.makedirs("outputs/deep"), os.makedirs("logs")
        open("outputs/deep/model.bin", "w").write("weights")
        open("logs/train.log", "w").write("epoch 1")
        """,
    )
    job.start()
    run = job.wait()
    assert run["status"] == "Completed", (run["error"], job.log())
    assert job.log().startswith("arguments ['--fruit', \"a 'b'\\nc\"]\n")
    assert job.log("outputs/deep/model.bin") == "weights"
    assert job.log("logs/train.log") == "epoch 1"
    statuses = ["Starting", "Preparing", "Running", "Finalizing", "Completed"]
    assert job.statuses() == statuses
    assert not job.folder.exists()


def test_a_traceback_is_the_error(jobs: JobFolders) -> None:
    job = jobs.create(USER_MANAGED, "print('start')\nraise ValueError('lr is bad')")
    job.start()
    run = job.wait()
    assert run["status"] == "Failed"
    assert "Traceback" in run["error"]
    assert run["error"].endswith("ValueError: lr is bad")


def test_a_cancel_ends_the_script_and_all_that_it_started(jobs: JobFolders) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        import os, signal, subprocess, time
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        open("pids.new", "w").write(f"{os.getpid()} {child.pid}")
        os.rename("pids.new", "pids")
        time.sleep(600)
        """,
        terminate_after=0.2,
        kill_after=0.4,
    )
    job.start()
    pids = [int(word) for word in job.wait_for("pids").split()]
    job.client.post(f"runs/{job.run_id}/cancel", {})
    assert job.wait()["status"] == "Canceled"
    assert not any(map(is_running, pids))


def test_sigterm_to_the_runner_cancels_the_run(jobs: JobFolders) -> None:
    job = jobs.create(
        USER_MANAGED, "import time; open('began', 'w').write('1'); time.sleep(600)"
    )
    job.start()
    job.wait_for("began")
    assert job.process is not None
    reason = "The agent node1 was stopped. Resubmit the run."
    write_stop_reason(job.folder, reason)
    job.process.send_signal(signal.SIGTERM)
    assert job.wait()["status"] == "Canceled"
    events = job.client.get(f"runs/{job.run_id}/events")["events"]
    assert [one["message"] for one in events if one["new"] == "Canceled"] == [reason]


def test_a_runner_of_an_engine_waits_for_the_reason_of_a_signal(
    jobs: JobFolders,
) -> None:
    job = jobs.create(
        USER_MANAGED,
        "import os, time; open('began', 'w').write(str(os.getpid())); time.sleep(600)",
    )
    job.start(**{NOTED_STOPS_VARIABLE: "on"})
    script = int(job.wait_for("began"))
    assert job.process is not None
    job.process.send_signal(signal.SIGTERM)
    assert becomes(lambda: not is_running(script))
    reason = "Preempted: Slurm gave the node to another job."
    write_stop_reason(job.folder, reason, status="Failed")
    assert job.wait()["status"] == "Failed"
    events = job.client.get(f"runs/{job.run_id}/events")["events"]
    assert [one["message"] for one in events if one["new"] == "Failed"] == [reason]


def test_a_signal_that_reaches_the_script_first_cancels_the_run(
    jobs: JobFolders,
) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        import os, signal
        runner, script = os.getppid(), os.getpid()
        if os.fork() == 0:
            while os.getppid() == script:
                pass
            os.kill(runner, signal.SIGTERM)
            os._exit(0)
        os.kill(script, signal.SIGTERM)
        """,
    )
    job.start()
    assert job.wait()["status"] == "Canceled"


def test_a_killed_runner_takes_its_script_with_it(jobs: JobFolders) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        import os, time
        open("pid.new", "w").write(str(os.getpid()))
        os.rename("pid.new", "pid")
        time.sleep(600)
        """,
    )
    job.start()
    pid = int(job.wait_for("pid"))
    job.kill()
    assert becomes(lambda: not is_running(pid))


def test_the_next_submission_ends_what_a_killed_runner_left(
    jobs: JobFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        import os, subprocess, time
        child = subprocess.Popen(["sleep", "600"])
        open("pid.new", "w").write(str(child.pid))
        os.rename("pid.new", "pid")
        time.sleep(600)
        """,
    )
    job.start()
    pid = int(job.wait_for("pid"))
    job.kill()
    monkeypatch.setenv("STUDIO_JOBS", str(jobs.root))
    assert is_running(pid)
    create_job_folder("another")
    assert becomes(lambda: not is_running(pid))
    assert job.folder.exists()


def test_a_submitted_run_delivers_only_its_own(
    jobs: JobFolders, server: Server
) -> None:
    job = jobs.create(
        USER_MANAGED, "from azureml.core import Run\nRun.get_context().log('x', 1)\n"
    )
    spool = job.folder.with_name(f"{job.folder.name}-spool")
    offline = (
        "from studio.sdk import Experiment, Workspace\n"
        "ws = Workspace()\n"
        "run = Experiment(ws, 'offline').start_logging(snapshot_directory=None)\n"
        "print(run.id)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", offline],
        env={
            **quiet_environment(),
            **server.environment,
            "PYTHONPATH": str(ROOT),
            "STUDIO_SPOOL": str(spool),
            "STUDIO_MODE": "offline",
        },
        cwd=jobs.root,
        capture_output=True,
        text=True,
        check=True,
    )
    job.start()
    assert job.wait()["status"] == "Completed"
    with pytest.raises(NotFound):
        job.client.get(f"runs/{done.stdout.strip()}")
    assert len(list(spool.glob("*/owner.json"))) == 1


def test_a_later_attempt_replaces_files(jobs: JobFolders) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        import os
        from azureml.core import Run
        open("model.txt", "w").write(os.environ["STUDIO_ATTEMPT"])
        Run.get_context().upload_file("outputs/model.txt", "model.txt")
        """,
        attempt=2,
    )
    path = f"runs/{job.run_id}/files/outputs/model.txt"
    job.client.upload(path, io.BytesIO(b"of the first"), 12)
    job.start()
    assert job.wait()["status"] == "Completed", job.log()
    assert job.log("outputs/model.txt") == "2"
    assert job.log().startswith("\n--- Attempt 2 ---\n")


def test_a_background_process_does_not_outlive_its_script(
    jobs: JobFolders, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    command = f"setsid sleep 600 & echo $! > {file}; exit 0"
    job = jobs.create({"command": command, **USER_MANAGED})
    job.start()
    assert job.wait()["status"] == "Completed"
    assert not is_running(int(file.read_text()))


def test_a_background_process_that_prints_ends_with_its_script(
    jobs: JobFolders, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    command = f"(while :; do echo x; sleep 0.2; done) & echo $! > {file}; exit 0"
    job = jobs.create({"command": command, **USER_MANAGED})
    job.start()
    assert job.wait()["status"] == "Completed"
    assert job.log().startswith("x\n")
    assert not is_running(int(file.read_text()))


def test_the_time_limit_fails_the_run(jobs: JobFolders) -> None:
    job = jobs.create(
        {**USER_MANAGED, "maxRunDurationSeconds": 0.5}, "import time; time.sleep(600)"
    )
    job.start()
    run = job.wait()
    assert run["status"] == "Failed"
    assert run["error"].startswith("The run exceeded its time limit of 0.5 seconds")


def test_secrets_are_given_to_the_script_and_never_shown(jobs: JobFolders) -> None:
    job = jobs.create(
        USER_MANAGED,
        """
        import os, sys
        for half in (os.environ["API_KEY"][:5], os.environ["API_KEY"][5:] + "\\n"):
            sys.stdout.write(half)
            sys.stdout.flush()
        print("token", os.environ["STUDIO_TOKEN"])
        sys.exit("bad key " + os.environ["API_KEY"])
        """,
        secrets={"API_KEY": "s3cr3t-value"},
    )
    job.start()
    run = job.wait()
    assert job.log() == "***\ntoken ***\nbad key ***\n"
    assert run["error"].endswith("bad key ***")


RANKS = {"framework": "PyTorch", "pytorch": {"processCount": 2}, **USER_MANAGED}


def test_each_rank_has_its_log(jobs: JobFolders) -> None:
    job = jobs.create(
        RANKS,
        """
        import os
        from azureml.core import Run
        Run.get_context().log(f"rank {os.environ['RANK']}", 1)
        print("rank", os.environ["RANK"], "of", os.environ["WORLD_SIZE"], flush=True)
        """,
    )
    job.start()
    run = job.wait()
    assert run["status"] == "Completed", run["error"]
    for rank in range(2):
        log = job.log(f"user_logs/std_log_process_{rank}.txt")
        assert log.startswith(f"rank {rank} of 2\n")
    metrics = job.client.get(f"runs/{job.run_id}/metrics")["metrics"]
    assert {"rank 0", "rank 1"} <= {one["key"] for one in metrics}


def test_a_rank_that_fails_ends_the_others(jobs: JobFolders) -> None:
    job = jobs.create(
        RANKS,
        """
        import os, time
        if os.environ["RANK"] == "1":
            raise ValueError("bad rank")
        time.sleep(600)
        """,
    )
    job.start()
    run = job.wait()
    assert run["status"] == "Failed"
    assert "ValueError: bad rank" in run["error"]
    assert run["error"].endswith("Rank 1 ended with exit code 1.")


#: A stand-in for mpirun, which numbers what it starts as Open MPI does.
MPIRUN = """\
#!/bin/sh
count=$2; shift 2
for rank in $(seq 1 $((count - 1))); do
    OMPI_COMM_WORLD_RANK=$rank "$@" &
done
OMPI_COMM_WORLD_RANK=0 "$@"; code=$?
wait
exit $code
"""


def test_each_process_of_mpi_has_its_log(jobs: JobFolders, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "mpirun"
    program.parent.mkdir()
    program.write_text(MPIRUN)
    program.chmod(0o755)
    job = jobs.create(
        {"communicator": "OpenMpi", "mpi": {"processCountPerNode": 2}, **USER_MANAGED},
        """
        import os
        rank = os.environ["OMPI_COMM_WORLD_RANK"]
        print("rank", rank, flush=True)
        if rank == "0":
            raise ValueError("bad rank")
        """,
    )
    job.start(PATH=f"{program.parent}:/usr/bin:/bin")
    run = job.wait()
    assert run["status"] == "Failed"
    assert "ValueError: bad rank" in run["error"]
    assert run["error"].endswith("Rank 0 ended with exit code 1.")
    for rank in range(2):
        log = job.log(f"user_logs/std_log_process_{rank}.txt")
        assert log.startswith(f"rank {rank}\n")


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        ({"nodeCount": 4}, "The run needs 4 nodes, and it runs on one machine."),
        ({"script": "other.py"}, "The snapshot has no file 'other.py'."),
        ({"command": ["no-such-program"]}, "no-such-program is not a program on PATH."),
        (
            {"environment": {"python": {"interpreterPath": "/no/python"}}},
            "The interpreter '/no/python' does not exist on ",
        ),
    ],
)
def test_what_cannot_start_fails_with_a_sentence(
    jobs: JobFolders, definition: dict[str, object], sentence: str
) -> None:
    job = jobs.create(definition, "pass")
    job.start()
    run = job.wait()
    assert run["status"] == "Failed"
    assert run["error"].startswith(sentence)
