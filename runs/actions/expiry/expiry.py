"""Delete what has expired. Each function can run at any time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from runs.actions.account import (
    FAILURE_LIFETIME,
    REQUEST_WINDOW,
    RUN_TOKEN_DAYS_AFTER_END,
    to_datetime,
)
from runs.actions.actor import SERVER
from runs.actions.experiments import lock_experiment_names
from runs.actions.files import delete_file_rows, delete_unused_snapshots
from runs.actions.run import purge_run
from runs.actions.run_rows import models_of_locked_runs
from runs.actions.task_rows import ServerWork, workspaces_with_open_work
from runs.actions.uploads import delete_uploads
from runs.models import (
    ApiToken,
    BrowserSession,
    Experiment,
    File,
    Invitation,
    LoggedModel,
    ModelVersion,
    Run,
    SignInFailure,
    SignInLink,
    SignInMailRequest,
    TaskKind,
    TokenKind,
    Upload,
    View,
    Workspace,
)
from studio.core.batches import batches
from studio.core.errors import InvalidState, NotFound

#: How long old versions of files and the contents of the trash are kept.
TRASH_DAYS = 30
DAY_MS = 86_400_000
#: How long an expired link is kept, to explain why it no longer works.
SIGN_IN_LINK_DAYS = 1
INVITATION_DAYS = 30
FILES_PER_TRANSACTION = 200
PURGE_ACTION = "purge"


@transaction.atomic
def delete_expired_sign_ins(now: int) -> int:
    """Delete expired sessions, links, invitations and old sign-in failures."""
    time = to_datetime(now)
    rows = [
        BrowserSession.objects.filter(expire_date__lt=time),
        SignInLink.objects.filter(expires__lt=time - timedelta(days=SIGN_IN_LINK_DAYS)),
        Invitation.objects.filter(expires__lt=time - timedelta(days=INVITATION_DAYS)),
        SignInFailure.objects.filter(time__lt=time - FAILURE_LIFETIME),
        SignInMailRequest.objects.filter(time__lt=time - REQUEST_WINDOW),
    ]
    return sum(found.delete()[0] for found in rows)


def delete_expired_run_tokens(now: int) -> int:
    """Delete the tokens of scripts whose root run ended so long ago that they expired.

    Each attempt of a submitted run has one. What was done with them stays in the
    history, without the token's name.
    """
    limit = now - RUN_TOKEN_DAYS_AFTER_END * DAY_MS
    expired = ApiToken.objects.filter(kind=TokenKind.RUN, root_run__ended__lt=limit)
    keys = list(expired.values_list("pk", flat=True))
    # Small transactions, because SQLite has one writer at a time.
    for some in batches(keys):
        ApiToken.objects.filter(pk__in=some).delete()
    return len(keys)


def delete_replaced_files(now: int) -> int:
    """Delete old versions of files, 30 days after they were replaced or deleted."""
    limit = now - TRASH_DAYS * DAY_MS
    old = File.objects.filter(replaced__lt=limit)
    keys = list(old.values_list("pk", flat=True))
    # Small transactions, because SQLite has one writer at a time.
    for start in range(0, len(keys), FILES_PER_TRANSACTION):
        with transaction.atomic():
            some = keys[start : start + FILES_PER_TRANSACTION]
            # An undo can have brought some back in the meantime.
            rows = old.select_for_update().filter(pk__in=some)
            delete_file_rows(
                File.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))
            )
    return len(keys)


def purge_old_trash(now: int) -> int:
    """Purge what was in the trash for 30 days: runs, views, then models and
    experiments.

    A deleted experiment takes its runs along. Locked runs and their experiments stay.
    Returns how many runs were purged.
    """
    limit = now - TRASH_DAYS * DAY_MS
    runs: dict[int, list[int]] = {
        key: [] for key in workspaces_with_open_work(TaskKind.PURGE)
    }
    for key, workspace in _runs_to_purge(limit):
        runs.setdefault(workspace, []).append(key)
    purged = sum(_purge_runs(key, some, now) for key, some in sorted(runs.items()))
    View.objects.filter(deleted__lt=limit).delete()
    purge_logged_models(limit)
    # After the runs: an experiment with runs is not purged.
    purge_experiments(limit)
    delete_unused_snapshots(before=now - DAY_MS)
    return purged


def _runs_to_purge(limit: int) -> Iterable[tuple[int, int]]:
    """Return keys of runs with those of their workspaces."""
    experiments = Experiment.objects.filter(deleted__lt=limit)
    unlocked = Run.objects.filter(locked=False)
    # Two queries: each has an index, and their alternative has none.
    alone = unlocked.filter(deleted__lt=limit)
    affected = unlocked.filter(experiment__in=experiments)
    columns = ("pk", "workspace")
    return sorted({*alone.values_list(*columns), *affected.values_list(*columns)})


def _purge_runs(workspace: int, keys: Sequence[int], now: int) -> int:
    purged, left = 0, [*reversed(keys)]
    with ServerWork(workspace, TaskKind.PURGE, PURGE_ACTION, lambda: len(left)) as work:
        while left:
            # Read one at a time, because purging takes long and runs can change in
            # the meantime.
            run = Run.objects.filter(pk=left.pop()).first()
            is_purged = run is not None and _purge_if_in_trash(run, now)
            purged += is_purged
            work.advance(1, changed=is_purged)
    return purged


def _purge_if_in_trash(run: Run, now: int) -> bool:
    try:
        purge_run(run, actor=SERVER, now=now)
    except (InvalidState, NotFound):
        # The run is locked, or was restored or purged in the meantime.
        return False
    return True


def purge_logged_models(deleted_before: int) -> int:
    """Purge logged models that were deleted before that time, with their files."""
    registered = ModelVersion.objects.filter(logged_model=OuterRef("pk"))
    old = LoggedModel.objects.filter(~Exists(registered), deleted__lt=deleted_before)
    return sum(_purge_model(key) for key in list(old.values_list("pk", flat=True)))


@transaction.atomic
def _purge_model(key: int) -> int:
    # Purging its run may have deleted the model in the meantime.
    if not LoggedModel.objects.select_for_update().filter(pk=key).exists():
        return 0
    delete_file_rows(File.objects.filter(model=key))
    delete_uploads(Upload.objects.filter(model=key))
    LoggedModel.objects.filter(pk=key).delete()
    return 1


def purge_experiments(deleted_before: int) -> int:
    """Purge experiments that were deleted before that time and have no runs left.

    Experiments with models of locked runs stay too, and with registered models.

    Names become free again, numbers are never reused. *Default* is never in the trash.
    """
    old = _without_runs_and_kept_models(
        Experiment.objects.filter(deleted__lt=deleted_before)
    )
    keys = list(old.values_list("pk", flat=True))
    return sum(purge_experiment(key, deleted_before) for key in keys)


def _without_runs_and_kept_models(
    experiments: QuerySet[Experiment],
) -> QuerySet[Experiment]:
    runs = Run.objects.filter(experiment=OuterRef("pk"))
    kept = models_of_locked_runs().filter(experiment=OuterRef("pk"))
    registered = ModelVersion.objects.filter(logged_model__experiment=OuterRef("pk"))
    return experiments.exclude(number=0).exclude(
        Exists(runs) | Exists(kept) | Exists(registered)
    )


@transaction.atomic
def purge_experiment(key: int, deleted_before: int) -> int:
    """Purge an experiment in the trash that has no runs; return 1 if it did."""
    found = Workspace.objects.filter(experiments=key).first()
    if found is None:
        # Purged by another request.
        return 0
    workspace = lock_experiment_names(found)
    # Lock first: then a restore or a new run in the meantime is noticed.
    experiment = Experiment.objects.select_for_update().filter(pk=key).first()
    mine = Experiment.objects.filter(pk=key, deleted__lt=deleted_before)
    if experiment is None or not _without_runs_and_kept_models(mine).exists():
        return 0
    delete_file_rows(File.objects.filter(model__experiment=key))
    delete_uploads(Upload.objects.filter(model__experiment=key))
    mine.delete()
    workspace.last_purged_experiment = max(
        workspace.last_purged_experiment, experiment.number
    )
    workspace.save(update_fields=["last_purged_experiment"])
    return 1
