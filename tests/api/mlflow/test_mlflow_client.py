"""An unmodified MLflow client, and bare sockets, against the real server."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.parts.server import Server

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

HERE = "tests.api.mlflow.test_mlflow_client"


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """The client that is installed, as `studio env` configures it."""
    # Importing it needs more than a second, and each process collects this file.
    import mlflow

    for name, value in server.environment.items():
        if name.startswith("MLFLOW_") or name.lower() == "no_proxy":
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.environment["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment(HERE)
    yield mlflow.MlflowClient()
    mlflow.end_run()
    mlflow.set_tracking_uri(before)


def test_a_script_logs_and_reads_back(client: MlflowClient) -> None:
    import mlflow

    with mlflow.start_run(run_name="r", description="d") as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_metric("loss", float("nan"), step=1)
        mlflow.log_metrics({"loss": 0.5, "acc": 1}, step=2)
        mlflow.set_tag("k", "v")
        mlflow.log_text("hello", "notes/a b+ü.txt")
        mlflow.log_text("", "empty.txt")
    seen = client.get_run(run.info.run_id)
    assert seen.info.status == "FINISHED"
    assert seen.data.metrics == {"loss": 0.5, "acc": 1}
    assert seen.data.params == {"lr": "0.1"}
    assert seen.data.tags["mlflow.note.content"] == "d"
    text = mlflow.artifacts.load_text(f"{seen.info.artifact_uri}/notes/a b+ü.txt")
    assert text == "hello"
    assert [one.path for one in client.list_artifacts(run.info.run_id)] == [
        "empty.txt",
        "notes",
    ]


def test_basic_authentication_works_like_a_token(
    client: MlflowClient, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException

    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anybody")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", server.token)
    assert client.get_experiment("0").name == "Default"
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong")
    with pytest.raises(MlflowException, match="UNAUTHENTICATED"):
        client.get_experiment("0")


def test_a_long_history_is_read_completely(client: MlflowClient) -> None:
    from mlflow.entities import Metric

    run_id = client.create_run(client.get_experiment_by_name(HERE).experiment_id)
    points = [Metric("m", step / 8, step, step) for step in range(26_000)]
    for start in range(0, len(points), 1000):
        client.log_batch(run_id.info.run_id, points[start : start + 1000])
    history = client.get_metric_history(run_id.info.run_id, "m")
    assert [one.step for one in history] == list(range(26_000))


class Connection:
    """One kept-alive connection; requests are written byte by byte as given."""

    def __init__(self, server: Server) -> None:
        address = urlsplit(server.url)
        self.host = address.netloc
        self.token = server.token
        self.socket = socket.create_connection((address.hostname, address.port), 10)

    def send(self, method: str, path: str, rest: bytes) -> HTTPResponse:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
            f"Authorization: Bearer {self.token}\r\n"
        )
        self.socket.sendall(head.encode() + rest)
        answer = HTTPResponse(self.socket, method=method)
        answer.begin()
        return answer

    def get(self, path: str) -> bytes:
        answer = self.send("GET", path, b"\r\n")
        assert answer.status == 200
        return answer.read()


@pytest.fixture
def folder(client: MlflowClient) -> str:
    """The address of a new run's files."""
    number = client.get_experiment_by_name(HERE).experiment_id
    run = client.create_run(number)
    address: str = run.info.artifact_uri.removeprefix("mlflow-artifacts:")
    return f"/w/default/api/2.0/mlflow-artifacts/artifacts{address}"


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    opened = Connection(server)
    yield opened
    opened.socket.close()


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
        (b"80000\r\n" + b"x" * 0x80000 + b"\r\n0\r\n\r\n", b"x" * 0x80000),
    ],
)
def test_a_chunked_upload_is_stored_whole_and_the_connection_goes_on(
    connection: Connection, folder: str, body: bytes, content: bytes
) -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    answer = connection.send("PUT", f"{folder}/a.bin", chunked + body)
    assert (answer.status, answer.read()) == (200, b"{}")
    assert connection.get(f"{folder}/a.bin") == content
    assert connection.get("/health") == b"OK"


def test_a_chunked_json_body_is_read(connection: Connection, folder: str) -> None:
    body = b'{"max_results": 5, "filter": "name = \'Default\'"}'
    rest = (
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + f"{len(body):x}\r\n".encode()
        + body
        + b"\r\n0\r\n\r\n"
    )
    path = "/w/default/api/2.0/mlflow/experiments/search"
    answer = connection.send("POST", path, rest)
    assert answer.status == 200
    assert b"Default" in answer.read()


def test_an_interrupted_upload_keeps_the_old_file(
    server: Server, connection: Connection, folder: str
) -> None:
    whole = b"Content-Length: 3\r\n\r\nold"
    assert connection.send("PUT", f"{folder}/a", whole).read() == b"{}"
    other = Connection(server)
    head = f"PUT {folder}/a HTTP/1.1\r\nHost: {other.host}\r\n"
    head += f"Authorization: Bearer {other.token}\r\nContent-Length: 8\r\n\r\n"
    other.socket.sendall(head.encode() + b"half")
    other.socket.close()
    incoming = Path(server.home) / "files" / "incoming"
    for _ in range(50):
        if not list(incoming.iterdir()):
            break
        os.sched_yield()
    assert connection.get(f"{folder}/a") == b"old"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a%2523b", "a%23b"),
        ("a%23b", "a#b"),
        ("a+b", "a+b"),
        ("a%20b", "a b"),
        ("a%252e%252e", "a%2e%2e"),
        ("sub%2Fx", "sub/x"),
        ("%C3%BC", "ü"),
    ],
)
def test_the_server_decodes_a_path_once(
    connection: Connection, folder: str, sent: str, stored: str
) -> None:
    answer = connection.send("PUT", f"{folder}/{sent}", b"Content-Length: 1\r\n\r\nx")
    assert answer.read() == b"{}"
    place, _, address = folder.partition("/artifacts/")
    parent, _, name = stored.rpartition("/")
    listed = connection.get(f"{place}/artifacts?path={address}/{parent}")
    assert [one["path"] for one in json.loads(listed)["files"]] == [name]


@pytest.mark.parametrize("sent", ["../x", "%2e%2e/x", "a/%2e%2e/%2e%2e/x", "%2Fetc"])
def test_a_path_cannot_leave_its_folder(
    connection: Connection, folder: str, sent: str
) -> None:
    answer = connection.send("PUT", f"{folder}/{sent}", b"Content-Length: 1\r\n\r\nx")
    assert answer.status in (400, 404)
    answer.read()
    assert connection.get("/health") == b"OK"


def test_a_large_download_arrives_whole(server: Server, folder: str) -> None:
    address = urlsplit(server.url)
    content = os.urandom(2_000_000)
    http = HTTPConnection(str(address.hostname), address.port, timeout=20)
    auth = {"Authorization": f"Bearer {server.token}"}
    http.request("PUT", f"{folder}/large", content, headers=auth)
    assert http.getresponse().read() == b"{}"
    http.request("GET", f"{folder}/large", headers=auth)
    answer = http.getresponse()
    assert answer.headers["Content-Length"] == "2000000"
    assert answer.read() == content
    http.request("GET", f"{folder}/large", headers={**auth, "Range": "bytes=-5"})
    answer = http.getresponse()
    assert (answer.status, answer.read()) == (206, content[-5:])
