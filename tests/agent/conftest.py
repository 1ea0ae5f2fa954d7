"""Engines that the tests of executors share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.engines.slurm import Slurm, missing_programs, slurm_cluster
from tests.parts.needs import missing


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if absent := missing_programs():
        missing(f"Slurm ({', '.join(absent)})", "As root: apt-get install slurm-wlm")
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster
