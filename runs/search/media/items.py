"""The items of chosen media at chosen steps, with their files, captions and layers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from runs.models import File, Run
from runs.render.media import ManifestItem, parse_manifest
from runs.search.files import current_files, find_files_of_runs
from runs.search.media.catalog import MediaSeries
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes
from studio.core.media.media_files import (
    MAX_MANIFEST_BYTES,
    THUMBNAIL_ENDING,
    split_ending,
)

#: Manifests that are read for one step, and bytes of all that are read for a page.
MAX_MANIFESTS, MAX_READ_BYTES = 64, 8 * 1024 * 1024
#: What MLflow's clients add to the name of an image for its thumbnail.
#: With fewer scores, none is far from the others.
MIN_SCORES = 4
_COMPRESSED = ("+compressed", "%compressed")


@dataclass(frozen=True)
class MediaLayer:
    """`number` counts the names of layers in the panel, and chooses the color."""

    name: str
    file: File


@dataclass(frozen=True)
class MediaItem:
    """`values` are named numbers, such as a score; `small` is a thumbnail."""

    file: File
    caption: str = ""
    values: tuple[tuple[str, float], ...] = ()
    layers: tuple[MediaLayer, ...] = ()
    small: File | None = None

    @property
    def score(self) -> float | None:
        return self.values[0][1] if self.values else None


@dataclass(frozen=True)
class StepRequest:
    """`step` of a series; `caption` chooses one item of it, `limit` that many.

    `order` is `low` or `high` for the first value, else the order of the calls.
    """

    series: MediaSeries
    step: int | None
    limit: int
    order: str = "low"
    caption: str = ""


@dataclass(frozen=True)
class StepItems:
    """`total` counts all items of the step; `score` is the name of what orders them.

    `usual` are the ends of the scores that are near the mean of the step.
    """

    items: Sequence[MediaItem]
    total: int
    score: str = ""
    usual: tuple[float, float] | None = None

    def is_low(self, value: float) -> bool:
        return self.usual is not None and value < self.usual[0]

    def is_high(self, value: float) -> bool:
        return self.usual is not None and value > self.usual[1]


def load_items(run: Run, requests: Sequence[StepRequest]) -> list[StepItems]:
    """Load the items of each request. Three queries for all of them."""
    return load_items_of_runs([(run, each) for each in requests])


def load_items_of_runs(asked: Sequence[tuple[Run, StepRequest]]) -> list[StepItems]:
    """Load the items of each request of a run. Three queries for all of them."""
    runs, requests = [run for run, _each in asked], [each for _run, each in asked]
    manifests = _read_manifests(runs, [_manifest_keys(each) for each in requests])
    chosen = [
        _choose_items(each, items)
        for each, items in zip(requests, manifests, strict=True)
    ]
    paths: dict[int, list[str]] = {run.pk: [] for run in runs}
    for run, each, one in zip(runs, requests, chosen, strict=True):
        paths[run.pk] += _paths_of_items(one.listed)
        paths[run.pk] += each.series.paths.get(each.step, ())[: each.limit]
    by_path = find_files_of_runs(paths)
    keys = [key for one in chosen for key in one.keys]
    by_key = {file.pk: file for file in _files_by_key(runs, keys)}
    return [
        _step_items(each, one, by_path[run.pk], by_key)
        for run, each, one in zip(runs, requests, chosen, strict=True)
    ]


def _files_by_key(runs: Sequence[Run], keys: Iterable[int]) -> QuerySet[File]:
    of_runs = current_files().filter(run__in={run.pk for run in runs})
    return of_runs.filter(pk__in=keys)


@dataclass(frozen=True)
class _ListedItem:
    """An item of a manifest, and the folder of its files."""

    folder: str
    item: ManifestItem

    def path(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder else name


@dataclass(frozen=True)
class _ChosenItems:
    """Items of manifests, and the keys of files that no manifest names."""

    listed: Sequence[_ListedItem]
    keys: Sequence[int]
    score: str = ""
    usual: tuple[float, float] | None = None


def _manifest_keys(request: StepRequest) -> list[int]:
    if request.step is None or request.step not in request.series.attached:
        return []
    return list(request.series.attached[request.step].manifests[-MAX_MANIFESTS:])


def _read_manifests(
    runs: Sequence[Run], keys: Sequence[Sequence[int]]
) -> list[list[_ListedItem]]:
    """Read manifests by their keys, until the limit of bytes; one query."""
    every = {key for some in keys for key in some}
    files = {file.pk: file for file in _files_by_key(runs, every)}
    left, read = MAX_READ_BYTES, {}
    for key in sorted(files):
        file = files[key]
        if file.size > min(left, MAX_MANIFEST_BYTES):
            continue
        left -= file.size
        try:
            with file_store.open(file.blob, file.size) as handle:
                items = parse_manifest(handle.read(file.size))
        except MissingBytes:
            continue
        read[key] = [_ListedItem(file.folder, item) for item in items]
    return [[item for key in some for item in read.get(key, ())] for some in keys]


def _choose_items(request: StepRequest, listed: Sequence[_ListedItem]) -> _ChosenItems:
    kind = request.series.kind
    own = [each for each in listed if split_ending(each.item.file)[2] is kind]
    count = len(own)
    usual = _usual_scores([each.item for each in own])
    if request.caption:
        # The same example at other steps has the same caption.
        own = [each for each in own if each.item.caption == request.caption] or own
    scores = {each.item.values[0][0] for each in own if each.item.values}
    score = scores.pop() if len(scores) == 1 else ""
    if score and request.order in ("low", "high"):
        own.sort(
            key=lambda each: _sort_key(each.item, is_descending=request.order == "high")
        )
    files = request.series.files.get(request.step, ())
    keys: list[int] = []
    # Files without a manifest: of other programs, or of an upload that was cut.
    if count < len(files) and (not request.caption or not own):
        keys = [*files[: request.limit]]
    if keys and request.step is not None and request.step in request.series.attached:
        keys += request.series.attached[request.step].parts[: request.limit]
    return _ChosenItems(own[: request.limit], keys, score, usual if score else None)


def _usual_scores(items: Sequence[ManifestItem]) -> tuple[float, float] | None:
    """Return the mean of the scores minus and plus their standard deviation."""
    scores = [each.values[0][1] for each in items if each.values]
    scores = [score for score in scores if math.isfinite(score)]
    if len(scores) < MIN_SCORES:
        return None
    # Divided first, because the sum of huge numbers would overflow.
    mean = sum(score / len(scores) for score in scores)
    deviation = math.hypot(*(score - mean for score in scores)) / len(scores) ** 0.5
    return mean - deviation, mean + deviation


def _sort_key(item: ManifestItem, *, is_descending: bool) -> tuple[bool, float]:
    value = item.values[0][1] if item.values else float("nan")
    # NaN, which compares with nothing, comes last.
    is_missing = value != value  # noqa: PLR0124
    return is_missing, 0 if is_missing else -value if is_descending else value


def _paths_of_items(listed: Iterable[_ListedItem]) -> list[str]:
    return [
        each.path(name)
        for each in listed
        for name in (
            each.item.file,
            *([each.item.small] if each.item.small else []),
            *(file for _name, file in each.item.layers),
        )
    ]


def _step_items(
    request: StepRequest,
    chosen: _ChosenItems,
    by_path: dict[str, File],
    by_key: dict[int, File],
) -> StepItems:
    items = [item for each in chosen.listed if (item := _listed_item(each, by_path))]
    seen = {item.file.pk for item in items}
    found = [by_key[key] for key in chosen.keys if key in by_key]
    items += [item for item in _plain_items(found) if item.file.pk not in seen]
    for path in request.series.paths.get(request.step, ()):
        if path in by_path:
            items.append(MediaItem(by_path[path]))
    return StepItems(
        items[: request.limit],
        request.series.count_at(request.step),
        chosen.score,
        chosen.usual,
    )


def _listed_item(listed: _ListedItem, by_path: dict[str, File]) -> MediaItem | None:
    item = listed.item
    file = by_path.get(listed.path(item.file))
    if file is None:
        return None
    layers = tuple(
        MediaLayer(name, by_path[listed.path(name_of_file)])
        for name, name_of_file in item.layers
        if listed.path(name_of_file) in by_path
    )
    small = by_path.get(listed.path(item.small)) if item.small else None
    return MediaItem(file, item.caption, item.values, layers, small)


def _plain_items(files: Sequence[File]) -> list[MediaItem]:
    """Items of files without a manifest; thumbnails are found by their names."""
    small: dict[str, File] = {}
    items: list[MediaItem] = []
    for file in files:
        if stem := _stem_of_thumbnail(file.path):
            small[stem] = file
        elif ".layer" not in file.name:
            items.append(MediaItem(file))
    return [
        replace(item, small=small.get(split_ending(item.file.path)[0]))
        for item in items
    ]


def _stem_of_thumbnail(path: str) -> str:
    if path.endswith(THUMBNAIL_ENDING):
        return path.removesuffix(THUMBNAIL_ENDING)
    stem = split_ending(path)[0]
    for ending in _COMPRESSED:
        if stem.endswith(ending):
            return stem.removesuffix(ending)
    return ""
