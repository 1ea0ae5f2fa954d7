"""Which files are images, and what their paths say: a name, and a step of it.

MLflow keeps `images/<key>+step+<n>+timestamp+<ms>+<uuid>.png` and a thumbnail that
ends in `+compressed.webp`, and writes `~` for `/` in keys. Clients before 3.2 write `%`
for `+` and `#` for `~`. A key contains none of them.
Other files whose names differ by a number at the end are steps of one name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from runs.render.files import IMAGE_TYPES

#: MLflow keeps a thumbnail next to each image; its name ends like this.
THUMBNAIL_SUFFIX = "compressed.webp"
_MLFLOW = re.compile(
    r"images/(?P<key>[^/]+?)(?P<s>[+%])step(?P=s)(?P<step>-?\d{1,18})(?P=s)timestamp"
    r"(?P=s)\d+(?P=s)(?P<id>[^+%/]+?)(?P<small>(?P=s)compressed)?\.\w+"
)
_NUMBERED = re.compile(
    r"(?P<name>.*?)[-_]?(?P<word>step|epoch)?[-_]?(?P<step>\d{1,18})\.\w+"
)


@dataclass(frozen=True)
class NamedImage:
    """`small` is the path of a thumbnail; a single file has no `step`."""

    name: str
    step: int | None
    path: str
    small: str = ""


def is_image_file() -> Q:
    endings = Q()
    for ending in IMAGE_TYPES:
        endings |= Q(name__iendswith=f".{ending}")
    return endings


def named_images(paths: Iterable[str]) -> list[NamedImage]:
    """What the paths of images say of them, MLflow's first."""
    parsed = [(path, _MLFLOW.fullmatch(path)) for path in paths]
    logged = [match for _path, match in parsed if match]
    small = {_image_key(match): match[0] for match in logged if match["small"]}
    images = [
        NamedImage(
            match["key"].replace("~", "/").replace("#", "/"),
            int(match["step"]),
            match[0],
            small.get(_image_key(match), ""),
        )
        for match in logged
        if not match["small"]
    ]
    return images + _name_images([path for path, match in parsed if not match])


def _image_key(match: re.Match[str]) -> tuple[str, ...]:
    return match["key"], match["step"], match["id"]


def _name_images(paths: Iterable[str]) -> list[NamedImage]:
    parsed = [(path, *_split_step_number(path)) for path in paths]
    # A single file with a number is no series of steps.
    stem_counts = Counter(stem for _path, stem, _step in parsed if stem)
    return [
        NamedImage(stem, step, path)
        if stem_counts[stem] > 1
        else NamedImage(path, None, path)
        for path, stem, step in parsed
    ]


def _split_step_number(path: str) -> tuple[str, int | None]:
    folder, slash, file = path.rpartition("/")
    match = _NUMBERED.fullmatch(file)
    name = match and (match["name"] or match["word"])
    if not match or not name:
        return "", None
    return f"{folder}{slash}{name}", int(match["step"])
