"""What the page Activity costs: the view, without HTTP."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from runs.models import User, Workspace, now_ms
from runs.search.activity import ActivityFilter, activity_query, find_activity
from tests.bench.lists import Visitor, watched
from tests.bench.report import Report, measured

ACTIVITY = "/w/default/activity/"
LIMIT_MS = 100


def measure(home: Path, report: Report, *, repeats: int, explain: bool) -> None:
    """Time the view of each address, and count its queries."""
    visitor = Visitor(home)
    # The first request of a process also imports what all of them need.
    visitor.open(ACTIVITY)
    for name, address in addresses().items():
        took = measured(partial(visitor.open, address), repeats)
        with watched() as asked:
            status = visitor.open(address)
        report.add(
            name,
            f"{LIMIT_MS} ms",
            view_ms=round(took.wall, 1),
            processor_ms=round(took.cpu, 1),
            queries=len(asked.queries),
            slowest_query_ms=round(asked.slowest[0], 1),
            **({} if status == 200 else {"status": status}),
        )
        if explain and took.wall > LIMIT_MS:
            report.notes.append(f"{name}: {asked.slowest[1]}")


def _cursor_of_page(number: int) -> str:
    workspace = Workspace.objects.get(name="default")
    viewer = User.objects.order_by("pk")[0]
    query = activity_query(ActivityFilter(), viewer, workspace, now=now_ms())
    after = ""
    for _ in range(number - 1):
        after = find_activity(query, after=after).after or after
    return after


def addresses() -> dict[str, str]:
    queries = {
        "one member": "member=jonas",
        "a member who changed little": "member=rare",
        "two members": "member=rare&member=jonas",
        "one kind": "kind=tag",
        "two kinds": "kind=tag&kind=rename",
        "a rare kind": "kind=lock",
        "a rare and a frequent kind": "kind=lock&kind=tag",
        "a kind that no one used": "kind=members",
        "one way": "way=sdk",
        "a rare way": "way=mlflow",
        "a member and a kind": "member=jonas&kind=tag",
        "a member and a kind that never meet": "member=rare&kind=tag",
        "an experiment": "experiment=Default",
        "one run": "run=run-7",
        "by time": "q=changed:-1d",
        "by member in the filter": "q=changed_by:rare",
        "by a tag of the run": "q=tags.stage:x",
        "by a name without a match": "q=name:nosuch",
        "without deleted runs": "current=1",
        "undone": "kind=undo",
    }
    return {
        "all": ACTIVITY,
        "page 100": f"{ACTIVITY}?after={_cursor_of_page(100)}",
        **{name: f"{ACTIVITY}?{query}" for name, query in queries.items()},
    }
