"""One run on several nodes of a Slurm cluster."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.agent.executors.slurm.nodes import node_options
from studio.core.errors import NotFound
from studio.runner.slurm_nodes import ranks_of_node
from tests.agent.cluster import Cluster
from tests.parts.engines.slurm import Slurm, missing_programs, slurm_cluster
from tests.parts.needs import missing
from tests.parts.server import Server
from tests.parts.waiting import becomes

SHOW = """
import os, sys
from studio.sdk import Run
NAMES = "SLURMD_NODENAME RANK LOCAL_RANK NODE_RANK WORLD_SIZE LOCAL_WORLD_SIZE".split()
print(*(os.environ[name] for name in NAMES), os.environ["MASTER_ADDR"])
Run.get_context().log(f"rank-{os.environ['RANK']}/loss", 0.5)
if len(sys.argv) > 1 and os.environ["RANK"] == "2":
    sys.exit("rank 2 has no data")
if len(sys.argv) > 1:
    import time; time.sleep(600)
"""
#: As `mpirun` of Open MPI numbers its processes. Only the first logs to the run.
SHOW_MPI = """
import os
from studio.sdk import Run
rank = os.environ["OMPI_COMM_WORLD_RANK"]
NAMES = ("LOCAL_RANK", "SIZE", "LOCAL_SIZE")
numbers = [os.environ[f"OMPI_COMM_WORLD_{name}"] for name in NAMES]
print(os.environ["SLURMD_NODENAME"], rank, *numbers)
if rank == "0":
    Run.get_context().log("loss", 0.25)
"""
WAIT = """
import time
print("ready", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if absent := missing_programs():
        missing(f"Slurm ({', '.join(absent)})", "As root: apt-get install slurm-wlm")
    folder = tmp_path_factory.mktemp("nodes")
    with slurm_cluster(folder, ("one", "two")) as cluster:
        yield cluster


@pytest.fixture
def cluster(two_nodes: Slurm, server: Server, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster.create(server, tmp_path, kind="slurm")
    cluster.start_agent(variables=two_nodes.variables)
    yield cluster
    cluster.end()


def queue(cluster: Cluster, code: str, *words: str) -> str:
    return cluster.queue(
        [sys.executable, "-c", code, *words],
        framework="PyTorch",
        nodeCount=2,
        pytorch={"processCount": 3},
    )


def rank_log(cluster: Cluster, run: str, rank: int) -> str:
    path = cluster.folder / f"rank-{rank}.log"
    name = f"runs/{run}/files/user_logs/std_log_process_{rank}.txt"
    with path.open("w+b") as file, contextlib.suppress(NotFound):
        cluster.owner.download(name, file)
    return path.read_text()


def test_each_rank_has_its_variables_and_a_log_on_either_node(
    cluster: Cluster,
) -> None:
    good, bad = queue(cluster, SHOW), queue(cluster, SHOW, "fail")
    assert cluster.becomes(good, "Completed"), cluster.log
    lines = [rank_log(cluster, good, rank).splitlines()[0] for rank in range(3)]
    assert lines == [
        "one 0 0 0 3 2 127.0.0.1",
        "one 1 1 0 3 2 127.0.0.1",
        "two 2 0 1 3 1 127.0.0.1",
    ]
    metrics = cluster.owner.get(f"runs/{good}/metrics")["metrics"]
    names = [f"rank-{rank}/loss" for rank in range(3)]
    assert {one["key"] for one in metrics} >= set(names)
    assert cluster.becomes(bad, "Failed"), cluster.log
    log = cluster.log_of(bad)
    assert "rank 2 has no data\n" in log
    assert "\nRank 2 ended with exit code 1.\n" in log
    # The others were ended because of it.
    assert "Rank 0 ended" not in log


def test_mpirun_starts_its_ranks_on_both_nodes(cluster: Cluster) -> None:
    if shutil.which("mpirun") is None:
        pytest.skip("mpirun is missing. As root: apt-get install openmpi-bin")
    as_root = ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")
    run = cluster.queue(
        [sys.executable, "-c", SHOW_MPI],
        communicator="OpenMpi",
        nodeCount=2,
        mpi={"processCountPerNode": 2},
        environmentVariables=dict.fromkeys(as_root, "1"),
    )
    assert cluster.becomes(run, "Completed"), cluster.log_of(run)
    lines = [rank_log(cluster, run, rank).splitlines()[0] for rank in range(4)]
    assert lines == ["one 0 0 4 2", "one 1 1 4 2", "two 2 0 4 2", "two 3 1 4 2"]
    [loss] = [
        one
        for one in cluster.owner.get(f"runs/{run}/metrics")["metrics"]
        if one["key"] == "loss"
    ]
    assert (loss["last"], loss["count"]) == (0.25, 1)


def test_a_cancel_reaches_the_ranks_of_all_nodes(cluster: Cluster) -> None:
    run = queue(cluster, WAIT)
    assert cluster.becomes(run, "Running"), cluster.log
    assert becomes(lambda: "ready" in rank_log(cluster, run, 2))
    cluster.owner.post(f"runs/{run}/cancel", {})
    assert cluster.becomes(run, "Canceled"), cluster.log
    assert "interrupted" in rank_log(cluster, run, 2)


def test_ranks_are_divided_among_nodes_and_tasks() -> None:
    assert [list(ranks_of_node(node, 3, 4)) for node in range(3)] == [[0, 1], [2], [3]]
    mpi = {"communicator": "Mpi", "nodeCount": 2, "mpi": {"processCountPerNode": 4}}
    assert node_options(mpi) == ["--nodes=2", "--ntasks-per-node=4"]
    assert node_options({"command": "x"}) == []
