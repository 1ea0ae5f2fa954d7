"""REST: alert rules, and the alerts that they fire."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.notify import create_notifications, perform_alert_actions
from runs.models import Delivery, DeliveryState, Role, now_ms
from tests.api.rest import Rest

RULE: dict[str, Any] = {"name": "A", "condition": "status", "statuses": ["Failed"]}


def create(rest: Rest, **fields: Any) -> Any:
    body = {**RULE, "to_submitter": True, **fields}
    return rest.ok("POST", "alert-rules", body, 201)


def fail(rest: Rest, name: str) -> None:
    rest.new_run(name)
    rest.post(f"runs/{name}/status", status="Failed")
    create_notifications(now_ms())


def test_a_rule_is_created_replaced_switched_deleted_and_restored(rest: Rest) -> None:
    rule = create(rest, q="tags.a:b", severity=1)
    path = f"alert-rules/{rule['number']}"
    assert rest.get(path) == rule
    assert (rule["q"], rule["severity"], rule["enabled"]) == ("tags.a:b", 1, True)

    crossed = {"name": "B", "condition": "metric", "metric": "loss", "value": 2.5}
    changed = rest.ok("PUT", path, {**crossed, "recipients": [rule["author"]]})
    assert changed["recipients"] == [rule["author"]]
    assert (changed["metric"], changed["op"], changed["value"]) == ("loss", ">", 2.5)
    assert (changed["severity"], changed["statuses"]) == (2, [])

    assert rest.ok("PATCH", path, {"enabled": False})["enabled"] is False
    assert rest.ok("DELETE", path)["name"] == "B"
    assert rest.get("alert-rules") == {"rules": []}
    assert rest.refused("GET", path)[0] == 404
    assert rest.ok("POST", f"{path}/restore")["recipients"] == [rule["author"]]
    assert [each["name"] for each in rest.get("alert-rules")["rules"]] == ["B"]


def test_a_rule_tags_runs_and_the_change_names_it(rest: Rest) -> None:
    rule = create(rest, tag="triage", tag_value="todo", cancel=True)
    assert (rule["tag"], rule["tag_value"], rule["cancel"]) == ("triage", "todo", True)
    fail(rest, "a")
    perform_alert_actions(now_ms())
    found = rest.get("runs", q="tags.triage:todo")["runs"]
    assert len(found) == 1
    (alert,) = rest.get("alerts")["alerts"]
    assert alert["outcomes"] == {"tagged": 1, "ended": 1}
    change = rest.get("activity")["changes"][0]
    assert (change["alert_rule"], change["way"]) == ("A", "server")


def test_alerts_are_listed_and_acknowledged(rest: Rest) -> None:
    number = create(rest)["number"]
    fail(rest, "a")
    fail(rest, "b")
    (alert,) = rest.get("alerts")["alerts"]
    assert (alert["rule"], alert["matches"], alert["run_id"]) == (number, 2, "b")
    found = rest.ok("POST", f"alerts/{alert['number']}/acknowledge")
    assert (alert["acknowledged_by"], alert["acknowledged"]) == (None, None)
    assert found["acknowledged_by"] == rest.user.username
    assert found["acknowledged"]
    assert rest.get("alerts")["alerts"] == [found]
    assert rest.get("alerts", before=alert["number"])["alerts"] == []


def test_a_test_message_is_a_notification_of_the_caller(rest: Rest) -> None:
    number = create(rest)["number"]
    rest.new_run("a")
    assert rest.ok("POST", f"alert-rules/{number}/test")["user"]
    (notification,) = rest.get("notifications")["notifications"]
    assert (notification["reason"], notification["run_id"]) == ("rule", "a")


@pytest.mark.parametrize(
    "change",
    [
        {"statuses": ["Nope"]},
        {"recipients": ["stranger"]},
        {"to_submitter": False},
        {"condition": "duration", "minutes": 0},
        {"q": "status:"},
        {"severity": 5},
        {"throttle": 10**30},
        {"name": "x" * 101},
    ],
)
def test_a_wrong_rule_is_refused(rest: Rest, change: Any) -> None:
    body = {**RULE, "to_submitter": True, **change}
    assert rest.refused("POST", "alert-rules", body)[0] == 400
    assert rest.get("alert-rules") == {"rules": []}


def test_channels_are_set_up_and_no_reply_has_an_address(rest: Rest) -> None:
    rest.workspace.members.filter(user=rest.user).update(role=Role.OWNER)
    rest.user.tokens.update(role_cap=Role.OWNER)
    body = {"name": "Chat", "address": "https://hooks.example/", "secret": "s" * 16}
    channel = rest.ok("POST", "alert-channels", body, 201)
    path = f"alert-channels/{channel['number']}"
    assert set(channel) == {
        *("number", "name", "format", "enabled", "last_tried", "last_error")
    }
    assert rest.get("alert-channels") == {"channels": [channel]}
    rule = create(rest, to_submitter=False, channels=["Chat"])
    assert rule["channels"] == ["Chat"]
    changed = rest.ok("PATCH", path, {"enabled": False, "format": "eventgrid"})
    assert (changed["enabled"], changed["format"]) == (False, "eventgrid")
    assert rest.ok("POST", f"{path}/test")["key"]
    rest.ok("DELETE", path)
    assert rest.get("alert-channels") == {"channels": []}
    assert rest.get(f"alert-rules/{rule['number']}")["channels"] == []
    assert rest.ok("POST", f"{path}/restore")["name"] == "Chat"
    assert rest.get(f"alert-rules/{rule['number']}")["channels"] == ["Chat"]
    assert rest.refused("POST", "alert-channels", body)[0] == 409


def test_deliveries_are_listed_and_sent_again_by_owners(rest: Rest) -> None:
    rest.workspace.members.filter(user=rest.user).update(role=Role.OWNER)
    rest.user.tokens.update(role_cap=Role.OWNER)
    body = {"name": "Chat", "address": "https://hooks.example/", "secret": "s" * 16}
    channel = rest.ok("POST", "alert-channels", body, 201)
    rest.ok("POST", f"alert-channels/{channel['number']}/test")
    (found,) = rest.get("alert-deliveries")["deliveries"]
    assert (found["channel"], found["state"], found["user"]) == (
        "Chat",
        "waiting",
        None,
    )
    assert rest.get("alert-deliveries", before=found["number"])["deliveries"] == []
    path = f"alert-deliveries/{found['number']}/send"
    assert rest.refused("POST", path)[0] == 409
    Delivery.objects.update(state=DeliveryState.DEAD)
    assert rest.ok("POST", path)["state"] == "waiting"
    rest.workspace.members.filter(user=rest.user).update(role=Role.READER)
    assert rest.get("alert-deliveries")["deliveries"] == []
