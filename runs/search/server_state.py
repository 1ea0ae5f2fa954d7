"""What the database and the disk tell of the server: queue, worker, storage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q, Sum

from runs.models import (
    BackgroundTask,
    Delivery,
    DeliveryState,
    ExportState,
    FileTotal,
    HistoryExport,
    Job,
    SignInMailRequest,
    StatusChange,
    StudioIdentity,
    TaskState,
)


@dataclass(frozen=True)
class TargetQueue:
    """The runs of one compute target; `oldest` is when the oldest queued one came."""

    workspace: str
    target: str
    queued: int
    running: int
    oldest: int | None


@dataclass(frozen=True)
class StorageState:
    """Bytes of current files, of the database, and of the disk that has the files."""

    files: int
    database: int
    disk_free: int
    disk_size: int


def read_queues() -> Sequence[TargetQueue]:
    queued = Q(agent__isnull=True)
    rows = (
        Job.objects.filter(ended__isnull=True)
        .values_list("workspace__name", "target__name")
        .order_by("workspace__name", "target__name")
        .annotate(
            queued=Count("pk", filter=queued),
            running=Count("pk", filter=~queued),
            oldest=Min("run__created", filter=queued),
        )
    )
    return [TargetQueue(*row) for row in rows]


def read_worker_time() -> int | None:
    """Return when the worker last looked at the clock, which it does each minute."""
    return StudioIdentity.objects.values_list("last_seen", flat=True).first()


def read_waiting_since(now: int) -> dict[str, int | None]:
    """Return since when the worker's oldest piece of work waits, by its kind."""
    changes = StatusChange.objects.filter(is_open=True).order_by("event")
    due = Delivery.objects.filter(state=DeliveryState.WAITING, due__lte=now)
    tasks = BackgroundTask.objects.filter(state=TaskState.WAITING)
    exports = HistoryExport.objects.filter(state=ExportState.WAITING)
    mails = SignInMailRequest.objects.filter(is_open=True)
    asked = mails.order_by("pk").values_list("time", flat=True).first()
    return {
        "status changes": changes.values_list("event__time", flat=True).first(),
        "deliveries": due.aggregate(Min("due"))["due__min"],
        "background tasks": tasks.aggregate(Min("created"))["created__min"],
        "history exports": exports.aggregate(Min("created"))["created__min"],
        "sign-in mails": None if asked is None else int(asked.timestamp() * 1000),
    }


def read_storage() -> StorageState:
    files = FileTotal.objects.aggregate(Sum("bytes"))["bytes__sum"] or 0
    disk = os.statvfs(settings.STUDIO_HOME)
    return StorageState(
        files=int(files),
        database=_database_bytes(),
        disk_free=disk.f_bavail * disk.f_frsize,
        disk_size=disk.f_blocks * disk.f_frsize,
    )


def _database_bytes() -> int:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    path = Path(str(connection.settings_dict["NAME"]))
    parts = (path, path.with_name(f"{path.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
