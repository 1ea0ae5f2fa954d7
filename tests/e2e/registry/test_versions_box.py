"""The box that filters the versions of a model, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.list.live.held import Held
from tests.parts.server import Server
from tests.parts.wire import Connection

PAGE = "/w/default/models/typed/"


@pytest.fixture
def page_of_model(server: Server) -> str:
    link = Connection(server)
    link.rest("POST", "/runs", {"id": "typed-run", "experiment": "Default"})
    link.call("POST", "/registered-models/create", {"name": "typed"})
    source = {"name": "typed", "source": "runs:/typed-run/model"}
    for _version in range(2):
        link.call("POST", "/model-versions/create", source)
    alias = {"name": "typed", "alias": "champion", "version": "1"}
    link.call("POST", "/registered-models/alias", alias)
    return server.url + PAGE


def test_what_is_typed_during_an_answer_stays_and_is_found(
    page_of_model: str, owner_page: Page
) -> None:
    owner_page.goto(page_of_model)
    held = Held(owner_page, lambda request: "q=" in request.url)
    box = owner_page.locator("#q")
    box.press_sequentially("nosuch")
    held.wait(1)
    box.fill("champion")
    held.answer(held.routes[0])
    held.wait(1)
    held.release()
    expect(owner_page.locator("td.name")).to_have_text(["Version 1"])
    expect(box).to_have_value("champion")
    expect(box).to_be_focused()
    assert owner_page.url == f"{page_of_model}?q=champion"
