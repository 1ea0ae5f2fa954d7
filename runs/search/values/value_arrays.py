"""All runs that a question is about, with their values as arrays: for sums over them.

A page has fifty rows, a sum two hundred thousand. So values are read key by key from
the index that holds them, and put next to the runs here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any

import numpy as np
import numpy.typing as npt
from django.core.exceptions import EmptyResultSet
from django.db.models import Case, Q, TextField, Value, When
from django.db.models.functions import MD5, Left, Length
from django.db.models.lookups import GreaterThan

from runs.models import Metric, Run
from runs.search.fields import GroupColumn, GroupValues, RunNumber, source_of
from runs.search.query import RunQuery, newest_run_querysets
from runs.search.sql import TEXT_TABLES, InKeys, Scope
from studio.core.filters import tree
from studio.core.filters.tree import Field

Keys = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

#: Maximum runs of a sum; of more there is none.
MAX_ARRAY_RUNS = 200_000
#: All rows of a key are read if they are at most this many times the runs.
MAX_ROWS_PER_RUN = 4
#: Of longer texts the beginning is read, and a digest identifies the whole.
MAX_HEAD_LENGTH = 1_000


def text_head(column: str) -> tuple[Left, Case]:
    """What is read of a text: so that values of 64 KiB do not fill the memory."""
    digest = Case(
        When(GreaterThan(Length(column), MAX_HEAD_LENGTH), then=MD5(column)),
        default=Value(""),
        output_field=TextField(),
    )
    return Left(column, MAX_HEAD_LENGTH), digest


#: The head of a tag, parameter or property.
TEXT_HEAD = text_head("value")


@dataclass(frozen=True)
class RunArrays:
    """Runs by their keys, the oldest first; `columns` are in the same order."""

    ids: Keys
    columns: Mapping[str, Sequence[Any]]
    scope: Scope

    def __len__(self) -> int:
        return len(self.ids)

    def find_positions(
        self, keys: Sequence[int] | Keys
    ) -> tuple[Keys, npt.NDArray[np.bool_]]:
        """Where each key's run stands, and whether it is here at all."""
        given = np.asarray(keys, dtype=np.int64)
        found = np.searchsorted(self.ids, given)
        # A key above all others has no place; the comparison below leaves it out.
        found[found == len(self.ids)] = 0
        return found, self.ids[found] == given if len(self.ids) else given < 0


@dataclass(frozen=True)
class ValueCodes:
    """A field's values: `codes` says by run which of `texts` it has, -1 is none.

    A tag that is only a word has the text "". Of a long text its beginning stands in
    `texts`, and `digests` has its code. With `is_mixed` runs also have other data in
    the field (words next to texts, NaN next to numbers).
    """

    codes: npt.NDArray[np.int32]
    texts: Sequence[str]
    digests: Mapping[int, str] = dataclass_field(default_factory=dict)
    is_mixed: bool = False


@dataclass(frozen=True)
class NumberArray:
    """A number for each run, NaN for none; `odd` are NaN, infinities and texts."""

    values: Numbers
    nonfinite: npt.NDArray[np.bool_]


def read_run_arrays(
    run_query: RunQuery, columns: Iterable[str] = ()
) -> RunArrays | None:
    """The runs that match, with columns of the run's own; None if they are too many."""
    names = list(dict.fromkeys(("pk", "experiment_id", *columns)))
    rows: dict[int, tuple[Any, ...]] = {}
    for part in newest_run_querysets(run_query):
        try:
            found = part.values_list(*names)[: MAX_ARRAY_RUNS + 1]
            # Several leads can find the same run.
            rows |= {row[0]: row for row in found.iterator(chunk_size=10_000)}
        except EmptyResultSet:
            continue
        if len(rows) > MAX_ARRAY_RUNS:
            return None
    # Rows begin with their primary keys; `find_positions` needs these in order.
    ordered = sorted(rows.values())
    by_column = list(zip(*ordered, strict=True)) if ordered else [()] * len(names)
    ids = np.array(by_column[0], dtype=np.int64)
    named = dict(zip(names[1:], by_column[1:], strict=True))
    return RunArrays(ids, named, run_query.scope)


