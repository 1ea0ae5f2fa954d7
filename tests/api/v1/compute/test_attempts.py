"""Attempts: how they end, retries, cancels, and lost agents."""

from __future__ import annotations

import pytest

from runs.actions.compute import requeue_lost_jobs
from runs.actions.run import mark_unresponsive_runs
from runs.models import Job, now_ms
from tests.api.v1.compute.scene import Scene, TestAgent


def outcomes(scene: Scene, run: str = "r1") -> list[str]:
    attempts = scene.member.get(f"runs/{run}/job")["attempts"]
    return [one["outcome"] for one in attempts]


def lose_agent(agent: TestAgent) -> None:
    """Let the leases run out, and the worker see it."""
    Job.objects.update(lease_expires=now_ms() - 1)
    requeue_lost_jobs(now_ms(), listening_since=0)


@pytest.fixture
def agent(scene: Scene) -> TestAgent:
    """An agent that has taken r1, which is Running."""
    scene.submit("r1")
    agent = scene.agent()
    agent.take()
    for status in ("Preparing", "Running"):
        scene.report("r1", status)
    return agent


def test_the_runner_reports_every_step(scene: Scene, agent: TestAgent) -> None:
    assert scene.status("r1") == "Running"
    scene.report("r1", "Finalizing")
    scene.report("r1", "Completed")
    assert (scene.status("r1"), outcomes(scene)) == ("Completed", ["Completed"])
    assert agent.states() == {"r1": "ended"}
    # A repeated report changes nothing.
    assert scene.report("r1", "Completed")["status"] == "Completed"


@pytest.mark.parametrize(
    ("state", "status"), [("running", "Running"), ("unreachable", "Queued")]
)
def test_an_agent_keeps_no_run_on_a_machine_that_it_cannot_reach(
    scene: Scene, agent: TestAgent, state: str, status: str
) -> None:
    """Only the heartbeats of such a run renew its lease."""
    Job.objects.update(lease_expires=now_ms() - 1)
    agent.runs[0]["engine"] = {"state": state}
    agent.beat()
    requeue_lost_jobs(now_ms(), listening_since=0)
    assert scene.status("r1") == status


@pytest.mark.parametrize("days", [-3650, 3650])
def test_a_wrong_clock_of_the_machine_changes_no_time(
    scene: Scene, agent: TestAgent, days: int
) -> None:
    ended = now_ms() + days * 86_400_000
    scene.report("r1", "Completed", ended=ended)
    run = scene.member.get("runs/r1")
    assert run["started"] <= run["ended"] <= now_ms()


def test_the_script_cannot_end_its_run(scene: Scene, agent: TestAgent) -> None:
    scene.member.post("runs/r1/status", status="Completed")
    assert scene.status("r1") == "Running"


def test_a_member_can_fail_a_run(scene: Scene, agent: TestAgent) -> None:
    scene.member.post("runs/r1/status", status="Failed")
    assert scene.report("r1", "Completed")["status"] == "Failed"
    assert agent.states() == {"r1": "ended"}


def test_a_queued_run_is_canceled_at_once(scene: Scene) -> None:
    scene.submit("r1")
    reply = scene.member.post("runs/r1/cancel")
    assert reply["status"] == "Canceled"
    assert scene.agent().take() == []


def test_a_cancel_reaches_the_agent(scene: Scene, agent: TestAgent) -> None:
    assert agent.states() == {"r1": "yours"}
    scene.member.post("runs/r1/cancel")
    assert agent.states() == {"r1": "cancel"}
    scene.member.post("runs/r1/cancel", kill=True)
    assert agent.states() == {"r1": "force"}
    scene.report("r1", "Canceled")
    assert (scene.status("r1"), outcomes(scene)) == ("Canceled", ["Canceled"])


def test_a_canceled_run_whose_agent_is_lost_is_canceled(
    scene: Scene, agent: TestAgent
) -> None:
    scene.member.post("runs/r1/cancel")
    lose_agent(agent)
    assert (scene.status("r1"), outcomes(scene)) == ("Canceled", ["lost"])


