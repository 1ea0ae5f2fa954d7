"""Where the server listens, and where it refuses to."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from django.core.management.base import CommandError

from runs.management import address
from runs.management.address import Address, refuse_unprotected_address, reserve_port
from studio.core.connection import is_loopback


def refusal(host: str, origin: str, hosts_named: bool, insecure_http: bool) -> str:
    """The message that refuses a start at this address; empty if it is allowed."""
    try:
        refuse_unprotected_address(
            host, origin=origin, hosts_named=hosts_named, insecure_http=insecure_http
        )
    except CommandError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("host", "origin", "hosts_named", "insecure_http"),
    [
        ("127.0.0.1", "", False, False),
        ("localhost", "", False, False),
        ("::1", "http://localhost:8000", False, False),
        ("127.0.0.1", "https://studio.example.org", False, False),
        ("127.0.0.1", "http://studio.example.org", False, True),
        ("0.0.0.0", "", True, True),
        ("0.0.0.0", "https://studio.example.org", True, False),
    ],
)
def test_a_safe_address_is_accepted(
    host: str, origin: str, hosts_named: bool, insecure_http: bool
) -> None:
    assert refusal(host, origin, hosts_named, insecure_http) == ""


@pytest.mark.parametrize(
    ("host", "origin", "hosts_named", "insecure_http", "named"),
    [
        ("0.0.0.0", "", False, True, "STUDIO_ALLOWED_HOSTS"),
        ("::", "", False, True, "STUDIO_ALLOWED_HOSTS"),
        ("192.0.2.1", "https://a.example", False, True, "STUDIO_ALLOWED_HOSTS"),
        ("0.0.0.0", "", True, False, "STUDIO_INSECURE_HTTP"),
        ("127.0.0.1", "http://a.example", False, False, "STUDIO_INSECURE_HTTP"),
    ],
)
def test_an_open_address_is_refused_and_the_variable_to_set_is_named(
    host: str, origin: str, hosts_named: bool, insecure_http: bool, named: str
) -> None:
    assert named in refusal(host, origin, hosts_named, insecure_http)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True), ("10.0.0.1", False)],
)
def test_loopback_addresses_are_recognized(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_warning_is_printed_if_links_work_only_on_this_machine(host: str) -> None:
    assert "STUDIO_ORIGIN" in Address(host, 8000).unreachable_links_warning("")
    assert (
        Address(host, 8000).unreachable_links_warning("http://studio.example.org:8000")
        == ""
    )


def test_no_warning_is_printed_for_a_specific_address() -> None:
    assert Address("192.0.2.1", 8000).unreachable_links_warning("") == ""
    assert Address("127.0.0.1", 8000).unreachable_links_warning("") == ""


@pytest.fixture
def listening() -> Iterator[int]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_port_0_takes_a_free_port_that_the_web_processes_can_share() -> None:
    found, keeper = reserve_port("127.0.0.1", 0)
    with keeper, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", found.port))
        other.listen()
    assert found.url == f"http://127.0.0.1:{found.port}"


def test_a_port_in_use_is_refused(
    listening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "MAX_WAIT_SECONDS", 0.0)
    with pytest.raises(CommandError, match=rf"port {listening} .* --port"):
        reserve_port("127.0.0.1", listening)


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(CommandError, match=r"--host no\.such\.host\.invalid"):
        reserve_port("no.such.host.invalid", 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80")],
)
def test_an_open_address_is_reachable_through_loopback(host: str, url: str) -> None:
    assert Address(host, 80).url == url
