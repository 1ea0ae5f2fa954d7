"""What the tokens of runs and agents can do, at every address of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from runs.actions.account import create_agent_token, create_run_token
from runs.actions.actor import Actor
from runs.actions.run import create_run, purge_run, trash_run
from runs.models import ApiToken, ComputeTarget, Member, Role, Run, now_ms
from tests.access.entries import AGENT, READER, Row
from tests.access.people import bearer, make_member, space
from tests.access.table import SPACE, TABLE
from tests.access.test_every_url import Scene, make_scene, path_of, send
from tests.api.v1.test_v1_bad_input import RIGHT

ONE = f"api/v1/{SPACE}/runs/<str:run_id>"
LOGGED = "api/2.0/mlflow"
#: In addition to reading, what the token of a run can do, in any tree and in its own.
ALLOWED = {
    ("api/v1/fields", "GET"),
    ("api/v1/workspaces", "GET"),
    (f"api/v1/{SPACE}/experiments", "POST"),
    (f"api/v1/{SPACE}/runs", "POST"),
    (f"api/v1/{SPACE}/models", "POST"),
}
IN_TREE = {
    (ONE, "PATCH"),
    (f"{ONE}/status", "POST"),
    (f"{ONE}/cancel", "POST"),
    (f"{ONE}/cancel/signals", "POST"),
    (f"{ONE}/children", "POST"),
    (f"{ONE}/params", "POST"),
    (f"{ONE}/properties", "POST"),
    (f"{ONE}/tags", "POST"),
    (f"{ONE}/metrics", "POST"),
    (f"{ONE}/files/<path:path>", "PUT"),
    (f"{ONE}/files/<path:path>", "PATCH"),
    (f"{ONE}/files/<path:path>", "DELETE"),
    (f"{ONE}/uploads", "POST"),
    (f"{ONE}/uploads/<str:upload>", "DELETE"),
    (f"{ONE}/uploads/<str:upload>/pieces/<int:offset>", "PUT"),
    (f"{ONE}/uploads/<str:upload>/complete", "POST"),
    (f"{ONE}/writers/<str:writer>", "PUT"),
    (f"{ONE}/writers/<str:writer>/rows", "POST"),
    (f"{ONE}/heartbeat", "POST"),
    (f"{ONE}/snapshot", "PUT"),
    (f"{ONE}/snapshot/known", "POST"),
    (f"{ONE}/token", "POST"),
    (f"{ONE}/queue", "POST"),
    (f"{ONE}/waiting", "POST"),
    (f"api/v1/{SPACE}/models/<str:name>/versions", "POST"),
}
MLFLOW_ALLOWED = {
    (f"{LOGGED}/experiments/create", "POST"),
    (f"{LOGGED}/runs/create", "POST"),
    (f"{LOGGED}/runs/update", "POST"),
    (f"{LOGGED}/runs/log-metric", "POST"),
    (f"{LOGGED}/runs/log-parameter", "POST"),
    (f"{LOGGED}/runs/log-batch", "POST"),
    (f"{LOGGED}/runs/set-tag", "POST"),
    (f"{LOGGED}/runs/delete-tag", "POST"),
    (f"{LOGGED}/runs/log-model", "POST"),
    (f"{LOGGED}/runs/log-inputs", "POST"),
    (f"{LOGGED}/runs/outputs", "POST"),
    (f"{LOGGED}/logged-models", "POST"),
    (f"{LOGGED}/logged-models/<str:model_id>", "PATCH"),
    (f"{LOGGED}/logged-models/<str:model_id>/tags", "PATCH"),
    (f"{LOGGED}/logged-models/<str:model_id>/tags/<path:key>", "DELETE"),
    (f"{LOGGED}/logged-models/<str:model_id>/params", "POST"),
    (f"{LOGGED}/registered-models/create", "POST"),
    (f"{LOGGED}/model-versions/create", "POST"),
    (f"{LOGGED}/upload-artifact", "POST"),
    (f"{LOGGED}-artifacts/mpu/create/<path:address>", "POST"),
    (f"{LOGGED}-artifacts/mpu/complete/<path:address>", "POST"),
    (f"{LOGGED}-artifacts/mpu/abort/<path:address>", "POST"),
    (f"{LOGGED}-artifacts/artifacts/<path:address>", "PUT"),
    (f"{LOGGED}-artifacts/artifacts/<path:address>", "DELETE"),
}
for prefix in ("", "w/<str:workspace>/"):
    for api in ("", "ajax-"):
        ALLOWED |= {(prefix + api + route, verb) for route, verb in MLFLOW_ALLOWED}
#: For an agent's token, in addition to what only agents can do.
AGENT_ALLOWED = {("api/v1/fields", "GET"), ("api/v1/workspaces", "GET")}
REFUSED = {401, 403, 404, 405, 501}


@dataclass
class Callers:
    """Clients with the token of `first`, of another tree, and of an agent."""

    scene: Scene
    inside: Client
    outside: Client
    agent: Client


def client_with(secret: str) -> Client:
    return Client(headers=bearer(secret), raise_request_exception=False)


@pytest.fixture(scope="module")
def callers(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Callers]:
    with django_db_blocker.unblock(), transaction.atomic():
        scene = make_scene()
        team = scene.team
        first = Run.objects.get(run_id="first")
        other = create_run(
            first.experiment, run_id="other", actor=Actor(team.owner), now=now_ms()
        )
        target = ComputeTarget.objects.create(
            workspace=team.workspace, name="gpu", created=now_ms()
        )
        _token, secret = create_agent_token(team.owner, target, "node", now=now_ms())
        yield Callers(
            scene,
            client_with(create_run_token(first, team.owner)),
            client_with(create_run_token(other, team.owner)),
            client_with(secret),
        )
        transaction.set_rollback(True)


def status_of(client: Client, scene: Scene, route: str, method: str) -> int:
    path = path_of(route, TABLE[route], scene.fill)
    return int(send(client, method, path).status_code)


def reads(entry: Row, method: str) -> bool:
    need = entry.needs.get("GET" if method == "HEAD" else method)
    return need in (READER, "public") and (
        method in ("GET", "HEAD") or (entry.is_api and need == READER)
    )


def every_step() -> Iterator[tuple[str, str, Row]]:
    for route, entry in sorted(TABLE.items()):
        for method in entry.needs:
            yield route, method, entry


@pytest.mark.django_db
def test_a_run_token_can_do_only_what_is_listed(callers: Callers) -> None:
    wrong = []
    for route, method, entry in every_step():
        found = status_of(callers.inside, callers.scene, route, method)
        if (route, method) in ALLOWED | IN_TREE:
            missing = {404} if 404 in entry.also else set()
            is_wrong = found in REFUSED - missing
        else:
            is_wrong = not reads(entry, method) and found not in REFUSED | {302}
        if is_wrong:
            wrong.append((method, route, found))
    assert wrong == []


@pytest.mark.django_db
def test_a_run_token_of_another_tree_changes_nothing(callers: Callers) -> None:
    wrong = []
    for route, method, entry in every_step():
        if (route, method) in ALLOWED or reads(entry, method):
            continue
        found = status_of(callers.outside, callers.scene, route, method)
        # An empty body can be refused before; the next test sends whole ones.
        if found not in REFUSED | {302, 400}:
            wrong.append((method, route, found))
    assert wrong == []


@pytest.mark.django_db
def test_whole_bodies_for_a_run_of_another_tree_are_refused(callers: Callers) -> None:
    wrong = []
    for name, (method, path, body) in RIGHT.items():
        if path.startswith("runs/r1"):
            address = f"/api/v1/workspaces/lab/{path.replace('r1', 'first', 1)}"
            found = callers.outside.generic(
                method, address, json.dumps(body), "application/json"
            )
            if found.status_code != 403:
                wrong.append((name, found.status_code))
    assert wrong == []


@pytest.mark.django_db
def test_an_agent_token_can_only_serve(callers: Callers) -> None:
    wrong = []
    for route, method, entry in every_step():
        need = entry.needs[method]
        found = status_of(callers.agent, callers.scene, route, method)
        if (route, method) in AGENT_ALLOWED:
            is_wrong = found != 200
        else:
            is_open = need == AGENT or (need == "public" and method == "GET")
            is_wrong = not is_open and found not in REFUSED | {302}
        if is_wrong:
            wrong.append((method, route, found))
    assert wrong == []


ARTIFACT = "api/2.0/mlflow-artifacts/artifacts/1/first/artifacts/new.txt"
FOREIGN = [
    ("POST", "runs/update", {"run_id": "first", "run_name": "x"}),
    ("POST", "runs/log-metric", {"run_id": "first", "key": "a", "value": 1}),
    ("POST", "runs/log-parameter", {"run_id": "first", "key": "a", "value": "1"}),
    ("POST", "runs/log-batch", {"run_id": "first"}),
    ("POST", "runs/set-tag", {"run_id": "first", "key": "a", "value": "1"}),
    ("POST", "runs/delete-tag", {"run_id": "first", "key": "a"}),
    ("POST", "runs/log-model", {"run_id": "first", "model_json": "{}"}),
    ("POST", "runs/log-inputs", {"run_id": "first"}),
    ("POST", "runs/outputs", {"run_id": "first"}),
    ("POST", "logged-models", {"experiment_id": "1", "source_run_id": "first"}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
def test_mlflow_calls_reach_only_the_tree(
    callers: Callers, method: str, path: str, body: dict[str, object]
) -> None:
    address = f"/w/lab/api/2.0/mlflow/{path}"
    with transaction.atomic():
        answer = callers.outside.generic(
            method, address, json.dumps(body), "application/json"
        )
        transaction.set_rollback(True)
    assert answer.status_code == 403, answer.content
    assert b"tree" in answer.content


def put(client: Client, path: str) -> int:
    return int(client.put(path, b"text", "application/octet-stream").status_code)


@pytest.mark.django_db
def test_a_file_of_another_tree_is_safe(callers: Callers) -> None:
    assert put(callers.outside, f"/w/lab/{ARTIFACT}") == 403


def new_run(client: Client, **body: object) -> tuple[int, dict[str, Any]]:
    body = {"experiment": "digits", **body}
    answer = client.post(
        "/api/v1/workspaces/lab/runs", body, content_type="application/json"
    )
    return answer.status_code, answer.json()


@pytest.mark.django_db
def test_a_new_run_becomes_a_child_of_the_tokens_run(callers: Callers) -> None:
    status, made = new_run(callers.inside, id="child")
    assert (status, made["parent"]) == (201, "first")
    # Repeating the request returns the same run.
    assert new_run(callers.inside, id="child") == (200, made)
    assert new_run(callers.inside, parent="child")[1]["root"] == "first"


@pytest.mark.django_db
@pytest.mark.parametrize("parent", ["other", "unknown-yet"])
def test_a_new_run_cannot_join_another_tree(callers: Callers, parent: str) -> None:
    status, answer = new_run(callers.inside, parent=parent)
    assert (status, answer["error"]["code"]) == (403, "PermissionDenied")


@pytest.mark.django_db
def test_a_run_keeps_to_its_tree_by_tags_too(callers: Callers) -> None:
    new_run(callers.inside, id="child")
    body = {"run_id": "first", "key": "mlflow.parentRunId", "value": "other"}
    answer = callers.inside.post(
        "/w/lab/api/2.0/mlflow/runs/set-tag", body, content_type="application/json"
    )
    assert answer.status_code == 403


@pytest.mark.django_db
def test_a_run_token_ends_seven_days_after_its_root(callers: Callers) -> None:
    week = 7 * 24 * 3600 * 1000
    url = "/api/v1/workspaces/lab/runs/first"
    first = Run.objects.filter(run_id="first")
    first.update(ended=now_ms() - week + 60_000)
    assert callers.inside.get(url).status_code == 200
    first.update(ended=now_ms() - week - 1)
    assert callers.inside.get(url).status_code == 401


@pytest.mark.django_db
def test_a_purged_root_ends_its_tokens(callers: Callers) -> None:
    run = Run.objects.get(run_id="other")
    actor = Actor(callers.scene.team.owner)
    trash_run(run, actor=actor, now=now_ms())
    purge_run(run, actor=actor, now=now_ms())
    assert not ApiToken.objects.filter(kind="run", root_run=run.pk).exists()
    url = "/api/v1/workspaces/lab/runs"
    assert callers.outside.get(url).status_code == 401


@pytest.mark.django_db
def test_a_run_token_follows_its_users_role(callers: Callers) -> None:
    Member.objects.filter(user=callers.scene.team.owner).update(role=Role.READER)
    assert new_run(callers.inside)[0] == 403
    url = "/api/v1/workspaces/lab/runs/first"
    assert callers.inside.get(url).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["inside", "agent"])
def test_scoped_tokens_see_only_their_workspace(callers: Callers, who: str) -> None:
    elsewhere = space("third")
    Member.objects.create(
        workspace=elsewhere, user=callers.scene.team.owner, role=Role.OWNER
    )
    make_member(elsewhere, "stranger", Role.READER)
    client = getattr(callers, who)
    found = client.get("/api/v1/workspaces").json()["workspaces"]
    assert [one["name"] for one in found] == ["lab"]
    assert client.get("/api/v1/workspaces/third/runs").status_code in (403, 404)


@pytest.mark.django_db
def test_a_run_token_registers_files_of_its_tree_alone(callers: Callers) -> None:
    address = "/api/v1/workspaces/lab/models/net/versions"
    body = json.dumps({"source": "runs:/first/out.txt"})
    statuses = [
        client.generic("POST", address, body, "application/json").status_code
        for client in (callers.outside, callers.inside)
    ]
    assert statuses == [403, 201]
