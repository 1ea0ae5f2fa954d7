"""All rows of the list, and a hundred runs side by side: how fast, in what memory."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from runs.models import Run
from tests.bench.ask import Link
from tests.bench.files.server_memory import memory_of
from tests.bench.report import Report, times
from tests.parts.server import Server

ROWS_PER_SECOND, COMPARE_MS = 20_000, 300
#: What people export: the columns of every list, with parameters and metrics.
COLUMNS = (
    "name,status,tags,created,submitter,duration,params.lr,"
    'params.seed,metrics."val/acc",metrics."val/loss"'
)


def measure(server: Server, link: Link, report: Report, *, repeats: int) -> None:
    for form in ("csv", "json", "parquet"):
        asked = {"children": "1", "format": form, "columns": COLUMNS}
        report.add(
            f"all rows as {form}",
            f"{ROWS_PER_SECOND:,} rows/s",
            **_exported(server, link, f"/w/default/runs/?{urlencode(asked)}"),
        )
    ids = Run.objects.order_by("-pk").values_list("run_id", flat=True)[:100]
    query = "&".join(f"run={one}" for one in ids)
    took = times(lambda: link.send("GET", f"/w/default/compare/?{query}"), repeats)
    report.add("100 runs side by side", f"{COMPARE_MS} ms", ms=took)


def _exported(server: Server, link: Link, path: str) -> dict[str, Any]:
    rows = Run.objects.count()
    with memory_of(server) as peak:
        begin = time.perf_counter()
        first, size = link.stream(path)
        took = time.perf_counter() - begin
    return {
        "rows": rows,
        "seconds": took,
        "rows_per_second": round(rows / took),
        "first_byte_ms": (first - begin) * 1000,
        "MB": size / 1e6,
        "memory_MB_more": peak.most - peak.before,
    }
