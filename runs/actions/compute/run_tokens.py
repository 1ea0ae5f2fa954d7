"""Tokens for the scripts of runs."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.account import create_run_token
from runs.models import Role, Run, User
from studio.core.errors import InvalidState, PermissionDenied


def check_can_control(run: Run, user: User | None, role: Role | None) -> None:
    """Raise PermissionDenied unless the user submitted the run or is an owner."""
    if role == Role.OWNER or (user is not None and run.submitter_id == user.pk):
        return
    raise PermissionDenied(
        _("Only the submitter of run %(run_id)s and owners can do this.")
        % {"run_id": run.run_id},
        run_id=run.run_id,
    )


@transaction.atomic
def create_token_for_script(run: Run, user: User | None) -> str:
    """Create a token with which the script of an active run acts for its submitter.

    Raises PermissionDenied for other users, also owners: they would act in the name of
    the submitter. Raises InvalidState if the run has ended or has no submitter.
    """
    if run.state.is_final:
        raise InvalidState(
            _("Run %(run_id)s has ended, so it gets no token.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    if run.submitter is None:
        raise InvalidState(
            _("Run %(run_id)s has no submitter, so it gets no token.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    if run.submitter != user:
        raise PermissionDenied(
            _(
                "Only the submitter of run %(run_id)s can create a token for its "
                "script, because the token acts for the submitter."
            )
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    return create_run_token(run, run.submitter)
