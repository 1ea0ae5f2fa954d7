"""`Run.get_context()` in scripts that no launcher started, below `studio env`."""

from __future__ import annotations

import io
import json
import signal
import sys
import zipfile
from typing import Any

import pytest

from studio.sdk.process import RankGroup, find_rank_group
from tests.sdk.process.script import Script, client_of, read_run, run_script, start
from tests.sdk.process.test_cancel import cancel, ended
from tests.sdk.user import User

CONTEXT = """
import os, signal, sys, threading, time
from azureml.core import Run
run = Run.get_context()
print("run", run.id, flush=True)
"""
READY = "\nprint('ready', flush=True)\n"


def run_of(script: Script) -> dict[str, Any]:
    return script.info(script.wait_line("run "))


def values(user: User, run_id: str, name: str) -> list[Any]:
    found = client_of(user).get(f"runs/{run_id}/metrics/{name}")
    return sorted(found["values"])


def test_a_script_as_it_stands_becomes_a_run(user: User) -> None:
    script = run_script(
        user, f"{CONTEXT}run.log('loss', 0.5)\nprint(Run.get_context() is run)\n"
    )
    info = run_of(script)
    assert script.process.returncode == 0
    assert (info["status"], info["experiment"]) == ("Completed", "train")
    assert info["script"] == "train.py"
    assert "True" in script.lines
    links = [line for line in script.errors if info["id"] in line and "http" in line]
    assert [line.startswith("Run Studio: ") for line in links] == [True]
    archive = io.BytesIO()
    client_of(user).download(f"runs/{info['id']}/snapshot", archive)
    assert "train.py" in zipfile.ZipFile(archive).namelist()
    # So it can be submitted again.
    found = client_of(user).get(f"runs/{info['id']}/definition")["definition"]
    assert (found["script"], found["arguments"]) == ("train.py", [])


@pytest.mark.parametrize(
    ("end", "code", "status"),
    [
        ("sys.exit(3)", 3, "Failed"),
        ("1 / 0", 1, "Failed"),
        ("raise KeyboardInterrupt", -2, "Canceled"),
        ("with run: 1 / 0", 1, "Failed"),
        ("run.complete()\nsys.exit(3)", 3, "Completed"),
    ],
)
def test_the_run_of_the_context_ends_with_the_script(
    user: User, end: str, code: int, status: str
) -> None:
    script = run_script(user, f"{CONTEXT}{end}\n")
    assert script.process.returncode == code, script.said()
    assert run_of(script)["status"] == status


@pytest.mark.parametrize(
    ("name", "env", "experiment"),
    [
        ("train.py", {"STUDIO_EXPERIMENT": "/Shared/v8"}, "/Shared/v8"),
        ("第一 次.py", {}, "第一 次"),
        ("a'b\"c.py", {}, "a'b\"c"),
    ],
)
def test_the_experiment_is_named_by_the_environment_or_the_script(
    user: User, name: str, env: dict[str, str], experiment: str
) -> None:
    script = run_script(user, CONTEXT, name=name, **env)
    assert run_of(script)["experiment"] == experiment, script.said()


def test_a_main_module_is_named_by_its_package(user: User) -> None:
    folder = user.folder / "pack"
    folder.mkdir()
    script = run_script(user, CONTEXT, name="__main__.py", folder=folder)
    assert run_of(script)["experiment"] == "pack"


def test_without_studio_env_the_context_prints(user: User) -> None:
    script = run_script(user, f"{CONTEXT}run.log('loss', 1)\n", STUDIO_URL="")
    assert script.wait_line("run ").startswith("OfflineRun_")
    assert "Attempted to log scalar metric loss:" in script.lines


def test_without_studio_env_a_required_context_is_an_error(user: User) -> None:
    code = "from azureml.core import Run\nRun.get_context(allow_offline=False)\n"
    script = run_script(user, code, STUDIO_URL="")
    assert script.process.returncode == 1
    assert "RunEnvironmentException" in script.errors[-1]
    assert "studio env" in script.errors[-1]


