"""Find the runs and experiments that a path names; raise NotFound otherwise."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import StudioRequest, check_run_in_scope, workspace_of
from runs.models import Experiment, ExperimentTag, Run, RunDefinition, RunProperty
from studio.core.errors import InvalidName, InvalidValue, NotFound
from studio.core.git import shown_value
from studio.core.names import check_run_id

#: PostgreSQL's largest integer; no experiment has a larger number.
_MAX_NUMBER = 2**31 - 1


def find_run(request: StudioRequest, run_id: str) -> Run:
    """Return the run with all that `run_info` needs, in the trash or not.

    Raises PermissionDenied if the request's token can't change it.
    """
    unknown = NotFound(
        _("The run %(run_id)r doesn't exist in this workspace.") % {"run_id": run_id},
        run_id=run_id,
    )
    try:
        check_run_id(run_id)
    # No run has such an id. PostgreSQL would also refuse a NUL character in the query.
    except (InvalidName, InvalidValue) as error:
        raise unknown from error
    rows = Run.objects.filter(workspace=workspace_of(request), run_id=run_id)
    loaded = rows.select_related(
        "workspace", "experiment", "submitter", "root", "definition"
    )
    # Only whether there is one: it can have 256 KiB.
    run = loaded.defer("definition__content").first()
    if run is None:
        raise unknown
    check_run_in_scope(request, run)
    return run


def find_experiment(request: StudioRequest, number: int) -> Experiment:
    unknown = NotFound(
        _("The experiment %(number)s doesn't exist in this workspace.")
        % {"number": number},
        experiment_id=number,
    )
    if not 0 <= number <= _MAX_NUMBER:
        raise unknown
    rows = Experiment.objects.filter(workspace=workspace_of(request), number=number)
    experiment = rows.select_related("workspace").first()
    if experiment is None:
        raise unknown
    return experiment


def tags_by_experiment(
    experiments: list[Experiment],
) -> dict[int, dict[str, str | None]]:
    """Return tags by the experiments' keys."""
    found: dict[int, dict[str, str | None]] = {one.pk: {} for one in experiments}
    rows = ExperimentTag.objects.filter(experiment__in=experiments).order_by("key")
    for row in rows:
        found[row.experiment_id][row.key] = row.value
    return found


def runs_with_definition(keys: list[int]) -> set[int]:
    """Return the keys of those runs that were submitted, with one query."""
    rows = RunDefinition.objects.filter(run__in=keys)
    return set(rows.values_list("run_id", flat=True))


def properties_by_run(keys: list[int]) -> dict[int, dict[str, str]]:
    """Return properties by the runs' keys, with one query."""
    found: dict[int, dict[str, str]] = {key: {} for key in keys}
    rows = RunProperty.objects.filter(run__in=keys).order_by("key__name")
    for run, name, value in rows.values_list("run_id", "key__name", "value"):
        found[run][name] = shown_value(name, value or "")
    return found
