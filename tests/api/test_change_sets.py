"""Every change by REST or an MLflow client stands in the history, with its token."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Change, ChangeSet, Run, RunEvent
from tests.access.people import browser_of
from tests.api.protocol import Mlflow
from tests.api.rest import Rest

#: Method, path, body, and the field that it changes.
BY_REST: list[tuple[str, str, Any, str]] = [
    ("PATCH", "runs/r1", {"name": "new"}, "name"),
    ("PATCH", "runs/r1", {"description": "new"}, "description"),
    ("POST", "runs/r1/tags", {"set": {"seed": "2"}}, "tags.seed"),
    ("POST", "runs/r1/tags", {"remove": ["seed"]}, "tags.seed"),
    ("PUT", "runs/r1/star", None, "starred"),
    ("DELETE", "runs/r1", None, "deleted"),
]
BY_MLFLOW: list[tuple[str, dict[str, Any], str]] = [
    ("runs/update", {"run_name": "new"}, "name"),
    ("runs/set-tag", {"key": "seed", "value": "2"}, "tags.seed"),
    ("runs/delete-tag", {"key": "seed"}, "tags.seed"),
    ("runs/set-tag", {"key": "mlflow.note.content", "value": "new"}, "description"),
    ("runs/delete", {}, "deleted"),
]


def changed(field: str) -> Change:
    change = Change.objects.filter(field=field).latest("pk")
    made: ChangeSet = change.change_set
    assert made.token is not None
    assert (made.token.name, change.run is not None) == ("script", True)
    assert change.before != change.after
    return change


@pytest.mark.parametrize(("method", "path", "body", "field"), BY_REST)
def test_a_change_by_rest_is_a_change_set(
    rest: Rest, method: str, path: str, body: Any, field: str
) -> None:
    rest.new_run(tags={"seed": "1"})
    assert rest.send(method, path, body).status_code < 300
    changed(field)
    history = browser_of(rest.user).get("/w/lab/runs/r1/history/").text
    assert "via token “script”" in history
    assert "undo/" in history


@pytest.mark.parametrize(("path", "body", "field"), BY_MLFLOW)
def test_a_change_by_an_mlflow_client_is_a_change_set(
    rest: Rest, path: str, body: dict[str, Any], field: str
) -> None:
    rest.new_run(tags={"seed": "1"})
    client = Mlflow(rest.client, rest.workspace)
    client.post(path, run_id="r1", **body)
    changed(field)


def test_a_status_change_is_an_event_with_the_token_name(rest: Rest) -> None:
    rest.new_run()
    rest.post("runs/r1/status", status="Completed")
    event = RunEvent.objects.filter(run=Run.objects.get()).latest("pk")
    assert event.token is not None
    assert event.token.name == "script"
