"""Which files are logs, and how much of the logs of a workspace can be searched."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, Sum, Value
from django.db.models.lookups import Exact

from runs.models import (
    Experiment,
    File,
    IndexedLog,
    LogIndexSettings,
    LogSegment,
    Workspace,
    in_folder,
)
from runs.search.sql import Unindexed

#: Where clients and launchers write what a process printed.
LOG_FOLDERS = ("user_logs", "logs", "azureml-logs", "system_logs")


def is_log_file() -> Q:
    """The files of runs that are logs.

    A file that is appended to has no hash.
    """
    found = Q(sha256="") | Q(name__endswith=".log")
    for folder in LOG_FOLDERS:
        found |= in_folder(folder)
    return found & Q(run__isnull=False)


def runs_with_logs() -> Q:
    """The condition of runs that have a log."""
    logs = File.objects.filter(is_log_file(), run=OuterRef("pk"), replaced__isnull=True)
    return Q(Exists(logs))


@dataclass(frozen=True)
class Unsearched:
    """Logs that a search leaves out, because the index does not have them yet."""

    runs: int
    bytes: int

    def __bool__(self) -> bool:
        return self.bytes > 0


def count_unsearched(workspace: Workspace) -> Unsearched:
    """What is not indexed yet of runs that are not in the trash. Four queries."""
    in_trash = Experiment.objects.filter(workspace=workspace, deleted__isnull=False)
    known = IndexedLog.objects.filter(
        Q(file__size__gt=F("indexed")),
        workspace=workspace,
        is_complete=False,
        file__replaced__isnull=True,
        file__run__deleted__isnull=True,
    ).exclude(file__run__experiment__in=in_trash)
    new = File.objects.filter(
        is_log_file(),
        # By the keys of the few new files, not by all runs of the workspace.
        Q(Exact(Unindexed(F("run__workspace")), Value(workspace.pk))),
        pk__gt=_last_known_file(workspace),
        size__gt=0,
        replaced__isnull=True,
        indexed_log__isnull=True,
        run__deleted__isnull=True,
    ).exclude(run__experiment__in=in_trash)
    left = known.aggregate(bytes=Sum(F("file__size") - F("indexed")))["bytes"] or 0
    more = new.aggregate(bytes=Sum("size"))["bytes"] or 0
    # All logs can be new, so their runs are counted by the database.
    runs = known.values_list("file__run").union(new.values_list("run")).count()
    return Unsearched(runs, left + more)


def _last_known_file(workspace: Workspace) -> int:
    rows = LogIndexSettings.objects.filter(workspace=workspace)
    return rows.values_list("last_file", flat=True).first() or 0


@dataclass(frozen=True)
class LogIndexState:
    """Sizes in bytes: of the index on disk, and of the texts that it covers."""

    is_on: bool
    size: int
    text_size: int
    logs: int
    unsearched: Unsearched


def is_index_on(workspace: Workspace) -> bool:
    rows = LogIndexSettings.objects.filter(workspace=workspace)
    return rows.values_list("is_on", flat=True).first() is not False


def read_index_state(workspace: Workspace) -> LogIndexState:
    """The state that pages and REST show. Eight queries."""
    segments = LogSegment.objects.filter(workspace=workspace)
    sums = segments.aggregate(size=Sum("size"), text=Sum("text_size"))
    logs = IndexedLog.objects.filter(workspace=workspace, indexed__gt=0).count()
    is_on = is_index_on(workspace)
    return LogIndexState(
        is_on,
        sums["size"] or 0,
        sums["text"] or 0,
        logs,
        count_unsearched(workspace) if is_on else Unsearched(0, 0),
    )
