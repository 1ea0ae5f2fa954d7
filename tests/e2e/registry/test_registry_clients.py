"""One registry script: each client gets here what MLflow's own server gave it.

`python -m tests.bench mlflow-registry --write` keeps the outcomes of MLflow 3.17.2's
server in `outcomes/`, one file per client.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.clients import VERSIONS, run_module
from tests.parts.postgres import fresh_database
from tests.parts.server import Server, running

OUTCOMES = Path(__file__).parent / "outcomes"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def registry_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    env = {}
    if request.param == "postgresql":
        postgres: str = request.getfixturevalue("postgres")
        env = {"DATABASE_URL": fresh_database(postgres)}
    with running(tmp_path_factory.mktemp("registry-home"), env=env) as started:
        yield started


@pytest.mark.sample(1)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_registry_script_ends_as_on_mlflow_s_own_server(
    registry_server: Server, version: str
) -> None:
    printed = run_module(
        version, "tests.e2e.registry.client_script", env=registry_server.environment
    )
    expected = (OUTCOMES / f"{version}.txt").read_text()
    assert printed.splitlines() == expected.splitlines()
