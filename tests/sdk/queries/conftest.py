"""A workspace of the shared server with five runs, read by the SDK in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studio.sdk import Workspace
from studio.sdk.client import Client
from tests.parts.server import Server

#: An experiment of these tests alone, with a name that an address and HTML must escape.
EXPERIMENT = "queries / <b>&"


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    client = Client(server.url, server.token, "default")
    yield client
    client.close()


@pytest.fixture(scope="module")
def workspace(client: Client) -> Workspace:
    return Workspace.with_client(client)


def create_runs(client: Client, prefix: str) -> None:
    """Runs 0 to 4; the first four logged `acc`: a number, NaN, a text, infinity."""
    values = [0.5, "NaN", "oops", "Infinity"]
    for number in range(5):
        run_id = f"{prefix}{number}"
        body = {
            "experiment": EXPERIMENT,
            "id": run_id,
            "name": f"run {number}",
            "params": {"lr": f"1e-{number}", "seed": str(number), "code": f"0{number}"},
            "tags": {"team": "nlp", "kept": None} if number % 2 else {},
        }
        client.post("runs", body)
        if number < 4:
            point = {"key": "acc", "value": values[number], "time": 1_000 * number}
            batch = {"writer": "w", "sequence": 0, "points": [point]}
            client.post(f"runs/{run_id}/metrics", batch)
    client.post("runs/" + f"{prefix}0/status", {"status": "Completed"})
