"""What attackers write, everywhere that people and scripts may write, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog, Page, Request, expect

from tests.parts.browser import Watch
from tests.parts.server import Server
from tests.parts.wire import Connection
from tests.render.test_markdown import ATTACKS

RUN = "bad-input"
HERE = f"/w/default/runs/{RUN}/"
LONG = "W" * 256
RUNS_IF_SHOWN = "\"><img src=x onerror=alert(1)><script>alert(1)</script>'"
NAMES = [
    RUNS_IF_SHOWN,
    "{{ 7*7 }}{% debug %}",
    "javascript:alert(1)",
    "a\u0301" * 60,
    "' or 1=1 --",
    "<svg/onload=alert(1)>",
    "#fragment?query=1&amp;",
    LONG[:200],
]
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" width="9" height="9">'
    b"<script>alert(1)</script><image href='https://evil.example/x.png'/>"
    b"<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'>"
    b"<img src='x' onerror='alert(1)'/></body></foreignObject></svg>"
)
HTML = b"<script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>"
#: Where what was written is shown, and what must be there by then.
PAGES = [
    (HERE, "#run-description .prose"),
    (f"{HERE}?params=all&metrics=all", "#param-rows"),
    (f"{HERE}description/versions/", ".word-diff"),
    (f"{HERE}metrics/?key=mixed", "#metric-list"),
    (f"{HERE}files/?path=evil.svg", ".picture img"),
    (f"{HERE}files/?path=evil.svg&view=source", ".lines"),
    (f"{HERE}files/?path=evil.html&view=html", "iframe"),
    (f"{HERE}files/?path={quote(RUNS_IF_SHOWN.replace('/', '_'))}", ".lines"),
    (f"{HERE}history/", ".timeline"),
    (f"/w/default/experiments/{RUN}/?columns=name,description,tags", "#run-table"),
]


@pytest.fixture(scope="module")
def written(server: Server) -> Connection:
    link = Connection(server)
    many = {f"p{n:03}": LONG for n in range(490)}
    body = {
        "experiment": RUN,
        "id": RUN,
        "name": RUNS_IF_SHOWN + LONG,
        "tags": dict.fromkeys(NAMES, RUNS_IF_SHOWN),
        "params": {**many, **dict.fromkeys(NAMES, RUNS_IF_SHOWN)},
        "properties": dict.fromkeys(NAMES, LONG),
    }
    link.rest("POST", "/runs", body)
    points: list[dict[str, object]] = [
        {"key": key, "value": 0.5, "step": 0}
        for key in [*NAMES, *(f"m{n:03}" for n in range(490))]
    ]
    mixed = [0.5, RUNS_IF_SHOWN, None, "NaN", "-Infinity", 2**60, True]
    points += [{"key": "mixed", "value": v, "step": n} for n, v in enumerate(mixed)]
    batch = {"writer": "w", "sequence": 1, "points": points}
    link.rest("POST", f"/runs/{RUN}/metrics", batch)
    text = "\n\n".join(ATTACKS).replace("\0", "")
    text += f"\n\n{LONG * 4}\n\n![x](file:evil.svg)\n\n" + "long text " * 6000
    link.rest("PATCH", f"/runs/{RUN}", {"description": text[:65_000]})
    for name, data in (("evil.svg", SVG), ("evil.html", HTML), *_named()):
        link.ask("PUT", f"/api/v1/workspaces/default/runs/{RUN}/files/{name}", data)
    return link


def _named() -> Iterator[tuple[str, bytes]]:
    for name in NAMES:
        yield quote(name.replace("/", "_").replace("\\", "_"), safe=""), b"text\n"


@pytest.mark.parametrize("width", [1280, 360])
def test_hostile_input_runs_no_script_and_breaks_no_page(
    owner_page: Page, server: Server, watch: Watch, written: Connection, width: int
) -> None:
    # A sandboxed page is of no origin, so that its icon is refused.
    watch.expect("/favicon.ico")
    page, ran = owner_page, list[str]()
    asked = list[Request]()

    def notice(dialog: Dialog) -> None:
        ran.append(page.url)
        dialog.dismiss()

    def note(request: Request) -> None:
        asked.append(request)

    page.on("dialog", notice)
    page.on("request", note)
    page.set_viewport_size({"width": width, "height": 800})
    for address, shows in PAGES:
        page.goto(server.url + address)
        expect(page.locator(shows).first).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{address} is {wide} px too wide"
    page.goto(f"{server.url}{HERE}")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#description-preview .prose")).to_be_visible()
    for raw in ("evil.svg?inline=1", "evil.html?inline=1"):
        page.goto(f"{server.url}{HERE}files/raw/{raw}")
    here = (server.url, "data:", "blob:")
    # What the policy stopped never left.
    foreign = [r for r in asked if not r.url.startswith(here) and r.failure != "csp"]
    assert ran == []
    assert [request.url for request in foreign] == []
