"""Whether a higher or lower metric is better, per experiment and metric."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import Experiment, Key, KeyKind, MetricGoal, Workspace
from studio.core.errors import NotFound

HIGHER_IS_BETTER, LOWER_IS_BETTER = "higher", "lower"


@transaction.atomic
def set_metric_goal(
    workspace: Workspace,
    experiments: Sequence[Experiment],
    key: str,
    higher: bool | None,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Set a metric's goal in the experiments; None removes it. Raises NotFound."""
    known = Key.objects.filter(workspace=workspace, kind=KeyKind.METRIC, name=key)
    found = known.first()
    if found is None:
        raise NotFound(
            _("No run in this workspace has the metric %(key)r.") % {"key": key},
            field="field",
        )
    rows = MetricGoal.objects.filter(key=found, experiment__in=experiments)
    before = dict(rows.select_for_update().values_list("experiment", "higher"))
    changed = [each for each in experiments if before.get(each.pk) != higher]
    rows.filter(experiment__in=changed).delete()
    if higher is not None:
        MetricGoal.objects.bulk_create(
            MetricGoal(experiment=each, key=found, higher=higher) for each in changed
        )
    edits = [
        Edit(
            f"goals.{key}",
            _goal_word(before.get(each.pk)),
            _goal_word(higher),
            experiment=each,
        )
        for each in changed
    ]
    record_changes(workspace, "set metric goal", edits, actor=actor, now=now)


def _goal_word(higher: bool | None) -> str | None:
    if higher is None:
        return None
    return HIGHER_IS_BETTER if higher else LOWER_IS_BETTER
