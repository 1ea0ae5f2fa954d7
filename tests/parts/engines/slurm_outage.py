"""The controller of Slurm is down for a while: what its runs go through."""

from __future__ import annotations

import time
from pathlib import Path

from tests.agent.cluster import Cluster
from tests.parts.engines.slurm import Slurm
from tests.parts.waiting import becomes

WORDS = "Unable to contact slurm controller"
LOOK_SECONDS = 2.0


def engine_message(cluster: Cluster, run: str) -> str:
    return str(cluster.owner.get(f"runs/{run}/job")["engine_message"])


def go_through_outage(cluster: Cluster, slurm: Slurm, seconds: float = 0.0) -> int:
    """One run waits in Slurm, one runs, one ends while it is down, one is queued then.

    The controller is down for at least `seconds`. Each run must end as Completed and
    have run once. Returns how often their statuses were looked at while it was down.
    """
    ran, end = cluster.folder / "ran", cluster.folder / "end"

    def queue_one(name: str, until: str) -> str:
        wait = f"until [ -e {end}-{until} ]; do sleep 0.1; done"
        return cluster.queue(["/bin/sh", "-c", f"echo {name} >> {ran}; {wait}"])

    def has_run(*names: str) -> bool:
        return ran.exists() and set(names) <= set(ran.read_text().split())

    cluster.start_agent(variables=slurm.variables)
    running, ending = queue_one("running", "late"), queue_one("ending", "soon")
    assert becomes(lambda: has_run("running", "ending")), cluster.log
    slurm.command("scontrol", "update", "NodeName=localhost", "State=DRAIN", "Reason=x")
    waiting = queue_one("waiting", "late")
    assert becomes(lambda: "PENDING" in engine_message(cluster, waiting)), cluster.log
    slurm.stop("slurmctld")
    looks = 0
    try:
        until = time.monotonic() + seconds
        late = queue_one("late", "late")
        assert becomes(lambda: WORDS in engine_message(cluster, late)), cluster.log
        Path(f"{end}-soon").touch()
        assert cluster.becomes(ending, "Completed"), cluster.log
        assert becomes(lambda: WORDS in engine_message(cluster, running)), cluster.log
        while True:
            looks += 1
            states = [cluster.status(run) for run in (running, waiting, late)]
            assert states == ["Running", "Queued", "Queued"], cluster.log
            if time.monotonic() >= until:
                break
            time.sleep(LOOK_SECONDS)
    finally:
        slurm.start_controller()
    assert becomes(slurm.responds)
    slurm.command("scontrol", "update", "NodeName=localhost", "State=RESUME")
    assert becomes(lambda: has_run("waiting", "late")), cluster.log
    assert becomes(lambda: WORDS not in engine_message(cluster, running)), cluster.log
    Path(f"{end}-late").touch()
    for run in (running, waiting, late):
        assert cluster.becomes(run, "Completed"), cluster.log
    assert sorted(ran.read_text().split()) == ["ending", "late", "running", "waiting"]
    return looks
