"""Registered versions protect the run or logged model that has their files.

Moving a run, an experiment or a logged model to the trash is refused while a version of
a registered model points to it. Purging is refused too, as a second check.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from runs.models import Experiment, LoggedModel, ModelVersion, Run
from studio.core.errors import InvalidState

#: How many versions an error names.
MAX_NAMED_VERSIONS = 5


def versions_of_run(run: Run) -> QuerySet[ModelVersion]:
    """Return the versions that a run wrote, or that have its files."""
    # Subqueries, because a join next to OR would not use the indexes.
    models = LoggedModel.objects.filter(source_run=run).values("pk")
    return ModelVersion.objects.filter(
        Q(run=run) | Q(files_run=run) | Q(logged_model__in=models)
    )


def versions_of_experiment(experiment: Experiment) -> QuerySet[ModelVersion]:
    """Return the versions whose run or logged model is in an experiment."""
    runs = Run.objects.filter(experiment=experiment).values("pk")
    models = LoggedModel.objects.filter(experiment=experiment).values("pk")
    return ModelVersion.objects.filter(
        Q(run__in=runs) | Q(files_run__in=runs) | Q(logged_model__in=models)
    )


def find_registered_experiments(experiments: Sequence[Experiment]) -> set[int]:
    """Return those that `refuse_if_experiment_registered` refuses."""
    keys = [each.pk for each in experiments]
    found: set[int] = set()
    for source in ("run", "files_run", "logged_model"):
        place = f"{source}__experiment"
        rows = ModelVersion.objects.filter(**{f"{place}__in": keys})
        found.update(rows.values_list(place, flat=True).distinct())
    return found


def refuse_if_run_registered(run: Run) -> None:
    """Raise InvalidState if a version points to the run; the caller locked its row."""
    named = name_versions(versions_of_run(run))
    if named:
        raise InvalidState(
            _(
                "Run %(run_id)s can't be deleted, because registered models use it: "
                "%(versions)s. Delete those versions first."
            )
            % {"run_id": run.run_id, "versions": named},
            run_id=run.run_id,
        )


def refuse_if_model_registered(model: LoggedModel) -> None:
    """Raise InvalidState if a version points to the logged model.

    This locks the model's row.
    """
    LoggedModel.objects.select_for_update(no_key=True).filter(pk=model.pk).first()
    named = name_versions(ModelVersion.objects.filter(logged_model=model))
    if named:
        raise InvalidState(
            _(
                "The logged model %(model_id)s can't be deleted, because registered "
                "models use it: %(versions)s. Delete those versions first."
            )
            % {"model_id": model.model_id, "versions": named},
            model_id=model.model_id,
        )


def refuse_if_experiment_registered(experiment: Experiment) -> None:
    """Raise InvalidState if a version points into the experiment, whose row is
    locked.
    """
    named = name_versions(versions_of_experiment(experiment))
    if named:
        raise InvalidState(
            _(
                "The experiment %(name)s can't be deleted, because registered models "
                "use its runs or models: %(versions)s. Delete those versions first."
            )
            % {"name": experiment.name, "versions": named},
            experiment=experiment.name,
        )


def name_versions(versions: QuerySet[ModelVersion]) -> str:
    """Return texts such as `churn version 3, churn version 4 …`, or an empty one."""
    rows = versions.order_by("model__name", "number")
    found = list(rows.values_list("model__name", "number")[: MAX_NAMED_VERSIONS + 1])
    named = [
        _("%(name)s version %(version)s") % {"name": name, "version": number}
        for name, number in found[:MAX_NAMED_VERSIONS]
    ]
    return ", ".join(named) + (", …" if len(found) > MAX_NAMED_VERSIONS else "")
