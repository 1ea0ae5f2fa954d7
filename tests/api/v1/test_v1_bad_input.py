"""Bad input at every endpoint: a coded error that names the field, nothing stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from runs.api.v1.openapi import list_operations, readable_path
from runs.models import Role, View
from tests.api.rest import Rest, rest_client
from tests.api.v1.bodies import (
    compute_bodies,
    registry_bodies,
    sharing_bodies,
    upload_bodies,
    view_bodies,
)

RUN, EXPERIMENT = "runs/r1", "experiments/1"
#: A body that is right, for every operation that takes one.
RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create_experiment": ("POST", "experiments", {"name": "new"}),
    "change_experiment": ("PATCH", EXPERIMENT, {"name": "new"}),
    "edit_experiment_tags": ("POST", f"{EXPERIMENT}/tags", {"set": {"k": "v"}}),
    "create_run": ("POST", "runs", {"experiment": "digits", "id": "new"}),
    "create_children": ("POST", f"{RUN}/children", {"children": [{"id": "c1"}]}),
    "deliver_rows": ("POST", f"{RUN}/writers/w/rows", {"first": 0, "rows": [["m", 1]]}),
    "close_writer": (
        "PUT",
        f"{RUN}/writers/w",
        {"points": 0, "files": 0, "stored_files": 0, "log_bytes": 0},
    ),
    "change_run": ("PATCH", RUN, {"name": "new"}),
    "change_status": ("POST", f"{RUN}/status", {"status": "Completed"}),
    "cancel_run": ("POST", f"{RUN}/cancel", {"children": True}),
    "report_cancel_signal": (
        "POST",
        f"{RUN}/cancel/signals",
        {"signal": "SIGINT", "time": 5},
    ),
    "log_params": ("POST", f"{RUN}/params", {"params": {"k": "v"}}),
    "add_properties": ("POST", f"{RUN}/properties", {"properties": {"k": "v"}}),
    "edit_tags": ("POST", f"{RUN}/tags", {"set": {"k": "v"}}),
    "log_metrics": (
        "POST",
        f"{RUN}/metrics",
        {"writer": "w", "sequence": 0, "points": [{"key": "m", "value": 1.0}]},
    ),
    "change_runs": ("POST", "bulk", {"action": "archive", "ids": ["r1"]}),
    "change_many_experiments": (
        "POST",
        "experiments/bulk",
        {"action": "tag", "ids": [1], "tags": {"k": "v"}},
    ),
    "create_token": ("POST", "/api/v1/tokens", {"name": "new", "workspace": "lab"}),
    **view_bodies.RIGHT,
    **compute_bodies.RIGHT,
    **registry_bodies.RIGHT,
    **sharing_bodies.RIGHT,
    **upload_bodies.RIGHT,
}
LONG = "x" * 70_000


def point(**more: Any) -> dict[str, Any]:
    one = {"key": "m", "value": 1.0, **more}
    return {"writer": "w", "sequence": 0, "points": [{"key": "a", "value": 1}, one]}


#: Operation, what differs from the right body, and the field that is named.
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("create_experiment", {"name": 5}, "name"),
    ("create_experiment", {"name": ""}, "name"),
    ("create_experiment", {"name": "x" * 501}, "name"),
    ("create_experiment", {"name": "a\x00"}, "name"),
    ("create_experiment", {"name": None}, "name"),
    ("create_experiment", {"tags": {"k": 1}}, "tags[...]"),
    ("create_experiment", {"tags": {"k" * 256: "v"}}, "tags key"),
    ("create_experiment", {"description": LONG}, "description"),
    ("create_experiment", {"colour": "red"}, "colour"),
    ("change_experiment", {"name": "\x00"}, "name"),
    ("change_experiment", {"description": 5}, "description"),
    ("edit_experiment_tags", {"set": {"k": LONG}}, "tags.k"),
    ("edit_experiment_tags", {"remove": "k"}, "remove"),
    ("edit_experiment_tags", {"remove": ["a\x00"]}, "remove"),
    ("create_run", {"id": "not an id"}, "id"),
    ("create_run", {"id": "x" * 257}, "id"),
    ("create_run", {"id": ""}, "id"),
    ("create_run", {"id": "a\x00"}, "id"),
    ("create_run", {"experiment": None}, "experiment"),
    ("create_run", {"experiment_id": 1}, "experiment"),
    ("create_run", {"experiment": "x" * 501}, "experiment"),
    ("create_run", {"name": "x" * 501}, "name"),
    ("create_run", {"name": "\x00"}, "name"),
    ("create_run", {"status": "Bogus"}, "status"),
    ("create_run", {"status": 5}, "status"),
    ("create_run", {"started": -1}, "started"),
    ("create_run", {"started": 1.5}, "started"),
    ("create_run", {"started": 2**63}, "started"),
    ("create_run", {"parent": "../x"}, "parent"),
    ("create_run", {"parent": "new"}, "parent_run_id"),
    ("create_run", {"params": {"k": 1}}, "params[...]"),
    ("create_run", {"params": {"k": None}}, "params[...]"),
    ("create_run", {"params": {"k": LONG}}, "params.k"),
    ("create_run", {"properties": {"": "v"}}, "properties key"),
    ("create_run", {"tags": {"k": "\x00"}}, "tags.k"),
    ("create_run", {"heartbeats": "yes"}, "heartbeats"),
    ("create_run", {"script": "x" * 2001}, "script"),
    ("create_run", {"type": "x" * 101}, "type"),
    ("create_run", {"target": "\x00"}, "target"),
    ("create_children", {"children": [{"id": "a b"}]}, "children.id"),
    ("create_children", {"children": [{}]}, "children[0].id"),
    ("create_children", {"children": [{"id": "c"}] * 101}, "children"),
    ("deliver_rows", {"first": -1}, "first"),
    ("deliver_rows", {"rows": [[5, 1]]}, "rows[0][0]"),
    ("close_writer", {"points": -1}, "points"),
    ("change_run", {"name": ""}, "name"),
    ("change_run", {"description": LONG}, "description"),
    ("change_status", {"status": None}, "status"),
    ("change_status", {"message": LONG}, "message"),
    ("change_status", {"message": "\x00"}, "message"),
    ("change_status", {"ended": -1}, "ended"),
    ("change_status", {"ended": 2**70}, "ended"),
    ("cancel_run", {"children": "yes"}, "children"),
    ("cancel_run", {"force": 1}, "force"),
    ("cancel_run", {"kill": "no"}, "kill"),
    ("report_cancel_signal", {"signal": "SIGHUP"}, "signal"),
    ("report_cancel_signal", {"signal": "sigint"}, "signal"),
    ("report_cancel_signal", {"time": -1}, "time"),
    ("report_cancel_signal", {"time": 2**63}, "time"),
    ("create_run", {"launcher": "agent"}, "launcher"),
    ("change_status", {"launcher": 1}, "launcher"),
    ("log_params", {"params": {"k": 0.1}}, "params[...]"),
    ("log_params", {"params": {"a": "1", "k": LONG}}, "params.k"),
    ("log_params", {"params": {"a": "1", "k" * 256: "1"}}, "params key"),
    ("log_params", {"params": ["k"]}, "params"),
    ("add_properties", {"properties": {"a": "1", "k": "\x00"}}, "properties.k"),
    ("edit_tags", {"set": {"a": "1", "k\x00": "1"}}, "tags key"),
    ("edit_tags", {"remove": [5]}, "remove[0]"),
    ("edit_tags", {"remove": ["x" * 256]}, "remove"),
    *view_bodies.WRONG,
    *compute_bodies.WRONG,
    *registry_bodies.WRONG,
    *sharing_bodies.WRONG,
    *upload_bodies.WRONG,
    ("log_metrics", {"writer": ""}, "writer"),
    ("log_metrics", {"writer": "x" * 65}, "writer"),
    ("log_metrics", {"writer": "\x00"}, "writer"),
    ("log_metrics", {"sequence": 2**63}, "sequence"),
    ("log_metrics", {"sequence": "0"}, "sequence"),
    ("log_metrics", {"points": {}}, "points"),
    ("log_metrics", point(key="k" * 256), "points[1].key"),
    ("log_metrics", point(key=""), "points[1].key"),
    ("log_metrics", point(key="a\x00b"), "points[1].key"),
    ("log_metrics", point(key=None), "points[1].key"),
    ("log_metrics", point(step=2**63), "points[1].step"),
    ("log_metrics", point(step=-(2**63) - 1), "points[1].step"),
    ("log_metrics", point(step=1.5), "points[1].step"),
    ("log_metrics", point(step="1"), "points[1].step"),
    ("log_metrics", point(time=-1), "points[1].time"),
    ("log_metrics", point(time=2**63), "points[1].time"),
    ("log_metrics", point(value=[1]), "points[1].value"),
    ("log_metrics", point(value={}), "points[1].value"),
    ("log_metrics", point(value=LONG), "points[1].value"),
    ("log_metrics", point(value="\x00"), "points[1].value"),
    ("log_metrics", point(value=2**5000), "points[1].value"),
    ("log_metrics", point(colour="red"), "points[1].colour"),
    ("create_token", {"name": 5}, "name"),
    ("create_token", {"workspace": None}, "workspace"),
    ("create_token", {"role": "admin"}, "role"),
    ("create_token", {"days": 0}, "days"),
]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Rest]:
    """Runs and a view for all tests: what a test changes is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        rest = rest_client()
        rest.new_run("r1")
        made = rest.ok("POST", "views", {"name": "View"}, 201)
        View.objects.filter(slug=made["slug"]).update(slug=view_bodies.SLUG)
        compute_bodies.prepare(rest)
        registry_bodies.prepare(rest)
        upload_bodies.prepare()
        yield rest
        transaction.set_rollback(True)


