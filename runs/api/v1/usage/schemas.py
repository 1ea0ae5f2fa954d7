"""Schemas of what a workspace stores. Sizes are bytes, times milliseconds."""

from __future__ import annotations

from msgspec import Struct

from runs.api.v1.schemas import RequestStruct


class StorageDay(Struct):
    """What was stored on a day, by kind; `day` is its begin in UTC."""

    day: int
    sizes: dict[str, int]


class StorageShare(Struct):
    """What belongs to an experiment, a run or a member, by kind.

    `name` is the experiment's name, the run's id or the user's name; null for one that
    no longer exists.
    """

    name: str | None
    sizes: dict[str, int]


class StorageInfo(Struct):
    """What the workspace stores: `sizes` by kind (checkpoints, logs, media, metrics,
    snapshots, other, trash).

    `counted` is when the server counted it, null before its first count. Owners see the
    largest experiments, runs and members, others what is stored for their own runs.
    """

    used: int
    sizes: dict[str, int]
    quota: int | None
    counted: int | None
    days: list[StorageDay]
    experiments: list[StorageShare]
    runs: list[StorageShare]
    members: list[StorageShare]


class StorageQuota(RequestStruct):
    """`quota` in bytes; null is no limit."""

    quota: int | None


class StorageCount(Struct):
    """`requested` is when the count was asked for, in milliseconds."""

    requested: int
