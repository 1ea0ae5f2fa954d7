"""One registry script: each client gets here what MLflow's own server gave it.

`python -m tests.bench mlflow-registry --write` keeps the outcomes of MLflow 3.17.2's
server in `outcomes/`, one file per client.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parts.clients import VERSIONS, run_module
from tests.parts.server import Server

OUTCOMES = Path(__file__).parent / "outcomes"


@pytest.mark.sample(1)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_registry_script_ends_as_on_mlflow_s_own_server(
    server: Server, version: str
) -> None:
    printed = run_module(
        version, "tests.e2e.registry.client_script", env=server.environment
    )
    expected = (OUTCOMES / f"{version}.txt").read_text()
    assert printed.splitlines() == expected.splitlines()
