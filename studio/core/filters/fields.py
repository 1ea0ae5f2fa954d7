"""Fields and values: what names mean in the catalog, and how both are written.

The canonical text of a filter is written here too: `parse(to_text(tree))` is the tree
again.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from studio.core.filters import tree
from studio.core.filters.catalog import ATTRIBUTE_SPECS, CATALOG, KEYED
from studio.core.filters.field_spec import (
    BOOLEAN,
    DURATION,
    ID,
    MIXED,
    NUMBER,
    OPERATORS_OF,
    STATUS,
    TEXT,
    TIME,
    FieldSpec,
)
from studio.core.filters.tree import (
    AGGREGATES,
    UNITS,
    Ago,
    And,
    Comparison,
    Duration,
    Field,
    Flag,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
    Value,
    Word,
)
from studio.core.names import MAX_TIME
from studio.core.statuses import ACTIVE, FINAL, GROUPS, RunStatus, parse_status

__all__ = [
    "BOOLEAN",
    "CATALOG",
    "DURATION",
    "ID",
    "KEYED",
    "MIXED",
    "NUMBER",
    "STATUS",
    "TEXT",
    "TIME",
    "FieldSpec",
]

#: Prefixes that mean only "a field of the run".
ATTRIBUTE_PREFIXES = ("attribute", "attributes", "attr", "run")

#: What a run never has here, and what stands for it.
_FIELDS_INSTEAD = {
    "experiment_id": "experiment",
    "lifecycle_stage": "deleted",
    "user_id": "submitter",
    "run_uuid": "id",
    "state": "status",
    "time": "created",
    "date": "created",
    "owner": "submitter",
    "children": "children.count",
    "logs": "log",
    "favorite": "starred",
}


class FieldCatalog:
    """The attributes and keyed fields that filters of one kind of thing can use.

    `prefixes` mean only "a field", as in `attributes.name`. `instead` names the field
    to suggest for words that are no field.
    """

    def __init__(
        self,
        attributes: Iterable[FieldSpec],
        keyed: Mapping[str, FieldSpec],
        *,
        prefixes: tuple[str, ...] = (),
        instead: Mapping[str, str] | None = None,
    ) -> None:
        self.attributes = {spec.name: spec for spec in attributes}
        self.keyed = keyed
        self.prefixes = prefixes
        self.instead = dict(instead or {})
        self._attribute_names = {
            name: spec.name
            for spec in self.attributes.values()
            for name in (spec.name, *spec.aliases)
        }
        self._kind_names = {
            name: kind for kind, spec in keyed.items() for name in (kind, *spec.aliases)
        }
        # Fields that are never suggested for a typing error.
        self._never_meant = {
            spec.name for spec in self.attributes.values() if not spec.offered
        }

    def attribute_named(self, word: str) -> str:
        """The attribute that `word` names, in any case; "" if there is none."""
        return self._attribute_names.get(word.lower(), "")

    def kind_named(self, word: str) -> str:
        """The kind of keyed field that `word` names (`param` -> `params`), or ""."""
        return self._kind_names.get(word.lower(), "")

    def is_flag(self, word: str) -> bool:
        """Whether the word names an attribute that is true or false."""
        name = self.attribute_named(word)
        return bool(name) and self.attributes[name].value_type == BOOLEAN

    def flags(self) -> list[str]:
        """The attributes that are true or false."""
        specs = self.attributes.values()
        return [spec.name for spec in specs if spec.value_type == BOOLEAN]

    def spec_of(self, field: Field) -> FieldSpec:
        """The entry of a field of a tree."""
        if field.kind == tree.ATTRIBUTE:
            return self.attributes[field.key]
        return self.keyed[field.kind]

    def value_type(self, field: Field) -> str:
        """What the field holds: like its entry, but a metric's count is a number."""
        if field.kind == tree.METRICS and field.aggregate != "last":
            return NUMBER
        return self.spec_of(field).value_type

    def operators_of(self, field: Field) -> tuple[str, ...]:
        """The operators that fit the field."""
        if field.kind == tree.METRICS:
            return OPERATORS_OF[self.value_type(field)]
        return self.spec_of(field).operators

    def similar_field_names(self, word: str) -> list[str]:
        """Field names that `word` may have meant, the nearest first."""
        names = sorted({*self._attribute_names, *self._kind_names} - self._never_meant)
        return difflib.get_close_matches(word.lower(), names, n=3, cutoff=0.6)


