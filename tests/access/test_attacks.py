"""What hurt other servers on localhost, tried on the product's real addresses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.files import save_file
from runs.actions.run.runs import create_run
from runs.models import Experiment, File, Role, Run, RunTag, now_ms
from tests.access.people import Team, bearer, browser_of, space, token_of

pytestmark = pytest.mark.django_db

MLFLOW = "/w/lab/api/2.0/mlflow/"
FILES = "/w/lab/api/2.0/mlflow-artifacts/artifacts/"
REST = "/api/v1/workspaces/lab/"


def act(team: Team) -> dict[str, Any]:
    return {"actor": Actor(team.owner), "now": now_ms()}


@pytest.fixture
def run(team) -> Run:
    experiment = create_experiment(team.workspace, "digits", **act(team))
    return create_run(experiment, run_id="first", **act(team))


@pytest.fixture
def secrets(team) -> dict[str, str]:
    users = {"reader": team.reader, "contributor": team.contributor}
    return {name: token_of(user, team.workspace)[1] for name, user in users.items()}


# A page of another site, in the browser of a signed-in user


WRITES = [
    (f"{MLFLOW}experiments/create", {"name": "mine"}),
    (f"{MLFLOW}runs/set-tag", {"run_id": "first", "key": "a", "value": "b"}),
    (f"{REST}experiments", {"name": "mine"}),
    (f"{REST}runs/first/tags", {"tags": {"a": "b"}}),
]


@pytest.mark.parametrize(("path", "body"), WRITES)
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}],
)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json"]
)
def test_a_simple_post_of_another_site_writes_nothing(
    team, run, path, body, headers, kind
):
    victim = browser_of(team.owner, csrf=True)
    answer = victim.generic("POST", path, json.dumps(body), kind, headers=headers)
    assert answer.status_code == 403
    assert not Experiment.objects.filter(name="mine").exists()
    assert not RunTag.objects.filter(run=run).exists()


@pytest.mark.parametrize("path", [f"{MLFLOW}experiments/create", f"{REST}experiments"])
def test_a_preflight_allows_nothing(team, path):
    answer = Client().options(
        path,
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert not [name for name in answer.headers if "access-control" in name.lower()]


@pytest.mark.parametrize(
    "path", [f"{MLFLOW}experiments/search?max_results=1", f"{REST}runs", "/w/lab/runs/"]
)
def test_dns_rebinding_reads_nothing(team, run, path):
    """DNS rebinding: the browser believes that evil.example is this machine."""
    headers = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}
    answer = browser_of(team.owner).get(path, headers=headers)
    assert answer.status_code == 400
    assert "digits" not in answer.text


def test_responses_allow_no_other_site_to_read_them(team, run):
    for path in (f"{REST}runs", "/w/lab/members/", "/sign-in/"):
        headers = {"Origin": "https://evil.example"}
        answer = browser_of(team.owner).get(path, headers=headers)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


# Files

TRICKS = [
    "../../../etc/passwd",
    "a/../../b",
    "..",
    "a/./../b",
    "a//b",
    "/etc/passwd",
    "..\\..\\b",
    "C:/b",
    "a\x00b",
    "a\nb",
    "..%2f..%2fb",
    "%2e%2e/b",
]


def put(secret: str, path: str, body: bytes = b"x") -> Any:
    client = Client(headers=bearer(secret), raise_request_exception=False)
    return client.generic("PUT", path, body, "application/octet-stream")


@pytest.mark.parametrize("path", TRICKS)
def test_no_path_escapes_its_run(run, secrets, path):
    raw = path.replace("\x00", "%00").replace("\n", "%0a")
    answer = put(secrets["contributor"], f"{FILES}1/first/artifacts/{raw}")
    assert answer.status_code in (400, 404)
    assert not File.objects.exists()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("%252e%252e%252fb", "%2e%2e%2fb"),
        ("100%2525.txt", "100%25.txt"),
        ("a%2520b.txt", "a%20b.txt"),
        ("a%20b.txt", "a b.txt"),
    ],
)
def test_a_path_is_decoded_once(run, secrets, sent, kept):
    secret = secrets["contributor"]
    address = f"{FILES}1/first/artifacts/{sent}"
    assert put(secret, address).status_code == 200
    assert File.objects.get().path == kept
    assert Client().get(address, headers=bearer(secret)).status_code == 200


def test_a_reader_cannot_upload(run, secrets):
    answer = put(secrets["reader"], f"{FILES}1/first/artifacts/x.txt")
    assert answer.status_code == 403
    assert not File.objects.exists()


@pytest.mark.parametrize("prefix", ["/w/elsewhere/", "/"])
def test_a_file_can_be_read_only_through_its_own_workspace(team, run, prefix):
    save_file(run, "x.txt", [b"secret"], limit=100, **act(team))
    _token, secret = token_of(team.nonmember, space("elsewhere"))
    path = f"{prefix}api/2.0/mlflow-artifacts/artifacts/1/first/artifacts/x.txt"
    answer = Client().get(path, headers=bearer(secret))
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_a_logged_html_page_runs_no_script(team, run, secrets):
    """An attachment to programs; to browsers a document that may do nothing."""
    html = b"<script>alert(1)</script>"
    save_file(run, "x.html", [html], limit=100, **act(team))
    by_api = Client().get(
        f"{FILES}1/first/artifacts/x.html", headers=bearer(secrets["reader"])
    )
    assert by_api.headers["Content-Disposition"].startswith("attachment")
    by_page = browser_of(team.reader).get("/w/lab/runs/first/files/raw/x.html")
    policy = by_page.headers["Content-Security-Policy"]
    attached = by_page.headers.get("Content-Disposition", "").startswith("attachment")
    assert attached or "sandbox" in policy
    assert "allow-scripts" not in policy
    for answer in (by_api, by_page):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


# Roles


def test_a_reader_cannot_write_by_any_protocol(run, secrets):
    client = Client(headers=bearer(secrets["reader"]))
    for path, body in WRITES:
        answer = client.post(path, json.dumps(body), content_type="application/json")
        assert answer.status_code == 403, path


def test_runs_of_another_workspace_are_not_found(team, run):
    _token, secret = token_of(team.nonmember, space("elsewhere"), cap=Role.OWNER)
    client = Client(headers=bearer(secret))
    for path in (
        "/api/2.0/mlflow/runs/get?run_id=first",
        "/w/elsewhere/api/2.0/mlflow/runs/get?run_id=first",
        "/w/lab/api/2.0/mlflow/runs/get?run_id=first",
        "/api/v1/workspaces/elsewhere/runs/first",
        "/api/v1/workspaces/lab/runs/first",
        "/w/lab/runs/first/",
    ):
        assert client.get(path).status_code == 404, path
