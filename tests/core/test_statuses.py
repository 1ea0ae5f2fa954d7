"""The run state machine, over every pair of statuses."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from studio.core.statuses import (
    ACTIVE,
    CODES,
    FINAL,
    FOLLOWERS,
    GROUPS,
    MEANT_BY,
    STATUS_TABLE,
    RunStatus,
    can_follow,
    can_reopen,
    can_requeue_lost_run,
    parse_status,
)

ROOT = Path(__file__).parents[2]
#: What may follow, written out a second time, from the contract.
TABLE = {
    "NotStarted": "Starting Provisioning Preparing Queued Running CancelRequested "
    "Completed Failed Canceled",
    "Starting": "Provisioning Preparing Queued Running Failed CancelRequested Canceled",
    "Provisioning": "Preparing Queued Running Failed CancelRequested Canceled",
    "Preparing": "Queued Running Failed CancelRequested Canceled",
    "Queued": "Starting Provisioning Preparing Running Failed CancelRequested Canceled",
    "Running": "Finalizing NotResponding Paused CancelRequested Completed Failed "
    "Canceled",
    "Paused": "Running Failed CancelRequested Canceled",
    "Finalizing": "Completed Failed CancelRequested",
    "CancelRequested": "Canceled Failed Completed NotResponding",
    "NotResponding": "Starting Provisioning Preparing Queued Running Paused Finalizing "
    "CancelRequested Completed Failed Canceled",
    "Completed": "",
    "Failed": "",
    "Canceled": "",
}


@pytest.mark.parametrize(
    ("old", "new"), [*itertools.product(RunStatus, RunStatus)], ids=str
)
def test_allowed_status_changes(old, new):
    assert can_follow(old, new) == (new.value in TABLE[old.value].split())


def test_every_status_has_a_code_of_its_own():
    assert set(CODES) == set(RunStatus) == set(FOLLOWERS)
    assert len(set(CODES.values())) == len(RunStatus)
    assert all(RunStatus.from_code(status.code) is status for status in RunStatus)


def test_every_status_has_a_table_entry():
    assert set(STATUS_TABLE) == set(RunStatus)
    assert all(facts.group in GROUPS for facts in STATUS_TABLE.values())
    assert all(
        facts.is_final == (not facts.followers) for facts in STATUS_TABLE.values()
    )


def test_every_icon_is_in_the_sprite():
    sprite = (ROOT / "static" / "icons" / "sprite.svg").read_text(encoding="utf-8")
    for facts in STATUS_TABLE.values():
        assert not facts.icon or f'id="{facts.icon}"' in sprite


def test_a_word_of_another_system_means_one_status():
    words = [word for facts in STATUS_TABLE.values() for word in facts.meant_by]
    assert len(words) == len(set(words)) == len(MEANT_BY)
    assert not {status.value.lower() for status in RunStatus} & set(words)


def test_every_status_is_either_final_or_active():
    assert set(FINAL) | set(ACTIVE) == set(RunStatus)
    assert all(status.is_final != status.is_active for status in RunStatus)


def test_every_status_is_in_one_group():
    grouped = [status for group in GROUPS.values() for status in group]
    assert sorted(grouped) == sorted(RunStatus)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("failed", RunStatus.FAILED),
        ("CANCELREQUESTED", RunStatus.CANCEL_REQUESTED),
        ("Pausing", RunStatus.PAUSED),
        ("unapproved", RunStatus.NOT_STARTED),
    ],
)
def test_a_status_is_parsed_in_any_case(word, status):
    assert parse_status(word) is status


def test_an_unknown_status_word_is_refused():
    with pytest.raises(ValueError, match="NotStarted, Starting"):
        parse_status("bogus")


def test_only_a_final_run_without_launcher_reopens():
    assert can_reopen(RunStatus.FAILED, owned_by_launcher=False)
    assert not can_reopen(RunStatus.FAILED, owned_by_launcher=True)
    assert not can_reopen(RunStatus.RUNNING, owned_by_launcher=False)


def test_only_an_active_run_of_an_agent_can_be_requeued():
    assert can_requeue_lost_run(RunStatus.RUNNING, owned_by_agent=True)
    assert not can_requeue_lost_run(RunStatus.RUNNING, owned_by_agent=False)
    assert not can_requeue_lost_run(RunStatus.COMPLETED, owned_by_agent=True)