#: The fields of runs, which most filters use.
RUN_FIELDS = FieldCatalog(
    ATTRIBUTE_SPECS, KEYED, prefixes=ATTRIBUTE_PREFIXES, instead=_FIELDS_INSTEAD
)
ATTRIBUTES = RUN_FIELDS.attributes
attribute_named = RUN_FIELDS.attribute_named
kind_named = RUN_FIELDS.kind_named
spec_of = RUN_FIELDS.spec_of
value_type = RUN_FIELDS.value_type
operators_of = RUN_FIELDS.operators_of
similar_field_names = RUN_FIELDS.similar_field_names

DATASET_KEYS = ("name", "digest", "context")

#: Words for several statuses at once, next to the status strip's groups.
STATUS_WORDS = {
    "active": frozenset(ACTIVE),
    "final": frozenset(FINAL),
    "other": GROUPS["Other"],
}
CHILDREN_KEYS = (
    "count",
    *(status.value.lower() for status in RunStatus),
    *STATUS_WORDS,
)


@lru_cache(maxsize=64)
def statuses_of(word: str) -> frozenset[RunStatus]:
    """The statuses that a status or group word means; raises ValueError."""
    group = STATUS_WORDS.get(word.lower())
    return group if group is not None else frozenset({parse_status(word)})


def canonical_status(word: str) -> str:
    """The status or group word as it is spelled; raises ValueError."""
    lowered = word.lower()
    return lowered if lowered in STATUS_WORDS else parse_status(word).value


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_SPECIAL = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "infinity": math.inf,
    "+infinity": math.inf,
    "-inf": -math.inf,
    "-infinity": -math.inf,
}
_UNIT_MS = {
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "min": 60_000,
    "s": 1000,
    "ms": 1,
}
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|min|w|d|h|m|s))+", re.ASCII)
_LENGTH_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|min|w|d|h|m|s)", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?"
    r"(?:\s?(Z|z|[+-]\d\d:?\d\d))?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MAX_MS = MAX_TIME


def read_number(word: str, *, special: bool = False) -> Number | None:
    """The number that `word` is, else None. `special` allows NaN and Infinity."""
    if special and word.lower() in _SPECIAL:
        return Number(_SPECIAL[word.lower()])
    # Python refuses to convert integers of thousands of digits.
    if len(word) > 400 or not _NUMBER.fullmatch(word):
        return None
    # Larger integers become floats, since the databases hold 64 bits.
    if _WHOLE.fullmatch(word) and abs(int(word)) < 2**63:
        return Number(int(word))
    value = float(word)
    return None if math.isinf(value) else Number(value)


def number_text(number: Number) -> str:
    if isinstance(number.value, float) and math.isinf(number.value):
        return "Infinity" if number.value > 0 else "-Infinity"
    if isinstance(number.value, float) and math.isnan(number.value):
        return "NaN"
    return repr(number.value)


def read_duration_ms(word: str) -> int | None:
    """Milliseconds of `1h30m`, `90s`, `1.5h`; None if `word` is no such length."""
    if len(word) > 100 or not _LENGTH.fullmatch(word.lower()):
        return None
    parts = _LENGTH_PART.findall(word.lower())
    total = round(sum(float(count) * _UNIT_MS[unit] for count, unit in parts))
    return total if total <= MAX_MS else None


def duration_text(ms: int) -> str:
    if ms == 0:
        return "0s"
    text = ""
    for unit in ("d", "h", "m", "s", "ms"):
        count, ms = divmod(ms, _UNIT_MS[unit])
        text += f"{count}{unit}" if count else ""
    return text


def read_duration(word: str) -> Duration | None:
    ms = read_duration_ms(word)
    return None if ms is None else Duration(ms)


