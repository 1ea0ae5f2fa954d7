"""Compute targets as v1 scripts find and create them."""

from __future__ import annotations

import pytest

from studio.sdk import ComputeTarget, Experiment, Run, ScriptRunConfig, Workspace
from studio.sdk.client import Client
from studio.sdk.compute import AmlCompute, RemoteCompute
from studio.sdk.errors import ComputeTargetException, NotSupportedError


def _find_or_create(workspace: Workspace, name: str) -> tuple[bool, ComputeTarget]:
    """The idiom of v1's samples."""
    try:
        return True, ComputeTarget(workspace=workspace, name=name)
    except ComputeTargetException:
        settings = AmlCompute.provisioning_configuration(vm_size="D2", max_nodes=4)
        return False, ComputeTarget.create(workspace, name, settings)


def test_an_owner_creates_a_target_that_is_found_afterwards(
    owned: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    was_found, target = _find_or_create(owned, "v1-cluster")
    assert not was_found
    target.wait_for_completion(show_output=True, min_node_count=None)
    assert capsys.readouterr().out == (
        "v1-cluster: Succeeded. To run its queue: on the machine that is to run it "
        "`studio agent --compute v1-cluster`.\n"
    )
    try:
        was_found, target = _find_or_create(owned, "v1-cluster")
        assert was_found
        assert isinstance(target, AmlCompute)
        assert target.serialize()["properties"]["computeType"] == "AmlCompute"
        assert ComputeTarget.create(owned, "v1-cluster").name == "v1-cluster"
        assert isinstance(owned.compute_targets["v1-cluster"], AmlCompute)
        assert "v1-cluster" in [one.name for one in ComputeTarget.list(owned)]
        status = target.get_status()
        assert (status, target.provisioning_state) == ("Succeeded", "Succeeded")
        content = status.serialize()
        assert (content["name"], content["queued"]) == ("v1-cluster", 0)
        assert (status.current_node_count, target.list_nodes()) == (0, [])
    finally:
        target.delete()
    assert "v1-cluster" not in owned.compute_targets
    with pytest.raises(ComputeTargetException, match="no compute target 'v1-cluster'"):
        target.get_status()


def test_a_target_shows_its_real_state_and_its_runs(owned: Workspace) -> None:
    """An engine that is down, one run that waits, one that an agent has taken."""
    target = ComputeTarget.create(owned, "v1-state")
    client = owned._connection.client
    token = client.post("compute/v1-state/agent-tokens", {})["token"]
    agent = Client(client.url, token, "default")
    body = {"name": "one", "instance": "one", "slots": 1, "version": "0.2.0"}
    number = agent.post("agents", body)["id"]
    config = ScriptRunConfig(".", command=["true"], compute_target=target)
    runs = [Experiment(owned, f"v1-{n}").submit(config) for n in ("a", "b")]
    try:
        taken = agent.post(f"agents/{number}/take", {"free": 1})["jobs"][0]["run"]
        engine = {"engine": {"problem": "slurmctld is down"}}
        held = [{"run": taken, "attempt": 1}]
        beat = {"runs": held, "usage": engine, "draining": False, "version": "0.2.0"}
        agent.post(f"agents/{number}/heartbeat", beat)
        content = target.serialize()
        assert content["kind"] == "agents"
        state = content["properties"]["properties"]
        assert (state["running"], state["queued"]) == (1, 1)
        assert state["nodeStateCounts"]["runningNodeCount"] == 1
        assert content["properties"]["provisioningErrors"] == [
            "The agent one: slurmctld is down"
        ]
        by_id = {one.id for one in Run.list_by_compute(target)}
        assert by_id == {one.id for one in runs}
        [queued] = Run.list_by_compute(target, status="Queued")
        assert queued.id != taken
    finally:
        agent.post(
            f"agents/{number}/jobs/{taken}/end", {"attempt": 1, "outcome": "Failed"}
        )
        for run in runs:
            run.cancel()
        target.delete()


def test_a_contributor_reads_how_an_owner_adds_it(workspace: Workspace) -> None:
    with pytest.raises(ComputeTargetException) as caught:
        _find_or_create(workspace, "v1-other")
    assert caught.value.message == (
        "Only owners can add the compute target 'v1-other'. Ask an owner to run: "
        "`studio target create v1-other`, then on the machine that is to run it "
        "`studio agent --compute v1-other`. The token of an owner needs the maximum "
        "role owner: create one on the Account page."
    )


def test_local_always_exists(workspace: Workspace) -> None:
    assert ComputeTarget(workspace, "local").get_status() == "Succeeded"
    assert workspace.get_default_compute_target("CPU").name == "local"


def test_a_workspace_that_exists_is_not_created(workspace: Workspace) -> None:
    found = Workspace.create("default", subscription_id="s", exist_ok=True)
    assert found.name == workspace.name
    with pytest.raises(NotSupportedError, match="--workspace other --role owner"):
        Workspace.create("other", subscription_id="s", exist_ok=True)


def test_machines_are_connected_by_an_agent(workspace: Workspace) -> None:
    settings = RemoteCompute.attach_configuration(address="10.0.0.1")
    with pytest.raises(NotSupportedError, match="`studio agent --compute vm`"):
        ComputeTarget.attach(workspace, "vm", settings)
