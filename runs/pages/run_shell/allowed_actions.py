"""The actions that the run page allows.

Each refusal is a sentence that tells why an action is not allowed, or an empty text.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from runs.access import Permission
from runs.actions.bulk import MANUAL_END_STATUSES
from runs.actions.run_rows import can_unlock
from runs.models import Role, Run, now_ms
from runs.pages.requests import PageRequest
from runs.render.formats import full_moment, local_time
from runs.search.run import CancelRequest, RunHead
from studio.core.cancel_signals import CancelSignal
from studio.core.statuses import RunStatus, can_follow

#: Milliseconds from a cancel request until *Force* is offered.
FORCE_DELAY_MS = 60_000


@dataclass(frozen=True)
class ActionRefusals:
    cancel: str
    resubmit: str
    finish: str
    archive: str
    trash: str
    lock: str
    move: str


def find_action_refusals(request: PageRequest, head: RunHead) -> ActionRefusals:
    run = head.run
    return ActionRefusals(
        cancel_refusal(request, run),
        resubmit_refusal(request, head),
        finish_refusal(request, run),
        role_refusal(request, Permission.ANNOTATE) or _edit_refusal(run),
        trash_refusal(request, run),
        role_refusal(request, Permission.LOCK) or lock_refusal(request, run),
        role_refusal(request, Permission.ANNOTATE) or _move_refusal(run),
    )


def cancel_refusal(request: PageRequest, run: Run) -> str:
    """Why the run cannot be canceled now."""
    if run.state.is_final:
        return _("This run has ended.")
    if run.state is RunStatus.CANCEL_REQUESTED:
        return _("Cancellation was already requested.")
    if run.deleted is not None:
        return in_trash_message(run)
    if not can_follow(run.state, RunStatus.CANCEL_REQUESTED):
        return _status_sentence(run)
    return role_refusal(request, Permission.CANCEL)


def resubmit_refusal(request: PageRequest, head: RunHead) -> str:
    """Why the run can't be submitted again."""
    run = head.run
    if not head.has_definition:
        return _(
            "This run has no command that could run again. It was started by its own "
            "script or notebook."
        )
    if run.script and not head.has_snapshot:
        return _("This run has no snapshot of its script.")
    return in_trash_message(run) or role_refusal(request, Permission.SUBMIT)


def finish_refusal(request: PageRequest, run: Run) -> str:
    """Why the run can't be marked as completed or failed."""
    if run.state.is_final:
        return _("This run has ended.")
    # A launcher whose heartbeats stopped may never report anything.
    if run.launcher and run.state is not RunStatus.NOT_RESPONDING:
        return _("The launcher of this run sets its final status.")
    if not any(can_follow(run.state, status) for status in MANUAL_END_STATUSES):
        return _status_sentence(run)
    # Reasons in the run come before the role: they hold for everyone.
    return in_trash_message(run) or role_refusal(request, Permission.CANCEL)


def trash_refusal(request: PageRequest, run: Run) -> str:
    if refused := role_refusal(request, Permission.TRASH):
        return refused
    # A locked run that is in the trash can still be restored.
    return lock_note(run) if run.deleted is None else ""


def _edit_refusal(run: Run) -> str:
    return in_trash_message(run) or lock_note(run)


def _move_refusal(run: Run) -> str:
    if run.root_id is not None:
        return _("A child run moves only with its root.")
    return _edit_refusal(run)


def lock_note(run: Run) -> str:
    """Say that the run is locked, and who can unlock it; empty if it is not."""
    if not run.locked:
        return ""
    if run.locked_by is None:
        return _("This run is locked. A workspace owner can unlock it.")
    return _(
        "This run is locked by %(name)s since %(time)s. %(name)s or a workspace owner "
        "can unlock it."
    ) % {
        "name": run.locked_by,
        "time": full_moment(local_time(run.locked_since or 0, get_current_timezone())),
    }


def lock_refusal(request: PageRequest, run: Run) -> str:
    """Why the run can't be locked or unlocked."""
    if run.locked:
        is_owner = request.role == Role.OWNER
        can = can_unlock(run, request.actor.user, is_owner=is_owner)
        return "" if can else lock_note(run)
    if run.experiment.deleted is not None:
        return _("The experiment of this run is in the trash.")
    return in_trash_message(run)


def role_refusal(request: PageRequest, need: Permission) -> str:
    if request.role >= need.role:
        return ""
    return _("You need the role %(role)s.") % {"role": _(need.role.label)}


def in_trash_message(run: Run) -> str:
    return _("This run is in the trash.") if run.deleted is not None else ""


def can_receive_cancel(run: Run) -> bool:
    """Whether a process hears of a cancel request, as far as the server knows."""
    return run.heartbeats and run.state is not RunStatus.NOT_RESPONDING


def can_force_stop(request: PageRequest, run: Run, found: CancelRequest) -> bool:
    """Whether *Force stop* is offered: SIGTERM was sent, and SIGKILL not requested."""
    is_running = run.state is RunStatus.CANCEL_REQUESTED and can_receive_cancel(run)
    is_due = CancelSignal.TERMINATE in found.signals
    is_over = CancelSignal.KILL in found.signals or found.force is not None
    is_allowed = not role_refusal(request, Permission.CANCEL)
    return is_running and is_due and not is_over and is_allowed


def can_force_cancel(request: PageRequest, run: Run, found: CancelRequest) -> bool:
    """Whether *Force* is offered, which only sets the status.

    At once if nothing can receive a cancel request: the run sends no heartbeats, or
    they stopped. Otherwise FORCE_DELAY_MS after the request, or after the last thing
    that should have stopped the process.
    """
    if not run.state.is_active or role_refusal(request, Permission.CANCEL):
        return False
    if not can_receive_cancel(run):
        return True
    if found.asked is None:
        return False
    last = found.force or found.signals.get(CancelSignal.KILL)
    # While signals follow each other, *Force stop* is what helps.
    if found.signals and last is None:
        return False
    return now_ms() - (last or found.asked).time >= FORCE_DELAY_MS


def _status_sentence(run: Run) -> str:
    return _("This run is %(status)s.") % {"status": run.state}
