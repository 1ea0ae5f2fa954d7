"""axe-core finds nothing on any page, in light and dark, wide and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.e2e.list.places import PHONE, PLACES, WIDE, Place
from tests.e2e.list.rich import (
    delete_registered_model,
    queued_run,
    registered_model,
    rich_run,
    shared_view,
)
from tests.parts.browser import Watch, new_context
from tests.parts.server import Server
from tests.parts.wire import Connection

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
#: Only colors change with the theme.
THEMES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}
#: Removes rows and items with the structure of others: looking at them costs seconds
#: and finds nothing new. Texts, addresses and names are not structure.
SHORTEN = r"""
() => {
    const kept = "class|style|role|type|aria-(?!label|desc|controls)";
    const named = new RegExp(` (?!${kept})[\\w:-]+="[^"]+"`, "g");
    const structure = (element) => element.outerHTML
        .replace(/>[^<]+</g, ">text<")
        .replace(named, (found) => found.slice(0, found.indexOf("=")));
    const parts = (element) => element.matches("tr")
        ? [element.cloneNode(), ...element.children]
            .map((part, position) => `${position} ${structure(part)}`)
        : [structure(element)];
    for (const parent of document.querySelectorAll("tbody, ul, ol, select, g")) {
        const seen = new Set();
        for (const child of [...parent.children]) {
            const found = parts(child);
            const isNew = found.some((part) => !seen.has(part));
            found.forEach((part) => seen.add(part));
            if (!isNew && !child.contains(document.activeElement)) child.remove();
        }
    }
}
"""
RUN = """
options => axe.run(document, {resultTypes: ["violations"], ...options}).then(
    ({violations}) => violations.flatMap(({id, help, nodes}) =>
        nodes.map((node) => `${id}: ${help}: ${node.html}\n${node.failureSummary}`)))
"""


@pytest.fixture(scope="module")
def rich(list_server: Server) -> Iterator[dict[str, str]]:
    run, view = rich_run(list_server), shared_view(list_server)
    queued = queued_run(list_server)
    model = registered_model(list_server, run)
    yield {"run": run, "view": view, "queued": queued, "model": model}
    delete_registered_model(list_server, model)
    Connection(list_server).rest("POST", f"/runs/{queued}/cancel")
    Connection(list_server).rest("DELETE", f"/runs/{queued}")
    Connection(list_server).rest("DELETE", f"/runs/{run}")
    Connection(list_server).rest("DELETE", f"/views/{view}")


@pytest.fixture(scope="module")
def looked_at(
    browser: Browser, list_server: Server, list_state: StorageState
) -> Iterator[Page]:
    """One page for all looks; nothing moves on it."""
    context = new_context(browser, Watch(), state=list_state, base=list_server.url)
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    yield page
    context.close()


@pytest.mark.sample(20)
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_axe_finds_no_accessibility_problems(
    place: Place, looked_at: Page, rich: dict[str, str]
) -> None:
    page, path = looked_at, place.path.format(**rich)
    resize(page, place.widths[0], "light")
    answer = page.goto(path if path.startswith("/") else f"/w/default/{path}")
    assert answer is not None
    assert answer.status == place.status
    if place.act:
        place.act(page)
    page.evaluate(AXE)
    page.evaluate(SHORTEN)
    found = []
    for width in place.widths:
        for theme, options in THEMES.items():
            resize(page, width, theme)
            said = page.evaluate(RUN, options)
            found += [f"{width} {theme}: {each}" for each in said]
    assert not found, "\n".join(found)


def resize(page: Page, width: int, theme: Any) -> None:
    assert width in (WIDE, PHONE)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)
