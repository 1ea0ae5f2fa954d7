"""One caller's flood does not hold up the others, and waiting has an end.

The database is locked by the test, so that each write holds its thread for as long as
the test wants.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.parts.cookies import sign_in
from tests.parts.server import Server, running
from tests.parts.slow import Crowd
from tests.parts.waiting import becomes, run_apart
from tests.parts.wire import API, Connection
from tests.web.conftest import SHORT
from tests.web.raw import port_of

FLOOD = 12
Response = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def cookies(hurried: Server) -> str:
    return sign_in(hurried)


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Block writers during a block; readers continue."""
    with closing(sqlite3.connect(server.home / "studio.sqlite3")) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.rollback()


def ask(server: Server, method: str, path: str, headers: dict[str, str]) -> Response:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=30)
    with closing(connection):
        body = b'{"name": "x%f"}' % time.time() if method == "POST" else None
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()


@contextmanager
def flood(server: Server) -> Iterator[list[Future[Response]]]:
    """Writes of one token that cannot go on: two hold threads, the rest wait."""
    path, headers = f"{API}/experiments/create", with_token(server)
    assert ask(server, "GET", f"{API}/experiments/search", headers)[0] != 401
    with ThreadPoolExecutor(FLOOD) as pool, locked(server):
        yield [pool.submit(ask, server, "POST", path, headers) for _ in range(FLOOD)]


def with_token(server: Server) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {server.token}",
        "Content-Type": "application/json",
    }


def test_browsers_are_served_while_a_busy_token_waits_or_gets_429(
    hurried: Server, cookies: str
) -> None:
    with flood(hurried) as sent:
        page = ask(hurried, "GET", "/w/default/runs/", {"Cookie": cookies})
        assert page[0] == 200
        assert ask(hurried, "GET", "/healthz", {})[0] == 200
        assert ask(hurried, "GET", "/readyz", {})[0] == 200
        # Two hold threads until the database gives up on them; the others only wait.
        assert becomes(lambda: any(is_refused(one) for one in sent))
    refused = next(one.result() for one in sent if is_refused(one))
    assert refused[1]["retry-after"] == "5"
    assert json.loads(refused[2])["error_code"] == "REQUEST_LIMIT_EXCEEDED"


def is_refused(sent: Future[Response]) -> bool:
    return sent.done() and sent.result()[0] == 429


def test_more_slow_bodies_than_threads_do_not_stop_the_run_list(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    each = 40
    long = {**SHORT, "STUDIO_RATE_SECONDS": "60", "STUDIO_CALLER_REQUESTS": "4"}
    with running(tmp_path_factory.mktemp("crowd"), env=long) as server:
        cookies = sign_in(server)
        wire = Connection(server)
        body = {"experiment_id": "0", "start_time": 1_700_000_000_000}
        run_id = wire.call("POST", "/runs/create", body)["run"]["info"]["run_id"]
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
        wire.ask("PUT", f"{path}/big.bin", bytes(30_000_000))

        async def attack() -> list[int]:
            crowd = Crowd("127.0.0.1", port_of(server), server.token)
            crowd.strangers(each)
            crowd.searchers(each)
            crowd.uploaders(each, f"{path}/never")
            crowd.deaf(each, f"{path}/big.bin")
            while min(crowd.opened[kind] for kind in KINDS) < each:
                await asyncio.sleep(0.05)
            try:
                return [
                    (await asyncio.to_thread(ask, server, "GET", address, headers))[0]
                    for address, headers in (
                        ("/w/default/runs/", {"Cookie": cookies}),
                        ("/healthz", {}),
                        (f"{path}/big.bin", with_token(server)),
                        ("/sign-in/", {}),
                    )
                ]
            finally:
                await crowd.stop()

        assert run_apart(attack()) == [200, 200, 200, 200]


KINDS = ("stranger", "search", "upload", "deaf")
