"""A server whose deadlines are short, and a file in it that is worth reading slowly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.server import Server, running
from tests.parts.wire import Connection

#: Larger than what the systems of both ends hold for a connection.
BIG = 30_000_000
SHORT = {
    "STUDIO_PROCESSES": "1",
    "STUDIO_HEADER_SECONDS": "1",
    "STUDIO_RATE_SECONDS": "2",
    "STUDIO_QUEUE_SECONDS": "2",
    "STUDIO_CALLER_REQUESTS": "2",
}


@pytest.fixture(scope="package")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("hurried"), env=SHORT) as started:
        yield started


@pytest.fixture(scope="package")
def artifacts(hurried: Server) -> str:
    """The path of a run's files; `big.bin` is there."""
    wire = Connection(hurried)
    body = {"experiment_id": "0", "start_time": 1_700_000_000_000}
    run_id = wire.call("POST", "/runs/create", body)["run"]["info"]["run_id"]
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
    wire.ask("PUT", f"{path}/big.bin", bytes(BIG))
    return path