def test_a_context_continues_without_its_server(user: User) -> None:
    env = {"STUDIO_URL": "http://127.0.0.1:9", "STUDIO_DRAIN_SECONDS": "1"}
    script = run_script(user, f"{CONTEXT}run.log('loss', 1)\n", **env)
    assert script.process.returncode == 0, script.said()
    assert "studio sync" in script.said()


JOIN = """
import sys
from azureml.core import Run
def work(number):
    joined = Run.get_context()
    joined.log("worker", number)
    joined.complete()
if __name__ == "__main__" and len(sys.argv) > 1:
    work(int(sys.argv[1]))
    sys.exit()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_join_the_run(user: User, method: str) -> None:
    script = run_script(
        user,
        f"""{JOIN}
if __name__ == "__main__":
    import multiprocessing, subprocess
    run = Run.get_context()
    print("run", run.id, flush=True)
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        pool.map(work, range(3))
        pool.close()
        pool.join()
    subprocess.run([sys.executable, __file__, "3"], check=True)
    print("still", run.get_status())
    run.log("worker", 4)
""",
    )
    info = run_of(script)
    assert info["status"] == "Completed", script.said()
    assert script.wait_line("still ") == "Running"
    assert values(user, info["id"], "worker") == [0, 1, 2, 3, 4]
    runs = client_of(user).get("runs", q=f'id = "{info["id"]}"', rows=25)["runs"]
    assert len(runs) == 1


def test_a_joined_process_is_stopped_by_a_cancel(user: User) -> None:
    """The parent waits in a call that no exception can leave."""
    script = start(
        user,
        """
import os, sys, time
from azureml.core import Run
run = Run.get_context()
if len(sys.argv) > 1:
    print("ready", flush=True)
    time.sleep(100)
print("run", run.id, flush=True)
print("code", os.system(f"{sys.executable} {__file__} child"), flush=True)
""",
    )
    run_id = cancel(script)
    script.wait()
    assert ended(user, run_id) == "Canceled", script.said()
    assert script.said().count("RunCanceled: Run") == 2


def test_the_run_that_a_script_began_is_its_context(user: User) -> None:
    script = run_script(
        user,
        """
from azureml.core import Experiment, Run, Workspace
run = Experiment(Workspace.from_config(), "own").start_logging()
print("run", run.id, Run.get_context() is run)
run.complete()
""",
    )
    assert script.wait_line("run ").endswith(" True")


RANKS = """
import os, signal, sys, time
from azureml.core import Run
rank = int(os.environ.get("RANK") or os.environ["OMPI_COMM_WORLD_RANK"])
if rank == 0:
    time.sleep(1)
run = Run.get_context()
run.log("rank", rank)
print("run", run.id, flush=True)
"""
#: Starts ranks from one shell, like torchrun or mpirun on one machine.
LAUNCH = """
import os, subprocess, sys
names = {names!r}
ranks = []
for rank in range(3):
    numbers = dict(zip(names, (str(rank), "3", "3")))
    env = {{**os.environ, **numbers, **{more!r}}}
    ranks.append(subprocess.Popen([sys.executable, sys.argv[1]], env=env))
