"""The migration fills change sets as they are recorded today."""

from __future__ import annotations

import importlib
from typing import Any

import django.apps

from runs.actions.actor import Actor
from runs.actions.bulk import TagChange, apply_bulk_change
from runs.actions.experiments import create_experiment, rename_experiment
from runs.actions.run import create_run, star_run
from runs.actions.views import ViewState, create_view, edit_view, star_view
from runs.models import ChangeSet, Experiment, Run, User
from studio.core.view_spec import ViewSpec

COLUMNS = ("kind", "experiment", "view", "is_personal", "run_count", "change_count")
EMPTY: dict[str, Any] = {
    "kind": "other",
    "experiment": None,
    "view": None,
    "is_personal": False,
    "run_count": 0,
    "change_count": 0,
}


def test_earlier_change_sets_are_filled_as_new_ones(
    experiment: Experiment, run: Run, owner: User, actor: Actor, now: int
) -> None:
    act: dict[str, Any] = {"actor": actor, "now": now}
    other = create_experiment(run.workspace, "other", **act)
    runs = [run.pk, create_run(other, run_id="b", **act).pk]
    apply_bulk_change(run.workspace, runs, TagChange({"a": "1", "b": "2"}, ()), **act)
    rename_experiment(other, "third", **act)
    star_run(run, owner, True, **act)
    view = create_view(run.workspace, "mine", ViewState(ViewSpec()), **act)
    # Its name of a private time stays unknown to others after it is shared.
    edit_view(view, {"name": "secret"}, **act)
    star_view(view, owner, True, **act)
    edit_view(view, {"shared": True}, **act)
    edit_view(view, {"name": "of all"}, **act)
    edit_view(view, {"shared": False, "name": "secret again"}, **act)
    edit_view(view, {"description": "secret too"}, **act)
    edit_view(view, {"shared": True}, **act)
    rows = ChangeSet.objects.order_by("pk").values_list("pk", *COLUMNS)
    recorded = list(rows)
    assert {row[4] for row in recorded} == {True, False}
    ChangeSet.objects.update(**EMPTY)
    migration = importlib.import_module("runs.migrations.0037_activity")
    migration.fill(django.apps.apps, None)
    assert list(rows.all()) == recorded
