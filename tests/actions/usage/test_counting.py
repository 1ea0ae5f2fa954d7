"""The reports of what is stored agree with the rows, and quotas refuse only files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from runs.actions.actor import Actor
from runs.actions.bulk import FlagChange, apply_bulk_change
from runs.actions.files.files import delete_files, save_file
from runs.actions.files.snapshots import save_snapshot
from runs.actions.ingest import Point, log_metrics
from runs.actions.uploads.parts import open_multipart_upload
from runs.actions.uploads.uploads import open_upload
from runs.actions.usage import count_if_due, count_storage, request_count, set_quota
from runs.actions.usage.counting import COUNT_MS, DAY_MS, DAYS_WITH_LISTS, MIN_COUNT_MS
from runs.models import ChangeSet, File, MetricChunk, Run, StorageReport
from runs.search.usage import StoredKind, read_usage, usage_by_experiment, usage_by_run
from studio.core.errors import InvalidValue, QuotaReached

pytestmark = pytest.mark.usefixtures("files_dir")

MB = 1_000_000
Save = Callable[..., File]


@pytest.fixture
def save(run: Run, actor: Actor, now: int) -> Save:
    def save(path: str, size: int, owner: Run = run) -> File:
        return save_file(
            owner, path, [b"x" * size], actor=actor, now=now, limit=100 * MB
        )

    return save


def log_points(run: Run, actor: Actor, now: int) -> None:
    points = [Point("loss", 0.5, now, 0), Point("loss", 0.25, now, 1)]
    log_metrics(run, points, actor=actor, now=now)


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("train.py", "print(1)")
    return packed.getvalue()


def sizes_of(run: Run) -> dict[StoredKind, int]:
    return dict(read_usage(run.workspace).sizes)


def test_each_kind_is_counted_once(
    run: Run, save: Save, actor: Actor, now: int
) -> None:
    for path, size in (
        ("checkpoints/last.PT", 1_000),
        ("logs/std.txt", 200),
        ("user_logs/rank-0/std_log.txt", 30),
        ("train.log", 4),
        ("images/a.png", 50),
        ("notes.txt", 7),
        ("table.csv", 60),
    ):
        save(path, size)
    save("old.bin", 500)
    save("old.bin", 300)
    delete_files(run, ["table.csv"], actor=actor, now=now)
    assert count_storage(now) == 1
    assert sizes_of(run) == {
        StoredKind.CHECKPOINTS: 1_300,
        StoredKind.LOGS: 234,
        StoredKind.MEDIA: 50,
        StoredKind.OTHER: 7,
        StoredKind.TRASH: 560,
    }
    [row] = usage_by_run(run.workspace)
    # What is in the trash is not of the run any more.
    assert (row.run, row.total) == (run, 1_591)
    [place] = usage_by_experiment(run.workspace)
    assert (place.name, place.total) == (run.experiment.name, 2_151)


def test_metrics_and_snapshots_are_counted(run: Run, actor: Actor, now: int) -> None:
    log_points(run, actor, now)
    snapshot = save_snapshot(run, [archive()], actor=actor, now=now)
    count_storage(now)
    found = sizes_of(run)
    [chunk] = MetricChunk.objects.all()
    assert found == {
        StoredKind.METRICS: len(bytes(chunk.data)),
        StoredKind.SNAPSHOTS: snapshot.size,
    }


def test_the_trash_has_the_files_of_deleted_runs(
    run: Run, save: Save, actor: Actor, now: int
) -> None:
    save("a.pt", 400)
    change = FlagChange("deleted", True, now)
    apply_bulk_change(run.workspace, [run.pk], change, actor=actor, now=now)
    count_storage(now)
    assert sizes_of(run) == {StoredKind.TRASH: 400}


def test_a_later_count_of_the_day_replaces_the_earlier(
    run: Run, save: Save, now: int
) -> None:
    start = now - now % DAY_MS
    save("a.pt", 400)
    count_storage(start)
    save("b.pt", 100)
    count_storage(start + 1000)
    assert sizes_of(run) == {StoredKind.CHECKPOINTS: 500}
    count_storage(start + DAY_MS)
    assert [day for day, _sizes in read_usage(run.workspace).by_day] == [
        start,
        start + DAY_MS,
    ]
    # Lists of old reports go, reports of a clock that was ahead too.
    later = start + (DAYS_WITH_LISTS + 1) * DAY_MS
    count_storage(later)
    first = StorageReport.objects.order_by("day").first()
    assert first is not None
    assert (first.by_run, first.total) == ([], 500)
    count_storage(start + DAY_MS)
    assert StorageReport.objects.count() == 2


def test_it_is_counted_when_due_or_asked_for(run: Run, now: int) -> None:
    assert count_if_due(now) == 1
    assert count_if_due(now + MIN_COUNT_MS) == 0
    request_count(run.workspace, now + MIN_COUNT_MS)
    assert read_usage(run.workspace).is_counting
    assert count_if_due(now + 1) == 0
    assert count_if_due(now + 2 * MIN_COUNT_MS) == 1
    assert not read_usage(run.workspace).is_counting
    assert count_if_due(now + MIN_COUNT_MS + COUNT_MS) == 0
    assert count_if_due(now + 2 * MIN_COUNT_MS + COUNT_MS) == 1
    # A clock that was set back does not put it off for a year.
    assert count_if_due(now - 365 * DAY_MS) == 1


def test_a_full_workspace_refuses_files_but_no_metrics(
    run: Run, save: Save, actor: Actor, now: int
) -> None:
    set_quota(run.workspace, 2 * MB, actor=actor, now=now)
    save("a.pt", MB)
    count_storage(now)
    # Those after the count are added to it.
    save("b.pt", MB - 10)
    with pytest.raises(QuotaReached, match=r"stores 2 MB of its quota of 2 MB"):
        save("c.pt", 20)
    assert not File.objects.filter(name="c.pt").exists()
    with pytest.raises(QuotaReached):
        open_upload(
            run,
            "d.pt",
            size=20,
            key="k",
            overwrite=True,
            actor=actor,
            now=now,
            limit=100 * MB,
        )
    save("c.pt", 10)
    with pytest.raises(QuotaReached):
        open_multipart_upload(run, "e.pt", 2, actor=actor, now=now)
    # The same content again needs no space.
    save("c.pt", 10)
    log_points(run, actor, now)
    delete_files(run, ["a.pt"], actor=actor, now=now)
    set_quota(run.workspace, None, actor=actor, now=now)
    save("d.pt", 20)


def test_a_quota_is_checked_and_recorded(run: Run, actor: Actor, now: int) -> None:
    for wrong in (0, 999_999, 2**61):
        with pytest.raises(InvalidValue):
            set_quota(run.workspace, wrong, actor=actor, now=now)
    set_quota(run.workspace, 5 * MB, actor=actor, now=now)
    set_quota(run.workspace, 5 * MB, actor=actor, now=now)
    recorded = ChangeSet.objects.filter(action="set quota")
    [change] = recorded.get().changes.all()
    assert (change.before, change.after) == (None, 5 * MB)