def columns_needed(fields: Iterable[Field]) -> list[str]:
    """The run's own columns that the fields are read from."""
    found: list[str] = []
    for source in map(source_of, fields):
        found += source.number.columns if source.number is not None else ()
        found += [source.group.column] if source.group is not None else ()
        found += source.group_values.columns if source.group_values is not None else ()
    return found


def has_values(field: Field) -> bool:
    """Whether runs can differ in the field's values."""
    return source_of(field).has_values


def has_numbers(field: Field) -> bool:
    """Whether a mean of the field makes sense."""
    return field.kind == tree.METRICS or source_of(field).number is not None


def read_value_codes(runs: RunArrays, field: Field) -> ValueCodes:
    """Which value each run has."""
    if field.kind in TEXT_TABLES:
        return _text_codes(runs, [field])
    if field.kind == tree.METRICS:
        return _read_number_columns(runs, read_numbers(runs, field))
    source = source_of(field)
    if source.keys:
        return _text_codes(runs, source.keys)
    if source.has_long_texts:
        return _long_text_codes(runs, source.columns[0])
    if source.group_values is not None:
        return _read_group_values(runs, source.group_values, field)
    assert source.group is not None, field
    column = runs.columns[source.group.column]
    return _replace_keys_by_names(
        source.group, _encode_own_values(runs, enumerate(column))
    )


def _read_group_values(runs: RunArrays, group: GroupValues, field: Field) -> ValueCodes:
    columns = [runs.columns[name] for name in group.columns]
    rows = list(zip(*columns, strict=True))
    texts = group.read(runs.ids.tolist(), rows, field, runs.scope)
    return _encode_own_values(runs, enumerate(texts))


def _long_text_codes(runs: RunArrays, column: str) -> ValueCodes:
    """The beginnings of texts in a column of the run, and their digests."""
    rows = _own_rows(runs.ids.tolist()).exclude(**{column: ""})
    texts = TextCodeBuilder()
    for run, head, digest in rows.values_list("pk", *text_head(column)).iterator(
        chunk_size=10_000
    ):
        texts.add(run, head, digest)
    return texts.build(runs)


def _own_rows(keys: list[int]) -> Any:
    return Run.objects.filter(Q(InKeys("id", keys))).order_by()


def read_numbers(runs: RunArrays, field: Field) -> NumberArray:
    """Each run's number."""
    found = NumberArray(np.full(len(runs), np.nan), np.zeros(len(runs), dtype=bool))
    number = source_of(field).number
    if number is not None:
        return _numbers_of_own_columns(runs, number, found)
    key = runs.scope.key(field)
    if key is None or not len(runs):
        return found
    mine = _rows_of_runs(Metric.objects.filter(key=key), runs)
    rows = list(mine.values_list("run_id", field.aggregate or "last"))
    if rows:
        # A NULL, which a NaN or a text is kept as, becomes a NaN.
        pairs = np.array(rows, dtype=np.float64)
        places, here = runs.find_positions(pairs[:, 0].astype(np.int64))
        found.values[places[here]] = pairs[here, 1]
        found.nonfinite[places[here]] = ~np.isfinite(pairs[here, 1])
    return found


def _numbers_of_own_columns(
    runs: RunArrays, number: RunNumber, measured: NumberArray
) -> NumberArray:
    columns = [runs.columns[name] for name in number.columns]
    for n, row in enumerate(zip(*columns, strict=True)):
        value = number.of(*row, runs.scope.now)
        if value is not None:
            measured.values[n] = value
    return measured


