"""A workspace of two members with 1,000 runs, and what one of them changed yesterday.

- `digits`: 300 runs of the owner, 40 of them failed
- `old`: 200 runs of the other member
- `sweeps`: `sweep` with 60 child runs
- `rest`: 439 runs of the other member
"""

from __future__ import annotations

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.bulk import (
    BulkChange,
    NameChange,
    TagChange,
    apply_bulk_change,
    read_pattern,
)
from runs.actions.experiments import create_experiment
from runs.actions.run import create_run
from runs.models import (
    ChangeWay,
    Experiment,
    Member,
    Role,
    Run,
    User,
    Workspace,
    now_ms,
)
from studio.core.statuses import RunStatus

WORKSPACE = "tidy"
#: Fills the database of a server's home.
SCRIPT = """
import django; django.setup()
from tests.e2e.bulk.thousand_runs import fill
fill()
"""


@transaction.atomic
def fill() -> None:
    yesterday = now_ms() - 86_400_000
    workspace = Workspace.objects.create(name=WORKSPACE)
    owner = Member.objects.filter(role=Role.OWNER)[0].user
    jonas = User.objects.create(username="jonas")
    for user, role in ((owner, Role.OWNER), (jonas, Role.CONTRIBUTOR)):
        Member.objects.create(workspace=workspace, user=user, role=role)
    own, others = Actor(owner), Actor(jonas, way=ChangeWay.CLI)

    def experiment(name: str) -> Experiment:
        return create_experiment(workspace, name, actor=own, now=yesterday)

    rest, old, sweeps, digits = map(experiment, ("rest", "old", "sweeps", "digits"))
    _add(rest, 439, "rest", others, yesterday)
    _add(old, 190, "old", others, yesterday)
    _add(digits, 40, "digits", own, yesterday, RunStatus.FAILED)
    _add(digits, 250, "digits", own, yesterday)
    done = RunStatus.COMPLETED
    create_run(
        sweeps, run_id="sweep", name="sweep", status=done, actor=own, now=yesterday
    )
    _add(sweeps, 60, "child", own, yesterday, parent="sweep")
    # Some of each experiment are among the newest runs.
    _add(old, 10, "old", others, yesterday)
    _add(digits, 10, "digits", own, yesterday)

    def change(changed: Experiment, count: int, kind: BulkChange) -> None:
        rows = Run.objects.filter(experiment=changed).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:count])
        apply_bulk_change(workspace, keys, kind, actor=others, now=yesterday)

    change(rest, 25, TagChange({"stage": "draft"}))
    change(old, 3, NameChange(read_pattern("{name} again")))


def _add(
    experiment: Experiment,
    count: int,
    name: str,
    actor: Actor,
    now: int,
    status: RunStatus = RunStatus.COMPLETED,
    parent: str = "",
) -> None:
    for _number in range(count):
        create_run(
            experiment,
            actor=actor,
            now=now,
            name=name,
            status=status,
            parent_run_id=parent,
        )
