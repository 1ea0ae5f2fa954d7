"""Old trash that is no run: logged models and experiments."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from runs.actions.experiments.experiments import lock_names
from runs.actions.files.files import drop_files
from runs.actions.run_rows.locks import locked_models
from runs.models import Experiment, File, LoggedModel, Run, Workspace


def purge_models(deleted_before: int) -> int:
    """Logged models that were in the trash since then, with their files."""
    old = LoggedModel.objects.filter(deleted__lt=deleted_before)
    return sum(_purge_model(key) for key in list(old.values_list("pk", flat=True)))


@transaction.atomic
def _purge_model(key: int) -> int:
    if not LoggedModel.objects.select_for_update().filter(pk=key).exists():
        return 0
    drop_files(File.objects.filter(model=key))
    LoggedModel.objects.filter(pk=key).delete()
    return 1


def purge_experiments(deleted_before: int) -> int:
    """Experiments that were in the trash since then and have no runs any more, nor
    models of locked runs.

    Their names are free again, their numbers stay theirs. *Default* is never in the
    trash.
    """
    old = _empty(Experiment.objects.filter(deleted__lt=deleted_before))
    keys = list(old.values_list("pk", flat=True))
    return sum(_purge_experiment(key, deleted_before) for key in keys)


def _empty(experiments: QuerySet[Experiment]) -> QuerySet[Experiment]:
    runs = Run.objects.filter(experiment=OuterRef("pk"))
    kept = locked_models().filter(experiment=OuterRef("pk"))
    return experiments.exclude(number=0).exclude(Exists(runs) | Exists(kept))


@transaction.atomic
def _purge_experiment(key: int, deleted_before: int) -> int:
    workspace = lock_names(Workspace.objects.get(experiments=key))
    # The locks come first: who restores it meanwhile, or makes a run, is then seen.
    experiment = Experiment.objects.select_for_update().get(pk=key)
    mine = Experiment.objects.filter(pk=key, deleted__lt=deleted_before)
    if not _empty(mine).exists():
        return 0
    drop_files(File.objects.filter(model__experiment=key))
    mine.delete()
    workspace.last_purged_experiment = max(
        workspace.last_purged_experiment, experiment.number
    )
    workspace.save(update_fields=["last_purged_experiment"])
    return 1
