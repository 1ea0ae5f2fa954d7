"""The form of a new run: what it offers, and what it says would be submitted."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_snapshot
from runs.actions.run import create_run
from runs.actions.run_rows import write_properties
from runs.models import ComputeTarget, Experiment, Run, Secret, Snapshot, now_ms
from studio.core.statuses import RunStatus
from tests.access.people import Team, browser_of, make_team
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import Element, parse_page

pytestmark = pytest.mark.django_db

NEW = "/w/lab/new-run/"
HTMX = {"HX-Request": "true"}
HOUR_MS = 3_600_000
DEFINITION = {
    "script": "train.py",
    "arguments": ["--lr", "6e-4", "--note", 'it\'s "a"\nline'],
    "environmentVariables": {"OMP_NUM_THREADS": "8", "LONG": "a\nb"},
    "secrets": ["HF_TOKEN"],
    "history": {"directoriesToWatch": ["logs"]},
}


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def browser(team: Team) -> Client:
    return browser_of(team.contributor)


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "print(1)\n")
    return target.getvalue()


def submitted_run(team: Team, definition: dict[str, Any] | None = None) -> Run:
    """A completed run of an hour, with a snapshot."""
    actor, now = Actor(team.contributor), now_ms()
    Secret.objects.get_or_create(
        workspace=team.workspace,
        name="HF_TOKEN",
        defaults={"ciphertext": b"", "created": now, "changed": now},
    )
    ComputeTarget.objects.get_or_create(
        workspace=team.workspace, name="gpu-cluster", defaults={"created": now}
    )
    experiment = Experiment.objects.filter(name="lab-work").first()
    run = create_run(
        experiment
        or create_experiment(team.workspace, "lab-work", actor=actor, now=now),
        actor=actor,
        now=now,
        name="net lr=6e-4",
        script="train.py",
        target="gpu-cluster",
        status=RunStatus.COMPLETED,
        started=now - HOUR_MS,
        tags={"model": "net", "candidate": None},
        definition=DEFINITION if definition is None else definition,
    )
    save_snapshot(run, [zipped("train.py", "lib/net.py")], actor=actor, now=now)
    return run


def typed(field: Element) -> str:
    """The text of a field with its line breaks, without the first, as browsers do."""
    return "".join(str(child) for child in field.children).removeprefix("\n")


def path_of(run: Run) -> str:
    return f"/w/lab/runs/{run.run_id}/resubmit/"


def value_of(page: Element, selector: str) -> str:
    found = page.one(selector)
    return found["value"] if found.tag == "input" else found.text


def preview(client: Client, path: str, **fields: Any) -> Element:
    sent = {"preview": "1", **fields}
    return parse_page(client.post(path, sent, headers=HTMX))


def test_a_new_run_offers_snapshots_scripts_and_experiments(team, browser):
    submitted_run(team)
    page = parse_page(browser.get(f"{NEW}?experiment=lab-work"))
    [option] = page.all("#source option")
    assert option["value"] == Snapshot.objects.get().digest
    assert [each["value"] for each in page.all("#scripts option")] == [
        "train.py",
        "lib/net.py",
    ]
    assert value_of(page, "#experiment") == "lab-work"
    assert "2 files" in page.one("#source-summary").text
    assert page.all(".git-facts") == []


def test_the_branch_of_the_sources_is_shown(team, browser):
    run = submitted_run(team)
    facts = {"azureml.git.branch": "sweep/cosine", "azureml.git.dirty": "True"}
    write_properties(run, facts)
    shown = parse_page(browser.get(path_of(run))).one(".git-facts").text
    assert shown == "sweep/cosine, uncommitted changes"


def test_the_form_works_in_an_empty_workspace(team, browser):
    page = parse_page(browser.get(NEW))
    assert [each["value"] for each in page.all("#target option")] == ["local"]
    assert "studio agent --compute local" in page.one("#target-note").text


def test_a_target_without_an_agent_says_which_command_to_start(team, browser):
    scene = ComputeScene(team.workspace, team.contributor)
    target = scene.target()
    note = preview(browser, NEW, target="gpu-cluster").one("#target-note").text
    assert "studio agent --compute gpu-cluster" in note
    scene.agent(target)
    note = preview(browser, NEW, target="gpu-cluster").one("#target-note").text
    assert note.strip() == ""


def test_the_target_with_a_free_slot_is_chosen(team, browser):
    scene = ComputeScene(team.workspace, team.contributor)
    scene.target("a")
    scene.agent(scene.target("b"))
    page = parse_page(browser.get(NEW))
    chosen = [
        each for each in page.all("#target option") if "selected" in each.attributes
    ]
    assert [each["value"] for each in chosen] == ["b"]
    assert "2 free slots" in chosen[0].text


def test_everything_is_copied_from_the_original(team, browser):
    page = parse_page(browser.get(path_of(submitted_run(team))))
    assert value_of(page, "#script") == "train.py"
    assert value_of(page, "#name") == "net lr=6e-4"
    assert value_of(page, "#experiment") == "lab-work"
    assert typed(page.one("#tags")).split("\n") == ["candidate", "model: net"]
    names = [each["value"] for each in page.all("#variable-rows [name=variable]")]
    assert names == ["LONG", "OMP_NUM_THREADS", ""]


def test_a_target_that_is_gone_is_said(team, browser):
    run = submitted_run(team)
    ComputeTarget.objects.all().delete()
    page = parse_page(browser.get(path_of(run)))
    assert "gpu-cluster · No longer exists" in page.one("#target").text


def test_an_unchanged_form_would_submit_the_same_definition(team, browser):
    run = submitted_run(team)
    page = preview(browser, path_of(run), **form_values(browser, path_of(run)))
    command = shlex.split(page.one("#terminal-command").text.replace("\\ ", ""))
    assert command == [
        *("studio", "run", "resubmit", run.run_id),
        *("--target", "gpu-cluster", "--name", "net lr=6e-4"),
    ]


def values_of(field: Element) -> list[str]:
    if field.tag == "textarea":
        return [typed(field).replace("\n", "\r\n")]
    if field.tag == "select":
        options = field.all("option")
        chosen = [o for o in options if "selected" in o.attributes] or options[:1]
        return [option["value"] for option in chosen]
    kind = field.attributes.get("type", "text")
    is_off = kind in ("radio", "checkbox") and "checked" not in field.attributes
    is_sent = field.tag == "input" and kind != "file" and not is_off
    return [field.attributes.get("value", "")] if is_sent else []


def form_values(client: Client, path: str) -> dict[str, Any]:
    """What a browser would send for the form as it is."""
    page = parse_page(client.get(path))
    form = page.one("#submit-form")
    sent: dict[str, list[str]] = {}
    for field in form.inside():
        name = field.attributes.get("name", "")
        if name and (values := values_of(field)):
            sent.setdefault(name, []).extend(values)
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def test_a_sweep_says_how_many_runs_and_how_long(team, browser):
    run = submitted_run(team)
    sent = form_values(browser, path_of(run)) | {
        "swept": ["--lr", "seed"],
        "swept_values": ["3e-4, 6e-4, 1e-3", "1..4"],
        "at_once": "4",
        "name": "net lr={lr} seed={seed}",
    }
    page = preview(browser, path_of(run), **sent)
    assert (
        "12 runs under one parent run on gpu-cluster" in page.one(".submit-facts").text
    )
    assert "About 3 h 00 min with 4 at the same time" in page.one(".submit-facts").text
    assert "= 3 × 4" in page.one("#sweep-total").text
    assert page.one("#first-name").text == "First run: net lr=3e-4 seed=1"
    assert page.one("#submit-button").text == "Submit 12 runs"
    command = page.one("#terminal-command").text
    for option in ("--sweep lr=3e-4,6e-4,1e-3", "--sweep seed=1..4", "--at-once 4"):
        assert option in command


def test_a_changed_value_is_an_option_of_the_command(team, browser):
    run = submitted_run(team)
    sent = form_values(browser, path_of(run))
    sent["arguments"] = "--lr 1e-3 --note 'it'\"'\"'s \"a\"\nline'"
    assert "--set lr=1e-3" in preview(browser, path_of(run), **sent).one("pre").text


def test_what_no_command_says_has_none(team, browser):
    run = submitted_run(team)
    sent = form_values(browser, path_of(run)) | {"arguments": "--lr 6e-4"}
    assert preview(browser, path_of(run), **sent).all("#terminal-command") == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"arguments": "--note 'open"}, "quote is not closed"),
        ({"script": ""}, "Enter the script"),
        ({"attempts": "many"}, "Max attempts"),
        ({"at_once": "0", "swept": ["a"], "swept_values": ["1"]}, "At the same time"),
        ({"variable": ["A", "A"], "variable_value": ["1", "2"]}, "set twice"),
        ({"variable": ["a b"], "variable_value": ["1"]}, "must start with a letter"),
        ({"swept": ["--lr"], "swept_values": [""]}, "needs values"),
        ({"swept": ["--n"], "swept_values": ["1..9999"]}, "at most 1000"),
        ({"script": "../train.py"}, "script"),
        ({"script": "nothere.py"}, "The snapshot has no file nothere.py."),
    ],
    ids=str,
)
def test_what_can_not_be_submitted_is_said_at_once(team, browser, changed, problem):
    run = submitted_run(team)
    sent = form_values(browser, path_of(run)) | changed
    assert problem in preview(browser, path_of(run), **sent).one(".submit-facts").text


def test_a_secret_that_is_gone_is_marked(team, browser):
    path = path_of(submitted_run(team))
    for is_gone in (False, True):
        row = parse_page(browser.get(path)).one(".secret-row")
        assert ("no longer exists" in row.text) is is_gone
        Secret.objects.all().delete()


def test_a_run_without_a_command_cannot_be_resubmitted(team, browser):
    actor, now = Actor(team.contributor), now_ms()
    experiment = create_experiment(team.workspace, "x", actor=actor, now=now)
    run = create_run(experiment, actor=actor, now=now)
    answer = browser.get(path_of(run))
    assert answer.status_code == 409
    assert "no command" in answer.text
    page = parse_page(browser.get(f"/w/lab/runs/{run.run_id}/"))
    disabled = page.all("#run-toolbar button[disabled]")
    assert "Resubmit" in [each.text for each in disabled]


def test_an_uploaded_archive_is_kept_for_the_run(team, browser):
    archive = io.BytesIO(zipped("project/train.py", "project/.git/config"))
    archive.name = "project.zip"
    answer = browser.post(f"{NEW}sources/", {"archive": archive})
    found = json.loads(answer.content)
    assert found["scripts"] == ["train.py"]
    assert found["summary"].startswith("1 file")
    assert Snapshot.objects.get().digest == found["digest"]


def test_a_bad_archive_is_refused_with_a_sentence(team, browser):
    archive = io.BytesIO(b"no zip")
    archive.name = "project.zip"
    answer = browser.post(f"{NEW}sources/", {"archive": archive})
    assert answer.status_code == 400
    assert "not a zip archive" in answer.json()["error"]["message"]


def test_the_form_costs_few_queries(team, browser):
    scene = ComputeScene(team.workspace, team.contributor)
    costs = []
    for n in range(2):
        target = scene.target(f"t{n}")
        scene.agent(target)
        run = submitted_run(team)
        browser.get(path_of(run))
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path_of(run)).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 25


def test_a_run_can_have_the_id_new(team, browser):
    ComputeScene(team.workspace, team.contributor).run("its name", run_id="new")
    page = parse_page(browser.get("/w/lab/runs/new/"))
    assert page.one("h1").text == "its name"


def test_a_snapshot_that_runs_share_is_named_after_the_original(team, browser):
    first, _second = submitted_run(team), submitted_run(team)
    page = parse_page(browser.get(path_of(first)))
    [chosen] = [
        each for each in page.all("#source option") if "selected" in each.attributes
    ]
    assert chosen.text.startswith(f"Run {first.number} · ")


def test_another_script_is_marked(team, browser):
    path = path_of(submitted_run(team))
    sent = form_values(browser, path)
    assert "hidden" in preview(browser, path, **sent).one("#script-was").attributes
    mark = preview(browser, path, **sent | {"script": "lib/net.py"}).one("#script-was")
    assert (mark.text, "hidden" in mark.attributes) == ("was train.py", False)
