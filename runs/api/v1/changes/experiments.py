"""REST: change several experiments at once."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _

from runs.access import (
    Permission,
    StudioRequest,
    check_role,
    signed_in_user,
    workspace_of,
)
from runs.actions.bulk import (
    MAX_BULK_EXPERIMENTS,
    ExperimentChange,
    ExperimentFlagChange,
    ExperimentTagChange,
    change_experiments,
    find_skipped_experiments,
)
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import BulkReply, ExperimentBulkRequest
from runs.models import now_ms
from runs.search.experiments import find_experiment_keys, find_selected_experiments
from studio.core.errors import InvalidValue, NotFound

_FLAGS = {
    "archive": ("archived", True),
    "unarchive": ("archived", False),
    "delete": ("deleted", True),
    "restore": ("deleted", False),
}
_TRASH_ACTIONS = ("delete", "restore")


@endpoint("POST", Permission.ANNOTATE, body=ExperimentBulkRequest, reply=BulkReply)
def change_many_experiments(
    request: StudioRequest, body: ExperimentBulkRequest
) -> BulkReply:
    """Change up to 500 experiments: one change set, which one undo restores."""
    assert request.role is not None
    if body.action in _TRASH_ACTIONS:
        check_role(Permission.TRASH, request.role)
    workspace = workspace_of(request)
    keys, change = _find_keys(request, body), _build_change(body)
    if body.dry_run:
        skipped = find_skipped_experiments(workspace, keys, change)
        counts = Counter(skip.value for skip in skipped.values())
        return BulkReply(len(keys) - len(skipped), dict(counts), None)
    result = change_experiments(
        workspace, keys, change, actor=request.actor, now=now_ms()
    )
    return BulkReply(
        result.changed,
        {skip.value: n for skip, n in result.skipped.items()},
        result.change_set.pk if result.change_set else None,
    )


def _build_change(body: ExperimentBulkRequest) -> ExperimentChange:
    if body.action == "tag":
        return ExperimentTagChange(body.tags, body.remove).check()
    return ExperimentFlagChange(*_FLAGS[body.action])


def _find_keys(request: StudioRequest, body: ExperimentBulkRequest) -> list[int]:
    if (body.ids is None) == (body.q is None):
        raise InvalidValue(_("Give either ids or q."), field="q")
    user, workspace = signed_in_user(request), workspace_of(request)
    if body.ids is None:
        # One more than the limit, so that the action refuses it.
        limit = MAX_BULK_EXPERIMENTS + 1
        return find_experiment_keys(user, workspace, body.q or "", limit=limit)
    if len(body.ids) > MAX_BULK_EXPERIMENTS:
        raise InvalidValue(
            _("At most %(limit)s experiments can be changed at once.")
            % {"limit": f"{MAX_BULK_EXPERIMENTS:,}"},
            field="ids",
        )
    # Larger numbers exceed what the database compares.
    ids = [number for number in body.ids if 0 <= number < 2**31]
    found = find_selected_experiments(user, workspace, ids)
    missing = set(body.ids) - {each.number for each in found}
    if missing:
        raise NotFound(
            _("There is no experiment with the id %(id)s.") % {"id": min(missing)},
            field="ids",
        )
    return [each.pk for each in found]
