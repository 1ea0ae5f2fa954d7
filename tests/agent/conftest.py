"""The engines that tests of executors share, and an executor for each of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.agent.environment_rules import clean_environment
from studio.agent.executors import (
    Executor,
    LocalProcessExecutor,
    RayExecutor,
    SlurmExecutor,
    SshExecutor,
)
from studio.agent.executors.ssh.link import MachineLink
from tests.parts.engines.ray import Ray, ray_cluster, ray_python
from tests.parts.engines.slurm import Slurm, missing_programs, slurm_cluster
from tests.parts.engines.sshd import Sshd, machine_setup, sshd_server
from tests.parts.needs import missing

#: Each call is another start of the agent.
Create = Callable[[], Executor]
RUNNER = ("-m", "tests.agent.stand_in_runner")
#: The folder of another machine, which is this one.
MACHINE = "machine"


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


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A machine that has the client already."""
    if not Path("/usr/sbin/sshd").exists() or not shutil.which("ssh"):
        missing("sshd", "As root: apt-get install openssh-server openssh-client")
    if os.geteuid() != 0:
        missing("root for sshd", "Run the tests as root")
    with sshd_server(tmp_path_factory.mktemp("sshd")) as server:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in server.variables.items():
                patch.setenv(name, value)
            MachineLink(server.settings()).close()
        yield server


@pytest.fixture
def create_ssh(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Create]:
    for name, value in sshd.variables.items():
        monkeypatch.setenv(name, value)
    # One folder for all tests: the client is copied there once.
    (tmp_path / MACHINE).symlink_to(sshd.home)
    settings = sshd.settings(setup=machine_setup())
    yield lambda: SshExecutor(settings, RUNNER, 0.1)
    sshd.end_jobs()


@pytest.fixture(scope="session")
def ray() -> Iterator[Ray]:
    python = ray_python()
    if python is None:
        missing("Ray", "Install it in an environment of its own: .ci/make-engines")
    with ray_cluster(python) as cluster:
        yield cluster


@pytest.fixture
def create_ray(ray: Ray) -> Create:
    environment = clean_environment(os.environ)
    settings = {"address": ray.address, "cpus": "0.1"}
    return lambda: RayExecutor(environment, settings, runner=RUNNER, list_seconds=0.2)
