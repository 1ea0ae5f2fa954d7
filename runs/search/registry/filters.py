"""The filters of registered models and of versions, as SQL conditions.

The same language as for runs. Each comparison is the positive one first; negation also
matches what lacks the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from runs.models import (
    KeyKind,
    LoggedModelMetric,
    Metric,
    MetricKind,
    ModelAlias,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelStar,
    RegisteredModelTag,
    User,
)
from runs.search.registry.lookups import STAGES
from runs.search.sql import (
    ALWAYS,
    Contains,
    any_of,
    filter_condition,
    number_condition,
    text_condition,
    time_condition,
)
from studio.core.errors import InvalidFilter
from studio.core.filters import field_text, parse, tree
from studio.core.filters.registry_fields import MODEL_FIELDS, VERSION_FIELDS
from studio.core.filters.tree import (
    Comparison,
    Flag,
    Node,
    Text,
    Value,
)

Condition = Callable[[str, Sequence[Value]], Q]


def filter_models(
    models: QuerySet[RegisteredModel], text: str, viewer: User, now: int
) -> QuerySet[RegisteredModel]:
    """The models that match; raises InvalidFilter."""
    node = parse(text, MODEL_FIELDS)
    return models.filter(_condition(node, _ModelTerms(viewer, now)))


def filter_versions(
    versions: QuerySet[ModelVersion], text: str, viewer: User, now: int
) -> QuerySet[ModelVersion]:
    """The versions that match; raises InvalidFilter."""
    node = parse(text, VERSION_FIELDS)
    return versions.filter(_condition(node, _VersionTerms(viewer, now)))


def _condition(node: Node | None, terms: _Terms) -> Q:
    return filter_condition(node, terms.word, terms.comparison)


@dataclass(frozen=True)
class _Terms:
    """The conditions of single terms; `fields` are those of attributes, by name."""

    viewer: User
    now: int

    @property
    def fields(self) -> Mapping[str, Condition]:
        raise NotImplementedError

    def word(self, text: str) -> Q:
        raise NotImplementedError

    def tag(self, key: str, op: str, values: Sequence[Value]) -> Q:
        raise NotImplementedError

    def comparison(self, term: Comparison, op: str) -> Q:
        if term.field.kind == tree.TAGS:
            return self.tag(term.field.key, op, term.values)
        return self.fields[term.field.key](op, term.values)

    def registered_by(self, op: str, values: Sequence[Value]) -> Q:
        if op == "=" and values == (Text("me"),):
            return Q(created_by=self.viewer.pk)
        if op == "is not null":
            return Q(created_by__isnull=False)
        return _by_member(text_condition("username", F("username"), op, values))

    def time(self, column: str) -> Condition:
        return lambda op, values: (
            ALWAYS
            if op == "is not null"
            else time_condition(F(column), op, values, self.now)
        )


class _ModelTerms(_Terms):
    @property
    def fields(self) -> Mapping[str, Condition]:
        return {
            "name": partial(_text, "name"),
            "description": partial(_text, "description"),
            "created": self.time("created"),
            "updated": self.time("updated"),
            "registered_by": self.registered_by,
            "versions": partial(_number, "version_count"),
            "latest": partial(_number, "latest_version"),
            "alias": partial(_alias, "model"),
            "starred": self._starred,
        }

    def word(self, text: str) -> Q:
        tags = RegisteredModelTag.objects.filter(_in_any(text, "key", "value"))
        aliases = ModelAlias.objects.filter(_in_any(text.removeprefix("@"), "name"))
        return any_of(
            [
                _in_any(text, "name", "description"),
                _by_member(_in_any(text, "username", "display_name")),
                Q(pk__in=tags.values("model")),
                Q(pk__in=aliases.values("model")),
            ]
        )

    def tag(self, key: str, op: str, values: Sequence[Value]) -> Q:
        rows = RegisteredModelTag.objects.filter(model=OuterRef("pk"), key=key)
        return _exists(rows, "value", op, values)

    def _starred(self, op: str, values: Sequence[Value]) -> Q:
        del op
        stars = RegisteredModelStar.objects.filter(
            model=OuterRef("pk"), user=self.viewer
        )
        starred = Q(Exists(stars))
        return starred if values == (Flag(True),) else ~starred


class _VersionTerms(_Terms):
    @property
    def fields(self) -> Mapping[str, Condition]:
        return {
            "version": partial(_number, "number"),
            "alias": partial(_alias, "version"),
            "run": _run,
            "stage": _stage,
            "description": partial(_text, "description"),
            "size": partial(_number, "size"),
            "created": self.time("created"),
            "registered_by": self.registered_by,
        }

    def comparison(self, term: Comparison, op: str) -> Q:
        if term.field.kind == tree.METRICS:
            return _metric(term, op)
        return super().comparison(term, op)

    def word(self, text: str) -> Q:
        tags = ModelVersionTag.objects.filter(_in_any(text, "key", "value"))
        aliases = ModelAlias.objects.filter(_in_any(text.removeprefix("@"), "name"))
        return any_of(
            [
                _in_any(text, "description", "run__name", "run__run_id"),
                _in_any(text, "stage"),
                _by_member(_in_any(text, "username", "display_name")),
                Q(pk__in=tags.values("version")),
                Q(pk__in=aliases.values("version")),
                *([Q(number=int(text))] if _is_number(text) else []),
            ]
        )

    def tag(self, key: str, op: str, values: Sequence[Value]) -> Q:
        rows = ModelVersionTag.objects.filter(version=OuterRef("pk"), key=key)
        return _exists(rows, "value", op, values)


def _by_member(condition: Q) -> Q:
    # Looked up once: a join would compare the names once for each row.
    return Q(created_by__in=User.objects.filter(condition).values("pk"))


def _in_any(text: str, *columns: str) -> Q:
    return any_of([Q(Contains(F(column), text)) for column in columns])


def _is_number(text: str) -> bool:
    # The largest number of a version has ten digits.
    return text.isascii() and text.isdigit() and len(text) < 10


def _text(column: str, op: str, values: Sequence[Value]) -> Q:
    if op == "is not null":
        return Q(**{f"{column}__isnull": False}) & ~Q(**{column: ""})
    return text_condition(column, F(column), op, values)


def _number(column: str, op: str, values: Sequence[Value]) -> Q:
    if op == "is not null":
        return Q(**{f"{column}__isnull": False})
    return number_condition(F(column), op, values)


def _exists(
    rows: QuerySet[RegisteredModelTag] | QuerySet[ModelVersionTag],
    column: str,
    op: str,
    values: Sequence[Value],
) -> Q:
    if op != "is not null":
        rows = rows.filter(text_condition(column, F(column), op, values))
    return Q(Exists(rows))


def _alias(owner: str, op: str, values: Sequence[Value]) -> Q:
    rows = ModelAlias.objects.filter(**{owner: OuterRef("pk")})
    if op != "is not null":
        # People write aliases as pages show them.
        names = [
            Text(value.text.removeprefix("@"))
            for value in values
            if isinstance(value, Text)
        ]
        rows = rows.filter(text_condition("name", F("name"), op, names))
    return Q(Exists(rows))


def _run(op: str, values: Sequence[Value]) -> Q:
    return _text("run__run_id", op, values) | _text("run__name", op, values)


def _stage(op: str, values: Sequence[Value]) -> Q:
    if op not in ("=", "in"):
        return _text("stage", op, values)
    names = [
        Text(str(STAGES.get(value.text.lower(), value.text)))
        for value in values
        if isinstance(value, Text)
    ]
    return _text("stage", op, names)


def _metric(term: Comparison, op: str) -> Q:
    """The last value: of the logged model where it has one, or else of the run."""
    field = term.field
    if field.aggregate != "last":
        raise InvalidFilter(
            _("%(field)s: versions can be filtered by the last value only.")
            % {"field": field_text(field)},
            field="q",
            position=term.span.position,
            length=term.span.length,
        )
    of_model = LoggedModelMetric.objects.filter(
        model=OuterRef("logged_model"), key=field.key
    ).order_by("-time", "-pk")
    of_run = Metric.objects.filter(
        run=OuterRef("run"),
        kind=MetricKind.SERIES,
        key__name=field.key,
        key__kind=KeyKind.METRIC,
    )
    if op == "is not null":
        return Q(Exists(of_model)) | Q(Exists(of_run))
    last = Coalesce(
        Subquery(of_model.values("value")[:1]), Subquery(of_run.values("last")[:1])
    )
    return number_condition(last, op, term.values)
