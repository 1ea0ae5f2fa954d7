"""The Compute page: what each role sees, and that it stays cheap."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import Agent, Job, Secret
from tests.access.people import Team, browser_of, make_team
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import Element, parse_page

pytestmark = pytest.mark.django_db

PAGE = "/w/lab/compute/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def scene(team: Team) -> ComputeScene:
    return ComputeScene(team.workspace, team.contributor)


@pytest.fixture
def owner(team: Team) -> Client:
    return browser_of(team.owner)


def show(client: Client, query: str = "") -> Element:
    return parse_page(client.get(PAGE + query))


def texts(page: Element, selector: str) -> list[str]:
    return [each.text for each in page.all(selector)]


def rows_of(page: Element, table: str) -> list[str]:
    return [
        " ".join(cell.text for cell in each.all("td"))
        for each in page.all(f"table.{table} tbody tr")
        if each.all("td")
    ]


def test_without_targets_the_page_says_what_to_do(team):
    page = show(browser_of(team.owner))
    assert page.one("#no-targets .button")["href"] == f"{PAGE}targets/"
    page = show(browser_of(team.reader))
    assert page.all("#no-targets .button") == []
    assert "Ask an owner" in page.one("#no-targets").text


def test_a_target_shows_its_health_slots_and_queue(scene, owner):
    target = scene.target()
    agent = scene.agent(target, slots=2, host={"gpus": [{"name": "NVIDIA L4"}] * 2})
    scene.job(target, agent=agent)
    scene.job(target, queued=scene.now - 3 * 3_600_000)
    first, second = rows_of(show(owner), "targets")
    assert "gpu-cluster" in first
    for text in ("Healthy", "1 of 2 slots", "1", "3 h 00 min"):
        assert text in first
    assert "gpu-01" in second
    assert "2 × L4" in second


def test_an_unreachable_target_says_since_when(scene, owner):
    target = scene.target()
    scene.agent(target, heard=scene.now - 3_600_000)
    [row, _agent] = rows_of(show(owner), "targets")
    assert "Unreachable" in row
    assert "No heartbeat since" in row
    assert "slots" not in row


def test_a_slurm_target_shows_its_capacity_and_the_words_of_slurm(scene, owner):
    settings = {"partition": "gpu", "cost_per_hour": "2.50EUR"}
    target = scene.target("a100", kind="slurm", settings=settings)
    counts = {"unit": "CPU", "total": 32, "busy": 20, "lost": 8}
    agent = scene.agent(target, usage={"engine": counts})
    words = "Slurm job 7: PENDING (Resources)"
    scene.job(target, agent=agent, engine_state="queued", engine_message=words)
    page = parse_page(owner.get(PAGE))
    row = page.one("#target-table").text
    assert "Slurm · gpu" in row
    assert "2.50EUR per hour" in row
    assert "8 CPUs lost" in row
    assert "20 of 32 CPUs, 8 lost" in row
    reason = page.one("#queue .reason")
    assert reason.text == "Waits for free resources Resources"
    assert reason["title"] == words
    assert "No submitted run is running." in page.one("#running").text
    agent.usage = {"engine": {"problem": "Unable to contact slurm controller"}}
    agent.save()
    row = parse_page(owner.get(PAGE)).one("#target-table").text
    assert "Unreachable" in row
    assert "Unable to contact slurm controller" in row


def test_local_is_this_server_only_with_the_servers_own_agent(scene, owner):
    target = scene.target("local")
    assert "This server" not in rows_of(show(owner), "targets")[0]
    scene.agent(target, host={"server": True})
    [row] = rows_of(show(owner), "targets")
    assert "This server" in row
    assert "0 of 2 slots" in row
    scene.agent(target, "other")
    assert len(rows_of(show(owner), "targets")) == 3
    Agent.objects.update(heard=scene.now - 3_600_000)
    assert "This server" not in rows_of(show(owner), "targets")[0]


def test_agents_fold_and_the_address_keeps_it(scene, owner):
    scene.agent(scene.target())
    page = show(owner)
    assert len(rows_of(page, "targets")) == 2
    toggle = page.one("a.chevron")
    assert toggle["aria-expanded"] == "true"
    folded = parse_page(owner.get(toggle["href"]))
    assert len(rows_of(folded, "targets")) == 1
    assert folded.one("a.chevron")["href"] == PAGE


def test_queued_runs_are_listed_with_their_reason(scene, owner):
    target = scene.target(paused=True)
    scene.job(target, "first")
    scene.job(target, "second", priority=10)
    rows = rows_of(show(owner), "queue")
    assert ["second" in rows[0], "first" in rows[1]] == [True, True]
    assert "The queue is paused" in rows[0]


def test_a_long_queue_is_shown_in_steps(scene, owner):
    target, other = scene.target(), scene.target("other")
    for n in range(8):
        scene.job(target, f"run {n}")
    scene.job(other)
    page = show(owner)
    assert len(rows_of(page, "queue")) == 5 + 1 + 1
    more = next(a for a in page.all("#queue a") if a.text == "Show 3 more")
    page = parse_page(owner.get(more["href"]))
    assert len(rows_of(page, "queue")) == 8


def test_only_one_queue_can_be_shown(scene, owner):
    for name in ("a", "b"):
        scene.job(scene.target(name), f"run of {name}")
    assert len(rows_of(show(owner, "?target=b"), "queue")) == 1


def test_what_runs_where_shows_the_use_of_its_gpu(scene, owner):
    target = scene.target()
    agent = scene.agent(target)
    job = scene.job(target, "lr=1 seed=4", agent=agent)
    scene.job(target, agent=agent, is_waiting=True)
    agent.usage = {"gpus": [{"percent": 5}, {"percent": 12, "run": job.run.run_id}]}
    agent.save()
    first, second = rows_of(show(owner), "running")
    assert "GPU 1" in first
    assert "12 %" in first
    assert "waiting" in second


def test_without_reported_gpus_the_status_is_shown(scene, owner):
    target = scene.target()
    scene.job(target, agent=scene.agent(target))
    [row] = rows_of(show(owner), "running")
    assert "Running" in row


def test_what_an_agent_reports_can_be_anything(scene, owner):
    target = scene.target()
    agent = scene.agent(target, host={"gpus": "many", "cpus": "x"}, usage={"gpus": [1]})
    scene.job(target, agent=agent)
    assert len(rows_of(show(owner), "targets")) == 2


def test_owners_manage_and_others_do_not(team, scene):
    target = scene.target()
    scene.agent(target)
    scene.job(target)
    assert len(show(browser_of(team.owner)).all("#target-table details.menu")) == 2
    for user in (team.contributor, team.reader):
        page = show(browser_of(user))
        assert page.all("#target-table details.menu") == []
        assert page.all("#compute .head-end") == []


def test_contributors_change_the_order_of_their_own_runs(team, scene):
    target = scene.target()
    scene.job(target)
    scene.job(target, submitter=team.owner)
    counts = [
        len(show(browser_of(user)).all("#queue .menu-cell details"))
        for user in (team.owner, team.contributor, team.reader)
    ]
    assert counts == [2, 1, 0]


def test_only_names_of_secrets_are_shown(team, scene):
    Secret.objects.create(
        workspace=team.workspace,
        name="HF_TOKEN",
        ciphertext=b"hidden",
        created=scene.now,
        changed=scene.now,
    )
    page = show(browser_of(team.reader))
    assert "HF_TOKEN" in page.one("#secrets").text
    assert page.all("#secrets form") == page.all("#secrets button") == []


def test_a_refresh_without_changes_costs_no_page(scene, owner):
    target = scene.target()
    scene.agent(target)
    scene.job(target)
    etag = owner.get(PAGE, headers=HTMX).headers["ETag"]
    again = {**HTMX, "If-None-Match": etag}
    assert owner.get(PAGE, headers=again).status_code == 304
    Job.objects.update(priority=10)
    assert owner.get(PAGE, headers=again).status_code == 200


def test_a_full_page_and_a_fragment_are_the_same_content(scene, owner):
    scene.agent(scene.target())
    whole = owner.get(PAGE)
    assert "<html" in whole.text
    fragment = owner.get(PAGE, headers=HTMX)
    assert fragment.text.lstrip().startswith('<div id="compute">')


def test_the_queries_do_not_grow_with_the_queue(scene, owner):
    target = scene.target()
    agent = scene.agent(target)
    costs = []
    for _ in range(2):
        for n in range(12):
            scene.job(target, agent=agent if n % 2 else None)
        owner.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(PAGE).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 16


def test_bad_parameters_mean_the_default(scene, owner):
    scene.agent(scene.target())
    for query in ("?queue=x&running=-1", "?queue=99999999999", "?toggle=,,&target=%00"):
        assert owner.get(PAGE + query).status_code == 200


def test_the_page_is_in_the_navigation(team):
    page = show(browser_of(team.reader))
    entries = {each["href"]: each for each in page.all("a.nav-item")}
    assert entries[PAGE]["aria-current"] == "true"


def test_names_are_escaped(scene, owner):
    target = scene.target()
    scene.job(target, "<b>x</b> <i>y</i>")
    assert "<b>x" not in owner.get(PAGE).text
