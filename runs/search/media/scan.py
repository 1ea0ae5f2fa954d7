"""Which files of a run are media: the names of all, read once and then only new ones.

A run can have a hundred thousand media files. A request reads a limited number of
names, the newest first, and later requests continue with older ones. A process keeps
what it read of the newest runs, as the database keys of files by name and step. The
number of files and the last known one tell whether it still holds. Nothing else
depends on it.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from django.db.models import (
    BigIntegerField,
    Case,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)

from runs.models import FileTotal, Run
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
#: Names that one request of a page reads, of all its runs: they take about 60 ms.
MAX_NEW_NAMES = 20_000
#: Files that are media only by their ending, of one run.
MAX_LOOSE = 2000

#: A file as far as the scan needs it: key, folder, name. A file that takes another's
#: place has another key.
FileRow = tuple[int, str, str]
#: The same, after the key of its run.
FoundName = tuple[int, int, str, str]


@dataclass
class StepFiles:
    """Database keys of one step's files, in the order in which they were saved."""

    parts: array[int] = field(default_factory=lambda: array("q"))
    manifests: array[int] = field(default_factory=lambda: array("q"))

    def before(self, later: StepFiles) -> StepFiles:
        return StepFiles(self.parts + later.parts, self.manifests + later.manifests)


@dataclass
class LooseFile:
    pk: int
    path: str
    kind: MediaKind
    numbered: tuple[str, int] | None


@dataclass
class MediaScan:
    """`series` are steps by name and kind, `attached` parts and manifests by name.

    It has `total` files, from the key `first` to the file `last`; the names of `left`
    older files are not read yet.
    """

    total: int = 0
    first: int | None = None
    last: FileRow | None = None
    left: int = 0
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

    @property
    def is_reading(self) -> bool:
        """Whether the next request reads more names."""
        return self.left > 0 and self.total < MAX_FILES

    def add(self, pk: int, folder: str, name: str) -> None:
        self.total += 1
        self.first = pk if self.first is None else self.first
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

    def add_older(self, older: MediaScan) -> None:
        """Add the files of a scan that ends before the first file of this one."""
        self.total += older.total
        self.left = max(self.left - older.total, 0)
        self.first = older.first if older.first is not None else self.first
        for key, steps in older.series.items():
            known = self.series[key]
            for step, keys in steps.items():
                known[step] = keys + known[step] if step in known else keys
        for name, some in older.attached.items():
            own = self.attached[name]
            for step, files in some.items():
                own[step] = files.before(own[step]) if step in own else files
        more = max(MAX_LOOSE - len(self.loose), 0)
        self.loose = dict([*older.loose.items()][:more]) | self.loose

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
        loose = dict(self.loose)
        return MediaScan(
            *(self.total, self.first, self.last, self.left, series, attached, loose)
        )


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

    Reads at most `MAX_NEW_NAMES` new names: a scan that `is_reading` lacks older files.
    One query for the numbers of files, unless given, and three to read names; these
    again after files were deleted or replaced.
    """
    keys = [run.pk for run in runs]
    if counts is None:
        rows = FileTotal.objects.filter(run__in=keys)
        counts = dict(rows.values_list("run_id", "files"))
    totals = {key: counts.get(key, 0) for key in keys}
    share = max(MAX_NEW_NAMES // max(len(keys), 1), 1)
    with _lock:
        kept = {key: _kept.pop(key, _KeptScan()) for key in keys}
        for key, each in kept.items():
            # Reading all new files, or keeping ever more, has no bound.
            if each.scan.total and _is_outgrown(each.scan, totals[key], share):
                kept[key] = _KeptScan()
        if changed := _read_files(kept, totals, share):
            again = {key: _KeptScan() for key in changed}
            _read_files(again, totals, share)
            kept.update(again)
        _kept.update(kept)
        while len(_kept) > MAX_SCANS:
            _kept.popitem(last=False)
        return {key: each.show() for key, each in kept.items()}


def _is_outgrown(scan: MediaScan, total: int, share: int) -> bool:
    return total - scan.total - scan.left > share or scan.total > 2 * MAX_FILES


def _read_files(
    kept: Mapping[int, _KeptScan], totals: Mapping[int, int], share: int
) -> set[int]:
    """Add new files, and the newest `share` of the others; returns the changed runs.

    A run is changed if files that were known, or counted, are no longer there.
    """
    known = {key: each.scan.total for key, each in kept.items()}
    last = {key: each.scan.last for key, each in kept.items()}
    unproven = {key for key, row in last.items() if row is not None}
    changed: set[int] = set()
    older = {key: MediaScan() for key in kept}
    for key, pk, folder, name in _find_names(kept, totals, share):
        scan = kept[key].scan
        if key in changed:
            continue
        if last[key] is not None and scan.first is not None and pk < scan.first:
            older[key].add(pk, folder, name)
        elif key in unproven:
            unproven.discard(key)
            if (pk, folder, name) != last[key]:
                changed.add(key)
        else:
            scan.add(pk, folder, name)
    for key, each in kept.items():
        scan = each.scan
        if last[key] is None:
            scan.left = max(totals[key] - scan.total, 0)
            # A file can arrive between the two queries.
            is_whole = scan.total >= min(totals[key], share)
        else:
            is_whole = scan.total + scan.left == totals[key]
            scan.add_older(older[key])
        if scan.total != known[key]:
            each.shown = None
        if not is_whole:
            changed.add(key)
    return changed | unproven


def _find_names(
    kept: Mapping[int, _KeptScan], totals: Mapping[int, int], share: int
) -> Iterator[FoundName]:
    """Read the names of new files, then those of older ones: each in order of keys."""
    new, older = Q(pk__in=()), Q(pk__in=())
    bounds = _oldest_to_read(_limited_runs(kept, totals, share), share)
    for key, each in kept.items():
        scan = each.scan
        newest = Q(run=key, pk__gte=bounds.get(key, 0))
        if scan.last is None:
            new |= newest
            continue
        # The last known file comes again, which proves that it is still the same.
        new |= Q(run=key, pk__gte=scan.last[0])
        if scan.is_reading:
            older |= newest & Q(pk__lt=scan.first)
    # In one query, SQLite would look at all files of the run.
    for condition in (new, older):
        rows = current_files().filter(condition).order_by("pk")
        found = rows.values_list("run_id", "pk", "folder", "name")
        yield from found.iterator(chunk_size=10_000)


def _limited_runs(
    kept: Mapping[int, _KeptScan], totals: Mapping[int, int], share: int
) -> dict[int, int]:
    """Return the runs with too many files to read, and the first file that is known."""
    found = {}
    for key, each in kept.items():
        scan = each.scan
        if scan.last is None and totals[key] > share:
            found[key] = MAX_INT64
        elif scan.last is not None and scan.is_reading and scan.left > share:
            found[key] = scan.first or 0
    return found


def _oldest_to_read(firsts: Mapping[int, int], share: int) -> dict[int, int]:
    """Return the oldest of the `share` newest files before the first, by run.

    As numbers in the query for names, from which PostgreSQL knows how many these are.
    """
    if not firsts:
        return {}
    known = [When(pk=key, then=Value(first)) for key, first in firsts.items()]
    own = current_files().filter(run=OuterRef("pk"), pk__lt=OuterRef("first"))
    oldest = Subquery(own.order_by("-pk").values("pk")[share - 1 : share])
    runs = Run.objects.filter(pk__in=firsts).annotate(
        first=Case(*known, output_field=BigIntegerField()), oldest=oldest
    )
    return {key: pk or 0 for key, pk in runs.values_list("pk", "oldest")}
