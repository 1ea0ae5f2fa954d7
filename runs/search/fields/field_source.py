"""What one entry of the server's half of the registry declares about a field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, Protocol

from django.db.models import Q

from runs.models import Experiment, User
from runs.search.fields.sorting import SortKey
from runs.search.sql import Expr, IndexScan, Scope
from studio.core.filters.tree import Comparison, Field
from studio.core.statuses import RunStatus


class RunContext(Protocol):
    """What other tables hold about the runs whose values are read.

    A run is a `Run` on a page, and a row of only the needed columns in an export.
    """

    @property
    def now(self) -> int: ...
    def experiment(self, run: Any, /) -> Experiment: ...
    def submitter(self, run: Any, /) -> User | None: ...
    def root_id(self, run: Any, /) -> str: ...
    def is_starred(self, run: Any, /) -> bool: ...
    def tags(self, run: Any, /) -> Mapping[str, str | None]: ...
    def text(self, field: Field, run: Any, /) -> object: ...
    def metric(self, field: Field, run: Any, /) -> object: ...
    def children(self, run: Any, /) -> Mapping[RunStatus, int]: ...
    def comments(self, run: Any, /) -> Sequence[tuple[str | None, str]]: ...


#: The positive comparison of a term; its result is true or false, never NULL.
Condition = Callable[[Comparison, Scope], Q]
#: Index scans whose union holds every run that the term can match; none if unknown.
Scans = Callable[[Comparison, Scope], list[IndexScan]]
SortKeys = Callable[[Field, Scope], list[SortKey]]
#: The field's value of a loaded run; None means that the run has none, and so does ""
#: for a column of its own.
ValueOf = Callable[[Any, RunContext, Field], object]


@dataclass(frozen=True)
class OwnColumn:
    """The value of a field that is the run's own column, converted where needed."""

    name: str
    convert: Callable[[Any], object] | None = None


class CellLink(Enum):
    """What a cell links to: the runs with the same value."""

    #: The cell is a short name, and all of it the link.
    NAME = "name"
    #: The cell shows the value by its type; the link is around its text.
    VALUE = "value"
    #: Each run has its own value, or equal values mean nothing.
    NONE = "none"


class SortIndex(Enum):
    """An index that holds runs in the order of a field: `segments` reads along it."""

    ARRIVAL = "arrival"
    START = "start"
    DURATION = "duration"
    NAME = "name"
    #: Of a key's rows: the numbers of a metric, the numbers and texts of a tag.
    METRIC = "metric"
    TEXT = "text"


class ValueName(NamedTuple):
    """The text of a value that the database keeps as a number, as filters spell it.

    `title` is what people read where that is another text.
    """

    text: str
    title: str = ""


@dataclass(frozen=True)
class GroupColumn:
    """The run's own column that groups, facets and completion count.

    `names` names the values that the database keeps as numbers.
    """

    column: str
    names: Callable[[Sequence[Any]], Mapping[Any, ValueName]] | None = None

    def names_of_values(self, values: Sequence[Any]) -> Mapping[Any, ValueName]:
        if self.names is None:
            return {value: ValueName(value) for value in values}
        return self.names(values)


#: The values of runs, given by primary keys and the rows of their `columns`; None is no
#: value. Values are written as filters spell them.
GroupTexts = Callable[
    [Sequence[int], Sequence[tuple[Any, ...]], Field, Scope], Sequence[str | None]
]


@dataclass(frozen=True)
class GroupValues:
    """The values that groups show where these are not the values of one column.

    `read` gets the primary keys of many runs and their `columns`. A time stands for
    its day on the reader's clock.
    """

    read: GroupTexts
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunNumber:
    """A number that groups take means of: `of` gets the columns' values and the time
    now in ms."""

    columns: tuple[str, ...]
    of: Callable[..., int | float | None]


@dataclass(frozen=True)
class FieldSource:
    """One field on the server; its name is the one of its `FieldSpec`.

    `sort` says what sorts its runs where no `index` holds them in order. `columns` are
    what `value` reads of a run, `keys` the tags and properties that it
    reads. `expression` is the value in SQL, where it needs nothing but the run. `scan`
    tells the planner which index knows the matching runs. `facet` and `comparison` are
    its places in the facets panel and in the table of a comparison, 0 is none. `shown`
    is the text of a cell where that is not the value.
    """

    name: str
    condition: Condition | None = None
    sort: SortKeys | None = None
    index: SortIndex | None = None
    value: ValueOf | OwnColumn | None = None
    columns: tuple[str, ...] = ()
    keys: tuple[Field, ...] = ()
    expression: Expr | None = None
    scan: Scans | None = None
    group: GroupColumn | None = None
    group_values: GroupValues | None = None
    #: Why runs can't be grouped by the field: one sentence, to be translated.
    why_not_grouped: str = ""
    number: RunNumber | None = None
    facet: int = 0
    comparison: int = 0
    link: CellLink = CellLink.VALUE
    #: The classes of the column's cells, where the type of the field gives no others.
    css: str = ""
    shown: Callable[[Any], str] | None = None
    #: May hold 64 KiB: read only where it is asked for.
    is_heavy: bool = False
    #: Values are rows of a table of keys, which a column or a group reads at once.
    by_key: bool = False
    #: Free words search it too, so their index finds its runs.
    in_words: bool = False
    #: A filter that names it matches child runs as well as roots.
    finds_children: bool = False

    @property
    def has_values(self) -> bool:
        """Whether runs can differ in the field's values."""
        return (
            self.group is not None
            or self.group_values is not None
            or self.has_long_texts
            or bool(self.keys)
            or self.by_key
        )

    @property
    def has_long_texts(self) -> bool:
        """Whether groups read the beginnings of long texts of the run's own column."""
        return self.is_heavy and self.condition is not None
