"""Conditions that the worker looks at: heartbeats, texts of logs, and many runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.ingest import append_log
from runs.actions.log_index import LogIndexer
from runs.actions.notify import create_alert_rule, fire_for_conditions
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.models import (
    AlertMatch,
    AlertRule,
    Experiment,
    LogIndexSettings,
    Run,
    User,
    Workspace,
)
from runs.search.log_index.matching_runs import forget_read_blocks
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus
from tests.actions.notify.rules import FAILS, MINUTE_MS, fail

pytestmark = pytest.mark.django_db


@pytest.fixture
def log_folders(tmp_path: Path, settings: Any) -> None:
    settings.FILES_DIR = tmp_path / "files"
    settings.LOG_INDEX_DIR = tmp_path / "log-index"
    forget_read_blocks()


def make_rule(
    workspace: Workspace, actor: Actor, now: int, condition: str, **settings: Any
) -> AlertRule:
    text = replace(FAILS, q="", condition=condition, settings=settings)
    return create_alert_rule(workspace, text, actor=actor, now=now)


def matched(rule: AlertRule) -> list[str]:
    rows = AlertMatch.objects.filter(rule=rule).order_by("pk")
    return list(rows.values_list("run__run_id", flat=True))


def write(run: Run, text: str, actor: Actor, now: int) -> None:
    path = "user_logs/std_log.txt"
    last = run.files.filter(replaced__isnull=True, name="std_log.txt").first()
    start = last.size if last else 0
    data = text.encode()
    append_log(run, path, start, data, writer="", actor=actor, now=now, limit=1 << 30)


def test_a_run_without_heartbeats_fires_once(
    run: Run, workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    rule = make_rule(workspace, actor, now, "heartbeat", minutes=10)
    Run.objects.filter(pk=run.pk).update(heartbeats=True, heard=now)
    assert fire_for_conditions(now + 9 * MINUTE_MS) == 0
    # The server was off until a minute ago.
    late = now + 10 * MINUTE_MS
    assert fire_for_conditions(late, listening_since=late - MINUTE_MS) == 0
    change_status(run, RunStatus.NOT_RESPONDING, actor=actor, now=now)
    assert fire_for_conditions(late) == 1
    assert fire_for_conditions(late + MINUTE_MS) == 0
    assert matched(rule) == ["run-1"]


def test_runs_that_end_or_send_no_heartbeats_do_not_fire(
    run: Run,
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    now: int,
) -> None:
    make_rule(workspace, actor, now, "heartbeat", minutes=10)
    done = create_run(experiment, run_id="done", actor=actor, now=now)
    Run.objects.filter(pk=done.pk).update(heartbeats=True, heard=now)
    change_status(done, RunStatus.COMPLETED, actor=actor, now=now)
    assert fire_for_conditions(now + 60 * MINUTE_MS) == 0


@pytest.mark.usefixtures("log_folders")
def test_a_line_of_a_log_fires_while_the_run_runs_and_after_its_end(
    run: Run,
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    ben: User,
    now: int,
) -> None:
    index = LogIndexer(seconds=60.0)
    old = create_run(experiment, run_id="old", actor=actor, now=now - 10)
    write(old, "loss is NaN\n", actor, now - 10)
    change_status(old, RunStatus.FAILED, actor=actor, now=now - 5)
    rule = make_rule(workspace, actor, now, "log", text="LOSS is nan")
    write(run, "loss is 0.5\n", actor, now)
    index(now)
    assert fire_for_conditions(now) == 0
    write(run, "loss is nan\n", actor, now + MINUTE_MS)
    index(now + 2 * MINUTE_MS)
    assert fire_for_conditions(now + 2 * MINUTE_MS) == 1
    assert fire_for_conditions(now + 3 * MINUTE_MS) == 0
    other = create_run(experiment, run_id="other", actor=actor, now=now + 1)
    write(other, "step 1\nLoss is NaN at step 2\n", actor, now + 1)
    change_status(other, RunStatus.FAILED, actor=actor, now=now + 2)
    index(now + 4 * MINUTE_MS)
    assert fire_for_conditions(now + 4 * MINUTE_MS) == 1
    assert matched(rule) == ["run-1", "other"]


def test_a_rule_of_logs_says_that_their_index_is_off(
    run: Run, workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    rule = make_rule(workspace, actor, now, "log", text="loss is nan")
    LogIndexSettings.objects.create(workspace=workspace, is_on=False)
    assert fire_for_conditions(now) == 0
    rule.refresh_from_db()
    assert "off in this workspace" in rule.error


def test_many_runs_in_a_window_fire(
    experiment: Experiment, workspace: Workspace, actor: Actor, ben: User, now: int
) -> None:
    fail(experiment, "before", actor, now - 1)
    rule = make_rule(
        workspace, actor, now, "count", statuses=["Failed"], runs=3, minutes=60
    )
    for number in range(2):
        fail(experiment, f"a{number}", actor, now)
    late = now + 61 * MINUTE_MS
    assert fire_for_conditions(now + MINUTE_MS) == 0
    # These two are too old by then.
    fail(experiment, "b0", actor, late)
    assert fire_for_conditions(late + 1) == 0
    for number in range(1, 3):
        fail(experiment, f"b{number}", actor, late + 1)
    assert fire_for_conditions(late + 2) == 3
    assert fire_for_conditions(late + 3) == 0
    fail(experiment, "b3", actor, late + 4)
    assert fire_for_conditions(late + 5) == 1
    assert matched(rule) == ["b0", "b1", "b2", "b3"]


@pytest.mark.parametrize(
    ("condition", "settings"),
    [
        ("heartbeat", {"minutes": 0}),
        ("log", {"text": "ab"}),
        ("log", {"text": "two\nlines"}),
        ("log", {}),
        ("count", {"statuses": ["Failed"], "runs": 1, "minutes": 60}),
        ("count", {"statuses": [], "runs": 3, "minutes": 60}),
        ("count", {"statuses": ["Failed"], "runs": 3}),
    ],
)
def test_wrong_settings_are_refused(
    condition: str,
    settings: dict[str, Any],
    workspace: Workspace,
    actor: Actor,
    ben: User,
    now: int,
) -> None:
    with pytest.raises(InvalidValue):
        make_rule(workspace, actor, now, condition, **settings)
