"""Each MLflow client version against the real server, over each database."""

from collections.abc import Iterator

import pytest

from tests.parts.clients import VERSIONS, run_module
from tests.parts.postgres import fresh_database
from tests.parts.server import Server, running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def any_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    if request.param == "sqlite":
        yield request.getfixturevalue("server")
        return
    address = fresh_database(request.getfixturevalue("postgres"))
    home = tmp_path_factory.mktemp("postgres-home")
    with running(home, env={"DATABASE_URL": address}) as started:
        yield started


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unmodified_mlflow_client_reads_back_what_it_wrote(
    any_server: Server, version: str
) -> None:
    said = run_module(
        version, "tests.e2e.client_script", env=any_server.environment, seconds=400
    )
    assert said.strip().endswith("failed: none")
