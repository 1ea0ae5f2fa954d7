"""A public link shows real charts to a visitor, who is not signed in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.parts.owner_token import owner_token
from tests.parts.server import Server
from tests.parts.wire import Connection


def test_a_visitor_sees_charts_with_legend_and_values(
    page: Page, list_server: Server
) -> None:
    link = Connection(list_server)
    secret = owner_token(list_server.home, list_server.environment)
    link.headers["Authorization"] = f"Bearer {secret}"
    charts = "line!metrics.acc,bar!metrics.acc"
    state = {"columns": "name,metrics.acc", "charts": charts}
    body = {"name": "Shared charts", "shared": True, "state": state}
    slug = link.rest("POST", "/views", {**body, "experiment": "digits"})["slug"]
    address = link.rest("POST", "/public-links", {"view": slug})["link"]
    page.goto(address)
    plots = page.locator(".shared-charts .js-plotly-plot")
    expect(plots).to_have_count(2)
    expect(plots.first.locator(".trace").first).to_be_visible()
    line = page.locator(".shared-charts .chart").first
    expect(line.locator(".legend span")).to_have_count(10)
    expect(line.get_by_role("table")).to_be_hidden()
    line.get_by_text("Values").click()
    expect(line.get_by_role("table")).to_be_visible()
    expect(page.get_by_text("shared this page. Read-only, until")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 800})
    expect(plots.last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    link.rest("DELETE", f"/views/{slug}")
