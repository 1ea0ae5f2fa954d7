"""Actions on all runs that match, where more match than can be selected."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.models import BackgroundTask, Role, Run, RunTag, Workspace
from runs.pages.bulk import bulk_plan
from runs.pages.run_list import selection_form
from tests.access.people import browser_of, make_member
from tests.actions.background_tasks.working import do_background_tasks
from tests.pages.rows import HTMX
from tests.parts.elements import hrefs, texts

pytestmark = pytest.mark.django_db
LIST = "/w/default/runs/?q=tag%3Ateam"


@pytest.fixture
def four(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection_form, "MAX_SELECTED", 3)
    monkeypatch.setattr(bulk_plan, "LARGE_CHANGE", 2)
    monkeypatch.setattr(bulk_plan, "MAX_PLANNED", 3)
    monkeypatch.setattr(bulk_plan, "PLANNED_OF_MORE", 2)
    for name in "abcd":
        log(name, tags={"team": "vision"})
    log("child", parent="a")
    log("other")


def link(visitor: Client, action: str, address: str = LIST) -> str:
    [found] = hrefs(visitor.get(f"{address}&selected=a"), f"#matching-{action}")
    return found


def work() -> None:
    do_background_tasks(0)


def archived() -> set[str]:
    return set(Run.objects.exclude(archived=None).values_list("run_id", flat=True))


def test_all_that_matched_are_changed_with_their_children_and_no_later_run(
    visitor: Client, four: None, log: Any
) -> None:
    tray = visitor.get(f"{LIST}&selected=a")
    assert texts(tray, "#pick-matching summary") == ["All 4 matching runs"]
    archive = link(visitor, "archive")
    log("later", tags={"team": "vision"})
    dialog = visitor.get(archive, headers=HTMX)
    assert texts(dialog, "h2") == ["Archive 4 runs"]
    assert "These counts are of the first 2 runs." in dialog.text
    assert "with all their child runs" in dialog.text
    visitor.post(archive, {"asked": "1", "below": "1"})
    work()
    assert archived() == {"a", "b", "c", "d", "child"}


def test_without_the_check_box_child_runs_stay(visitor: Client, four: None) -> None:
    visitor.post(link(visitor, "archive"), {"asked": "1"})
    work()
    assert archived() == {"a", "b", "c", "d"}


def test_relative_times_count_from_when_the_runs_were_chosen(
    visitor: Client, four: None
) -> None:
    path = link(visitor, "star", "/w/default/runs/?q=created:-9000d")
    later = path.rpartition(".")[0] + ".9000000000000"
    assert texts(visitor.get(path, headers=HTMX), "h2") == ["Star 5 runs"]
    assert texts(visitor.get(later, headers=HTMX), "h2") == ["Star 0 runs"]


def test_tags_and_names_of_all_matching_runs(visitor: Client, four: None) -> None:
    visitor.post(link(visitor, "tag"), {"add": "seen: yes", "tag.team": "remove"})
    work()
    assert RunTag.objects.filter(key__name="seen").count() == 4
    assert not RunTag.objects.filter(key__name="team").exists()
    assert BackgroundTask.objects.get().total == 4


def test_a_damaged_bound_is_refused_and_readers_get_stars_only(
    visitor: Client, four: None
) -> None:
    damaged = link(visitor, "archive").rpartition("=")[0] + "=1.x"
    assert visitor.get(damaged, headers=HTMX).status_code == 400
    reader = make_member(Workspace.objects.get(name="default"), "rita", Role.READER)
    page = browser_of(reader).get(f"{LIST}&selected=a")
    assert texts(page, "#pick-matching .menu-item") == ["Star", "Remove star"]
