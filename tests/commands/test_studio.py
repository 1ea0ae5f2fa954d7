"""`manage.py studio`: real processes over folders of their own."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from runs.management.commands.studio import start_message
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.manage import manage
from tests.parts.server import READY, Server, copy_prepared_home, running, start
from tests.parts.signing_in import new_link


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.status)


def port_of(server: Server) -> int:
    port = urlsplit(server.url).port
    assert port
    return port


def test_the_server_responds_once_it_prints_ready(server: Server) -> None:
    assert get(f"{server.url}/readyz") == 200
    assert get(f"{server.url}/healthz") == 200


def test_the_preparation_is_announced_first_and_readiness_last(tmp_path: Path) -> None:
    first = start_message(tmp_path, with_demo=True)
    assert f"Preparing {tmp_path}; the first start" in first
    assert "about a minute" in first
    (tmp_path / "client.json").write_text("{}")
    assert start_message(tmp_path, with_demo=False) == f"Preparing {tmp_path} …"


def test_opening_the_sign_in_link_does_not_use_it_up(server: Server) -> None:
    link = new_link(server)
    assert get(link) == 200
    assert get(link) == 200


def test_only_the_operator_can_read_the_home(server: Server) -> None:
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (server.home, *server.home.iterdir())
    }
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_the_client_file_has_address_token_and_workspace(server: Server) -> None:
    content = json.loads((server.home / "client.json").read_text())
    assert content["url"] == server.url
    assert content["workspace"] == "default"
    assert content["token"] == server.token


def test_the_client_token_is_limited_to_contributor(server: Server) -> None:
    rows = query(
        server.home,
        "select role_cap from runs_apitoken where name like 'studio env%'",
    )
    assert rows == [(20,)]


def test_the_first_start_creates_a_workspace_with_experiment_0(server: Server) -> None:
    rows = query(
        server.home,
        "select w.name, e.number, e.name from runs_experiment e"
        " join runs_workspace w on w.id = e.workspace_id where e.number = 0",
    )
    assert ("default", 0, "Default") in rows


def test_pip_can_install_the_client_from_the_server(
    server: Server, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-index"]
    command += ["--find-links", f"{server.url}/dist/", "--dest", str(tmp_path)]
    done = subprocess.run(
        [*command, "run-studio"],
        env={**quiet_environment(), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.iterdir()
    names = zipfile.ZipFile(wheel).namelist()
    assert {"studio/cli/__init__.py", "studio/py.typed"} <= set(names)
    assert not [name for name in names if name.startswith(("runs", "studio/settings"))]


def test_a_second_server_with_the_same_folder_is_refused(server: Server) -> None:
    done = manage(server.home, "studio", "--port", "0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"process {server.process.pid}" in done.stderr
    assert "STUDIO_HOME" in done.stderr


def test_a_port_in_use_is_refused(server: Server, tmp_path: Path) -> None:
    done = manage(tmp_path, "studio", "--port", str(port_of(server)))
    assert done.returncode == 1
    assert f"Can't listen on port {port_of(server)} of 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_an_invalid_port_is_refused(port: str, tmp_path: Path) -> None:
    done = manage(tmp_path, "studio", f"--port={port}")
    assert done.returncode == 2
    assert f"'{port}' is not a number from 0 to 65535" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_reported(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    (tmp_path / "lock").mkdir()
    done = manage(tmp_path, "studio", "--port=0")
    assert done.returncode == 1
    assert f"{tmp_path} cannot be used" in done.stderr


def test_an_open_address_without_allowed_hosts_is_refused(tmp_path: Path) -> None:
    done = manage(tmp_path, "studio", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 1
    assert "STUDIO_ALLOWED_HOSTS" in done.stderr


def test_responses_are_sent_without_nagle_delay(server: Server) -> None:
    # Two small packets on a socket with Nagle's algorithm would take 40 ms.
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    connection.connect()
    times = sorted(timed_get(connection) for _ in range(21))
    assert times[10] < 0.02


def timed_get(connection: http.client.HTTPConnection) -> float:
    begin = time.perf_counter()
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    return time.perf_counter() - begin


def test_a_refused_upload_gets_its_response(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    path = "/api/2.0/mlflow-artifacts/artifacts/0/none/artifacts/a.bin"
    headers = {"Authorization": f"Bearer {server.token}"}
    connection.request("PUT", path, bytes(20_000_000), headers)
    answer = connection.getresponse()
    assert answer.status == 404
    assert answer.read()


def test_an_empty_chunked_body_leaves_the_connection_usable(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    headers = {
        "Transfer-Encoding": "chunked",
        # Whom the server does not know, it answers without waiting for a body's end.
        "Authorization": f"Bearer {server.token}",
    }
    path = "/api/2.0/mlflow/runs/search"
    connection.request("POST", path, iter([]), headers, encode_chunked=True)
    assert connection.getresponse().read()
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200


def test_a_chunked_body_is_read(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server))
    headers = {
        "Transfer-Encoding": "chunked",
        "Authorization": f"Bearer {server.token}",
        "Content-Type": "application/json",
    }
    pieces = iter([b'{"experiment_', b'name": "Default"}'])
    path = "/api/2.0/mlflow/experiments/create"
    connection.request("POST", path, pieces, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 400
    assert b"name" in answer.read()


def test_a_second_start_keeps_the_data_of_the_first(tmp_path: Path) -> None:
    first = start(tmp_path)
    assert first.stop(signal.SIGINT) == 0
    with running(tmp_path) as second:
        assert second.token == first.token
        assert second.url != first.url
        assert get(second.sign_in_url) == 200


def test_a_stopped_server_leaves_no_wal_file(tmp_path: Path) -> None:
    # A WAL that stays would destroy an older copy that is put in the file's place.
    with running(tmp_path) as server:
        assert (tmp_path / "studio.sqlite3-wal").exists()
        assert server.stop() == 0
    assert [path.name for path in tmp_path.glob("studio.*")] == ["studio.sqlite3"]


def test_standard_output_is_one_line(tmp_path: Path) -> None:
    copy_prepared_home(tmp_path)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "studio", "--port=0", "--no-worker"],
        env={**quiet_environment(), "STUDIO_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    rest = process.stdout.read()
    assert process.wait(30) == 0
    assert line.startswith(f"{READY}http://127.0.0.1:")
    assert rest == ""


def test_a_running_request_is_finished_before_the_server_stops(tmp_path: Path) -> None:
    copy_prepared_home(tmp_path)
    server = start(tmp_path)
    head = (
        "POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {server.token}\r\nContent-Length: 2\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port_of(server))) as caller:
        caller.sendall(head.encode() + b"{")
        # The head must have arrived, else there is no request yet to finish.
        get(f"{server.url}/healthz")
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.5)
        caller.sendall(b"}")
        assert caller.recv(12).startswith(b"HTTP/1.1 ")
    assert server.stop() == 0


def test_cookie_names_have_the_port_and_https_makes_them_secure(tmp_path: Path) -> None:
    copy_prepared_home(tmp_path)
    server = start(tmp_path, env={"STUDIO_ORIGIN": "https://studio.example.org"})
    try:
        assert server.url == "https://studio.example.org"
        [port] = [
            word.removeprefix("--port=")
            for word in web_command(server)
            if word.startswith("--port=")
        ]
        link = urlsplit(server.sign_in_url).path
        connection = http.client.HTTPConnection("127.0.0.1", int(port))
        connection.request("GET", link, headers={"X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        cookies = " ".join(answer.headers.get_all("Set-Cookie") or [])
        assert f"studio_csrf_{port}=" in cookies
        assert "Secure" in cookies
        assert "max-age" in answer.headers["Strict-Transport-Security"]
    finally:
        server.stop()


def web_command(server: Server) -> list[str]:
    children = psutil.Process(server.process.pid).children()
    return next(
        list(child.cmdline())
        for child in children
        if "runs.management.web" in child.cmdline()
    )


def query(home: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(home / "studio.sqlite3")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