codes = [rank.wait() for rank in ranks]
print("codes", codes)
sys.exit(max(map(abs, codes)))
"""
TORCH = (
    ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"),
    {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29500",
        "TORCHELASTIC_RUN_ID": "none",
    },
)
MPI: tuple[tuple[str, ...], dict[str, str]] = (
    (
        "OMPI_COMM_WORLD_RANK",
        "OMPI_COMM_WORLD_SIZE",
        "OMPI_COMM_WORLD_LOCAL_SIZE",
    ),
    {},
)


def start_ranks(user: User, code: str, how: Any = TORCH) -> Script:
    names, more = how
    launcher = user.folder / "launch.py"
    launcher.write_text(LAUNCH.format(names=names, more=more))
    return start(user, RANKS + code, command=[sys.executable, str(launcher)])


def ids(script: Script) -> set[str]:
    return {line[4:] for line in script.lines if line.startswith("run ")}


@pytest.mark.parametrize("how", [TORCH, MPI], ids=["torchrun", "mpirun"])
def test_ranks_share_one_run(user: User, how: Any) -> None:
    seen = []
    for _ in range(2):
        script = start_ranks(user, "", how)
        assert script.wait() == 0, script.said()
        [run_id] = ids(script)
        assert read_run(user, run_id)["status"] == "Completed"
        assert values(user, run_id, "rank") == [0, 1, 2]
        seen.append(run_id)
    # Another start with the same variables is another run.
    assert len(set(seen)) == 2


def test_a_rank_that_fails_fails_the_run(user: User) -> None:
    code = """
if rank == 1:
    raise ValueError("rank 1 broke")
time.sleep(3)
"""
    script = start_ranks(user, code)
    script.wait()
    [run_id] = ids(script)
    info = read_run(user, run_id)
    assert info["status"] == "Failed"
    assert "ValueError: rank 1 broke" in info["error"]


def test_all_ranks_are_canceled(user: User) -> None:
    script = start_ranks(user, "print('ready', flush=True)\ntime.sleep(100)\n")
    run_id = cancel(script)
    assert script.wait() != 0
    assert len(ids(script)) == 1
    assert json.loads(script.wait_line("codes ")).count(0) == 0
    assert ended(user, run_id) == "Canceled"


def test_only_processes_of_several_ranks_are_a_group() -> None:
    assert find_rank_group({}) is None
    assert find_rank_group({"RANK": "0", "WORLD_SIZE": "1"}) is None
    # A script of sbatch, which is no task of srun.
    assert find_rank_group({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}) is None
    step = {"SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "4", "SLURM_JOB_ID": "7"}
    group = find_rank_group(step)
    assert isinstance(group, RankGroup)
    assert group.rank == 2
    other = find_rank_group({**step, "SLURM_PROCID": "0"})
    assert other is not None
    assert other.run_id(0) == group.run_id(0) != group.run_id(1)
    third = find_rank_group({**step, "SLURM_JOB_ID": "8"})
    assert third is not None
    assert third.run_id(0) != group.run_id(0)


def test_a_killed_context_run_fails_with_the_next_script(user: User) -> None:
    script = start(user, f"{CONTEXT}{READY}time.sleep(100)\n")
    script.wait_line("ready")
    script.send(signal.SIGKILL)
    script.wait()
    folder = user.folder / "later"
    env = {"STUDIO_SPOOL": script_spool(script)}
    run_script(user, CONTEXT, folder=folder, **env)
    assert run_of(script)["status"] == "Failed"


def script_spool(script: Script) -> str:
    return str(script.folder / ".spool")


@pytest.mark.parametrize("joined", ["", "the same"], ids=["launched", "joined"])
def test_a_script_inside_a_run_can_ask_for_a_cancel(user: User, joined: str) -> None:
    client = client_of(user)
    run_id = client.post("runs", {"experiment": "ask", "status": "Running"})["id"]
    code = f"""{CONTEXT}{READY}
try:
    while not run.cancel_requested:
        time.sleep(0.05)
except KeyboardInterrupt:
    print("interrupted")
print("asked", run.cancel_requested)
"""
    env = {"STUDIO_RUN_ID": run_id, "STUDIO_JOINED_RUN_ID": joined and run_id}
    script = start(user, code, **env)
    cancel(script)
    assert script.wait() == 0, script.said()
    assert script.wait_line("asked ") == "True"
    # What launched the script sends the signals.
    assert joined or "interrupted" not in script.lines
    assert read_run(user, run_id)["status"] == "CancelRequested"
