"""What image metrics say of a run's images: names, steps and paths."""

from __future__ import annotations

from collections.abc import Sequence

from runs.models import Metric
from runs.search.files.files import file_path_of
from runs.search.run import NamedImage
from runs.storage.metrics import store


def image_points(heads: Sequence[Metric], most: int) -> list[tuple[int, NamedImage]]:
    """What image metrics say: by run, of each the newest steps."""
    points = store.newest_points_of_all(heads, most)
    return [
        (head.run_id, NamedImage(head.key.name, step, path))
        for head in heads
        for step, _time, value in points[head.pk]
        if (path := file_path_of(value))
    ]
