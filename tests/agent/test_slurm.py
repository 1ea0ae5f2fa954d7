"""Runs on a real Slurm cluster, from the queue of a target to their end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.agent.executors import SubmissionRefused
from studio.agent.executors.slurm import QueueRow, describe_row
from studio.agent.executors.slurm.commands import list_queue, submit
from studio.core.compute_kinds import EngineState, slurm_script
from tests.agent.cluster import Cluster
from tests.parts.engines.slurm import Slurm
from tests.parts.engines.slurm_outage import engine_message, go_through_outage
from tests.parts.server import Server
from tests.parts.waiting import becomes


@pytest.fixture
def cluster(slurm: Slurm, server: Server, tmp_path: Path) -> Iterator[Cluster]:
    setup = ["export FROM_SETUP=yes", "echo module cuda loaded"]
    settings = {"partition": "main", "setup": setup}
    cluster = Cluster.create(server, tmp_path, kind="slurm", settings=settings)
    yield cluster
    cluster.end()


def has_file(cluster: Cluster, path: str) -> bool:
    files = cluster.owner.get(path.partition("/files/")[0] + "/files")["files"]
    return path.partition("/files/")[2] in [one["path"] for one in files]


def test_a_run_goes_through_slurm_and_another_is_canceled_in_its_queue(
    cluster: Cluster, slurm: Slurm
) -> None:
    code = "import os; print(os.environ['FROM_SETUP'], os.environ['SLURM_JOB_ID'])"
    first = cluster.queue([sys.executable, "-c", code])
    cluster.start_agent(variables=slurm.variables)
    assert cluster.becomes(first, "Completed"), cluster.log
    assert cluster.log_of(first).startswith("yes ")
    # What Slurm and the setup printed is a log of the run, too.
    with (cluster.folder / "slurm.txt").open("w+b") as file:
        path = f"runs/{first}/files/azureml-logs/55_slurm_log.txt"
        assert becomes(lambda: has_file(cluster, path))
        cluster.owner.download(path, file)
    assert (cluster.folder / "slurm.txt").read_text() == "module cuda loaded\n"
    # A node that takes no more jobs leaves the next run in Slurm's queue.
    slurm.command("scontrol", "update", "NodeName=localhost", "State=DRAIN", "Reason=x")
    try:
        second = cluster.queue([sys.executable, "-c", "print(1)"])
        waits = becomes(lambda: "PENDING" in engine_message(cluster, second))
        assert waits, cluster.log
        assert cluster.status(second) == "Queued"
        cluster.owner.post(f"runs/{second}/cancel", {})
        assert cluster.becomes(second, "Canceled"), cluster.log
    finally:
        slurm.command("scontrol", "update", "NodeName=localhost", "State=RESUME")
    assert becomes(slurm.is_idle)


def test_runs_before_and_during_an_outage_of_the_controller_run_once(
    cluster: Cluster, slurm: Slurm
) -> None:
    go_through_outage(cluster, slurm)


def test_a_partition_that_does_not_exist_fails_with_the_words_of_slurm(
    slurm: Slurm, server: Server, tmp_path: Path
) -> None:
    settings = {"partition": "nosuch"}
    cluster = Cluster.create(server, tmp_path, kind="slurm", settings=settings)
    try:
        run = cluster.queue([sys.executable, "-c", "print(1)"])
        cluster.start_agent(variables=slurm.variables)
        assert cluster.becomes(run, "Failed"), cluster.log
        error = cluster.run(run)["error"]
        assert error.startswith("LaunchFailed: ")
        assert "invalid partition specified: nosuch" in error
    finally:
        cluster.end()


@pytest.mark.parametrize(
    ("state", "reason", "wanted"),
    [
        ("PENDING", "Resources", (EngineState.QUEUED, "", False)),
        ("CONFIGURING", "", (EngineState.PREPARING, "", False)),
        ("SUSPENDED", "", (EngineState.PAUSED, "", False)),
        ("COMPLETING", "", (EngineState.FINALIZING, "", False)),
        ("A_LATER_STATE", "", (EngineState.RUNNING, "", False)),
        ("COMPLETED", "", (None, "", False)),
        ("FAILED", "NonZeroExitCode", (None, "", False)),
        ("FAILED", "BadConstraints", (None, "LaunchFailed", False)),
        ("TIMEOUT", "TimeLimit", (None, "TimeLimit", False)),
        ("OUT_OF_MEMORY", "", (None, "OutOfMemory", False)),
        ("NODE_FAIL", "NodeDown", (None, "NodeLost", True)),
        ("PREEMPTED", "", (None, "Preempted", True)),
        ("CANCELLED", "", (None, "Canceled", False)),
    ],
)
def test_each_state_of_slurm_has_a_meaning(
    state: str, reason: str, wanted: tuple[EngineState | None, str, bool]
) -> None:
    found = describe_row(QueueRow("7", state, reason, "", "c"), can_requeue=True)
    assert (found.state, found.code, found.can_repeat) == wanted
    assert reason in found.message


def write_command(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_limit_of_an_account_is_the_reason_or_the_refusal(tmp_path: Path) -> None:
    """As Slurm prints them; a real limit needs a database of accounts."""
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    line = "7|PENDING|AssocMaxJobsLimit||run-studio-1"
    write_command(tmp_path, "squeue", f"echo '{line}'")
    [row] = list_queue(environment)
    waiting = describe_row(row, can_requeue=True)
    assert waiting.state is EngineState.QUEUED
    assert waiting.message == "Slurm job 7: PENDING (AssocMaxJobsLimit)"
    words = "Batch job submission failed: Invalid qos specification"
    write_command(tmp_path, "sbatch", f"echo 'sbatch: error: {words}' >&2; exit 1")
    with pytest.raises(SubmissionRefused, match=f"^{words}$"):
        submit("job.sh", str(tmp_path), environment)


def test_names_in_the_script_stay_what_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "100% of it; $(touch x)"
    text = slurm_script(
        {"gpus": "a100:2", "options": ["--constraint=a b"], "setup": ["module load x"]},
        folder,
        name="run",
        comment="c",
        variables={"A": "it's"},
        command=("python", "-m", "r", str(folder)),
    )
    lines = text.splitlines()
    assert "#SBATCH --gpus=a100:2" in lines
    assert "#SBATCH --constraint='a b'" in lines
    assert f"#SBATCH --output='{tmp_path}/100%% of it; $(touch x)/slurm.log'" in lines
    assert lines[-1].startswith("exec ")
    assert f"'{folder}'" in lines[-1]
    assert lines[-2:][0] == "module load x"
