"""Schemas of exports of metric histories. Times are ms since 1970."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from runs.api.v1.schemas.runs import RequestStruct


class NewHistoryExport(RequestStruct):
    """Which runs to export, as in a list: `q` is the filter, `experiment` an id.

    `children`, `mine` and `archived` are 0 or 1.
    """

    q: str = ""
    children: str = ""
    mine: str = ""
    archived: str = ""
    experiment: int | None = None


class HistoryExportInfo(Struct):
    """An export of yours. `runs` and `points` are done; the file is deleted at
    `expires`.
    """

    id: int
    state: Literal["waiting", "running", "done", "failed", "stopped"]
    runs: int
    runs_total: int
    points: int
    size: int
    error: str
    created: int
    ended: int | None
    expires: int