def read_time(word: str) -> Moment | Ago | None:
    """`2026-11`, `2026-11-24`, `2026-11-24+02:00`, `2026-11-24T10:00+02:00`, `-7d`, or
    milliseconds since 1970. Without an offset it is UTC.
    """
    if word.startswith("-"):
        ms = read_duration_ms(word[1:])
        return None if ms is None else Ago(ms)
    if _WHOLE.fullmatch(word) and len(word) <= 15 and int(word) <= MAX_MS:
        # Four digits are more likely a year than a moment of 1970.
        return None if len(word) == 4 else Moment(int(word), int(word) + 1, "ms")
    match = _MOMENT.fullmatch(word)
    return _read_moment(match) if match else None


def _read_moment(match: re.Match[str]) -> Moment | None:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        start = datetime(
            int(year),
            int(month),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(6, "0")),
            tzinfo=_time_zone(offset),
        )
        ms = (start - _EPOCH) // timedelta(milliseconds=1)
        unit = _smallest_unit(day, hour, second, fraction)
        if not 0 <= ms <= MAX_MS:
            return None
        clock = start.utcoffset() or timedelta(0)
        return Moment(ms, _end_of_unit(ms, unit), unit, clock // timedelta(minutes=1))
    except (ValueError, OverflowError):
        return None


def _smallest_unit(day: str, hour: str, second: str, fraction: str) -> str:
    if fraction:
        return "ms"
    if second:
        return "second"
    if hour:
        return "minute"
    return "day" if day else "month"


def _time_zone(offset: str | None) -> timezone:
    if not offset or offset in "Zz":
        return timezone.utc
    digits = offset[1:].replace(":", "")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if offset[0] == "-" else delta)


