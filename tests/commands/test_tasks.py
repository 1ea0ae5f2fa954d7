"""The worker's clock and its tasks."""

import threading
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import DatabaseError

from runs.management.worker_tasks import ListeningClock, LongTasks, Task, all_tasks
from runs.models import Run

SECOND = 1000


def test_a_task_runs_immediately_and_then_when_it_is_due() -> None:
    task = Task("count", 10, lambda _now: None)
    times = [0, 5 * SECOND, 10 * SECOND, 19 * SECOND, 20 * SECOND]
    assert [task.run_if_due(now) for now in times] == [True, False, True, False, True]


def test_a_clock_set_back_delays_a_task_by_at_most_one_interval() -> None:
    task = Task("count", 10, lambda _now: None)
    assert task.run_if_due(10_000 * SECOND)
    assert not task.run_if_due(0)
    assert task.run_if_due(10 * SECOND)


def test_a_task_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    def fail(now: int) -> None:
        raise DatabaseError("database is locked")

    task = Task("fail", 10, fail)
    assert task.run_if_due(0)
    assert task.run_if_due(10 * SECOND)
    assert "database is locked" in caplog.text


def test_a_suspended_machine_marks_no_run_unresponsive() -> None:
    clock = ListeningClock.started(0)
    clock.tick(5 * SECOND)
    assert clock.listening_since == 0
    clock.tick(3600 * SECOND)
    assert clock.listening_since == 3600 * SECOND


def test_a_clock_set_back_restarts_the_heartbeat_timeout() -> None:
    clock = ListeningClock.started(100 * SECOND)
    clock.tick(50 * SECOND)
    assert clock.listening_since == 50 * SECOND


@pytest.mark.django_db
def test_every_task_can_run_on_an_empty_database(files_dir: Path, now: int) -> None:
    tasks = all_tasks(ListeningClock.started(now))
    for task in tasks:
        task.run(now)
    assert tasks
    assert not Run.objects.exists()


class SlowWork:
    """A task that lasts until the test ends it."""

    def __init__(self) -> None:
        self.begun, self.done = threading.Event(), threading.Event()

    def __call__(self, _now: int) -> None:
        self.begun.set()
        assert self.done.wait(30)


def test_a_long_task_runs_apart_and_once_at_a_time() -> None:
    work = SlowWork()
    tasks = LongTasks([Task("slow", 10, work)], check=lambda: None)
    assert tasks.start_due(100 * SECOND)
    assert work.begun.wait(30)
    assert not tasks.start_due(10**15)
    work.done.set()
    tasks.stop(30)
    assert not tasks.start_due(10**15)


def test_what_ends_a_long_task_ends_the_worker() -> None:
    def refuse() -> None:
        raise CommandError("The data was moved.")

    tasks = LongTasks([Task("never", 10, lambda _now: None)], check=refuse)
    assert tasks.start_due(0)
    tasks.stop(30)
    with pytest.raises(CommandError, match="moved"):
        tasks.start_due(0)
