"""The same export is not written again at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.run_list import queue_history_export
from runs.models import ExportState, HistoryExport, User, Workspace
from tests.parts.records import NOON

MINUTE = 60_000


def export(
    workspace: Workspace, actor: Actor, query: str = "q=a", now: int = NOON
) -> int:
    return queue_history_export(workspace, query, "", actor=actor, now=now).pk


def end(key: int, state: ExportState = ExportState.DONE) -> None:
    HistoryExport.objects.filter(pk=key).update(state=state)


@pytest.mark.django_db
def test_a_finished_export_is_given_again_for_a_minute(
    workspace: Workspace, actor: Actor
) -> None:
    first = export(workspace, actor)
    end(first)
    for _request in range(60):
        assert export(workspace, actor, now=NOON + MINUTE) == first
    assert HistoryExport.objects.count() == 1
    assert export(workspace, actor, now=NOON + MINUTE + 1) != first


@pytest.mark.django_db
@pytest.mark.parametrize("state", [ExportState.FAILED, ExportState.STOPPED])
def test_an_export_without_a_file_is_written_again(
    workspace: Workspace, actor: Actor, state: ExportState
) -> None:
    first = export(workspace, actor)
    end(first, state)
    assert export(workspace, actor) != first


@pytest.mark.django_db
def test_other_filters_members_and_clocks_have_exports_of_their_own(
    workspace: Workspace, actor: Actor
) -> None:
    first = export(workspace, actor)
    end(first)
    other = Actor(User.objects.create(username="other"))
    # A clock that was set back must not give an export of the future.
    found = {
        first,
        export(workspace, actor, "q=b"),
        export(workspace, other),
        export(workspace, actor, now=NOON - 1),
    }
    assert len(found) == 4


@pytest.mark.usefixtures("committed")
def test_requests_at_the_same_time_create_one_export(
    workspace: Workspace, actor: Actor
) -> None:
    def request(_number: int) -> int:
        try:
            return export(workspace, actor)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(request, range(16)))
    assert len(found) == 1
