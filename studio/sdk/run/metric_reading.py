"""Read metrics from the server, in the types in which they were logged."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from studio.sdk.run.metric_logging import LIST, SERIES, TABLE
from studio.sdk.run.run_queries import find_runs
from studio.sdk.run.state import RunState
from studio.sdk.value_conversion import from_wire

#: Kinds of metrics whose value is the address of a JSON file.
DOCUMENTS = frozenset(
    {"confusion_matrix", "accuracy_table", "residuals", "predictions"}
)


class MetricReader:
    """Reads the metrics of a run, and of the runs below it."""

    def __init__(self, state: RunState) -> None:
        self._state = state

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """See `Run.get_metrics`."""
        self._state.flush(all_runs=recursive)
        found: dict[str, dict[str, tuple[str, list[Any]]]] = {}
        for page_series in self._list_series(name, recursive):
            series = found.setdefault(page_series["run"], {})
            _, values = series.setdefault(page_series["key"], (page_series["kind"], []))
            values.extend(from_wire(page_series["values"]))
        metrics = {
            run_id: {
                key: self._format_series(run_id, kind, values, populate)
                for key, (kind, values) in series.items()
            }
            for run_id, series in found.items()
        }
        if not recursive:
            return metrics.get(self._state.id, {})
        if run_type is not None:
            ids = set(self._ids_of_type(run_type))
            return {key: value for key, value in metrics.items() if key in ids}
        return metrics

    def _list_series(
        self, name: str | None, recursive: bool
    ) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while after != "":
            page = self._state.connection.get(
                self._state.path("values"),
                key=name,
                # A script's own metrics; those of the machine only by their names.
                system=None if name else 0,
                recursive=int(recursive) or None,
                after=after,
            )
            yield from page["series"]
            after = page["after"]

    def _ids_of_type(self, run_type: str) -> Iterator[str]:
        """The ids of this run and the runs below it that have the type."""
        if self._state.info.get("type") == run_type:
            yield self._state.id
        experiment = self._state.experiment
        for run in find_runs(experiment, type=run_type, below=self._state.id):
            yield run.id

    def _format_series(
        self, run_id: str, kind: str, values: list[Any], populate: bool
    ) -> Any:
        if kind == TABLE or (values and all(isinstance(v, dict) for v in values)):
            return _to_columns(values)
        if populate and kind not in (SERIES, LIST):
            values = [self._read_artifact(run_id, kind, value) for value in values]
        # As in the v1 SDK, a single value is not in a list.
        return values[0] if len(values) == 1 else values

    def _read_artifact(self, run_id: str, kind: str, address: Any) -> Any:
        """The content of the artifact at an address; other values as they are."""
        prefix = f"aml://artifactId/ExperimentRun/dcid.{run_id}/"
        if not isinstance(address, str) or not address.startswith(prefix):
            return address
        path = unquote(address[len(prefix) :])
        target = io.BytesIO()
        self._state.connection.client.download(
            f"runs/{run_id}/files/{quote(path)}", target
        )
        content = target.getvalue()
        return from_wire(json.loads(content)) if kind in DOCUMENTS else content


def _to_columns(rows: list[Any]) -> dict[str, Any]:
    """One row as a dict, several as a dict of columns, with None in the gaps."""
    rows = [row if isinstance(row, dict) else {"value": row} for row in rows]
    if len(rows) == 1:
        return dict(rows[0])
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
