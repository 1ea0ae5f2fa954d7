"""Which files of a run are media: the names of all, read once and then only new ones.

A run can have a hundred thousand media files. A process keeps what it read of the
newest runs' names, as the database keys of files by name and step. The number of files
and the last known one tell whether it still holds. Nothing else depends on it.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from django.db.models import Count, Q

from runs.models import Run
from runs.render.media import (
    STEP_FILE,
    MediaName,
    read_media_name,
    read_step_folder,
)
from runs.search.files import current_files
from studio.core.media.media_files import MediaKind
from studio.core.names import MAX_INT64, MIN_INT64

#: Runs whose names are kept by a process, and files that are read of one run.
MAX_SCANS, MAX_FILES = 24, 500_000
#: Files that are media only by their ending, of one run.
MAX_LOOSE = 2000

#: A file as far as the scan needs it: key, folder, name. A file that takes another's
#: place has another key.
FileRow = tuple[int, str, str]


@dataclass
class StepFiles:
    """Database keys of one step's files, in the order in which they were saved."""

    items: array[int] = field(default_factory=lambda: array("q"))
    parts: array[int] = field(default_factory=lambda: array("q"))
    manifests: array[int] = field(default_factory=lambda: array("q"))


@dataclass
class LooseFile:
    pk: int
    path: str
    kind: MediaKind
    numbered: tuple[str, int] | None


