"""Reading one long metric: its chart, and every point of it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tests.bench.ask import Link
from tests.bench.data.invented import LONG_METRIC
from tests.bench.report import Report, times

CHART = 150
PAGE = 25_000


def measure(
    ours: Link, theirs: Link | None, run_id: str, report: Report, *, repeats: int
) -> None:
    sampled = f"/w/default/runs/{run_id}/metrics/chart.json?"
    whole = sampled + urlencode({"key": LONG_METRIC})
    part = f"{whole}&from=400000&to=450000"
    figures: dict[str, Any] = sized(ours, whole, repeats)
    if theirs is not None:
        bulk = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?" + urlencode(
            {"run_ids": run_id, "metric_key": LONG_METRIC, "max_results": 320}
        )
        seen = sized(theirs, bulk, repeats)
        figures |= {"mlflow_ms": seen["ms"], "mlflow_bytes": seen["bytes"]}
        figures["times"] = seen["ms"] / figures["ms"]
    report.add("chart of the whole metric", f"{CHART} ms", **figures)
    report.add(
        "chart of a twentieth of it", f"{CHART} ms", **sized(ours, part, repeats)
    )
    figures = {"ms": times(lambda: history(ours, run_id), 1), "bytes": ""}
    if theirs is not None:
        figures["mlflow_ms"] = times(lambda: history(theirs, run_id), 1)
        figures["times"] = figures["mlflow_ms"] / figures["ms"]
    report.add("every point, by MLflow's history in pages", **figures)
    csv = f"/w/default/runs/{run_id}/metrics/values.csv?" + urlencode(
        {"key": LONG_METRIC}
    )
    report.add("every point, as CSV", **sized(ours, csv, 1))


def sized(link: Link, path: str, repeats: int) -> dict[str, Any]:
    took = times(lambda: link.send("GET", path), repeats)
    return {"ms": took, "bytes": len(link.send("GET", path))}


def history(link: Link, run_id: str) -> int:
    """All pages, as the client asks for them; returns how many points there were."""
    given: dict[str, Any] = {"run_id": run_id, "metric_key": LONG_METRIC}
    given["max_results"] = PAGE
    seen = 0
    while True:
        path = f"{link.prefix}/api/2.0/mlflow/metrics/get-history?{urlencode(given)}"
        found = json.loads(link.send("GET", path))
        seen += len(found.get("metrics", []))
        if not found.get("next_page_token"):
            return seen
        given["page_token"] = found["next_page_token"]
