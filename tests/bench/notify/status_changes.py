"""Seeds rules and runs, and times what the worker does with status changes."""

from __future__ import annotations

import random
import statistics
import threading
import time
from pathlib import Path

from django.core.management import call_command

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.notify import RuleText, create_alert_rule, create_notifications
from runs.actions.run.lifecycle import change_status
from runs.actions.run.run_edits import set_run_tags
from runs.actions.run.runs import create_run
from runs.models import (
    Experiment,
    FiredAlert,
    Member,
    Notification,
    Role,
    Run,
    StatusChange,
    User,
    Workspace,
    now_ms,
)
from studio.core.statuses import RunStatus
from tests.actions.notify.smtp import smtp_server
from tests.bench.report import Report
from tests.parts.server import running

MAIL_SECONDS = 60


def measure(
    home: Path,
    env: dict[str, str],
    report: Report,
    *,
    rules: int,
    changes: int,
    repeats: int,
) -> None:
    call_command("migrate", verbosity=0)
    actor, experiment = _seed(rules)
    _time_burst(experiment, actor, report, changes)
    _time_mails(home, env, experiment, actor, report, rules, repeats)


def _seed(rules: int) -> tuple[Actor, Experiment]:
    workspace = Workspace.objects.create(name="alerts")
    user = User.objects.create(
        username="ada", email="ada@mail.example", confirmed_email="ada@mail.example"
    )
    Member.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    actor, now = Actor(user), now_ms()
    for number in range(rules):
        text = RuleText(
            f"rule {number}",
            f"tags.team = t{number} and -tag:expected",
            "status",
            {"statuses": ["Failed"]},
            recipients=["ada"],
        )
        create_alert_rule(workspace, text, actor=actor, now=now)
    return actor, create_experiment(workspace, "digits", actor=actor, now=now)


def _fail(experiment: Experiment, actor: Actor, run_id: str, team: str) -> Run:
    run = create_run(experiment, run_id=run_id, actor=actor, now=now_ms())
    set_run_tags(run, {"team": team}, actor=actor, now=now_ms())
    return change_status(
        run, RunStatus.FAILED, actor=actor, now=now_ms(), message="OSError: x"
    )


def _time_burst(
    experiment: Experiment, actor: Actor, report: Report, changes: int
) -> None:
    # Each run is queued or starts first, which is a change, too.
    for number in range(changes // 2):
        _fail(experiment, actor, f"burst-{number}", "t0")
    waiting = StatusChange.objects.filter(is_open=True).count()
    began = time.perf_counter()
    create_notifications(now_ms())
    seconds = time.perf_counter() - began
    [alert] = FiredAlert.objects.all()
    report.add(
        f"{waiting} status changes",
        "at least 500 changes/s",
        changes_per_s=waiting / seconds,
        matches=alert.matches,
        messages=Notification.objects.count(),
    )


def _time_mails(
    home: Path,
    env: dict[str, str],
    experiment: Experiment,
    actor: Actor,
    report: Report,
    rules: int,
    repeats: int,
) -> None:
    arrived = threading.Event()
    taken = []
    with smtp_server() as postbox:
        postbox.on_mail = arrived.set
        mail = {
            "EMAIL_URL": f"smtp://127.0.0.1:{postbox.server.port}",
            "EMAIL_FROM": "Run Studio <studio@mail.example>",
        }
        with running(home, env={**env, **mail}):
            for number in range(1, min(repeats, rules)):
                # At any time between two ticks of the worker.
                time.sleep(random.uniform(0, 2))
                arrived.clear()
                _fail(experiment, actor, f"mail-{number}", f"t{number}")
                began = time.perf_counter()
                if not arrived.wait(MAIL_SECONDS):
                    raise TimeoutError("no mail arrived")
                taken.append(1000 * (time.perf_counter() - began))
    report.add(
        "from a failure to its mail",
        "median 2000 ms",
        median_ms=statistics.median(taken),
        max_ms=max(taken),
    )
