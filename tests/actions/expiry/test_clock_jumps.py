"""Nothing expires in the day after a clock jump, and something does later."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.expiry.clock_jumps import (
    DAY_MS,
    ClockState,
    expiry_allowed,
    expiry_paused,
    skip_while_paused,
)
from runs.models import Run, StudioIdentity

HOUR = DAY_MS // 24


@pytest.mark.parametrize(
    ("newest", "paused_until", "now", "expected"),
    [
        # Without a jump: nothing is paused, and a pause goes on to its end.
        (0, 0, HOUR, ClockState(HOUR, 0)),
        (0, 0, DAY_MS, ClockState(DAY_MS, 0)),
        (10 * DAY_MS, 0, 9 * DAY_MS, ClockState(9 * DAY_MS, 0)),
        (0, 5 * HOUR, HOUR, ClockState(HOUR, 5 * HOUR)),
        # Forward and back by more than a day.
        (0, 0, DAY_MS + 1, ClockState(DAY_MS + 1, 2 * DAY_MS + 1)),
        (10 * DAY_MS, 0, 9 * DAY_MS - 1, ClockState(9 * DAY_MS - 1, 10 * DAY_MS - 1)),
        # A second jump begins the pause again.
        (10 * DAY_MS, 10 * DAY_MS + HOUR, 0, ClockState(0, DAY_MS)),
        # The clock goes back by hours: the pause never lasts more than a day.
        (DAY_MS, 2 * DAY_MS, HOUR, ClockState(HOUR, DAY_MS + HOUR)),
        # Nothing is known of the past.
        (None, 0, 10 * DAY_MS, ClockState(10 * DAY_MS, 0)),
    ],
)
def test_a_clock_check_updates_the_clock_state(
    newest: int | None, paused_until: int, now: int, expected: ClockState
) -> None:
    assert ClockState(newest, paused_until).after_reading(now) == expected


@pytest.mark.parametrize(
    ("now", "is_paused"), [(0, True), (DAY_MS - 1, True), (DAY_MS, False)]
)
def test_a_pause_ends(now: int, is_paused: bool) -> None:
    assert ClockState(0, DAY_MS).is_paused(now) is is_paused


@pytest.fixture
def identity(db: None, now: int) -> None:
    StudioIdentity.objects.create(identity="a" * 32, created=now, last_seen=now)


@pytest.mark.usefixtures("identity")
def test_a_task_waits_a_day_after_a_clock_jump_and_logs_why(
    now: int, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []
    task = skip_while_paused(done.append)
    later = now + 30 * DAY_MS
    for time in (now + HOUR, later, later + 23 * HOUR, later + 25 * HOUR):
        task(time)
    assert done == [now + HOUR, later + 25 * HOUR]
    assert caplog.text.count("nothing expires for 24 hours") == 1


@pytest.mark.usefixtures("identity")
def test_a_restart_neither_ends_nor_extends_a_pause(now: int) -> None:
    """Each look reads the state from the database, as a new process does."""
    later = now + 30 * DAY_MS
    allowed = [expiry_allowed(later + hour * HOUR) for hour in range(26)]
    assert allowed == [False] * 24 + [True] * 2


@pytest.mark.usefixtures("identity")
def test_a_clock_that_was_wrong_for_hours_expires_nothing(now: int) -> None:
    wrong = [expiry_allowed(now + 400 * DAY_MS + hour * HOUR) for hour in range(5)]
    right = [expiry_allowed(now + hour * HOUR) for hour in range(5, 30)]
    assert not any(wrong)
    assert right == [False] * 24 + [True]


def test_without_a_clock_state_the_newest_run_is_the_reference(
    run: Run, now: int
) -> None:
    StudioIdentity.objects.create(identity="a" * 32, created=now)
    assert expiry_paused(now + 2 * DAY_MS)
    assert not expiry_allowed(now + 2 * DAY_MS)
    StudioIdentity.objects.update(last_seen=None, paused_until=0)
    assert not expiry_paused(now + HOUR)
    assert expiry_allowed(now + HOUR)


@pytest.mark.django_db
def test_nothing_expires_before_the_first_start_of_a_database(now: int) -> None:
    assert not expiry_allowed(now)


@pytest.mark.usefixtures("identity")
def test_checking_for_a_pause_changes_nothing(
    now: int, django_assert_num_queries: Any
) -> None:
    assert expiry_paused(now + 2 * DAY_MS)
    assert StudioIdentity.objects.get().last_seen == now
