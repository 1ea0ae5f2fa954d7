"""The processes that log to a run, and the receipt of what arrived."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.run_rows import record_heartbeat
from runs.models import LogStream, Run, RunWriter
from studio.core import names
from studio.core.errors import InvalidValue


@dataclass(frozen=True)
class DeliveryCount:
    """How much a writer sent of one kind, and how much the server stored."""

    sent: int
    stored: int

    @property
    def missing(self) -> int:
        return max(0, self.sent - self.stored)


@dataclass(frozen=True)
class DeliveryReport:
    """The counts of one writer or of all of a run; `open` counts open writers."""

    points: DeliveryCount
    files: DeliveryCount
    log_bytes: DeliveryCount
    writers: int
    open: int

    @property
    def is_whole(self) -> bool:
        return not (self.points.missing or self.files.missing or self.log_bytes.missing)


def check_writer_name(writer: str) -> str:
    names.check_text(writer, "writer", limit=names.MAX_WRITER, empty=False)
    return names.check_run_id(writer, "writer")


def ensure_writer(run: Run, writer: str, now: int) -> RunWriter:
    """Return the writer's row; create it if needed. The caller has locked the run."""
    check_writer_name(writer)
    row, _created = RunWriter.objects.get_or_create(
        run=run, writer=writer, defaults={"created": now}
    )
    return row


@transaction.atomic
def close_writer(
    run: Run,
    writer: str,
    *,
    points: int,
    files: int,
    stored_files: int,
    log_bytes: int,
    actor: Actor,
    now: int,
) -> DeliveryReport:
    """Record how much the writer sent; return its receipt.

    It can be repeated, for example after a crash: the last call counts.
    """
    for name, count in (
        ("points", points),
        ("files", files),
        ("stored_files", stored_files),
        ("log_bytes", log_bytes),
    ):
        if names.check_int64(count, name) < 0:
            raise InvalidValue(
                _("%(name)s must not be negative.") % {"name": name}, field=name
            )
    record_heartbeat(run, actor, now)
    row = ensure_writer(run, writer, now)
    row.sent_points, row.sent_files, row.sent_log_bytes = points, files, log_bytes
    row.stored_files, row.closed = stored_files, now
    row.save()
    return read_delivery_report(run, writer)


def read_delivery_report(run: Run, writer: str | None = None) -> DeliveryReport:
    """Return the receipt of a writer or run. Costs two queries.

    An open writer's total is unknown, so what is stored counts as sent.
    """
    rows = RunWriter.objects.filter(run=run)
    streams = LogStream.objects.filter(run=run).exclude(writer="")
    if writer is not None:
        rows, streams = rows.filter(writer=writer), streams.filter(writer=writer)
    sums = rows.aggregate(
        **{name: Sum(name, default=0) for name in _SUMMED_COLUMNS},
        writers=Count("pk"),
        # COUNT skips null, which means that the writer is open.
        closed=Count("closed"),
    )
    kept = streams.aggregate(total=Sum("received", default=0))["total"]
    open_writers = sums["writers"] - sums["closed"]
    return DeliveryReport(
        _delivery_count(sums["sent_points"], sums["stored_points"], open_writers),
        _delivery_count(sums["sent_files"], sums["stored_files"], open_writers),
        _delivery_count(sums["sent_log_bytes"], kept, open_writers),
        sums["writers"],
        open_writers,
    )


_SUMMED_COLUMNS = (
    "stored_points",
    "stored_files",
    "sent_points",
    "sent_files",
    "sent_log_bytes",
)


def _delivery_count(sent: int, stored: int, open_writers: int) -> DeliveryCount:
    return DeliveryCount(max(sent, stored) if open_writers else sent, stored)
