"""Keep the search texts of runs up to date, in the transaction of each edit.

A text is written as a whole, so its size is limited: it has the first
`MAX_SEARCHED_TAGS` tags of a run, in the order of their keys' first use, up to
`MAX_TAG_CHARACTERS`. So the cost of one more tag does not grow with the number of tags.
Of its comments it has the newest ones, up to `MAX_COMMENT_CHARACTERS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import Substr

from runs.models import Comment, Run, RunTag, SearchText
from runs.models.grams import SYSTEM_TAG_PREFIX, grams_of, text_of
from runs.storage.prepared import PreparedInsert, PreparedRows
from studio.core.batches import batches

#: How many runs' texts are built at once.
RUNS_PER_BATCH = 500
#: How much of a run's tags the free-word search covers; at least one request's tags.
MAX_SEARCHED_TAGS, MAX_TAG_CHARACTERS = 1_000, 200_000
#: Tags of a batch of runs that one statement reads.
MAX_TAGS_AT_ONCE = 20_000
#: SQL's own condition of a prefix would ignore its case on SQLite.
_prefix = Substr("key__name", 1, len(SYSTEM_TAG_PREFIX))
#: How much of a run's comments the free-word search covers.
MAX_SEARCHED_COMMENTS, MAX_COMMENT_CHARACTERS = 200, 200_000
#: Comments of a batch of runs that one statement reads.
MAX_COMMENTS_AT_ONCE = 2_000

Tag = tuple[str, str | None]

_first_tags = PreparedRows(
    lambda run: (
        RunTag.objects.filter(run_id=run)
        # The order of the index over run and key, so reading stops at the limit.
        .order_by("key_id")
        .values_list("pk", "key__name", "value")[:MAX_SEARCHED_TAGS]
    )
)
#: All searched tags of many runs, if none has more tags than are searched; one more
#: than the limit shows that some have too many.
_tags_of_runs = PreparedRows(
    lambda runs: (
        RunTag.objects.filter(run__pk__in=runs)
        .alias(prefix=_prefix)
        .exclude(prefix=SYSTEM_TAG_PREFIX)
        .order_by("run", "key_id")
        .values_list("run_id", "pk", "key__name", "value")[: MAX_TAGS_AT_ONCE + 1]
    )
)
#: Reads the index only.
_runs_with_many_tags = PreparedRows(
    lambda runs: (
        RunTag.objects.filter(run__pk__in=runs)
        .values("run_id")
        .annotate(number=Count("*"))
        .filter(number__gt=MAX_SEARCHED_TAGS)
        .values_list("run_id")
    )
)
_newest_comments = PreparedRows(
    lambda run: (
        Comment.objects.active()
        .filter(run_id=run)
        .order_by("-pk")
        .values_list("text")[:MAX_SEARCHED_COMMENTS]
    )
)
_comments_of_runs = PreparedRows(
    lambda runs: (
        Comment.objects.active()
        .filter(run__pk__in=runs)
        .order_by("-pk")
        .values_list("run_id", "text")[: MAX_COMMENTS_AT_ONCE + 1]
    )
)
#: What the texts are made of, the stored ones, and whether the run has comments: hardly
#: any has, and a change of a tag needs no statement to learn it.
_fields_and_texts = PreparedRows(
    lambda runs: (
        Run.objects.filter(pk__in=runs)
        .order_by("pk")
        .values_list(
            "pk",
            "name",
            "run_id",
            "description",
            "search_text__text",
            Exists(Comment.objects.active().filter(run_id=OuterRef("pk"))),
        )
    )
)
_write_rows = PreparedInsert(SearchText, unique=["run"], update=["text", "grams"])


def write_search_text(run: Run, tags: Mapping[str, str | None]) -> None:
    """Write the search text of a new run with these tags."""
    text = _compose_search_text(run.name, run.run_id, run.description, tags.items())
    _write_rows([SearchText(run_id=run.pk, text=text, grams=grams_of(text))])


def update_search_text_after_tag_change(run: Run, changed: Iterable[str]) -> None:
    """Update the search text after tags changed; hidden tags do not count."""
    if not all(key.startswith(SYSTEM_TAG_PREFIX) for key in changed):
        refresh_search_texts([run.pk])


def refresh_search_texts(runs: Sequence[int]) -> None:
    """Write the current search texts of runs; the caller has locked the runs' rows."""
    for some in batches(runs, RUNS_PER_BATCH):
        rows = _fields_and_texts.all(list(some))
        keys = [row[0] for row in rows]
        tags = _read_first_tags_of_runs(keys)
        comments = _read_newest_comments([row[0] for row in rows if row[-1]])
        _write_rows.write(
            ("run_id", "text", "grams"),
            [
                (pk, text, grams_of(text))
                for pk, name, run_id, description, known, _ in rows
                if (
                    text := _compose_search_text(
                        name, run_id, description, tags[pk], comments.get(pk, ())
                    )
                )
                # Writing the same text would update its large index for nothing.
                != known
            ],
        )


def _read_first_tags_of_runs(runs: Sequence[int]) -> dict[int, list[Tag]]:
    """Return the first tags of each run, in the order in which they were set."""
    if len(runs) > 1 and not _runs_with_many_tags.all(list(runs)):
        rows = _tags_of_runs.all(list(runs))
        if len(rows) <= MAX_TAGS_AT_ONCE:
            return _group_tags(runs, rows)
    return {run: _in_order(_first_tags.all(run)) for run in runs}


def _group_tags(
    runs: Sequence[int], rows: Sequence[tuple[Any, ...]]
) -> dict[int, list[Tag]]:
    found: dict[int, list[tuple[Any, ...]]] = {run: [] for run in runs}
    for run, pk, key, value in rows:
        found[run].append((pk, key, value))
    return {run: _in_order(tags) for run, tags in found.items()}


def _in_order(rows: Sequence[tuple[Any, ...]]) -> list[Tag]:
    return [(key, value) for _pk, key, value in sorted(rows)]


def _read_newest_comments(runs: Sequence[int]) -> dict[int, list[str]]:
    """Return the comments of each run, the newest first."""
    if not runs:
        return {}
    rows = _comments_of_runs.all(list(runs))
    if len(rows) > MAX_COMMENTS_AT_ONCE:
        return {run: [text for (text,) in _newest_comments.all(run)] for run in runs}
    found: dict[int, list[str]] = {}
    for run, text in rows:
        found.setdefault(run, []).append(text)
    return {run: texts[:MAX_SEARCHED_COMMENTS] for run, texts in found.items()}


def write_missing_search_texts() -> int:
    """Write missing search texts, one transaction per batch; return how many."""
    built, last = 0, 0
    while True:
        with transaction.atomic():
            rows = Run.objects.filter(pk__gt=last, search_text=None).order_by("pk")
            found = list(rows.values_list("pk", flat=True)[:RUNS_PER_BATCH])
            refresh_search_texts(found)
        if not found:
            return built
        built, last = built + len(found), found[-1]


def _compose_search_text(
    name: str,
    run_id: str,
    description: str,
    tags: Iterable[Tag],
    comments: Iterable[str] = (),
) -> str:
    fields, left = [name, run_id, description], MAX_TAG_CHARACTERS
    for key, value in tags:
        if key.startswith(SYSTEM_TAG_PREFIX):
            continue
        left -= len(key) + len(value or "")
        if left < 0:
            break
        fields += [key, value or ""]
    left = MAX_COMMENT_CHARACTERS
    for text in comments:
        left -= len(text)
        if left < 0:
            break
        fields.append(text)
    return text_of(fields)
