"""The receipt on the run's page."""

from __future__ import annotations

from django.test import Client

from tests.api.rest import Rest


def page(rest: Rest) -> str:
    browser = Client()
    browser.force_login(rest.user)
    shown = browser.get(f"/w/{rest.workspace.name}/runs/r1/").content.decode()
    return " ".join(shown.split())


def log(rest: Rest, *, sent: int) -> None:
    rest.new_run()
    if sent:
        rows = [["loss", 1.0]] * 3
        rest.post("runs/r1/writers/w1/rows", first=0, rows=rows)
    body = {"points": sent, "files": 0, "stored_files": 0, "log_bytes": 0}
    rest.ok("PUT", "runs/r1/writers/w1", body)


def test_a_complete_receipt_shows_all_stored(rest: Rest) -> None:
    log(rest, sent=3)
    assert "3 points, all stored" in page(rest)


def test_a_writer_that_logged_nothing_has_stored_nothing(rest: Rest) -> None:
    log(rest, sent=0)
    assert '<dd id="run-receipt">nothing </dd>' in page(rest)


def test_missing_values_are_highlighted(rest: Rest) -> None:
    log(rest, sent=5)
    assert "5 points, <strong>2 points missing</strong>" in page(rest)


def test_a_run_of_another_client_has_no_receipt(rest: Rest) -> None:
    rest.new_run()
    assert "run-receipt" not in page(rest)
