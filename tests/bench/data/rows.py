"""The rows that the product would have written for invented runs, table by table.

What has no clock of its own in an invented run, such as the time of a status change,
is its start or its end. `tests/bench_tests` compares every table with the rows that
the same runs leave when an MLflow client logs them.
"""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import chain, count
from typing import Any

from django.db import connection
from django.db.models import Max, Model

from runs.api.mlflow.replies import NAME_TAG, NOTE_TAG, PARENT_TAG
from runs.api.mlflow.runs import SOURCE_NAME_TAG, SOURCE_TYPE_TAG, intermediate_statuses
from runs.models import (
    Change,
    ChangeKind,
    ChangeSet,
    ChangeWay,
    Key,
    KeyKind,
    Metric,
    MetricChunk,
    Run,
    RunEvent,
    RunParam,
    RunTag,
    SearchText,
    StatusChange,
    parse_number,
)
from runs.models.grams import SYSTEM_TAG_PREFIX, grams_of, text_of
from runs.storage.metrics.chunk_writer import extend_series
from runs.storage.metrics.heads import AppendRule, update_head
from runs.storage.metrics.points import make_points
from studio.core.statuses import RunStatus
from tests.bench.data.invented import Curve, Invented

number_of = cache(parse_number)


class Table:
    """Rows of a model. Columns that are not given have the field's default."""

    def __init__(self, model: type[Model], *given: str) -> None:
        rest = [f for f in model._meta.concrete_fields if f.column not in given]
        self.name = model._meta.db_table
        self.columns = (*given, *(str(each.column) for each in rest))
        self.rest = tuple(
            each.get_db_prep_save(each.get_default(), connection) for each in rest
        )
        self.rows: list[tuple[Any, ...]] = []
        highest = model._default_manager.aggregate(pk=Max("pk"))["pk"]
        self.ids = count((highest or 0) + 1)

    def add(self, *values: Any) -> int:
        """Append a row and return its key, which is the first column."""
        key = next(self.ids)
        self.add_with_key(key, *values)
        return key

    def add_with_key(self, key: int, *values: Any) -> None:
        self.rows.append((key, *values, *self.rest))


@dataclass(frozen=True)
class Packed:
    """A curve as head and chunk keep it, but for the time at which its run started."""

    first: int
    last: int
    head: tuple[Any, ...]
    chunk: tuple[Any, ...]
    steps: bytes
    offsets: tuple[int, ...]
    times: struct.Struct
    values: bytes


_HEAD = "count last last_is_nan last_text last_step min max first first_is_nan".split()
_HEAD.append("first_step")
_CHUNK = "number encoding sealed count min_step max_step".split()


def packed(curve: Curve) -> Packed:
    """By the product's own functions, which is why it is done once for each curve."""
    places, offsets, values = zip(*curve.points, strict=True)
    points = make_points(places, offsets, values)
    head = Metric()
    update_head(head, points, AppendRule.MLFLOW)
    [chunk] = extend_series(head, None, points, 0)
    size = 8 * len(points)
    data = bytes(chunk.data)
    assert chunk.encoding == "f8"
    assert len(data) == 3 * size
    return Packed(
        first=head.first_time,
        last=head.last_time,
        head=tuple(getattr(head, name) for name in _HEAD),
        chunk=tuple(getattr(chunk, name) for name in _CHUNK),
        steps=data[:size],
        offsets=offsets,
        times=struct.Struct(f"<{len(points)}q"),
        values=data[2 * size :],
    )


@dataclass(frozen=True)
class Place:
    """Whose runs they are, and where: keys of rows that are there already."""

    workspace: int
    user: int
    token: int
    experiments: list[int]


def _shown(tags: dict[str, str]) -> list[tuple[str, str]]:
    """In the order in which their rows are written."""
    return [
        pair
        for pair in sorted(tags.items())
        if not pair[0].startswith(SYSTEM_TAG_PREFIX)
    ]


