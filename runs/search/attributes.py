"""Conditions on a run's attributes. Every one is true or false, never NULL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    TextField,
    When,
)
from django.db.models import (
    Value as SqlValue,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.db.models.lookups import Exact, In

from runs.models import Experiment, RunStar
from runs.search import values
from runs.search.expressions import Expr, Plain, certain
from runs.search.keyed import has_commit
from runs.search.scope import Scope
from studio.core.filters.fields import statuses_of
from studio.core.filters.tree import Flag, Text, Value
from studio.core.statuses import CODES, FINAL

Condition = Callable[[str, Sequence[Value], Scope], Q]

FINAL_CODES = sorted(CODES[status] for status in FINAL)


def attribute_condition(name: str, op: str, given: Sequence[Value], scope: Scope) -> Q:
    """The positive comparison of an attribute."""
    return _CONDITIONS[name](op, given, scope)


def root_id() -> Expr:
    """The id of the run at the top of the tree: of a root, its own."""
    return Coalesce(F("root__run_id"), F("run_id"))


def duration(now: int) -> Expr:
    """Milliseconds from start to end, or to now; NULL without a start, or an end."""
    length = {"output_field": BigIntegerField(null=True)}
    return Case(
        When(started__isnull=True, then=SqlValue(None, **length)),
        When(ended__isnull=False, then=F("ended") - F("started")),
        When(status__in=FINAL_CODES, then=SqlValue(None, **length)),
        default=values.constant(now) - F("started"),
        **length,
    )


def artifact_uri() -> Expr:
    """Where MLflow clients find the run's files."""
    number = Cast("experiment__number", CharField())
    own = Concat(SqlValue("mlflow-artifacts:/"), number, output_field=TextField())
    location = Case(
        When(experiment__artifact_location="", then=own),
        default=F("experiment__artifact_location"),
        output_field=TextField(),
    )
    return Concat(
        location,
        SqlValue("/"),
        "run_id",
        SqlValue("/artifacts"),
        output_field=TextField(),
    )


def _text(column: str, present: Q) -> Condition:
    def condition(op: str, given: Sequence[Value], _scope: Scope) -> Q:
        if op == "is not null":
            return present
        return values.text_condition(column, F(column), op, given)

    return condition


def _plain(column: str) -> Condition:
    return _text(column, ~Q(**{column: ""}))


def _nullable(column: str) -> Condition:
    """A text that most runs have not, as NULL: so its index has only those that do."""
    present = Q(**{f"{column}__isnull": False})

    def condition(op: str, given: Sequence[Value], _scope: Scope) -> Q:
        if op == "is not null":
            return present
        return present & values.text_condition(column, F(column), op, given)

    return condition


def _time(column: str) -> Condition:
    def condition(op: str, given: Sequence[Value], scope: Scope) -> Q:
        present = Q(**{f"{column}__isnull": False})
        if op == "is not null":
            return present
        return present & values.time_condition(F(column), op, given, scope.now)

    return condition


def _flag(truth: Callable[[Scope], Q]) -> Condition:
    def condition(_op: str, given: Sequence[Value], scope: Scope) -> Q:
        return truth(scope) if given == (Flag(True),) else ~truth(scope)

    return condition


def _number(op: str, given: Sequence[Value], _scope: Scope) -> Q:
    if op == "is not null":
        return values.ALWAYS
    return values.number_condition(F("number"), op, given)


def _status(_op: str, given: Sequence[Value], _scope: Scope) -> Q:
    wanted = [statuses_of(value.text) for value in given if isinstance(value, Text)]
    codes = sorted({CODES[s] for group in wanted for s in group})
    if len(codes) == 1:
        return Q(status=codes[0])
    # The index on the status knows no order of several.
    return Q(In(Plain(F("status")), codes))


def _submitter(op: str, given: Sequence[Value], scope: Scope) -> Q:
    present = Q(submitter__isnull=False)
    if op == "is not null":
        return present
    if op in ("=", "in"):
        texts = [value.text for value in given if isinstance(value, Text)]
        named = [text for text in texts if text != "me"]
        # One person may have submitted almost all: their index would not be in order.
        own = Q(Exact(Plain(F("submitter_id")), scope.viewer.pk))
        mine = present & own if "me" in texts else values.NEVER
        by_name = Q(submitter__username__in=named)
        return mine | (present & (by_name | Q(submitter__display_name__in=named)))
    columns = ("submitter__username", "submitter__display_name")
    fitting = [values.text_condition(c, F(c), op, given) for c in columns]
    return present & values.any_of(fitting)


def _duration(op: str, given: Sequence[Value], scope: Scope) -> Q:
    length = duration(scope.now)
    if op == "is not null":
        ended = Q(ended__isnull=False) | ~Q(status__in=FINAL_CODES)
        return Q(started__isnull=False) & ended
    return certain(values.duration_condition(length, op, given))


def _root(op: str, given: Sequence[Value], _scope: Scope) -> Q:
    if op == "is not null":
        return values.ALWAYS
    if op in ("=", "in"):
        texts = [value.text for value in given if isinstance(value, Text)]
        below = Q(root__isnull=False) & Q(root__run_id__in=texts)
        return below | Q(root__isnull=True, run_id__in=texts)
    return values.text_condition("", root_id(), op, given)


def _commit(op: str, given: Sequence[Value], scope: Scope) -> Q:
    return has_commit(op, given, scope)


def _artifact_uri(op: str, given: Sequence[Value], _scope: Scope) -> Q:
    if op == "is not null":
        return values.ALWAYS
    if op in ("=", "in"):
        texts = [SqlValue(value.text) for value in given if isinstance(value, Text)]
        return values.any_of([Q(Exact(artifact_uri(), text)) for text in texts])
    return values.text_condition("", artifact_uri(), op, given)


def is_starred(scope: Scope) -> Q:
    return Q(Exists(RunStar.objects.filter(run=OuterRef("pk"), user=scope.viewer)))


def is_deleted(_scope: Scope) -> Q:
    gone = Experiment.objects.filter(deleted__isnull=False)
    return Q(deleted__isnull=False) | Q(experiment__in=gone.values("pk"))


_CONDITIONS: Mapping[str, Condition] = {
    "id": _text("run_id", values.ALWAYS),
    "number": _number,
    "name": _text("name", values.ALWAYS),
    "status": _status,
    "experiment": _text("experiment__name", values.ALWAYS),
    "submitter": _submitter,
    "target": _plain("target"),
    "type": _plain("type"),
    "script": _plain("script"),
    "error": _plain("error"),
    "error_kind": _nullable("error_kind"),
    "commit": _commit,
    "created": _time("created"),
    "started": _time("started"),
    "ended": _time("ended"),
    "updated": _time("updated"),
    "duration": _duration,
    "parent": _plain("parent_run_id"),
    "root": _root,
    "description": _plain("description"),
    "starred": _flag(is_starred),
    "archived": _flag(lambda _: Q(archived__isnull=False)),
    "deleted": _flag(is_deleted),
    "locked": _flag(lambda _: Q(locked=True)),
    "artifact_uri": _artifact_uri,
}
