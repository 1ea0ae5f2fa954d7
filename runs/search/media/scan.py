"""Which files of a run are media: the names of all, read once and then only new ones.

A run can have a hundred thousand media files. A process keeps what it read of the
newest runs' names, as the database keys of files by name and step. The number of files
and the last known one tell whether it still holds. Nothing else depends on it.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

from django.db.models import QuerySet

from runs.models import File, Run
from runs.render.media import MediaName, read_media_name
from runs.search.files import current_files
from studio.core.media.media_files import MediaKind

#: Runs whose names are kept by a process, and files that are read of one run.
MAX_SCANS, MAX_FILES = 24, 500_000
#: Files that are media only by their ending, of one run.
MAX_LOOSE = 2000

#: A file as far as the scan needs it: key, folder, name, blob.
FileRow = tuple[int, str, str, str]


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

    def add(self, rows: Iterable[FileRow]) -> None:
        for row in rows:
            self.total += 1
            self.last = row
            path = f"{row[1]}/{row[2]}" if row[1] else row[2]
            if name := read_media_name(path):
                self._add_name(row[0], path, name)

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

    def loose_series(
        self, without: set[str]
    ) -> dict[tuple[str, MediaKind], dict[int | None, array[int]]]:
        """Return the series of loose files; a single numbered file has no step."""
        files = [file for path, file in self.loose.items() if path not in without]
        counts = Counter(
            (each.numbered[0], each.kind) for each in files if each.numbered
        )
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


_kept: OrderedDict[int, _KeptScan] = OrderedDict()
_lock = Lock()


def scan_media(run: Run, file_count: int | None = None) -> MediaScan:
    """Return the scan of the run's files as they are now.

    One query to count the files, unless the caller knows their number, and one to read
    the names of new ones; another one after files were deleted or replaced.
    """
    files = current_files().filter(run=run)
    total = min(files.count() if file_count is None else file_count, MAX_FILES)
    with _lock:
        kept = _kept.pop(run.pk, None) or _KeptScan()
        if not _read_new_files(kept, files, total):
            kept = _KeptScan()
            _read_new_files(kept, files, total)
        _kept[run.pk] = kept
        while len(_kept) > MAX_SCANS:
            _kept.popitem(last=False)
        if kept.shown is None:
            kept.shown = kept.scan.copy()
        return kept.shown


def _read_new_files(kept: _KeptScan, files: QuerySet[File], total: int) -> bool:
    """Add files that are new; false if those that are known have changed."""
    known, last = kept.scan.total, kept.scan.last
    if last is not None:
        # The last known file comes again, which proves that it is still the same.
        files = files.filter(pk__gte=last[0])
    rows = files.order_by("pk").values_list("pk", "folder", "name", "blob")
    found: Iterator[FileRow] = rows[: MAX_FILES + 1 - known].iterator(chunk_size=2000)
    if last is not None and next(found, None) != last:
        return False
    kept.scan.add(found)
    if kept.scan.total != known:
        kept.shown = None
    # A file can arrive between the two queries.
    return kept.scan.total >= total if last is None else kept.scan.total == total
