"""Which failures of a heartbeat tell a launcher that its lease may have ended."""

from __future__ import annotations

import pytest

from studio.core.errors import Unavailable
from studio.sdk.delivery.background import is_answer
from studio.sdk.responses import Unreachable


def unreachable(cause: Exception) -> Unreachable:
    error = Unreachable("http://studio cannot be reached")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        unreachable(ConnectionRefusedError(111, "refused")),
        Unavailable("the proxy has no server"),
    ],
)
def test_a_server_that_is_down_gives_the_run_to_no_other_machine(
    error: Exception,
) -> None:
    assert is_answer(error)


@pytest.mark.parametrize(
    "cause", [TimeoutError("timed out"), OSError(113, "No route to host")]
)
def test_an_unreachable_network_is_no_answer(cause: Exception) -> None:
    assert not is_answer(unreachable(cause))
