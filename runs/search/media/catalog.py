"""A run's media by name, kind and step: from file names and from metrics."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from runs.models import Metric, MetricKind, Run
from runs.search.files import file_path_of
from runs.search.media.logged_tables import find_logged_tables
from runs.search.media.scan import (
    MediaScan,
    StepFiles,
    scan_media,
    scan_media_of_runs,
)
from runs.storage.metrics import store
from studio.core.media.media_files import MediaKind, split_ending

#: Steps of an image metric that are read: of one run, and of each of many.
MAX_METRIC_STEPS, MIN_METRIC_STEPS = 5000, 500
#: Media that are listed of a run, and metrics that are read of all runs.
MAX_SERIES, MAX_HEADS = 2000, 4000


@dataclass(frozen=True)
class MediaSeries:
    """Media of one name and kind.

    `files` has the keys of files by step, where None is no step. Of an image metric,
    `paths` has the paths instead. `attached` are thumbnails, layers and manifests.
    `table` is the metric of a table that was logged row by row.
    """

    name: str
    kind: MediaKind
    files: Mapping[int | None, array[int]] = field(default_factory=dict)
    paths: Mapping[int | None, Sequence[str]] = field(default_factory=dict)
    attached: Mapping[int, StepFiles] = field(default_factory=dict)
    table: Metric | None = None

    @cached_property
    def steps(self) -> list[int]:
        return sorted({step for step in (*self.files, *self.paths) if step is not None})

    @property
    def prefix(self) -> str:
        """The part of the name that groups it, up to the first slash."""
        return self.name.partition("/")[0] if "/" in self.name else ""

    def count_at(self, step: int | None) -> int:
        return len(self.files.get(step, ())) + len(self.paths.get(step, ()))

    def step_at(self, step: int | None) -> int | None:
        """Return this step, or the last before it; None if there is none.

        Without `step`, it is the last one.
        """
        before = [one for one in self.steps if step is None or one <= step]
        return before[-1] if before else None


@dataclass(frozen=True)
class MediaCatalog:
    """`series` are sorted by name; `is_whole` is false past a limit.

    The names of `unread` older files are not read yet. If it `is_reading`, the next
    request reads more of them.
    """

    series: Sequence[MediaSeries]
    is_whole: bool = True
    unread: int = 0
    is_reading: bool = False

    @cached_property
    def names(self) -> list[str]:
        return list(dict.fromkeys(each.name for each in self.series))


def list_media(run: Run) -> MediaCatalog:
    """At most eight queries, whatever there is; reads a limited number of names."""
    return list_media_of_runs([run])[run.pk]


def list_media_of_runs(runs: Sequence[Run]) -> dict[int, MediaCatalog]:
    """Return the media of several runs, by the run's key.

    At most eight queries for all of them, and a limited number of new names of files. A
    file with a number in its name is a step if any of the runs has another file of that
    name.
    """
    heads = Metric.objects.filter(
        run__in=[run.pk for run in runs], kind__in=(MetricKind.IMAGE, MetricKind.TABLE)
    ).select_related("key")
    heads = heads.order_by("pk")[:MAX_HEADS]
    by_kind: dict[str, list[Metric]] = {MetricKind.IMAGE: [], MetricKind.TABLE: []}
    for head in heads:
        by_kind[head.kind].append(head)
    scans = scan_media_of_runs(runs)
    logged = _image_metrics(by_kind[MetricKind.IMAGE], len(runs))
    named = {
        key: {
            path for paths in own.values() for each in paths.values() for path in each
        }
        for key, own in logged.items()
    }
    counts: Counter[tuple[str, MediaKind]] = Counter()
    for key, scan in scans.items():
        counts += scan.numbered_counts(named.get(key, set()))
    found = {
        key: [
            *_scanned_series(scan, named.get(key, set()), counts),
            *(
                MediaSeries(name, MediaKind.IMAGE, paths=paths)
                for name, paths in logged.get(key, {}).items()
            ),
        ]
        for key, scan in scans.items()
    }
    for head in by_kind[MetricKind.TABLE]:
        series = MediaSeries(head.key.name, MediaKind.TABLE, table=head)
        found[head.run_id].append(series)
    for key, files in find_logged_tables(runs).items():
        known = {
            pk for each in found[key] for keys in each.files.values() for pk in keys
        }
        found[key] += [
            MediaSeries(file.path, MediaKind.TABLE, {None: array("q", [file.pk])})
            for file in files
            # A table with a step in its name is there already.
            if file.pk not in known and split_ending(file.name)[2] is MediaKind.TABLE
        ]
    return {key: _catalog(each, scans[key]) for key, each in found.items()}


def count_media_names(run: Run, file_count: int) -> int:
    """Count the names that files say, with one query; `file_count` is known already.

    `list_media` also knows the names of images that belong to metrics.
    """
    scan = scan_media(run, file_count)
    found = _scanned_series(scan, set(), scan.numbered_counts(set()))
    return len({each.name for each in found})


def _catalog(found: Sequence[MediaSeries], scan: MediaScan) -> MediaCatalog:
    ordered = sorted(found, key=lambda each: (each.name.lower(), each.name, each.kind))
    return MediaCatalog(
        ordered[:MAX_SERIES],
        len(ordered) <= MAX_SERIES and not scan.left,
        scan.left,
        scan.is_reading,
    )


def _scanned_series(
    scan: MediaScan, named: set[str], counts: Mapping[tuple[str, MediaKind], int]
) -> list[MediaSeries]:
    merged: dict[tuple[str, MediaKind], dict[int | None, array[int]]] = {}
    for key, numbered in scan.series.items():
        merged[key] = dict(numbered.items())
    # A file that a metric names must not come again under its path.
    for key, steps in scan.loose_series(named, counts).items():
        known = merged.setdefault(key, {})
        for step, keys in steps.items():
            known[step] = known[step] + keys if step in known else keys
    return [
        MediaSeries(name, kind, steps, attached=scan.attached.get(name, {}))
        for (name, kind), steps in merged.items()
    ]


def _image_metrics(
    heads: Sequence[Metric], run_count: int
) -> dict[int, dict[str, dict[int | None, list[str]]]]:
    """Return the paths of images by run, name and step."""
    most = max(MAX_METRIC_STEPS // run_count, MIN_METRIC_STEPS)
    points = store.newest_points_of_all(heads, most)
    found: dict[int, dict[str, dict[int | None, list[str]]]] = {}
    for head in heads:
        for step, _time, value in points[head.pk]:
            if path := file_path_of(value):
                steps = found.setdefault(head.run_id, {}).setdefault(head.key.name, {})
                steps.setdefault(step, []).append(path)
    return found
