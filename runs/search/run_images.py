"""A run's images by name and step: image metrics, MLflow's logged ones, image files.

MLflow keeps `images/<key>+step+<n>+timestamp+<ms>+<uuid>.png` and a small twin that
ends in `+compressed.webp` (clients before 3.2 write `%` for `+`, and all `#` for `/`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runs.models import File, Metric, MetricKind, Run
from runs.search.image_names import is_image
from runs.search.metric_files import files_at, path_in
from runs.search.run_files import live_files
from runs.storage.metrics import store

#: More images than these, of each kind, are among the files only.
MOST_IMAGES = 2000
_MLFLOW = re.compile(
    r"(?P<key>.+?)(?P<s>[+%])step(?P=s)(?P<step>-?\d{1,18})(?P=s)timestamp(?P=s)\d+"
    r"(?P=s)(?P<id>[^+%]+?)(?P<small>(?P=s)compressed)?\.\w+"
)
_NUMBERED = re.compile(
    r"(?P<name>.*?)[-_]?(?P<word>step|epoch)?[-_]?(?P<step>\d{1,18})\.\w+"
)


@dataclass(frozen=True)
class RunImage:
    """`small` is a twin that stands for it in a gallery; a lone file has no `step`."""

    name: str
    step: int | None
    file: File
    small: File | None = None

    @property
    def path(self) -> str:
        return self.file.path


def list_images(run: Run) -> list[RunImage]:
    """By name and step. At most five queries, whatever there is."""
    found = live_files().filter(is_image(), run=run).order_by("folder", "name")
    files = {file.path: file for file in found[:MOST_IMAGES]}
    images = _of_metrics(run, files)
    named = {image.path for image in images}
    rest = [file for path, file in files.items() if path not in named]
    images += _of_mlflow(rest)
    images += _of_files(rest)
    return sorted(images, key=lambda i: (i.name.lower(), i.name, i.step or 0, i.path))


def _of_metrics(run: Run, files: Mapping[str, File]) -> list[RunImage]:
    heads = Metric.objects.filter(run=run, kind=MetricKind.IMAGE).select_related("key")
    points = store.newest_all(list(heads), MOST_IMAGES)
    named = [
        (head.key.name, step, path)
        for head in heads
        for step, _time, value in points[head.pk]
        if (path := path_in(value))
    ]
    missing = [path for _name, _step, path in named if path not in files]
    there = {**files, **files_at(run, missing[:MOST_IMAGES])}
    return [
        RunImage(name, step, there[path]) for name, step, path in named if path in there
    ]


def _of_mlflow(files: Iterable[File]) -> list[RunImage]:
    parsed = [(file, _mlflow(file)) for file in files]
    small = {
        (match["key"], match["step"], match["id"]): file
        for file, match in parsed
        if match and match["small"]
    }
    return [
        RunImage(
            match["key"].replace("#", "/"),
            int(match["step"]),
            file,
            small.get((match["key"], match["step"], match["id"])),
        )
        for file, match in parsed
        if match and not match["small"]
    ]


def _mlflow(file: File) -> re.Match[str] | None:
    return _MLFLOW.fullmatch(file.name) if file.folder == "images" else None


def _of_files(files: Iterable[File]) -> list[RunImage]:
    """Files whose names differ by a number at the end are steps of one name."""
    plain = [file for file in files if not _mlflow(file)]
    parsed = [(file, _NUMBERED.fullmatch(file.name)) for file in plain]
    stems = [_stem(file, match) for file, match in parsed]
    together = Counter(stem for stem in stems if stem)
    return [
        RunImage(stem, int(match["step"]), file)
        if match and stem and together[stem] > 1
        else RunImage(file.path, None, file)
        for (file, match), stem in zip(parsed, stems, strict=True)
    ]


def _stem(file: File, match: re.Match[str] | None) -> str:
    name = match and (match["name"] or match["word"])
    if not name:
        return ""
    return f"{file.folder}/{name}" if file.folder else name


def names_of(images: Sequence[RunImage]) -> list[tuple[str, int]]:
    """Each name with how many images it has."""
    return list(Counter(image.name for image in images).items())
