"""REST: follow runs, read notifications, and mark them as read."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.notify import create_notifications
from runs.models import now_ms
from tests.api.rest import Rest


def end_run(rest: Rest, name: str) -> None:
    rest.post(f"runs/{name}/status", status="Completed")
    create_notifications(now_ms())


def listed(rest: Rest, **query: Any) -> list[str]:
    found = rest.get("notifications", **query)["notifications"]
    assert {each["new"] for each in found} <= {"Completed"}
    return [each["run_id"] for each in found]


@pytest.mark.parametrize("place", ["runs/a/follow", "experiments/{}/follow", "follow"])
def test_what_is_followed_notifies_until_it_is_not(rest: Rest, place: str) -> None:
    number = rest.new_run("a")["experiment_id"]
    place = place.format(number)
    for _ in range(2):
        assert rest.ok("PUT", place) == {"followed": True}
    end_run(rest, "a")
    assert listed(rest) == ["a"]
    assert rest.ok("DELETE", place) == {"followed": False}
    rest.new_run("b")
    end_run(rest, "b")
    assert listed(rest) == ["a"]


def test_notifications_are_read_one_by_one_or_up_to_one(rest: Rest) -> None:
    rest.ok("PUT", "follow")
    for name in ("a", "b", "c"):
        rest.new_run(name)
        end_run(rest, name)
    last, middle, _ = (
        each["id"] for each in rest.get("notifications")["notifications"]
    )
    assert listed(rest, before=last) == ["b", "a"]
    assert rest.ok("POST", "notifications/read", {"ids": [last]}) == {"read": 1}
    assert listed(rest, unread=1) == ["b", "a"]
    assert rest.ok("POST", "notifications/read", {"until": middle}) == {"read": 2}
    assert listed(rest, unread=1) == []
    for bad in ({"ids": ["x"]}, {"until": 2**64}, {"ids": [0]}):
        assert rest.refused("POST", "notifications/read", bad)[0] == 400
