"""Mails of alert rules over a real SMTP server: one for a burst of matches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.notify import create_alert_rule
from runs.models import (
    Delivery,
    DeliveryState,
    Experiment,
    FiredAlert,
    Notification,
    Run,
    RunEvent,
    StatusChange,
    User,
    Workspace,
    now_ms,
)
from studio.core.statuses import RunStatus
from tests.actions.notify.conftest import work
from tests.actions.notify.rules import FAILS
from tests.actions.notify.smtp import Postbox, body

pytestmark = pytest.mark.django_db

MATCHES, OTHERS = 10_000, 10


def fail_many(experiment: Experiment, submitter: User, now: int) -> None:
    """Runs that failed, with what the worker reads of a change of status."""
    runs = Run.objects.bulk_create(
        Run(
            workspace=experiment.workspace,
            experiment=experiment,
            run_id=f"r{n}",
            number=n + 1,
            name="nightly" if n < MATCHES else "debug",
            status=RunStatus.FAILED.code,
            submitter=submitter,
            created=now,
            updated=now,
            heard=now,
        )
        for n in range(MATCHES + OTHERS)
    )
    old, new = RunStatus.RUNNING.code, RunStatus.FAILED.code
    events = RunEvent.objects.bulk_create(
        RunEvent(run=run, time=now, old=old, new=new) for run in runs
    )
    StatusChange.objects.bulk_create(
        StatusChange(event=event, workspace=experiment.workspace) for event in events
    )


# It holds on PostgreSQL, too, but takes ten seconds there, nearly all for the inserts.
@pytest.mark.skipif(
    connection.vendor == "postgresql", reason="10,000 inserts in one transaction"
)
def test_ten_thousand_matches_are_one_mail(
    workspace: Workspace,
    experiment: Experiment,
    actor: Actor,
    ben: User,
    postbox: Postbox,
) -> None:
    now = now_ms()
    text = replace(FAILS, q="name:nightly")
    create_alert_rule(workspace, text, actor=actor, now=now)
    fail_many(experiment, ben, now)
    work(now)
    [mail] = postbox.mails
    assert mail["To"] == "ben@mail.example"
    assert mail["Subject"] == "[default] 10,000 matches: Fails"
    for kind in ("plain", "html"):
        assert "10,000" in body(mail, kind)
    assert FiredAlert.objects.get().matches == MATCHES
    # Nothing is left that a later pass would send.
    assert not StatusChange.objects.filter(is_open=True).exists()
    work(now_ms())
    assert len(postbox.mails) == 1
    assert Notification.objects.get().count == MATCHES
    assert Delivery.objects.get().state == DeliveryState.SENT
