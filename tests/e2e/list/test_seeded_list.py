"""The list's browser tests stand on the runs that they know."""

from playwright.sync_api import Page, expect


def test_all_sixty_runs_are_listed(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/?children=1&flat=1&rows=100")
    expect(runs_page.locator("#run-table tbody tr")).to_have_count(60)


def test_roots_of_matches_are_shown_without_a_script(plain_page: Page) -> None:
    plain_page.goto("/w/default/runs/")
    expect(plain_page.locator(".table-tools")).to_contain_text("54")
