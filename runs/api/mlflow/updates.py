"""What a status in runs/update does, since MLflow knows five and allows any change.

RUNNING reopens a final run, because clients resume runs. `actions.lifecycle` ignores
what a script says about the status of a run that a launcher owns, a failure excepted.
"""

from __future__ import annotations

from runs.actions.actor import Actor
from runs.actions.run import lifecycle
from runs.models import Run
from studio.core.filters.mlflow import status_word
from studio.core.statuses import RunStatus, may_follow

#: Steps on the way to an end that the table of statuses does not join directly.
_VIA = (RunStatus.RUNNING, RunStatus.CANCEL_REQUESTED)


def apply_status(
    run: Run, wanted: RunStatus, ended: int | None, *, actor: Actor, now: int
) -> Run:
    """Move the run as the update means; raises IllegalTransition where it cannot."""
    if wanted is RunStatus.RUNNING:
        return resume(run, actor=actor, now=now)
    if status_word(run.state) == status_word(wanted) and not wanted.is_final:
        return run
    for via in () if run.launcher else steps(run.state, wanted):
        run = lifecycle.move(run, via, actor=actor, now=now)
    return lifecycle.move(run, wanted, actor=actor, now=now, ended=ended)


def resume(run: Run, *, actor: Actor, now: int) -> Run:
    if run.state.is_final:
        return lifecycle.reopen(run, actor=actor, now=now)
    if may_follow(run.state, RunStatus.RUNNING):
        return lifecycle.move(run, RunStatus.RUNNING, actor=actor, now=now)
    # Running already, or asked to cancel, which an active client does not take back.
    return run


def steps(old: RunStatus, new: RunStatus) -> tuple[RunStatus, ...]:
    """What lies between: a queued run that ended has run, a paused one went on."""
    if may_follow(old, new) or old.is_final:
        return ()
    return tuple(via for via in _VIA if may_follow(old, via) and may_follow(via, new))[
        :1
    ]
