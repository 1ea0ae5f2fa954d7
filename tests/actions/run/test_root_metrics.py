"""The kept best below a root is what looking would find, whatever was done."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from django.db import connection
from django.db.models import F, Max, Min

from runs.actions.actor import Actor
from runs.actions.bulk import FlagChange, apply_bulk_change
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run, restore_run, set_run_parent, trash_run
from runs.models import Experiment, Metric, RootMetric, Run, root_metrics
from studio.core.errors import StudioError

pytestmark = pytest.mark.django_db
Pairs = set[tuple[int, str, float, float]]


def kept() -> Pairs:
    return set(RootMetric.objects.values_list("root_id", "key__name", "min", "max"))


def gathered() -> Pairs:
    below = Metric.objects.filter(
        run__root__isnull=False, run__deleted__isnull=True, min__isnull=False
    )
    groups = below.values_list(F("run__root"), F("key__name"))
    return set(groups.annotate(low=Min("min"), high=Max("max")))


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_actions_keeps_the_best_child_values_correct(
    experiment: Experiment, actor: Actor, now: int, seed: int
) -> None:
    chance = Random(seed)
    for n in range(120):
        with suppress(StudioError):
            step(chance, experiment, actor, now + n)
    assert kept() == gathered() != set()
    root_metrics.restore(connection)
    assert kept() == gathered()


def step(chance: Random, experiment: Experiment, actor: Actor, now: int) -> None:
    action = chance.choice(["make", "make", "log", "log", "log", "log", "other"])
    # A parent may arrive after its children: ids are few, so that many are named.
    name = f"r{chance.randrange(30)}"
    runs = list(Run.objects.order_by("pk"))
    if action == "make" or not runs:
        parent = f"r{chance.randrange(30)}" if chance.random() < 0.6 else ""
        create_run(experiment, run_id=name, parent_run_id=parent, actor=actor, now=now)
        return
    run = chance.choice(runs)
    if action == "log":
        values: list[float | str] = [chance.uniform(-5, 5), float("nan"), "text"]
        value = chance.choice(values)
        key = chance.choice(["acc", "loss"])
        log_metrics(run, [Point(key, value, now)], actor=actor, now=now)
        return
    some = [each.pk for each in chance.sample(runs, min(4, len(runs)))]
    place = experiment.workspace
    hide, show = (FlagChange("deleted", on, now) for on in (True, False))
    {
        0: lambda: trash_run(run, actor=actor, now=now),
        1: lambda: restore_run(run, actor=actor, now=now),
        2: lambda: set_run_parent(run, name, actor=actor, now=now),
        3: lambda: purge_run(run, actor=actor, now=now),
        4: lambda: apply_bulk_change(place, some, hide, actor=actor, now=now),
        5: lambda: apply_bulk_change(place, some, show, actor=actor, now=now),
        6: lambda: apply_bulk_change(place, some, show, actor=actor, now=now),
    }[chance.randrange(7)]()


def test_a_root_without_children_stores_no_best_value(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(experiment, run_id="alone", actor=actor, now=now)
    log_metrics(run, [Point("acc", 0.5, now, 0)], actor=actor, now=now)
    assert kept() == set()


def test_lost_triggers_are_detected(experiment: Experiment) -> None:
    assert root_metrics.missing(connection) == []
    root_metrics.remove(connection)
    assert len(root_metrics.missing(connection)) == 2
    root_metrics.restore(connection)
    assert root_metrics.missing(connection) == []