@pytest.fixture
def rest(scene: Rest, db: None) -> Rest:
    return scene


def stored() -> dict[str, list[Any]]:
    """Everything in every table, but when the token was last used."""
    models = [m for m in apps.get_app_config("runs").get_models() if m._meta.managed]
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in models
        if model.__name__ != "ApiToken"
    }


def test_every_operation_with_a_body_is_tested() -> None:
    with_body = {op.name for _, _, op in list_operations() if op.body is not None}
    elsewhere = {*compute_bodies.RIGHT_OF_OWNERS, *compute_bodies.RIGHT_OF_AGENTS}
    # They need something that can be undone.
    elsewhere |= {"undo_change", "undo_latest", *sharing_bodies.RIGHT_ELSEWHERE}
    assert with_body == set(RIGHT) | elsewhere


@pytest.mark.parametrize("name", RIGHT)
def test_the_valid_body_is_accepted(rest: Rest, name: str) -> None:
    answer = rest.send(*RIGHT[name])
    assert answer.status_code in (200, 201, 202), answer.content


@pytest.mark.parametrize(("name", "change", "field"), WRONG)
def test_an_invalid_value_is_named_and_nothing_is_stored(
    rest: Rest, name: str, change: dict[str, Any], field: str
) -> None:
    method, path, right = RIGHT[name]
    before = stored()
    status, error = rest.refused(method, path, {**right, **change})
    assert (status, error["field"]) == (400, field), error
    assert error["code"] in ("InvalidValue", "InvalidName")
    assert stored() == before


