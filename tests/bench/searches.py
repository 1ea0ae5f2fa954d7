"""`runs/search` of 100 rows at the MLflow endpoint, as a client asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.bench.ask import Link
from tests.bench.data.invented import EXPERIMENTS, RARE_TAG
from tests.bench.report import Report, times

ROWS = 100
LIMIT = 30


@dataclass(frozen=True)
class Search:
    name: str
    filter: str = ""
    order: str = ""

    def body(self, experiments: list[str]) -> dict[str, Any]:
        return {
            "experiment_ids": experiments,
            "filter": self.filter,
            "order_by": [self.order] if self.order else [],
            "max_results": ROWS,
        }


SEARCHES = (
    Search("newest"),
    Search("two keys", "tags.team = 'nlp' and params.lr = '0.001'"),
    Search("sorted by a metric", order="metrics.acc DESC"),
    Search("a metric above", "metrics.acc > 0.9"),
    Search("rare tag", f"tags.{RARE_TAG[0]} = '{RARE_TAG[1]}'"),
    Search("name like", "attributes.run_name LIKE '%resnet%'"),
)
SCOPES = {
    "one experiment": ["1"],
    "all": [str(number) for number in range(1, EXPERIMENTS + 1)],
}


def measure(
    ours: Link, theirs: Link | None, report: Report, repeats: int, only: str = ""
) -> None:
    for scope, experiments in SCOPES.items():
        for search in SEARCHES:
            if only not in f"{search.name}, {scope}":
                continue
            body = search.body(experiments)
            figures: dict[str, Any] = {"ms": took(ours, body, repeats)}
            found = ours.mlflow("POST", "/runs/search", body)
            figures["rows"] = len(found.get("runs", []))
            if theirs is not None:
                figures["mlflow_ms"] = took(theirs, body, repeats)
                seen = theirs.mlflow("POST", "/runs/search", body)
                figures["mlflow_rows"] = len(seen.get("runs", []))
                figures["times"] = figures["mlflow_ms"] / figures["ms"]
            report.add(f"{search.name}, {scope}", f"{LIMIT} ms", **figures)


def took(link: Link, body: dict[str, Any], repeats: int) -> float:
    return times(lambda: link.mlflow("POST", "/runs/search", body), repeats)
