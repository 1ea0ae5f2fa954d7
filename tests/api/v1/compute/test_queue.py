"""The queue: submitting, the order, the limits, and the reasons for waiting."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Job
from tests.api.v1.compute.scene import COMMAND, Scene


def queue(scene: Scene) -> list[tuple[str, str]]:
    """The queued runs in their order, each with the reason."""
    jobs = scene.member.get("jobs", target="gpu")["jobs"]
    return [(one["run"], one["reason"]) for one in jobs]


def test_a_submitted_run_is_queued_until_an_agent_takes_it(scene: Scene) -> None:
    job = scene.submit("r1")
    assert (job["position"], job["reason"], job["attempt"]) == (1, "no_agent", 1)
    assert scene.status("r1") == "Queued"
    assert scene.agent().take() == ["r1"]
    assert scene.status("r1") == "Starting"
    job = scene.member.get("runs/r1/job")
    assert (job["position"], job["agent"]) == (None, "node")
    assert [one["agent"] for one in job["attempts"]] == ["node"]


def test_an_agent_gets_what_it_needs_to_start_a_run(scene: Scene) -> None:
    scene.owner.ok("PUT", "secrets/HF_TOKEN", {"value": "s3cret"})
    wanted = {"secrets": ["HF_TOKEN"], "terminateAfterSeconds": 5}
    scene.submit("r1", definition=wanted)
    [job] = scene.agent().take_jobs()
    token = job.pop("token")
    assert job == {
        "run": "r1",
        "attempt": 1,
        "experiment": "digits",
        "name": scene.member.get("runs/r1")["name"],
        "definition": {**COMMAND, **wanted},
        "secrets": {"HF_TOKEN": "s3cret"},
        "snapshot": None,
        "terminate_after": 5,
        "kill_after": None,
    }
    answer = scene.member.client.post(
        scene.member.url("runs/r1/heartbeat"),
        {"attempt": 1},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.json()["lost"] is False


def test_runs_start_by_priority_then_by_age(scene: Scene) -> None:
    for name in ("r1", "r2", "r3"):
        scene.submit(name, priority=5 if name == "r3" else 0)
    agent = scene.agent(slots=3)
    assert [name for name, _reason in queue(scene)] == ["r3", "r1", "r2"]
    assert agent.take() == ["r3", "r1", "r2"]


def test_the_priority_of_a_definition_is_used(scene: Scene) -> None:
    assert scene.submit("r1", definition={"priority": 7})["priority"] == 7
    again = scene.submit("r2", definition={"priority": 7}, priority=-1)
    assert again["priority"] == -1
    new = scene.member.ok("POST", "runs/r1/resubmit", {}, 201)["id"]
    assert scene.member.get(f"runs/{new}/job")["priority"] == 7
    sweep = {
        "run": "r1",
        "space": {"--lr": ["1", "2"]},
        "definition": {"priority": 8},
    }
    children = scene.member.ok("POST", "sweeps", sweep, 201)["children"]
    for child in children:
        assert scene.member.get(f"runs/{child}/job")["priority"] == 8


@pytest.mark.parametrize("priority", [1001, "high", True, 1.5])
def test_a_priority_is_a_whole_number(scene: Scene, priority: object) -> None:
    definition = {**COMMAND, "priority": priority}
    body = {"id": "r1", "experiment": "digits", "definition": definition}
    status, error = scene.member.refused("POST", "runs", body)
    assert (status, error["field"]) == (400, "definition.priority")


def test_the_top_of_the_queue_is_before_all_others(scene: Scene) -> None:
    for name in ("r1", "r2", "r3"):
        scene.submit(name, priority=5 if name == "r1" else 0)
    scene.member.ok("PATCH", "runs/r3/job", {"to_top": True})
    assert [name for name, _reason in queue(scene)] == ["r3", "r1", "r2"]


def test_only_submitter_and_owners_move_a_run(scene: Scene) -> None:
    scene.submit("r1")
    other = scene.another_member("eve")
    assert other.refused("PATCH", "runs/r1/job", {"to_top": True})[0] == 403
    scene.owner.ok("PATCH", "runs/r1/job", {"priority": 3})
    assert Job.objects.get().priority == 3


def test_a_taken_run_cannot_be_moved(scene: Scene) -> None:
    scene.submit("r1")
    scene.agent().take()
    status, error = scene.member.refused("PATCH", "runs/r1/job", {"to_top": True})
    assert (status, error["code"]) == (409, "InvalidState")


def test_a_paused_target_starts_nothing(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent()
    scene.owner.ok("PATCH", "compute/gpu", {"paused": True})
    assert queue(scene) == [("r1", "target_paused")]
    assert agent.take() == []
    scene.owner.ok("PATCH", "compute/gpu", {"paused": False})
    assert agent.take() == ["r1"]


def test_a_draining_agent_takes_nothing(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent()
    scene.owner.ok("PATCH", f"agents/{agent.id}", {"draining": True})
    assert agent.beat()["drain"] is True
    assert agent.take() == []
    assert queue(scene) == [("r1", "no_agent")]
    scene.owner.ok("PATCH", f"agents/{agent.id}", {"draining": False})
    assert agent.take() == ["r1"]


def test_a_member_has_at_most_n_running_runs(scene: Scene) -> None:
    scene.owner.ok("PATCH", "compute/gpu", {"max_per_member": 1})
    for name in ("r1", "r2"):
        scene.submit(name)
    scene.submit("r3", scene.another_member("eve"))
    agent = scene.agent(slots=3)
    assert agent.take() == ["r1", "r3"]
    assert queue(scene) == [("r2", "member_limit")]
    agent.end("r1", "Completed")
    assert agent.take() == ["r2"]
    scene.owner.ok("PATCH", "compute/gpu", {"max_per_member": None})


def test_reasons_tell_who_is_next(scene: Scene) -> None:
    for name in ("r1", "r2"):
        scene.submit(name)
    scene.agent(slots=1)
    assert queue(scene) == [("r1", "next"), ("r2", "no_free_slot")]
    job = scene.member.get("runs/r2/job")
    assert (job["position"], job["reason"]) == (2, "no_free_slot")


def test_an_agent_gets_no_more_than_its_slots(scene: Scene) -> None:
    for number in range(5):
        scene.submit(f"r{number}")
    agent = scene.agent(slots=2)
    # Whatever it asks for: the server counts its runs, too.
    assert agent.take(free=5) == ["r0", "r1"]
    assert agent.take(free=5) == []


def test_a_lost_reply_is_repeated(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent(slots=2)
    [first] = agent.take_jobs()
    agent.runs = []
    [again] = agent.take_jobs()
    assert (again["run"], again["attempt"]) == ("r1", 1)
    # Its token is new, because secrets are not stored.
    assert again["token"] != first["token"]
    assert len(scene.member.get("runs/r1/job")["attempts"]) == 1


def test_an_agent_can_limit_itself_to_some_trees(scene: Scene) -> None:
    for name in ("r1", "r2"):
        scene.submit(name)
    scene.submit("r3", parent="r2")
    agent = scene.agent(slots=3)
    assert agent.take(trees=["r2"]) == ["r2", "r3"]


def test_submitting_the_same_run_again_returns_its_job(scene: Scene) -> None:
    first = scene.submit("r1")
    assert scene.member.post("runs/r1/queue", target="gpu") == first
    status, error = scene.member.refused("POST", "runs/r1/queue", {"target": "local"})
    assert (status, error["code"]) == (409, "AlreadyExists")


def refuse(scene: Scene, target: str = "gpu") -> tuple[int, dict[str, Any]]:
    return scene.member.refused("POST", "runs/r1/queue", {"target": target})


def test_an_unknown_target_is_refused_with_the_known_ones(scene: Scene) -> None:
    scene.member.new_run("r1", status="NotStarted", definition=COMMAND)
    status, error = refuse(scene, "tpu")
    assert (status, error["known"]) == (404, ["local", "gpu"])


@pytest.mark.parametrize(
    ("run", "text"),
    [
        ({"status": "NotStarted"}, "has no definition"),
        ({"definition": COMMAND}, "is Running"),
        ({"status": "NotStarted", "definition": {"script": "a.py"}}, "no snapshot"),
    ],
)
def test_a_run_that_cannot_start_is_not_queued(
    scene: Scene, run: dict[str, Any], text: str
) -> None:
    scene.member.new_run("r1", **run)
    _status, error = refuse(scene)
    assert text in error["message"]
    assert not Job.objects.exists()


def test_a_run_with_an_unknown_secret_is_not_queued(scene: Scene) -> None:
    definition = {**COMMAND, "secrets": ["NOPE"]}
    scene.member.new_run("r1", status="NotStarted", definition=definition)
    status, error = refuse(scene)
    assert (status, error["secret"]) == (404, "NOPE")


def test_a_run_in_the_trash_waits_until_it_is_restored(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent()
    scene.member.ok("DELETE", "runs/r1")
    assert (agent.take(), queue(scene)) == ([], [])
    scene.member.post("runs/r1/restore")
    assert agent.take() == ["r1"]


def test_runs_of_a_deleted_experiment_do_not_start(scene: Scene) -> None:
    scene.submit("r1")
    number = scene.member.get("runs/r1")["experiment_id"]
    scene.member.ok("DELETE", f"experiments/{number}")
    assert scene.agent().take() == []


def test_a_purged_run_leaves_the_queue(scene: Scene) -> None:
    scene.submit("r1")
    agent = scene.agent()
    agent.take()
    scene.member.ok("DELETE", "runs/r1")
    scene.owner.post("runs/r1/purge")
    assert not Job.objects.exists()
    assert agent.states() == {"r1": "lost"}
