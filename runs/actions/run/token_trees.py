"""New runs of a script with the token of a run stay in the tree of that run."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.models import ApiToken, Run, TokenKind
from studio.core.errors import PermissionDenied


def parent_for_actor(actor: Actor, workspace_id: int, parent_run_id: str) -> str:
    """Return the id of the parent that a run of this actor gets.

    With the token of a run that is by default its run, and always a run of its tree.
    Raises PermissionDenied otherwise.
    """
    token = actor.token
    if token is None or token.kind != TokenKind.RUN:
        return parent_run_id
    if not parent_run_id:
        own = token.run or token.root_run
        return own.run_id if own is not None else ""
    rows = Run.objects.filter(workspace=workspace_id, run_id=parent_run_id)
    parent = rows.only("root").first()
    if parent is None or (parent.root_id or parent.pk) != _tree_of(token):
        raise PermissionDenied(
            _(
                "The token of a run can create runs only in its own tree. Run "
                "%(run_id)s doesn't belong to it."
            )
            % {"run_id": parent_run_id},
            run_id=parent_run_id,
        )
    return parent_run_id


def _tree_of(token: ApiToken) -> int | None:
    root = token.root_run
    return None if root is None else root.root_id or root.pk
