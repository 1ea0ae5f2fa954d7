"""The state of the comparison's page: read from its address, written into its links."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl

from django.http import QueryDict

from runs.search.compare import MAX_COMPARED
from studio.core.view_spec import encode_value

#: Longer values in an address are ignored.
MAX_VALUE_CHARS = 4000


@dataclass(frozen=True)
class CompareState:
    """The state of the page; the first run is the baseline by default.

    `fold` are closed sections, `rows` those that show every row. `diff` is a file, as
    in `source:train.py` or `files:out.txt`; `against` is the run to compare it with.
    `table` is a logged table; its rows in `table_run` are compared by the column `key`.
    """

    runs: tuple[str, ...] = ()
    baseline: str = ""
    differs: bool = True
    delta: bool = True
    fold: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    find: str = ""
    charts: str = ""
    diff: str = ""
    against: str = ""
    view: str = ""
    image: str = ""
    step: str = ""
    table: str = ""
    table_run: str = ""
    key: str = ""

    def query(self, **changes: Any) -> str:
        """The query string of this state with `changes`, defaults left out."""
        return runs_query(replace(self, **changes))

    def href(self, **changes: Any) -> str:
        return "?" + self.query(**changes)

    def href_with_toggled(self, name: str, section: str) -> str:
        """Return the address with a section added to `fold` or `rows`, or removed."""
        now: tuple[str, ...] = getattr(self, name)
        if section in now:
            return self.href(**{name: tuple(each for each in now if each != section)})
        return self.href(**{name: (*now, section)})

    def href_without_run(self, run_id: str) -> str:
        left = tuple(each for each in self.runs if each != run_id)
        # A baseline that is not compared would only cause a notice.
        baseline = "" if self.baseline == run_id else self.baseline
        return self.href(runs=left, baseline=baseline)


def read_state(query: QueryDict) -> CompareState:
    """Read the state from an address; unreadable values are left out."""
    values_by_name: dict[str, Any] = {"runs": _distinct_run_ids(query.getlist("run"))}
    for each in fields(CompareState)[1:]:
        # The last value counts: a checked box comes after its hidden "0".
        values = query.getlist(each.name)
        if not values or not values[-1] or len(values[-1]) > MAX_VALUE_CHARS:
            continue
        values_by_name[each.name] = _parse_parameter(each.default, values[-1])
    return CompareState(**values_by_name)


def is_canonical_query(query: QueryDict, state: CompareState) -> bool:
    """Whether the address is the one that `state.query()` returns."""
    names = {"run", *(each.name for each in fields(CompareState)[1:])}
    pairs = [(n, v) for n, values in query.lists() for v in values if n in names]
    # In any order: a form sends its parameters in the order of its inputs.
    return sorted(pairs) == sorted(parse_qsl(state.query(), keep_blank_values=True))


def _parse_parameter(default: Any, text: str) -> Any:
    if isinstance(default, bool):
        return text != "0"
    if isinstance(default, tuple):
        return tuple(dict.fromkeys(filter(None, text.split(","))))
    return text


def runs_query(state: Any) -> str:
    """The query string of a state with `runs`; defaults are left out.

    The runs, its first field, are a parameter of their own for each.
    """
    parts = [f"run={encode_value(one)}" for one in state.runs]
    for each in fields(state)[1:]:
        value = getattr(state, each.name)
        if value != each.default:
            parts.append(f"{each.name}={encode_value(_parameter_text(value))}")
    return "&".join(parts)


def _parameter_text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _distinct_run_ids(run_ids: list[str]) -> tuple[str, ...]:
    """Each once, in order; one more than shown, to detect that some are left out."""
    return tuple(dict.fromkeys(filter(None, run_ids)))[: MAX_COMPARED + 1]
