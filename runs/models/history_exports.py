"""Requested exports of full metric histories; the worker writes them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from runs.models.accounts import User, Workspace


class ExportState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


def export_states() -> list[tuple[str, str]]:
    return list(ExportState.choices)


class HistoryExportQuerySet(models.QuerySet["HistoryExport"]):
    def open(self) -> HistoryExportQuerySet:
        """Those that wait or run."""
        return self.filter(state__in=(ExportState.WAITING, ExportState.RUNNING))


class HistoryExport(models.Model):
    """`query` is the list's state, `experiment` its number. Only `user` sees it.

    `file` is the name of the written file in the folder of exports.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="history_exports"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # Not the runs: the worker finds them when it starts the export.
    query = models.TextField(blank=True, default="")
    experiment = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(
        max_length=10, choices=export_states, default=ExportState.WAITING
    )
    runs = models.BigIntegerField(default=0)
    runs_total = models.BigIntegerField(default=0)
    points = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    file = models.CharField(max_length=64, blank=True, default="")
    error = models.TextField(blank=True, default="")
    created = models.BigIntegerField()
    ended = models.BigIntegerField(null=True, blank=True)

    objects = HistoryExportQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "id"])]
