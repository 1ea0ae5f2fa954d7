"""Count what workspaces store, by kind, experiment, run and member.

Triggers count only the files of each run, which is too little for this, and counting
everything at each change would let writers wait for each other. So the worker reads the
tables in short queries, each of a range of keys: no writer waits, and what is written
at the same time is in the next count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import (
    Case,
    CharField,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Length

from runs.models import (
    File,
    FileTotal,
    MetricChunk,
    Run,
    RunSnapshot,
    Snapshot,
    StorageReport,
    StorageSettings,
    Workspace,
)
from runs.search.usage import StoredKind, file_kind_expression

DAY_MS = 86_400_000
#: Rows of one query: so it reads for a fraction of a second.
ROWS_PER_QUERY = 100_000
#: The largest experiments, runs and members that a report lists.
LISTED = 200
#: Older reports keep only their sums, for the growth.
DAYS_WITH_LISTS = 35

#: Between two counts: by themselves, and at least.
COUNT_MS, MIN_COUNT_MS = 3 * 3_600_000, 10_000

Sizes = dict[str, int]
#: Experiment, member, kind, bytes.
Group = tuple[int | None, int | None, str, int]


@dataclass
class _Count:
    """What one workspace stores."""

    by_kind: Sizes = field(default_factory=lambda: defaultdict(int))
    by_experiment: dict[int, Sizes] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    by_member: dict[int, Sizes] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def add(self, group: Group) -> None:
        experiment, member, kind, size = group
        self.by_kind[kind] += size
        if experiment is not None:
            self.by_experiment[experiment][kind] += size
        if member is not None:
            self.by_member[member][kind] += size


def count_if_due(now: int) -> int:
    """Count if the last reports are old, or if a member asked for newer ones."""
    last = StorageReport.objects.aggregate(last=Max("counted"))["last"] or 0
    requested = StorageSettings.objects.aggregate(last=Max("requested"))["last"] or 0
    # A clock that was set back must not put it off.
    since = now - last if last <= now else COUNT_MS
    is_due = since >= COUNT_MS or (requested > last and since >= MIN_COUNT_MS)
    return count_storage(now) if is_due else 0


def count_storage(now: int) -> int:
    """Write today's report of each workspace; return how many."""
    last_file = File.objects.aggregate(last=Max("pk"))["last"] or 0
    counts: dict[int, _Count] = defaultdict(_Count)
    for workspace, experiment, member, kind, size in _all_groups():
        counts[workspace].add((experiment, member, kind, int(size)))
    keys = list(Workspace.objects.order_by("pk").values_list("pk", flat=True))
    for key in keys:
        _write_report(key, counts[key], last_file, now)
    # Of a clock that was wrong: they would count as the newest for long.
    StorageReport.objects.filter(day__gt=now // DAY_MS).delete()
    StorageReport.objects.filter(day__lt=now // DAY_MS - DAYS_WITH_LISTS).exclude(
        by_run=[], by_member=[], by_experiment=[]
    ).update(by_experiment=[], by_run=[], by_member=[])
    return len(keys)


def _write_report(workspace: int, count: _Count, last_file: int, now: int) -> None:
    StorageReport.objects.update_or_create(
        workspace_id=workspace,
        day=now // DAY_MS,
        defaults={
            "counted": now,
            "last_file": last_file,
            "by_kind": dict(count.by_kind),
            "by_experiment": _largest(count.by_experiment),
            "by_member": _largest(count.by_member),
            "by_run": _largest_runs(workspace),
        },
    )


def _largest(sizes: dict[int, Sizes]) -> list[tuple[int, Sizes]]:
    found = sorted(sizes.items(), key=lambda pair: -sum(pair[1].values()))
    return [(key, dict(kinds)) for key, kinds in found[:LISTED]]


def _all_groups() -> Iterator[tuple[int, int | None, int | None, str, int]]:
    of_runs = File.objects.filter(run__isnull=False)
    is_trash = (
        Q(replaced__isnull=False)
        | Q(run__deleted__isnull=False)
        | Q(run__experiment__deleted__isnull=False)
    )
    yield from _sums(
        of_runs,
        ("run__workspace", "run__experiment", "run__submitter"),
        file_kind_expression(),
        is_trash,
        F("size"),
    )
    of_models = File.objects.filter(model__isnull=False)
    is_trash = (
        Q(replaced__isnull=False)
        | Q(model__deleted__isnull=False)
        | Q(model__experiment__deleted__isnull=False)
    )
    yield from _sums(
        of_models,
        (
            "model__experiment__workspace",
            "model__experiment",
            "model__source_run__submitter",
        ),
        file_kind_expression(),
        is_trash,
        F("size"),
    )
    is_trash = Q(metric__run__deleted__isnull=False) | Q(
        metric__run__experiment__deleted__isnull=False
    )
    yield from _sums(
        MetricChunk.objects.all(),
        ("metric__run__workspace", "metric__run__experiment", "metric__run__submitter"),
        Value(StoredKind.METRICS.value),
        is_trash,
        Length("data"),
    )
    yield from _snapshots()


def _sums(
    rows: QuerySet[File] | QuerySet[MetricChunk],
    columns: tuple[str, str, str],
    kind: Case | Value,
    is_trash: Q,
    size: F | Length,
) -> Iterator[tuple[int, int | None, int | None, str, int]]:
    """Add the sizes up, a range of keys at a time."""
    trash = Value(StoredKind.TRASH.value, CharField())
    named = Case(When(is_trash, then=trash), default=kind, output_field=CharField())
    for low, high in _ranges(rows):
        found = rows.filter(pk__gte=low, pk__lt=high).annotate(stored_kind=named)
        yield from (
            found.order_by()
            .values_list(*columns, "stored_kind")
            .annotate(bytes=Coalesce(Sum(size), 0))
        )


def _ranges(rows: QuerySet[File] | QuerySet[MetricChunk]) -> Iterable[tuple[int, int]]:
    ends = rows.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    starts = range(ends["first"], ends["last"] + 1, ROWS_PER_QUERY)
    return [(start, start + ROWS_PER_QUERY) for start in starts]


def _snapshots() -> Iterator[tuple[int, int | None, int | None, str, int]]:
    """Runs share a snapshot: it belongs to the first of them."""
    first = (
        RunSnapshot.objects.filter(snapshot=OuterRef("pk"))
        .order_by("run")
        .values("run")[:1]
    )
    rows = Snapshot.objects.annotate(first_run=first)
    found = rows.values_list("workspace", "first_run", "size").iterator()
    some: list[tuple[int, int | None, int]] = []
    for row in found:
        some.append(row)
        if len(some) >= 1_000:
            yield from _with_owners(some)
            some = []
    yield from _with_owners(some)


def _with_owners(
    some: list[tuple[int, int | None, int]],
) -> Iterator[tuple[int, int | None, int | None, str, int]]:
    runs = Run.objects.filter(pk__in={run for _workspace, run, _size in some if run})
    owners = {
        key: (experiment, member)
        for key, experiment, member in runs.values_list("pk", "experiment", "submitter")
    }
    for workspace, run, size in some:
        experiment, member = owners.get(run or 0, (None, None))
        yield workspace, experiment, member, StoredKind.SNAPSHOTS.value, size


def _largest_runs(workspace: int) -> list[tuple[int, Sizes]]:
    """Return the runs with the most bytes in files, with the kinds of these files."""
    totals = FileTotal.objects.filter(run__workspace=workspace, bytes__gt=0)
    keys = list(totals.order_by("-bytes").values_list("run_id", flat=True)[:LISTED])
    sizes: dict[int, Sizes] = {key: {} for key in keys if key is not None}
    rows = File.objects.filter(run__in=list(sizes), replaced__isnull=True)
    rows = rows.annotate(stored_kind=file_kind_expression()).order_by()
    grouped = rows.values_list("run_id", "stored_kind").annotate(bytes=Sum("size"))
    for run, kind, size in grouped:
        if run is not None:
            sizes[run][kind] = size
    return list(sizes.items())