def _read_number_columns(runs: RunArrays, measured: NumberArray) -> ValueCodes:
    # Adding zero turns -0.0 into 0.0, which compare as equal.
    numbers = enumerate((measured.values + 0.0).tolist())
    found = _encode_own_values(
        runs, ((n, repr(v)) for n, v in numbers if math.isfinite(v))
    )
    return replace(found, is_mixed=bool(measured.nonfinite.any()))


def _text_codes(runs: RunArrays, fields: Sequence[Field]) -> ValueCodes:
    """Of several fields the first that a run has."""
    texts = TextCodeBuilder()
    # The first field comes last, so that its texts replace the others.
    for rows in _text_rows(runs, list(reversed(fields))):
        for run, head, digest in _rows_of_runs(rows, runs).values_list(
            "run_id", *TEXT_HEAD
        ):
            texts.add(run, head, digest)
    return texts.build(runs)


def _text_rows(runs: RunArrays, fields: Sequence[Field]) -> Iterator[Any]:
    for field in fields:
        key = runs.scope.key(field)
        if key is not None and len(runs):
            table: Any = TEXT_TABLES[field.kind].objects
            yield table.filter(key=key)


class TextCodeBuilder:
    """Gathers the texts that runs have, as READ reads them."""

    def __init__(self) -> None:
        self._runs: list[int] = []
        self._codes: list[int] = []
        self._known: dict[tuple[str, str], int] = {}
        self._words = 0

    def add(self, run: int, head: str | None, digest: str) -> None:
        self._words += head is None
        code = self._known.setdefault((head or "", digest), len(self._known))
        self._runs.append(run)
        self._codes.append(code)

    def build(self, runs: RunArrays) -> ValueCodes:
        codes = np.full(len(runs), -1, dtype=np.int32)
        places, here = runs.find_positions(self._runs)
        codes[places[here]] = np.array(self._codes, dtype=np.int32)[here]
        return ValueCodes(
            codes,
            [head for head, _digest in self._known],
            {n: digest for (_, digest), n in self._known.items() if digest},
            is_mixed=self._words > 0 and len(self._known) > 1,
        )


def read_whole_texts(
    runs: RunArrays, field: Field, keys: Sequence[int]
) -> Iterator[tuple[int, str]]:
    """The long texts of some runs, which are given by their keys."""
    source = source_of(field)
    if source.has_long_texts:
        yield from _own_rows(list(keys)).values_list("pk", source.columns[0])
        return
    fields = source.keys or (field,)
    for rows in _text_rows(runs, list(reversed(fields))):
        found = rows.filter(Q(InKeys("run_id", list(keys))))
        yield from found.values_list("run_id", "value")


def _rows_of_runs(rows: Any, runs: RunArrays) -> Any:
    """All rows of a key, or only those of the runs: whichever is less to read."""
    most = MAX_ROWS_PER_RUN * len(runs)
    if rows[: most + 1].count() <= most:
        return rows.order_by()
    return rows.filter(Q(InKeys("run_id", runs.ids.tolist()))).order_by()


def encode_values(values: Sequence[str | None]) -> ValueCodes:
    """Values that were read already, by run."""
    known: dict[str | None, int] = {None: -1}
    codes = [known.setdefault(value, len(known) - 1) for value in values]
    return ValueCodes(
        np.array(codes, dtype=np.int32), [v for v in known if v is not None]
    )


def _encode_own_values(runs: RunArrays, pairs: Iterable[tuple[int, Any]]) -> ValueCodes:
    codes = np.full(len(runs), -1, dtype=np.int32)
    known: dict[Any, int] = {}
    for place, value in pairs:
        if value is not None and value != "":
            codes[place] = known.setdefault(value, len(known))
    return ValueCodes(codes, list(known))


def _replace_keys_by_names(group: GroupColumn, values: ValueCodes) -> ValueCodes:
    """With what people call the values that the database keeps as numbers."""
    if group.names is None:
        return values
    names = group.names(values.texts)
    return replace(values, texts=[names[each].text for each in values.texts])
