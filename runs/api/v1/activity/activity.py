"""REST: the activity of a workspace."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions.background_tasks import LARGE_CHANGE, start_undo_since
from runs.actions.undo import count_changes_since, undo_since
from runs.api.v1.background_tasks import task_info
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.schemas import (
    ActivityList,
    ActivityListQuery,
    ChangePartQuery,
    ChangeSetDetails,
    ChangeSetInfo,
    EditInfo,
    UndoSinceReply,
    UndoSinceRequest,
)
from runs.models import ApiToken, Change, ChangeSet, Role, now_ms
from runs.search.activity import (
    ActivityFilter,
    activity_query,
    find_activity,
    find_visible_set,
    list_changes_of,
)
from studio.core.errors import InvalidValue, NotFound

MAX_TOKEN_NUMBER = 2**63 - 1


@endpoint("GET", Permission.READ, query=ActivityListQuery, reply=ActivityList)
def list_activity(request: StudioRequest, query: ActivityListQuery) -> ActivityList:
    """List change sets, the newest first: who changed what, when and how."""
    if query.token is not None and not 0 <= query.token <= MAX_TOKEN_NUMBER:
        raise InvalidValue(_("There is no such token."), field="token")
    wanted = ActivityFilter(
        q=query.q,
        members=_alternatives(query.member),
        kinds=_alternatives(query.kind),
        ways=_alternatives(query.way),
        token=query.token,
        run=query.run,
        experiment=query.experiment,
        is_current=query.current == 1,
    )
    found = activity_query(
        wanted, signed_in_user(request), workspace_of(request), now=now_ms()
    )
    page = find_activity(found, after=query.after, limit=query.rows, preview=0)
    return ActivityList([_change_set_info(each) for each in page.sets], page.after)


@endpoint("GET", Permission.READ, query=ChangePartQuery, reply=ChangeSetDetails)
def get_change(
    request: StudioRequest, number: int, query: ChangePartQuery
) -> ChangeSetDetails:
    """Read a change set with a part of its values before and after."""
    found = find_visible_set(workspace_of(request), signed_in_user(request), number)
    changes, more = list_changes_of(found, after=query.after, limit=query.rows)
    edits = [_edit_info(each) for each in changes]
    after = edits[-1].key if more else 0
    return ChangeSetDetails(_change_set_info(found), edits, after)


@endpoint("POST", Permission.ANNOTATE, body=UndoSinceRequest, reply=UndoSinceReply)
def undo_token_changes(
    request: StudioRequest, body: UndoSinceRequest
) -> UndoSinceReply | HttpResponse:
    """Undo everything that a token changed since a time, as one change set.

    Each value goes back to what it was before the token's first change of it. What
    someone else changed since then is skipped.
    """
    workspace, token = workspace_of(request), _find_token(request, body.token)
    since = max(0, min(body.since, MAX_TOKEN_NUMBER))
    is_large = count_changes_since(workspace, token, since) > LARGE_CHANGE
    if is_large and not body.dry_run:
        task = start_undo_since(
            workspace,
            token,
            since,
            actor=request.actor,
            role=Permission.ANNOTATE.role,
            now=now_ms(),
        )
        return json_response(UndoSinceReply(0, 0, {}, None, task_info(task)), 202)
    result = undo_since(
        workspace,
        token,
        since,
        actor=request.actor,
        now=now_ms(),
        is_owner=request.role == Role.OWNER,
        dry_run=body.dry_run,
    )
    return UndoSinceReply(
        result.changed,
        len(result.runs),
        {reason.value: n for reason, n in result.skipped.items()},
        result.change_set.pk if result.change_set else None,
    )


def _find_token(request: StudioRequest, word: str) -> ApiToken:
    """By number or name; several tokens can have the same name."""
    rows = ApiToken.objects.filter(workspace=workspace_of(request))
    if word.isascii() and word.isdecimal() and len(word) < 19:
        token = rows.filter(pk=int(word)).select_related("user").first()
        if token is not None:
            return token
    found = list(rows.filter(name=word).select_related("user").order_by("-pk")[:20])
    if len(found) > 1:
        numbers = ", ".join(str(each.pk) for each in found)
        raise InvalidValue(
            _("Several tokens have this name. Give one of these numbers: %(numbers)s.")
            % {"numbers": numbers},
            field="token",
        )
    if not found:
        raise NotFound(_("There is no token %(token)r.") % {"token": word})
    return found[0]


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _change_set_info(found: ChangeSet) -> ChangeSetInfo:
    return ChangeSetInfo(
        number=found.pk,
        time=found.time,
        action=found.action,
        kind=found.kind,
        way=found.way,
        member=found.actor.username if found.actor else None,
        token=found.token.name if found.token else None,
        token_number=found.token_id,
        alert_rule=found.alert_rule.name if found.alert_rule else None,
        experiment=found.experiment.name if found.experiment else None,
        runs=found.run_count,
        changes=found.change_count,
        undone=found.is_undone,
        undone_by=found.undone_by_id,
    )


def _edit_info(change: Change) -> EditInfo:
    model = change.registered_model
    return EditInfo(
        key=change.pk,
        run=change.run.run_id if change.run else None,
        experiment=change.experiment.name if change.experiment else None,
        view=change.view.slug if change.view else None,
        model=model.name if model else None,
        field=change.field,
        before=change.before,
        after=change.after,
    )
