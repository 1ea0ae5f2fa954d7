"""Each MLflow client version against the real server, over each database."""

from collections.abc import Iterator

import pytest

from tests.parts.clients import VERSIONS, run_module
from tests.parts.postgres import fresh_database
from tests.parts.server import Server, running


@pytest.fixture(scope="module")
def postgres_server(
    postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    address = fresh_database(postgres)
    home = tmp_path_factory.mktemp("postgres-home")
    with running(home, env={"DATABASE_URL": address}) as started:
        yield started


@pytest.mark.sample(1)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_unmodified_mlflow_client_reads_back_what_it_wrote(
    server: Server, version: str
) -> None:
    check_client(server, version)


@pytest.mark.sample(1)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_unmodified_client_gets_what_it_wrote_on_postgresql(
    postgres_server: Server, version: str
) -> None:
    check_client(postgres_server, version)


def check_client(server: Server, version: str) -> None:
    printed = run_module(
        version, "tests.e2e.client_script", env=server.environment, seconds=400
    )
    assert printed.strip().endswith("failed: none")
