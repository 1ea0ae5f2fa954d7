"""Ranks that a command starts itself, as torchrun does: each has a log."""

from __future__ import annotations

import sys

from tests.runner.job_folders import JobFolders
from tests.runner.launched import Shell

#: Starts two processes of a script with torchrun's variables.
LAUNCHER = """
import os, subprocess, sys
own = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
words, ranks = [sys.executable, *sys.argv[1:]], []
for n in ("0", "1"):
    ranks.append(subprocess.Popen(words, env={**os.environ, **own, "RANK": n}))
sys.exit(max(one.wait() for one in ranks))
"""
SCRIPT = """
import os, subprocess, sys, time
rank = os.environ["RANK"]
# In one write: those of the other rank can come between two.
sys.stdout.write(f"rank {rank}\\n")
print("to errors", file=sys.stderr)
words = [sys.executable, "-c", "print('of a program')"]
found = subprocess.run(words, capture_output=True, text=True).stdout
print("read:", found, end="")
if rank == "0":
    open("rank-0-has-ended", "x").close()
else:
    # Its output would come between the parts of the error.
    while not os.path.exists("rank-0-has-ended"):
        time.sleep(0.01)
    raise ValueError("bad rank")
"""
LINES = ["read: of a program", "to errors"]


def check_log(text: str, rank: int) -> None:
    lines = text.splitlines()
    assert sorted(lines[:3]) == sorted([f"rank {rank}", *LINES])
    assert lines[3:][-1:] == (["ValueError: bad rank"] if rank else [])


def test_ranks_of_a_submitted_command_have_logs(jobs: JobFolders) -> None:
    job = jobs.create({"command": [sys.executable, "launcher.py", "script.py"]}, SCRIPT)
    job.write("launcher.py", LAUNCHER)
    job.start()
    run = job.wait()
    assert run["status"] == "Failed"
    assert "ValueError: bad rank" in run["error"]
    for rank in range(2):
        check_log(job.log(f"user_logs/std_log_process_{rank}.txt"), rank)
    # The log of the run has the output of all.
    assert all(f"rank {rank}\n" in job.log() for rank in range(2))


def test_ranks_of_studio_run_have_logs(shell: Shell) -> None:
    shell.write("launcher.py", LAUNCHER)
    # Another one on the path still works.
    shell.write("sitecustomize.py", "import builtins; builtins.HIDDEN = 1")
    shell.write("script.py", f"print(HIDDEN)\n{SCRIPT}")
    path = f"{shell.environment()['PYTHONPATH']}:{shell.folder}"
    shell.variables["PYTHONPATH"] = path
    started = shell.start("--", sys.executable, "launcher.py", "script.py")
    assert started.wait() == 1
    for rank in range(2):
        text = started.log(f"user_logs/std_log_process_{rank}.txt").decode()
        check_log(text.removeprefix("1\n"), rank)
    assert not list(shell.folder.glob("user_logs"))
