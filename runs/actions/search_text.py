"""Keeps search texts: written in the transaction of the edit that they follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from django.db import connection, transaction

from runs.models import Run, RunTag, search_text
from runs.models.grams import HIDDEN, grams_of, text_of
from runs.models.search_text import SearchText
from runs.storage.prepared import PreparedRows
from runs.storage.prepared_insert import PreparedInsert
from studio.core.batches import batches

#: Runs whose texts are built at once.
BATCH = 500

Tags = Iterable[tuple[str, str | None]]

_tags_of = PreparedRows(
    lambda runs: (
        RunTag.objects.filter(run__id__in=runs)
        .order_by("run_id", "pk")
        .values_list("run_id", "key__name", "value")
    )
)
_fields_of = PreparedRows(
    lambda runs: (
        Run.objects.filter(pk__in=runs)
        .order_by("pk")
        .values_list("pk", "name", "run_id", "description")
    )
)
_write = PreparedInsert(SearchText, unique=["run"], update=["text", "grams"])


def write_search_text(run: Run, tags: Mapping[str, str | None]) -> None:
    """For a new run, whose tags these are."""
    _write([_row(run.pk, run.name, run.run_id, run.description, tags.items())])


def follow_tags(run: Run, changed: Iterable[str]) -> None:
    """After tags were set or removed; hidden ones change nothing."""
    if not all(key.startswith(HIDDEN) for key in changed):
        refresh_search_texts([run.pk])


def refresh_search_texts(runs: Sequence[int]) -> None:
    """Write the texts of runs as they are now; the callers hold the runs' rows."""
    for some in batches(runs, BATCH):
        tags: dict[int, list[tuple[str, str | None]]] = {}
        for pk, key, value in _tags_of.all(list(some)):
            tags.setdefault(pk, []).append((key, value))
        _write(
            [
                _row(pk, name, run_id, description, tags.get(pk, ()))
                for pk, name, run_id, description in _fields_of.all(list(some))
            ]
        )


def build_search_texts() -> int:
    """Write those that are missing, a transaction a batch; returns how many."""
    built, last = 0, 0
    while True:
        with transaction.atomic():
            rows = Run.objects.filter(pk__gt=last, search_text=None).order_by("pk")
            found = list(rows.values_list("pk", flat=True)[:BATCH])
            refresh_search_texts(found)
        if not found:
            return built
        built, last = built + len(found), found[-1]


def rebuild_search_texts() -> int:
    """Write all anew; for a server that stands still."""
    SearchText.objects.all().delete()
    search_text.refill(connection)
    return build_search_texts()


def _row(pk: int, name: str, run_id: str, description: str, tags: Tags) -> SearchText:
    shown = [tag for tag in tags if not tag[0].startswith(HIDDEN)]
    text = text_of([name, run_id, description, *chain.from_iterable(shown)])
    return SearchText(run_id=pk, text=text, grams=grams_of(text))
