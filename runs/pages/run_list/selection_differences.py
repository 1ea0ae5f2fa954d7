"""The page *What differs?*: the selected runs compared with all other matching runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import npgettext, pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.groups import group_value_term
from runs.pages.lists import ListLinks, ListState, read_part_state, sheet_response
from runs.pages.requests import PageRequest, requested_format, with_vary_headers
from runs.render import formats
from runs.render.filters import field_label
from runs.render.run_list import NUMBER_COLUMN, Sheet, SheetColumn
from runs.search.compare import (
    FeatureRanking,
    RankedFeature,
    ValueShare,
    rank_features,
)
from runs.search.query import find_visible_selection
from runs.search.values import MAX_ARRAY_RUNS
from studio.core.errors import InvalidValue
from studio.core.filters import Field, field_text
from studio.core.filters.tree import ATTRIBUTE, PARAMS, TAGS, Comparison, Node, Number

#: Maximum number of fields, and of values for each; those that differ most.
MAX_FIELDS, MAX_VALUES = 60, 4
#: Smaller differences of shares are not shown.
MIN_SCORE = 0.01
#: Longer values are cut; similar ones keep this many characters before the difference.
MAX_VALUE_LENGTH, CONTEXT_LENGTH = 80, 12
#: Words in the names of tags and properties that tell their topic.
TOPIC_WORDS = (
    ("code", ("git", "source", "script", "commit", "snapshot", "entry")),
    (
        "environment",
        ("env", "python", "conda", "docker", "image", "package", "version"),
    ),
    ("machine", ("host", "machine", "gpu", "cuda", "node", "compute", "target", "cpu")),
)


@dataclass(frozen=True)
class ValueShareLine:
    text: str
    href: str
    selected: str
    rest: str
    share: int
    other_share: int


@dataclass(frozen=True)
class DifferenceRow:
    label: str
    name: str
    about: str
    score: str
    percent: int
    lines: tuple[ValueShareLine, ...]
    more: int


@access(Permission.READ)
@require_safe
def explain_differences(request: PageRequest) -> HttpResponse:
    """Show the differences; raise InvalidValue for an unknown or empty selection."""
    state = read_part_state(request)
    spec, who = state.spec, (state.viewer, state.workspace)
    chosen = find_visible_selection(spec, *who)
    found = None
    if chosen.total:
        found = rank_features(spec, chosen, *who, experiment=state.experiment)
    problem = _no_ranking_reason(chosen.total, found)
    kind = requested_format(request)
    if kind:
        if problem or found is None:
            raise InvalidValue(problem, field="selected")
        counts = {"selected": found.selected, "rest": found.rest}
        return sheet_response(request, kind, _differences_sheet(found), counts, {})
    context = _differences_context(state) | {"problem": problem}
    if found is not None:
        context |= _ranking_context(state, found)
    return with_vary_headers(render(request, "run_list/what_differs.html", context))


def _no_ranking_reason(total: int, ranking: FeatureRanking | None) -> str:
    if not total:
        return _("No run is selected. Select some in the list and try again.")
    if ranking is None:
        return _(
            "More than %(most)s runs match. Differences need all of them. Narrow the "
            "list: choose an experiment, a status or a shorter time."
        ) % {"most": formats.grouped(MAX_ARRAY_RUNS)}
    if not ranking.rest:
        return _(
            "All matching runs are selected, so there are no others to compare with."
        )
    return ""


def _differences_context(state: ListState) -> dict[str, Any]:
    return {
        "title": _("What differs?"),
        "list_name": state.scope.name,
        "back": state.scope.address_of(state.spec),
        "spec": state.spec,
    }


def _ranking_context(state: ListState, ranking: FeatureRanking) -> dict[str, Any]:
    scope, spec = state.scope, state.spec
    links = ListLinks(state.workspace.name, spec, spec.filter(), scope.number)
    rows = [
        _difference_row(each, ranking, links, scope.path)
        for each in ranking.found[:MAX_FIELDS]
    ]
    # A field can differ in many rare values, none of them by enough to be shown.
    rows = [row for row in rows if row.lines]
    more = len(ranking.found) - MAX_FIELDS
    sides = _("%(selected)s vs. %(others)s") % {
        "selected": npgettext(
            "one side of Differences",
            "%(n)s selected run",
            "%(n)s selected runs",
            ranking.selected,
        )
        % {"n": formats.grouped(ranking.selected)},
        "others": npgettext(
            "one side of Differences",
            "%(n)s other matching run",
            "%(n)s other matching runs",
            ranking.rest,
        )
        % {"n": formats.grouped(ranking.rest)},
    }
    return {"rows": rows, "sides": sides, "more": max(more, 0)}


def _difference_row(
    feature: RankedFeature, ranking: FeatureRanking, links: ListLinks, path: str
) -> DifferenceRow:
    shown = [
        side for side in feature.sides[:MAX_VALUES] if _differs_enough(side, ranking)
    ]
    terms = [_term_of_feature_value(feature, side) for side in shown]
    lines = tuple(
        ValueShareLine(
            text,
            path + links.only_matching(term)
            if term and links.fits_in_address(term)
            else "",
            formats.grouped(side.selected),
            formats.grouped(side.rest),
            round(100 * side.selected / max(ranking.selected, 1)),
            round(100 * side.rest / max(ranking.rest, 1)),
        )
        for side, text, term in zip(
            shown, _shortened_values(feature.field, shown), terms, strict=True
        )
    )
    return DifferenceRow(
        field_label(feature.field)
        if feature.field.kind == ATTRIBUTE
        else feature.field.key,
        field_text(feature.field),
        field_topic(feature.field),
        f"{feature.score:.2f}",
        round(100 * feature.score),
        lines,
        len(feature.sides) - len(shown),
    )


def _differs_enough(value_share: ValueShare, ranking: FeatureRanking) -> bool:
    """Whether the shares of both sides differ enough to be shown."""
    mine, others = (
        value_share.selected / ranking.selected,
        value_share.rest / max(ranking.rest, 1),
    )
    return abs(mine - others) >= MIN_SCORE


def field_topic(field: Field) -> str:
    """Return the topic of a field, such as *Code* or *Machine*."""
    if field.kind == PARAMS:
        return _("Parameter")
    name = field.key.lower()
    # Clients log code and machine in tags with these prefixes; other tags are written
    # by people.
    if field.kind == TAGS and not name.startswith(("mlflow.", "azureml.")):
        return _("Tag")
    topics = {
        "code": pgettext("where a difference comes from", "Code"),
        "environment": pgettext("where a difference comes from", "Environment"),
        "machine": pgettext("where a difference comes from", "Machine"),
    }
    for topic, words in TOPIC_WORDS:
        if any(word in name for word in words):
            return topics[topic]
    return _("Run")


def _value_text(field: Field, side: ValueShare) -> str:
    if side.is_range:
        low, high = formats.number(side.low), formats.number(side.high)
        return low if side.low == side.high else f"{low} – {high}"
    if side.is_any:
        return _("any value")
    if side.value is None:
        return _("no value")
    text = side.value or (
        pgettext("value of a field", "set")
        if field.kind == TAGS
        else pgettext("value of a field", "empty")
    )
    return f"{text}…" if side.digest else text


def _shortened_values(field: Field, sides: Sequence[ValueShare]) -> list[str]:
    """Return the values, shortened as far as they stay different."""
    whole = [_value_text(field, side) for side in sides]
    texts = [_shorten_text(text) for text in whole]
    if len(set(texts)) == len(texts):
        return texts
    # Paths and commands often share a long start, and differ only behind it.
    ambiguous = [text for text in whole if texts.count(_shorten_text(text)) > 1]
    common = commonprefix(ambiguous)  # noqa: RUF071  # by characters, as is meant
    start = max(len(common) - CONTEXT_LENGTH, 0)
    texts = [
        f"{text[:CONTEXT_LENGTH]}…{_shorten_text(text[start:])}"
        if text in ambiguous
        else _shorten_text(text)
        for text in whole
    ]
    if len(set(texts)) == len(texts):
        return texts
    # They differ beyond the stored part: add the start of their digests.
    pairs = zip(texts, sides, strict=True)
    return [f"{t} #{side.digest[:6]}" if side.digest else t for t, side in pairs]


def _shorten_text(text: str) -> str:
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def _term_of_feature_value(feature: RankedFeature, side: ValueShare) -> Node | None:
    """Return the term that finds the counted runs; None if the value is too long."""
    field = feature.field
    if side.is_range:
        return Comparison(field, "between", (Number(side.low), Number(side.high)))
    if side.is_any:
        return Comparison(field, "is not null")
    # Only the start of a long value is known, and a term with it would find other runs
    # too.
    if side.digest:
        return None
    is_mixed = any(other.value or other.is_range for other in feature.sides)
    return group_value_term(field, side.value, is_mixed=is_mixed)


def _differences_sheet(ranking: FeatureRanking) -> Sheet:
    columns = (
        SheetColumn("field", _("Field")),
        SheetColumn("score", _("Cramér's V"), NUMBER_COLUMN),
        SheetColumn("value", _("Value")),
        SheetColumn(
            "selected",
            pgettext("value in the selected runs", "Selected"),
            NUMBER_COLUMN,
        ),
        SheetColumn(
            "rest", pgettext("value in the other runs", "Others"), NUMBER_COLUMN
        ),
    )
    rows = tuple(
        (
            field_text(each.field),
            each.score,
            _value_text(each.field, side)
            if side.is_range or side.is_any or side.digest
            else side.value,
            side.selected,
            side.rest,
        )
        for each in ranking.found
        for side in each.sides[:MAX_VALUES]
    )
    return Sheet(columns, rows)