NOT_JSON = [
    b"not json",
    b"{",
    b'{"a": 1,}',
    b'{"value": NaN}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"name": "\xff"}',
    b'{"name": "\\ud800"}',
    b"[" * 100_000,
    b'{"name": ' + b"9" * 10_000 + b"}",
    b"[]",
    b'"text"',
    b"null",
    b"5",
]


@pytest.mark.parametrize("name", RIGHT)
def test_invalid_json_is_refused(rest: Rest, name: str) -> None:
    method, path, _ = RIGHT[name]
    before = stored()
    for raw in NOT_JSON:
        status, error = rest.refused(method, path, raw)
        assert status == 400, raw[:40]
        assert error["code"] in ("InvalidRequest", "InvalidValue")
    assert stored() == before


KINDS = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
]


@pytest.mark.parametrize("name", RIGHT)
def test_another_type_or_encoding_is_refused(rest: Rest, name: str) -> None:
    method, path, body = RIGHT[name]
    before = stored()
    raw = json.dumps(body).encode()
    for kind in KINDS:
        status, error = rest.refused(method, path, raw, kind)
        assert (status, error["code"]) == (400, "InvalidRequest"), kind
    assert stored() == before


def test_a_body_over_the_limit_is_refused(rest: Rest, settings: Any) -> None:
    settings.MAX_BODY = 100
    status, error = rest.refused("POST", "experiments", {"name": "x" * 200})
    assert (status, error["code"]) == (413, "TooLarge")


