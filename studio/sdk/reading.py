"""Metrics back from the server, in the types in which they were logged."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from studio.sdk.core import RunCore
from studio.sdk.logging import LIST, SERIES, TABLE
from studio.sdk.values import unwire

#: Kinds whose value is the address of a JSON file.
DOCUMENTS = frozenset(
    {"confusion_matrix", "accuracy_table", "residuals", "predictions"}
)


class Reading(RunCore):
    """`get_metrics`."""

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """The metrics by name: a value that was logged once, else the list of them.

        A table is a dict of columns. `recursive` gives `{run id: {name: …}}` of the run
        and all below it that have metrics, `run_type` only those of that type.
        `populate` puts the content in place of an artifact's address: a dict, or an
        image's bytes. An unknown name gives `{}`.
        """
        self._deliver(all_runs=recursive)
        found: dict[str, dict[str, tuple[str, list[Any]]]] = {}
        for part in self._parts(name, recursive):
            series = found.setdefault(part["run"], {})
            kept = series.setdefault(part["key"], (part["kind"], []))
            kept[1].extend(unwire(part["values"]))
        shaped = {
            run_id: {
                key: self._shaped(run_id, kind, values, populate)
                for key, (kind, values) in series.items()
            }
            for run_id, series in found.items()
        }
        if not recursive:
            return shaped.get(self._id, {})
        if run_type is not None:
            wanted = {run.id for run in self._of_type(run_type)}
            return {key: value for key, value in shaped.items() if key in wanted}
        return shaped

    def _parts(self, name: str | None, recursive: bool) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while after != "":
            page = self._link.get(
                self._place("values"),
                key=name,
                recursive=int(recursive) or None,
                after=after,
            )
            yield from page["series"]
            after = page["after"]

    def _of_type(self, run_type: str) -> Iterator[RunCore]:
        from studio.sdk.finding import find_runs

        if self._info.get("type") == run_type:
            yield self
        yield from find_runs(self._experiment, type=run_type, below=self._id)

    def _shaped(self, run_id: str, kind: str, values: list[Any], populate: bool) -> Any:
        if kind == TABLE or (values and all(isinstance(v, dict) for v in values)):
            return _columns(values)
        if populate and kind not in (SERIES, LIST):
            values = [self._content(run_id, kind, value) for value in values]
        return values[0] if len(values) == 1 else values

    def _content(self, run_id: str, kind: str, address: Any) -> Any:
        """What the artifact at an address holds; the value itself if it is none."""
        prefix = f"aml://artifactId/ExperimentRun/dcid.{run_id}/"
        if not isinstance(address, str) or not address.startswith(prefix):
            return address
        path = unquote(address[len(prefix) :])
        target = io.BytesIO()
        self._link.client.download(f"runs/{run_id}/files/{quote(path)}", target)
        content = target.getvalue()
        return unwire(json.loads(content)) if kind in DOCUMENTS else content


def _columns(rows: list[Any]) -> dict[str, Any]:
    """One row as its dict, several as a dict of columns; None where a row lacks one."""
    rows = [row if isinstance(row, dict) else {"value": row} for row in rows]
    if len(rows) == 1:
        return dict(rows[0])
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
