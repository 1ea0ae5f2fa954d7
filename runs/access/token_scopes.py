"""What the tokens of agents, of runs, and those that only read can do.

An agent's token serves its target. A run's token is in the environment of a user's
script. It reads in its workspace, and changes only the runs of its tree: views that
allow it declare `scoped_tokens`, and find the run with `check_run_in_scope`.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from runs.access.permissions import (
    PUBLIC,
    SAFE_METHODS,
    SIGNED_IN,
    AccessDeclaration,
    Permission,
)
from runs.actions.account import RUN_TOKEN_DAYS_AFTER_END
from runs.http import invalid_token
from runs.models import ApiToken, LoggedModel, Role, Run, TokenKind, now_ms
from runs.storage.prepared import PreparedRows
from studio.core.errors import PermissionDenied

_DAY_MS = 24 * 3600 * 1000

#: Permissions of readers to write in their own name. MLflow and exports read with POST.
_WRITES_OF_READERS = frozenset(
    need
    for need in Permission
    if need.role == Role.READER and need is not Permission.READ
)

_root_and_end = PreparedRows(
    lambda run: Run.objects.filter(pk=run).values_list("root_id", "ended")
)


def check_token_scope(request: Any, declared: AccessDeclaration) -> None:
    """Raise PermissionDenied if the request's token can't use the view.

    With the token of a run, sets `request.tree`, the key of the root of its tree.
    """
    token: ApiToken | None = request.token
    kind = TokenKind.ORDINARY if token is None else token.kind
    if declared.need is Permission.SERVE:
        if kind != TokenKind.AGENT and request.actor.user is not None:
            raise PermissionDenied(_("Only the token of an agent can do this."))
        return
    if token is None or kind == TokenKind.ORDINARY:
        _check_read_only(token, declared, request.method)
        return
    if kind == TokenKind.RUN:
        request.tree = _find_tree(token)
        request.is_limited_to_tree = declared.need is not Permission.READ
    if not _is_allowed(kind, declared, request.method):
        raise PermissionDenied(
            _("The token of an agent can't do this.")
            if kind == TokenKind.AGENT
            else _(
                "The token of a run can't do this. It can read, and log to the runs of "
                "its tree."
            )
        )


def _check_read_only(
    token: ApiToken | None, declared: AccessDeclaration, method: str
) -> None:
    """Refuse what a reader may write, such as own views, to a token that only reads."""
    if token is None or token.role_cap != Role.READER or method in SAFE_METHODS:
        return
    need = declared.need
    if need == SIGNED_IN or need in _WRITES_OF_READERS:
        raise PermissionDenied(
            _(
                "A token with the maximum role reader can only read. Create a token "
                "with the maximum role contributor on the Account page."
            )
        )


def _is_allowed(kind: str, declared: AccessDeclaration, method: str) -> bool:
    if declared.need == PUBLIC:
        return method in SAFE_METHODS
    if kind == TokenKind.AGENT:
        return declared.scoped_tokens and declared.need == SIGNED_IN
    return declared.scoped_tokens or declared.need is Permission.READ


def check_run_in_scope(request: Any, run: Run) -> None:
    """Raise PermissionDenied if a run's token would change a run of another tree."""
    if request.is_limited_to_tree and request.tree != (run.root_id or run.pk):
        raise PermissionDenied(
            _(
                "The token of a run can change only the runs of its tree. Run "
                "%(run_id)s belongs to another tree."
            )
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )


def check_model_in_scope(request: Any, model: LoggedModel) -> None:
    """Raise PermissionDenied if a run's token would change a model of another tree."""
    if not request.is_limited_to_tree:
        return
    run = model.source_run
    if run is None or request.tree != (run.root_id or run.pk):
        raise PermissionDenied(
            _(
                "The token of a run can change only models that were logged by a run "
                "of its tree."
            )
        )


def _find_tree(token: ApiToken) -> int:
    """Return the key of the root of the token's tree; refuse an expired token."""
    rows = _root_and_end.all(token.root_run_id) if token.root_run_id else []
    if not rows:
        raise invalid_token()
    [[root, ended]] = rows
    limit = RUN_TOKEN_DAYS_AFTER_END * _DAY_MS
    if ended is not None and ended + limit <= now_ms():
        raise invalid_token()
    # The root itself can have got a parent since.
    return int(root or token.root_run_id or 0)
