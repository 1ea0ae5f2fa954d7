"""A workspace of the owner with `a`, `b` and `sweep`, which has two child runs."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.background_tasks import start_bulk_change
from runs.actions.bulk import TagChange
from runs.actions.experiments import create_experiment
from runs.actions.run import create_run
from runs.models import Member, Role, Workspace, now_ms

SCRIPT = """
import django; django.setup()
from tests.e2e.bulk.few_runs import fill
fill({name!r})
"""


@transaction.atomic
def fill(name: str) -> None:
    """Fill the database of a server's home; a background task tags all runs."""
    workspace = Workspace.objects.create(name=name)
    owner = Member.objects.filter(role=Role.OWNER)[0].user
    Member.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    act: dict[str, Any] = {"actor": Actor(owner), "now": now_ms()}
    place = create_experiment(workspace, "digits", **act)
    roots = [
        create_run(place, run_id=f"{name}-{run}", name=run, **act)
        for run in ("a", "b", "sweep")
    ]
    children = [
        create_run(
            place,
            run_id=f"{name}-c{n}",
            name=f"c{n}",
            parent_run_id=roots[2].run_id,
            **act,
        )
        for n in range(2)
    ]
    keys = [run.pk for run in (*roots, *children)]
    change = TagChange({"seen": "yes"}, ())
    start_bulk_change(workspace, keys, change, role=Role.CONTRIBUTOR, **act)
