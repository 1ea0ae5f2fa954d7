"""Images of runs that lie side by side, by name, run and step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import cast

from runs.models import Metric, MetricKind
from runs.render.files import FileKind, file_kind
from runs.search.compare.compare import Comparison
from runs.search.compare.files import ComparedFiles
from runs.search.files import image_points
from runs.search.run import named_images

#: Series of images that are read, of all runs together, and steps of each.
MAX_SERIES, MAX_STEPS = 1_000, 500

#: Paths by the run's column, and there by step.
ByColumn = Mapping[int, Mapping[int, str]]


def compare_images(compared: Comparison, files: ComparedFiles) -> dict[str, ByColumn]:
    """As a run's images are named, over all runs; what most runs have comes first.

    At most three queries, whatever there is.
    """
    columns = {run.pk: at for at, run in enumerate(compared.runs)}
    there: dict[str, set[int]] = {
        row.key: {at for at, value in enumerate(row.values) if value is not None}
        for row in files.files
    }
    found: dict[str, dict[int, dict[int, str]]] = defaultdict(lambda: defaultdict(dict))
    for run, image in image_points(_image_series(list(columns)), MAX_STEPS):
        column = columns[run]
        if column in there.get(image.path, ()):
            found[image.name][column][cast("int", image.step)] = image.path
            # A file that a metric names must not come again under its path.
            there[image.path] = there[image.path] - {column}
    paths = [
        path
        for path, left in there.items()
        if left and file_kind(path) is FileKind.IMAGE
    ]
    for image in named_images(paths):
        for column in there[image.path]:
            # The file that a metric names at this step counts more.
            found[image.name][column].setdefault(image.step or 0, image.path)
    most = sorted(found, key=lambda name: (-len(found[name]), name))
    return {name: found[name] for name in most}


def _image_series(runs: list[int]) -> list[Metric]:
    heads = Metric.objects.filter(run__in=runs, kind=MetricKind.IMAGE)
    return list(heads.select_related("key").order_by("key__name", "run")[:MAX_SERIES])
