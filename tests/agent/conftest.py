"""The engines that tests of executors share, and an executor for each of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from studio.agent.environment_rules import clean_environment
from studio.agent.executors import Executor, LocalProcessExecutor, SlurmExecutor
from tests.parts.engines.slurm import Slurm, missing_programs, slurm_cluster
from tests.parts.needs import missing

#: Each call is another start of the agent.
Create = Callable[[], Executor]
RUNNER = ("-m", "tests.agent.stand_in_runner")


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if absent := missing_programs():
        missing(f"Slurm ({', '.join(absent)})", "As root: apt-get install slurm-wlm")
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture
def create_agents() -> Create:
    environment = clean_environment(os.environ)
    return lambda: LocalProcessExecutor(environment, runner=RUNNER)


@pytest.fixture
def create_slurm(slurm: Slurm) -> Create:
    environment = {**clean_environment(os.environ), **slurm.variables}
    settings = {"partition": "main"}
    return lambda: SlurmExecutor(
        environment, settings, runner=RUNNER, queue_seconds=0.2
    )
