"""What the pages of the model registry cost: the views, without HTTP."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

from runs.models import RegisteredModel, User, Workspace
from runs.search.registry import find_models
from tests.bench.lists import Visitor, watched
from tests.bench.report import Report, measured

MODELS = "/w/default/models/"
LIMIT = "50 ms"


def measure(home: Path, report: Report, *, repeats: int, explain: bool) -> None:
    """Time the view of each page, and count its queries."""
    visitor = Visitor(home)
    # The first request of a process also imports what all of them need.
    visitor.open(MODELS)
    for name, address in addresses().items():
        took = measured(partial(visitor.open, address), repeats)
        with watched() as asked:
            status = visitor.open(address)
        report.add(
            name,
            LIMIT,
            view_ms=round(took.wall, 1),
            processor_ms=round(took.cpu, 1),
            queries=len(asked.queries),
            slowest_query_ms=round(asked.slowest[0], 1),
            **({} if status == 200 else {"status": status}),
        )
        if explain and took.wall > 50:
            report.notes.append(f"{name}: {asked.slowest[1]}")


def _cursor_of_page(number: int) -> str:
    """The query of a page far from the first, where there are as many."""
    workspace = Workspace.objects.get(name="default")
    viewer = User.objects.order_by("pk")[0]
    after = ""
    for _ in range(number - 1):
        after = find_models(viewer, workspace, after=after).after or after
    return urlencode({"after": after})


def addresses() -> dict[str, str]:
    model = RegisteredModel.objects.order_by("pk")[100]
    one = f"{MODELS}{quote(model.name, safe='')}/"
    filters = {
        "a word": "speech",
        "a Chinese word": "检测",
        "a word that no model has": "nosuch",
        "by alias": "alias:champion",
        "by tag": "tags.team = team-3",
        "by part of the name": 'name ilike "%rank%"',
        "by number of versions": "versions:<99",
        "by time": "updated:2026-03..2026-05",
        "starred": "is:starred",
        "without an alias": "alias is null",
        "two terms and a word": "-tags.team:team-1 registered_by:me classifier",
    }
    sorts = ("name", "-versions", "latest", "created", "registered_by", "-starred")
    return {
        "models": MODELS,
        "models, page 100": f"{MODELS}?{_cursor_of_page(100)}",
        **{f"models sorted by {sort}": f"{MODELS}?sort={sort}" for sort in sorts},
        **{
            f"models, {name}": f"{MODELS}?q={quote(text)}"
            for name, text in filters.items()
        },
        "one model": one,
        "one version": f"{one}50/",
    }
