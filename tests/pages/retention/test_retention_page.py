"""Retention rules on the page *Storage*: the form, its dry run, the saved rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.files import save_file
from runs.actions.run.runs import create_run
from runs.models import RetentionRule, Run, now_ms
from studio.core.statuses import RunStatus
from tests.access.people import Team, browser_of, make_team
from tests.parts.elements import every, one

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

PAGE = "/w/lab/storage/"
SAVE, LIST = f"{PAGE}retention/save/", f"{PAGE}retention/dry-run/"
DAY = 86_400_000


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def owner_browser(team: Team) -> Client:
    return browser_of(team.owner)


def old_run(team: Team, name: str, size: int = 0, *, days: int = 100) -> Run:
    actor, then = Actor(team.owner), now_ms() - days * DAY
    place = create_experiment(team.workspace, f"of {name}", actor=actor, now=then)
    run = create_run(place, name=name, actor=actor, now=then)
    if size:
        save_file(run, "last.pt", [b"x" * size], actor=actor, now=then, limit=10_000)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.COMPLETED.code, ended=then)
    return run


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def test_a_dry_run_names_the_largest_runs_and_all_in_a_list(
    team: Team, owner_browser: Client
) -> None:
    for n in range(5):
        old_run(team, f"run {n}", 1000 + n)
    locked = old_run(team, "locked", 5000)
    Run.objects.filter(pk=locked.pk).update(locked=True)
    query = {"what": "checkpoints", "rule": "ended:<-90d"}
    page = text_of(owner_browser.get(PAGE, query))
    assert one(page, "#retention-plan b").text == "Dry run: 5 files, 5 KB in 5 runs"
    assert "1 locked" in page
    shown = [link.text for link in every(page, ".retention-runs a")]
    assert shown == ["run 4", "run 3", "run 2"]
    listed = text_of(owner_browser.get(LIST, query))
    assert len(every(listed, ".dry-run-table tbody tr")) == 5
    assert "locked" not in [a.text for a in every(listed, ".dry-run-table a")]
    # Nothing was changed.
    assert Run.objects.filter(deleted__isnull=False).count() == 0


def test_the_form_says_what_is_wrong_with_a_filter(owner_browser: Client) -> None:
    page = text_of(owner_browser.get(PAGE, {"what": "runs", "rule": "status:"}))
    assert every(page, "#retention-problem")
    answer = owner_browser.post(SAVE, {"what": "runs", "rule": "status:"}, follow=True)
    assert every(text_of(answer), "#retention-problem")
    answer = owner_browser.post(SAVE, {"what": "runs", "rule": ""}, follow=True)
    assert "would delete every run" in text_of(answer)
    assert not RetentionRule.objects.exists()
    for q in ("status:", ""):
        assert owner_browser.get(LIST, {"rule": q}).status_code == 400


def test_a_rule_is_saved_edited_switched_deleted_and_restored(
    owner_browser: Client,
) -> None:
    sent = {"what": "logs", "rule": "ended:<-365d"}
    page = text_of(owner_browser.post(SAVE, sent, follow=True))
    assert "Rule saved" in page
    rule = RetentionRule.objects.get()
    assert (rule.kind, rule.q) == ("logs", "ended:<-365d")
    page = text_of(owner_browser.get(PAGE, {"edit": rule.pk}))
    [box] = every(page, "#retention-rule")
    assert box["value"] == "ended:<-365d"
    owner_browser.post(SAVE, {**sent, "what": "media", "edit": rule.pk})
    rule.refresh_from_db()
    assert rule.kind == "media"
    at = f"{PAGE}retention/{rule.pk}/"
    owner_browser.post(f"{at}enable/", {"on": "0"})
    assert not RetentionRule.objects.get().is_enabled
    page = text_of(owner_browser.post(f"{at}delete/", follow=True))
    assert not every(page, ".retention-rule")
    page = text_of(owner_browser.post(f"{at}restore/", follow=True))
    assert every(page, ".retention-rule")
    assert owner_browser.post(f"{PAGE}retention/999/delete/").status_code == 404


def test_others_see_the_rules_without_a_form(team: Team, owner_browser: Client) -> None:
    owner_browser.post(SAVE, {"what": "logs", "rule": "ended:<-365d"})
    reader = browser_of(team.reader)
    page = text_of(reader.get(PAGE, {"what": "runs", "rule": "ended:<-1d"}))
    assert every(page, ".retention-rule")
    assert not every(page, "#retention-rule")
    assert not every(page, "#retention-plan")
