"""What goes by itself when its time is over; each function may be called any time."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from runs.actions.files import drop_files
from runs.actions.secrets import moment
from runs.actions.sign_in import KEPT
from runs.models import BrowserSession, File, Invitation, SignInFailure, SignInLink

#: How long replaced and deleted files keep their old version.
REPLACED_DAYS = 30
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
    limit = now - REPLACED_DAYS * 86_400_000
    old = File.objects.filter(replaced__lt=limit)
    keys = list(old.values_list("pk", flat=True))
    # Small transactions: while one lasts nobody else writes.
    for start in range(0, len(keys), BATCH):
        with transaction.atomic():
            drop_files(File.objects.filter(pk__in=keys[start : start + BATCH]))
    return len(keys)
