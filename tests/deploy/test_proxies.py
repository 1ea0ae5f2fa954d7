"""nginx and Caddy, with the configurations of the help pages, in front of a server."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.deploy.conftest import NAME, ORIGIN, Site
from tests.parts.browser import FLAGS, find_browser

API = "/api/v1/workspaces/default"
#: More than what a proxy would hold in memory, and than nginx allows by default.
BIG = 20_000_000


@pytest.fixture
def run_id(site: Site) -> str:
    body = json.dumps({"experiment": "proxied", "status": "Running"})
    status, answer = site.call("POST", f"{API}/runs", body)
    assert status in (200, 201), answer
    return str(json.loads(answer)["id"])


def pieces() -> Iterator[bytes]:
    for number in range(BIG // 100_000):
        yield bytes([number % 251]) * 100_000


def test_a_large_file_goes_up_and_comes_down(site: Site, run_id: str) -> None:
    path = f"{API}/runs/{run_id}/files/big.bin"
    # Chunked: of unknown length, as some clients send it.
    status, answer = site.call("PUT", path, pieces())
    assert status in (200, 201), answer
    status, content = site.call("GET", path)
    assert status == 200
    sent = hashlib.sha256(b"".join(pieces()))
    assert hashlib.sha256(content).digest() == sent.digest()


def test_a_slow_upload_arrives(site: Site, run_id: str) -> None:
    def slowly() -> Iterator[bytes]:
        for _piece in range(4):
            time.sleep(0.5)
            yield bytes(50_000)

    path = f"{API}/runs/{run_id}/files/slow.bin"
    status, answer = site.call("PUT", path, slowly())
    assert status in (200, 201), answer
    assert len(site.call("GET", path)[1]) == 200_000


def test_a_page_follows_the_run(site: Site, run_id: str, browser: Browser) -> None:
    rules = f"--host-resolver-rules=MAP {NAME}:443 127.0.0.1:{site.port}"
    started = browser.browser_type.launch(
        executable_path=find_browser(), args=[*FLAGS, rules]
    )
    try:
        follow(started, site, run_id)
    finally:
        started.close()


def follow(browser: Browser, site: Site, run_id: str) -> None:
    page = browser.new_context(ignore_https_errors=True).new_page()
    page.goto(ORIGIN + urlsplit(site.server.sign_in_url).path)
    page.get_by_role("button", name="Sign in as").click()
    page.wait_for_url(f"{ORIGIN}/w/default/**")
    page.goto(f"{ORIGIN}/w/default/runs/{run_id}/")
    expect(page.get_by_text("Running", exact=True).first).to_be_visible()
    page.evaluate("window.unreloaded = true")
    status, answer = site.call(
        "POST", f"{API}/runs/{run_id}/status", json.dumps({"status": "Completed"})
    )
    assert status == 200, answer
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(
        timeout=30_000
    )
    assert page.evaluate("window.unreloaded")


def test_the_address_of_the_client_is_known(site: Site) -> None:
    """Behind a proxy, only the operator's own port serves the metrics."""
    assert site.call("GET", "/metrics")[0] == 404
    assert site.call("GET", "/healthz")[0] == 200
