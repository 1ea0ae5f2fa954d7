"""Limits of users on a real Slurm with accounts: MariaDB and slurmdbd."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.agent.executors import EngineUnavailable, SubmissionPostponed
from studio.agent.executors.slurm.arrays import WaitingSubmission, submit_in_parts
from tests.agent.cluster import Cluster
from tests.parts.engines.slurm import Slurm, missing_programs, slurm_cluster
from tests.parts.engines.slurm_accounts import (
    missing_account_programs,
    start_accounts,
)
from tests.parts.needs import missing
from tests.parts.server import Server
from tests.parts.waiting import becomes


@pytest.fixture(scope="module")
def with_accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if absent := missing_programs():
        missing(f"Slurm ({', '.join(absent)})", "As root: apt-get install slurm-wlm")
    if absent := missing_account_programs():
        # Also in CI, which has no database of accounts.
        names = ", ".join(absent)
        pytest.skip(
            f"Missing: {names}. As root: apt-get install mariadb-server slurmdbd"
        )
    folder = tmp_path_factory.mktemp("accounts")
    with slurm_cluster(folder, start_accounts=start_accounts) as slurm:
        yield slurm


@pytest.fixture
def cluster(with_accounts: Slurm, server: Server, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster.create(server, tmp_path, kind="slurm")
    yield cluster
    cluster.end()


def set_limit(slurm: Slurm, *words: str) -> None:
    done = slurm.command("sacctmgr", "-i", "modify", *words)
    assert done.returncode == 0, done.stderr


def message(cluster: Cluster, run: str) -> str:
    return str(cluster.owner.get(f"runs/{run}/job")["engine_message"])


def count_submitted(slurm: Slurm) -> int:
    words = ("sacct", "-X", "-n", "-P", "-o", "JobID", "-S", "now-1day")
    return len(slurm.command(*words).stdout.split())


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (("user", "root", "set", "MaxSubmitJobs"), "AssocMaxSubmitJobLimit"),
        (
            ("qos", "normal", "set", "MaxSubmitJobsPerUser"),
            "QOSMaxSubmitJobPerUserLimit",
        ),
    ],
)
def test_runs_over_a_limit_stay_queued_until_there_is_room(
    with_accounts: Slurm, cluster: Cluster, limit: Sequence[str], words: str
) -> None:
    before = count_submitted(with_accounts)
    ran, end = cluster.folder / "ran", cluster.folder / "end"
    script = f"echo >> {shlex.quote(str(ran))}; until [ -e {end} ]; do sleep 0.1; done"
    *names, option = limit
    set_limit(with_accounts, *names, f"{option}=2")
    try:
        runs = [cluster.queue(["/bin/sh", "-c", script]) for _number in range(5)]
        cluster.start_agent(variables=with_accounts.variables)

        def waiting() -> list[str]:
            return [run for run in runs if words in message(cluster, run)]

        assert becomes(lambda: len(waiting()) == 3), cluster.log
        for run in waiting():
            assert cluster.status(run) == "Queued"
            text = message(cluster, run)
            assert text.startswith(f"The engine takes no more jobs now: {words}. ")
            assert "Job violates accounting/QOS policy" in text
        canceled = waiting()[-1]
        cluster.owner.post(f"runs/{canceled}/cancel", {})
        assert cluster.becomes(canceled, "Canceled"), cluster.log
        end.touch()
        for run in runs:
            wanted = "Canceled" if run == canceled else "Completed"
            assert cluster.becomes(run, wanted), cluster.log
        assert len(ran.read_text().splitlines()) == 4
        assert becomes(lambda: count_submitted(with_accounts) == before + 4)
    finally:
        set_limit(with_accounts, *names, f"{option}=-1")


def test_the_accounts_of_slurm_say_who_canceled_a_run(
    with_accounts: Slurm, cluster: Cluster
) -> None:
    run = cluster.queue(["sleep", "600"])
    cluster.start_agent(variables=with_accounts.variables)
    assert cluster.becomes(run, "Running"), cluster.log
    job = cluster.owner.get(f"runs/{run}/job")["engine_job"]
    with_accounts.command("scancel", job)
    assert cluster.becomes(run, "Canceled"), cluster.log
    [attempt] = cluster.owner.get(f"runs/{run}/job")["attempts"]
    assert attempt["message"] == "The job was canceled in Slurm by root."


@given(
    room=st.integers(0, 120),
    waiting=st.integers(1, 100),
    is_full=st.booleans(),
    has_arrays=st.booleans(),
)
def test_all_that_has_room_is_submitted_once_in_few_calls(
    room: int, waiting: int, is_full: bool, has_arrays: bool
) -> None:
    accepted: list[WaitingSubmission] = []
    calls = 0

    def submit(part: Sequence[WaitingSubmission]) -> None:
        nonlocal calls
        calls += 1
        if len(part) > 1 and not has_arrays:
            raise OSError("no arrays")
        if len(accepted) + len(part) > room:
            raise SubmissionPostponed("full")
        accepted.extend(part)

    batch = [WaitingSubmission(Path(str(n)), "") for n in range(waiting)]
    is_full_now = submit_in_parts(batch, submit, is_full=is_full)
    assert accepted == batch[:room]
    errors = [one.error for one in batch]
    assert errors[:room] == [None] * min(room, waiting)
    assert all(isinstance(error, SubmissionPostponed) for error in errors[room:])
    assert is_full_now == (room < waiting)
    if has_arrays:
        assert calls <= 1 + 2 * waiting.bit_length()


def test_what_was_accepted_before_an_outage_has_no_error() -> None:
    batch = [WaitingSubmission(Path(str(n)), "") for n in range(4)]
    calls: list[int] = []

    def submit(part: Sequence[WaitingSubmission]) -> None:
        calls.append(len(part))
        if len(part) > 2:
            raise SubmissionPostponed("full")
        if len(calls) > 2:
            raise EngineUnavailable("down")

    submit_in_parts(batch, submit, is_full=False)
    assert [one.error is None for one in batch] == [True, True, False, False]
    assert all(isinstance(one.error, EngineUnavailable) for one in batch[2:])