def test_a_lost_run_is_queued_again(scene: Scene, agent: TestAgent) -> None:
    lose_agent(agent)
    assert (scene.status("r1"), outcomes(scene)) == ("Queued", ["lost"])
    assert agent.states() == {"r1": "lost"}
    agent.runs = []
    [job] = agent.take_jobs()
    assert (job["run"], job["attempt"]) == ("r1", 2)
    assert outcomes(scene) == ["lost", ""]


def test_a_new_attempt_has_time_for_its_first_heartbeat(
    scene: Scene, agent: TestAgent
) -> None:
    scene.member.post("runs/r1/heartbeat", attempt=1)
    lose_agent(agent)
    agent.runs = []
    agent.take()
    scene.report("r1", "Running", attempt=2)
    mark_unresponsive_runs(now_ms() + 200_000, listening_since=0)
    assert scene.status("r1") == "Running"


def test_a_lost_attempt_reports_nothing_more(scene: Scene, agent: TestAgent) -> None:
    lose_agent(agent)
    for _taken_again in (False, True):
        beat = scene.member.post("runs/r1/heartbeat", attempt=1)
        assert beat["lost"] is True
        status, error = scene.member.refused(
            "POST",
            "runs/r1/status",
            {"status": "Completed", "launcher": True, "attempt": 1},
        )
        assert (status, error["code"]) == (409, "AttemptEnded")
        end = {"attempt": 1, "outcome": "Completed"}
        path = f"agents/{agent.id}/jobs/r1/end"
        assert agent.rest.refused("POST", path, end)[1]["code"] == "AttemptEnded"
        agent.runs = []
        agent.take()
    assert scene.status("r1") == "Starting"
    assert scene.member.post("runs/r1/heartbeat", attempt=2)["lost"] is False


def test_a_run_that_is_lost_three_times_in_a_row_fails(
    scene: Scene, agent: TestAgent
) -> None:
    for _time in range(2):
        lose_agent(agent)
        agent.runs = []
        agent.take()
    lose_agent(agent)
    run = scene.member.get("runs/r1")
    assert (run["status"], outcomes(scene)) == ("Failed", ["lost"] * 3)
    assert "3 times in a row" in run["error"]


def test_a_run_that_was_not_started_is_not_lost(scene: Scene, agent: TestAgent) -> None:
    """An agent that is stopped repeatedly fails no run."""
    ends = ["lost", "lost", "returned", "returned", "returned"]
    for attempt, outcome in enumerate(ends, 1):
        assert agent.end("r1", outcome, attempt) == "Queued"
        agent.take()
    assert agent.end("r1", "lost", len(ends) + 1) == "Failed"
    assert outcomes(scene) == [*ends, "lost"]


def test_a_canceled_run_that_was_not_started_is_canceled(
    scene: Scene, agent: TestAgent
) -> None:
    scene.member.post("runs/r1/cancel")
    assert agent.end("r1", "returned") == "Canceled"
    assert outcomes(scene) == ["returned"]


def test_an_agent_reports_a_dead_runner(scene: Scene, agent: TestAgent) -> None:
    assert agent.end("r1", "lost", message="The runner was killed.") == "Queued"
    assert agent.take() == ["r1"]
    attempts = scene.member.get("runs/r1/job")["attempts"]
    assert attempts[0]["message"] == "The runner was killed."


def test_heartbeats_of_agent_and_runner_keep_the_lease(
    scene: Scene, agent: TestAgent
) -> None:
    for renew in (
        agent.beat,
        lambda: scene.member.post("runs/r1/heartbeat", attempt=1),
    ):
        Job.objects.update(lease_expires=now_ms() - 1)
        renew()
        requeue_lost_jobs(now_ms(), listening_since=0)
        assert scene.status("r1") == "Running"


def test_only_runs_that_the_agent_has_keep_their_lease(
    scene: Scene, agent: TestAgent
) -> None:
    Job.objects.update(lease_expires=now_ms() - 1)
    agent.runs = []
    agent.beat()
    requeue_lost_jobs(now_ms(), listening_since=0)
    assert scene.status("r1") == "Queued"


