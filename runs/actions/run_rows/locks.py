"""The lock against deletion: owners set it, and locked runs cannot be deleted.

The actions that delete check it (`refuse_if_locked`), so it holds for pages, REST and
MLflow. It does not prevent writing.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.run_rows.revisions import bump_revision, lock_experiment_row
from runs.models import Experiment, LoggedModel, Run
from studio.core.errors import InvalidState


@transaction.atomic
def set_deletion_lock(run: Run, on: bool, *, actor: Actor, now: int) -> Run:
    """Set or remove a run's lock against deletion.

    Raises InvalidState if the run or its experiment is in the trash.
    """
    experiment = lock_experiment_row(run.experiment_id)
    bump_revision(run, now)
    run.refresh_from_db(fields=["locked", "deleted"])
    if on and run.deleted is not None:
        raise InvalidState(
            _("Run %(run_id)s is in the trash. Restore it before you lock it.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    if on and experiment.deleted is not None:
        raise InvalidState(
            _(
                "The experiment %(name)r of run %(run_id)s is in the "
                "trash. Restore it before you lock the run."
            )
            % {"name": experiment.name, "run_id": run.run_id},
            run_id=run.run_id,
        )
    edits = [Edit("locked", run.locked, on, run)]
    run.locked = on
    Run.objects.filter(pk=run.pk).update(locked=on)
    action = "lock run" if on else "unlock run"
    record_changes(run.workspace, action, edits, actor=actor, now=now)
    return run


def refuse_if_locked(run: Run) -> None:
    """Raise InvalidState if the run is locked; the caller has locked its row."""
    if Run.objects.filter(pk=run.pk, locked=True).exists():
        raise InvalidState(
            _("Run %(id)s is locked against deletion. A workspace owner can unlock it.")
            % {"id": run.run_id},
            run_id=run.run_id,
        )


def refuse_if_source_locked(model: LoggedModel) -> None:
    """Raise InvalidState if a locked run wrote the model; this locks the run's row."""
    if model.source_run is not None:
        source = Run.objects.select_for_update(no_key=True)
        refuse_if_locked(source.get(pk=model.source_run.pk))


def refuse_if_any_run_locked(experiment: Experiment) -> None:
    """Raise InvalidState if the experiment has a locked run, or a model of one.

    This locks the experiment's row.
    """
    lock_experiment_row(experiment.pk)
    # Few runs are locked, and an index has them, whatever the experiment's size.
    locked = Run.objects.filter(workspace=experiment.workspace_id, locked=True)
    known = locked.values_list("experiment", "run_id").order_by("-pk")
    inside = [run_id for place, run_id in known if place == experiment.pk]
    models = models_of_locked_runs().filter(experiment=experiment)
    inside += models.values_list("source_run__run_id", flat=True)[:1]
    if inside:
        raise InvalidState(
            _(
                "The experiment %(name)s has runs that are locked against "
                "deletion, or models of such runs, for example %(id)s. An owner of "
                "the workspace can unlock them."
            )
            % {"name": experiment.name, "id": inside[0]},
            run_id=inside[0],
        )


def models_of_locked_runs() -> QuerySet[LoggedModel]:
    """Return the models that locked runs wrote, in all experiments."""
    return LoggedModel.objects.filter(deleted__isnull=True, source_run__locked=True)
