"""What goes by itself when its time is over; each function may be called any time."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from runs.actions.account.secrets import moment
from runs.actions.account.sign_in import KEPT
from runs.actions.actor import SERVER
from runs.actions.expiry import leftovers
from runs.actions.files.files import drop_files
from runs.actions.files.snapshots import drop_unused_snapshots
from runs.actions.run.purge import purge_run
from runs.models import (
    BrowserSession,
    Experiment,
    File,
    Invitation,
    Run,
    SignInFailure,
    SignInLink,
    View,
)
from studio.core.errors import InvalidState, NotFound

#: How long replaced files keep their old version, and the trash what is in it.
KEPT_DAYS = 30
DAY = 86_400_000
#: How long a link that nobody can use any more still explains itself.
LINK_DAYS = 1
INVITATION_DAYS = 30
BATCH = 200


@transaction.atomic
def remove_expired_sign_ins(now: int) -> int:
    """Sessions, links and counted failures that mean nothing any more."""
    time = moment(now)
    rows = [
        BrowserSession.objects.filter(expire_date__lt=time),
        SignInLink.objects.filter(expires__lt=time - timedelta(days=LINK_DAYS)),
        Invitation.objects.filter(expires__lt=time - timedelta(days=INVITATION_DAYS)),
        SignInFailure.objects.filter(time__lt=time - KEPT),
    ]
    return sum(found.delete()[0] for found in rows)


def remove_replaced_files(now: int) -> int:
    """Old versions of files, 30 days after they were replaced or deleted."""
    limit = now - KEPT_DAYS * DAY
    old = File.objects.filter(replaced__lt=limit)
    keys = list(old.values_list("pk", flat=True))
    # Small transactions: while one lasts nobody else writes.
    for start in range(0, len(keys), BATCH):
        with transaction.atomic():
            drop_files(File.objects.filter(pk__in=keys[start : start + BATCH]))
    return len(keys)


def purge_old_trash(now: int) -> int:
    """What was in the trash for 30 days: runs, views, then models and experiments.

    Runs go with their experiment too; a locked one stays, and its experiment with it.
    Returns how many runs there were.
    """
    limit = now - KEPT_DAYS * DAY
    alone = Run.objects.filter(deleted__lt=limit)
    experiments = Experiment.objects.filter(deleted__lt=limit)
    together = Run.objects.filter(experiment__in=experiments)
    keys = {*alone.values_list("pk", flat=True), *together.values_list("pk", flat=True)}
    purged = 0
    for key in sorted(keys):
        run = Run.objects.filter(pk=key).first()
        if run is not None and _purge_if_trash(run, now):
            purged += 1
    View.objects.filter(deleted__lt=limit).delete()
    leftovers.purge_models(limit)
    leftovers.purge_experiments(limit)
    drop_unused_snapshots()
    return purged


def _purge_if_trash(run: Run, now: int) -> bool:
    try:
        purge_run(run, actor=SERVER, now=now)
    except (InvalidState, NotFound):
        # It is locked, or somebody restored or purged it in the meantime.
        return False
    return True
