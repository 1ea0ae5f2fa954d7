"""The addresses of *Alerts*."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.notify.alert_rule_editor import (
    copy_rule,
    delete_rule,
    edit_rule,
    enable_rule,
    new_rule,
    restore_rule,
    test_rule,
)
from runs.pages.notify.alerts import (
    acknowledge_fired_alert,
    deliveries_page,
    fired_page,
    resend_delivery,
)
from runs.pages.notify.channels import (
    channels_page,
    delete_channel,
    edit_channel,
    enable_channel,
    new_channel,
    restore_channel,
    test_channel,
)
from runs.pages.notify.events import events_page
from runs.pages.notify.rule_list import alert_rules_page
from runs.pages.requests import WORKSPACE_URL

_ALERTS = f"{WORKSPACE_URL}alerts/"
_RULE = f"{_ALERTS}rules/<int:number>/"
_CHANNEL = f"{_ALERTS}channels/<int:number>/"

alert_urls: list[URLPattern] = [
    path(_ALERTS, alert_rules_page, name="alerts"),
    path(f"{_ALERTS}fired/", fired_page, name="alerts-fired"),
    path(
        f"{_ALERTS}fired/<int:number>/acknowledge/",
        acknowledge_fired_alert,
        name="alert-acknowledge",
    ),
    path(f"{_ALERTS}deliveries/", deliveries_page, name="alerts-deliveries"),
    path(
        f"{_ALERTS}deliveries/<int:number>/again/",
        resend_delivery,
        name="alert-delivery-again",
    ),
    path(f"{_ALERTS}events/", events_page, name="alerts-events"),
    path(f"{_ALERTS}channels/", channels_page, name="alerts-channels"),
    path(f"{_ALERTS}channels/new/", new_channel, name="alert-channel-new"),
    path(_CHANNEL, edit_channel, name="alert-channel"),
    path(f"{_CHANNEL}enable/", enable_channel, name="alert-channel-enable"),
    path(f"{_CHANNEL}delete/", delete_channel, name="alert-channel-delete"),
    path(f"{_CHANNEL}restore/", restore_channel, name="alert-channel-restore"),
    path(f"{_CHANNEL}test/", test_channel, name="alert-channel-test"),
    path(f"{_ALERTS}rules/new/", new_rule, name="alert-rule-new"),
    path(_RULE, edit_rule, name="alert-rule"),
    path(f"{_RULE}copy/", copy_rule, name="alert-rule-copy"),
    path(f"{_RULE}enable/", enable_rule, name="alert-rule-enable"),
    path(f"{_RULE}delete/", delete_rule, name="alert-rule-delete"),
    path(f"{_RULE}restore/", restore_rule, name="alert-rule-restore"),
    path(f"{_RULE}test/", test_rule, name="alert-rule-test"),
]
