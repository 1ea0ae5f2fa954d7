"""The page of background tasks: what it says, and its buttons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import BackgroundTask, Role, Run, RunTag, TaskState, Workspace
from runs.pages.bulk import bulk_plan
from runs.pages.undo import undo as undo_pages
from tests.access.people import browser_of, make_member
from tests.actions.background_tasks.working import do_background_tasks
from tests.pages.rows import ALL, HTMX
from tests.parts.elements import every, hrefs, texts

pytestmark = pytest.mark.django_db
TASKS = "/w/default/tasks/"
ARCHIVE = "/w/default/list/bulk/archive/?selected=a,b,c"


@pytest.fixture
def abc(log: Any, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    monkeypatch.setattr(bulk_plan, "LARGE_CHANGE", 2)
    monkeypatch.setattr(undo_pages, "LARGE_CHANGE", 2)
    return [log(name) for name in "abc"]


def work() -> None:
    do_background_tasks(0)


def page(visitor: Client) -> str:
    return " ".join(texts(visitor.get(TASKS), "#tasks")[0].split())


def buttons(visitor: Client) -> list[str]:
    found = every(visitor.get(TASKS), "#tasks button")
    return [str(each.attributes["formaction"]) for each in found]


def test_a_large_change_leads_to_its_progress_and_is_undone(
    visitor: Client, abc: list[Run]
) -> None:
    assert "No background tasks yet" in page(visitor)
    dialog = visitor.get(ARCHIVE, headers=HTMX)
    assert "This continues in the background" in dialog.text
    answer = visitor.post(ARCHIVE)
    listed = visitor.get(answer["Location"])
    assert "3 runs are changed in the background" in listed.text
    task = BackgroundTask.objects.get()
    assert f"{TASKS}#task-{task.pk}" in hrefs(listed, ".toast a")
    assert "Archive runs Queued" in page(visitor)
    assert "0 of 3 runs" in page(visitor)
    work()
    assert "Archive runs Done" in page(visitor)
    assert "3 runs changed" in page(visitor)
    [undo] = buttons(visitor)
    Run.objects.filter(run_id="a").update(archived=None)
    undone = visitor.post(undo, headers=HTMX)
    assert "background" in undone.headers["HX-Trigger"]
    work()
    assert "2 values restored" in page(visitor)
    assert "1 value was restored already" in page(visitor)
    assert not Run.objects.exclude(archived=None).exists()


def test_a_stopped_task_says_so(visitor: Client, abc: list[Run]) -> None:
    visitor.post(ARCHIVE)
    [stop] = buttons(visitor)
    assert visitor.post(stop)["Location"] == TASKS
    assert "Archive runs Stopped" in page(visitor)
    assert buttons(visitor) == []
    visitor.post(stop)
    assert "It had ended already." in visitor.get(TASKS).text


def test_values_that_were_changed_since_are_shown_and_overwritten(
    visitor: Client, abc: list[Run], workspace: Workspace
) -> None:
    visitor.post("/w/default/list/bulk/tag/?selected=a,b,c", {"add": "stage: final"})
    work()
    [undo] = buttons(visitor)
    RunTag.objects.filter(run=abc[1]).update(value="mine")
    # Without a script the page itself comes back.
    assert visitor.post(undo, {"next": TASKS})["Location"] == TASKS
    work()
    said = page(visitor)
    assert "1 value was changed since" in said
    assert "bstage–mine" in said
    assert buttons(visitor).count(undo) == 2
    visitor.post(undo, {"anyway": "1"})
    work()
    assert not RunTag.objects.exists()


def test_members_see_all_tasks_and_change_what_their_role_allows(
    visitor: Client, abc: list[Run], workspace: Workspace
) -> None:
    visitor.post(ARCHIVE)
    bo = browser_of(make_member(workspace, "bo", Role.CONTRIBUTOR))
    rita = browser_of(make_member(workspace, "rita", Role.READER))
    assert "0 of 3 runs" in page(bo)
    assert buttons(bo) == []
    task = BackgroundTask.objects.get()
    assert bo.post(f"{TASKS}{task.pk}/stop/").status_code == 403
    work()
    assert (len(buttons(bo)), buttons(rita)) == (1, [])


def test_an_error_is_shown(visitor: Client, abc: list[Run]) -> None:
    visitor.post(ARCHIVE)
    BackgroundTask.objects.update(state=TaskState.FAILED, error="The disk is <full>.")
    assert "Failed" in page(visitor)
    assert "The disk is <full>." in page(visitor)


def test_many_tasks_are_paged_with_the_same_queries(
    visitor: Client, abc: list[Run]
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            visitor.get(TASKS, headers=HTMX)
        return len(captured)

    visitor.post(ARCHIVE)
    # The first request remembers the workspace and more.
    count()
    one = count()
    task = BackgroundTask.objects.get()
    for _ in range(60):
        task.pk = None
        task.state = TaskState.DONE
        task.save(force_insert=True)
    assert count() == one
    assert len(every(visitor.get(TASKS), "li.task")) == 50
    [older] = [h for h in hrefs(visitor.get(TASKS), "#tasks .pages a") if "before" in h]
    assert len(every(visitor.get(f"{TASKS}{older}"), "li.task")) == 11


def test_an_unchanged_page_is_not_sent_again(visitor: Client, abc: list[Run]) -> None:
    visitor.post(ARCHIVE)
    etag = visitor.get(TASKS, headers=HTMX).headers["ETag"]
    known = {**HTMX, "If-None-Match": etag}
    assert visitor.get(TASKS, headers=known).status_code == 304
    work()
    assert visitor.get(TASKS, headers=known).status_code == 200
    assert visitor.get(ALL).status_code == 200


def test_work_of_the_server_is_shown_without_a_stop(
    visitor: Client, workspace: Workspace
) -> None:
    rows = BackgroundTask.objects
    known: dict[str, Any] = {"workspace": workspace, "created": 0, "total": 2048}
    running = {**known, "state": TaskState.RUNNING, "position": 1024}
    task = rows.create(kind="log_index", action="index logs", **running)
    rows.create(kind="purge", action="purge", state="done", changed=2, **known)
    said = page(visitor)
    assert "Purge the trash Done" in said
    assert "2 runs purged" in said
    assert "Index logs for search Running" in said
    assert "1.0 KB of 2.0 KB" in said
    assert buttons(visitor) == []
    assert visitor.post(f"{TASKS}{task.pk}/stop/").status_code == 409


def test_an_export_is_opened_by_who_requested_it_and_stopped_by_an_owner(
    visitor: Client, workspace: Workspace, files_dir: Path
) -> None:
    address = visitor.post("/w/default/exports/?q=").headers["Location"]
    assert address in hrefs(visitor.get(TASKS), "#tasks a")
    other = browser_of(make_member(workspace, "rita", Role.OWNER))
    assert address not in hrefs(other.get(TASKS), "#tasks a")
    [stop] = buttons(other)
    other.post(stop)
    assert "The export was stopped." in visitor.get(address).text
