"""What the tabs of the run page say where the run has nothing for them."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.lifecycle import change_status
from runs.actions.run.run_edits import set_run_tags
from runs.models import Run
from studio.core.statuses import RunStatus
from tests.pages.run.run_page import HTMX, PAGE, browser

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

TABS = ("metrics", "media", "files", "children")
CALLS = {
    "metrics": ("run.log(", "mlflow.log_metric("),
    "media": ("run.log_image(", "mlflow.log_image("),
    "files": ("run.upload_file(", "mlflow.log_artifact("),
    "children": ("run.child_run(", "mlflow.start_run(nested=True"),
}


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("origin", ["sdk", "mlflow", ""])
def test_an_empty_tab_explains_how_to_fill_it(
    browser: Client, run: Run, actor: Actor, now: int, tab: str, origin: str
) -> None:
    if origin == "mlflow":
        set_run_tags(run, {"mlflow.user": "ada"}, actor=actor, now=now)
    if origin == "sdk":
        Run.objects.filter(pk=run.pk).update(heartbeats=True)
    text = browser.get(f"{PAGE}{tab}/").text
    sdk, mlflow = CALLS[tab]
    assert (sdk in text) == (origin != "mlflow")
    assert (mlflow in text) == (origin != "sdk")


@pytest.mark.parametrize("tab", TABS)
def test_an_empty_tab_of_a_finished_run_promises_nothing(
    browser: Client, run: Run, actor: Actor, now: int, tab: str
) -> None:
    address = f"{PAGE}{tab}/"
    assert "while it runs" in browser.get(address).text
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    page = browser.get(address).text
    assert "while it runs" not in page
    assert "has ended" in page
    assert " yet" not in page[page.index('id="empty-state"') :][:400]


def test_a_run_without_children_shows_a_message_for_any_filter(
    browser: Client, run: Run
) -> None:
    for query in ("", "?q=id:nobody"):
        for headers in ({}, HTMX):
            text = browser.get(f"{PAGE}children/{query}", headers=headers).text
            assert "This run has no child runs" in text
            assert "No matching runs" not in text
