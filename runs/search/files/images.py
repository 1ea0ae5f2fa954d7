"""A run's images by name and step: image metrics, and what files' names say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import File, Metric, MetricKind, Run
from runs.search.files.files import current_files, file_path_of, find_files
from runs.search.run import NamedImage, is_image_file, named_images
from runs.storage.metrics import store

#: More images than these, of each kind, are among the files only.
MAX_IMAGES = 2000


@dataclass(frozen=True)
class RunImage:
    """`small` is its thumbnail in a gallery; a lone file has no `step`."""

    name: str
    step: int | None
    file: File
    small: File | None = None

    @property
    def path(self) -> str:
        return self.file.path


def list_images(run: Run) -> list[RunImage]:
    """By name and step. At most five queries, whatever there is."""
    found = current_files().filter(is_image_file(), run=run).order_by("folder", "name")
    files = {file.path: file for file in found[:MAX_IMAGES]}
    heads = Metric.objects.filter(run=run, kind=MetricKind.IMAGE)
    logged = image_points(list(heads.select_related("key")), MAX_IMAGES)
    missing = [image.path for _run, image in logged if image.path not in files]
    there = {**files, **find_files(run, missing[:MAX_IMAGES])}
    paths = {image.path for _run, image in logged} & there.keys()
    named = [image for _run, image in logged if image.path in there]
    named += named_images(path for path in files if path not in paths)
    images = [
        RunImage(one.name, one.step, there[one.path], there.get(one.small))
        for one in named
    ]
    return sorted(images, key=lambda i: (i.name.lower(), i.name, i.step or 0, i.path))


def image_points(heads: Sequence[Metric], most: int) -> list[tuple[int, NamedImage]]:
    """What image metrics say: by run, of each the newest steps."""
    points = store.newest_points_of_all(heads, most)
    return [
        (head.run_id, NamedImage(head.key.name, step, path))
        for head in heads
        for step, _time, value in points[head.pk]
        if (path := file_path_of(value))
    ]


def count_by_name(images: Sequence[RunImage]) -> list[tuple[str, int]]:
    """Each name with how many images it has."""
    return list(Counter(image.name for image in images).items())
