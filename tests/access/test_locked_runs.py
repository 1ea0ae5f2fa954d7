"""A locked run is read-only on every address; its own script goes on until it ends."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.actions.account import create_run_token
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_file
from runs.actions.run import create_run, describe_run, set_run_tags
from runs.actions.run_rows import lock_run
from runs.models import (
    ApiToken,
    Change,
    ChangeSet,
    File,
    Role,
    Run,
    RunTag,
    Workspace,
    now_ms,
)
from studio.core.statuses import RunStatus
from tests.access.people import bearer, browser_of, make_member, space, token_of
from tests.access.table import TABLE
from tests.pages.rows import HTMX

pytestmark = pytest.mark.usefixtures("db")
REST = "api/v1/workspaces/<str:workspace>/runs/<str:run_id>"
PAGE = "w/<str:workspace>/runs/<str:run_id>/"
MLFLOW = "api/2.0/mlflow/"
ARTIFACTS = "api/2.0/mlflow-artifacts/"
ARTIFACT = f"{ARTIFACTS}artifacts/<path:address>"
POINT = {"key": "loss", "value": 1.0, "timestamp": 1, "step": 0}
WRITER = f"{REST}/writers/<str:writer>"
BATCH = {"writer": "w1", "sequence": 0}
COUNTS = {"points": 0, "files": 0, "stored_files": 0, "log_bytes": 0}


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("train.py", "pass")
    return target.getvalue()


#: Each request that edits a run, and what it sends: JSON, bytes, or a form of a page.
REFUSED: dict[tuple[str, str], Any] = {
    ("PATCH", REST): {"name": "other"},
    ("DELETE", REST): None,
    ("PUT", f"{REST}/files/<path:path>"): b"new",
    ("PATCH", f"{REST}/files/<path:path>"): b"more",
    ("DELETE", f"{REST}/files/<path:path>"): None,
    ("POST", f"{REST}/metrics"): {
        **BATCH,
        "points": [{"key": "a", "value": 1, "time": 1}],
    },
    ("POST", f"{REST}/params"): {"params": {"a": "1"}},
    ("POST", f"{REST}/properties"): {"properties": {"a": "1"}},
    ("PUT", f"{REST}/snapshot"): zipped(),
    ("POST", f"{REST}/tags"): {"set": {"a": "1"}},
    ("POST", f"{REST}/uploads"): {"path": "big.bin", "size": 3},
    ("PUT", WRITER): COUNTS,
    ("POST", f"{WRITER}/rows"): {"first": 0, "rows": [["a", 1, 1, 0]]},
    ("POST", f"{MLFLOW}runs/delete"): {},
    ("POST", f"{MLFLOW}runs/delete-tag"): {"key": "stage"},
    ("POST", f"{MLFLOW}runs/log-batch"): {"metrics": [POINT]},
    ("POST", f"{MLFLOW}runs/log-inputs"): {},
    ("POST", f"{MLFLOW}runs/log-metric"): POINT,
    ("POST", f"{MLFLOW}runs/log-model"): {
        "model_json": json.dumps(
            dict.fromkeys(("artifact_path", "utc_time_created", "flavors"), "m")
            | {"run_id": "first"}
        )
    },
    ("POST", f"{MLFLOW}runs/log-parameter"): {"key": "a", "value": "1"},
    ("POST", f"{MLFLOW}runs/outputs"): {},
    ("POST", f"{MLFLOW}runs/set-tag"): {"key": "a", "value": "1"},
    ("POST", f"{MLFLOW}runs/update"): {"run_name": "other"},
    ("POST", f"{MLFLOW}upload-artifact"): b"new",
    ("PUT", ARTIFACT): b"new",
    ("DELETE", ARTIFACT): None,
    ("POST", f"{ARTIFACTS}mpu/create/<path:address>"): {
        "path": "out.txt",
        "num_parts": 1,
    },
    ("POST", f"{PAGE}archive/"): {"on": "1"},
    ("POST", f"{PAGE}color/"): {"color": "3"},
    ("POST", f"{PAGE}description/"): {"text": "other"},
    ("POST", f"{PAGE}description/versions/restore/"): {"version": "{first}"},
    ("POST", f"{PAGE}files/delete/"): {"path": "out.txt"},
    ("POST", f"{PAGE}name/"): {"name": "other"},
    ("POST", f"{PAGE}row/name/"): {"name": "other"},
    ("POST", f"{PAGE}row/tags/"): {"tag": "a"},
    ("POST", f"{PAGE}tags/"): {"tag": "a"},
    ("POST", f"{PAGE}trash/"): {},
    ("POST", f"{PAGE}undo/<int:number>/"): {},
}
#: What a lock leaves alone, and why.
ALLOWED = {
    "stars are of one member": [f"{REST}/star", f"{PAGE}star/"],
    "notifications are of one member": [f"{REST}/follow", f"{PAGE}follow/"],
    "comments are about a run, and change nothing of it": [
        f"{REST}/comments",
        f"{PAGE}comments/",
    ],
    "statuses can change": [
        *(f"{REST}/{end}" for end in ("cancel", "cancel/signals", "status")),
        *(f"{PAGE}{end}/" for end in ("cancel", "finish", "force", "stop")),
    ],
    "signs of life and the queue of an attempt": [
        *(f"{REST}/{end}" for end in ("heartbeat", "job", "queue", "sweep", "waiting")),
        f"{REST}/token",
    ],
    "other runs are created": [
        *(f"{REST}/{end}" for end in ("children", "resubmit")),
        f"{PAGE}resubmit/",
    ],
    "restoring from the trash": [
        f"{REST}/restore",
        f"{PAGE}restore/",
        f"{MLFLOW}runs/restore",
    ],
    "purging needs the trash, and has a test of its own": [f"{REST}/purge"],
    "the lock itself": [f"{PAGE}lock/"],
    "needs a picture; the action is tested below": [f"{PAGE}description/pictures/"],
    "the same as of any change": [f"{PAGE}undo/"],
    "of an upload, which no run has yet": [
        f"{REST}/snapshot/known",
        f"{REST}/uploads/<str:upload>",
        f"{REST}/uploads/<str:upload>/complete",
        f"{REST}/uploads/<str:upload>/pieces/<int:offset>",
        *(f"{ARTIFACTS}mpu/{end}/<path:address>" for end in ("abort", "complete")),
        f"{ARTIFACTS}mpu-parts/<str:signed>",
    ],
    "no run is named yet, or none changes": [
        f"{MLFLOW}runs/create",
        f"{MLFLOW}runs/search",
    ],
}


def unsafe_addresses() -> Iterator[tuple[str, str]]:
    about = (f"{MLFLOW}runs/", f"{MLFLOW}upload", ARTIFACTS, REST, PAGE)
    for route, entry in TABLE.items():
        if route.startswith(about):
            for method in set(entry.needs) - {"GET", "HEAD"}:
                yield method, route


def test_every_address_of_a_run_is_listed() -> None:
    allowed = {route for some in ALLOWED.values() for route in some}
    listed = {(m, r) for m, r in unsafe_addresses() if r in allowed} | set(REFUSED)
    assert set(unsafe_addresses()) == listed


@pytest.fixture
def locked(files_dir: Path) -> Run:
    del files_dir
    lab = space()
    anna = Actor(make_member(lab, "anna", Role.CONTRIBUTOR))
    home = create_experiment(lab, "digits", actor=SERVER, now=now_ms())
    run = create_run(home, run_id="first", actor=anna, now=now_ms())
    set_run_tags(run, {"stage": "draft"}, actor=anna, now=now_ms())
    for text in ("first", "second"):
        describe_run(run, text, actor=anna, now=now_ms())
    save_file(run, "out.txt", [b"old"], actor=anna, now=now_ms(), limit=9)
    return lock_run(run, actor=anna, now=now_ms())


@pytest.mark.parametrize(("method", "route"), REFUSED)
def test_a_locked_run_is_refused_to_owners_too(
    locked: Run, method: str, route: str
) -> None:
    client = browser_of(make_member(locked.workspace, "boss", Role.OWNER))
    answer = send(client, locked, method, route)
    # The undo of a run answers with a toast.
    said = answer.content.decode() + answer.headers.get("HX-Trigger", "")
    assert "locked by anna" in said
    assert 400 <= answer.status_code < 500 or "undo" in route
    stored = Run.objects.get()
    assert (stored.revision, stored.updated) == (locked.revision, locked.updated)
    assert File.objects.filter(replaced=None).get().path == "out.txt"


def send(client: Client, run: Run, method: str, route: str) -> Any:
    body = REFUSED[method, route]
    fill = {
        "<str:workspace>": "lab",
        "<str:run_id>": "first",
        "<str:writer>": "w1",
        "<path:path>": "out.txt",
        "<path:address>": f"{run.experiment.number}/first/artifacts",
        "<int:number>": str(
            ChangeSet.objects.filter(action="describe run").latest("pk").pk
        ),
    }
    path = f"/{route}" if route.startswith(("w/", "api/v1")) else f"/w/lab/{route}"
    for name, value in fill.items():
        path = path.replace(name, value)
    if route == f"{REST}/files/<path:path>" and method == "PATCH":
        path += "?offset=3"
    if route.endswith("upload-artifact"):
        path += "?run_uuid=first&path=out.txt"
    if route == ARTIFACT:
        path += "/out.txt"
    if route.startswith(PAGE):
        first = Change.objects.filter(field="description").earliest("pk").pk
        sent = {name: text.format(first=first) for name, text in body.items()}
        return client.post(path, sent, headers=HTMX, follow=True)
    if isinstance(body, bytes):
        return client.generic(method, path, body, "application/octet-stream")
    if route.startswith(f"{MLFLOW}runs/"):
        body = {"run_id": "first", **body}
    return client.generic(method, path, json.dumps(body or {}), "application/json")


@pytest.fixture
def script(files_dir: Path) -> tuple[Client, ApiToken]:
    """A client with the token that created the run `first`, which bo locked."""
    del files_dir
    lab = space()
    token, secret = token_of(make_member(lab, "anna", Role.CONTRIBUTOR), lab)
    client = Client(headers=bearer(secret))
    post(client, "", {"id": "first", "experiment": "digits"}, 201)
    bo = Actor(make_member(lab, "bo", Role.CONTRIBUTOR))
    lock_run(Run.objects.get(), actor=bo, now=now_ms())
    return client, token


def post(client: Client, path: str, body: Any, status: int = 200) -> Any:
    address = f"/api/v1/workspaces/lab/runs{path}"
    answer = client.post(address, json.dumps(body), "application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def put(client: Client, name: str) -> int:
    address = f"/api/v1/workspaces/lab/runs/first/files/{name}"
    answer: Any = client.generic("PUT", address, name + str(now_ms()), "text/plain")
    return int(answer.status_code)


def test_its_own_script_goes_on_until_it_ends(script: tuple[Client, ApiToken]) -> None:
    client, _token = script
    point = {"key": "loss", "value": 1, "time": 1}
    post(client, "/first/tags", {"set": {"stage": "late"}})
    post(client, "/first/metrics", {**BATCH, "points": [point]})
    assert put(client, "a.txt") == put(client, "a.txt") == 200
    post(client, "/first/status", {"status": "Completed"})
    # What was logged before still arrives; what is stored stays.
    post(client, "/first/metrics", {**BATCH, "sequence": 1, "points": [point]})
    assert (put(client, "b.txt"), put(client, "a.txt")) == (200, 409)
    error = post(client, "/first/tags", {"set": {"stage": "x"}}, 409)["error"]
    assert error["locked_by"] == "bo"
    assert RunTag.objects.get().value == "late"
    # Resuming it would make it editable.
    answer = client.post(
        "/w/lab/api/2.0/mlflow/runs/update",
        json.dumps({"run_id": "first", "status": "RUNNING"}),
        "application/json",
    )
    assert "locked by bo" in answer.json()["message"]
    assert Run.objects.get().state is RunStatus.COMPLETED


def test_another_script_of_its_submitter_does_not(
    script: tuple[Client, ApiToken],
) -> None:
    anna = ApiToken.objects.select_related("user").get().user
    _token, secret = token_of(anna, Workspace.objects.get())
    other = Client(headers=bearer(secret))
    for path, body in (
        ("tags", {"set": {"a": "1"}}),
        ("params", {"params": {"a": "1"}}),
    ):
        error = post(other, f"/first/{path}", body, 409)["error"]
        assert error["locked_by"] == "bo"
    assert not RunTag.objects.exists()


def test_owners_and_who_locked_it_can_unlock_it(locked: Run) -> None:
    lab = locked.workspace
    page, rest = "/w/lab/runs/first/", "/api/v1/workspaces/lab/runs/first"
    bo = browser_of(make_member(lab, "bo", Role.CONTRIBUTOR))
    assert "This run is locked by anna since" in bo.get(page).text
    assert bo.post(f"{page}lock/", {"on": "0"}).status_code == 403
    body = json.dumps({"locked": False})
    assert bo.patch(rest, body, "application/json").status_code == 403
    stored = bo.get(rest).json()
    assert (stored["locked"], stored["locked_by"]) == (True, "anna")
    assert stored["locked_since"] == locked.locked_since
    anna = browser_of(locked.locked_by)
    anna.post(f"{page}lock/", {"on": "0"})
    assert not Run.objects.get().locked
    bo.post(f"{page}lock/")
    boss = browser_of(make_member(lab, "boss", Role.OWNER))
    assert boss.patch(rest, body, "application/json").json()["locked_by"] is None
    reader = browser_of(make_member(lab, "rea", Role.READER))
    assert reader.post(f"{page}lock/").status_code == 403


def test_the_token_of_a_run_neither_locks_nor_unlocks(
    script: tuple[Client, ApiToken],
) -> None:
    """A script could change its locked run once it has ended."""
    anna, run = script[1].user, Run.objects.get()
    assert anna is not None
    client = Client(headers=bearer(create_run_token(run, anna)))
    Run.objects.update(locked_by=anna)
    for on in (False, True):
        answer = client.patch(
            "/api/v1/workspaces/lab/runs/first",
            json.dumps({"locked": on}),
            "application/json",
        )
        assert (answer.status_code, Run.objects.get().locked) == (403, True)
