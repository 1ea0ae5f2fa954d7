"""The quota of a workspace: set by owners, checked before each upload.

What a workspace stores is the last report of the worker and the files that came since.
What was deleted since then counts until the next report, which a refusal asks for.
Uploads that run at the same time can exceed the quota by their sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import File, StorageReport, StorageSettings, Workspace
from runs.render.formats import filesize
from studio.core.errors import InvalidValue, QuotaReached

QUOTA = "set quota"
#: The share of the quota from which owners are warned.
WARNING_SHARE = 0.9
#: The smallest: below, not even logs would be worth it.
MIN_QUOTA = 1_000_000
MAX_QUOTA = 2**60
#: A refusal asks for a new report at most so often.
RECOUNT_MS = 60_000


@dataclass(frozen=True)
class Fill:
    """What a workspace stores and may store, in bytes."""

    used: int
    quota: int


@transaction.atomic
def set_quota(
    workspace: Workspace, quota: int | None, *, actor: Actor, now: int
) -> None:
    """Set how many bytes the workspace may store; None is no limit.

    Raises InvalidValue below `MIN_QUOTA` and above `MAX_QUOTA`.
    """
    if quota is not None and not MIN_QUOTA <= quota <= MAX_QUOTA:
        raise InvalidValue(
            _("The quota is between %(min)s and %(max)s.")
            % {"min": filesize(MIN_QUOTA), "max": filesize(MAX_QUOTA)},
            field="quota",
        )
    settings = _locked_settings(workspace)
    edit = Edit("quota", settings.quota, quota)
    record_changes(workspace, QUOTA, [edit], actor=actor, now=now)
    StorageSettings.objects.filter(pk=workspace.pk).update(quota=quota, requested=now)


def request_count(workspace: Workspace, now: int) -> None:
    """Ask the worker for a new report."""
    StorageSettings.objects.update_or_create(
        workspace=workspace, defaults={"requested": now}
    )


def _locked_settings(workspace: Workspace) -> StorageSettings:
    StorageSettings.objects.get_or_create(workspace=workspace)
    return StorageSettings.objects.select_for_update().get(pk=workspace.pk)


def refuse_if_full(workspace_id: int, size: int, now: int) -> None:
    """Raise QuotaReached if another `size` bytes would exceed the quota."""
    fill = read_fill(workspace_id)
    if fill is None or fill.used + size <= fill.quota:
        return
    StorageSettings.objects.filter(
        workspace=workspace_id, requested__lt=now - RECOUNT_MS
    ).update(requested=now)
    raise QuotaReached(
        _(
            "The workspace stores %(used)s of its quota of %(quota)s. Delete files, or "
            "ask an owner for a larger quota."
        )
        % {"used": filesize(fill.used), "quota": filesize(fill.quota)},
        quota=fill.quota,
    )


def read_fill(workspace_id: int) -> Fill | None:
    """Return what is stored of the quota; None without one."""
    quotas = StorageSettings.objects.filter(workspace=workspace_id)
    quota = quotas.values_list("quota", flat=True).first()
    if quota is None:
        return None
    report = (
        StorageReport.objects.filter(workspace=workspace_id).order_by("-day").first()
    )
    used, last = (report.total, report.last_file) if report else (0, 0)
    here = Q(run__workspace=workspace_id) | Q(model__experiment__workspace=workspace_id)
    later = File.objects.filter(here, pk__gt=last).aggregate(size=Sum("size"))["size"]
    return Fill(used + (later or 0), quota)