@dataclass
class MediaScan:
    """`series` are steps by name and kind, `attached` parts and manifests by name."""

    total: int = 0
    last: FileRow | None = None
    series: dict[tuple[str, MediaKind], dict[int, array[int]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    attached: dict[str, dict[int, StepFiles]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    loose: dict[str, LooseFile] = field(default_factory=dict)
    #: The steps of the SDK's items by folder and ending. Most files are such.
    _items: dict[tuple[str, str], dict[int, array[int]] | None] = field(
        default_factory=dict
    )

    def add(self, pk: int, folder: str, name: str) -> None:
        self.total += 1
        self.last = pk, folder, name
        if match := STEP_FILE.fullmatch(name):
            text, ending = match.groups()
            kind = folder, ending
            if kind not in self._items:
                self._items[kind] = self._steps_of(folder, ending)
            steps = self._items[kind]
            step = int(text)
            if steps is not None and MIN_INT64 <= step <= MAX_INT64:
                if step in steps:
                    steps[step].append(pk)
                else:
                    steps[step] = array("q", (pk,))
                return
        path = f"{folder}/{name}" if folder else name
        if found := read_media_name(path):
            self._add_name(pk, path, found)

    def _steps_of(self, folder: str, ending: str) -> dict[int, array[int]] | None:
        name = read_step_folder(folder, ending)
        if name is None or name.is_part or name.is_manifest:
            return None
        return self.series[name.key, name.kind]

    def _add_name(self, pk: int, path: str, name: MediaName) -> None:
        if name.step is None:
            if len(self.loose) < MAX_LOOSE:
                self.loose[path] = LooseFile(pk, path, name.kind, name.numbered)
        elif name.is_part or name.is_manifest:
            step = self.attached[name.key].setdefault(name.step, StepFiles())
            (step.manifests if name.is_manifest else step.parts).append(pk)
        else:
            steps = self.series[name.key, name.kind]
            steps.setdefault(name.step, array("q")).append(pk)

    def numbered_counts(self, without: set[str]) -> Counter[tuple[str, MediaKind]]:
        """Count the loose files with a number, by name and kind."""
        return Counter(
            (each.numbered[0], each.kind)
            for path, each in self.loose.items()
            if each.numbered and path not in without
        )

    def loose_series(
        self, without: set[str], counts: Mapping[tuple[str, MediaKind], int]
    ) -> dict[tuple[str, MediaKind], dict[int | None, array[int]]]:
        """Return the series of loose files; a single numbered file has no step.

        `counts` are numbered files by name and kind, of this run or of several.
        """
        files = [file for path, file in self.loose.items() if path not in without]
        found: dict[tuple[str, MediaKind], dict[int | None, array[int]]] = {}
        for each in files:
            key, step = each.path, None
            if each.numbered and counts[each.numbered[0], each.kind] > 1:
                key, step = each.numbered
            steps = found.setdefault((key, each.kind), {})
            steps.setdefault(step, array("q")).append(each.pk)
        return found

    def copy(self) -> MediaScan:
        """Return a scan that later files are not added to."""
        series = {key: dict(steps) for key, steps in self.series.items()}
        attached = {key: dict(steps) for key, steps in self.attached.items()}
        return MediaScan(self.total, self.last, series, attached, dict(self.loose))


@dataclass
class _KeptScan:
    """`shown` is a copy of `scan`, until that changes."""

    scan: MediaScan = field(default_factory=MediaScan)
    shown: MediaScan | None = None

    def show(self) -> MediaScan:
        if self.shown is None:
            self.shown = self.scan.copy()
        return self.shown


_kept: OrderedDict[int, _KeptScan] = OrderedDict()
_lock = Lock()


def scan_media(run: Run, file_count: int | None = None) -> MediaScan:
    """Return the scan of the run's files as they are now; see `scan_media_of_runs`."""
    counts = None if file_count is None else {run.pk: file_count}
    return scan_media_of_runs([run], counts)[run.pk]


def scan_media_of_runs(
    runs: Sequence[Run], counts: Mapping[int, int] | None = None
) -> dict[int, MediaScan]:
    """Return the scans of several runs' files as they are now, by the run's key.

    One query to count the files, unless the caller knows their numbers, and one to read
    the names of new ones; another one after files were deleted or replaced.
    """
    keys = [run.pk for run in runs]
    if counts is None:
        rows = current_files().filter(run__in=keys).order_by().values_list("run")
        counts = dict(rows.annotate(Count("pk")))
    totals = {key: min(counts.get(key, 0), MAX_FILES) for key in keys}
    with _lock:
        kept = {key: _kept.pop(key, _KeptScan()) for key in keys}
        if changed := _read_new_files(kept, totals):
            again = {key: _KeptScan() for key in changed}
            _read_new_files(again, totals)
            kept.update(again)
        _kept.update(kept)
        while len(_kept) > MAX_SCANS:
            _kept.popitem(last=False)
        return {key: each.show() for key, each in kept.items()}


def _read_new_files(
    kept: Mapping[int, _KeptScan], totals: Mapping[int, int]
) -> set[int]:
    """Add files that are new; returns the runs whose known files have changed."""
    known = {key: each.scan.total for key, each in kept.items()}
    last = {key: each.scan.last for key, each in kept.items()}
    of_runs = Q(run__in=[key for key in kept if last[key] is None])
    for key, newest in last.items():
        if newest is not None:
            # The last known file comes again, which proves that it is still the same.
            of_runs |= Q(run=key, pk__gte=newest[0])
    rows = current_files().filter(of_runs).order_by("pk")
    found = rows.values_list("run_id", "pk", "folder", "name")
    changed: set[int] = set()
    unproven = {key for key, row in last.items() if row is not None}
    most = MAX_FILES + len(kept)
    for key, pk, folder, name in found[:most].iterator(chunk_size=10_000):
        scan = kept[key].scan
        if key in unproven:
            unproven.discard(key)
            if (pk, folder, name) != last[key]:
                changed.add(key)
        elif key not in changed and scan.total <= MAX_FILES:
            scan.add(pk, folder, name)
    for key, each in kept.items():
        total = each.scan.total
        if total != known[key]:
            each.shown = None
        # A file can arrive between the two queries.
        is_whole = total >= totals[key] if last[key] is None else total == totals[key]
        if not is_whole:
            changed.add(key)
    return changed | unproven
