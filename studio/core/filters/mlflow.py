"""MLflow's `filter_string` and `order_by` -> trees in which its meaning is explicit.

MLflow has AND only; here OR and parentheses work too. It takes an unquoted key whole
(`metrics.val.max` is a key), spells statuses its own way, and `!=` does not match what
lacks the key: that becomes `is not null and !=` here. Statuses become those that
MLflow's word covers. The error texts are the ones that MLflow clients know. All
functions raise InvalidFilter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Callable

from studio.core.errors import InvalidFilter
from studio.core.filters import mlflow_tokens, tree
from studio.core.filters.fields import Sort, read_number
from studio.core.filters.mlflow_tokens import Identifier, MlflowFilterReader
from studio.core.filters.patterns import like_matches
from studio.core.filters.tree import (
    Comparison,
    Field,
    Moment,
    Node,
    Number,
    Text,
    Value,
    all_of,
    any_of,
    attribute,
)
from studio.core.statuses import STATUS_TABLE
from studio.core.statuses import RunStatus as S

#: Which statuses MLflow's word covers; every one is covered by exactly one word.
STATUSES_OF: Mapping[str, frozenset[S]] = {
    word: frozenset(s for s, facts in STATUS_TABLE.items() if facts.mlflow == word)
    for word in ("SCHEDULED", "FINISHED", "FAILED", "KILLED", "RUNNING")
}

TEXT, TIME, LISTED, STATUS, METRIC, KEYED = (
    "text",
    "time",
    "listed text",
    "status",
    "metric",
    "keyed text",
)
_LIKE = ("LIKE", "ILIKE")
_COMPARATORS: Mapping[str, tuple[str, ...]] = {
    TEXT: ("=", "!=", *_LIKE),
    STATUS: ("=", "!=", *_LIKE),
    LISTED: ("=", "!=", *_LIKE, "IN", "NOT IN"),
    TIME: ("=", "!=", ">", ">=", "<", "<="),
    METRIC: ("=", "!=", ">", ">=", "<", "<="),
    KEYED: ("=", "!=", *_LIKE, "IS NULL", "IS NOT NULL"),
}
_MAY_BE_MISSING = frozenset({tree.TAGS, tree.PARAMS, tree.METRICS})


def status_word(status: S) -> str:
    """MLflow's word for a status."""
    return STATUS_TABLE[status].mlflow


@dataclass(frozen=True)
class SearchableFields:
    """What one kind of thing may be searched by."""

    attributes: Mapping[str, tuple[Field, str]]
    kinds: Mapping[str, str]
    prefixes: frozenset[str]
    entities: tuple[str, ...]
    unsortable: frozenset[str] = frozenset()


_TAGS = {"tag": tree.TAGS, "tags": tree.TAGS}
_DATA = {
    **_TAGS,
    **dict.fromkeys(("metric", "metrics"), tree.METRICS),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), tree.PARAMS),
}
_NAME = (attribute("name"), TEXT)
_STARTED = (attribute("started"), TIME)

