"""The filter of All experiments: words, and terms on what an experiment has.

The same language as for runs, with these fields only: name, submitter, created,
starred, archived, deleted and tags. Text that is no filter (a path, half a term) is
searched unchanged: people type names here.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from runs.models import ExperimentTag, User, Workspace
from runs.search.sql import (
    ALWAYS,
    Contains,
    filter_condition,
    text_condition,
    time_condition,
)
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.filters import field_text, parse, tree
from studio.core.filters.catalog import EXPERIMENT_FIELDS
from studio.core.filters.fields import number_text
from studio.core.filters.tree import (
    Comparison,
    Flag,
    Node,
    Number,
    Text,
    Value,
    Word,
    attribute,
)

#: People who can be meant by one word.
MAX_PEOPLE = 200
ALLOWED = f"{', '.join(EXPERIMENT_FIELDS[:-1])} and {EXPERIMENT_FIELDS[-1]}"


def parse_experiment_filter(text: str) -> Node | None:
    """The filter; text that is none is one phrase."""
    try:
        return parse(text)
    except InvalidFilter:
        return Word(text)


class ExperimentFilter:
    """Conditions over experiments that are annotated as `experiment_list` does it."""

    def __init__(self, viewer: User, workspace: Workspace, now: int) -> None:
        self.viewer, self.workspace, self.now = viewer, workspace, now

    def condition(self, node: Node | None) -> Q:
        """Raises InvalidValue for a field that experiments have not."""
        return filter_condition(node, self._word_condition, self._comparison_condition)

    def _word_condition(self, text: str) -> Q:
        tagged = ExperimentTag.objects.filter(
            Q(Contains(F("key"), text)) | Q(Contains(F("value"), text))
        )
        found = Q(Contains(F("name"), text)) | Q(pk__in=tagged.values("experiment"))
        people = self._matching_users(
            Q(Contains(F("username"), text)) | Q(Contains(F("display_name"), text))
        )
        return found | Q(latest_submitter__in=people) if people else found

    def _matching_users(self, condition: Q) -> list[int]:
        members = User.objects.filter(condition, memberships__workspace=self.workspace)
        return list(members.values_list("pk", flat=True)[:MAX_PEOPLE])

    def _comparison_condition(self, term: Comparison, op: str) -> Q:
        field, given = term.field, _as_texts(term.values)
        if field.kind == tree.TAGS:
            rows = ExperimentTag.objects.filter(
                experiment=OuterRef("pk"), key=field.key
            )
            if op != "is not null":
                column = F("value")
                rows = rows.filter(text_condition("value", column, op, given))
            return Q(Exists(rows))
        if field == attribute("submitter"):
            return self._submitter_condition(op, given)
        return self._column_condition(term, op, given)

    def _column_condition(self, term: Comparison, op: str, given: Sequence[Value]) -> Q:
        is_true = term.values == (Flag(True),)
        if term.field in (attribute("name"), attribute("created")):
            # Every experiment has a name and a time of creation.
            if op == "is not null":
                return ALWAYS
            if term.field == attribute("name"):
                return text_condition("name", F("name"), op, given)
            return time_condition(F("created"), op, term.values, self.now)
        if term.field == attribute("starred"):
            return Q(is_starred=is_true)
        if term.field == attribute("archived"):
            return Q(archived__isnull=not is_true)
        if term.field == attribute("deleted"):
            return Q(deleted__isnull=not is_true)
        raise InvalidValue(
            _("Experiments have no %(field)s. Filter them by %(allowed)s.")
            % {"field": field_text(term.field), "allowed": ALLOWED},
            field="q",
        )

    def _submitter_condition(self, op: str, given: Sequence[Value]) -> Q:
        if op == "is not null":
            return Q(latest_submitter__isnull=False)
        if op == "=" and given == (Text("me"),):
            return Q(latest_submitter=self.viewer.pk)
        named = text_condition("username", F("username"), op, given)
        return Q(latest_submitter__in=self._matching_users(named))


def _as_texts(given: Sequence[Value]) -> tuple[Value, ...]:
    """Tags of experiments are texts: a bare number is one as well."""
    return tuple(
        Text(number_text(each)) if isinstance(each, Number) else each for each in given
    )
