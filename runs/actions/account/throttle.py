"""Refuse what was tried too often: rows with a time are counted in a window."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from studio.core.errors import TooManyRequests


@dataclass(frozen=True)
class Throttle:
    """Limits how many rows are the same, in the window before now."""

    window: timedelta
    #: The sentence for the number of minutes until the next attempt.
    sentence: Callable[[int], str]

    def check(
        self,
        rows: QuerySet[Any],
        limits: Sequence[tuple[dict[str, str], int]],
        time: datetime,
    ) -> None:
        """Raise TooManyRequests if the rows with the same values reach a limit."""
        for same, limit in limits:
            recent = rows.filter(time__gt=time - self.window, **same).order_by("time")
            self._refuse(list(recent.values_list("time", flat=True)), limit, time)

    def _refuse(self, times: list[datetime], limit: int, time: datetime) -> None:
        if len(times) < limit:
            return
        seconds = math.ceil((times[-limit] + self.window - time).total_seconds())
        raise TooManyRequests(
            self.sentence(math.ceil(seconds / 60)), retry_after=seconds
        )
