"""The test of a target: a run whose steps are shown until it ends."""

from __future__ import annotations

import pytest

from runs.actions.actor import SERVER
from runs.actions.run import StatusReporter, change_status
from runs.models import Job, JobAttempt, Run, now_ms
from runs.search.compute import list_test_steps
from studio.core.statuses import RunStatus
from tests.access.people import Team, browser_of, make_team
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import parse_page

pytestmark = pytest.mark.django_db
PATH = "/w/lab/compute/targets/a100/test/"


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def scene(team: Team) -> ComputeScene:
    return ComputeScene(team.workspace, team.contributor)


def states(job: Job) -> list[tuple[str, str, str]]:
    found = Job.objects.select_related("run", "target", "agent").get(pk=job.pk)
    steps = list_test_steps(found, now=now_ms())
    return [(step.name, step.state.value, step.message) for step in steps]


def end(run: Run, status: RunStatus, message: str = "") -> None:
    run.refresh_from_db()
    change_status(
        run,
        status,
        actor=SERVER,
        now=now_ms(),
        message=message,
        origin=StatusReporter.LAUNCHER,
    )


def test_the_steps_of_a_test_have_the_words_of_agent_engine_and_run(scene, team):
    target = scene.target("a100", kind="slurm", settings={"partition": "gpu"})
    browser = browser_of(team.contributor)
    reply = browser.post(PATH)
    path = reply["Location"]
    run = Run.objects.get()
    assert path == f"{PATH}{run.run_id}/"
    job = Job.objects.get()
    assert job.priority > 0
    waiting = [("start", "waiting", ""), ("end", "waiting", "")]
    assert states(job) == [
        ("agent", "active", "No agent is running"),
        ("engine", "waiting", ""),
        *waiting,
    ]
    agent = scene.agent(target, "login-node")
    JobAttempt.objects.create(job=job, number=1, agent_name="login-node", started=1)
    words = "Slurm job 7: PENDING (Resources)"
    Job.objects.update(agent=agent, engine_job="7", engine_message=words)
    assert states(job) == [
        ("agent", "done", "login-node"),
        ("engine", "done", words),
        ("start", "active", words),
        ("end", "waiting", ""),
    ]
    page = parse_page(browser.get(path))
    assert words in page.one("#target-test").text
    assert page.one("#target-test")["hx-trigger"] == "every 2s"
    # What the agent gives to Slurm.
    assert "#SBATCH --partition=gpu" in page.one("#script-preview").text
    end(run, RunStatus.FAILED, "LaunchFailed: invalid partition specified: gpu")
    assert states(job)[2] == (
        "start",
        "failed",
        "LaunchFailed: invalid partition specified: gpu",
    )
    fragment = browser.get(path, headers={"HX-Request": "true"}).text
    assert "hx-trigger" not in fragment
    assert "<html" not in fragment


def test_a_completed_test_has_only_done_steps(scene):
    target = scene.target("gpu")
    job = scene.job(target, agent=scene.agent(target))
    JobAttempt.objects.create(job=job, number=1, agent_name="gpu-01", started=1)
    end(job.run, RunStatus.COMPLETED)
    assert states(job) == [
        ("agent", "done", "gpu-01"),
        ("start", "done", ""),
        ("end", "done", ""),
    ]
