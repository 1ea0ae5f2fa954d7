"""The run list's whole state: filter, sort, columns, grouping, charts, switches.

A `ViewSpec` reads from and writes to a query string (short, canonical order, defaults
left out) and JSON (for stored views and REST). A field's name is the same in the
filter, in `sort` and in `columns`. Parameters that are not known are ignored, since
links get decorated on their way; a bad value is an InvalidValue naming the parameter.
The filter stays text here: a page with a broken filter still shows.

Programs get an error for a bad value (`ViewSpec.from_query`). People who follow an old
link see the list and what was ignored (`parse_tolerant`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Callable
from urllib.parse import parse_qsl, quote

from studio.core import names, view_text
from studio.core.errors import InvalidFilter, InvalidValue, NotSupported
from studio.core.filters import parse
from studio.core.filters.fields import Sort
from studio.core.filters.source import FilterSource, FilterText
from studio.core.filters.tree import Node, attribute
from studio.core.messages import message, translated
from studio.core.view_charts import Chart, read_charts
from studio.core.view_text import Column, Group, GroupSort, RowExpansion

__all__ = ["Chart", "Column", "Group", "GroupSort", "RowExpansion", "Sort", "ViewSpec"]

DEFAULT_SORT = Sort(attribute("created"), descending=True)
DEFAULT_COLUMNS = tuple(
    Column(attribute(name))
    for name in ("name", "tags", "status", "created", "submitter", "duration")
)
ROWS = (25, 50, 100)
DEFAULT_ROWS = 50


@dataclass(frozen=True)
class ViewSpec:
    """What a run list shows and how; the default value is the plain list."""

    q: str = ""
    sort: Sort = DEFAULT_SORT
    columns: tuple[Column, ...] = DEFAULT_COLUMNS
    children: bool = False
    tree: tuple[RowExpansion, ...] = ()
    flat: bool = False
    mine: bool = False
    group: Group | None = None
    differs: bool = False
    charts: tuple[Chart, ...] = ()
    #: By the numbers of their colors; a free number is empty.
    selected: tuple[str, ...] = ()
    only: bool = False
    facets: bool = False
    archived: bool = False
    rows: int = DEFAULT_ROWS
    view: str = ""
    after: str = ""
    before: str = ""
    #: Whether columns were chosen, even if they are the default ones: a list without a
    #: choice may show more than these, common metrics for example.
    has_columns: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        # The dataclass is frozen, so these two go past its guard.
        object.__setattr__(self, "q", FilterText.of(self.q))
        if not self.has_columns and self.columns != DEFAULT_COLUMNS:
            object.__setattr__(self, "has_columns", True)

    @property
    def is_tree(self) -> bool:
        """Whether child runs are shown under their parents; in groups they are not."""
        return self.children and not self.flat and self.group is None

    @property
    def view_slug(self) -> str:
        """Which view the state began from; empty for none."""
        return self.view.partition(".")[0]

    @property
    def view_revision(self) -> int:
        """The view's revision; 0 if the address has none."""
        return int(self.view.partition(".")[2] or 0)

    def filter(self) -> Node | None:
        """The tree of `q`, None if it is empty; raises InvalidFilter."""
        return FilterText.of(self.q).node

    @property
    def source(self) -> FilterSource:
        """The filter with the places of its terms; raises InvalidFilter."""
        return FilterText.of(self.q).source

    def changed(self, **changes: Any) -> ViewSpec:
        """A copy with `changes`, back on its first page unless a cursor is set."""
        cursor: dict[str, Any] = {"after": "", "before": ""}
        return replace(self, **{**cursor, **changes})

    @classmethod
    def from_query(cls, query: str | Mapping[str, str]) -> ViewSpec:
        """The state in a query string, or in its decoded pairs; raises InvalidValue."""
        if isinstance(query, str):
            query = dict(parse_qsl(query.lstrip("?"), keep_blank_values=True))
        values = {
            name: read_parameter(name, text)
            for name in PARAMETERS
            if (text := query.get(name, "").strip())
        }
        if "after" in values and "before" in values:
            raise InvalidValue(
                message("after and before can't be used together"), field="before"
            )
        return cls.from_values(values)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> ViewSpec:
        """The state with these values, each as `read_parameter` returns it."""
        return cls(**values, has_columns="columns" in values)

    def parameters(self) -> dict[str, str]:
        """The parameters that differ from the default, in canonical order."""
        return {
            name: _parameter_text(getattr(self, name))
            for name in PARAMETERS
            if getattr(self, name) != getattr(_DEFAULT, name)
            or (name == "columns" and self.has_columns)
        }

    def to_query(self, **changes: Any) -> str:
        """The query string, without `?`; empty for the default. See `changed`."""
        spec = self.changed(**changes) if changes else self
        return "&".join(
            f"{name}={encode_value(text)}" for name, text in spec.parameters().items()
        )

    def to_json(self) -> dict[str, Any]:
        """What a stored view keeps: no cursor, the filter in canonical text."""
        found = self.changed(q=FilterText.of_tree(self.filter())).parameters()
        return {
            name: found[name] if name not in _SWITCHES else True
            for name in found
            if name != "view"
        }

    @classmethod
    def from_json(cls, values: object) -> ViewSpec:
        """The reverse of `to_json`; also takes lists, numbers and booleans.

        Raises InvalidValue, also for a part that there is not: a slip in a file would
        else go unseen, where an address with one still has rows to show.
        """
        if not isinstance(values, Mapping):
            raise InvalidValue(message("A view must be a JSON object"), field="view")
        for name in values:
            if name not in _READERS:
                parts = ", ".join(part for part in _READERS if part not in _TRANSIENT)
                raise InvalidValue(
                    message(
                        "A view has no %(name)r. Its parts are: %(parts)s.",
                        name=name,
                        parts=parts,
                    ),
                    field="view",
                )
        return cls.from_query({str(k): _json_text(k, v) for k, v in values.items()})


