"""The main job, whole: a plain MLflow script logs, a person finds the run and looks."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.parts.clients import VERSIONS, run_module
from tests.parts.server import Server


@pytest.mark.sample(1)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_logged_run_is_found_by_search_and_shows_its_chart_and_files(
    server: Server, owner_page: Page, version: str
) -> None:
    name = f"digits-{uuid.uuid4().hex[:8]}"
    run_module(version, "tests.e2e.train_digits", name, env=server.environment)

    page = owner_page
    page.goto(f"{server.url}/w/default/runs/")
    page.locator("#q").fill(name)
    page.locator("#q").press("Enter")
    rows = page.locator("#run-table tbody tr")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_text("Completed").first).to_be_visible()

    page.get_by_role("link", name="Metrics").first.click()
    expect(page.locator(".js-plotly-plot .trace").first).to_be_visible()

    page.get_by_role("link", name="Outputs + logs").first.click()
    page.get_by_role("link", name="notes.txt").click()
    expect(page.get_by_text("learned to read digits")).to_be_visible()


def test_the_printed_link_opens_the_run(server: Server, owner_page: Page) -> None:
    said = run_module(
        VERSIONS[-1], "tests.e2e.client_script", "run_tree", env=server.environment
    )
    [link] = re.findall(r"View run child at: (\S+)", said)
    owner_page.goto(link)
    expect(owner_page.get_by_role("heading", name="child")).to_be_visible()
    owner_page.goto("about:blank")
    owner_page.goto(link.split("/runs/")[0])
    expect(owner_page.get_by_role("heading", name="client")).to_be_visible()