#: Each operation on a run or experiment that is not there.
UNKNOWN = [
    (operation.method, readable_path(path), operation.name)
    for _, path, operation in list_operations()
    if "run_id" in path or "number" in path
]


@pytest.mark.parametrize(("method", "path", "name"), UNKNOWN)
def test_an_unknown_id_is_not_found(
    rest: Rest, method: str, path: str, name: str
) -> None:
    owner = rest_client("lab", Role.OWNER)
    filled = path.removeprefix("workspaces/{workspace}/")
    filled = re.sub(r"\{(key|path|writer|upload)\}", "k", filled)
    filled = filled.replace("{offset}", "0")
    filled += {"append_file": "?offset=0", "search_log_lines": "?q=x"}.get(name, "")
    body = RIGHT[name][2] if name in RIGHT else sharing_bodies.RIGHT_ELSEWHERE.get(name)
    before = stored()
    for unknown in ("nosuch", "a%00b", "%2e%2e", "x" * 300, "%ff", "é", "77", "9" * 20):
        address = re.sub(r"\{(run_id|number)\}", unknown, filled)
        status, error = owner.refused(method, address, body)
        assert (status, error["code"]) == (404, "NotFound"), unknown
    assert stored() == before


@pytest.mark.parametrize("workspace", ["nosuch", "a%00b", "LAB", "x" * 100])
def test_an_unknown_workspace_is_not_found(rest: Rest, workspace: str) -> None:
    answer = rest.client.get(f"/api/v1/workspaces/{workspace}/runs")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NotFound"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("runs/r1/metrics/m?limit=x", "limit"),
        ("runs/r1/metrics/m?limit=1", "limit"),
        ("runs/r1/metrics/m?start=1.5", "start"),
        ("runs/r1/metrics/m?start=99999999999999999999", "start"),
        ("runs/r1/metrics/a%00b", "key"),
        ("runs/r1/files?folder=../x", "folder"),
        ("runs/r1/files?after=x", "after"),
        ("runs/r1/files?limit=0", "limit"),
        ("experiments?deleted=perhaps", "deleted"),
        ("experiments?after=x", "after"),
        ("experiments?limit=100000", "limit"),
        ("experiments?name=%00", "name"),
        ("runs?parent=%00", "parent"),
    ],
)
def test_an_invalid_query_parameter_is_named(rest: Rest, path: str, field: str) -> None:
    rest.points("r1", {"key": "m", "value": 1.0})
    status, error = rest.refused("GET", path)
    assert (status, error["code"] in ("InvalidValue", "InvalidName")) == (400, True)
    assert error["field"] == field
