"""Groups of up to 100,000 matching runs, and what differs in a selection of them."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from runs.models import Run
from tests.bench.ask import Link
from tests.bench.report import Report, times

#: Milliseconds that groups by one parameter with five columns may take.
GROUPS_MS = 1000
COLUMNS = 'name,metrics.acc,metrics.loss,metrics.f1,metrics.auc,metrics."val/acc"'
LARGEST = "/w/default/experiments/digits/"
MOST = 200_000


def measure(link: Link, report: Report, *, repeats: int) -> None:
    """Of all runs where they are few enough, else of the largest experiment's."""
    total = Run.objects.count()
    path = "/w/default/runs/" if total <= MOST else LARGEST
    for name, group in (
        ("by one parameter", "params.lr"),
        ("by two parameters", "params.lr,params.batch_size"),
        ("by the status", "status"),
    ):
        query = urlencode({"group": group, "columns": COLUMNS, "children": "1"})
        ask = partial(link.send, "GET", f"{path}?{query}")
        limit = f"{GROUPS_MS} ms"
        took = times(ask, repeats)
        report.add(f"groups {name}, 5 columns", limit, runs=total, ms=took)
    some = Run.objects.order_by("-pk").values_list("run_id", flat=True)[:20]
    query = urlencode({"selected": ",".join(some), "children": "1"})
    ask = partial(link.send, "GET", f"/w/default/list/differs/?{query}")
    took = times(ask, max(repeats // 3, 1))
    report.add("what differs in 20 of them", runs=total, ms=took)
