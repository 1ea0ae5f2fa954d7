"""The whole history of a metric, as arrays of steps, times and values."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from studio.core.errors import NotFound
from studio.core.names import SYSTEM_METRIC_PREFIX
from studio.sdk.data_frames import (
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    TypedColumn,
    build_frame,
    choose_library,
    find_module,
)
from studio.sdk.errors import UserErrorException
from studio.sdk.value_conversion import encode_json, from_wire
from studio.sdk.warnings import warn

#: The number of points that the server returns at once.
MAX_PAGE_POINTS = 100_000


class MetricHistory:
    """All points of a metric, in the order of their steps, then of their times.

    `steps`, `times` and `values` are arrays of the same length: of numpy if it is
    installed, else of the module `array`. Times are seconds since 1970, in UTC. Values
    are floats, and NaN where None was logged. If a value is a text or a row of a table,
    `values` has the values as they were logged.
    """

    def __init__(
        self,
        name: str,
        steps: array[Any],
        times_ms: array[Any],
        values: array[Any] | list[Any],
    ) -> None:
        #: The metric's name.
        self.name = name
        #: The steps: 64-bit integers.
        self.steps: Any = _to_array(steps)
        #: The times: seconds since 1970, UTC.
        self.times: Any = _to_array(array("d", [time / 1000 for time in times_ms]))
        #: The values: floats, or a list of what was logged.
        self.values: Any = _to_array(values)
        self._times_ms = times_ms

    def to_dataframe(self, library: str | None = None) -> Any:
        """The points as a data frame with the columns `step`, `time` and `value`.

        `library` is `pandas`, `polars` or `pyarrow`, by default the first of them that
        is installed. `time` has the time zone UTC. Raises NotSupportedError if none is
        installed.
        """
        chosen = choose_library(library)
        columns = [TypedColumn("step", INTEGER), TypedColumn("time", TIME)]
        columns[0].extend(self.steps)
        columns[1].extend(self._times_ms)
        is_numeric = not isinstance(self.values, list)
        columns.append(TypedColumn("value", NUMBER if is_numeric else TEXT))
        values = self.values if is_numeric else map(_to_text, self.values)
        columns[2].extend(list(values))
        return build_frame(chosen, columns)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"MetricHistory({self.name!r}, {len(self):,} points)"


class HistoryReader:
    """Reads the points of a run's metrics. `state` is the RunState of the run."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def read_many(self, names: Sequence[str]) -> dict[str, MetricHistory]:
        """The histories by name; of all numeric metrics without names."""
        self._state.flush()
        return {name: self._read(name) for name in names or self._list_numeric()}

    def read(self, name: str) -> MetricHistory:
        """The history of one metric. Raises UserErrorException for an unknown one."""
        self._state.flush()
        return self._read(name)

    def read_sample(self, name: str, **query: int | None) -> dict[str, Any]:
        """Points of a metric as the server sends them: a sample if there are many.

        `query` has `limit`, and the first and last step: `start`, `stop`. Raises
        UserErrorException for an unknown metric.
        """
        path = self._state.path(f"metrics/{quote(name, safe='')}")
        try:
            return dict(self._state.connection.get(path, **query))
        except NotFound as error:
            known = [metric["key"] for metric in self._list_metrics()]
            raise UserErrorException(
                f"Run {self._state.id} has no metric {name!r}; it has "
                f"{', '.join(sorted(known)) or 'none'}."
            ) from error

    def _list_metrics(self) -> list[dict[str, Any]]:
        path = self._state.path("metrics")
        return list(self._state.connection.get(path)["metrics"])

    def _list_numeric(self) -> list[str]:
        # Only a series of numbers has a minimum.
        return [
            metric["key"]
            for metric in self._list_metrics()
            if metric["min"] is not None
            and not metric["key"].startswith(SYSTEM_METRIC_PREFIX)
        ]

    def _read(self, name: str) -> MetricHistory:
        if not isinstance(name, str):
            raise UserErrorException(f"A metric's name must be text, not {name!r}")
        steps, times = array("q"), array("q")
        values: array[Any] | list[Any] = array("d")
        for page in self._read_pages(name, None, None):
            steps.extend(page["steps"])
            times.extend(page["times"])
            found = from_wire(page["values"])
            if not isinstance(values, list) and not all(map(_is_numeric, found)):
                values = list(values)
            if isinstance(values, list):
                values.extend(found)
            else:
                values.extend([math.nan if v is None else float(v) for v in found])
        return MetricHistory(name, steps, times, values)

    def _read_pages(
        self, name: str, start: int | None, stop: int | None
    ) -> Iterator[dict[str, Any]]:
        """All points of these steps, in parts that the server does not sample."""
        page = self.read_sample(name, start=start, stop=stop, limit=MAX_PAGE_POINTS)
        if page["shown"] == page["total"]:
            yield page
            return
        first, last = page["steps"][0], page["steps"][-1]
        if first == last:
            warn(
                f"Metric {name!r} has {page['total']:,} points at step {first}: only "
                f"{page['shown']:,} of them are read."
            )
            yield page
            return
        for part in _split_steps(page["steps"], page["total"]):
            yield from self._read_pages(name, *part)


def _split_steps(sample: Sequence[int], total: int) -> Iterator[tuple[int, int]]:
    """Ranges of steps that have about as many points each, and few enough."""
    first, last = sample[0], sample[-1]
    count = math.ceil(1.25 * total / MAX_PAGE_POINTS)
    borders = {sample[len(sample) * part // count] for part in range(1, count)}
    # If most points have the same step, these can be no borders at all.
    starts = sorted({first, *borders, (first + last) // 2 + 1})
    yield from zip(starts, [start - 1 for start in starts[1:]] + [last])


def _is_numeric(value: Any) -> bool:
    return value is None or isinstance(value, (int, float))


def _to_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return encode_json(value) if isinstance(value, (dict, list)) else str(value)


def _to_array(values: array[Any] | list[Any]) -> Any:
    """An array of numpy if it is installed; a list stays one."""
    numpy = None if isinstance(values, list) else find_module("numpy")
    return values if numpy is None else numpy.array(values)
