"""The children of a sweep: created in batches, each in a transaction of its own.

`Sweep.proposed` counts them. It changes in the same transaction, so that a crash leaves
a batch whole or undone, and two workers create no child twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.compute import find_target, insert_jobs, job_settings
from runs.actions.run import lock_run_row, lock_tree, open_jobs, read_definition
from runs.actions.submit import NewRuns, find_run_snapshot
from runs.actions.sweeps.bayesian import propose
from runs.models import Run, Sweep
from studio.core.statuses import RunStatus
from studio.core.sweeps import (
    BAYESIAN,
    FIRST_RANDOM_RUNS,
    default_template,
    expand_space,
    fill_template,
    swept_definition,
)

#: How many are created with the sweep. More would keep SQLite's only writer too long.
FIRST_BATCH = 50


@transaction.atomic
def add_children(
    sweep: Sweep,
    *,
    now: int,
    actor: Actor | None = None,
    limit: int = FIRST_BATCH,
    proposals: Sequence[Mapping[str, str]] | None = None,
) -> int:
    """Create the next children and put them into the queue; return how many.

    A grid or a random sample gets `limit`. A Bayesian one gets the `proposals`, which
    were made before the locks, unless another worker was faster.
    The children belong to `actor`, or else to who submitted the sweep. A sweep that is
    complete, or whose parent was canceled, gets none.
    """
    lock_tree(sweep.run.workspace_id)
    rows = Sweep.objects.select_for_update(no_key=True, of=("self",))
    seen = sweep.proposed
    sweep = rows.select_related("run__experiment__workspace").get(pk=sweep.pk)
    parent = sweep.run
    # After this lock, a cancel sees the children that are created here.
    lock_run_row(parent)
    parent.refresh_from_db(fields=["status"])
    is_ended = parent.state.is_final or parent.state is RunStatus.CANCEL_REQUESTED
    is_outdated = proposals is not None and sweep.proposed != seen
    if sweep.is_complete or is_ended or is_outdated:
        return 0
    combinations = proposals
    if combinations is None:
        combinations = _next_combinations(sweep, limit)
    if combinations:
        _create(sweep, combinations, actor or Actor(parent.submitter), now)
        sweep.proposed += len(combinations)
        sweep.save(update_fields=["proposed"])
    return len(combinations)


def child_template(name: str, arguments: Iterable[str]) -> str:
    """The template of the children's names, with every argument if none is in it."""
    if "{" in name:
        return name
    return default_template(name or "sweep", arguments)


def free_places(sweep: Sweep) -> int:
    """Return how many children of a Bayesian sample can start now."""
    assert sweep.total is not None
    missing = sweep.total - sweep.proposed
    return min(missing, (sweep.at_once or missing) - open_jobs(sweep).count())


def _next_combinations(sweep: Sweep, limit: int) -> Sequence[Mapping[str, str]]:
    assert sweep.total is not None
    if sweep.sampling == BAYESIAN:
        # Of a new sweep: they are random, so this is quick.
        return propose(sweep, min(free_places(sweep), FIRST_RANDOM_RUNS), [])
    found = expand_space(sweep.space, sweep.sampling, sweep.total, sweep.seed)
    return found[sweep.proposed : sweep.proposed + limit]


def _create(
    sweep: Sweep, combinations: Sequence[Mapping[str, str]], actor: Actor, now: int
) -> None:
    parent = sweep.run
    definition = read_definition(parent)
    new = NewRuns(
        experiment=parent.experiment,
        target=find_target(parent.workspace, parent.target, now=now),
        snapshot=find_run_snapshot(parent),
        actor=actor,
        now=now,
        tags=sweep.child_tags or {},
        parent_run_id=parent.run_id,
    )
    runs: list[Run] = [
        new.create(
            swept_definition(definition, values),
            name=fill_template(sweep.child_name, values),
            tags={key.lstrip("-"): value for key, value in values.items()},
        )
        for values in combinations
    ]
    insert_jobs(
        runs,
        new.target,
        sweep=sweep,
        values=combinations,
        now=now,
        **job_settings(definition, sweep.priority),
    )
