"""The list's address asked by scripts and terminals: the same rows and columns."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from runs.actions.account.tokens import create_token
from runs.actions.actor import Actor
from runs.models import Role, Run, Workspace
from studio.core.statuses import RunStatus
from tests.pages.rows import ALL, names

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}
CSV = {"Accept": "text/csv"}
TEXT = {"Accept": "text/plain"}
QUERY = {"columns": "name,status,tags,params.lr,metrics.acc,duration,created"}


def sheet(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def rename(run: Run, name: str) -> None:
    """To any name, those too that are refused."""
    Run.objects.filter(pk=run.pk).update(name=name)


@pytest.fixture
def runs(log: Any) -> None:
    done = RunStatus.COMPLETED
    log("a", acc=0.5, tags={"m": "x", "w": None}, params={"lr": "=1+1"}, status=done)
    rename(log("b", acc=float("nan")), "蒸馏")
    log("c", acc=float("inf"), params={"lr": "-0.1"})


def test_every_format_has_the_rows_and_columns_of_the_page(
    visitor: Client, runs: None
) -> None:
    shown = names(visitor.get(ALL, QUERY))
    body = visitor.get(ALL, QUERY, headers=JSON).json()
    assert [row["name"] for row in body["rows"]] == shown == ["c", "蒸馏", "a"]
    assert body["columns"] == ["id", *QUERY["columns"].split(",")]
    assert [row["name"] for row in sheet(visitor.get(ALL, QUERY, headers=CSV))] == shown
    lines = visitor.get(ALL, QUERY, headers=TEXT).text.splitlines()
    assert [line.split()[1] for line in lines[1:]] == shown


def test_rows_of_children_name_their_parents(visitor: Client, log: Any) -> None:
    log("p")
    log("c", parent="p")
    query = {"children": "1", "tree": "p", "columns": "name"}
    rows = visitor.get(ALL, query, headers=JSON).json()["rows"]
    assert rows == [{"id": "p", "name": "p"}, {"id": "c", "name": "c", "parent": "p"}]
    flat = visitor.get(ALL, {**query, "flat": "1"}, headers=CSV)
    assert {row["name"]: row["parent"] for row in sheet(flat)} == {"p": "", "c": "p"}
    lines = visitor.get(ALL, query, headers=TEXT).text.splitlines()
    assert [line.split()[-1] for line in lines] == ["run", "–", "p"]
    assert "parent" not in visitor.get(ALL, headers=JSON).json()["columns"]


def test_json_gives_values_as_the_rest_api_does(visitor: Client, runs: None) -> None:
    answer = visitor.get(ALL, QUERY, headers=JSON)
    assert answer.headers["Content-Type"] == "application/json"
    assert "Accept" in answer.headers["Vary"]
    infinite, nan, plain = answer.json()["rows"]
    assert infinite["metrics.acc"] == "Infinity"
    assert nan["metrics.acc"] == "NaN"
    assert plain == {
        "id": "a",
        "name": "a",
        "status": "Completed",
        "tags": {"m": "x", "w": None},
        "params.lr": "=1+1",
        "metrics.acc": 0.5,
        "duration": 90_000,
        "created": plain["created"],
    }
    assert answer.json()["total"] == 3


def test_no_cell_of_a_sheet_is_a_formula(visitor: Client, runs: None) -> None:
    answer = visitor.get(ALL, QUERY, headers=CSV)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    negative, _, plain = sheet(answer)
    assert plain["params.lr"] == "'=1+1"
    assert negative["params.lr"] == "-0.1"
    assert plain["duration"] == "90.0"
    assert plain["created"] == "2026-11-24T12:00:00.000Z"
    assert plain["tags"] == "m: x, w"


def test_text_is_aligned_by_the_columns_of_a_terminal(
    visitor: Client, log: Any
) -> None:
    rename(log("a", acc=0.5), "蒸馏")
    rename(log("b", acc=12.25), "\x1b[31mred")
    answer = visitor.get(ALL, {"columns": "name,metrics.acc"}, headers=TEXT)
    head, red, distilled = answer.text.splitlines()
    assert "\x1b" not in answer.text
    assert red.index("12.25") + 5 == len(head)
    # Each of the two characters takes two columns of a terminal.
    assert len(distilled) + 2 == len(head)


def test_the_next_page_is_in_the_link_header_and_the_cursor(
    visitor: Client, log: Any
) -> None:
    for number in range(30):
        log(f"r{number:02}")
    seen: list[str] = []
    query: dict[str, str] = {"rows": "25"}
    first = visitor.get(ALL, query, headers=JSON)
    assert first.headers["Link"].endswith('rel="next"')
    assert first.headers["Link"].startswith("<http://testserver/w/default/runs/?rows")
    while True:
        body = visitor.get(ALL, query, headers=JSON).json()
        seen += [row["name"] for row in body["rows"]]
        if not body["after"]:
            break
        query["after"] = body["after"]
    assert seen == [f"r{number:02}" for number in reversed(range(30))]
    assert 'rel="prev"' in visitor.get(ALL, query, headers=TEXT).headers["Link"]


@pytest.mark.parametrize("headers", [JSON, CSV, TEXT])
def test_errors_have_the_requested_format(
    visitor: Client, runs: None, headers: dict[str, str]
) -> None:
    answer = visitor.get(ALL, {"q": "colour = red"}, headers=headers)
    assert answer.status_code == 400
    assert "InvalidFilter" in answer.text
    assert "<html" not in answer.text
    refused = Client().get(ALL, headers=headers)
    assert refused.status_code == 401
    assert "SignInRequired" in refused.text
    nowhere = visitor.get("/w/nowhere/runs/", headers=headers)
    assert nowhere.status_code == 404
    assert "<html" not in nowhere.text


def test_invalid_parts_of_the_address_give_a_notice(
    visitor: Client, runs: None
) -> None:
    query = {"columns": "name,nmae"}
    [notice] = visitor.get(ALL, query, headers=JSON).json()["notices"]
    assert "nmae" in notice
    assert "nmae" in visitor.get(ALL, query, headers=TEXT).text.splitlines()[-1]


@pytest.mark.parametrize("headers", [CSV, TEXT])
def test_csv_responses_report_problems_in_a_header(
    visitor: Client, runs: None, headers: dict[str, str]
) -> None:
    query = {"columns": "name,nmae\n蒸馏"}
    answer = visitor.get(ALL, query, headers=headers)
    body = visitor.get(ALL, query, headers=JSON)
    assert json.loads(answer.headers["X-Studio-Notice"]) == body.json()["notices"]
    assert "X-Studio-Notice" not in body.headers
    assert "X-Studio-Notice" not in visitor.get(ALL, headers=headers).headers
    many = {"columns": ",".join(f"wrong{n}" for n in range(190))}
    notice = visitor.get(ALL, many, headers=headers).headers["X-Studio-Notice"]
    assert len(notice) <= 3000
    assert "more" in json.loads(notice)[-1]


@pytest.mark.parametrize(
    "accept",
    ["*/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "a/b"],
)
def test_browsers_get_the_page(visitor: Client, runs: None, accept: str) -> None:
    assert "<html" in visitor.get(ALL, headers={"Accept": accept}).text


def test_a_token_can_read_list_formats_of_its_own_workspaces(
    client: Client, runs: None, actor: Actor, workspace: Workspace, now: int
) -> None:
    assert actor.user is not None
    _, secret = create_token(
        actor.user, workspace, "t", actor=actor, now=now, role_cap=Role.READER
    )
    own = {**JSON, "Authorization": f"Bearer {secret}"}
    assert len(client.get(ALL, headers=own).json()["rows"]) == 3
    Workspace.objects.create(name="other")
    assert client.get("/w/other/runs/", headers=own).status_code == 404


def test_experiments_have_other_formats(visitor: Client, runs: None) -> None:
    address = "/w/default/experiments/"
    body = visitor.get(address, headers=JSON).json()
    [digits] = [row for row in body["rows"] if row["runs"]]
    assert digits["runs"] == {"Completed": 1, "Running": 2}
    assert digits["latest_run"] == "c"
    rows = sheet(visitor.get(address, headers=CSV))
    assert {row["name"] for row in rows} == {row["name"] for row in body["rows"]}
    text = visitor.get(address, headers=TEXT).text
    assert all(row["name"] in text for row in body["rows"])
