"""Read and restore values of experiments, for `runs.actions.undo`."""

from __future__ import annotations

from typing import Any

from runs.actions.experiments.experiments import (
    lock_experiment_names,
    refuse_used_experiment_name,
    remember_experiment_name,
)
from runs.actions.run_rows import (
    refuse_if_any_run_locked,
    refuse_if_experiment_registered,
)
from runs.models import Change, ChangeSet, Experiment, ExperimentStar, ExperimentTag

TEXT_FIELDS = ("name", "description")
FLAG_FIELDS = ("archived", "deleted")
TAG_PREFIX = "tags."
STAR_FIELD = "starred"


def lock_changed_experiments(changes: list[Change]) -> None:
    """Lock the changed experiments, and their names first, always in the same order."""
    for change in changes:
        # Names are locked before rows, as when an experiment is created or renamed.
        if change.experiment is not None and change.field == "name":
            lock_experiment_names(change.experiment.workspace)
    wanted = {
        c.experiment_id for c in changes if c.experiment_id and c.field != STAR_FIELD
    }
    rows = Experiment.objects.select_for_update().filter(pk__in=wanted)
    list(rows.order_by("pk").values_list("pk"))


def current_experiment_value(change: Change, change_set: ChangeSet) -> Any:
    field, experiment = change.field, change.experiment_id
    assert experiment is not None
    if field == STAR_FIELD:
        # A star belongs to one user, so undo reads the star of the user who made the
        # change.
        stars = ExperimentStar.objects.filter(experiment=experiment)
        return stars.filter(user=change_set.actor_id).exists()
    if field.startswith(TAG_PREFIX):
        tags = ExperimentTag.objects.filter(
            experiment=experiment, key=field.removeprefix(TAG_PREFIX)
        )
        return tags.values("value").first()
    rows = Experiment.objects.filter(pk=experiment)
    [stored] = rows.values_list(field, flat=True)
    return stored is not None if field in FLAG_FIELDS else stored


def restore_experiment_value(change: Change, change_set: ChangeSet, now: int) -> None:
    """Restore the value before the change.

    Raises AlreadyExists if another experiment has the name now, and InvalidState if a
    lock or a registered version forbids deleting it again.
    """
    field, experiment, wanted = change.field, change.experiment, change.before
    assert experiment is not None
    if field == STAR_FIELD:
        _set_star(experiment, change_set, bool(wanted))
    elif field.startswith(TAG_PREFIX):
        _set_tag(experiment, field.removeprefix(TAG_PREFIX), wanted)
    else:
        if field == "name":
            refuse_used_experiment_name(experiment.workspace, str(wanted))
            experiment.refresh_from_db(fields=["name"])
            remember_experiment_name(experiment)
        if field == "deleted" and wanted:
            refuse_if_any_run_locked(experiment)
            refuse_if_experiment_registered(experiment)
        # Restored from now on: the old time could already be older than the limit of
        # the trash.
        value: Any = (now if wanted else None) if field in FLAG_FIELDS else str(wanted)
        rows = Experiment.objects.filter(pk=experiment.pk)
        rows.update(**{field: value, "updated": now})


def _set_star(experiment: Experiment, change_set: ChangeSet, wanted: bool) -> None:
    if wanted:
        ExperimentStar.objects.get_or_create(
            experiment=experiment, user=change_set.actor
        )
    else:
        stars = ExperimentStar.objects.filter(experiment=experiment)
        stars.filter(user=change_set.actor_id).delete()


def _set_tag(
    experiment: Experiment, key: str, wanted: dict[str, str | None] | None
) -> None:
    rows = ExperimentTag.objects.filter(experiment=experiment)
    if wanted is None:
        rows.filter(key=key).delete()
    else:
        rows.update_or_create(experiment=experiment, key=key, defaults=wanted)