def test_a_lease_does_not_end_while_the_server_is_down(
    scene: Scene, agent: TestAgent
) -> None:
    now = now_ms()
    Job.objects.update(lease_expires=now - 1)
    requeue_lost_jobs(now, listening_since=now - 119_000)
    assert scene.status("r1") == "Running"
    requeue_lost_jobs(now, listening_since=now - 121_000)
    assert scene.status("r1") == "Queued"


def submit_with_retries(scene: Scene, attempts: int) -> TestAgent:
    scene.submit("r1", max_attempts=attempts)
    agent = scene.agent()
    agent.take()
    return agent


def fail(scene: Scene, agent: TestAgent, attempt: int) -> None:
    scene.report("r1", "Running", attempt)
    scene.report("r1", "Failed", attempt, message=f"Error {attempt}")
    agent.runs = []


def test_a_failed_run_is_tried_again(scene: Scene) -> None:
    agent = submit_with_retries(scene, 3)
    fail(scene, agent, 1)
    assert scene.status("r1") == "Queued"
    agent.take()
    fail(scene, agent, 2)
    agent.take()
    fail(scene, agent, 3)
    run = scene.member.get("runs/r1")
    assert (run["status"], run["error"]) == ("Failed", "Error 3")
    assert outcomes(scene) == ["Failed"] * 3


def test_a_lost_attempt_is_no_failure(scene: Scene) -> None:
    agent = submit_with_retries(scene, 2)
    lose_agent(agent)
    agent.runs = []
    agent.take()
    fail(scene, agent, 2)
    assert scene.status("r1") == "Queued"
    assert outcomes(scene) == ["lost", "Failed"]


def test_a_canceled_run_is_not_tried_again(scene: Scene) -> None:
    submit_with_retries(scene, 3)
    scene.report("r1", "Running")
    scene.member.post("runs/r1/cancel")
    scene.report("r1", "Failed")
    assert scene.status("r1") == "Failed"


def test_a_failure_that_the_script_reports_is_left_to_its_runner(scene: Scene) -> None:
    scene.submit("r1", max_attempts=2)
    agent = scene.agent()
    [job] = agent.take_jobs()
    scene.report("r1", "Running")
    # As MLflow does at the end of a script with an exception.
    scene.member.client.post(
        f"/w/{scene.member.workspace.name}/api/2.0/mlflow/runs/update",
        {"run_id": "r1", "status": "FAILED"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {job['token']}"},
    )
    assert scene.status("r1") == "Running"
    scene.report("r1", "Failed")
    assert scene.status("r1") == "Queued"


def test_a_submission_that_failed_is_not_tried_again(scene: Scene) -> None:
    scene.submit("r1", max_attempts=3)
    # As a client does that did not learn whether the run was queued.
    scene.member.post("runs/r1/status", status="Failed", launcher=True)
    assert scene.status("r1") == "Failed"
    assert scene.agent().take() == []


def test_the_maximum_of_attempts_is_in_the_definition(scene: Scene) -> None:
    assert scene.submit("r1", definition={"maxAttempts": 4})["max_attempts"] == 4


def test_a_run_of_a_former_member_does_not_start(scene: Scene) -> None:
    scene.submit("r1")
    scene.member.user.memberships.all().delete()
    assert scene.agent().take() == []
    run = scene.owner.get("runs/r1")
    assert (run["status"], "contributor" in run["error"]) == ("Failed", True)


def test_a_run_whose_secret_was_deleted_does_not_start(scene: Scene) -> None:
    scene.owner.ok("PUT", "secrets/KEY", {"value": "s3cret"})
    scene.submit("r1", definition={"secrets": ["KEY"]})
    scene.submit("r2")
    scene.owner.ok("DELETE", "secrets/KEY")
    # The next one gets the slot.
    assert scene.agent().take() == ["r2"]
    run = scene.owner.get("runs/r1")
    assert (run["status"], "'KEY'" in run["error"]) == ("Failed", True)
