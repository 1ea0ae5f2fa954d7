"""Access paths of a filter: rows of one index that every matching run must have.

A term such as `tags.team = nlp` can be read in two ways: check the tag of each run, or
read the runs of the tag from its index. An access path describes the second way. It can
find more runs than the term matches, never fewer; then each found run is checked too.
`fields` lists the access paths of each field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

#: Metric heads are indexed by these.
INDEXED_AGGREGATES = ("last", "min", "max")


@dataclass(frozen=True)
class IndexScan:
    """`rows` have the run's key in `column`.

    With `join`, runs can be read from there: over a `relation`, or from an index of
    their own. If `is_ordered`, they come in the order of their arrival. If
    `is_windowed`, the runs of some arrivals are found without reading the others; every
    ordered scan can do this. If `is_exact`, the rows decide the whole term. If
    `is_key_set`, all keys are read at once from an index, in no order. If `is_compact`,
    the runs lie next to each other, so that many can be sorted to read a page. If
    `is_guessed`, the database can only guess how many there are without reading them.
    """

    rows: Any
    column: str = "run_id"
    relation: str = ""
    join: Q | None = None
    is_ordered: bool = False
    is_exact: bool = False
    is_windowed: bool = False
    is_key_set: bool = False
    is_compact: bool = False
    is_guessed: bool = False

    def guess_rows(self) -> int:
        """What PostgreSQL's planner expects, which is good for words."""
        plan = json.loads(self.rows.values(self.column).explain(format="json"))
        return int(plan[0]["Plan"]["Plan Rows"])
