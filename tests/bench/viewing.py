"""What the menu of views, its search and the opening of a view cost with many views."""

from __future__ import annotations

import statistics
import time

from tests.bench.report import Report
from tests.parts.server import Server
from tests.parts.wire import Connection

#: Views of one file.
FILE = 1000
STATE = "state: {q: 'status:failed tag:model', columns: [name, status, duration]}"


def measure(server: Server, report: Report, *, views: int, repeats: int) -> None:
    """Times are those of whole answers, in milliseconds, over one connection."""
    link = Connection(server)
    link.rest("POST", "/runs", {"experiment": "digits", "id": "one"})
    for first in range(0, views, FILE):
        entries = [
            f"- {{name: View {n} of the sweep, shared: {str(n % 2 == 0).lower()}, "
            f"{STATE}}}"
            for n in range(first, min(first + FILE, views))
        ]
        text = "views:\n" + "\n".join(entries)
        applied = link.rest("POST", "/views/apply", {"yaml": text})["views"]
    slug = applied[0]["slug"]
    plain = link.rest("GET", f"/views/{slug}")["query"]
    menu = "/w/default/views/menu/"
    asked = {
        f"menu of {views:,} views": (menu, "50 ms of 1,000"),
        "search in the menu": (f"{menu}?find=sweep+{views // 2}", "50 ms"),
        "list without the view": (f"/w/default/runs/?{plain}", ""),
        "view opened by its link": (f"/v/{slug}/", "the list and one query"),
        "page of all views": ("/w/default/views/", ""),
    }
    link.headers.pop("Content-Type", None)
    for name, (path, limit) in asked.items():
        link.headers["HX-Request"] = "true" if path.startswith(menu) else "false"
        took = []
        for _ in range(repeats):
            began = time.perf_counter()
            content = link.ask("GET", path)
            took.append(1000 * (time.perf_counter() - began))
        report.add(
            name,
            limit,
            median_ms=round(statistics.median(took), 1),
            worst_ms=round(max(took), 1),
            kilobytes=round(len(content) / 1024, 1),
        )
