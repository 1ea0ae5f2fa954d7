"""A small sample of `python -m tests.bench agents`."""

from __future__ import annotations

from pathlib import Path

from tests.agent.cluster import Cluster
from tests.bench.compute.crashes import KINDS, AgentCampaign
from tests.parts.server import running


def test_no_crash_loses_or_doubles_a_run(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    with running(tmp_path / "home") as server:
        cluster = Cluster.create(server, tmp_path / "cluster")
        try:
            outcome = AgentCampaign(cluster, seed=1).run(runs=4, kills=len(KINDS))
        finally:
            cluster.end()
    assert outcome.wrong == []