def encode_value(text: str) -> str:
    """A parameter's value as written in a query string."""
    # Most values need no escapes, and a page has hundreds of them.
    if _NEEDS_NO_ESCAPES.fullmatch(text):
        return text
    return quote(text, safe=_SAFE).replace("%20", "+")


def read_parameter(name: str, text: str) -> Any:
    """The value that the text of one parameter means; raises InvalidValue."""
    read = _READERS[name]
    # Checking each character is slow, and printable text has no forbidden one.
    if read is not _read_text and not text.isprintable():
        names.check_characters(text, name)
    return read(text, name)


def _read_text(text: str, name: str) -> str:
    # A filter's characters are the parser's matter, which says where a bad one stands.
    del name
    return text


def _read_switch(text: str, name: str) -> bool:
    if text not in ("0", "1"):
        raise InvalidValue(
            message("%(name)s must be 0 or 1, not %(text)r", name=name, text=text),
            field=name,
        )
    return text == "1"


def _read_rows(text: str, name: str) -> int:
    if text not in map(str, ROWS):
        allowed = ", ".join(str(rows) for rows in ROWS)
        raise InvalidValue(
            message("%(name)s must be one of %(words)s", name=name, words=allowed),
            field=name,
        )
    return int(text)


def _read_slug(text: str, name: str) -> str:
    """A view's short name, and behind a dot the revision that the state began from."""
    slug, dot, revision = text.partition(".")
    is_number = revision.isascii() and revision.isdigit() and len(revision) < 10
    if not (slug.isascii() and slug.isalnum() and len(slug) <= 32) or (
        dot and not is_number
    ):
        raise InvalidValue(
            message("%(name)s must be the short name of a view", name=name), field=name
        )
    return text


def _read_cursor(text: str, name: str) -> str:
    if len(text) > 4000:
        raise InvalidValue(
            message("%(name)s is not a cursor of this list", name=name), field=name
        )
    return text


#: The reader's position in a list: not part of a view.
_TRANSIENT = ("view", "after", "before")
#: In the order in which they stand in a query string.
_READERS: dict[str, Callable[[str, str], Any]] = {
    "q": _read_text,
    "sort": view_text.read_sort,
    "columns": view_text.read_columns,
    "children": _read_switch,
    "tree": view_text.read_row_expansions,
    "flat": _read_switch,
    "mine": _read_switch,
    "group": view_text.read_group,
    "differs": _read_switch,
    "charts": read_charts,
    "selected": view_text.read_selected,
    "only": _read_switch,
    "facets": _read_switch,
    "archived": _read_switch,
    "rows": _read_rows,
    "view": _read_slug,
    "after": _read_cursor,
    "before": _read_cursor,
}
#: The names of a state's parameters, in that order.
PARAMETERS = tuple(_READERS)
_DEFAULT = ViewSpec()
_SWITCHES = frozenset(n for n, read in _READERS.items() if read is _read_switch)
#: Larger numbers do not fit a 64-bit column, and Python refuses to write long ones.
_TOO_LARGE = 1 << 63
#: Characters that a query may hold as they are and that stay readable.
_SAFE = "/:,!|()*~@$;?-._"
_NEEDS_NO_ESCAPES = re.compile(rf"[\w{re.escape(_SAFE)}]*", re.ASCII)


def _parameter_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return view_text.join_with_commas(value) if isinstance(value, tuple) else str(value)


