"""How long a sender pauses after a failure, and after which it needs its user."""

from __future__ import annotations

import pytest

from studio.core.errors import PermissionDenied, StudioError
from studio.sdk.delivery import retry_policy
from studio.sdk.delivery.retry_policy import (
    BLOCKED_SECONDS,
    MAX_PAUSE_SECONDS,
    MIN_PAUSE_SECONDS,
    RetryPause,
    as_delivery_error,
)
from studio.sdk.responses import Unreachable


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(retry_policy, "time", clock)
    return clock


UNREACHABLE = Unreachable("The server cannot be reached.")


def seconds(pause: RetryPause, clock: Clock) -> float:
    """How long it pauses from now on, to an eighth of a second."""
    waited = 0.0
    while not pause.is_over:
        clock.now += 0.125
        waited += 0.125
    return waited


def test_retry_pauses_double_up_to_a_maximum(clock: Clock) -> None:
    pause, expected = RetryPause(), MIN_PAUSE_SECONDS
    assert pause.is_over
    for _ in range(12):
        pause.start(UNREACHABLE)
        assert expected / 2 <= seconds(pause, clock) <= expected + 0.125
        expected = min(2 * expected, MAX_PAUSE_SECONDS)
    assert expected == MAX_PAUSE_SECONDS
    assert not pause.is_blocked


def test_a_successful_delivery_resets_the_pauses(clock: Clock) -> None:
    pause = RetryPause()
    for _ in range(12):
        pause.start(UNREACHABLE)
    assert (pause.error, pause.since) == (UNREACHABLE, 1000.0)
    pause.clear()
    assert (pause.error, pause.since) == (None, 0.0)
    clock.now = 2000.0
    pause.start(UNREACHABLE)
    assert pause.since == 2000.0
    assert seconds(pause, clock) <= MIN_PAUSE_SECONDS


def test_a_busy_server_sets_the_pause(clock: Clock) -> None:
    pause = RetryPause()
    pause.start(Unreachable("The server is busy.", retry_after=40))
    assert 20 <= seconds(pause, clock) <= 40


def test_errors_that_the_user_must_fix_block_delivery(clock: Clock) -> None:
    pause = RetryPause()
    pause.start(PermissionDenied("The token was revoked."))
    assert pause.is_blocked
    assert seconds(pause, clock) == BLOCKED_SECONDS


def test_an_immediate_retry_can_be_requested(clock: Clock) -> None:
    pause = RetryPause()
    pause.start(UNREACHABLE)
    was_over = pause.is_over
    pause.retry_now()
    assert (was_over, pause.is_over) == (False, True)
    assert pause.error is UNREACHABLE


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StudioError("mine"), "mine"),
        (OSError("no disk"), "The spool cannot be read (no disk)."),
        (KeyError("next"), "The server's answer is not understood (KeyError('next'))."),
    ],
)
def test_any_failure_is_a_delivery_error(error: Exception, words: str) -> None:
    assert as_delivery_error(error).message == words