RUNS = SearchableFields(
    attributes={
        "run_id": (attribute("id"), LISTED),
        # Spellings that MLflow accepts for `run_name`.
        "run_name": _NAME,
        "run name": _NAME,
        "Run name": _NAME,
        "Run Name": _NAME,
        "status": (attribute("status"), STATUS),
        # MLflow clients send the user as this tag.
        "user_id": (Field(tree.TAGS, "mlflow.user"), TEXT),
        "artifact_uri": (attribute("artifact_uri"), TEXT),
        "start_time": _STARTED,
        # For MLflow, both words mean the start time.
        "created": _STARTED,
        "Created": _STARTED,
        "end_time": (attribute("ended"), TIME),
    },
    kinds={**_DATA, "dataset": tree.DATASETS, "datasets": tree.DATASETS},
    prefixes=frozenset({"attribute", "attributes", "attr", "run"}),
    entities=("metric", "parameter", "tag", "attribute", "dataset"),
    unsortable=frozenset({"Run Name"}),
)
EXPERIMENTS = SearchableFields(
    attributes={
        "name": _NAME,
        "experiment_id": (attribute("id"), LISTED),
        "creation_time": (attribute("created"), TIME),
        "last_update_time": (attribute("updated"), TIME),
    },
    kinds=_TAGS,
    prefixes=frozenset({"attribute"}),
    entities=("attribute", "tag"),
)
MODELS = SearchableFields(
    attributes={
        "name": (attribute("name"), LISTED),
        "model_id": (attribute("id"), LISTED),
        "source_run_id": (attribute("source_run_id"), LISTED),
        "status": (attribute("status"), LISTED),
        "model_type": (attribute("model_type"), LISTED),
        "creation_timestamp": (attribute("created"), TIME),
        "creation_time": (attribute("created"), TIME),
        "last_updated_timestamp": (attribute("updated"), TIME),
    },
    kinds=_DATA,
    prefixes=frozenset({"attribute", "attributes", "attr"}),
    entities=("metric", "parameter", "tag", "attribute"),
)
REGISTERED_MODELS = SearchableFields(
    attributes={
        "name": (attribute("name"), LISTED),
        "creation_timestamp": (attribute("created"), TIME),
        "last_updated_timestamp": (attribute("updated"), TIME),
        # Of order_by in older clients.
        "timestamp": (attribute("updated"), TIME),
    },
    kinds=_TAGS,
    prefixes=frozenset({"attribute"}),
    entities=("attribute", "tag"),
)
MODEL_VERSIONS = SearchableFields(
    attributes={
        "name": (attribute("name"), LISTED),
        "version_number": (attribute("number"), TIME),
        "run_id": (attribute("run_id"), LISTED),
        "source_path": (attribute("source"), TEXT),
        "creation_timestamp": (attribute("created"), TIME),
        "last_updated_timestamp": (attribute("updated"), TIME),
    },
    kinds=_TAGS,
    prefixes=frozenset({"attribute"}),
    entities=("attribute", "tag"),
)


def parse_run_filter(text: str) -> Node | None:
    """The tree of a run filter, None for the empty one."""
    return _parse_filter(text, RUNS)


def parse_experiment_search(text: str) -> Node | None:
    """As `parse_run_filter`; attributes are name, id, created, updated."""
    return _parse_filter(text, EXPERIMENTS)


def parse_model_filter(text: str) -> Node | None:
    """As `parse_run_filter`, for models; also source_run_id, status, model_type."""
    return _parse_filter(text, MODELS)


def parse_registered_model_filter(text: str) -> Node | None:
    """As `parse_run_filter`; attributes are name, created, updated."""
    return _parse_filter(text, REGISTERED_MODELS)


def parse_model_version_filter(text: str) -> Node | None:
    """As `parse_run_filter`; also name, number, run_id, source, created, updated."""
    return _parse_filter(text, MODEL_VERSIONS)


def parse_order_by(
    items: Sequence[str], searchable: SearchableFields = RUNS
) -> tuple[Sort, ...]:
    """What to sort by, in order; a repeated field is an error."""
    sorts: list[Sort] = []
    for item in items:
        reader = MlflowFilterReader(item)
        name = reader.read_identifier()
        word = reader.read_rest().upper()
        if word not in ("", "ASC", "DESC"):
            raise _syntax_error(f"Invalid ordering key in order_by clause '{item}'.")
        field, kind = _resolve_field(name, searchable)
        if kind == tree.DATASETS or name.key in searchable.unsortable:
            raise _syntax_error(f"Invalid order_by entity: {name.entity or name.key}")
        if any(sort.field == field for sort in sorts):
            raise _syntax_error(f"`order_by` contains duplicate fields: {list(items)}")
        sorts.append(Sort(field, descending=word == "DESC"))
    return tuple(sorts)


def _parse_filter(text: str, searchable: SearchableFields) -> Node | None:
    reader = MlflowFilterReader(text)
    if reader.at_end():
        return None
    node = _parse_alternatives(reader, searchable)
    reader.read_end()
    return node


def _parse_alternatives(
    reader: MlflowFilterReader, searchable: SearchableFields
) -> Node:
    """Terms joined by OR, which binds less than AND."""
    nodes = [_parse_conjunction(reader, searchable)]
    while reader.skip_word("OR"):
        nodes.append(_parse_conjunction(reader, searchable))
    return any_of(*nodes)


def _parse_conjunction(
    reader: MlflowFilterReader, searchable: SearchableFields
) -> Node:
    nodes = [_parse_term(reader, searchable)]
    # MLflow accepts an AND at the end.
    while reader.skip_word("AND") and not reader.at_end():
        nodes.append(_parse_term(reader, searchable))
    return all_of(*nodes)


