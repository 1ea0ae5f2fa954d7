"""What owners and contributors change on the Compute page."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.compute.secrets import read_secrets
from runs.models import Agent, ApiToken, ComputeTarget, Job, Secret
from tests.access.people import Team, browser_of, make_team
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import parse_page

pytestmark = pytest.mark.django_db

PAGE = "/w/lab/compute/"
HTMX = {"HX-Request": "true"}
LIMITS = {"description": "", "max_per_member": "", "lease_seconds": "120"}


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def scene(team: Team) -> ComputeScene:
    return ComputeScene(team.workspace, team.contributor)


@pytest.fixture
def owner(team: Team) -> Client:
    return browser_of(team.owner)


def target_named(name: str = "gpu-cluster") -> ComputeTarget:
    return ComputeTarget.objects.get(name=name, removed__isnull=True)


def test_an_owner_adds_a_target(owner):
    sent = {**LIMITS, "name": "gpu-cluster", "max_per_member": "4"}
    assert owner.post(f"{PAGE}targets/", sent).headers["Location"] == PAGE
    assert target_named().max_per_member == 4
    assert target_named().lease_seconds == 120


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "a b"},
        {"name": ""},
        {"name": "local"},
        {"max_per_member": "0"},
        {"max_per_member": "x"},
        {"lease_seconds": "1"},
        {"lease_seconds": ""},
    ],
    ids=str,
)
def test_a_refused_target_keeps_what_was_typed(owner, bad):
    sent = {**LIMITS, "name": "gpu-cluster", "description": "Three machines", **bad}
    answer = owner.post(f"{PAGE}targets/", sent)
    assert answer.status_code == 422
    page = parse_page(answer)
    assert page.one(".field-error").text
    assert page.one("#target-description")["value"] == "Three machines"
    assert not ComputeTarget.objects.filter(name="gpu-cluster").exists()


def test_a_slurm_target_has_settings_that_are_changed_later(owner):
    sent = {**LIMITS, "name": "a100", "kind": "slurm"}
    typed = "partition=gpu\ncpus=4\nsetup=module load cuda\n"
    owner.post(f"{PAGE}targets/", {**sent, "settings": typed})
    wanted = {"partition": "gpu", "cpus": 4, "setup": ["module load cuda"]}
    assert target_named("a100").settings == wanted
    form = parse_page(owner.get(f"{PAGE}targets/a100/"))
    # PostgreSQL has an order of its own for the keys of JSON.
    shown = form.one("#target-settings").text.split()
    assert sorted(shown) == sorted(typed.split())
    refused = owner.post(f"{PAGE}targets/a100/", {**LIMITS, "settings": "cpus=many"})
    assert refused.status_code == 422
    owner.post(f"{PAGE}targets/a100/", {**LIMITS, "settings": "gpus=1"})
    assert target_named("a100").settings == {"gpus": "1"}
    assert "Slurm" in owner.get(PAGE).text


def test_the_form_is_a_dialog_for_a_script_and_a_page_without(owner):
    assert "<html" in owner.get(f"{PAGE}targets/").text
    assert "<html" not in owner.get(f"{PAGE}targets/", headers=HTMX).text


def test_limits_are_changed_and_removed_again(scene, owner):
    scene.target()
    path = f"{PAGE}targets/gpu-cluster/"
    owner.post(path, {**LIMITS, "max_per_member": "2", "lease_seconds": "60"})
    assert (target_named().max_per_member, target_named().lease_seconds) == (2, 60)
    assert parse_page(owner.get(path)).one("#target-limit")["value"] == "2"
    owner.post(path, LIMITS)
    assert target_named().max_per_member is None


def test_a_queue_is_paused_and_resumed(scene, owner):
    scene.target()
    for on in (True, False):
        owner.post(f"{PAGE}targets/gpu-cluster/pause/", {"on": "1" if on else "0"})
        assert target_named().paused is on


def test_all_agents_of_a_target_are_drained(scene, owner):
    target = scene.target()
    for name in ("a", "b"):
        scene.agent(target, name)
    owner.post(f"{PAGE}targets/gpu-cluster/drain/", {"on": "1"})
    assert set(Agent.objects.values_list("draining", flat=True)) == {True}
    owner.post(f"{PAGE}targets/gpu-cluster/drain/", {"on": "0"})
    assert set(Agent.objects.values_list("draining", flat=True)) == {False}


def test_a_target_with_runs_is_not_removed(scene, owner):
    job = scene.job(scene.target())
    path = f"{PAGE}targets/gpu-cluster/remove/"
    assert owner.post(path).status_code == 409
    Job.objects.filter(pk=job.pk).update(ended=1)
    assert owner.post(path).status_code == 302
    assert not ComputeTarget.objects.filter(removed__isnull=True).exists()


def test_the_command_of_a_new_agent_is_shown_once(scene, owner):
    scene.target()
    answer = owner.post(f"{PAGE}agents/", {"target": "gpu-cluster", "days": "30"})
    command = parse_page(answer).one("#new-agent-command").text
    token = ApiToken.objects.get(target__name="gpu-cluster")
    assert "studio agent --compute gpu-cluster" in command
    assert f"STUDIO_TOKEN={token.prefix}" in command
    assert token.expires is not None
    assert "new-agent-command" not in owner.get(PAGE).text


def test_the_page_of_a_new_token_is_not_stored(scene, owner):
    scene.target()
    answer = owner.post(f"{PAGE}agents/", {"target": "gpu-cluster", "days": "0"})
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_unknown_target_gets_no_token(scene, owner):
    scene.target()
    answer = owner.post(f"{PAGE}agents/", {"target": "other", "days": "0"})
    assert answer.status_code == 422
    assert "gpu-cluster" in parse_page(answer).one(".field-error").text


def test_an_agent_is_drained_and_removed(scene, owner):
    agent = scene.agent(scene.target())
    path = f"{PAGE}agents/{agent.pk}/"
    owner.post(f"{path}drain/", {"on": "1"})
    agent.refresh_from_db()
    assert agent.draining
    owner.post(f"{path}remove/")
    agent.refresh_from_db()
    assert agent.removed is not None
    assert owner.post(f"{path}remove/").status_code == 404


def test_a_run_moves_to_the_top(scene, owner):
    target = scene.target()
    first, second = scene.job(target), scene.job(target)
    owner.post(f"{PAGE}jobs/{second.run.run_id}/top/")
    assert [job.pk for job in Job.objects.in_order()] == [second.pk, first.pk]


def test_a_priority_is_set(scene, owner):
    job = scene.job(scene.target())
    path = f"{PAGE}jobs/{job.run.run_id}/priority/"
    owner.post(path, {"priority": "-10"})
    job.refresh_from_db()
    assert job.priority == -10
    assert owner.post(path, {"priority": "high"}).status_code == 400


def test_contributors_change_only_their_own_runs(team, scene):
    target = scene.target()
    own, other = scene.job(target), scene.job(target)
    other.run.submitter = team.owner
    other.run.save()
    contributor = browser_of(team.contributor)
    for job, status in ((own, 302), (other, 403)):
        answer = contributor.post(f"{PAGE}jobs/{job.run.run_id}/top/")
        assert answer.status_code == status


def test_a_secret_is_set_replaced_and_deleted_and_never_shown(owner):
    for value in ("first value", " second value "):
        owner.post(f"{PAGE}secrets/", {"name": "HF_TOKEN", "value": value})
        assert "second value" not in owner.get(PAGE).text
    assert Secret.objects.get().name == "HF_TOKEN"
    owner.post(f"{PAGE}secrets/HF_TOKEN/remove/")
    assert not Secret.objects.exists()


def test_a_secret_of_several_lines_is_stored_as_it_is(owner, team):
    key = "-----BEGIN KEY-----\r\nabc\r\n-----END KEY-----\r\n"
    owner.post(f"{PAGE}secrets/", {"name": "SSH_KEY", "value": key})
    found = read_secrets(team.workspace, ["SSH_KEY"])
    assert found == {"SSH_KEY": key.replace("\r\n", "\n")}


def test_a_refused_secret_keeps_its_name_but_not_its_value(owner):
    answer = owner.post(f"{PAGE}secrets/", {"name": "a-b", "value": "quite secret"})
    assert answer.status_code == 422
    page = parse_page(answer)
    assert page.one("#secrets .field-error").text
    assert page.one("#secret-name")["value"] == "a-b"
    assert "quite secret" not in answer.text


def test_what_was_changed_leads_back_to_the_page_as_it_was(scene, owner):
    scene.target()
    back = f"{PAGE}?target=gpu-cluster"
    answer = owner.post(f"{PAGE}targets/gpu-cluster/pause/", {"next": back})
    assert answer.headers["Location"] == back
    answer = owner.post(f"{PAGE}targets/gpu-cluster/pause/", {"next": "//evil.test/"})
    assert answer.headers["Location"] == PAGE