class Builder:
    """Takes runs in order of arrival; `tables` hold their rows until they are taken."""

    def __init__(self, place: Place, shapes: list[Packed]) -> None:
        self.place, self.shapes = place, shapes
        self.keys = Table(Key, "id", "workspace_id", "kind", "name")
        self.runs = Table(
            Run,
            *("id", "workspace_id", "experiment_id", "run_id", "number", "name"),
            *("description", "status", "submitter_id", "type", "script"),
            *("parent_run_id", "parent_id", "root_id", "created", "started", "ended"),
            *("updated", "heard", "revision"),
        )
        event = ("id", "run_id", "time", "old", "new", "actor_id", "token_id")
        self.events = Table(RunEvent, *event)
        # As a worker leaves them: no member is to be notified.
        status_change = ("event_id", "workspace_id", "is_open")
        self.status_changes = Table(StatusChange, *status_change)
        self.tags = Table(RunTag, "id", "run_id", "key_id", "value", "number")
        self.params = Table(RunParam, "id", "run_id", "key_id", "value", "number")
        self.heads = Table(
            Metric, "id", "run_id", "key_id", "first_time", "last_time", *_HEAD
        )
        self.chunks = Table(
            MetricChunk, *("id", "metric_id", "min_time", "max_time", "data"), *_CHUNK
        )
        change_set = ("id", "workspace_id", "time", "action", "actor_id", "token_id")
        self.sets = Table(
            ChangeSet,
            *(*change_set, "way", "kind", "experiment_id"),
            *("run_count", "change_count"),
        )
        self.changes = Table(
            Change, "id", "change_set_id", "run_id", "field", "before", "after"
        )
        self.texts = Table(SearchText, "run_id", "text", "grams")
        self.interned: dict[tuple[str, str], int] = {}
        self.numbers: dict[int, int] = defaultdict(int)
        #: Of runs that have a parent: the key of the top of their tree.
        self.roots: dict[int, int] = {}

    @property
    def tables(self) -> list[Table]:
        return [
            *(self.keys, self.runs, self.events, self.status_changes),
            *(
                self.tags,
                self.params,
                self.heads,
                self.chunks,
                self.sets,
                self.changes,
                self.texts,
            ),
        ]

    def intern(self, kind: KeyKind, names: dict[str, Any]) -> list[tuple[str, int]]:
        """Names and their keys in alphabetical order, in which new ones are made."""
        found = []
        for name in sorted(names):
            key = self.interned.get((kind, name))
            if key is None:
                key = self.keys.add(self.place.workspace, str(kind), name)
                self.interned[kind, name] = key
            found.append((name, key))
        return found

    def add(self, run: Invented) -> None:
        steps_taken = self.steps_of(run)
        key = self.add_run(run, revision=1 + len(steps_taken))
        self.event(key, run.started, None, RunStatus.RUNNING)
        self.add_tags(key, {**run.given, NAME_TAG: run.name})
        self.add_metrics(key, run)
        for name, found in self.intern(KeyKind.PARAM, run.params):
            text = run.params[name]
            self.params.add(key, found, text, number_of(text))
        self.add_tags(key, run.tags)
        self.add_changes(key, run)
        self.add_text(run)
        for old, new in steps_taken:
            self.event(key, run.ended, old, new)

    def steps_of(self, run: Invented) -> list[tuple[RunStatus, RunStatus]]:
        if run.status is RunStatus.RUNNING:
            return []
        via = [*intermediate_statuses(RunStatus.RUNNING, run.status), run.status]
        return list(zip([RunStatus.RUNNING, *via[:-1]], via, strict=True))

    def add_run(self, run: Invented, *, revision: int) -> int:
        experiment = self.place.experiments[run.experiment]
        self.numbers[experiment] += 1
        final = run.status.is_final
        parent = None if run.parent is None else run.parent + 1
        root = parent and self.roots.get(parent, parent)
        last = run.ended if final else run.started
        key = self.runs.add(
            *(self.place.workspace, experiment, run.run_id, self.numbers[experiment]),
            *(run.name, run.given.get(NOTE_TAG, ""), run.status.code, self.place.user),
            *(run.given.get(SOURCE_TYPE_TAG, ""), run.given.get(SOURCE_NAME_TAG, "")),
            *(run.given.get(PARENT_TAG, ""), parent, root),
            *(run.started, run.started, run.ended if final else None),
            *(last, last, revision),
        )
        if root is not None:
            self.roots[key] = root
        return key

    def event(self, run: int, time: int, old: RunStatus | None, new: RunStatus) -> None:
        code = None if old is None else old.code
        place = self.place
        key = self.events.add(run, time, code, new.code, place.user, place.token)
        self.status_changes.add_with_key(key, place.workspace, False)

    def add_tags(self, run: int, tags: dict[str, str]) -> None:
        for name, key in self.intern(KeyKind.TAG, tags):
            self.tags.add(run, key, tags[name], number_of(tags[name]))

    def add_text(self, run: Invented) -> None:
        shown = [pair for tags in (run.given, run.tags) for pair in _shown(tags)]
        description = run.given.get(NOTE_TAG, "")
        text = text_of([run.name, run.run_id, description, *chain(*shown)])
        self.texts.add(text, grams_of(text))

    def add_changes(self, run: int, given: Invented) -> None:
        """Tags that come after the start are changes, which history shows."""
        place = self.place
        change_set = self.sets.add(
            *(place.workspace, given.started, "set tags", place.user, place.token),
            *(str(ChangeWay.MLFLOW), str(ChangeKind.TAG)),
            *(place.experiments[given.experiment], 1, len(given.tags)),
        )
        for key, value in given.tags.items():
            after = json.dumps({"value": value})
            self.changes.add(change_set, run, f"tags.{key}", None, after)

    def add_metrics(self, run: int, given: Invented) -> None:
        heads = {}
        for name, key in self.intern(KeyKind.METRIC, given.series):
            shape = self.shapes[given.series[name]]
            first, last = given.started + shape.first, given.started + shape.last
            heads[name] = self.heads.add(run, key, first, last, *shape.head)
        for name, head in heads.items():
            shape = self.shapes[given.series[name]]
            times = [given.started + offset for offset in shape.offsets]
            data = shape.steps + shape.times.pack(*times) + shape.values
            self.chunks.add(head, times[0], times[-1], data, *shape.chunk)