def _end_of_unit(start: int, unit: str) -> int:
    if unit != "month":
        return start + UNITS[unit]
    first = _EPOCH + timedelta(milliseconds=start)
    following = (first.year + first.month // 12, first.month % 12 + 1)
    # `datetime` ends with the year 9999.
    if following[0] > 9999:
        return MAX_MS + 1
    after = datetime(following[0], following[1], 1, tzinfo=timezone.utc)
    return (after - _EPOCH) // timedelta(milliseconds=1)


def moment_text(moment: Moment) -> str:
    """The time as precise as it was written, with its offset unless that is UTC.

    A day that does not begin at midnight in UTC has the offset where it does.
    """
    time = _EPOCH + timedelta(milliseconds=moment.start)
    if moment.unit == "month":
        # On Linux, `strftime` writes years before 1000 without leading zeros.
        return time.strftime("%Y-%m").zfill(7)
    if moment.unit == "day":
        return _day_text(time)
    timespec = {"minute": "minutes", "second": "seconds", "ms": "milliseconds"}
    local = time + timedelta(minutes=moment.offset)
    text = local.replace(tzinfo=None).isoformat(timespec=timespec[moment.unit])
    return text + _offset_text(moment.offset)


def _offset_text(minutes: int) -> str:
    if not minutes:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def _day_text(start: datetime) -> str:
    """The 24 hours from then on: `2026-11-24`, or `2026-11-24-05:00`."""
    minutes = start.hour * 60 + start.minute
    # West of Greenwich days begin later, and in the east on the day before. Summer
    # time of New Zealand is UTC+13, and hardly anywhere is west of Hawaii's UTC-10.
    offset = -minutes if minutes <= 10 * 60 else 24 * 60 - minutes
    day = (start + timedelta(minutes=offset)).strftime("%Y-%m-%d").zfill(10)
    return day + _offset_text(offset)


_BARE_KEY = re.compile(r"[\w/@+%-][\w./@+%-]*")
# Text that looks like a number or a date is quoted, so it is read as text again.
_BARE_VALUE = re.compile(r"[^\W\d_][\w/@+-]*(\.[\w/@+-]+)*")
_BARE_WORD = re.compile(r"\w[\w-]*")
_RESERVED = frozenset(
    {"and", "or", "not", "null", "nan", "inf", "infinity", "true", "false"}
    | {"in", "is", "like", "ilike", "contains", "matches"}
)
_SHORT_KEY = {tree.TAGS: "tag", tree.PARAMS: "param", tree.PROPERTIES: "property"}


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def to_text(node: Node | None) -> str:
    """The canonical text of a tree; empty for the empty filter."""
    if node is None:
        return ""
    if isinstance(node, And):
        return " and ".join(_text_with_parentheses(child, And) for child in node.nodes)
    if isinstance(node, Or):
        return " or ".join(_text_with_parentheses(child, Or) for child in node.nodes)
    if isinstance(node, Not):
        return f"not {_text_with_parentheses(node.node, Not)}"
    if isinstance(node, Word):
        return _word_text(node.text)
    return _comparison_text(node)


def _text_with_parentheses(node: Node, outer: type) -> str:
    loose = isinstance(node, (And, Or))
    # `and` binds tighter than `or`, so it needs no parentheses inside one.
    needs = loose and not (outer is Or and isinstance(node, And))
    return f"({to_text(node)})" if needs else to_text(node)


def _word_text(word: str) -> str:
    is_name = attribute_named(word) or kind_named(word)
    if _BARE_WORD.fullmatch(word) and word.lower() not in _RESERVED and not is_name:
        return word
    return quoted(word)


def field_text(field: Field) -> str:
    """The field’s name as written in a filter, in `sort` and in `columns`."""
    if field.kind == tree.ATTRIBUTE:
        return field.key
    text = f"{field.kind}.{key_text(field)}"
    return text if field.aggregate in ("", "last") else f"{text}.{field.aggregate}"


def key_text(field: Field) -> str:
    """The key, in double quotes where it could be read otherwise."""
    key = field.key
    ends = key.rpartition(".")[2].lower() if "." in key else ""
    # The bare key `loss.max` would be read as the maximum of `loss`.
    aggregates = field.kind == tree.METRICS and ends in AGGREGATES
    if _BARE_KEY.fullmatch(key) and not aggregates and not key.endswith("."):
        return key
    return quoted(key)


def _comparison_text(node: Comparison) -> str:
    field, op = node.field, node.op
    if op in tree.NO_VALUE:
        return _null_check_text(field, op)
    values = [value_text(value) for value in node.values]
    if op == "between":
        return f"{field_text(field)}:{'..'.join(values)}"
    before = text_before_value(field, op)
    if op in tree.MANY_VALUES and not before.endswith(":"):
        return f"{before}({', '.join(values)})"
    return before + "|".join(values)


def text_before_value(field: Field, op: str) -> str:
    """The part of a comparison before its value: `params.lr != `, `status:`."""
    # Only where `:` means `=` does the short form have the same meaning.
    short = field.kind == tree.ATTRIBUTE and spec_of(field).colon == "="
    if short and op in ("=", "in"):
        return f"{field_text(field)}:"
    return f"{field_text(field)} {op} "


def _null_check_text(field: Field, op: str) -> str:
    if field.kind not in _SHORT_KEY:
        return f"{field_text(field)} {op}"
    minus = "-" if op == "is null" else ""
    return f"{minus}{_SHORT_KEY[field.kind]}:{key_text(field)}"


def value_text(value: Value) -> str:
    """A value as written in a filter."""
    if isinstance(value, Text):
        bare = _BARE_VALUE.fullmatch(value.text)
        is_word = bare and value.text.lower() not in _RESERVED
        return value.text if is_word else quoted(value.text)
    if isinstance(value, Number):
        return number_text(value)
    if isinstance(value, Flag):
        return "true" if value.value else "false"
    return _time_text(value)


def _time_text(value: Moment | Ago | Duration) -> str:
    if isinstance(value, Moment):
        return moment_text(value)
    return (
        f"-{duration_text(value.ms)}"
        if isinstance(value, Ago)
        else duration_text(value.ms)
    )


@dataclass(frozen=True)
class Sort:
    """What rows are ordered by; ties and runs without a value go by arrival."""

    field: Field
    descending: bool = False

    def __str__(self) -> str:
        return ("-" if self.descending else "") + field_text(self.field)
