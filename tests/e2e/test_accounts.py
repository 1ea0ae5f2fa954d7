"""Sign-in, account and members in a real browser over the real server."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.parts.browser import Profiles, Watch
from tests.parts.server import Server

WIDTHS = (1280, 360)


def fits(page: Page) -> bool:
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return not wide


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["/account/", "/w/default/members/", "/help/"])
def test_pages_fit_the_screen(
    profiles: Profiles,
    watch: Watch,
    server: Server,
    owner_state: StorageState,
    path: str,
    width: int,
) -> None:
    with profiles.page(watch, state=owner_state, width=width) as page:
        page.goto(server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert fits(page)


def test_a_wrong_password_is_reported_next_to_the_form(
    page: Page, watch: Watch, server: Server
) -> None:
    watch.expect("400 (Bad Request)")
    page.goto(f"{server.url}/w/default/runs/abc/")
    expect(page.get_by_text("to see the run that was shared with you")).to_be_visible()
    page.get_by_label("Email or user name").fill("nobody")
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_label("Password").get_attribute("type") == "text"
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")


def test_a_visitor_can_change_the_theme(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/sign-in/")
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_token_is_created_and_revoked(owner_page: Page, server: Server) -> None:
    owner_page.goto(f"{server.url}/account/")
    owner_page.get_by_label("Token name").fill("browser test")
    owner_page.get_by_role("button", name="Create token").click()
    shown = owner_page.locator("#new-token").inner_text()
    assert shown.startswith("rs_")
    owner_page.get_by_role("button", name="Revoke the token browser test").click()
    expect(owner_page.get_by_text("revoked.")).to_be_visible()


def test_other_sites_cannot_load_static_files(server: Server) -> None:
    request = Request(
        f"{server.url}/static/css/site/base.css",
        headers={"Origin": "http://evil.example"},
    )
    with urlopen(request) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"],
        ["127.0.0.1", "evil.example"],
        ["evil.example", "127.0.0.1"],
        [],
    ],
)
def test_the_server_responds_only_to_its_own_host_name(
    server: Server, hosts: list[str]
) -> None:
    parts = urlsplit(server.url)
    lines = ["GET /healthz HTTP/1.1", *(f"Host: {host}" for host in hosts)]
    request = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        line.sendall(request)
        assert b" 400 " in line.recv(100)


def test_a_stranger_without_a_body_gets_an_immediate_response(server: Server) -> None:
    parts = urlsplit(server.url)
    head = (
        "POST /api/2.0/mlflow/runs/create HTTP/1.1\r\n"
        f"Host: {parts.netloc}\r\nContent-Length: 50000\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=4) as line:
        line.sendall(head.encode())
        assert b" 401 " in line.recv(100)
