"""Schemas of reading a run's media."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from runs.api.v1.schemas.runs import RequestStruct
from studio.core.names import MAX_INT64, MIN_INT64


class MediaQuery(RequestStruct):
    """`name` is that of a medium. `step`: its last step up to this one; by default the
    newest.

    `order` is `low` or `high` for the items' first value, else the order of the calls.
    """

    name: str = ""
    step: Annotated[int, Meta(ge=MIN_INT64, le=MAX_INT64)] | None = None
    order: str = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class MediaLayerInfo(Struct):
    name: str
    path: str


class MediaItemInfo(Struct):
    """`path` is a file of the run. `thumbnail` is one too, or empty."""

    path: str
    size: int
    caption: str
    values: dict[str, float]
    layers: list[MediaLayerInfo]
    thumbnail: str


class MediaInfo(Struct):
    """`kind`: image, audio, video, table, text, histogram or figure.

    `steps` are the newest of `step_count`. `items` are those of `step`, out of `total`;
    without `name` there are none. `metric` is set if a table was logged row by row.
    """

    name: str
    kind: str
    steps: list[int]
    step_count: int
    step: int | None
    total: int
    items: list[MediaItemInfo]
    metric: str


class MediaReply(Struct):
    """`is_whole` is false if the run has more media than the list.

    The names of `unread` older files are not read yet. If it `is_reading`, the same
    request reads more of them.
    """

    media: list[MediaInfo]
    is_whole: bool
    unread: int
    is_reading: bool