def _json_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if isinstance(value, str) or (isinstance(value, int) and abs(value) < _TOO_LARGE):
        return str(value)
    raise InvalidValue(
        message("%(name)s must be text, a number or a list", name=name), field=str(name)
    )


#: Parameters that are lists of fields; each field can be invalid by itself.
LISTS = ("columns", "charts")
#: Where a filter may end early: before an `and`. More places would cost more than help.
_AND = re.compile(r"\s+and\s", re.IGNORECASE)
_MAX_SPLITS = 50


@dataclass(frozen=True)
class ParameterWarning:
    """What is wrong with a parameter, and what may stand there instead."""

    name: str
    message: str
    suggestions: tuple[str, ...] = ()

    @classmethod
    def from_error(cls, error: InvalidValue) -> ParameterWarning:
        found = error.details.get("suggestions", ())
        name = str(error.details.get("field", ""))
        return cls(name, error.message, tuple(str(each) for each in found))


def parse_tolerant(query: Mapping[str, str]) -> tuple[ViewSpec, list[ParameterWarning]]:
    """The state in decoded pairs, as far as it can be read, and what could not be."""
    values: dict[str, Any] = {}
    complaints: list[ParameterWarning] = []
    for name in PARAMETERS:
        text = query.get(name, "").strip()
        if text:
            found, wrong = _read_parameter(name, text)
            values |= found
            complaints += wrong
    if "after" in values and "before" in values:
        del values["before"]
        text = message("after and before can't be used together")
        complaints.append(ParameterWarning("before", translated(text)))
    return ViewSpec.from_values(values), complaints


def read_stored(values: object) -> tuple[ViewSpec, list[ParameterWarning]]:
    """A stored view's state, maybe written by another version: as far as it can be
    read, and what could not be."""
    if not isinstance(values, Mapping):
        text = translated(message("The view contains no settings"))
        return ViewSpec(), [ParameterWarning("view", text)]
    # `to_json` keeps switches as booleans.
    texts = {str(k): "1" if v is True else str(v) for k, v in values.items()}
    spec, complaints = parse_tolerant(texts)
    unknown = [name for name in texts if name not in PARAMETERS]
    complaints += [ParameterWarning(n, translated(_unknown_part(n))) for n in unknown]
    return spec, complaints


def _unknown_part(name: str) -> str:
    return message("%(name)s: this version of Run Studio doesn't support it", name=name)


def apply_overrides(
    base: ViewSpec, parameters: Mapping[str, str]
) -> tuple[ViewSpec, list[ParameterWarning]]:
    """A view's state with what an address says instead; an empty part is the default.

    And what the address says that could not be followed.
    """
    overrides = {name: text for name, text in parameters.items() if name != "view"}
    if not overrides:
        return base, []
    spec, complaints = parse_tolerant(overrides)
    own = {name: getattr(base, name) for name in PARAMETERS if name not in overrides}
    # A chosen list of columns can be equal to the default.
    if "columns" in own:
        own["has_columns"] = base.has_columns
    return replace(spec, **own), complaints


def without_parameter(spec: ViewSpec, name: str) -> ViewSpec:
    """The state with one parameter reset to its default."""
    values: dict[str, Any] = {name: getattr(ViewSpec(), name)}
    if name == "columns":
        values["has_columns"] = False
    return replace(spec, **values)


def longest_readable_beginning(text: str) -> str:
    """The longest beginning of a wrong filter that ends with a term and can be read."""
    ends = [found.start() for found in _AND.finditer(text)]
    # The longest beginning comes first.
    for end in ends[: -_MAX_SPLITS - 1 : -1]:
        try:
            parse(text[:end])
        except (InvalidFilter, NotSupported):
            continue
        return text[:end]
    return ""


def _read_parameter(
    name: str, text: str
) -> tuple[dict[str, Any], list[ParameterWarning]]:
    """As much of one parameter as can be read, by its name, and what could not be."""
    try:
        return {name: read_parameter(name, text)}, []
    except InvalidValue as error:
        wrong = ParameterWarning.from_error(error)
    if name not in LISTS:
        return {}, [wrong]
    try:
        items = view_text.split_outside_quotes(text, ",", name)
    except InvalidValue:
        return {}, [wrong]
    found = [(item, _parameter_warning(name, item)) for item in items]
    complaints = [warning for _, warning in found if warning is not None]
    rest = ",".join(item for item, bad in found if bad is None)
    try:
        return ({name: read_parameter(name, rest)} if rest else {}), complaints
    except InvalidValue as error:
        # Each may be right by itself, and all of them be too many.
        return {}, [ParameterWarning.from_error(error)]


def _parameter_warning(name: str, text: str) -> ParameterWarning | None:
    try:
        read_parameter(name, text)
    except InvalidValue as error:
        return ParameterWarning.from_error(error)
    return None
