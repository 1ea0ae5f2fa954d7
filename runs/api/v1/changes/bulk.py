"""REST: change many runs at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from django.http import HttpResponse
from django.utils.translation import gettext as _

from runs.access import (
    Permission,
    StudioRequest,
    check_role,
    signed_in_user,
    workspace_of,
)
from runs.actions.background_tasks import LARGE_CHANGE, start_bulk_change
from runs.actions.bulk import (
    MANUAL_END_STATUSES,
    MAX_BULK_RUNS,
    BulkChange,
    CancelChange,
    FlagChange,
    LockChange,
    MarkChange,
    MoveChange,
    NameChange,
    StarChange,
    TagChange,
    apply_bulk_change,
    check_bulk_size,
    create_move_target,
    find_all_skipped,
    find_move_target,
    read_pattern,
    with_descendants,
)
from runs.api.v1.background_tasks import task_info
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.lookups import find_experiment
from runs.api.v1.schemas import BulkReply, BulkRequest
from runs.models import Experiment, Role, Run, now_ms
from runs.search.query import build_query, read_all_keys
from studio.core import names
from studio.core.batches import batches
from studio.core.errors import InvalidValue, NotFound
from studio.core.view_spec import ViewSpec

_NEEDS = {
    "star": Permission.STAR,
    "unstar": Permission.STAR,
    "delete": Permission.TRASH,
    "restore": Permission.TRASH,
    "cancel": Permission.CANCEL,
    "mark": Permission.CANCEL,
    "lock": Permission.LOCK,
    "unlock": Permission.LOCK,
}
_FLAGS = {
    "archive": ("archived", True),
    "unarchive": ("archived", False),
    "delete": ("deleted", True),
    "restore": ("deleted", False),
}
#: Ids that one statement names.
IDS_PER_STATEMENT = 500


@endpoint("POST", Permission.STAR, body=BulkRequest, reply=BulkReply)
def change_runs(request: StudioRequest, body: BulkRequest) -> BulkReply | HttpResponse:
    """Change up to 1,000,000 runs: one change set, which one undo restores.

    More than 1,000 runs are changed by a background task: the status is 202 and the
    reply has `task`. Stars need the role reader, all other actions contributor. No undo
    brings back a status. A repeated request changes
    nothing more.
    """
    assert request.role is not None
    need = _NEEDS.get(body.action, Permission.ANNOTATE)
    check_role(need, request.role)
    workspace = workspace_of(request)
    # First, because the experiment that runs move to is created with the change.
    keys = _find_keys(request, body)
    change = _build_change(request, body)
    if body.below:
        keys = with_descendants(keys, in_trash=body.action == "restore")
    keys = change.affected(keys)
    if body.dry_run:
        skipped = find_all_skipped(workspace, keys, change)
        counts = Counter(skip.value for skip in skipped.values())
        return BulkReply(len(keys) - len(skipped), dict(counts), None)
    if len(keys) > LARGE_CHANGE:
        task = start_bulk_change(
            workspace,
            keys,
            change,
            actor=request.actor,
            role=need.role,
            now=now_ms(),
            request_id=body.request_id,
        )
        return json_response(BulkReply(0, {}, None, task_info(task)), 202)
    result = apply_bulk_change(
        workspace, keys, change, actor=request.actor, now=now_ms()
    )
    return BulkReply(
        result.changed,
        {skip.value: n for skip, n in result.skipped.items()},
        result.change_set.pk if result.change_set else None,
    )


def _build_change(request: StudioRequest, body: BulkRequest) -> BulkChange:
    action, actor, now = body.action, request.actor, now_ms()
    build: dict[str, Callable[[], BulkChange]] = {
        **{
            name: partial(FlagChange, field, wanted, now)
            for name, (field, wanted) in _FLAGS.items()
        },
        **{
            name: partial(StarChange, signed_in_user(request), name == "star")
            for name in ("star", "unstar")
        },
        **{
            name: partial(LockChange, name == "lock", actor, _is_owner(request), now)
            for name in ("lock", "unlock")
        },
        "cancel": partial(CancelChange, actor, now),
        "mark": partial(_build_mark, request, body),
        "move": lambda: MoveChange(_find_target(request, body)),
        "rename": lambda: NameChange(
            read_pattern(body.pattern, body.find, body.replacement)
        ),
        "tag": TagChange(body.tags, body.remove).check,
    }
    return build[action]()


def _is_owner(request: StudioRequest) -> bool:
    return request.role == Role.OWNER


def _find_target(request: StudioRequest, body: BulkRequest) -> Experiment:
    """Return the experiment of a move; for a dry run it need not exist yet."""
    workspace = workspace_of(request)
    if not body.create:
        rows = Experiment.objects.filter(workspace=workspace, name=body.to)
        found = rows.filter(deleted__isnull=True).first()
        if found is None:
            raise NotFound(
                _("There is no experiment %(name)r.") % {"name": body.to},
                field="to",
            )
        return found
    if body.dry_run:
        return find_move_target(workspace, body.to)
    return create_move_target(workspace, body.to, actor=request.actor, now=now_ms())


def _build_mark(request: StudioRequest, body: BulkRequest) -> MarkChange:
    if body.status not in MANUAL_END_STATUSES:
        raise InvalidValue(_("status must be Completed or Failed."), field="status")
    names.check_text(body.reason, "reason", limit=names.MAX_ERROR)
    return MarkChange(body.status, request.actor, now_ms(), body.reason)


def _find_keys(request: StudioRequest, body: BulkRequest) -> list[int]:
    if (body.ids is None) == (body.q is None):
        raise InvalidValue(_("Give either ids or q."), field="q")
    if body.ids is not None:
        return _keys_of_ids(request, list(dict.fromkeys(body.ids)))
    flags = {
        name: "1" for name in ("children", "mine", "archived") if getattr(body, name)
    }
    query = build_query(
        ViewSpec.from_query({"q": body.q or "", **flags}),
        signed_in_user(request),
        workspace_of(request),
        now=now_ms(),
        experiment=None
        if body.experiment is None
        else find_experiment(request, body.experiment),
    )
    keys = read_all_keys(query, MAX_BULK_RUNS + 1)
    check_bulk_size(len(keys))
    return keys


def _keys_of_ids(request: StudioRequest, ids: list[str]) -> list[int]:
    check_bulk_size(len(ids))
    visible = Run.objects.visible_to(signed_in_user(request))
    runs = visible.in_workspace(workspace_of(request))
    known: dict[str, int] = {}
    for some in batches(ids, IDS_PER_STATEMENT):
        rows = runs.filter(run_id__in=some)
        known.update(rows.values_list("run_id", "pk"))
    missing = [each for each in ids if each not in known]
    if missing:
        raise NotFound(
            _("There is no run %(run_id)r.") % {"run_id": missing[0]},
            run_id=missing[0],
        )
    return [known[each] for each in ids]
