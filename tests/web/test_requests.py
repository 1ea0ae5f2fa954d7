"""HTTP as it was before there was a front: bodies, paths, connections."""

from __future__ import annotations

import http.client
import json
import re

import pytest

from tests.parts.server import Server
from tests.parts.slow import ANNOUNCED, SEARCH
from tests.web.raw import ask, head, link, port_of, read_all, read_answer, status

CLOSE = "Connection: close"


def test_a_strangers_large_body_is_refused_before_it_is_sent(hurried: Server) -> None:
    port = port_of(hurried)
    cookie = f"Cookie: studio_csrf_{port}={'a' * 32}"
    with link(hurried) as made:
        made.sendall(head("POST", "/sign-in/", cookie, f"Content-Length: {ANNOUNCED}"))
        answer = read_all(made)
    assert status(answer) == 413
    assert b"connection: close" in answer


@pytest.mark.parametrize("token", ["", "invented"])
def test_a_large_body_without_a_good_token_is_refused_before_it_is_sent(
    hurried: Server, artifacts: str, token: str
) -> None:
    lines = (f"Content-Length: {ANNOUNCED}", "Expect: 100-continue")
    with link(hurried) as made:
        made.sendall(head("PUT", f"{artifacts}/a", *lines, token=token))
        answer = read_answer(made)
    assert status(answer) == 401
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error_code"]


def test_a_body_of_unknown_length_ends_at_the_views_limit(hurried: Server) -> None:
    request = head("POST", SEARCH, "Transfer-Encoding: chunked", token=hurried.token)
    chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    with link(hurried) as made:
        made.sendall(request)
        for _ in range(34):
            made.sendall(chunk)
        assert status(made.recv(65536)) == 413


def test_a_client_that_expects_100_continue_gets_it(
    hurried: Server, artifacts: str
) -> None:
    size = 100_000
    lines = (f"Content-Length: {size}", "Expect: 100-continue", CLOSE)
    with link(hurried) as made:
        made.sendall(head("PUT", f"{artifacts}/told", *lines, token=hurried.token))
        assert made.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        made.sendall(bytes(size))
        assert status(read_all(made)) == 200


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000])
def test_a_body_arrives_as_it_was_sent(
    hurried: Server, artifacts: str, size: int
) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    connection = http.client.HTTPConnection("127.0.0.1", port_of(hurried), timeout=30)
    headers = {"Authorization": f"Bearer {hurried.token}"}
    connection.request("PUT", f"{artifacts}/{size}", content, headers)
    assert connection.getresponse().read() == b"{}"
    connection.request("GET", f"{artifacts}/{size}", headers=headers)
    assert connection.getresponse().read() == content


def test_a_path_is_decoded_once_and_as_utf8(hurried: Server, artifacts: str) -> None:
    path = f"{artifacts}/a%2Fb%20%C3%BC%25.txt"
    lines = ("Content-Length: 2", CLOSE)
    put = head("PUT", path, *lines, token=hurried.token)
    assert status(ask(hurried, put + b"ok")) == 200
    folder = "/api/2.0/mlflow-artifacts/artifacts?path=" + artifacts.partition(
        "/artifacts/"
    )[2].replace("/", "%2F")
    answer = ask(hurried, head("GET", folder + "%2Fa", CLOSE, token=hurried.token))
    files = json.loads(answer.partition(b"\r\n\r\n")[2])["files"]
    assert [one["path"] for one in files] == ["b ü%.txt"]


def test_pipelined_requests_are_answered_in_order(hurried: Server) -> None:
    requests = [
        head("GET", "/healthz"),
        head("HEAD", "/healthz"),
        head("GET", "/nothing", "Accept: text/plain"),
        head("GET", "/readyz", CLOSE),
    ]
    answer = ask(hurried, b"".join(requests))
    statuses = re.findall(rb"HTTP/1.1 (\d+)", answer)
    assert statuses == [b"200", b"200", b"404", b"200"]


def test_an_http_1_0_client_gets_a_response(hurried: Server) -> None:
    answer = ask(hurried, b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert status(answer) == 200
    assert answer.endswith(b"\r\n\r\nok\n")


def test_responses_do_not_name_the_server_software(hurried: Server) -> None:
    assert b"server:" not in ask(hurried, head("GET", "/healthz", CLOSE)).lower()


def test_a_foreign_host_is_refused_for_the_health_check_too(hurried: Server) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n"
    assert status(ask(hurried, request + b"Connection: close\r\n\r\n")) == 400


def test_headers_with_underscores_are_dropped(hurried: Server) -> None:
    line = f"Authorization: Bearer {hurried.token}"
    asked = "/api/v1/workspaces"
    assert status(ask(hurried, head("GET", asked, line, CLOSE))) == 200
    answer = ask(hurried, head("GET", asked, line.replace("Auth", "auth_"), CLOSE))
    assert status(answer) == 401