def _parse_term(reader: MlflowFilterReader, searchable: SearchableFields) -> Node:
    """One clause, or a filter in parentheses."""
    if not reader.open_parenthesis():
        return _parse_clause(reader, searchable)
    node = _parse_alternatives(reader, searchable)
    reader.close_parenthesis()
    return node


def _parse_clause(reader: MlflowFilterReader, searchable: SearchableFields) -> Node:
    name = reader.read_identifier()
    field, kind = _resolve_field(name, searchable)
    operator = reader.read_comparator()
    allowed = _allowed_comparators(field, kind)
    if operator not in allowed:
        valid = "{" + ", ".join(repr(each) for each in allowed) + "}"
        raise _syntax_error(f"Invalid comparator '{operator}' not one of '{valid}'")
    if operator in ("IS NULL", "IS NOT NULL"):
        return Comparison(field, operator.lower())
    if operator in ("IN", "NOT IN"):
        texts = reader.read_strings()
        return _comparison_node(field, operator, [Text(text) for text in texts])
    if kind == STATUS:
        return _status_condition(operator, reader.read_string("attribute"))
    return _comparison_node(field, operator, [_read_value(reader, field, kind)])


def _allowed_comparators(field: Field, kind: str) -> tuple[str, ...]:
    if field.kind == tree.DATASETS:
        return _COMPARATORS[LISTED]
    return _COMPARATORS[kind]


def _resolve_field(name: Identifier, searchable: SearchableFields) -> tuple[Field, str]:
    """The field and what kind of value it takes."""
    if name.entity and name.entity not in searchable.prefixes:
        kind = searchable.kinds.get(name.entity)
        if kind is None:
            raise _syntax_error(
                f"Invalid entity type '{name.entity}'. "
                f"Valid values are {list(searchable.entities)}"
            )
        return _keyed_field(kind, name.key)
    found = searchable.attributes.get(name.key)
    if found is None:
        valid = "{" + ", ".join(repr(key) for key in searchable.attributes) + "}"
        raise _syntax_error(
            f"Invalid attribute key '{name.key}' specified. Valid keys are '{valid}'"
        )
    return found


def _keyed_field(kind: str, key: str) -> tuple[Field, str]:
    if kind == tree.METRICS:
        return tree.metric(key), METRIC
    if kind != tree.DATASETS:
        return Field(kind, key), KEYED
    if key not in ("name", "digest", "context"):
        valid = "{'name', 'digest', 'context'}"
        raise _syntax_error(
            f"Invalid dataset key '{key}' specified. Valid keys are '{valid}'"
        )
    # For MLflow, one data set that fits is enough, also with `!=`.
    return Field(kind, key, "any"), tree.DATASETS


def _read_value(reader: MlflowFilterReader, field: Field, kind: str) -> Value:
    if kind == METRIC:
        return _read_number(reader.read_bare_value(), "metric")
    if kind == TIME:
        number = _read_number(reader.read_bare_value(), field.key).value
        ms = int(number)
        return Moment(ms, ms + 1, "ms")
    entity = {tree.PARAMS: "parameter", tree.TAGS: "tag"}.get(field.kind, "attribute")
    return Text(reader.read_string(entity))


def _read_number(word: str, what: str) -> Number:
    number = read_number(word)
    if number is None:
        raise _syntax_error(f"Expected numeric value type for {what}. Found {word}")
    return number


def _comparison_node(field: Field, operator: str, values: Sequence[Value]) -> Node:
    op = operator.lower()
    node = Comparison(field, op, tuple(dict.fromkeys(values)))
    # An active run has no end time.
    missing = field.kind in _MAY_BE_MISSING or field == attribute("ended")
    if op == "!=" and missing:
        return all_of(replace(node, op="is not null", values=()), node)
    return node


def _status_condition(operator: str, word: str) -> Node:
    """The statuses whose MLflow word fits; none is a list of nothing, as in MLflow."""
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: value == word,
        # The same as `=`, since `not in` below negates it.
        "!=": lambda value: value == word,
        "LIKE": lambda value: like_matches(value, word),
        "ILIKE": lambda value: like_matches(value.casefold(), word.casefold()),
    }
    fitting = [name for name in STATUSES_OF if tests[operator](name)]
    statuses = [s for s in S if STATUS_TABLE[s].mlflow in fitting]
    values = tuple(Text(status.value) for status in statuses)
    op = "not in" if operator == "!=" else "in"
    return Comparison(attribute("status"), op, values)


def _syntax_error(message: str) -> InvalidFilter:
    return mlflow_tokens.mlflow_filter_error(message)
